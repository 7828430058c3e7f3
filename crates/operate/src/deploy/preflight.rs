//! Checks before a deployment: the account is the expected one, and supports the chosen store.

use anyhow::Result;
use serde_json::{Value, json};
use tooling::ask::{Aws, Refusal, field};
use tooling::deploy::Settings;

use super::Options;

/// Concurrent executions that an account cannot reserve (Lambda's guide, "Configuring reserved concurrency").
const UNRESERVED: u64 = 100;
/// The functions that can have concurrency of their own: those that messages of devices invoke.
const OF_MESSAGES: [&str; 6] = ["Calibration", "Organizer", "Twin", "Command", "Certificate", "Job"];

/// All reasons against deploying, each with a remedy.
///
/// # Errors
/// When a request fails.
pub async fn look(aws: &Aws, options: &Options, settings: &Settings) -> Result<Vec<String>> {
    let caller = aws.try_ask("sts", "get_caller_identity", &json!({})).await?;
    let mut found: Vec<String> = account(&caller, &options.account).into_iter().collect();
    if found.is_empty() && store(settings) == "timestream" {
        let answer = aws.try_ask("timestream-write", "describe_endpoints", &json!({})).await?;
        found.extend(timestream(&answer, &options.environment, &options.region));
    }
    let reserved = reserved(settings);
    if found.is_empty() && reserved > 0 {
        let answer = aws.try_ask("lambda", "get_account_settings", &json!({})).await?;
        found.extend(concurrency(&answer, reserved, &options.environment));
    }
    Ok(found)
}

/// The reserved concurrency of the whole stack.
fn reserved(settings: &Settings) -> u64 {
    let of = |name: &str| {
        let mut named = settings.parameters.iter().filter_map(|parameter| parameter.strip_prefix(name));
        named.next_back().and_then(|number| number.parse::<u64>().ok()).unwrap_or_default()
    };
    OF_MESSAGES.map(|name| of(&format!("{name}Concurrency="))).iter().sum()
}

/// Lambda refuses reservations that leave an account less than 100 unreserved executions; a new account may have 10 in all.
fn concurrency(answer: &Result<Value, Refusal>, reserved: u64, environment: &str) -> Option<String> {
    let limit = match answer {
        Ok(answer) => answer.pointer("/AccountLimit/ConcurrentExecutions").and_then(Value::as_u64).unwrap_or_default(),
        Err(refusal) => {
            return Some(format!("AWS does not say how many functions may run at once: {}", refusal.message));
        }
    };
    (limit < reserved.saturating_add(UNRESERVED)).then(|| {
        format!(
            "{reserved} concurrent executions are to be reserved, and this account has {limit} in all, of which {UNRESERVED} must stay \
             unreserved. Have its quota raised, or set each parameter that ends in Concurrency to 0 in \
             samconfig.toml, section {environment}.deploy.parameters"
        )
    })
}

/// Why the account is not the expected one, if it is not.
///
/// # Errors
/// When the request fails.
pub async fn account_only(aws: &Aws, expected: &str) -> Result<Option<String>> {
    Ok(account(&aws.try_ask("sts", "get_caller_identity", &json!({})).await?, expected))
}

fn account(caller: &Result<Value, Refusal>, expected: &str) -> Option<String> {
    match caller {
        Err(refusal) => Some(format!("AWS does not accept the credentials ({}): {}", refusal.code, refusal.message)),
        Ok(caller) if field(caller, "Account") == expected => None,
        Ok(caller) => Some(format!(
            "these credentials are for account {}, but {expected} is meant ({})",
            field(caller, "Account").as_str().unwrap_or("?"),
            field(caller, "Arn").as_str().unwrap_or("?")
        )),
    }
}

/// The store of the stack; the template's default is DynamoDB.
fn store(settings: &Settings) -> &str {
    let mut named = settings.parameters.iter().filter_map(|parameter| parameter.strip_prefix("TimeSeriesStore="));
    named.next_back().unwrap_or("dynamodb")
}

/// AWS answers `AccessDeniedException` to accounts that did not use Timestream for LiveAnalytics before it was closed to new customers;
/// regions without it have no endpoint.
fn timestream(answer: &Result<Value, Refusal>, environment: &str, region: &str) -> Option<String> {
    let refusal = answer.as_ref().err()?;
    let why = match refusal.code.as_str() {
        "AccessDeniedException" => format!("AWS says: {}", refusal.message),
        "EndpointConnectionError" => format!("the region {region} has none"),
        code => format!("{code}: {}", refusal.message),
    };
    Some(format!(
        "TimeSeriesStore=timestream is not possible in this account, or these credentials may not ask ({why}). \
         For DynamoDB say TimeSeriesStore=dynamodb in samconfig.toml, section {environment}.deploy.parameters"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, message: &str) -> Result<Value, Refusal> {
        Err(Refusal { code: code.into(), message: message.into() })
    }

    #[test]
    fn only_the_account_that_is_meant_will_do() {
        let caller =
            Ok(json!({"Account": "111122223333", "Arn": "arn:aws:sts::111122223333:assumed-role/weir-dev-deploy/run"}));
        assert_eq!(account(&caller, "111122223333"), None);
        assert!(
            account(&caller, "444455556666").unwrap().contains("for account 111122223333, but 444455556666 is meant")
        );
        assert!(account(&refused("ExpiredToken", "expired"), "111122223333").unwrap().contains("ExpiredToken"));
    }

    #[test]
    fn an_account_without_timestream_is_told_which_setting_to_change() {
        let closed = refused(
            "AccessDeniedException",
            "Only existing Timestream for LiveAnalytics customers can access the service.",
        );
        let advice = timestream(&closed, "stage", "eu-central-1").unwrap();
        assert!(
            advice.contains("TimeSeriesStore=dynamodb in samconfig.toml, section stage.deploy.parameters"),
            "{advice}"
        );
        assert!(
            timestream(&refused("EndpointConnectionError", "…"), "dev", "eu-north-1")
                .unwrap()
                .contains("eu-north-1 has none")
        );
        assert_eq!(timestream(&Ok(json!({"Endpoints": [{}]})), "dev", "eu-central-1"), None);
    }

    #[test]
    fn an_account_that_has_too_little_concurrency_to_reserve_is_told_before_anything_changes() {
        let parameters =
            ["CalibrationConcurrency=18", "OrganizerConcurrency=10", "TwinConcurrency=2", "IngestConcurrency=5"];
        let settings = Settings {
            region: String::new(),
            stack: "weir-stage".into(),
            parameters: parameters.map(str::to_owned).into(),
        };
        assert_eq!(reserved(&settings), 30);
        let account = |limit: u64| Ok(json!({"AccountLimit": {"ConcurrentExecutions": limit}}));
        assert_eq!(concurrency(&account(130), 30, "stage"), None);
        let advice = concurrency(&account(129), 30, "stage").unwrap();
        assert!(advice.contains("this account has 129 in all") && advice.contains("section stage.deploy"), "{advice}");
        assert!(concurrency(&refused("AccessDeniedException", "no"), 30, "stage").unwrap().contains("does not say"));
    }

    #[test]
    fn the_last_word_on_the_store_counts() {
        let settings = |parameters: &[&str]| Settings {
            region: String::new(),
            stack: "weir-dev".into(),
            parameters: parameters.iter().map(|text| (*text).to_owned()).collect(),
        };
        assert_eq!(store(&settings(&["Environment=dev"])), "dynamodb");
        assert_eq!(store(&settings(&["TimeSeriesStore=timestream"])), "timestream");
    }
}
