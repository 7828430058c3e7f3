//! Tables and indexes, and counters of the writes to each.

use std::collections::{BTreeMap, HashMap};

macro_rules! stores {
    ($($name:ident: $noun:literal $index:literal $whose:ident,)*) => {
        /// A table or an index.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each is the table or index of that name")]
        pub enum Store { $($name,)* }

        impl Store {
            /// All tables and indexes.
            pub const ALL: &[Store] = &[$(Store::$name,)*];

            /// The name of its table without the prefix.
            pub const fn table(self) -> &'static str {
                match self { $(Self::$name => $noun,)* }
            }

            /// The name of the index; empty for a table.
            pub const fn index(self) -> &'static str {
                match self { $(Self::$name => $index,)* }
            }

            /// Who shares a partition.
            pub const fn whose(self) -> Whose {
                match self { $(Self::$name => Whose::$whose,)* }
            }
        }
    };
}

/// Who shares a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Everybody: a hot partition slows down others.
    All,
    /// One device, person or sensor, whose hot partition slows down nobody else.
    One,
}

stores! {
    Devices: "devices" "" One,
    DevicesListed: "devices" "listed" All,
    DevicesTubes: "devices" "tubes" All,
    DevicesLinks: "devices" "links" All,
    DevicesPending: "devices" "pending" All,
    DevicesWatched: "devices" "watched" All,
    DevicesExpiring: "devices" "expiring" All,
    Serials: "serials" "" One,
    SerialsStates: "serials" "states" All,
    Calibrations: "calibrations" "" One,
    Readings: "readings" "" One,
    Rollups: "rollups" "" One,
    Recalculations: "recalculations" "" One,
    RecalculationsDue: "recalculations" "due" All,
    Commands: "commands" "" One,
    CommandsWatched: "commands" "watched" All,
    Jobs: "jobs" "" One,
    JobsDue: "jobs" "due" All,
    Levels: "levels" "" One,
    LevelsListed: "levels" "listed" All,
    LevelsWatched: "levels" "watched" All,
    Problems: "problems" "" One,
    ProblemsListed: "problems" "listed" All,
    ProblemsDevices: "problems" "devices" One,
    Quarantine: "quarantine" "" One,
    QuarantineListed: "quarantine" "listed" All,
    QuarantineReasons: "quarantine" "reasons" All,
    QuarantineDevices: "quarantine" "devices" All,
    QuarantineDeviceReasons: "quarantine" "device_reasons" All,
    Events: "events" "" One,
    EventsListed: "events" "listed" All,
    EventsOffline: "events" "offline" All,
    Subscriptions: "subscriptions" "" One,
    SubscriptionsListed: "subscriptions" "listed" All,
    Notices: "notices" "" One,
    NoticesDue: "notices" "due" All,
    NoticesListed: "notices" "listed" All,
    Users: "users" "" One,
    UsersListed: "users" "listed" All,
}

/// The hottest partition of a table or index: its key, and its units in its busiest second.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hottest {
    /// Units in that second.
    pub units: f64,
    /// The partition key.
    pub key: String,
}

/// Counts written units per second.
#[derive(Debug, Default)]
pub struct Tally {
    second: HashMap<(Store, String), f64>,
    in_second: BTreeMap<Store, f64>,
    /// Total units so far.
    pub total: BTreeMap<Store, f64>,
    /// The hottest partitions.
    pub hottest: BTreeMap<Store, Hottest>,
    /// Number of seconds so far.
    pub seconds: u32,
}

impl Tally {
    /// Counts a write in the current second.
    pub fn write(&mut self, store: Store, key: impl Into<String>, units: f64) {
        *self.second.entry((store, key.into())).or_default() += units;
        *self.in_second.entry(store).or_default() += units;
    }

    /// Units of a table and its indexes in the current second.
    pub fn of_table(&self, table: &str) -> f64 {
        self.in_second.iter().filter(|(store, _)| store.table() == table).map(|(_, units)| units).sum()
    }

    /// Units of a table or index in the current second.
    pub fn of(&self, store: Store) -> f64 {
        self.in_second.get(&store).copied().unwrap_or_default()
    }

    /// Ends the current second.
    pub fn tick(&mut self) {
        for ((store, key), units) in self.second.drain() {
            let hottest = self.hottest.entry(store).or_default();
            // The order of a map's entries is random, but the figures must not be.
            if (units, &hottest.key) > (hottest.units, &key) {
                *hottest = Hottest { units, key };
            }
        }
        for (store, units) in std::mem::take(&mut self.in_second) {
            *self.total.entry(store).or_default() += units;
        }
        self.seconds += 1;
    }
}
