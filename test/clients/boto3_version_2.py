"""Drives the server with boto3 as it signs by version 2: where it is asked to, and where it does so by itself. The
environment has the endpoint, the bucket, another bucket in Frankfurt, and temporary keys; the standard output is one
JSON object of what came of each step."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

BUCKET = os.environ["BUCKET"]
LARGE = 11 * 1024 * 1024


def client(**settings):
    style = {"addressing_style": "path"}
    return boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], config=Config(s3=style, **settings))


def error_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def fetch(url, method="GET", data=None, headers=None):
    request = urllib.request.Request(url, method=method, data=data, headers=headers or {})
    try:
        with urllib.request.urlopen(request) as reply:
            return {"status": reply.status, "type": reply.headers["content-type"], "body": reply.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read().decode()}


def form(post, content):
    boundary = "x-form-x"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in post["fields"].items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n{content}\r\n--{boundary}--\r\n')
    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return fetch(post["url"], "POST", "".join(parts).encode(), kind)["status"]


def main():
    result = {}
    second = client(signature_version="s3")
    second.put_object(Bucket=BUCKET, Key="v2/a ü+b", Body=b"two", Metadata={"by": "version 2"}, ContentType="text/plain")
    head = second.head_object(Bucket=BUCKET, Key="v2/a ü+b")
    result["metadata"] = head["Metadata"]
    body = os.urandom(LARGE)
    with open("v2.bin", "wb") as file:
        file.write(body)
    parts = TransferConfig(multipart_threshold=6 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
    # botocore 1.29 puts the query into the path that it signs: it can neither upload in parts nor list.
    queries = os.environ.get("QUERIES") is not None
    parts = parts if queries else TransferConfig(multipart_threshold=2 * LARGE)
    second.upload_file("v2.bin", BUCKET, "v2/large", Config=parts)
    second.download_file(BUCKET, "v2/large", "v2.back", Config=parts)
    with open("v2.back", "rb") as file:
        result["transferred"] = file.read() == body
    if queries:
        pages = second.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix="v2/", PaginationConfig={"PageSize": 1}
        )
        result["listed"] = [entry["Key"] for page in pages for entry in page["Contents"]]
    result["denied"] = error_of(second.delete_object, Bucket=BUCKET, Key="v2/large")
    result["frankfurt"] = error_of(second.get_object, Bucket=os.environ["FRANKFURT"], Key="x")

    plain = client()
    named = {"Bucket": BUCKET, "Key": "v2/a ü+b"}
    url = plain.generate_presigned_url("get_object", Params=named)
    result["by version 2"] = "AWSAccessKeyId" in url
    result["get"] = fetch(url)
    shown = {**named, "ResponseContentType": "text/html; charset=utf-8"}
    changed = plain.generate_presigned_url("get_object", Params=shown)
    result["override"] = fetch(changed)["type"]
    result["other override"] = fetch(changed.replace("html", "xml"))["status"]
    result["other method"] = fetch(url, "DELETE")["status"]
    result["expired"] = fetch(plain.generate_presigned_url("get_object", Params=named, ExpiresIn=-1))
    put = {"Bucket": BUCKET, "Key": "v2/put", "ContentType": "text/x-put", "Metadata": {"m": "1"}}
    put_url = plain.generate_presigned_url("put_object", Params=put)
    result["put"] = fetch(put_url, "PUT", b"put", {"content-type": "text/x-put"})["status"]
    stored = second.head_object(Bucket=BUCKET, Key="v2/put")
    result["stored"] = [stored["ContentType"], stored["Metadata"]]

    post = plain.generate_presigned_post(BUCKET, "v2/form/${filename}", Conditions=[["content-length-range", 1, 9]])
    result["form fields"] = sorted(post["fields"])
    result["form"] = form(post, "posted")
    result["form object"] = second.get_object(Bucket=BUCKET, Key="v2/form/f")["Body"].read().decode()
    spoilt = {**post, "fields": {**post["fields"], "signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}}
    result["spoilt form"] = form(spoilt, "posted")
    result["long form"] = form(post, "longer than it may be")
    print(json.dumps(result))


main()
