"""Puts an object for each line on standard input, with keys that botocore renews by itself; prints the access key."""
import os, sys, boto3
session = boto3.Session(profile_name=os.environ.get('LOOP_PROFILE'))
s3 = session.client('s3', endpoint_url=os.environ['LOOP_ENDPOINT'])
for line in sys.stdin:
    key = line.strip()
    try:
        s3.put_object(Bucket=os.environ['LOOP_BUCKET'], Key=key, Body=b'x')
        print(session.get_credentials().access_key, flush=True)
    except Exception as error:
        print('FAILED', error, flush=True)
