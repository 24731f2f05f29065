//! A file of the index.

use std::{collections::HashMap, num::NonZeroU32, ops::Range};

use shape_telemetry::SourceLocation;

#[cfg(feature = "java")]
use crate::java_classes::Held;
use crate::{
    Language, LogStatement, Target,
    blob::blob_id,
    extract::{Beneath, Block, Extraction, RawTarget},
    index::Known,
    walk::SourceText,
};

/// Lines shown above and below a statement.
const EXCERPT_CONTEXT: u32 = 3;

/// An excerpt never has more lines than this.
const EXCERPT_LINES: u32 = 24;

/// A file of the index.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: String,
    blob: String,
    language: Language,
    text: String,
    line_starts: Vec<usize>,
    symbols: Vec<Symbol>,
    module: String,
    /// The blocks of the statements, by line and column.
    blocks: HashMap<(NonZeroU32, Option<NonZeroU32>), Block>,
    /// Its statements among those of the index.
    pub(crate) statements: Range<usize>,
    /// What may stand beneath the records of the statements, by line and column.
    beneath: HashMap<(NonZeroU32, Option<NonZeroU32>), Beneath>,
}

#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    pub(crate) name: String,
    pub(crate) lines: (NonZeroU32, NonZeroU32),
}

impl SourceFile {
    /// A file and its statements, by position; what it says of others is noted in `known`.
    pub(crate) fn new(
        language: Language,
        source: SourceText,
        module: String,
        mut extraction: Extraction,
        known: &mut Known,
    ) -> (Self, Vec<LogStatement>) {
        let mut file = Self {
            blob: blob_id(source.text.as_bytes()),
            line_starts: std::iter::once(0)
                .chain(memchr::memchr_iter(b'\n', source.text.as_bytes()).map(|at| at + 1))
                .collect(),
            path: source.path,
            language,
            text: source.text,
            symbols: Vec::new(),
            module,
            blocks: HashMap::new(),
            statements: 0..0,
            beneath: HashMap::new(),
        };
        let separator = language.path_separator();
        let join = |inner: &str| match (file.module.as_str(), inner) {
            ("", inner) => inner.to_owned(),
            (module, "") => module.to_owned(),
            (module, inner) => format!("{module}{separator}{inner}"),
        };
        let symbols: Vec<Symbol> = extraction
            .symbols
            .iter()
            .map(|symbol| Symbol {
                name: without_crate(&file.module, &join(&symbol.name)),
                lines: (file.line_at(symbol.start), file.last_line(symbol.end)),
            })
            .collect();
        #[cfg(feature = "java")]
        for facts in std::mem::take(&mut extraction.classes) {
            known.java.add(facts);
        }
        for wrapper in std::mem::take(&mut extraction.wrappers) {
            let place = file.location_at(wrapper.start);
            known.wrappers.define(wrapper, place);
        }
        let in_test_folder = file
            .path
            .split('/')
            .any(|part| matches!(part, "tests" | "test" | "benches"));
        let mut blocks = HashMap::new();
        let mut beneath = HashMap::new();
        let mut statements: Vec<LogStatement> = extraction
            .statements
            .into_iter()
            .map(|raw| {
                let symbol = raw.symbol.and_then(|symbol_idx| symbols.get(symbol_idx));
                let module = join(&raw.module);
                let location = file.location_at(raw.start);
                if let Some(block) = raw.block {
                    blocks.insert((location.line, location.column), block);
                }
                if let Some(lines) = raw.beneath {
                    beneath.insert((location.line, location.column), lines);
                }
                if let Some(call) = raw.wrapper {
                    known.wrappers.call(location.clone(), call);
                }
                let target = file.target(raw.target, module, &location, known);
                LogStatement {
                    location,
                    end_line: file.last_line(raw.end),
                    kind: raw.kind,
                    level: raw.level,
                    message: raw.message,
                    fields: raw.fields,
                    target,
                    symbol: symbol.map(|symbol| symbol.name.clone()),
                    symbol_lines: symbol.map(|symbol| symbol.lines),
                    is_test: raw.is_test || in_test_folder,
                    emit_sites: Vec::new(),
                }
            })
            .collect();
        statements.sort_by(|a, b| a.location.cmp(&b.location));
        file.symbols = symbols;
        file.blocks = blocks;
        file.beneath = beneath;
        (file, statements)
    }

