//! Everything that needs no network: the functions on a real engine, and the rules of the house.

mod alert;
mod calibration;
mod capacity;
mod contract;
mod deadlines;
mod device;
mod edge;
mod faults;
mod flow;
mod foreign;
mod history;
mod http;
mod lists;
mod live;
mod one_build;
mod organizer;
mod people;
mod problem_detector;
mod quarantine;
mod reading;
mod recalculation;
mod scale;
mod shuffle;
mod throughput;
mod tidy;
mod time_series;
