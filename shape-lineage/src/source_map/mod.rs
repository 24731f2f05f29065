//! Source maps beside or in generated JavaScript: frames in `dist/app.js:1:2345` lead to `src/app.ts:10`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shape_telemetry::SourceLocation;

use self::{
    decode::SourceMap,
    path::{folder_of, resolved},
};
use crate::{
    Language,
    place::is_suffix,
    walk::{SourceText, Walked},
};

mod decode;
mod path;
mod vlq;

/// The maps of a source tree, by the generated files that they are of.
#[derive(Debug, Default)]
pub(crate) struct SourceMaps {
    maps: Vec<(String, SourceMap)>,
    /// By the name of the generated file.
    by_name: HashMap<String, Vec<usize>>,
    /// Generated files whose sources are in the index.
    replaced: BTreeSet<String>,
}

/// Whether a file may be a source map of JavaScript, by its name.
pub(crate) fn is_map(path: &str) -> bool {
    let generated = path.strip_suffix(".map").and_then(Language::of_path);
    generated == Some(Language::JavaScript)
}

impl SourceMaps {
    /// Takes the maps out of what was found, and adds the sources that only the maps have.
    pub(crate) fn take(walked: &mut Walked) -> Self {
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        walked.files.retain_mut(|file| {
            let is_map = is_map(&file.path);
            if is_map {
                texts.insert(file.path.clone(), std::mem::take(&mut file.text));
            }
            !is_map
        });
        let mut found: BTreeMap<String, SourceMap> = BTreeMap::new();
        let problems = &mut walked.problems;
        for file in &walked.files {
            if Language::of_path(&file.path) != Some(Language::JavaScript) {
                continue;
            }
            let Some(url) = mapping_url(&file.text) else {
                continue;
            };
            let folder = folder_of(&file.path);
            let read = if let Some(data) = url.strip_prefix("data:") {
                inline(data).and_then(|json| read(&file.path, &json, folder, problems))
            } else {
                let path = resolved(folder, "", url);
                // One that is not there is no mistake: many are kept elsewhere.
                match texts.get(&path) {
                    Some(json) => read(&path, json, folder_of(&path), problems),
                    None => continue,
                }
            };
            match read {
                Ok(map) => {
                    found.insert(file.path.clone(), map);
                }
                Err(problem) => problems.push(format!("{}: {problem}", file.path)),
            }
        }
        for (path, json) in &texts {
            let generated = path.strip_suffix(".map").unwrap_or(path);
            if found.contains_key(generated) {
                continue;
            }
            match read(path, json, folder_of(path), problems) {
                Ok(map) => {
                    found.insert(generated.to_owned(), map);
                }
                Err(problem) => problems.push(format!("{path}: {problem}")),
            }
        }
        let mut maps = Self {
            maps: found.into_iter().collect(),
            ..Self::default()
        };
        maps.add_sources(&mut walked.files);
        for (map_idx, (generated, _)) in maps.maps.iter().enumerate() {
            let name = name_of(generated).to_owned();
            maps.by_name.entry(name).or_default().push(map_idx);
        }
        maps
    }

    /// Adds the sources whose text is in a map and nowhere else, and notes which generated files are made of sources
    /// that are there: what those log is not found twice.
    fn add_sources(&mut self, files: &mut Vec<SourceText>) {
        let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in files.iter() {
            let name = name_of(&file.path).to_owned();
            known.entry(name).or_default().push(file.path.clone());
        }
        let mut added: BTreeMap<String, SourceText> = BTreeMap::new();
        for (generated, map) in &mut self.maps {
            let mut is_replaced = false;
            for source in &mut map.sources {
                let content = source.content.take();
                let same_name = known
                    .get(name_of(&source.path))
                    .map_or(&[][..], Vec::as_slice);
                let is_here = same_name
                    .iter()
                    .any(|path| path != generated && is_suffix(path, &source.path));
                is_replaced |= is_here;
                if is_here || Language::of_path(&source.path).is_none() {
                    continue;
                }
                if let Some(text) = content {
                    is_replaced = true;
                    let path = source.path.clone();
                    added.insert(path.clone(), SourceText { path, text });
                }
            }
            if is_replaced {
                self.replaced.insert(generated.clone());
            }
        }
        files.extend(added.into_values());
    }

    /// Whether the sources of a generated file are in the index.
    pub(crate) fn replaces(&self, generated: &str) -> bool {
        self.replaced.contains(generated)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// A place as the sources have it: the same, where it is not one of generated code.
    pub(crate) fn original(&self, place: &SourceLocation) -> SourceLocation {
        let path = place.path.replace('\\', "/");
        let same_name = self
            .by_name
            .get(name_of(&path))
            .map_or(&[][..], Vec::as_slice);
        let fitting: Vec<&(String, SourceMap)> = same_name
            .iter()
            .map(|map_idx| &self.maps[*map_idx])
            .filter(|(generated, _)| is_suffix(generated, &path))
            .collect();
        let longest = fitting.iter().map(|(path, _)| path.len()).max();
        let mut originals: Vec<_> = fitting
            .iter()
            .filter(|(generated, _)| {
                path.len() <= generated.len() || Some(generated.len()) == longest
            })
            .map(|(_, map)| map.original(place.line, place.column))
            .collect();
        originals.dedup();
        // Two files of the same name that say different things say nothing.
        match originals.as_slice() {
            [Some((path, line))] => SourceLocation {
                path: (*path).to_owned(),
                line: *line,
                column: None,
            },
            _ => place.clone(),
        }
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn read(
    path: &str,
    json: &str,
    folder: &str,
    problems: &mut Vec<String>,
) -> Result<SourceMap, String> {
    let mut of_map = Vec::new();
    let map = SourceMap::parse(json, folder, &mut of_map)?;
    problems.extend(of_map.iter().map(|problem| format!("{path}: {problem}")));
    Ok(map)
}

/// The last `//# sourceMappingURL=…` of a file, on a line of its own.
fn mapping_url(code: &str) -> Option<&str> {
    const NAME: &str = " sourceMappingURL=";
    let at = memchr::memmem::rfind(code.as_bytes(), NAME.as_bytes())?;
    let before = &code[..at];
    let is_comment = ["//#", "//@", "/*#"]
        .iter()
        .any(|start| before.ends_with(start));
    let url = code[at + NAME.len()..].lines().next()?;
    let url = url.trim().trim_end_matches("*/").trim_end();
    (is_comment && !url.is_empty() && !url.contains(char::is_whitespace)).then_some(url)
}

/// The text of `application/json;charset=utf-8;base64,…`.
fn inline(data: &str) -> Result<String, String> {
    let (kind, data) = data
        .split_once(',')
        .ok_or("the URL of its source map has no data")?;
    if !kind.ends_with(";base64") {
        return Err(format!("a source map in `{kind}` is not read, only base64"));
    }
    let bytes = vlq::base64(data).ok_or("its source map is not base 64")?;
    String::from_utf8(bytes).map_err(|_| "its source map is not UTF-8".to_owned())
}
