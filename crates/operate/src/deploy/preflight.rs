//! Checks before anything is changed: the account is the one that is meant, and it can have the store that is asked for.

use anyhow::Result;
use serde_json::{Value, json};
use tooling::ask::{Aws, Refusal, field};
use tooling::deploy::Settings;

use super::Options;

/// Every reason not to deploy, each with what to do about it.
///
/// # Errors
/// When a question cannot be asked.
pub async fn look(aws: &Aws, options: &Options, settings: &Settings) -> Result<Vec<String>> {
    let caller = aws.try_ask("sts", "get_caller_identity", &json!({})).await?;
    let mut found: Vec<String> = account(&caller, &options.account).into_iter().collect();
    if found.is_empty() && store(settings) == "timestream" {
        let answer = aws.try_ask("timestream-write", "describe_endpoints", &json!({})).await?;
        found.extend(timestream(&answer, &options.environment, &options.region));
    }
    Ok(found)
}

/// What is wrong with the account, if anything.
///
/// # Errors
/// When the question cannot be asked.
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

/// The store that the stack is to have; the template's default is DynamoDB.
fn store(settings: &Settings) -> &str {
    let mut named = settings.parameters.iter().filter_map(|parameter| parameter.strip_prefix("TimeSeriesStore="));
    named.next_back().unwrap_or("dynamodb")
}

/// AWS answers `AccessDeniedException` where an account did not use Timestream for LiveAnalytics before it was closed; in a region without
/// it there is no endpoint to ask.
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
