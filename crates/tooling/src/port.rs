//! Free ports on loopback.

use std::net::TcpListener;

use anyhow::{Context, Result, bail};

/// Makes sure that a port is free.
///
/// # Errors
/// When it is taken; the message names the port and the option that chooses another.
pub fn expect_free(port: u16, purpose: &str, option: &str) -> Result<()> {
    if port != 0 && is_free(port) {
        return Ok(());
    }
    let other = (port.saturating_add(100)..).step_by(100).take(20).find(|other| is_free(*other)).unwrap_or(0);
    bail!(
        "port {port} for {purpose} is already taken on 127.0.0.1, perhaps by another local cloud.\n  \
         End that program (`lsof -i :{port}` names it), or choose another port: {option} {other}"
    );
}

/// A port that is free now.
///
/// # Errors
/// When the operating system gives none.
pub fn any_free() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

fn is_free(port: u16) -> bool {
    // The standard library's listener sets SO_REUSEADDR, so a port whose last connections are still closing counts as free.
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_together_with_the_option_that_helps() {
        let holder = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = holder.local_addr().unwrap().port();
        let message = expect_free(port, "the emulator", "--port").unwrap_err().to_string();
        assert!(message.contains(&format!("port {port} for the emulator is already taken")), "{message}");
        assert!(message.contains("--port "), "{message}");
        // Not the port of `holder`: another test may have taken it meanwhile.
        assert!((0..10).any(|_| expect_free(any_free().unwrap(), "the emulator", "--port").is_ok()));
    }
}
