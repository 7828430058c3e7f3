//! An e-mail: subject, text and HTML. What devices and people have written is escaped by [`maud`], and kept to one line where it is
//! a header.

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, html};
use weir_aws::mail::Mail;
use weir_core::domain::Timestamp;
use weir_core::domain::notice::Zone;
use weir_core::wire::alert::SeverityJson;
use weir_core::wire::notice::{ToldJson, TransitionJson};

use super::words::Language;

/// Longest subject in characters; mail programs show fewer.
const MOST_SUBJECT: usize = 180;
const CELL: &str = "padding:4px 12px 4px 0;text-align:left;border-bottom:1px solid #d0d7de";
const NUMBER: &str = "padding:4px 0 4px 12px;text-align:right;border-bottom:1px solid #d0d7de";

/// An address of a page.
#[derive(Debug, Clone)]
pub(super) struct Link(pub String);

/// Where an e-mail leads.
#[derive(Debug, Clone)]
pub(super) struct Links {
    /// The page that shows problems.
    pub page: Option<Link>,
    /// The page that ends the subscription.
    pub unsubscribe: Link,
}

/// A line of a digest.
struct Line<'a> {
    told: &'a ToldJson,
    at: String,
    what: &'static str,
    about: String,
    /// The note of the alert.
    note: Option<&'a str>,
}

/// What every e-mail to a person has in common.
#[derive(Debug, Clone)]
pub(super) struct Page {
    pub to: String,
    pub language: Language,
    pub zone: Zone,
    pub links: Links,
}

impl Page {
    /// Tells one transition, with the newest readings, the newest first.
    pub fn problem(&self, told: &ToldJson, readings: &[(Timestamp, f64)]) -> Mail {
        let language = self.language;
        let subject = language.subject(told);
        let unit = told.problem.unit.clone().unwrap_or_default();
        let facts = self.facts(told);
        let readings: Vec<(String, String)> = readings
            .iter()
            .map(|(at, value)| (language.time(*at, &self.zone), language.value(*value, &unit)))
            .collect();
        let heading = language.pick("The last values", "Die letzten Werte");
        let link = self.link(&told.problem.problem_id);
        let mut text = format!("{}\n{}\n\n", language.transition(told.transition), language.about(&told.problem));
        for (name, value) in &facts {
            text.push_str(&format!("{name}: {value}\n"));
        }
        if !readings.is_empty() {
            text.push_str(&format!("\n{heading}:\n"));
            for (at, value) in &readings {
                text.push_str(&format!("  {at}   {value}\n"));
            }
        }
        if let Some(Link(link)) = &link {
            text.push_str(&format!("\n{link}\n"));
        }
        let body = html! {
            p style=(format!("margin:0 0 4px;color:{};font-weight:bold", colour(told))) {
                (language.transition(told.transition))
            }
            h1 style="font-size:20px;margin:0 0 16px" { (language.about(&told.problem)) }
            table style="border-collapse:collapse;margin:0 0 20px" {
                @for (name, value) in &facts { tr { td style=(CELL) { (name) } td style=(CELL) { (value) } } }
            }
            @if !readings.is_empty() {
                h2 style="font-size:15px;margin:0 0 6px" { (heading) }
                table style="border-collapse:collapse;margin:0 0 20px" {
                    @for (at, value) in &readings { tr { td style=(CELL) { (at) } td style=(NUMBER) { (value) } } }
                }
            }
            @if let Some(Link(link)) = &link {
                p { a href=(link) { (language.pick("Show the problem", "Die Störung ansehen")) } }
            }
        };
        self.mail(&subject, text, &body)
    }

    /// Tells several transitions, the first one first, and that there are `more`.
    pub fn digest(&self, told: &[ToldJson], more: usize) -> Mail {
        let language = self.language;
        let count = told.len() + more;
        let subject = language.pick(format!("{count} notices"), format!("{count} Meldungen"));
        let rest = (more > 0).then(|| language.pick(format!("and {more} more"), format!("und {more} weitere")));
        // What to do is said once for each problem.
        let mut said = BTreeSet::new();
        let lines: Vec<Line<'_>> = told
            .iter()
            .map(|told| Line {
                told,
                at: language.time(told.at, &self.zone),
                what: language.transition(told.transition),
                about: language.about(&told.problem),
                note: told.alert_note.as_deref().filter(|_| {
                    told.transition != TransitionJson::Resolved && said.insert(told.problem.problem_id.as_str())
                }),
            })
            .collect();
        let to_do = language.pick("What to do", "Was zu tun ist");
        let mut text = format!("{subject}\n\n");
        for Line { at, what, about, note, .. } in &lines {
            text.push_str(&format!("{at}  {what}: {about}\n"));
            text.extend(note.map(|note| format!("    {to_do}: {note}\n")));
        }
        text.extend(rest.iter().map(|rest| format!("{rest}\n")));
        if let Some(Link(link)) = &self.links.page {
            text.push_str(&format!("\n{link}\n"));
        }
        let body = html! {
            h1 style="font-size:20px;margin:0 0 16px" { (subject) }
            table style="border-collapse:collapse;margin:0 0 20px" {
                @for Line { told, at, what, about, note } in &lines {
                    tr {
                        td style=(CELL) { (at) }
                        td style=(format!("{CELL};color:{};font-weight:bold", colour(told))) { (what) }
                        td style=(CELL) { (about) @if let Some(note) = note { br; (to_do) ": " (note) } }
                    }
                }
            }
            @if let Some(rest) = &rest { p { (rest) } }
            @if let Some(Link(link)) = &self.links.page {
                p { a href=(link) { (language.pick("Show the problems", "Die Störungen ansehen")) } }
            }
        };
        self.mail(&subject, text, &body)
    }

