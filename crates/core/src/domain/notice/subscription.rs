//! What a person wants to be told, and how.

use std::collections::BTreeSet;

use super::quiet::{QuietHours, Zone};
use super::target::WebhookUrl;
use crate::domain::FieldError;
use crate::domain::alert::Severity;
use crate::domain::problem::Kind;
use crate::id::DeviceId;

/// Maximum subscriptions of a person.
pub const MOST_SUBSCRIPTIONS: u32 = 10;
/// Maximum devices that a filter names.
pub const MOST_DEVICES: usize = 50;
/// Maximum of `digest_minutes`: a day.
pub const MOST_DIGEST_MINUTES: u32 = 1_440;
/// Maximum of `remind_hours`: a week.
pub const MOST_REMIND_HOURS: u32 = 168;

/// How notices reach a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// By e-mail, to the person's own verified address and no other.
    Email,
    /// By an HTTP request to this address.
    Webhook(WebhookUrl),
}

/// Which problems a person wants notices of: those that match every given condition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only these kinds; all if empty.
    pub kinds: Vec<Kind>,
    /// Only these devices; all that the person may see if empty.
    pub devices: BTreeSet<DeviceId>,
    /// Only this severity and more urgent ones. Problems without a severity, those of flow sensors, count as warnings.
    pub severity: Option<Severity>,
}

impl Filter {
    /// Whether a problem of one of these devices can match. If the devices of a
    /// problem are not known yet, check [`Filter::devices`] instead.
    pub fn matches_device<'a>(&self, mut devices: impl Iterator<Item = &'a DeviceId>) -> bool {
        self.devices.is_empty() || devices.any(|device| self.devices.contains(device))
    }

    /// Whether a problem of this kind and severity matches.
    pub fn matches(&self, kind: Kind, severity: Option<Severity>) -> bool {
        let kinds = self.kinds.is_empty() || self.kinds.contains(&kind);
        kinds && self.severity.is_none_or(|least| severity.unwrap_or_default() >= least)
    }
}

/// Why a subscription is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabled {
    /// By its owner.
    Owner,
    /// Through the link in an e-mail.
    Unsubscribed,
    /// Because the receiver answered 410 (Gone).
    Gone,
}

impl Disabled {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Unsubscribed, Self::Gone];

    /// The code, as stored and as shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Unsubscribed => "unsubscribed",
            Self::Gone => "gone",
        }
    }

    /// The reason with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// A subscription as a person wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// How notices are sent.
    pub channel: Channel,
    /// Which problems they are about.
    pub filter: Filter,
    /// For how many minutes notices are collected before they are sent together; 0: each is sent at once.
    pub digest_minutes: u32,
    /// Hours in which no notices are sent.
    pub quiet: Option<QuietHours>,
    /// After how many hours a reminder of an open problem that nobody has acknowledged is sent; 0: never.
    pub remind_hours: u32,
    /// The zone of the times in e-mails; `None`: that of the quiet hours, else UTC.
    pub zone: Option<Zone>,
    /// Why it is disabled; `None` when it is enabled.
    pub disabled: Option<Disabled>,
}

impl Subscription {
    /// Checks the numbers.
    ///
    /// # Errors
    /// Every rule that is violated, with the pointer to the field.
    pub fn checked(self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        if self.digest_minutes > MOST_DIGEST_MINUTES {
            errors.push(FieldError::new("/digest_minutes", format!("must be 0 to {MOST_DIGEST_MINUTES} minutes")));
        }
        if self.remind_hours > MOST_REMIND_HOURS {
            errors.push(FieldError::new("/remind_hours", format!("must be 0 to {MOST_REMIND_HOURS} hours")));
        }
        if self.filter.devices.len() > MOST_DEVICES {
            errors.push(FieldError::new("/filter/devices", format!("must be at most {MOST_DEVICES} devices")));
        }
        if self.quiet.as_ref().is_some_and(|quiet| quiet.from == quiet.to) {
            errors.push(FieldError::new("/quiet/to", "must differ from the beginning"));
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    /// The zone of times in e-mails.
    pub fn zone(&self) -> Zone {
        self.zone.clone().or_else(|| self.quiet.as_ref().map(|quiet| quiet.zone.clone())).unwrap_or(Zone::UTC)
    }
}
