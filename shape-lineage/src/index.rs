//! The log statements of source trees.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use shape_telemetry::{Level, SourceLocation};

#[cfg(feature = "java")]
use crate::java_classes::JavaClasses;
use crate::{
    Error, Language, LogStatement, Place, SourceFile, SourceRef,
    blob::blob_id,
    cache::ExtractionCache,
    extract::{Extraction, extract},
    matcher::Matcher,
    package::Packages,
    place::{is_suffix, stem, two_last_parts},
    walk::{SourceText, Walked, walk},
    wrapper::Wrappers,
};
#[cfg(feature = "javascript")]
use crate::{position::NamedPosition, source_map::SourceMaps};

/// The log statements of source trees, ready to be searched.
///
/// What it holds does not depend on the order in which files were found.
///
/// ```
/// use shape_lineage::{Query, SourceIndex};
///
/// let index = SourceIndex::from_sources([(
///     "src/main.rs",
///     r#"fn main() { log::info!("listening on {addr}") }"#,
/// )]);
/// let answer = index.locate(&Query::message("listening on 127.0.0.1:80"));
/// let statement = answer.verdict.unique().ok_or("not found")?;
/// assert_eq!(statement.location.to_string(), "src/main.rs:1:13");
/// assert_eq!(answer.variables, [("addr".to_owned(), "127.0.0.1:80".to_owned())]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SourceIndex {
    files: Vec<SourceFile>,
    statements: Vec<LogStatement>,
    problems: Vec<String>,
    /// Files by their names up to the first point.
    by_stem: HashMap<String, Vec<usize>>,
    /// Files by their names with the folder that they are in.
    by_tail: HashMap<String, Vec<usize>>,
    matcher: Matcher,
    /// Statements by level and text, made when first asked for.
    by_text: OnceLock<HashMap<TextKey, Vec<usize>>>,
    #[cfg(feature = "javascript")]
    source_maps: SourceMaps,
}

/// What files say of each other, to be joined when all are read.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) wrappers: Wrappers,
    #[cfg(feature = "java")]
    pub(crate) java: JavaClasses,
}

type TextKey = (Option<Level>, String);

/// Says what to index.
#[derive(Clone, Debug)]
#[must_use]
pub struct SourceIndexBuilder {
    roots: Vec<PathBuf>,
    base: Option<PathBuf>,
    max_file_bytes: u64,
    cache: Option<PathBuf>,
}

impl SourceIndexBuilder {
    /// Adds a folder (or file) to search; may be called several times.
    pub fn root(mut self, path: impl AsRef<Path>) -> Self {
        self.roots.push(path.as_ref().to_owned());
        self
    }

    /// The folder that paths in reports are relative to. Unless given, it is the git repository that a root lies in, or
    /// the root itself where there is none.
    pub fn base(mut self, path: impl AsRef<Path>) -> Self {
        self.base = Some(path.as_ref().to_owned());
        self
    }

    /// Files larger than this are reported as a problem and not indexed; 4 MiB unless given.
    pub fn max_file_bytes(mut self, limit: u64) -> Self {
        self.max_file_bytes = limit;
        self
    }

    /// Keeps what is found in this file, and reads only the files again whose content, or what is known of the macros
    /// and constants around them, has changed since. The index is the same with and without it.
    ///
    /// A cache that is missing, damaged or of another version is written anew; one that can not be written is a
    /// [problem](SourceIndex::problems).
    pub fn cache(mut self, path: impl AsRef<Path>) -> Self {
        self.cache = Some(path.as_ref().to_owned());
        self
    }

    /// Reads and indexes the roots.
    ///
    /// # Errors
    /// When a root does not exist or can not be listed. A file below it that can not be read is a
    /// [problem](SourceIndex::problems), not an error.
    pub fn build(self) -> Result<SourceIndex, Error> {
        let mut walked = Walked::default();
        for root in &self.roots {
            walk(root, self.base.as_deref(), self.max_file_bytes, &mut walked)?;
        }
        let Some(path) = &self.cache else {
            return Ok(SourceIndex::from_walked(walked, None));
        };
        let mut cache = ExtractionCache::open(path);
        let mut index = SourceIndex::from_walked(walked, Some(&mut cache));
        if let Err(error) = cache.save() {
            let path = path.display();
            let problem = format!("{path}: the cache can not be written: {error}");
            index.problems.push(problem);
        }
        Ok(index)
    }
}

impl SourceIndex {
    /// Says what to index; see [`SourceIndexBuilder`].
    pub fn builder() -> SourceIndexBuilder {
        SourceIndexBuilder {
            roots: Vec::new(),
            base: None,
            max_file_bytes: 4 << 20,
            cache: None,
        }
    }

