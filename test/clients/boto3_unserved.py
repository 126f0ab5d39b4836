"""Asks services that are not served, one of each protocol, and prints what boto3 reads of the refusals."""
import json
import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CALLS = {
    "dynamodb": lambda client: client.list_tables(),
    "sqs": lambda client: client.list_queues(),
    "ssm": lambda client: client.describe_parameters(),
    "sns": lambda client: client.list_topics(),
    "ec2": lambda client: client.describe_instances(),
    "cloudwatch": lambda client: client.list_metrics(),
    "lambda": lambda client: client.list_functions(),
    "route53": lambda client: client.list_hosted_zones(),
    "cloudfront": lambda client: client.list_distributions(),
}
read = {}
for service, call in CALLS.items():
    client = boto3.client(
        service,
        endpoint_url=os.environ["ENDPOINT"],
        region_name="us-east-1",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        call(client)
        read[service] = "answered"
    except ClientError as error:
        read[service] = [error.response["Error"]["Code"], error.response["Error"]["Message"]]
print(json.dumps(read))
