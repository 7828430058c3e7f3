//! A subscription as typed and as the API accepts it, and its description in words.

use serde_json::{Map, Value, json};
use weir_core::wire::alert::SeverityJson;
use weir_core::wire::problem::KindJson;
use weir_core::wire::subscription::{ChannelJson, ExceptJson, WebhookJson};

use super::inbox::{KINDS, SEVERITIES, name};
use crate::messages as m;
use crate::text::{fill, t};
use crate::wire::subscription::Subscription;

/// The fields of the form, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The address of a webhook; `None` for e-mail.
    pub webhook: Option<String>,
    /// Only these kinds; empty: all.
    pub kinds: Vec<KindJson>,
    /// Only these devices; empty: all.
    pub devices: Vec<String>,
    /// A device that is typed but not yet added to them.
    pub next: String,
    /// Minimum severity; `None`: any.
    pub severity: Option<SeverityJson>,
    /// Whether there are quiet hours.
    pub quiet: bool,
    /// Their start, such as `22:00`.
    pub from: String,
    /// Their end.
    pub to: String,
    /// Whether critical problems are sent even in quiet hours.
    pub critical: bool,
    /// The time zone of quiet hours, and of times in e-mails.
    pub zone: String,
    /// Minutes for which notices are collected; empty: none.
    pub digest: String,
    /// Hours after which an open problem is sent again; empty: never.
    pub remind: String,
}

impl Form {
    /// The fields of a new subscription, with the time zone of the reader.
    pub fn new(zone: &str) -> Self {
        Self {
            webhook: None,
            kinds: Vec::new(),
            devices: Vec::new(),
            next: String::new(),
            severity: None,
            quiet: false,
            from: "22:00".to_owned(),
            to: "06:00".to_owned(),
            critical: true,
            zone: zone.to_owned(),
            digest: String::new(),
            remind: String::new(),
        }
    }

    /// The fields of an existing subscription.
    pub fn of(known: &Subscription, zone: &str) -> Self {
        let number = |number: u32| if number == 0 { String::new() } else { number.to_string() };
        let plain = Self::new(zone);
        let quiet = known.quiet.as_ref();
        Self {
            webhook: match &known.channel {
                ChannelJson::Email(_) => None,
                ChannelJson::Webhook(WebhookJson { url }) => Some(url.clone()),
            },
            kinds: known.filter.kinds.clone(),
            devices: known.filter.devices.iter().map(ToString::to_string).collect(),
            next: plain.next,
            severity: known.filter.severity,
            quiet: quiet.is_some(),
            from: quiet.map_or(plain.from, |quiet| quiet.from.clone()),
            to: quiet.map_or(plain.to, |quiet| quiet.to.clone()),
            critical: quiet.is_none_or(|quiet| quiet.except == Some(ExceptJson::Critical)),
            zone: quiet.map(|quiet| quiet.zone.clone()).or_else(|| known.zone.clone()).unwrap_or(plain.zone),
            digest: number(known.digest_minutes),
            remind: number(known.remind_hours),
        }
    }

    /// Adds the typed device to the list, if there is one.
    pub fn add(&mut self) {
        let id = std::mem::take(&mut self.next).trim().to_owned();
        if !id.is_empty() && !self.devices.contains(&id) {
            self.devices.push(id);
        }
    }

    /// The body of a request. For a change it names every field, so that emptied ones are cleared.
    ///
    /// # Errors
    /// The JSON pointers of the fields that are not whole numbers.
    pub fn body(&self) -> Result<Value, Vec<&'static str>> {
        let number = |text: &str| match text.trim() {
            "" => Some(0),
            text => text.parse::<u32>().ok(),
        };
        let numbers = [("/digest_minutes", number(&self.digest)), ("/remind_hours", number(&self.remind))];
        let wrong: Vec<&str> = numbers.iter().filter(|(_, number)| number.is_none()).map(|(at, _)| *at).collect();
        let [(_, Some(digest)), (_, Some(remind))] = numbers else { return Err(wrong) };
        let channel = match &self.webhook {
            None => json!({"email": {}}),
            Some(url) => json!({"webhook": {"url": url.trim()}}),
        };
        // A merge patch keeps fields that it does not name, so an emptied list has to be named.
        let filter = json!({"kinds": self.kinds, "devices": self.devices, "severity": self.severity});
        let quiet = self.quiet.then(|| {
            let mut quiet = Map::from_iter([
                ("from".to_owned(), json!(self.from.trim())),
                ("to".to_owned(), json!(self.to.trim())),
                ("zone".to_owned(), json!(self.zone.trim())),
            ]);
            quiet.insert("except".to_owned(), if self.critical { json!("critical") } else { Value::Null });
            quiet
        });
        Ok(
            json!({"channel": channel, "filter": filter, "quiet": quiet, "digest_minutes": digest, "remind_hours": remind,
            "zone": self.zone.trim()}),
        )
    }
}

/// The channel in words: the e-mail address, or the host of the webhook.
pub fn channel(of: &Subscription, email: &str) -> String {
    match &of.channel {
        ChannelJson::Email(_) => fill(m::BY_EMAIL, &[("email", email)]),
        ChannelJson::Webhook(WebhookJson { url }) => fill(m::BY_WEBHOOK, &[("url", url)]),
    }
}

