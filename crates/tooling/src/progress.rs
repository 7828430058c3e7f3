//! Progress of a command: bars on a terminal, plain lines anywhere else.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

const TITLE: usize = 18;

/// The bars of one command.
#[derive(Debug, Clone)]
pub struct Progress {
    bars: Option<MultiProgress>,
}

/// One step of a command.
#[derive(Debug)]
pub struct Step {
    bar: Option<ProgressBar>,
    title: String,
    started: Instant,
}

impl Progress {
    /// Bars when standard output is a terminal.
    pub fn new() -> Self {
        Self { bars: std::io::stdout().is_terminal().then(MultiProgress::new) }
    }

    /// A step of unknown length.
    pub fn step(&self, title: &str) -> Step {
        self.start(title, None)
    }

    /// A step of `length` parts.
    pub fn counted(&self, title: &str, length: u64) -> Step {
        self.start(title, Some(length))
    }

    /// A line about something that took no time.
    pub fn say(&self, title: &str, text: &str) {
        let line = format!("{title:<TITLE$} {text}");
        match &self.bars {
            Some(bars) => drop(bars.println(format!("  {line}"))),
            None => println!("{line}"),
        }
    }

    /// Removes the bars of unfinished steps.
    pub fn clear(&self) {
        if let Some(bars) = &self.bars {
            let _ = bars.clear();
        }
    }

    fn start(&self, title: &str, length: Option<u64>) -> Step {
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(length.map_or_else(ProgressBar::new_spinner, ProgressBar::new));
            let shape = if length.is_some() { "{bar:24.cyan} {pos}/{len} " } else { "" };
            let template = format!("{{spinner:.cyan}} {title:<TITLE$} {shape}{{wide_msg:.dim}} {{elapsed}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        if bar.is_none() {
            println!("{title:<TITLE$} …");
        }
        Step { bar, title: title.to_owned(), started: Instant::now() }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Step {
    /// What is being worked on now.
    pub fn note(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        }
    }

    /// One part is done.
    pub fn advance(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        self.note(text);
    }

    /// Ends the step; its line stays, with the time it took.
    pub fn done(self, text: &str) {
        let line = format!("{:<TITLE$} {text} ({:.1} s)", self.title, self.started.elapsed().as_secs_f64());
        match &self.bar {
            Some(bar) => {
                if let Ok(style) = ProgressStyle::with_template("  {msg}") {
                    bar.set_style(style);
                }
                bar.finish_with_message(line);
            }
            None => println!("{line}"),
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.as_ref().filter(|bar| !bar.is_finished()) {
            bar.finish_and_clear();
        }
    }
}