    /// An index of source texts in memory, each with its path; a `Cargo.toml` among them names the crate.
    pub fn from_sources<P: Into<String>, T: Into<String>>(
        sources: impl IntoIterator<Item = (P, T)>,
    ) -> Self {
        let files = sources
            .into_iter()
            .map(|(path, text)| SourceText {
                path: path.into(),
                text: text.into(),
            })
            .collect();
        Self::from_walked(
            Walked {
                files,
                problems: Vec::new(),
            },
            None,
        )
    }

    fn from_walked(mut walked: Walked, mut cache: Option<&mut ExtractionCache>) -> Self {
        #[cfg(feature = "javascript")]
        let source_maps = SourceMaps::take(&mut walked);
        walked.files.sort();
        walked.files.dedup_by(|a, b| a.path == b.path);
        walked.problems.sort();
        walked.problems.dedup();
        let packages = Packages::read(&walked.files);
        let mut known = Known::default();
        let mut index = Self {
            files: Vec::new(),
            statements: Vec::new(),
            problems: walked.problems,
            by_stem: HashMap::new(),
            by_tail: HashMap::new(),
            matcher: Matcher::default(),
            by_text: OnceLock::new(),
            #[cfg(feature = "javascript")]
            source_maps,
        };
        for file in walked.files {
            if let Some(language) = Language::of_path(&file.path) {
                index.add(language, file, &packages, &mut known, cache.as_deref_mut());
            }
        }
        #[cfg(feature = "java")]
        known.java.join();
        #[cfg(feature = "java")]
        let inherits = |class: &str, parent: &str| known.java.inherits(class, parent);
        #[cfg(not(feature = "java"))]
        let inherits = |_: &str, _: &str| false;
        known.wrappers.resolve(&mut index.statements, &inherits);
        #[cfg(feature = "java")]
        known.java.resolve(&mut index.statements);
        let mut start = 0;
        for (file_idx, file) in index.files.iter_mut().enumerate() {
            let is_here = |statement: &&LogStatement| statement.location.path == file.path();
            let n_here = index.statements[start..].iter().take_while(is_here).count();
            file.statements = start..start + n_here;
            start += n_here;
            let stem = stem(file.path()).to_owned();
            index.by_stem.entry(stem).or_default().push(file_idx);
            let tail = two_last_parts(file.path())
                .unwrap_or(file.path())
                .to_owned();
            index.by_tail.entry(tail).or_default().push(file_idx);
        }
        index.matcher = Matcher::new(&index.statements);
        index
    }

    fn add(
        &mut self,
        language: Language,
        file: SourceText,
        packages: &Packages,
        known: &mut Known,
        cache: Option<&mut ExtractionCache>,
    ) {
        // What tools made of other files of the index says nothing that those do not.
        #[cfg(feature = "javascript")]
        let is_made = self.source_maps.replaces(&file.path);
        #[cfg(not(feature = "javascript"))]
        let is_made = false;
        let extract = || {
            if is_made {
                return Extraction::default();
            }
            extract(language, &file.text, packages.surroundings(&file.path))
        };
        let extraction = match cache {
            None => extract(),
            Some(_) if is_made => extract(),
            Some(cache) => {
                let blob = blob_id(file.text.as_bytes());
                let around = packages.surroundings_name(language, &file.path);
                cache.get(format!("{language:?} {blob} {around}"), extract)
            }
        };
        if let Some(problem) = &extraction.problem {
            self.problems.push(format!("{}: {problem}", file.path));
        }
        let module = packages.module(language, &file.path);
        let (file, statements) = SourceFile::new(language, file, module, extraction, known);
        self.statements.extend(statements);
        self.files.push(file);
    }

    /// The log statements, by path and position.
    pub fn statements(&self) -> &[LogStatement] {
        &self.statements
    }

    /// The files, by path.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file at a path as this index names it.
    pub fn file(&self, path: &str) -> Option<&SourceFile> {
        let file_idx = self
            .files
            .binary_search_by(|file| file.path().cmp(path))
            .ok()?;
        self.files.get(file_idx)
    }

    /// Files that could not be read or parsed, each with the reason.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// A statement with its excerpt, as reports carry it.
    pub fn source_ref(&self, statement: &LogStatement) -> SourceRef {
        let file = self.file(&statement.location.path);
        let (excerpt_start, excerpt) = file.map_or((statement.location.line, String::new()), |f| {
            f.excerpt(statement.location.line, statement.end_line)
        });
        SourceRef {
            location: statement.location.clone(),
            end_line: statement.end_line,
            symbol: statement.symbol.clone(),
            symbol_lines: statement.symbol_lines,
            level: statement.level,
            emit_sites: statement.emit_sites.clone(),
            template: statement.template(),
            excerpt,
            excerpt_start,
            blob: file.map_or_else(String::new, |file| file.blob().to_owned()),
        }
    }

