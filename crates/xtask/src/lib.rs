//! The commands of this repository, and what the local-cloud tests share with them. In reading order: what is typed, what each
//! command does, the local cloud and its parts, the simulated devices, and the account of what became of their messages.

#[cfg(not(unix))]
compile_error!("cargo xtask needs Linux, macOS or WSL: the local cloud runs the functions as plain processes");

pub mod command;

pub mod bench;
pub mod bill;
pub mod build;
pub mod deny;
pub mod drill;
pub mod fit;
pub mod fuzz;
pub mod invoke;
pub mod leak;
pub mod lint;
pub mod live;
pub mod once;
pub mod prepare;
pub mod privileges;
pub mod redrive;
pub mod ship;
pub mod smoke;
pub mod test;
pub mod up;
pub mod view;

pub mod crew;
pub mod environment;
pub mod runs;

pub mod api;
pub mod certificate;
pub mod cloud;
pub mod copy;
pub mod deploy;
pub mod emulator;
pub mod mqtt;
pub mod people;
pub mod sign_in;
pub mod stack;
pub mod tables;
pub mod timestream;

pub mod arithmetic;
pub mod fleet;
pub mod simulate;

pub mod account;

pub mod place;
pub mod port;
pub mod process;
pub mod progress;
pub mod python;
pub mod secret;
pub mod stop;
pub mod tools;
