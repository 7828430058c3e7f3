//! `cargo xtask alarms`: writes the alarms that every function and every rule of the template has into the template, and what each
//! function needs to be traced, so that nobody writes them by hand and none is forgotten. `tests/it/contract.rs` fails when they are not what this makes.

use std::fmt::Write;

use anyhow::{Context, Result};
use tooling::place::Place;

const HEAD: &str = "by `cargo xtask alarms`; change them there (crates/xtask/src/alarms.rs)";

/// What every function has.
const OF_FUNCTIONS: [Alarm; 5] = [
    Alarm {
        name: "Errors",
        says: "answers with errors. Its log says why; what it could not do comes again, or is in its on-failure queue.",
        metric: "AWS/Lambda Errors Sum",
        when: "Period: 60, EvaluationPeriods: 5, DatapointsToAlarm: 2, Threshold: 0",
    },
    Alarm {
        name: "Throttles",
        says: "is held back. The account has no free concurrency, or a burst came faster than Lambda grows.",
        metric: "AWS/Lambda Throttles Sum",
        when: "Period: 60, EvaluationPeriods: 5, DatapointsToAlarm: 2, Threshold: 0",
    },
    Alarm {
        name: "Duration",
        says: "needs more than 80 % of its 30 seconds. Something it calls is slow.",
        metric: "AWS/Lambda Duration Maximum",
        when: "Period: 300, EvaluationPeriods: 1, Threshold: 24000",
    },
    Alarm {
        name: "Failures",
        says: "has messages in its on-failure queue. Look at them, mend the cause, and hand them in again.",
        metric: "AWS/SQS ApproximateNumberOfMessagesVisible Maximum",
        when: "Period: 300, EvaluationPeriods: 1, Threshold: 0",
    },
    Alarm {
        name: "Lost",
        says: "failed, and Lambda could not put it into the on-failure queue, so it is lost. Look at the role and the queue.",
        metric: "AWS/Lambda DestinationDeliveryFailures Sum",
        when: "Period: 300, EvaluationPeriods: 1, Threshold: 0",
    },
];

/// What every rule has.
const OF_RULES: Alarm = Alarm {
    name: "Lost",
    says: "could hand a message neither to its function nor to the queue for failures, so it is lost.",
    metric: "AWS/IoT ErrorActionFailure Sum",
    when: "Period: 300, EvaluationPeriods: 1, Threshold: 0",
};

struct Alarm {
    name: &'static str,
    says: &'static str,
    /// Namespace, name and statistic.
    metric: &'static str,
    when: &'static str,
}

impl Alarm {
    fn write(&self, of: &str, dimension: &str, value: &str, text: &mut String) {
        let mut metric = self.metric.split(' ');
        let mut part = || metric.next().unwrap_or_default();
        let (namespace, metric, statistic) = (part(), part(), part());
        let _ = write!(
            text,
            "  {of}{name}Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: !Sub '{of} of ${{Project}}-${{Environment}} {says}'
      Namespace: {namespace}
      MetricName: {metric}
      Dimensions: [{{Name: {dimension}, Value: {value}}}]
      Statistic: {statistic}
      {when}
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref AlarmTopic]
      OKActions: [!Ref AlarmTopic]

",
            name = self.name,
            says = self.says,
            when = self.when.replace(", ", "\n      "),
        );
    }
}

/// Writes the section into the template.
///
/// # Errors
/// When the template cannot be read or written, or lacks the section's head.
pub fn write(place: &Place) -> Result<()> {
    let file = place.root().join("template.yaml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    std::fs::write(&file, remade(&text)?).with_context(|| format!("cannot write {}", file.display()))
}

/// The template with the section as it has to be.
///
/// # Errors
/// When it lacks the section's head.
pub fn remade(template: &str) -> Result<String> {
    let (before, rest) = template.split_once(HEAD).context("template.yaml has no section of alarms")?;
    let (dashes, rest) = rest.split_once('\n').context("the section of alarms has no end")?;
    let (_, after) = rest.split_once("\n  # ---- ").context("after the alarms comes another section")?;
    Ok(format!("{before}{HEAD}{dashes}\n\n{}  # ---- {after}", section(template)))
}

fn section(template: &str) -> String {
    let mut text = String::new();
    let functions = named(template, "Function", "AWS::Serverless::Function");
    for function in &functions {
        for alarm in &OF_FUNCTIONS {
            let (dimension, value) = match alarm.name {
                "Failures" => ("QueueName", format!("!GetAtt {function}OnFailureQueue.QueueName")),
                _ => ("FunctionName", format!("!Ref {function}Function")),
            };
            alarm.write(function, dimension, &value, &mut text);
        }
    }
    for rule in named(template, "Rule", "AWS::IoT::TopicRule") {
        OF_RULES.write(&format!("{rule}Rule"), "RuleName", &format!("!Ref {rule}Rule"), &mut text);
    }
    for function in &functions {
        text.push_str(&trace(function));
    }
    text
}

/// The logical ids of a type, without their common end.
fn named<'a>(template: &'a str, end: &str, kind: &str) -> Vec<&'a str> {
    let lines: Vec<&str> = template.lines().collect();
    let pairs = lines.iter().zip(lines.iter().skip(1));
    pairs
        .filter(|(_, next)| next.trim() == format!("Type: {kind}"))
        .filter_map(|(id, _)| id.trim().strip_suffix(':')?.strip_suffix(end))
        .collect()
}

/// What a function needs so that X-Ray samples its calls. Lambda asks for it when the function is made, so the function names the policy in
/// `DependsOn`; one policy for all roles would wait for roles that wait for functions themselves. It is there without tracing too, and denies
/// then: nothing can wait for a resource that is not made.
fn trace(function: &str) -> String {
    format!(
        "  {function}TracePolicy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: trace
      Roles: [!Ref {function}Role]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          # Actions that know no resource.
          - Sid: WriteSamples
            Effect: !If [Trace, Allow, Deny]
            Action: [xray:PutTraceSegments, xray:PutTelemetryRecords]
            Resource: '*'

"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "  FlowFunction:\n    Type: AWS::Serverless::Function\n  LevelRule:\n    Type: AWS::IoT::TopicRule\n\n  # ---- Alarms\n  # ---- by `cargo xtask alarms`; change them there (crates/xtask/src/alarms.rs) ----\n\n  OldAlarm: {}\n\n  # ---- Next\n";

    #[test]
    fn every_function_and_rule_gets_its_alarms_and_old_ones_go() {
        let made = remade(TEMPLATE).unwrap();
        for name in ["Errors", "Throttles", "Duration", "Failures", "Lost"] {
            assert!(made.contains(&format!("  Flow{name}Alarm:\n")), "{made}");
        }
        assert!(made.contains("  LevelRuleLostAlarm:\n") && made.contains("  FlowTracePolicy:\n"));
        assert!(!made.contains("OldAlarm") && made.ends_with("\n\n  # ---- Next\n"));
        assert_eq!(remade(&made).unwrap(), made, "made again it is the same");
    }
}
