"""Asks AWS for `cargo xtask`: on the command line a list of questions as JSON, each with service, operation and parameters; prints the list
of their answers. It takes credentials wherever the SAM CLI takes them, because it runs in the same environment."""

import json
import sys

import boto3
import botocore.exceptions

clients = {}


def ask(service, operation, parameters):
    try:
        client = clients[service] if service in clients else clients.setdefault(service, boto3.client(service))
        answer = getattr(client, operation)(**parameters)
    except botocore.exceptions.ClientError as error:
        return {"error": error.response["Error"]}
    except botocore.exceptions.BotoCoreError as error:
        return {"error": {"Code": type(error).__name__, "Message": str(error)}}
    answer.pop("ResponseMetadata", None)
    if "Payload" in answer:
        answer["Payload"] = answer["Payload"].read().decode()
    return answer


print(json.dumps([ask(**question) for question in json.loads(sys.argv[1])], default=str))
