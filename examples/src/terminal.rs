//! What a person reads: the timeline of a run, tables, colours where the terminal has them.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use shape_workflow::{Artifact, Event, EventKind, LoopState};

use crate::report;

/// Colours, or none: `NO_COLOR` and pipes are respected.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    enabled: bool,
}

impl Style {
    /// For standard output.
    pub fn stdout() -> Self {
        Self {
            enabled: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        }
    }

    /// Without colours.
    pub fn plain() -> Self {
        Self { enabled: false }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.enabled {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Good news.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Bad news.
    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// Something to look at.
    pub fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Less important.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// A duration for people: `840 µs`, `12 ms`, `3.4 s`, `1 min 20 s`.
pub fn human(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 0.001 {
        format!("{} µs", duration.as_micros())
    } else if seconds < 1.0 {
        format!("{} ms", duration.as_millis())
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!(
            "{} min {:02} s",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        )
    }
}

/// Groups the digits of a count by thousands: `12,345`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A table with a header; columns named in `right` are right-aligned.
pub fn table(header: &[&str], right: &[usize], rows: &[Vec<String>], style: Style) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::from(" ");
        for (column, (cell, width)) in cells.zip(&widths).enumerate() {
            line.push(' ');
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            if right.contains(&column) {
                line.push_str(&pad);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&pad);
            }
            line.push(' ');
        }
        line.trim_end().to_owned()
    };
    let mut out = style.dim(&line(&mut header.iter().copied()));
    out.push('\n');
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
        out.push('\n');
    }
    out
}

/// A unified diff with colours, each line indented.
pub fn diff(text: &str, style: Style) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let painted = match line.as_bytes().first() {
            Some(b'+') => style.good(line),
            Some(b'-') => style.bad(line),
            Some(b'@') => style.warn(line),
            _ => line.to_owned(),
        };
        out.push_str("    ");
        out.push_str(&painted);
        out.push('\n');
    }
    out
}

/// Prints events as they happen; a spinner on standard error shows long steps when that is a terminal.
#[derive(Debug)]
pub struct Timeline {
    style: Style,
    quiet: bool,
    start: Option<jiff::Timestamp>,
    bar: Option<ProgressBar>,
    /// What to print below the step that comes to its end next.
    below: String,
}

impl Timeline {
    /// A timeline on standard output; `quiet` prints nothing there and leaves only the spinner.
    pub fn new(style: Style, quiet: bool) -> Self {
        Self {
            style,
            quiet,
            start: None,
            bar: None,
            below: String::new(),
        }
    }

    fn elapsed(&mut self, at: jiff::Timestamp) -> String {
        let start = *self.start.get_or_insert(at);
        let seconds = at.duration_since(start).as_secs();
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    }

    fn print(&mut self, line: &str) {
        if self.quiet {
            return;
        }
        let print = || {
            let mut out = std::io::stdout().lock();
            // A closed pipe (`| head`) is no reason to leave a service running.
            let _ = writeln!(out, "{line}");
            let _ = out.flush();
        };
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn stop_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn start_bar(&mut self, message: &str) {
        self.stop_bar();
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner().with_message(message.to_owned());
            if let Ok(style) = ProgressStyle::with_template("  {elapsed:>5}  {spinner} {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            self.bar = Some(bar);
        }
    }

    /// Shows one event.
    pub fn show(&mut self, event: &Event) {
        let at = self.elapsed(event.at);
        let style = self.style;
        match &event.kind {
            EventKind::StepStarted { step } => self.start_bar(step),
            EventKind::StepProgress { step, message, .. } => {
                if self.bar.is_none() {
                    self.start_bar(step);
                }
                if let Some(bar) = &self.bar {
                    bar.set_message(format!("{step}: {message}"));
                }
            }
            EventKind::StepFinished {
                step,
                input,
                output,
                duration,
                resumed,
            } => {
                self.stop_bar();
                let from = if input.is_empty() {
                    String::new()
                } else {
                    format!("{input} {} ", style.dim("→"))
                };
                let note = if *resumed { " (from the journal)" } else { "" };
                self.print(&format!(
                    "  {}  {} {:<12} {from}{output}  {}{note}",
                    style.dim(&at),
                    style.good("✔"),
                    step,
                    style.dim(&human(*duration)),
                ));
                let below = std::mem::take(&mut self.below);
                if !below.is_empty() {
                    self.print(below.trim_end());
                }
            }
            EventKind::StepSkipped { step, reason } => {
                self.stop_bar();
                self.print(&format!(
                    "  {}  {} {step:<12} {}",
                    style.dim(&at),
                    style.dim("–"),
                    style.dim(reason)
                ));
            }
            EventKind::StepFailed { step, error, .. } => {
                self.stop_bar();
                self.print(&format!(
                    "  {}  {} {step:<12} {error}",
                    style.dim(&at),
                    style.bad("✘")
                ));
            }
            EventKind::StateChanged { from, to, reason } => {
                let to_text = match to {
                    LoopState::Healthy | LoopState::Recovered => style.good(to.as_str()),
                    LoopState::Breached | LoopState::RolledBack | LoopState::Escalated => {
                        style.bad(to.as_str())
                    }
                    _ => style.warn(to.as_str()),
                };
                // While healing, the reason is the message of the event that comes next.
                let reason = match to {
                    LoopState::Breached | LoopState::Escalated => format!("  {reason}"),
                    _ => String::new(),
                };
                self.print(&format!(
                    "  {}  {} {from} → {to_text}{reason}",
                    style.dim(&at),
                    style.dim("◆")
                ));
            }
            EventKind::Heal(heal) => {
                let mark = if heal.is_problem {
                    style.warn("!")
                } else {
                    style.dim("·")
                };
                self.print(&format!("  {}    {mark} {}", style.dim(&at), heal.message));
                if let Some(bar) = &self.bar {
                    bar.set_message(heal.message.clone());
                }
            }
            EventKind::Report(Artifact::Lineage(lineage)) => {
                self.below = report::first_place(lineage, style);
            }
            EventKind::RunFinished { .. } => self.stop_bar(),
            _ => {}
        }
    }
}

impl Drop for Timeline {
    fn drop(&mut self) {
        self.stop_bar();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_and_durations_named() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(12_345_678), "12,345,678");
        assert_eq!(human(Duration::from_micros(840)), "840 µs");
        assert_eq!(human(Duration::from_millis(3_400)), "3.4 s");
        assert_eq!(human(Duration::from_secs(80)), "1 min 20 s");
    }

    #[test]
    fn tables_align() {
        let rows = [
            vec!["canvas".to_owned(), "7".to_owned()],
            vec!["ui".to_owned(), "12".to_owned()],
        ];
        let text = table(&["name", "n"], &[1], &rows, Style::plain());
        assert_eq!(text, "  name     n\n  canvas   7\n  ui      12\n");
    }
}
