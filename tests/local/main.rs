//! The deployed stack in a local cloud: rules, functions, stream and queue as the template wires them, with real MQTT clients.

mod alert;
mod certificates;
mod command;
mod environment;
mod fleet;
mod flood;
mod flow;
mod history;
mod levels;
mod live;
mod live_feed;
mod notices;
mod people;
mod policy;
mod quarantine;
mod readings;
mod recalculation;
mod redrive;
mod registry;
mod settings;
mod smoke;
mod strangers;
mod timestream;
mod twin;
mod users;
mod watch;
