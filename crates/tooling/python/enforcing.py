"""What the local cloud does differently from MiniStack where it enforces roles and policies."""

import contextvars
import json
import os
import re
import threading

from ministack.core import iam_actions, iam_evaluator, responses

enforce = iam_evaluator.enforce
evaluate = iam_evaluator.evaluate
action_of_request = iam_actions.extract_iam_action
evaluate_resource_policy = iam_evaluator.evaluate_resource_policy
checks_of_transaction = iam_actions.dynamodb_transaction_checks
told = set()
beside = threading.local()
retained = contextvars.ContextVar("retained", default=False)

# The first word of a PartiQL statement, and the table in it; both are all that AWS looks at as well.
STATEMENT = re.compile(r'\s*(INSERT\s+INTO|UPDATE|DELETE\s+FROM|SELECT\s.*?\sFROM)\s+"?([A-Za-z0-9_.-]+)', re.S | re.I)


def checks(action, body, region, account):
    """AWS asks for an action of PartiQL on the table of each statement. MiniStack asks for the operation that carries them, which is no
    action of IAM, on any resource; so no role that works on AWS would do. (AWS refuses statement by statement, this the whole batch.)"""
    if action not in ("dynamodb:ExecuteStatement", "dynamodb:BatchExecuteStatement"):
        return checks_of_transaction(action, body, region, account)
    asked = json.loads(body)
    found = [STATEMENT.match(one["Statement"]) for one in asked.get("Statements", [asked])]
    table = f"arn:aws:dynamodb:{region}:{account}:table/"
    return [(f"dynamodb:PartiQL{one[1].split()[0].capitalize()}", table + one[2]) for one in found if one]


def action(service, method, path, headers, body, parameters):
    """Remembers whether the request publishes a message to be retained."""
    retain = parameters.get("retain", "")
    retained.set(service == "iot-data" and "true" in (retain if isinstance(retain, list) else [retain]))
    return action_of_request(service, method, path, headers, body, parameters)


def enforced(key, action, service, region, resource_arn="*", service_context=None):
    """To publish a message to be retained, AWS asks for an action of its own as well; MiniStack does so over MQTT only. A list of alarms
    AWS checks against all alarms of the account and region; MiniStack asks for any resource, which a role bound to alarms lacks."""
    if action == "cloudwatch:DescribeAlarms" and resource_arn == "*":
        resource_arn = f"arn:aws:cloudwatch:{region}:{responses.get_account_id()}:alarm:*"
    refused = enforce(key, action, service, region, resource_arn, service_context)
    if refused is None and action == "iot:Publish" and retained.get():
        refused = enforce(key, "iot:RetainPublish", service, region, resource_arn, service_context)
    return refused


def decide(context, *policies):
    """Tells in the log, once, what each role and certificate was allowed and what it was refused by its own policies."""
    result = evaluate(context, *policies)
    line = (result.decision, context.principal_arn, context.action, context.resource_arn)
    if line not in told and not getattr(beside, "quiet", False):
        told.add(line)
        os.write(1, " ".join(("decided", *line, "\n")).encode())
    return result


def decide_by_resource(*arguments, **options):
    """What a function's own policy says comes beside what the role says, and is not told."""
    beside.quiet = True
    try:
        return evaluate_resource_policy(*arguments, **options)
    finally:
        beside.quiet = False


iam_actions.dynamodb_transaction_checks = checks
iam_actions.extract_iam_action = action
iam_evaluator.enforce = enforced
iam_evaluator.evaluate = decide
iam_evaluator.evaluate_resource_policy = decide_by_resource
