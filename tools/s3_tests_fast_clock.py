"""A pytest plugin: botocore signs by the clock of the server that s3-tests-fast-clock.mjs started."""

import os
from datetime import datetime, timezone
from time import time

import botocore.auth

START, RATE = map(float, os.environ["KARIKAGI_FAST_CLOCK"].split(","))


def fast_clock(remove_tzinfo=True):
    now = datetime.fromtimestamp((START + (time() * 1000 - START) * RATE) / 1000, timezone.utc)
    return now.replace(tzinfo=None) if remove_tzinfo else now


botocore.auth.get_current_datetime = fast_clock
