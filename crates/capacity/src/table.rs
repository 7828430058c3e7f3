//! The report, as text.

use anyhow::Result;
use tooling::bill::{Event, Prices, Usage};

use super::fleet::{Fleet, PARTITION};
use super::run::Figures;
use super::store::{Hottest, Store, Tally, Whose};

/// Most prices are per million.
const MILLION: f64 = 1e6;

/// The monthly costs.
struct Bill {
    prices: Prices,
    usage: Usage,
}

impl Bill {
    fn seconds(&self) -> f64 {
        self.usage.month.minutes * 60.0
    }

    /// The monthly price of `times` events per second, in USD.
    fn each_second(&self, event: &Event, times: f64) -> Result<f64> {
        Ok(self.prices.million(event, &self.usage, false)? / MILLION * times * self.seconds())
    }

    fn writes(&self, units: f64) -> Result<f64> {
        self.each_second(&Event { write_units: 1.0, ..Event::default() }, units)
    }

    /// The monthly price of messages without their writes: rules, functions and logs.
    fn messages(&self, each_second: f64) -> Result<f64> {
        self.each_second(&Event { write_units: 0.0, ..self.usage.reading.clone() }, each_second)
    }
}

fn each_second(tally: &Tally, store: Store) -> f64 {
    tally.total.get(&store).copied().unwrap_or_default() / f64::from(tally.seconds.max(1))
}

/// A number with thousands separators.
fn with_commas(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The report: a table, followed by an explanation.
///
/// # Errors
/// When a price is missing.
pub fn table(of: &Fleet, figures: &Figures) -> Result<String> {
    let bill = Bill { prices: Prices::read(None)?, usage: Usage::counted()? };
    let line = |name: &str, columns: [String; 6]| {
        let [a, b, c, d, e, f] = columns;
        format!("{name:<27}{a:>10}{b:>11}{c:>11}{d:>11}{e:>11}{f:>12}").trim_end().to_owned() + "\n"
    };
    let heads = |heads: [&str; 6]| heads.map(str::to_owned);
    let mut page = format!(
        "{} devices, {} values each {} s; {} % broken; {} % flow sensors\nflood: {} devices, {} gateways, {} requests a second to the API\n\n",
        with_commas(f64::from(of.devices)),
        of.values,
        of.every,
        of.broken,
        of.flow,
        of.hostile,
        of.gateways,
        of.api_rate,
    );
    page += &line("", heads(["units a second", "", "hottest partition", "", "USD a month", ""]));
    page += &line("table, index", heads(["fleet", "in flood", "fleet", "in flood", "fleet", "in flood"]));
    let (mut written, mut flooded) = (0.0, 0.0);
    for &store in Store::ALL {
        let hot = |tally: &Tally| tally.hottest.get(&store).map_or(0.0, |hottest| hottest.units);
        let (one, other) = (each_second(&figures.fleet, store), each_second(&figures.flood, store));
        let (cost, more) = (bill.writes(one)?, bill.writes(other)?);
        (written, flooded) = (written + cost, flooded + more);
        if other == 0.0 {
            continue;
        }
        let name = if store.index().is_empty() { store.table().to_owned() } else { format!("  {}", store.index()) };
        let mark = if store.whose() == Whose::One { " own" } else { "" };
        let columns = [one, other, hot(&figures.fleet), hot(&figures.flood), cost, more].map(with_commas);
        page += &line(&(name + mark), columns);
    }
    let messages = |of: (f64, f64)| Ok::<_, anyhow::Error>((bill.messages(of.0)?, bill.messages(of.0 + of.1)?));
    let (sent, reported) = (messages(figures.messages)?, messages(figures.reports)?);
    let idle = bill.prices.silent_device(&bill.usage, false)? * f64::from(of.devices);
    let costs =
        |one: f64, other: f64| ["", "", "", ""].map(str::to_owned).into_iter().chain([one, other].map(with_commas));
    let mut sum = |name: &str, one: f64, other: f64| {
        let columns: Vec<String> = costs(one, other).collect();
        if let Ok(columns) = columns.try_into() {
            page += &line(name, columns);
        }
    };
    sum("all writes", written, flooded);
    sum("rules, functions, logs", sent.0 + reported.0, sent.1 + reported.1);
    sum("connections, shadows, API", idle, idle);
    sum("together", written + sent.0 + reported.0 + idle, flooded + sent.1 + reported.1 + idle);
    page += &format!(
        "\nown: a partition has the rows of one device, sensor or person; whoever makes it hot holds up nobody else.\n\
         The flood offers {} entries of the quarantine and {} readings a second. The quarantine takes {}\n\
         (QuarantineWrites), a table with its indexes {} (quota of the account); the rest is throttled and retried.\n",
        with_commas(figures.entries_offered),
        with_commas(figures.readings_offered),
        with_commas(f64::from(of.quarantine_writes)),
        with_commas(f64::from(of.table_writes)),
    );
    match hot(figures).as_slice() {
        [] => page += &format!("No partition that everybody writes to takes more than {PARTITION} units a second.\n"),
        hot => {
            for (store, Hottest { units, key }) in hot {
                page += &format!(
                    "HOT: partition {key} of {} {} takes {} units a second, more than {PARTITION}.\n",
                    store.table(),
                    store.index(),
                    with_commas(*units)
                );
            }
        }
    }
    Ok(page)
}

/// The partitions shared by everybody whose load exceeds what DynamoDB accepts for one partition.
pub fn hot(figures: &Figures) -> Vec<(Store, Hottest)> {
    let of = |tally: &Tally| tally.hottest.iter().map(|(store, hottest)| (*store, hottest.clone())).collect::<Vec<_>>();
    let all = of(&figures.fleet).into_iter().chain(of(&figures.flood));
    all.filter(|(store, hottest)| store.whose() == Whose::All && hottest.units >= PARTITION).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        assert_eq!([0.0, 999.4, 1_000.0, 1_234_567.0].map(with_commas), ["0", "999", "1,000", "1,234,567"]);
    }
}
