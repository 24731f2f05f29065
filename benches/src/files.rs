//! Files of this repository.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Inputs are repeated until they have this many bytes: more than the caches near a core hold.
pub const MIN_BYTES: usize = 4 << 20;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text, whole, as often as it takes to have [`MIN_BYTES`].
pub fn repeated(text: &str) -> String {
    text.repeat(MIN_BYTES.div_ceil(text.len().max(1)))
}

/// The access log that nginx wrote (combined format), repeated.
///
/// # Errors
/// When the file can not be read.
pub fn nginx_access() -> io::Result<String> {
    log("nginx/access.log")
}

/// The error log that nginx wrote, repeated.
///
/// # Errors
/// When the file can not be read.
pub fn nginx_error() -> io::Result<String> {
    log("nginx/error.log")
}

fn log(name: &str) -> io::Result<String> {
    let path = root().join("examples/logs").join(name);
    let text = fs::read_to_string(&path).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("cannot read {}: {error}", path.display()),
        )
    })?;
    Ok(repeated(&text))
}

/// The Rust sources and manifests of this workspace, each with its path below the workspace.
///
/// # Errors
/// When a folder or file can not be read.
pub fn own_sources() -> io::Result<Vec<(String, String)>> {
    let root = root().canonicalize()?;
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let is_wanted = !name.starts_with('.') && !name.starts_with("target");
            if entry.file_type()?.is_dir() && is_wanted {
                folders.push(path);
            } else if Path::new(&*name).extension().is_some_and(|ext| ext == "rs")
                || name == "Cargo.toml"
            {
                let shown = path
                    .strip_prefix(&root)
                    .unwrap_or(&path)
                    .display()
                    .to_string();
                sources.push((shown, fs::read_to_string(&path)?));
            }
        }
    }
    sources.sort();
    Ok(sources)
}
