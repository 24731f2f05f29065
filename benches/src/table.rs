//! One table of comparable figures.

use std::{
    cell::RefCell,
    io::{self, Write},
    time::{Duration, Instant},
};

/// Collects the times of contenders on inputs and prints them side by side, beside what criterion prints.
#[derive(Debug, Default)]
pub struct Table {
    rows: RefCell<Vec<Row>>,
}

#[derive(Debug)]
struct Row {
    input: String,
    contender: String,
    bytes: usize,
    lines: usize,
    /// The shortest pass over the input.
    fastest: Duration,
}

impl Table {
    /// No figures yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `pass` go over `text` so many times, and keeps how long the shortest took: other programs on the machine can
    /// only lengthen a pass.
    ///
    /// For `Bencher::iter_custom`; it sees the passes of the warm-up too.
    pub fn time(
        &self,
        input: &str,
        contender: &str,
        text: &str,
        passes: u64,
        mut pass: impl FnMut(),
    ) -> Duration {
        let start = Instant::now();
        let mut fastest = Duration::MAX;
        let mut last = start;
        for _ in 0..passes {
            pass();
            let now = Instant::now();
            fastest = fastest.min(now - last);
            last = now;
        }
        let elapsed = last - start;
        let mut rows = self.rows.borrow_mut();
        match rows
            .iter_mut()
            .find(|row| row.input == input && row.contender == contender)
        {
            Some(row) => row.fastest = row.fastest.min(fastest),
            None => rows.push(Row {
                input: input.to_owned(),
                contender: contender.to_owned(),
                bytes: text.len(),
                lines: text.lines().count(),
                fastest,
            }),
        }
        elapsed
    }

    /// Prints the shortest passes. The last column is the speed as a multiple of that of the input's last contender, SHAPE.
    ///
    /// # Errors
    /// When `out` can not be written.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.rows.borrow();
        writeln!(out, "| input | contender | MB/s | M lines/s | shape = 1 |")?;
        writeln!(out, "|---|---|---:|---:|---:|")?;
        for row in rows.iter() {
            let last = rows.iter().rfind(|other| other.input == row.input);
            let times = last.map_or(1.0, |last| last.seconds() / row.seconds());
            let (mb, lines) = (
                row.per_microsecond(row.bytes),
                row.per_microsecond(row.lines),
            );
            let (input, contender) = (&row.input, &row.contender);
            writeln!(
                out,
                "| {input} | {contender} | {mb:.0} | {lines:.2} | {times:.1} |"
            )?;
        }
        out.flush()
    }
}

impl Row {
    fn seconds(&self) -> f64 {
        self.fastest.as_secs_f64().max(1e-9)
    }

    fn per_microsecond(&self, n: usize) -> f64 {
        f64::from(u32::try_from(n).unwrap_or(u32::MAX)) / self.seconds() / 1e6
    }
}
