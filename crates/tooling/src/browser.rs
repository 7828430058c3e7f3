//! The browser of this computer, for tests of what a web page may do.

use std::path::PathBuf;

/// The names of browsers that are based on Chromium.
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// The program that drives a browser for tests (WebDriver): `WEIR_WEBDRIVER`, when set, else the first in PATH.
pub fn driver() -> Option<PathBuf> {
    std::env::var_os("WEIR_WEBDRIVER").map(PathBuf::from).or_else(|| in_path(&["chromedriver"]))
}

/// Chromium or what is made of it: `WEIR_BROWSER`, when set, else the first in PATH.
pub fn find() -> Option<PathBuf> {
    if let Some(chosen) = std::env::var_os("WEIR_BROWSER") {
        return Some(chosen.into());
    }
    in_path(&NAMES)
}

fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}
