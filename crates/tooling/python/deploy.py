"""Deploys a SAM template to the local cloud: `deploy.py TEMPLATE STACK NAME=VALUE…`. It does what `sam deploy` does there, without what
takes `sam deploy` most of its time: the packages are not compressed, and the stack is looked at as soon as it can be done. Prints the
stack's outputs as JSON."""

import io
import json
import os
import re
import sys
import time
import zipfile
from pathlib import Path

import boto3

template, stack, *parameters = sys.argv[1:]
bucket = f"{stack}-artefacts"
s3, cloudformation = boto3.client("s3"), boto3.client("cloudformation")


def packaged(found):
    """The folder of a function's code, packed and uploaded."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        folder = Path(found[1])
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    s3.put_object(Bucket=bucket, Key=found[1], Body=package.getvalue())
    return f"CodeUri: s3://{bucket}/{found[1]}"


s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
text = re.sub(r"CodeUri: (target/\S+)", packaged, Path(template).read_text())
# A template of this size has to come from a bucket.
s3.put_object(Bucket=bucket, Key=template, Body=text.encode())
cloudformation.create_stack(
    StackName=stack,
    TemplateURL=f"{os.environ['AWS_ENDPOINT_URL']}/{bucket}/{template}",
    Parameters=[dict(zip(("ParameterKey", "ParameterValue"), one.split("=", 1))) for one in parameters],
    Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
)
while (made := cloudformation.describe_stacks(StackName=stack)["Stacks"][0])["StackStatus"] == "CREATE_IN_PROGRESS":
    time.sleep(0.1)
if made["StackStatus"] != "CREATE_COMPLETE":
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    reasons = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed]
    sys.exit("\n".join([f"{stack} is {made['StackStatus']}"] + reasons))
resources = sum(len(page["StackResourceSummaries"]) for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack))
print(json.dumps({"resources": resources, "outputs": {one["OutputKey"]: one["OutputValue"] for one in made["Outputs"]}}))
