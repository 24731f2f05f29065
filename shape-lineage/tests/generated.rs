//! Generated statements in six languages, printed as the language's formatter prints them, and traced back.
//!
//! `cargo test -p shape-lineage --all-features --test generated -- --nocapture` prints a table.
#![cfg(all(
    feature = "go",
    feature = "java",
    feature = "kotlin",
    feature = "python",
    feature = "rust",
    feature = "typescript"
))]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use shape_lineage::{Query, SourceIndex, Verdict};
use shape_telemetry::Level;

/// A generator of numbers with a seed of its own: what fails, fails again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's MMIX constants; the high bits are the random ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.roll(from.len())]
    }
}

/// A piece of a message.
enum Piece {
    Text(String),
    /// A variable by name, and its value.
    Value(String, String),
}

const WORDS: [&str; 24] = [
    "session", "closed", "reading", "from", "node", "lost", "after", "retry", "queue", "full",
    "bytes", "peer", "cache", "miss", "for", "key", "elected", "in", "epoch", "stale", "lease",
    "of", "shard", "moved",
];

/// What may stand between words and make formatters stumble.
const MARKS: [&str; 12] = [
    " ", " ", " ", " ", ": ", ", ", " = ", " (", ") ", " - ", " '", "' ",
];

/// Text and values in turn, in the way people write messages.
fn message(dice: &mut Dice) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut n_values = 0;
    for word_idx in 0..3 + dice.roll(6) {
        if word_idx != 0 {
            text.push_str(dice.pick(&MARKS));
        }
        if n_values < 3 && dice.roll(3) == 0 {
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            let value = match dice.roll(3) {
                0 => dice.roll(100_000).to_string(),
                1 => format!("10.0.0.{}:{}", dice.roll(256), 1_024 + dice.roll(60_000)),
                _ => format!("{}-{}", dice.pick(&WORDS), dice.roll(100)),
            };
            let name = format!("v{n_values}");
            n_values += 1;
            pieces.push(Piece::Value(name, value));
        } else {
            text.push_str(dice.pick(&WORDS));
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

/// A message with `before` and `after` around the name of each value.
fn inline(pieces: &[Piece], before: &str, after: &str) -> String {
    let write = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Value(name, _) => format!("{before}{name}{after}"),
    };
    pieces.iter().map(write).collect()
}

/// A message with one mark for each value, and the values behind it.
fn placed(pieces: &[Piece], mark: &str, quote: &str) -> String {
    let mut all = format!("{quote}{}{quote}", inline(pieces, "\0", "\0"));
    let mut values = String::new();
    for piece in pieces {
        if let Piece::Value(name, _) = piece {
            all = all.replacen(&format!("\0{name}\0"), mark, 1);
            values.push_str(", ");
            values.push_str(name);
        }
    }
    all + &values
}

/// `"text " + v0 + " text"`.
fn joined(pieces: &[Piece], wrap: impl Fn(&str) -> String) -> String {
    let write = |piece: &Piece| match piece {
        Piece::Text(text) => format!("\"{text}\""),
        Piece::Value(name, _) => wrap(name),
    };
    let mut parts: Vec<String> = pieces.iter().map(write).collect();
    if !matches!(pieces.first(), Some(Piece::Text(_))) {
        parts.insert(0, "\"\"".to_owned());
    }
    parts.join(" + ")
}

/// What the program prints.
fn printed(pieces: &[Piece]) -> String {
    let write = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Value(_, value) => value.clone(),
    };
    pieces.iter().map(write).collect()
}

/// A language: a file, what stands around its statements, and how it writes one at a level.
struct Dialect {
    name: &'static str,
    path: &'static str,
    target: &'static str,
    before: &'static str,
    after: &'static str,
    statement: fn(&mut Dice, Level, &[Piece]) -> String,
}

fn lower(level: Level) -> String {
    level.to_string().to_lowercase()
}

fn capital(level: Level) -> String {
    let name = lower(level);
    name[..1].to_uppercase() + &name[1..]
}

