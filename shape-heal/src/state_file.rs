//! Small JSON files that are replaced whole or not at all.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

/// Reads a JSON file; the default when there is none.
pub(crate) fn load<T: DeserializeOwned + Default>(path: &Path) -> Result<T, Error> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(T::default()),
        Err(error) => return Err(Error::state("read", path, error)),
    };
    serde_json::from_str(&text).map_err(|error| Error::state("understand", path, error))
}

/// Writes a JSON file through a neighbour and a rename, so that a crash leaves the old or the new one.
pub(crate) fn save<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::state("write", path, error);
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut json =
        serde_json::to_vec_pretty(value).map_err(|error| Error::state("write", path, error))?;
    json.push(b'\n');
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let neighbour: PathBuf = path.with_file_name(name);
    let mut file = fs::File::create(&neighbour).map_err(failed)?;
    file.write_all(&json).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    drop(file);
    fs::rename(&neighbour, path).map_err(failed)?;
    // The rename itself is durable once the folder is; where folders can not be opened (not Unix), it is best effort.
    if let Some(folder) = path.parent()
        && let Ok(folder) = fs::File::open(folder)
    {
        let _ = folder.sync_all();
    }
    Ok(())
}
