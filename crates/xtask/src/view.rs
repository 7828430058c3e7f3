//! The live view: a picture, redrawn in place on a terminal; elsewhere a line every few seconds.

use std::time::Instant;

use console::{Term, style, truncate_str};

use crate::live::Counter;

pub mod address;
mod picture;
pub mod state;

use address::Address;
use state::State;

/// The output of the view.
#[derive(Debug)]
pub struct Screen {
    terminal: Option<Term>,
    started: Instant,
    drawn: usize,
}

impl Screen {
    /// Standard output, after printing the addresses.
    pub fn open(addresses: &[Address]) -> Self {
        // Printed once, above the picture, so that they can be copied even when the picture fills the screen.
        for Address { purpose, command } in addresses {
            println!("\n{}\n  {command}", style(purpose).bold());
        }
        println!();
        let terminal = Some(Term::stdout()).filter(Term::is_term);
        if let Some(terminal) = &terminal {
            println!();
            let _ = terminal.hide_cursor();
        }
        Self { terminal, started: Instant::now(), drawn: 0 }
    }

    /// Whether it is a terminal, which can be redrawn.
    pub fn is_terminal(&self) -> bool {
        self.terminal.is_some()
    }

    /// Draws the current state.
    pub fn draw(&mut self, counter: &Counter, state: &State) {
        let seconds = self.started.elapsed().as_secs();
        let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        let Some(terminal) = &self.terminal else {
            println!("{clock}  {}", picture::line(counter, state));
            return;
        };
        let (height, width) = terminal.size();
        let mut lines = picture::lines(&clock, counter, state, usize::from(width));
        lines.truncate(usize::from(height).saturating_sub(1));
        let _ = terminal.move_cursor_up(self.drawn);
        let mut text = String::new();
        for line in &lines {
            text.push_str("\r\x1b[2K");
            text.push_str(&truncate_str(line, usize::from(width), "…"));
            text.push('\n');
        }
        // Clears what remains below of a taller picture.
        text.push_str("\x1b[0J");
        let _ = terminal.write_str(&text);
        self.drawn = lines.len();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(terminal) = &self.terminal {
            let _ = terminal.show_cursor();
        }
    }
}