const DIALECTS: [Dialect; 6] = [
    Dialect {
        name: "Rust",
        path: "src/net.rs",
        target: "app::net",
        before: "fn run(v0: &str, v1: &str, v2: &str) {\n",
        after: "}\n",
        statement: |dice, level, pieces| {
            let level = lower(level);
            match dice.roll(3) {
                0 => format!("log::{level}!({});", placed(pieces, "{}", "\"")),
                1 => format!("tracing::{level}!(\"{}\");", inline(pieces, "{", "}")),
                _ => format!(
                    "{level}!(target: \"app::net\", {});",
                    placed(pieces, "{:>1}", "\"")
                ),
            }
        },
    },
    Dialect {
        name: "Java",
        path: "org/app/Net.java",
        target: "org.app.Net",
        before: "package org.app;\npublic class Net {\n  private static final Logger LOG = LoggerFactory.getLogger(Net.class);\n  void run(Object v0, Object v1, Object v2) {\n",
        after: "  }\n}\n",
        statement: |dice, level, pieces| {
            let level = lower(level);
            match dice.roll(4) {
                0 => format!("LOG.{level}({});", placed(pieces, "{}", "\"")),
                1 => format!("LOG.{level}({});", joined(pieces, str::to_owned)),
                2 => format!(
                    "LOG.{level}(String.format({}));",
                    placed(pieces, "%s", "\"")
                ),
                _ => format!(
                    "LOG.{level}(() -> {});",
                    joined(pieces, |name| format!("{name}.size()"))
                ),
            }
        },
    },
    Dialect {
        name: "Kotlin",
        path: "org/app/Net.kt",
        target: "org.app.Net",
        before: "package org.app\nclass Net {\n  private val logger = LoggerFactory.getLogger(Net::class.java)\n  fun run(v0: Any, v1: Any, v2: Any) {\n",
        after: "  }\n}\n",
        statement: |dice, level, pieces| {
            let level = lower(level);
            match dice.roll(4) {
                0 => format!("logger.{level}({})", placed(pieces, "{}", "\"")),
                1 => format!("logger.{level}(\"{}\")", inline(pieces, "${", "}")),
                2 => format!(
                    "logger.{level} {{ \"{}\" }}",
                    inline(pieces, "${", ".size}")
                ),
                _ => format!("logger.{level}({})", joined(pieces, str::to_owned)),
            }
        },
    },
    Dialect {
        name: "Python",
        path: "app/net.py",
        target: "app.net",
        before: "import logging\nlogger = logging.getLogger(__name__)\n\ndef run(v0, v1, v2):\n",
        after: "",
        statement: |dice, level, pieces| {
            let level = match level {
                Level::Warn => "warning".to_owned(),
                level => lower(level),
            };
            match dice.roll(5) {
                0 => format!("    logger.{level}({})", placed(pieces, "%s", "\"")),
                1 => format!("    logger.{level}(f\"{}\")", inline(pieces, "{", "}")),
                2 => {
                    let all = placed(pieces, "{}", "\"");
                    let end = all.rfind('"').unwrap() + 1;
                    let values = all[end..].trim_start_matches(", ");
                    format!("    logger.{level}({}.format({values}))", &all[..end])
                }
                3 => format!(
                    "    logger.{level}({})",
                    joined(pieces, |name| format!("str({name})"))
                ),
                _ => {
                    let all = placed(pieces, "%s", "\"");
                    let end = all.rfind('"').unwrap() + 1;
                    let values = all[end..].trim_start_matches(", ");
                    if values.is_empty() {
                        return format!("    logger.{level}({})", &all[..end]);
                    }
                    format!("    logger.{level}({} % ({values},))", &all[..end])
                }
            }
        },
    },
    Dialect {
        name: "Go",
        path: "net/net.go",
        target: "",
        before: "package net\nfunc run(v0 string, v1 string, v2 string) {\n",
        after: "}\n",
        statement: |dice, level, pieces| match dice.roll(3) {
            0 => format!(
                "\tlogger.{}f({})",
                capital(level),
                placed(pieces, "%s", "\"")
            ),
            1 => format!(
                "\tklog.{}f({})",
                if level == Level::Warn {
                    "Warning".to_owned()
                } else {
                    capital(level)
                },
                placed(pieces, "%v", "\"")
            ),
            _ => format!(
                "\tslog.{}(fmt.Sprintf({}))",
                capital(level),
                placed(pieces, "%+v", "\"")
            ),
        },
    },
    Dialect {
        name: "TypeScript",
        path: "src/net.ts",
        target: "",
        before: "export function run(v0: string, v1: string, v2: string): void {\n",
        after: "}\n",
        statement: |dice, level, pieces| {
            let level = lower(level);
            match dice.roll(4) {
                0 => format!("  console.{level}({});", placed(pieces, "%s", "\"")),
                1 => format!("  logger.{level}(`{}`);", inline(pieces, "${", "}")),
                2 => format!("  logger.{level}({});", joined(pieces, str::to_owned)),
                _ => format!(
                    "  logger.{level}({{ id: v0 }}, {});",
                    placed(pieces, "%s", "\"")
                ),
            }
        },
    },
];

