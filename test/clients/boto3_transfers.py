"""Drives boto3's transfer manager from several threads at once. The environment tells the endpoint, the bucket and the
credentials; the standard output is one JSON object of what came of each step."""

import concurrent.futures
import hashlib
import io
import json
import os

import boto3
import botocore
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

BUCKET = os.environ["BUCKET"]
MEGABYTE = 1024 * 1024
PARTS = TransferConfig(
    multipart_threshold=6 * MEGABYTE, multipart_chunksize=5 * MEGABYTE, max_concurrency=4, io_chunksize=64 * 1024
)
CHECKSUMS = ["CRC32", "SHA256", "SHA1"]


def client():
    style = {"addressing_style": "path"}
    return boto3.client(
        "s3",
        endpoint_url=os.environ["ENDPOINT"],
        config=Config(signature_version="s3v4", s3=style, max_pool_connections=32, retries={"max_attempts": 1}),
    )


def round_trip(s3, number):
    """Up, copied, and down again: whether the bytes are the same."""
    body = hashlib.sha512(str(number).encode()).digest() * ((11 * MEGABYTE + number) // 64)
    key = f"thread {number}/\u00e9+%"
    algorithm = CHECKSUMS[number % len(CHECKSUMS)]
    s3.upload_fileobj(
        io.BytesIO(body),
        BUCKET,
        key,
        Config=PARTS,
        ExtraArgs={"ChecksumAlgorithm": algorithm, "Metadata": {"number": str(number)}},
    )
    s3.copy({"Bucket": BUCKET, "Key": key}, BUCKET, key + ".copy", Config=PARTS)
    target = io.BytesIO()
    s3.download_fileobj(BUCKET, key + ".copy", target, Config=PARTS)
    head = s3.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    return {
        "same": target.getvalue() == body,
        "algorithm": algorithm,
        "checksum": head.get(f"Checksum{algorithm}") is not None,
        "metadata": head["Metadata"],
        "parts": head["ETag"].strip('"').split("-")[-1],
    }


def main():
    s3 = client()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        transfers = list(pool.map(lambda number: round_trip(s3, number), range(4)))
    removed = s3.delete_objects(
        Bucket=BUCKET,
        Delete={"Objects": [{"Key": each["Key"]} for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]},
    )
    refusal = None
    try:
        s3.list_objects_v2(Bucket="clients-bucket")
    except botocore.exceptions.ClientError as error:
        refusal = error.response["Error"]["Code"]
    uploads = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    print(
        json.dumps(
            {
                "transfers": transfers,
                "removed": len(removed["Deleted"]),
                "left": s3.list_objects_v2(Bucket=BUCKET)["KeyCount"],
                "uploads": len(uploads),
                "refusal": refusal,
            }
        )
    )


main()
