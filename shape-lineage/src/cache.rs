//! What was found in files, kept by their content, so that only changed files are read again.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::extract::Extraction;

/// Another version of this crate may find other statements in the same file.
const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), " 3");

/// A cache file.
#[derive(Debug)]
pub(crate) struct ExtractionCache {
    path: PathBuf,
    known: BTreeMap<String, Extraction>,
    used: BTreeMap<String, Extraction>,
    is_changed: bool,
}

#[derive(Deserialize)]
struct Saved {
    version: String,
    files: BTreeMap<String, Extraction>,
}

#[derive(Serialize)]
struct ToSave<'c> {
    version: &'static str,
    files: &'c BTreeMap<String, Extraction>,
}

impl ExtractionCache {
    /// Reads a cache; one that is missing, damaged or of another version is an empty one.
    pub(crate) fn open(path: &Path) -> Self {
        let saved = fs::read(path)
            .ok()
            .and_then(|text| serde_json::from_slice::<Saved>(&text).ok())
            .filter(|saved| saved.version == VERSION);
        Self {
            path: path.to_owned(),
            is_changed: saved.is_none(),
            known: saved.map(|saved| saved.files).unwrap_or_default(),
            used: BTreeMap::new(),
        }
    }

    /// What was found in a file, or is found now.
    pub(crate) fn get(&mut self, key: String, extract: impl FnOnce() -> Extraction) -> Extraction {
        if let Some(used) = self.used.get(&key) {
            return used.clone();
        }
        let extraction = self.known.remove(&key).unwrap_or_else(|| {
            self.is_changed = true;
            extract()
        });
        self.used.insert(key, extraction.clone());
        extraction
    }

    /// Writes what was used, if that is not what was read.
    pub(crate) fn save(&self) -> io::Result<()> {
        if !self.is_changed && self.known.is_empty() {
            return Ok(());
        }
        let text = serde_json::to_vec(&ToSave {
            version: VERSION,
            files: &self.used,
        })?;
        // Whoever reads it meanwhile gets the old one or the new one.
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let new = self.path.with_file_name(name);
        fs::write(&new, text)?;
        fs::rename(&new, &self.path)
    }
}