    /// The target of a statement in a module of this file; what only other files say is asked for in `known`.
    fn target(
        &self,
        raw: RawTarget,
        module: String,
        location: &SourceLocation,
        known: &mut Known,
    ) -> Target {
        match raw {
            RawTarget::Module => Target::Module(module),
            #[cfg(feature = "python")]
            RawTarget::File => Target::Module(self.module.clone()),
            RawTarget::Named(name) => Target::Named(name),
            #[cfg(feature = "java")]
            RawTarget::Held {
                class,
                variable,
                is_sure,
            } => {
                let held = Held {
                    class: class.unwrap_or_else(|| module.clone()),
                    variable,
                    is_sure,
                };
                known.java.holds(location.clone(), held);
                Target::Unknown(module)
            }
            // Python names loggers after modules, never after classes.
            RawTarget::Unknown if self.language == Language::Python => {
                Target::Unknown(self.module.clone())
            }
            RawTarget::Unknown => {
                let _ = (location, known);
                Target::Unknown(module)
            }
        }
    }

    /// The block of the statement at a position.
    pub(crate) fn block_at(&self, location: &SourceLocation) -> Option<Block> {
        self.blocks.get(&(location.line, location.column)).copied()
    }

    /// What may stand beneath the records of the statement at a position.
    #[cfg(feature = "java")]
    pub(crate) fn beneath_at(&self, location: &SourceLocation) -> Option<&Beneath> {
        self.beneath.get(&(location.line, location.column))
    }

    /// The path as reports show it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The hash of the content as git stores it.
    pub fn blob(&self) -> &str {
        &self.blob
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The module that the file is, `studio::canvas::render` for example; empty where unknown.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The content.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of lines.
    pub fn n_lines(&self) -> usize {
        self.text.lines().count()
    }

    /// The innermost function that holds a line, with its first and last line.
    pub fn symbol_at(&self, line: NonZeroU32) -> Option<(&str, (NonZeroU32, NonZeroU32))> {
        self.symbols
            .iter()
            .filter(|symbol| symbol.lines.0 <= line && line <= symbol.lines.1)
            .min_by_key(|symbol| (symbol.lines.1.get() - symbol.lines.0.get(), symbol.lines.0))
            .map(|symbol| (symbol.name.as_str(), symbol.lines))
    }

    /// A line without its end, from 1.
    pub fn line(&self, line: NonZeroU32) -> Option<&str> {
        let line_idx = usize::try_from(line.get()).ok()? - 1;
        let start = *self.line_starts.get(line_idx)?;
        let end = self
            .line_starts
            .get(line_idx + 1)
            .copied()
            .unwrap_or(self.text.len());
        self.text
            .get(start..end)
            .map(|line| line.trim_end_matches(['\n', '\r']))
    }

    /// The lines around `first..=last`, and the number of the first of them.
    pub(crate) fn excerpt(&self, first: NonZeroU32, last: NonZeroU32) -> (NonZeroU32, String) {
        let start =
            NonZeroU32::new(first.get().saturating_sub(EXCERPT_CONTEXT)).unwrap_or(NonZeroU32::MIN);
        let end = last
            .get()
            .saturating_add(EXCERPT_CONTEXT)
            .min(start.get().saturating_add(EXCERPT_LINES));
        let lines: Vec<&str> = (start.get()..=end)
            .filter_map(NonZeroU32::new)
            .map_while(|line| self.line(line))
            .collect();
        (start, lines.join("\n").trim_end().to_owned())
    }

    fn location_at(&self, at: usize) -> SourceLocation {
        SourceLocation {
            path: self.path.clone(),
            line: self.line_at(at),
            column: self.column_at(at),
        }
    }

    fn line_idx(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at) - 1
    }

    fn line_at(&self, at: usize) -> NonZeroU32 {
        u32::try_from(self.line_idx(at))
            .ok()
            .and_then(|line_idx| NonZeroU32::new(line_idx + 1))
            .unwrap_or(NonZeroU32::MIN)
    }

    /// The line of the last byte before `end`.
    fn last_line(&self, end: usize) -> NonZeroU32 {
        self.line_at(end.saturating_sub(1))
    }

    fn column_at(&self, at: usize) -> Option<NonZeroU32> {
        let start = self.line_starts.get(self.line_idx(at))?;
        u32::try_from(at - start + 1).ok().and_then(NonZeroU32::new)
    }
}

/// `canvas::render::run` of `studio::canvas::render::run`: the crate is in the path already.
fn without_crate(module: &str, symbol: &str) -> String {
    let root = module.split("::").next().unwrap_or_default();
    let rest = symbol
        .strip_prefix(root)
        .and_then(|rest| rest.strip_prefix("::"));
    rest.unwrap_or(symbol).to_owned()
}
