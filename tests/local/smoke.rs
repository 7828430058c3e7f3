//! What holds for every deployed stack, here or in AWS, and is asked after each deployment: `cargo operate smoke`. Nothing of it
//! changes what anybody stored: each run leaves the same few entries of nobody's device in the quarantine.

mod api;
mod functions;
mod messages;
mod wiring;
