//! The options of the simulated fleet, and the limits of AWS.

use clap::Args;

/// Messages per second that AWS IoT Core accepts from one connection ("Publish requests per second per connection", AWS IoT Core endpoints
/// and quotas in the AWS General Reference).
pub const PUBLISHES: u32 = 100;
/// Bytes per second that it accepts from one connection ("Throughput per second per connection", in the same place).
pub const THROUGHPUT: usize = 512 * 1024;
/// Write units per second that DynamoDB accepts for one partition key (developer guide, "Best practices for designing and using partition
/// keys effectively").
pub const PARTITION: f64 = 1_000.0;

/// The parameters of the simulation.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct Fleet {
    /// Number of devices.
    #[arg(long, default_value_t = DEFAULT.devices)]
    pub devices: u32,
    /// Values in a message of a device, one from each of its sensors.
    #[arg(long, default_value_t = DEFAULT.values)]
    pub values: u32,
    /// Seconds between two messages of a device.
    #[arg(long, default_value_t = DEFAULT.every)]
    pub every: u32,
    /// Seconds to simulate; after `--every` seconds, each device has sent once.
    #[arg(long, default_value_t = DEFAULT.seconds)]
    pub seconds: u32,
    /// Percentage of broken devices, whose values are all quarantined.
    #[arg(long, default_value_t = DEFAULT.broken)]
    pub broken: f64,
    /// Percentage of devices that are flow sensors, which report a level with their values.
    #[arg(long, default_value_t = DEFAULT.flow)]
    pub flow: f64,
    /// Percentage of level reports that open or close the problems with both neighbours.
    #[arg(long, default_value_t = DEFAULT.turning)]
    pub turning: f64,
    /// Seconds after which a flow sensor counts as silent (`SilentAfterSeconds`).
    #[arg(long, default_value_t = DEFAULT.silent_after)]
    pub silent_after: u32,
    /// Devices that flood: half of them with values that are refused, half with messages of a thousand values that are stored.
    #[arg(long, default_value_t = DEFAULT.hostile)]
    pub hostile: u32,
    /// Gateways that flood: half of them with levels of unknown sensors, half with levels that open and close problems.
    #[arg(long, default_value_t = DEFAULT.gateways)]
    pub gateways: u32,
    /// Requests per second that the API accepts (`ApiRateLimit`); in the flood all of them are writes.
    #[arg(long, default_value_t = DEFAULT.api_rate)]
    pub api_rate: u32,
    /// Write units per second of the quarantine table (`QuarantineWrites`).
    #[arg(long, default_value_t = DEFAULT.quarantine_writes)]
    pub quarantine_writes: u32,
    /// Write units per second of any table with its indexes: the account's quota.
    #[arg(long, default_value_t = DEFAULT.table_writes)]
    pub table_writes: u32,
    /// Seed of the random choices.
    #[arg(long, default_value_t = DEFAULT.seed)]
    pub seed: u64,
}

/// The default parameters.
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
