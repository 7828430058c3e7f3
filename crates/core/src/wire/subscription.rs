//! A subscription to notices, as people write it and as the API shows it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::alert::SeverityJson;
use super::problem::KindJson;
use crate::domain::notice::{Channel, Disabled, Filter, QuietHours, Subscription, TimeOfDay, WebhookUrl, Zone};
use crate::domain::{FieldError, Timestamp};
use crate::id::{DeviceId, Sub, SubscriptionId};

/// Which problems a person wants notices of, and how they are sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubscriptionBody {
    #[allow(missing_docs, reason = "the type says it")]
    pub channel: ChannelJson,
    #[allow(missing_docs, reason = "the type says it")]
    #[serde(default)]
    pub filter: FilterJson,
    /// For how many minutes notices are collected and then sent together, at most 1,440; 0, the default: each is sent at once.
    #[serde(default, with = "minutes", skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u32>, minimum = 0, maximum = 1440))]
    pub digest_minutes: u64,
    /// Hours in which no notices are sent; they are sent together at the end of these hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietJson>,
    /// After how many hours a reminder of an open problem that nobody has acknowledged is sent, at most 168; 0, the default: never.
    #[serde(default, with = "minutes", skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u32>, minimum = 0, maximum = 168))]
    pub remind_hours: u64,
    /// The time zone of times in e-mails (IANA). Default: that of the quiet hours, else UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(example = "Europe/Vienna"))]
    pub zone: Option<String>,
    /// A disabled subscription sends no notices. Default: true.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<bool>))]
    pub enabled: bool,
}

/// How notices are sent: exactly one of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Channel))]
#[serde(rename_all = "lowercase", try_from = "ChannelFields")]
pub enum ChannelJson {
    /// By e-mail, to the address that the person signs in with.
    Email(EmailJson),
    /// By an HTTP request that is signed as [Standard Webhooks](https://www.standardwebhooks.com) says.
    Webhook(WebhookJson),
}

/// The channel as it is read: exactly one of the fields must be given. With an enum, two of them would be reported as malformed JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelFields {
    email: Option<EmailJson>,
    webhook: Option<WebhookJson>,
}

impl TryFrom<ChannelFields> for ChannelJson {
    type Error = &'static str;

    fn try_from(fields: ChannelFields) -> Result<Self, Self::Error> {
        match (fields.email, fields.webhook) {
            (Some(email), None) => Ok(Self::Email(email)),
            (None, Some(webhook)) => Ok(Self::Webhook(webhook)),
            _ => Err("must be exactly one of `email` and `webhook`"),
        }
    }
}

/// The e-mail channel has no settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = EmailChannel))]
#[serde(deny_unknown_fields)]
pub struct EmailJson {}

/// Where a webhook goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = WebhookChannel))]
#[serde(deny_unknown_fields)]
pub struct WebhookJson {
    /// An address that begins with `https://`, of a host with a name in the public DNS.
    #[cfg_attr(feature = "schema", schema(max_length = 1000, example = "https://example.org/hook"))]
    pub url: String,
}

/// Which problems notices are sent of: those that match every given condition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = NoticeFilter))]
#[serde(deny_unknown_fields)]
pub struct FilterJson {
    /// Only these kinds. Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<KindJson>,
    /// Only these devices, at most 50. Default: all that the person may see.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(max_items = 50))]
    pub devices: Vec<DeviceId>,
    /// Only this severity and more urgent ones. Problems of flow sensors, which have none, count as `warning`. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<SeverityJson>,
}

/// Quiet hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = QuietHours))]
#[serde(deny_unknown_fields)]
pub struct QuietJson {
    /// Their beginning: a time of day.
    #[cfg_attr(feature = "schema", schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00"))]
    pub from: String,
    /// Their end; on the next day if it is before the beginning.
    #[cfg_attr(feature = "schema", schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "06:00"))]
    pub to: String,
    /// The time zone (IANA).
    #[cfg_attr(feature = "schema", schema(example = "Europe/Vienna"))]
    pub zone: String,
    /// Which notices are sent nevertheless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except: Option<ExceptJson>,
}

/// Which notices are sent in quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = QuietException))]
#[serde(rename_all = "lowercase")]
pub enum ExceptJson {
    /// Critical problems.
    Critical,
}

/// A subscription as shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Subscription))]
pub struct SubscriptionJson {
    /// Its id.
    pub id: SubscriptionId,
    /// Whose it is: Cognito's id of the person.
    pub owner: Sub,
    #[serde(flatten)]
    #[allow(missing_docs, reason = "the type says it")]
    pub body: SubscriptionBody,
    /// Why it is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_because: Option<DisabledJson>,
    /// The secret that webhooks are signed with, in the answer to `POST` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))]
    pub secret: Option<String>,
    /// Counts the changes, from 1.
    pub version: u64,
    /// When it was made.
    #[serde(with = "super::time")]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[serde(with = "super::time")]
    pub updated_at: Timestamp,
}