    /// A test.
    pub fn test(&self) -> Mail {
        let subject = self.language.pick("Test of your notices", "Test Ihrer Benachrichtigungen");
        let said = self.language.pick(
            "This is a test. Notices of your subscription arrive at this address.",
            "Dies ist ein Test. Die Benachrichtigungen Ihres Abonnements kommen an dieser Adresse an.",
        );
        self.mail(subject, format!("{said}\n"), &html! { p { (said) } })
    }

    /// What is known of the problem, line by line.
    fn facts(&self, told: &ToldJson) -> Vec<(&'static str, String)> {
        let (language, problem) = (self.language, &told.problem);
        let unit = problem.unit.as_deref().unwrap_or_default();
        let time = |seconds: i64| language.time(Timestamp::from_seconds(seconds), &self.zone);
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        let facts = [
            (language.pick("Device", "Gerät"), problem.device.as_ref().map(ToString::to_string)),
            (language.pick("Sensor", "Sensor"), problem.sensor.as_ref().map(ToString::to_string)),
            (language.pick("Alert", "Grenzwert"), problem.alert.as_ref().map(ToString::to_string)),
            (language.pick("Value", "Wert"), problem.value.map(|value| language.value(value, unit))),
            (language.pick("Limit", "Grenze"), problem.limit.map(|limit| language.value(limit, unit))),
            (
                language.pick("Severity", "Dringlichkeit"),
                problem.severity.map(|severity| language.severity(severity).to_owned()),
            ),
            (language.pick("Since", "Seit"), Some(time(problem.problem_time))),
            (language.pick("Resolved", "Behoben"), problem.resolved_at.map(time)),
            (language.pick("Resolved by", "Behoben von"), text(problem.resolved_by.clone()).filter(|by| by != "auto")),
            (language.pick("What to do", "Was zu tun ist"), text(told.alert_note.clone())),
            (language.pick("Note", "Notiz"), text(problem.note.clone())),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn link(&self, problem: &str) -> Option<Link> {
        self.links.page.as_ref().map(|Link(page)| Link(format!("{page}/problems/{problem}")))
    }

    fn mail(&self, subject: &str, mut text: String, body: &Markup) -> Mail {
        let Link(unsubscribe) = &self.links.unsubscribe;
        let stop = self.language.pick("Stop these e-mails", "Diese E-Mails abbestellen");
        text.push_str(&format!("\n-- \n{stop}: {unsubscribe}\n"));
        let html = html! {
            (DOCTYPE)
            html lang=(self.language.tag()) {
                head { meta charset="utf-8"; meta name="viewport" content="width=device-width"; title { (subject) } }
                body style="margin:0;padding:24px;font-family:sans-serif;font-size:15px;color:#1f2328;background:#ffffff" {
                    (body)
                    p style="margin:24px 0 0;font-size:12px;color:#59636e" { a href=(unsubscribe) style="color:#59636e" { (stop) } }
                }
            }
        };
        Mail {
            to: self.to.clone(),
            subject: one_line(subject),
            text,
            html: html.into_string(),
            // RFC 8058: mail programs end the subscription with one click.
            headers: vec![
                ("List-Unsubscribe", format!("<{unsubscribe}>")),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
            ],
        }
    }
}

/// A text without what could end a header, and not too long for one.
fn one_line(text: &str) -> String {
    let plain = text.chars().map(|letter| if letter.is_control() || letter == '\u{2028}' { ' ' } else { letter });
    plain.take(MOST_SUBJECT).collect()
}

fn colour(told: &ToldJson) -> &'static str {
    match (told.transition, told.problem.severity) {
        (TransitionJson::Resolved, _) => "#1a7f37",
        (_, Some(SeverityJson::Critical)) => "#cf222e",
        (_, Some(SeverityJson::Info)) => "#0969da",
        (_, _) => "#9a6700",
    }
}
