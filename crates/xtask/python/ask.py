"""Asks AWS one thing for `cargo xtask`: service, operation and parameters (JSON) on the command line, the answer as JSON. It takes
credentials wherever the SAM CLI takes them, because it runs in the same environment."""

import json
import sys

import boto3
import botocore.exceptions

service, operation, parameters = sys.argv[1:4]
try:
    answer = getattr(boto3.client(service), operation)(**json.loads(parameters))
except botocore.exceptions.ClientError as error:
    print(json.dumps({"error": error.response["Error"]}))
    sys.exit(0)
except (botocore.exceptions.BotoCoreError, botocore.exceptions.NoCredentialsError) as error:
    print(json.dumps({"error": {"Code": type(error).__name__, "Message": str(error)}}))
    sys.exit(0)
answer.pop("ResponseMetadata", None)
if "Payload" in answer:
    answer["Payload"] = answer["Payload"].read().decode()
print(json.dumps(answer, default=str))