    /// The statements of a file, by position.
    pub fn statements_of(&self, path: &str) -> &[LogStatement] {
        self.file(path).map_or(&[], |file| self.statements_in(file))
    }

    pub(crate) fn statements_in(&self, file: &SourceFile) -> &[LogStatement] {
        &self.statements[file.statements.clone()]
    }

    /// The statements of a level and text, by path and position.
    pub(crate) fn statements_saying(
        &self,
        level: Option<Level>,
        template: &str,
    ) -> impl Iterator<Item = &LogStatement> {
        let by_text = self.by_text.get_or_init(|| {
            let mut by_text: HashMap<TextKey, Vec<usize>> = HashMap::new();
            for (statement_idx, statement) in self.statements.iter().enumerate() {
                let key = (statement.level, statement.template());
                by_text.entry(key).or_default().push(statement_idx);
            }
            by_text
        });
        let found = by_text.get(&(level, template.to_owned()));
        let found = found.into_iter().flatten();
        found.map(|statement_idx| &self.statements[*statement_idx])
    }

    /// The statement that starts at a position.
    pub fn statement_at(&self, location: &SourceLocation) -> Option<&LogStatement> {
        self.statements_of(&location.path)
            .iter()
            .find(|statement| statement.location == *location)
    }

    pub(crate) fn files_with_stem(&self, stem: &str) -> impl Iterator<Item = &SourceFile> {
        let found = self.by_stem.get(stem).into_iter().flatten();
        found.map(|file_idx| &self.files[*file_idx])
    }

    /// The files whose path ends with another one, or that other path with theirs.
    pub(crate) fn files_ending_like(&self, path: &str) -> impl Iterator<Item = &SourceFile> {
        let name = path.rsplit('/').next().unwrap_or(path);
        // A name without a folder may stand for any file of that name, and the other way round.
        let (by_tail, by_name) = match two_last_parts(path) {
            Some(tail) => (self.by_tail.get(tail), self.by_tail.get(name)),
            None => (None, self.by_stem.get(stem(path))),
        };
        let found = by_tail.into_iter().chain(by_name).flatten();
        let files = found.map(|file_idx| &self.files[*file_idx]);
        files.filter(move |file| is_suffix(file.path(), path))
    }

    /// Places of generated code as its sources have them; `None` where all stay as they are.
    #[cfg(feature = "javascript")]
    pub(crate) fn originals(&self, places: &[SourceLocation]) -> Option<Vec<SourceLocation>> {
        if self.source_maps.is_empty() || places.is_empty() {
            return None;
        }
        let originals = places.iter().map(|place| self.source_maps.original(place));
        Some(originals.collect())
    }

    /// A position that a record names as the sources have it, if it is one of generated code.
    #[cfg(feature = "javascript")]
    pub(crate) fn original_of(&self, position: &NamedPosition<'_>) -> Option<SourceLocation> {
        if self.source_maps.is_empty() {
            return None;
        }
        Some(self.source_maps.original(&SourceLocation {
            path: position.path.to_owned(),
            line: position.line,
            column: position.column,
        }))
    }

    /// The place of the statement that is run next after another one in its block, with nothing between that leaves it.
    pub(crate) fn next_in_block<'i>(&'i self, place: Place<'i>) -> Option<Place<'i>> {
        let location = &place.statement?.location;
        let file = self.file(place.path)?;
        let block = file.block_at(location)?;
        let behind = self.statements_of(place.path).iter();
        let behind = behind.filter(|other| location < &other.location);
        for other in behind {
            let other_block = file.block_at(&other.location)?;
            if other_block.start == block.start {
                return (other_block == block).then(|| Place::from(other));
            }
        }
        None
    }

    pub(crate) fn matcher(&self) -> &Matcher {
        &self.matcher
    }
}

/// A map keyed by folder, asked for the nearest folder above a path.
#[derive(Clone, Debug)]
pub(crate) struct ByFolder<T>(pub(crate) BTreeMap<String, T>);

impl<T> ByFolder<T> {
    /// The value of the innermost folder that holds `path`, with that folder.
    pub(crate) fn nearest(&self, path: &str) -> Option<(&str, &T)> {
        let mut folder = path;
        loop {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
            if let Some((key, value)) = self.0.get_key_value(folder) {
                return Some((key, value));
            }
            if folder.is_empty() {
                return None;
            }
        }
    }
}
