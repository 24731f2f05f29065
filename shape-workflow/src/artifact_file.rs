//! Reports as files.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, error::Repr};

/// Writes `value` as pretty JSON to `folder/name` and returns the path.
///
/// The file is there whole or not at all: it is written under another name, synced and renamed. The folder is made
/// where needed.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// use serde::{Deserialize, Serialize};
/// use shape_workflow::{read_artifact, write_artifact};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Weather { schema_version: u32, rain_mm: f64 }
///
/// let weather = Weather { schema_version: 1, rain_mm: 0.1 };
/// let path = write_artifact(folder.path(), "weather.json", &weather)?;
/// assert_eq!(read_artifact::<Weather>(&path, 1)?, weather);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_artifact<T: Serialize + ?Sized>(
    folder: impl AsRef<Path>,
    name: &str,
    value: &T,
) -> Result<PathBuf, Error> {
    let folder = folder.as_ref();
    let mut parts = Path::new(name).components();
    let is_plain = matches!(parts.next(), Some(std::path::Component::Normal(part)) if part == name);
    if !is_plain {
        let name = name.to_owned();
        return Err(Repr::ArtifactName { name }.into());
    }
    let path = folder.join(name);
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| Repr::Artifact {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    bytes.push(b'\n');
    fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))?;
    write_atomically(folder, name, &bytes)?;
    Ok(path)
}

/// Reads an artifact whose format is `schema_version`.
///
/// # Errors
/// The file can not be read, is no JSON, has no or another `schema_version`, or has fields that are unknown, missing or
/// of another type; the message names the file, the line and the column.
pub fn read_artifact<T: DeserializeOwned>(
    path: impl AsRef<Path>,
    schema_version: u32,
) -> Result<T, Error> {
    #[derive(Deserialize)]
    struct Version {
        schema_version: Option<u32>,
    }

    let path = path.as_ref();
    let bytes = fs::read(path).map_err(Error::io("read", path))?;
    let problem = |reason: &str| Repr::Artifact {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(problem("the file is empty").into());
    }
    // The version first: fields of a later version would only be reported as unknown.
    let version: Version = serde_json::from_slice(&bytes).map_err(|error| syntax(path, &error))?;
    match version.schema_version {
        Some(seen) if seen == schema_version => {}
        Some(seen) => {
            let reason = format!("schema_version is {seen}, expected {schema_version}");
            return Err(problem(&reason).into());
        }
        None => {
            let reason = format!("schema_version is missing, expected {schema_version}");
            return Err(problem(&reason).into());
        }
    }
    serde_json::from_slice(&bytes).map_err(|error| syntax(path, &error).into())
}

fn syntax(path: &Path, error: &serde_json::Error) -> Repr {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let suffix = format!(" at line {line} column {column}");
    let reason = text.strip_suffix(&suffix).unwrap_or(&text).to_owned();
    let path = path.to_owned();
    Repr::ArtifactSyntax {
        path,
        line,
        column,
        reason,
    }
}

/// Writes a file so that a crash leaves the old content or the new one.
pub(crate) fn write_atomically(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    let draft = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = File::create(&draft)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&draft, &path))
        .and_then(|()| sync_folder(folder));
    written.map_err(|source| {
        let _ = fs::remove_file(&draft);
        Error::io("write", path)(source)
    })
}

/// Makes the names in a folder durable; only Unix can, and elsewhere a rename is as durable as it gets.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}
