//! Finding the source files below a folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Language,
    error::{Error, Repr},
};

/// A file to index, with its path as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SourceText {
    pub(crate) path: String,
    pub(crate) text: String,
}

#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) files: Vec<SourceText>,
    pub(crate) problems: Vec<String>,
}

/// Reads the source files (`Cargo.toml`s and resource bundles too) below `root`; names are relative to `base`.
pub(crate) fn walk(
    root: &Path,
    base: Option<&Path>,
    max_file_bytes: u64,
    walked: &mut Walked,
) -> Result<(), Error> {
    let canonical = |path: &Path| {
        fs::canonicalize(path).map_err(|source| Repr::SourceRoot {
            path: path.to_owned(),
            source,
        })
    };
    let start = canonical(root)?;
    let base = match base {
        Some(base) => canonical(base)?,
        None => repository_of(&start).unwrap_or_else(|| {
            if start.is_dir() {
                start.clone()
            } else {
                start.parent().unwrap_or(&start).to_owned()
            }
        }),
    };
    // A root inside a package: its name is in a manifest above.
    for folder in start
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(&base))
    {
        let manifest = folder.join("Cargo.toml");
        if manifest.is_file() {
            read(&manifest, &base, max_file_bytes, walked);
        }
    }
    if start.is_file() {
        read(&start, &base, max_file_bytes, walked);
        return Ok(());
    }
    let mut folders = vec![start.clone()];
    while let Some(folder) = folders.pop() {
        let entries = match entries(&folder) {
            Ok(entries) => entries,
            Err(source) if folder == start => {
                return Err(Repr::SourceRoot {
                    path: folder,
                    source,
                }
                .into());
            }
            Err(error) => {
                walked
                    .problems
                    .push(format!("{}: {error}", shown(&folder, &base)));
                continue;
            }
        };
        for (path, kind) in entries {
            if kind.is_dir() {
                if !is_skipped(&path) {
                    folders.push(path);
                }
            } else if kind.is_file() {
                read(&path, &base, max_file_bytes, walked);
            }
            // Links are not followed: they may lead in circles or out of the tree.
        }
    }
    Ok(())
}

/// The folder with a `.git` that `path` lies in.
fn repository_of(path: &Path) -> Option<PathBuf> {
    path.ancestors()
        .find(|folder| folder.join(".git").exists())
        .map(Path::to_owned)
}

fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, fs::FileType)>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            Ok((entry.path(), entry.file_type()?))
        })
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}

/// Folders that hold what tools made, not what people wrote.
fn is_skipped(folder: &Path) -> bool {
    let Some(name) = folder.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    match name {
        "node_modules" | "__pycache__" | "venv" => true,
        "target" => {
            folder.with_file_name("Cargo.toml").exists() || folder.join("CACHEDIR.TAG").exists()
        }
        name => name.starts_with('.'),
    }
}

fn shown(path: &Path, base: &Path) -> String {
    let relative = path.strip_prefix(base).unwrap_or(path);
    let parts: Vec<_> = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

fn read(path: &Path, base: &Path, max_file_bytes: u64, walked: &mut Walked) {
    let name = shown(path, base);
    let is_manifest = path.file_name().is_some_and(|name| name == "Cargo.toml");
    #[cfg(feature = "javascript")]
    let is_map = crate::source_map::is_map(&name);
    #[cfg(not(feature = "javascript"))]
    let is_map = false;
    #[cfg(feature = "java")]
    let is_bundle = crate::package::is_bundle(&name);
    #[cfg(not(feature = "java"))]
    let is_bundle = false;
    if !is_manifest && !is_map && !is_bundle && Language::of_path(&name).is_none() {
        return;
    }
    // A map holds its sources, and what ties each word of them to the code.
    let limit = if is_map {
        max_file_bytes.saturating_mul(8)
    } else {
        max_file_bytes
    };
    match content(path, limit) {
        Ok(text) => walked.files.push(SourceText { path: name, text }),
        // Files of properties are often in the encoding of their writer; most are of no bundle.
        Err(_) if is_bundle => {}
        Err(problem) => walked.problems.push(format!("{name}: {problem}")),
    }
}

fn content(path: &Path, max_file_bytes: u64) -> Result<String, String> {
    let n_bytes = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if max_file_bytes < n_bytes {
        return Err(format!(
            "{n_bytes} bytes, more than the limit of {max_file_bytes}; not indexed"
        ));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| {
        format!(
            "not UTF-8 from byte {} on; not indexed",
            error.utf8_error().valid_up_to()
        )
    })
}
