//! What was written to log files in a span of time.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::EnvironmentError;

/// How long log files may go on growing after the load has ended.
const SETTLE: Duration = Duration::from_secs(2);

/// The files that patterns name, sorted; folders are left out.
pub(super) fn find(patterns: &[String]) -> Result<Vec<PathBuf>, EnvironmentError> {
    let mut found = Vec::new();
    for pattern in patterns {
        let paths = glob::glob(pattern).map_err(|error| EnvironmentError::Logs {
            message: format!("`logs`: `{pattern}` is not a path pattern: {error}"),
        })?;
        for path in paths.flatten() {
            if path.is_file() && !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Where log files ended at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks(BTreeMap<PathBuf, u64>);

impl Marks {
    pub(super) fn now(patterns: &[String]) -> Result<Self, EnvironmentError> {
        let files = find(patterns)?;
        Ok(Self(
            files
                .into_iter()
                .map(|path| {
                    let length = fs::metadata(&path).map_or(0, |metadata| metadata.len());
                    (path, length)
                })
                .collect(),
        ))
    }

    /// Copies what was written since into a folder, and names the copies. A file that is shorter than it was has been
    /// rotated: it is taken from its beginning.
    pub(super) fn written_since(
        &self,
        patterns: &[String],
        folder: &Path,
    ) -> Result<Vec<PathBuf>, EnvironmentError> {
        let failed = |path: &Path, error: io::Error| EnvironmentError::Logs {
            message: format!("cannot read `{}`: {error}", path.display()),
        };
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let mut copies = Vec::new();
        for path in find(patterns)? {
            let mut file = File::open(&path).map_err(|error| failed(&path, error))?;
            let length = file.metadata().map_err(|error| failed(&path, error))?.len();
            let start = self.0.get(&path).copied().unwrap_or(0);
            let start = if length < start { 0 } else { start };
            if length == start {
                continue;
            }
            file.seek(SeekFrom::Start(start))
                .map_err(|error| failed(&path, error))?;
            let name = path.file_name().unwrap_or_default();
            let mut copy = folder.join(name);
            let mut n = 2;
            while copies.contains(&copy) {
                copy = folder.join(format!("{n}-{}", name.to_string_lossy()));
                n += 1;
            }
            let mut target = File::create(&copy).map_err(|error| failed(&copy, error))?;
            io::copy(&mut file.take(length - start), &mut target)
                .map_err(|error| failed(&path, error))?;
            copies.push(copy);
        }
        Ok(copies)
    }
}

/// Waits until the log files do not grow any more, for a short time at most.
pub(super) fn settle(patterns: &[String]) {
    let total = || {
        find(patterns)
            .unwrap_or_default()
            .iter()
            .filter_map(|path| fs::metadata(path).ok())
            .map(|metadata| metadata.len())
            .sum::<u64>()
    };
    let began = Instant::now();
    let mut last = total();
    while began.elapsed() < SETTLE {
        thread::sleep(Duration::from_millis(100));
        let now = total();
        if now == last {
            return;
        }
        last = now;
    }
}