#[derive(Debug, Default)]
struct Score {
    exact: usize,
    in_set: usize,
    unmapped: usize,
    wrong: Vec<String>,
}

/// Programs of a few statements each, and every statement of them run once.
fn score(dialect: &Dialect, n_programs: u64) -> Score {
    let mut score = Score::default();
    for seed in 0..n_programs {
        let mut dice = Dice(seed);
        let levels = [Level::Debug, Level::Info, Level::Warn, Level::Error];
        let statements: Vec<(Level, Vec<Piece>)> = (0..2 + dice.roll(8))
            .map(|_| (levels[dice.roll(4)], message(&mut dice)))
            .collect();
        let mut source = dialect.before.to_owned();
        let mut lines = Vec::new();
        for (level, pieces) in &statements {
            lines.push(source.matches('\n').count() + 1);
            source.push_str(&(dialect.statement)(&mut dice, *level, pieces));
            source.push('\n');
        }
        source.push_str(dialect.after);
        let index = SourceIndex::from_sources([
            ("Cargo.toml", "[package]\nname = \"app\"\n"),
            (dialect.path, &source),
        ]);
        for ((level, pieces), line) in statements.iter().zip(lines) {
            let message = printed(pieces);
            let query = Query::message(&message)
                .level(*level)
                .target(dialect.target);
            let is_it = |at: u32| usize::try_from(at).unwrap() == line;
            match index.locate(&query).verdict {
                Verdict::Unique { statement, .. } if is_it(statement.location.line.get()) => {
                    score.exact += 1;
                }
                Verdict::Ambiguous { candidates, .. }
                    if candidates.iter().any(|one| is_it(one.location.line.get())) =>
                {
                    score.in_set += 1;
                }
                Verdict::Unmapped { .. } => score.unmapped += 1,
                other => score.wrong.push(format!(
                    "seed {seed}, line {line}, {message:?} led to {other:?} in\n{source}"
                )),
            }
        }
    }
    score
}

#[test]
fn every_statement_leads_back_to_its_line() {
    for dialect in &DIALECTS {
        let score = score(dialect, 150);
        let n = score.exact + score.in_set + score.unmapped + score.wrong.len();
        let percent = |n_of: usize| n_of * 1_000 / n;
        println!(
            "{:10} {n} statements: {} ‰ exact, {} ‰ in a set, {} ‰ not found, {} wrong",
            dialect.name,
            percent(score.exact),
            percent(score.in_set),
            percent(score.unmapped),
            score.wrong.len()
        );
        assert!(score.wrong.is_empty(), "{}", score.wrong[0]);
        assert!(900 <= percent(score.exact), "{}", dialect.name);
    }
}
