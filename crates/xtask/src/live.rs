//! `cargo xtask up` without `--once`: simulated devices publish until Ctrl-C, and a live view shows the effects.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use fleet_sim::account::ledger::Sent;
use fleet_sim::crew::Crew;
use fleet_sim::fleet::Fleet;
use fleet_sim::simulate::live::Live;
use fleet_sim::simulate::{Effect, Message};
use tokio::sync::watch;
use tooling::build::Dashboard;
use tooling::certificate;
use tooling::place::Place;
use tooling::prepare::LocalCloud;
use tooling::progress::Progress;

use crate::board;
use crate::environment::Environment;
use crate::once::names;
use crate::sign_in::SignedIn;
use crate::view::state::{State, follow};
use crate::view::{Screen, address};
use crate::{firmware, notices};

/// Time between two redraws on a terminal. Elsewhere a line is printed each `LINE`.
const REDRAW: Duration = Duration::from_millis(500);
const LINE: Duration = Duration::from_secs(5);

/// A limit of oxygen, in mg/L, that the simulated curve crosses twice in its day of two minutes.
const LIMIT: f64 = 7.5;

/// The messages sent so far.
#[derive(Debug, Default)]
pub struct Counter {
    /// By kind of message.
    pub sent: Sent,
    /// Messages per second, over the last few seconds.
    pub rate: f64,
    marks: std::collections::VecDeque<(Instant, u64)>,
}

/// The options of the run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Seed of the noise and of the order of the messages.
    pub seed: u64,
    /// Maximum messages per second.
    pub rate: f64,
    /// Whether the dashboard is served.
    pub dashboard: Dashboard,
    /// Whether to open it in the browser.
    pub open: bool,
}

/// Publishes, and shows the effects, until it is stopped.
///
/// # Errors
/// When the local cloud ends or stops answering.
pub async fn run(
    cloud: &mut LocalCloud,
    place: &Place,
    fleet: &Fleet,
    options: &Options,
    progress: &Progress,
) -> Result<ExitCode> {
    let mut crew = Crew::assemble(&cloud.stack, fleet, progress).await?;
    let dispenser = crew.dispenser(&cloud.stack, progress).await?;
    // The board disconnects after this; its certificate and its events stay visible.
    board::run(&cloud.stack, crew.admin(), progress).await?;
    let guest = crew.guest(&cloud.stack).await?;
    certificate::watcher(&cloud.stack).await?;
    let environment = Environment::write(&cloud.stack, place)?;
    let signed_in = SignedIn::write(&cloud.stack, &crew.people, place).await?;
    let receiver = notices::arrange(&cloud.stack, place, fleet, &crew, LIMIT).await?;
    let update = firmware::offer(&cloud.stack, &crew).await?;
    let mut addresses = match options.dashboard {
        Dashboard::Built => address::dashboard(&cloud.stack, &crew.people)?,
        Dashboard::LeftOut => Vec::new(),
    };
    addresses.extend(address::lines(&cloud.stack, &guest, &signed_in, environment.file())?);
    let told = notices::commands(&cloud.stack, place.root(), &receiver);
    addresses.extend(told.map(|(purpose, command)| address::Address { purpose, command }));
    addresses.push(address::update(&cloud.stack, &signed_in, &update)?);
    let mut live = Live::new(fleet.clone(), names(&cloud.stack)?, options.seed, now());
    let mut counter = Counter::default();
    let (sender, seen) = watch::channel(State::default());
    // Dropped at the end of this function, which aborts its tasks.
    let mut watching = tokio::task::JoinSet::new();
    let admin = crew.people.admin.clone();
    watching.spawn(follow(cloud.stack.clone(), admin, fleet.clone(), guest.name.clone(), Arc::new(sender)));
    watching.spawn(dispenser.run(watch::channel(Vec::new()).0));
    watching.spawn(signed_in.keep(&cloud.stack, &crew.people));

    let mut screen = Screen::open(&addresses);
    if options.open {
        // On a computer without a browser the printed address has to do.
        let _ = open::that_detached(cloud.stack.output("DashboardUrl")?);
    }
    let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / options.rate));
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut redraw = tokio::time::interval(if screen.is_terminal() { REDRAW } else { LINE });
    loop {
        tokio::select! {
            _ = pace.tick() => {
                let message = live.next(now());
                crew.publish(&message).await?;
                counter.enter(&message);
            }
            _ = redraw.tick() => {
                cloud.emulator.expect_running()?;
                counter.measure();
                screen.draw(&counter, &seen.borrow());
            }
            Some(ended) = watching.join_next() => ended??,
        }
    }
}

impl Counter {
    fn enter(&mut self, message: &Message) {
        self.sent.messages += 1;
        for effect in &message.effects {
            self.sent.values += 1;
            match effect {
                Effect::Reading(_) => self.sent.readings += 1,
                Effect::Level(_) => self.sent.levels += 1,
                Effect::Late(_) => self.sent.late += 1,
                Effect::Duplicate => self.sent.duplicates += 1,
                Effect::Quarantined(_) => self.sent.quarantined += 1,
            }
        }
    }

    fn measure(&mut self) {
        self.marks.push_back((Instant::now(), self.sent.messages));
        if self.marks.len() > 10 {
            self.marks.pop_front();
        }
        if let (Some((from, before)), Some((to, after))) = (self.marks.front(), self.marks.back()) {
            let seconds = to.duration_since(*from).as_secs_f64();
            self.rate = if seconds > 0.0 { (after - before) as f64 / seconds } else { 0.0 };
        }
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