/// Why a subscription is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = DisabledBecause))]
#[serde(rename_all = "lowercase")]
pub enum DisabledJson {
    /// Its owner has disabled it.
    Owner,
    /// Somebody has followed the link in an e-mail.
    Unsubscribed,
    /// The receiver has answered 410.
    Gone,
}

impl From<Disabled> for DisabledJson {
    fn from(reason: Disabled) -> Self {
        match reason {
            Disabled::Owner => Self::Owner,
            Disabled::Unsubscribed => Self::Unsubscribed,
            Disabled::Gone => Self::Gone,
        }
    }
}

impl SubscriptionBody {
    /// Checks what was written. `loopback` also allows webhooks to the same machine.
    ///
    /// # Errors
    /// Every rule that is violated, with the pointer to the field.
    pub fn subscription(self, loopback: bool) -> Result<Subscription, Vec<FieldError>> {
        let mut errors = Vec::new();
        let channel = match self.channel {
            ChannelJson::Email(EmailJson {}) => Channel::Email,
            ChannelJson::Webhook(WebhookJson { url }) => match WebhookUrl::parse(&url, loopback) {
                Ok(url) => Channel::Webhook(url),
                Err(detail) => {
                    errors.push(FieldError::new("/channel/webhook/url", detail));
                    Channel::Email
                }
            },
        };
        let zone = self.zone.map(|zone| zone.parse::<Zone>()).transpose().unwrap_or_else(|detail| {
            errors.push(FieldError::new("/zone", detail));
            None
        });
        let quiet = self.quiet.and_then(|quiet| quiet.hours(&mut errors));
        let filter = Filter {
            kinds: self.filter.kinds.into_iter().map(Into::into).collect(),
            devices: self.filter.devices.into_iter().collect::<BTreeSet<_>>(),
            severity: self.filter.severity.map(Into::into),
        };
        let whole = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let subscription = Subscription {
            channel,
            filter,
            digest_minutes: whole(self.digest_minutes),
            quiet,
            remind_hours: whole(self.remind_hours),
            zone,
            disabled: (!self.enabled).then_some(Disabled::Owner),
        };
        match subscription.checked() {
            Ok(subscription) if errors.is_empty() => Ok(subscription),
            Ok(_) => Err(errors),
            Err(more) => Err(errors.into_iter().chain(more).collect()),
        }
    }

    /// The body from which this subscription could have been written.
    pub fn of(subscription: &Subscription) -> Self {
        let Subscription { channel, filter, digest_minutes, quiet, remind_hours, zone, disabled } = subscription;
        Self {
            channel: match channel {
                Channel::Email => ChannelJson::Email(EmailJson {}),
                Channel::Webhook(url) => ChannelJson::Webhook(WebhookJson { url: url.to_string() }),
            },
            filter: FilterJson {
                kinds: filter.kinds.iter().copied().map(Into::into).collect(),
                devices: filter.devices.iter().cloned().collect(),
                severity: filter.severity.map(Into::into),
            },
            digest_minutes: (*digest_minutes).into(),
            quiet: quiet.as_ref().map(|quiet| QuietJson {
                from: quiet.from.to_string(),
                to: quiet.to.to_string(),
                zone: quiet.zone.name().to_owned(),
                except: quiet.except_critical.then_some(ExceptJson::Critical),
            }),
            remind_hours: (*remind_hours).into(),
            zone: zone.as_ref().map(|zone| zone.name().to_owned()),
            enabled: disabled.is_none(),
        }
    }
}

impl QuietJson {
    fn hours(self, errors: &mut Vec<FieldError>) -> Option<QuietHours> {
        let mut refuse = |at: &str, detail: String| errors.push(FieldError::new(at, detail));
        let from = self.from.parse::<TimeOfDay>().map_err(|detail| refuse("/quiet/from", detail));
        let to = self.to.parse::<TimeOfDay>().map_err(|detail| refuse("/quiet/to", detail));
        let zone = self.zone.parse::<Zone>().map_err(|detail| refuse("/quiet/zone", detail));
        Some(QuietHours { from: from.ok()?, to: to.ok()?, zone: zone.ok()?, except_critical: self.except.is_some() })
    }
}

/// Applies a JSON Merge Patch (RFC 7396) to a subscription. The result is a body that must be checked.
pub fn patched(subscription: &Subscription, patch: Map<String, Value>) -> Value {
    let mut body = serde_json::to_value(SubscriptionBody::of(subscription)).unwrap_or_default();
    json_patch::merge(&mut body, &Value::Object(patch));
    body
}

fn yes() -> bool {
    true
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A whole number; 0 when it is left out or `null`.
mod minutes {
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(*number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        Ok(super::super::whole::deserialize(deserializer)?.unwrap_or(0))
    }
}
