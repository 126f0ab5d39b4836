"""Drives the server with boto3, as a Python program would. The environment tells the endpoint, the bucket, the role and
its external id; the standard output is one JSON object of what came of each step."""

import json
import os
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["ENDPOINT"]
BUCKET = os.environ["BUCKET"]
REDIRECTS = os.environ.get("AWS_ENDPOINT_URL") is not None
LARGE = 17 * 1024 * 1024


def client(session, service):
    # A boto3 that knows AWS_ENDPOINT_URL must find the server by it alone.
    endpoint = {} if REDIRECTS else {"endpoint_url": ENDPOINT}
    style = {"config": Config(signature_version="s3v4", s3={"addressing_style": "path"})} if service == "s3" else {}
    return session.client(service, **endpoint, **style)


def error_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return {"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    return None


def assumed():
    user = client(boto3.Session(profile_name="user"), "sts")
    arguments = {"RoleArn": os.environ["ROLE_ARN"], "RoleSessionName": "boto3", "DurationSeconds": 900}
    denied = error_of(user.assume_role, **arguments)
    keys = user.assume_role(ExternalId=os.environ["EXTERNAL_ID"], **arguments)["Credentials"]
    session = boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    return denied, session


def transfer(s3):
    body = os.urandom(LARGE)
    with open("boto3.bin", "wb") as file:
        file.write(body)
    parts = TransferConfig(multipart_threshold=6 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
    s3.upload_file("boto3.bin", BUCKET, "boto3/large ü.bin", Config=parts, ExtraArgs={"Metadata": {"made-by": "boto3"}})
    s3.download_file(BUCKET, "boto3/large ü.bin", "boto3.back")
    with open("boto3.back", "rb") as file:
        return file.read() == body


def main():
    result = {"boto3": boto3.__version__}
    result["denied"], session = assumed()
    s3 = client(session, "s3")
    result["identity"] = client(session, "sts").get_caller_identity()["Arn"]
    keys = session.get_credentials()
    os.environ["AWS_ACCESS_KEY_ID"] = keys.access_key
    os.environ["AWS_SECRET_ACCESS_KEY"] = keys.secret_key
    os.environ["AWS_SESSION_TOKEN"] = keys.token
    result["environment"] = client(boto3.Session(), "sts").get_caller_identity()["Arn"]
    result["transferred"] = transfer(s3)
    head = s3.head_object(Bucket=BUCKET, Key="boto3/large ü.bin")
    result["head"] = {"length": head["ContentLength"], "metadata": head["Metadata"]}
    result["range"] = len(s3.get_object(Bucket=BUCKET, Key="boto3/large ü.bin", Range="bytes=5-14")["Body"].read())
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"boto3/page/{number}", Body=b"x")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="boto3/page/", PaginationConfig={"PageSize": 2}
    )
    result["listed"] = [entry["Key"] for page in pages for entry in page["Contents"]]
    result["delete"] = error_of(s3.delete_object, Bucket=BUCKET, Key="boto3/page/0")
    result["missing"] = error_of(s3.get_object, Bucket=BUCKET, Key="boto3/none")
    result["no bucket"] = error_of(s3.list_objects_v2, Bucket="no-such-bucket-here")
    result["url"] = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "boto3/page/1"})
    root = boto3.Session(profile_name="root")
    result["users"] = [user["UserName"] for user in client(root, "iam").list_users()["Users"]]
    result["exists"] = error_of(client(root, "iam").create_user, UserName=result["users"][0])
    if REDIRECTS:
        profile = boto3.Session(profile_name="stager")
        result["profile"] = client(profile, "sts").get_caller_identity()["Arn"]
        client(profile, "s3").put_object(Bucket=BUCKET, Key="boto3/profile", Body=b"x")
        impostor = client(boto3.Session(profile_name="impostor"), "s3")
        result["impostor"] = error_of(impostor.list_objects_v2, Bucket=BUCKET)
        overtime = client(boto3.Session(profile_name="overtime"), "s3")
        result["overtime"] = error_of(overtime.list_objects_v2, Bucket=BUCKET)
    json.dump(result, sys.stdout)


main()
