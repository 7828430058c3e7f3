//! What e-mails say, in the languages they are written in.

use weir_core::domain::Timestamp;
use weir_core::domain::notice::Zone;
use weir_core::wire::alert::SeverityJson;
use weir_core::wire::notice::{ToldJson, TransitionJson};
use weir_core::wire::problem::{KindJson, ProblemJson};

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
}

impl Language {
    /// The language with this tag, such as `de` or `de-AT`; English for every other one.
    pub fn of(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("de") { Self::German } else { Self::English }
    }

    /// Its tag, for HTML.
    pub fn tag(self) -> &'static str {
        self.pick("en", "de")
    }

    /// The English or the German text.
    pub fn pick<T>(self, english: T, german: T) -> T {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }

    /// A number, with a comma in German.
    pub fn number(self, number: f64) -> String {
        let text = weir_core::domain::number::round(number, 6).to_string();
        self.pick(text.clone(), text.replace('.', ","))
    }

    /// A number with its unit.
    pub fn value(self, number: f64, unit: &str) -> String {
        let number = self.number(number);
        if unit.is_empty() { number } else { format!("{number} {unit}") }
    }

    /// A time in a zone, to the second.
    pub fn time(self, at: Timestamp, zone: &Zone) -> String {
        let Some(wall) = zone.wall(at) else { return String::new() };
        let (date, time) = (wall.date(), wall.time());
        let date = match self {
            Self::English => format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()),
            Self::German => format!("{:02}.{:02}.{:04}", date.day(), date.month(), date.year()),
        };
        let abbreviation = zone.abbreviation(at);
        format!("{date} {:02}:{:02}:{:02} {abbreviation}", time.hour(), time.minute(), time.second())
    }

    pub fn severity(self, severity: SeverityJson) -> &'static str {
        match severity {
            SeverityJson::Info => self.pick("info", "Hinweis"),
            SeverityJson::Warning => self.pick("warning", "Warnung"),
            SeverityJson::Critical => self.pick("critical", "kritisch"),
        }
    }

    pub fn transition(self, transition: TransitionJson) -> &'static str {
        match transition {
            TransitionJson::Opened => self.pick("New problem", "Neue Störung"),
            TransitionJson::Changed => self.pick("Changed", "Geändert"),
            TransitionJson::Resolved => self.pick("Resolved", "Behoben"),
            TransitionJson::Reminder => self.pick("Still open", "Weiterhin offen"),
        }
    }

    /// What a problem is about, on one line: device, sensor, value, unit and limit; or whose silence it is.
    pub fn about(self, problem: &ProblemJson) -> String {
        let device = problem.device.as_ref().map(ToString::to_string).unwrap_or_default();
        let current = problem.current.as_ref().map(ToString::to_string).unwrap_or_default();
        let following = problem.following.as_ref().map(ToString::to_string).unwrap_or_default();
        match problem.problem {
            KindJson::Limit => {
                let sensor = problem.sensor.as_ref().map(ToString::to_string).unwrap_or_default();
                let unit = problem.unit.as_deref().unwrap_or_default();
                match (problem.value, problem.limit) {
                    (Some(value), Some(limit)) => {
                        let (value, limit) = (self.value(value, unit), self.value(limit, unit));
                        format!("{device} {sensor}: {value}, {} {limit}", self.pick("limit", "Grenze"))
                    }
                    _ => format!("{device} {sensor}"),
                }
            }
            KindJson::Silent if device.is_empty() => {
                format!("{current}: {}", self.pick("the flow sensor is silent", "der Durchflusssensor schweigt"))
            }
            KindJson::Silent => format!("{device}: {}", self.pick("the device is silent", "das Gerät schweigt")),
            KindJson::Obstruction => {
                format!("{}: {current} → {following}{}", self.pick("obstruction", "Verstopfung"), levels(problem))
            }
            KindJson::Problem => {
                format!("{}: {current} → {following}{}", self.pick("backflow", "Rückstau"), levels(problem))
            }
        }
    }

    /// The subject of an e-mail about a transition.
    pub fn subject(self, told: &ToldJson) -> String {
        let severity = told.problem.severity.map(|severity| format!("[{}] ", self.severity(severity)));
        let opened = told.transition == TransitionJson::Opened;
        let what = (!opened).then(|| format!("{}: ", self.transition(told.transition)));
        format!("{}{}{}", severity.unwrap_or_default(), what.unwrap_or_default(), self.about(&told.problem))
    }
}

fn levels(problem: &ProblemJson) -> String {
    match (&problem.current_value, &problem.following_value) {
        (Some(current), Some(following)) => format!(" ({current} %, {following} %)"),
        _ => String::new(),
    }
}
