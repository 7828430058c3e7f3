//! Replays quarantined messages through the function `quarantine`, a limited number per call.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tooling::progress::Progress;

use super::Target;
use super::tally::Tally;

/// The filter of quarantine entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only this reason.
    pub reason: Option<String>,
    /// Only this device.
    pub device: Option<String>,
    /// Only entries since this time.
    pub since: Option<String>,
}

/// Replays every matching entry once. Entries that are refused again stay in quarantine, where they belong; only failed ones count as left.
///
/// # Errors
/// When the function does not answer. Entries that were replayed before stay so.
pub(super) async fn replay(target: &Target, wanted: &Wanted, progress: &Progress) -> Result<Tally> {
    let (function, step) = (target.function("quarantine"), progress.step("quarantine"));
    let mut asked = json!({});
    for (name, value) in [("reason", &wanted.reason), ("device", &wanted.device), ("since", &wanted.since)] {
        if let (Some(value), Some(fields)) = (value, asked.as_object_mut()) {
            fields.insert(name.to_owned(), value.as_str().into());
        }
    }
    let mut tally = Tally::default();
    loop {
        let answer = target.invoker.invoke(&function, &json!({"replay": asked})).await?;
        let number = |name: &str| {
            answer
                .get(name)
                .and_then(Value::as_u64)
                .with_context(|| format!("{function} answered {answer}, without {name}"))
        };
        let (accepted, refused, failed) = (number("accepted")?, number("refused")?, number("failed")?);
        tally.done += accepted + refused;
        tally.stored += accepted;
        tally.quarantined += refused;
        for _ in 0..failed {
            tally.stays("the function of a message failed; its log says why".to_owned());
        }
        step.note(&tally.text());
        match (answer.get("next"), asked.as_object_mut()) {
            (Some(next), Some(fields)) => drop(fields.insert("next".to_owned(), next.clone())),
            _ => break,
        }
    }
    step.done(&tally.text().replace("stored", "accepted").replace("quarantined", "refused again"));
    Ok(tally)
}