/// What a subscription sends and when, one sentence each. `kind` and `severity` return the names of these.
pub fn sentences(
    of: &Subscription,
    kind: impl Fn(KindJson) -> String,
    severity: impl Fn(SeverityJson) -> String,
) -> Vec<String> {
    let or_all = |words: Vec<String>, all| if words.is_empty() { t(all).to_owned() } else { words.join(", ") };
    let kinds = or_all(of.filter.kinds.iter().map(|one| kind(*one)).collect(), m::ALL_KINDS);
    let devices = or_all(of.filter.devices.iter().map(ToString::to_string).collect(), m::OF_ALL_DEVICES);
    let mut said = vec![fill(m::TELLS, &[("kinds", &kinds), ("devices", &devices)])];
    if let Some(least) = of.filter.severity {
        said.push(fill(m::TELLS_FROM, &[("severity", &severity(least))]));
    }
    if let Some(quiet) = &of.quiet {
        let text = if quiet.except.is_some() { m::TELLS_QUIET_BUT_CRITICAL } else { m::TELLS_QUIET };
        said.push(fill(text, &[("from", &quiet.from), ("to", &quiet.to), ("zone", &quiet.zone)]));
    }
    if of.digest_minutes > 0 {
        said.push(fill(m::TELLS_DIGEST, &[("minutes", &of.digest_minutes.to_string())]));
    }
    if of.remind_hours > 0 {
        said.push(fill(m::TELLS_AGAIN, &[("hours", &of.remind_hours.to_string())]));
    }
    said
}

/// The code of a kind in an address or a form.
pub fn kind_code(kind: KindJson) -> &'static str {
    name(&KINDS, kind)
}

/// The code of a severity; empty for `None`, any severity.
pub fn severity_code(severity: Option<SeverityJson>) -> &'static str {
    severity.map_or("", |severity| name(&SEVERITIES, severity))
}

#[cfg(test)]
mod tests {
    use weir_core::wire::subscription::{SubscriptionBody, patched};

    use super::*;

    fn known(value: &Value) -> Subscription {
        let mut whole = json!({"id": "a", "version": 1});
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn what_is_typed_is_what_the_api_takes() {
        let whole = json!({"channel": {"webhook": {"url": "https://example.org/hook"}},
            "filter": {"kinds": ["LIMIT"], "devices": ["buoy-01"], "severity": "warning"}, "digest_minutes": 30, "remind_hours": 24,
            "quiet": {"from": "22:00", "to": "06:00", "zone": "Europe/Vienna", "except": "critical"}, "zone": "Europe/Vienna"});
        let form = Form::of(&known(&whole), "UTC");
        assert_eq!(form.body().unwrap(), whole);
        let body: SubscriptionBody = serde_json::from_value(form.body().unwrap()).unwrap();
        body.subscription(false).unwrap();
        let plain: SubscriptionBody = serde_json::from_value(Form::new("UTC").body().unwrap()).unwrap();
        plain.subscription(false).unwrap();
    }

    #[test]
    fn what_was_emptied_is_cleared_by_a_patch() {
        let whole = json!({"channel": {"email": {}}, "filter": {"kinds": ["LIMIT"], "severity": "critical"}, "remind_hours": 24,
            "quiet": {"from": "22:00", "to": "06:00", "zone": "UTC", "except": "critical"}});
        let body: SubscriptionBody = serde_json::from_value(whole).unwrap();
        let patch = Form::new("UTC").body().unwrap().as_object().unwrap().clone();
        let after: SubscriptionBody =
            serde_json::from_value(patched(&body.subscription(false).unwrap(), patch)).unwrap();
        assert_eq!((after.filter.kinds.len(), after.filter.severity, after.quiet), (0, None, None));
        assert_eq!(after.remind_hours, 0);
    }

    #[test]
    fn a_device_that_is_typed_is_added_once() {
        let mut form = Form::new("UTC");
        for typed in [" buoy-01 ", "buoy-01", "", "buoy-02"] {
            form.next = typed.to_owned();
            form.add();
        }
        assert_eq!((form.devices, form.next.as_str()), (vec!["buoy-01".to_owned(), "buoy-02".to_owned()], ""));
    }

    #[test]
    fn what_is_no_number_is_named() {
        let form = Form { digest: "soon".into(), remind: "-1".into(), ..Form::new("UTC") };
        assert_eq!(form.body().unwrap_err(), ["/digest_minutes", "/remind_hours"]);
    }

    #[test]
    fn a_subscription_is_told_in_sentences() {
        let one =
            known(&json!({"channel": {"email": {}}, "filter": {"kinds": ["LIMIT", "SILENT"], "severity": "warning"},
            "remind_hours": 4, "quiet": {"from": "22:00", "to": "06:00", "zone": "Europe/Vienna"}}));
        let said = sentences(&one, |kind| kind_code(kind).to_owned(), |one| severity_code(Some(one)).to_owned());
        assert_eq!(said.len(), 4, "{said:?}");
        assert!(said[0].contains("LIMIT, SILENT") && said[1].contains("warning"), "{said:?}");
        assert!(said[2].contains("22:00") && said[3].contains('4'), "{said:?}");
        assert!(channel(&one, "ann@example.com").contains("ann@example.com"));
    }
}
