//! Source maps, revision 3 (ECMA-426): which place of which source a place of generated code comes from.

use std::num::NonZeroU32;

use serde::Deserialize;

use super::{path::resolved, vlq::segment};

/// More mappings than this are not read.
const MAX_MAPPINGS: usize = 4_000_000;

/// A decoded source map.
#[derive(Debug, Default)]
pub(crate) struct SourceMap {
    pub(super) sources: Vec<Source>,
    /// In the order of the places in the generated code.
    mappings: Vec<Mapping>,
}

/// A file that generated code was made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Its path, as an index names files.
    pub(super) path: String,
    pub(super) content: Option<String>,
}

/// A place in generated code, lines and columns from 0, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mapping {
    line: u32,
    column: u32,
    /// The number of the source and the line in it, from 0; code that a tool added has none.
    original: Option<(u32, u32)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    version: u32,
    #[serde(default)]
    source_root: Option<String>,
    #[serde(default)]
    sources: Vec<Option<String>>,
    #[serde(default)]
    sources_content: Option<Vec<Option<String>>>,
    #[serde(default)]
    mappings: String,
    #[serde(default)]
    sections: Option<Vec<Section>>,
}

/// A map of a part of the code, as tools that join files write it.
#[derive(Deserialize)]
struct Section {
    offset: Offset,
    map: Option<Raw>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Offset {
    line: u32,
    column: u32,
}

impl SourceMap {
    /// Reads a map that lies in a folder; what of it makes no sense is said in `problems`.
    ///
    /// # Errors
    /// When it is no source map of revision 3 at all.
    pub(crate) fn parse(
        json: &str,
        folder: &str,
        problems: &mut Vec<String>,
    ) -> Result<Self, String> {
        // Servers may put this in front so that no page can load it as a script.
        let json = match json.strip_prefix(")]}'") {
            Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
            None => json,
        };
        let raw: Raw =
            serde_json::from_str(json).map_err(|error| format!("no source map: {error}"))?;
        let mut map = Self::default();
        match raw.sections {
            None => map.add(raw, Offset { line: 0, column: 0 }, folder, problems)?,
            Some(_) if raw.version != 3 => return Err(not_known(raw.version)),
            Some(sections) => {
                for section in sections {
                    match section.map {
                        Some(raw) if raw.sections.is_some() => {
                            problems.push("a section has sections; it is left out".to_owned());
                        }
                        Some(raw) => map.add(raw, section.offset, folder, problems)?,
                        None => {
                            problems.push("a section has no map; it is left out".to_owned());
                        }
                    }
                }
            }
        }
        map.mappings.sort();
        Ok(map)
    }

    fn add(
        &mut self,
        raw: Raw,
        offset: Offset,
        folder: &str,
        problems: &mut Vec<String>,
    ) -> Result<(), String> {
        if raw.version != 3 {
            return Err(not_known(raw.version));
        }
        let root = raw.source_root.as_deref().unwrap_or_default();
        let first_source = self.sources.len();
        let n_sources = raw.sources.len();
        let mut contents = raw.sources_content.unwrap_or_default();
        contents.resize(n_sources, None);
        for (path, content) in raw.sources.into_iter().zip(contents) {
            self.sources.push(Source {
                path: resolved(folder, root, path.as_deref().unwrap_or_default()),
                content,
            });
        }
        let mut n_absurd = 0_usize;
        // Source, its line and its column go on from the segment before, the column of the code starts anew on a line.
        let (mut source, mut original_line) = (0_i64, 0_i64);
        let (mut source_column, mut name) = (0_i64, 0_i64);
        for (line_idx, line) in raw.mappings.split(';').enumerate() {
            let mut column = 0_i64;
            for text in line.split(',').filter(|text| !text.is_empty()) {
                let (numbers, n_numbers) = segment(text.as_bytes())?;
                column += numbers[0];
                if 4 <= n_numbers {
                    source += numbers[1];
                    original_line += numbers[2];
                    source_column += numbers[3];
                    name += numbers[4];
                }
                let original = match n_numbers {
                    1 => Some(None),
                    4 | 5 => place(source, original_line, source_column, name, n_sources).and_then(
                        |(idx, line)| {
                            let first = u32::try_from(first_source).ok()?;
                            Some(Some((first.checked_add(idx)?, line)))
                        },
                    ),
                    _ => None,
                };
                let mapping = original.and_then(|original| {
                    let on_first = if line_idx == 0 { offset.column } else { 0 };
                    Some(Mapping {
                        line: u32::try_from(line_idx).ok()?.checked_add(offset.line)?,
                        column: u32::try_from(column).ok()?.checked_add(on_first)?,
                        original,
                    })
                });
                match mapping {
                    Some(mapping) if self.mappings.len() < MAX_MAPPINGS => {
                        self.mappings.push(mapping);
                    }
                    Some(_) => return Err(format!("more than {MAX_MAPPINGS} mappings")),
                    None => n_absurd += 1,
                }
            }
        }
        if 0 < n_absurd {
            problems.push(format!(
                "{n_absurd} of its mappings lead out of the code or its {n_sources} sources; they are left out"
            ));
        }
        Ok(())
    }

    /// The source and line that a place in the generated code comes from; columns from 1, as engines print them.
    ///
    /// Without a column it is the line that all of the generated line comes from, if that is but one.
    pub(crate) fn original(
        &self,
        line: NonZeroU32,
        column: Option<NonZeroU32>,
    ) -> Option<(&str, NonZeroU32)> {
        let line = line.get() - 1;
        let start = self.mappings.partition_point(|mapping| mapping.line < line);
        let on_line = &self.mappings[start..];
        let on_line = &on_line[..on_line.partition_point(|mapping| mapping.line == line)];
        let (source, line) = match column {
            None => {
                let mut originals = on_line.iter().filter_map(|mapping| mapping.original);
                let first = originals.next();
                originals
                    .all(|other| Some(other) == first)
                    .then_some(first)?
            }
            // What stands before the first mapping of its line comes from nowhere.
            Some(column) => {
                let n = on_line.partition_point(|mapping| mapping.column < column.get());
                on_line[..n].last()?.original
            }
        }?;
        let source = self.sources.get(usize::try_from(source).ok()?)?;
        Some((&source.path, NonZeroU32::new(line.checked_add(1)?)?))
    }
}

fn not_known(version: u32) -> String {
    format!("source map of revision {version}, not 3")
}

/// The number of a source and a line, if there is such a place.
fn place(source: i64, line: i64, column: i64, name: i64, n_sources: usize) -> Option<(u32, u32)> {
    let source = u32::try_from(source).ok()?;
    let is_known = usize::try_from(source).is_ok_and(|idx| idx < n_sources);
    let is_place = is_known && 0 <= column && 0 <= name;
    let line = u32::try_from(line).ok()?;
    is_place.then_some((source, line))
}
