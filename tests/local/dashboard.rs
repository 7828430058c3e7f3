//! The dashboard in a real browser, on the deployed stack: signing in, the session, what the page may talk to, how it looks.

mod admin;
mod again;
mod alerts;
mod bars;
mod browser;
mod budget;
mod device;
mod feed;
mod figures;
mod german;
mod keyboard;
mod looks;
mod neighbours;
mod notices;
mod operating;
mod overview;
mod pages;
mod parts;
mod returning;
mod served;
mod session;
mod shift;
mod sign_in;
mod system;
mod tour;

use tooling::people::{People, Person};
use weir_tests::local::Local;

/// The administrator of the run.
fn admin(local: &Local) -> Person {
    People::read(&local.stack.people).expect("cargo xtask test has made an administrator").admin
}
