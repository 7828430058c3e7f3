//! The options of the fleet, and the limits of AWS.

use clap::Args;

/// Messages that AWS IoT Core takes from one connection in a second ("Publish requests per second per connection", AWS IoT Core
/// endpoints and quotas in the AWS General Reference).
pub const PUBLISHES: u32 = 100;
/// Bytes that it takes from one connection in a second ("Throughput per second per connection", in the same place).
pub const THROUGHPUT: usize = 512 * 1024;
/// Write units that DynamoDB takes in a second under one partition key (developer guide, "Best practices for designing and using
/// partition keys effectively").
pub const PARTITION: f64 = 1_000.0;

/// The numbers of a fleet.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Fleet {
    /// Devices.
    #[arg(long, default_value_t = DEFAULT.devices)]
    pub devices: u32,
    /// Values that a device sends at a time, one of each of its sensors.
    #[arg(long, default_value_t = DEFAULT.values)]
    pub values: u32,
    /// Seconds from one message of a device to the next.
    #[arg(long, default_value_t = DEFAULT.every)]
    pub every: u32,
    /// Seconds that are simulated; after as many as pass between two messages of a device every one has sent.
    #[arg(long, default_value_t = DEFAULT.seconds)]
    pub seconds: u32,
    /// Per cent of the devices that are broken: all their values go into quarantine.
    #[arg(long, default_value_t = DEFAULT.broken)]
    pub broken: f64,
    /// Per cent of the devices that are flow sensors, and report a level beside their values.
    #[arg(long, default_value_t = DEFAULT.flow)]
    pub flow: f64,
    /// Per cent of the level reports that open or close the problems with both neighbours.
    #[arg(long, default_value_t = DEFAULT.turning)]
    pub turning: f64,
    /// Seconds after which a flow sensor counts as silent (`SilentAfterSeconds`).
    #[arg(long, default_value_t = DEFAULT.silent_after)]
    pub silent_after: u32,
    /// Devices that flood: half of them with values that are refused, half with a thousand that are stored.
    #[arg(long, default_value_t = DEFAULT.hostile)]
    pub hostile: u32,
    /// Gateways that flood: half of them with levels of sensors that nobody knows, half with levels that open and close problems.
    #[arg(long, default_value_t = DEFAULT.gateways)]
    pub gateways: u32,
    /// Requests that the API takes in a second (`ApiRateLimit`); in the flood all of them are changes.
    #[arg(long, default_value_t = DEFAULT.api_rate)]
    pub api_rate: u32,
    /// Units that the table of the quarantine takes in a second (`QuarantineWrites`).
    #[arg(long, default_value_t = DEFAULT.quarantine_writes)]
    pub quarantine_writes: u32,
    /// Units that any table takes in a second with its indexes: the account's quota.
    #[arg(long, default_value_t = DEFAULT.table_writes)]
    pub table_writes: u32,
    /// Where the random choices begin.
    #[arg(long, default_value_t = DEFAULT.seed)]
    pub seed: u64,
}

/// What the options are unless something else is typed.
const DEFAULT: Fleet = Fleet {
    devices: 1_000_000,
    values: 10,
    every: 600,
    seconds: 600,
    broken: 1.0,
    flow: 10.0,
    turning: 1.0,
    silent_after: 10_800,
    hostile: 100,
    gateways: 10,
    api_rate: 100,
    quarantine_writes: 4_000,
    table_writes: 40_000,
    seed: 1,
};

impl Default for Fleet {
    fn default() -> Self {
        DEFAULT
    }
}
