"""Uses the key service as a program with boto3 does, and prints as JSON what it saw."""

import json
import os

import boto3
from botocore.exceptions import ClientError

kms = boto3.client("kms", endpoint_url=os.environ["ENDPOINT"])


def code_of(call, **arguments):
    """The code of the error that a call ends with."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return error.response["Error"]["Code"]
    return None


result = {}
one = kms.create_key(Description="first")["KeyMetadata"]["KeyId"]
two = kms.create_key()["KeyMetadata"]["KeyId"]
kms.create_alias(AliasName="alias/boto3", TargetKeyId=one)
sealed = kms.encrypt(KeyId="alias/boto3", Plaintext=b"through boto3", EncryptionContext={"a": "1"})
blob = sealed["CiphertextBlob"]
result["opened"] = kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1"})["Plaintext"].decode()
moved = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext={"a": "1"}, DestinationKeyId=two)
result["moved"] = kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"].decode()

mac = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
result["spec"] = [mac["KeySpec"], mac["KeyUsage"], mac["MacAlgorithms"]]
algorithm = {"KeyId": mac["KeyId"], "MacAlgorithm": "HMAC_SHA_256"}
tag = kms.generate_mac(Message=b"m", **algorithm)["Mac"]
result["mac"] = kms.verify_mac(Message=b"m", Mac=tag, **algorithm)["MacValid"]

kms.enable_key_rotation(KeyId=two)
result["rotation"] = kms.get_key_rotation_status(KeyId=two)["KeyRotationEnabled"]
account = boto3.client("sts", endpoint_url=os.environ["ENDPOINT"]).get_caller_identity()["Account"]
grantee = "arn:aws:iam::" + account + ":root"
kms.create_grant(KeyId=two, GranteePrincipal=grantee, Operations=["Encrypt", "Decrypt"])
pages = kms.get_paginator("list_grants").paginate(KeyId=two, PaginationConfig={"PageSize": 1})
result["grants"] = [grant["Operations"] for page in pages for grant in page["Grants"]]
keys = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})
result["keys"] = sum(len(page["Keys"]) for page in keys)

kms.disable_key(KeyId=one)
result["errors"] = [
    code_of(kms.decrypt, CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"b": "2"}),
    code_of(kms.verify_mac, Message=b"other", Mac=tag, **algorithm),
    code_of(kms.encrypt, KeyId=one, Plaintext=b"x"),
    code_of(kms.describe_key, KeyId="alias/none"),
    code_of(kms.create_alias, AliasName="alias/boto3", TargetKeyId=two),
    code_of(kms.put_key_policy, KeyId=two, PolicyName="default", Policy="{"),
]
print(json.dumps(result))
