//! What the tools of this repository share. It does not depend on any of them.
//!
//! In reading order: the repository and its folders, programs that are started, what is shown of them, the pinned tools, the local
//! cloud and what is deployed to it, how to talk to a deployed stack, and what it costs in AWS.

#[cfg(not(unix))]
compile_error!("the tools need Linux, macOS or WSL: the local cloud runs the functions as plain processes");

pub mod browser;
pub mod patience;
pub mod place;
pub mod port;
pub mod process;
pub mod progress;
pub mod secret;
pub mod stop;

pub mod python;
pub mod tools;

pub mod build;
pub mod cloud;
pub mod deploy;
pub mod emulator;
pub mod http;
pub mod inbox;
pub mod page;
pub mod prepare;
pub mod stack;

pub mod api;
pub mod ask;
pub mod bill;
pub mod certificate;
pub mod copy;
pub mod feed;
pub mod mqtt;
pub mod people;
pub mod tables;
pub mod timestream;
