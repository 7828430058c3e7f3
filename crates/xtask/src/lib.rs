//! The command line of this repository, and its commands.

pub mod board;
pub mod command;
pub mod commands;

pub mod bench;
pub mod capacity;
pub mod deny;
pub mod document;
pub mod figures;
pub mod firmware;
pub mod fuzz;
pub mod invoke;
pub mod leak;
pub mod lint;
pub mod live;
pub mod notices;
pub mod once;
pub mod pages;
pub mod pipeline;
pub mod test;
pub mod up;
pub mod view;
pub mod watch;

pub mod environment;
pub mod follow;
pub mod runs;
pub mod sign_in;
pub mod site;
