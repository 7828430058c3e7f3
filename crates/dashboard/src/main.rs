//! The page, as started by the browser.

#[cfg(target_arch = "wasm32")]
fn main() {
    dashboard::app::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("The page runs in a browser: cargo xtask up shows it.");
}
