//! The dashboard: the page on which people see their devices, decide and act.
//!
//! It runs in the browser, is served under `/app/` by the function `site`, and uses only the public API and the live feed. Its decisions
//! are in modules that are tested like any others; components and requests are built for the browser only.
//!
//! In reading order: the texts, signing in, the answers of the API; then, for the browser only, the session, the client, the live feed, the
//! frame, the components, the pages, and the parts in which they are loaded.

pub mod messages;
pub mod model;
pub mod problem;
pub mod sign_in;
pub mod text;
pub mod wire;

#[cfg(target_arch = "wasm32")]
pub mod api;
#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod components;
#[cfg(target_arch = "wasm32")]
pub mod in_address;
#[cfg(target_arch = "wasm32")]
pub mod layout;
#[cfg(target_arch = "wasm32")]
pub mod live;
#[cfg(target_arch = "wasm32")]
pub mod pages;
#[cfg(target_arch = "wasm32")]
pub mod parts;
#[cfg(target_arch = "wasm32")]
pub mod registry;
#[cfg(target_arch = "wasm32")]
pub mod session;
