//! Tables and indexes, and the writes counted in each.

use std::collections::{BTreeMap, HashMap};

macro_rules! stores {
    ($($name:ident: $noun:literal $index:literal $whose:ident,)*) => {
        /// A table or an index.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "each is the table or index of that name")]
        pub enum Store { $($name,)* }

        impl Store {
            /// Every one.
            pub const ALL: &[Store] = &[$(Store::$name,)*];

            /// The noun of its table.
            pub const fn table(self) -> &'static str {
                match self { $(Self::$name => $noun,)* }
            }

            /// The name of the index; empty for the table itself.
            pub const fn index(self) -> &'static str {
                match self { $(Self::$name => $index,)* }
            }

            /// Whose writes one partition takes.
            pub const fn whose(self) -> Whose {
                match self { $(Self::$name => Whose::$whose,)* }
            }
        }
    };
}

/// Whose writes one partition takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of everybody: a hot partition holds up others.
    All,
    /// Those of one device, person or sensor: whoever makes it hot holds up only themselves.
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

/// The hottest partition of a store: its units in the second in which it took most, and its key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hottest {
    /// Units in that second.
    pub units: f64,
    /// The partition key.
    pub key: String,
}

/// Units written, second by second.
#[derive(Debug, Default)]
pub struct Tally {
    second: HashMap<(Store, String), f64>,
    in_second: BTreeMap<Store, f64>,
    /// Units since the beginning.
    pub total: BTreeMap<Store, f64>,
    /// The hottest partitions.
    pub hottest: BTreeMap<Store, Hottest>,
    /// Seconds that have ended.
    pub seconds: u32,
}

impl Tally {
    /// Counts a write in this second.
    pub fn write(&mut self, store: Store, key: impl Into<String>, units: f64) {
        *self.second.entry((store, key.into())).or_default() += units;
        *self.in_second.entry(store).or_default() += units;
    }

    /// Units of a table and of its indexes in this second.
    pub fn of_table(&self, table: &str) -> f64 {
        self.in_second.iter().filter(|(store, _)| store.table() == table).map(|(_, units)| units).sum()
    }

    /// Units of a store in this second.
    pub fn of(&self, store: Store) -> f64 {
        self.in_second.get(&store).copied().unwrap_or_default()
    }

    /// Ends the second.
    pub fn tick(&mut self) {
        for ((store, key), units) in self.second.drain() {
            let hottest = self.hottest.entry(store).or_default();
            // The order in which a map gives its entries is random, and the figures must not be.
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
