//! One run at a time on a journal.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use crate::{Error, error::Repr};

/// A lock that the operating system gives back when the process ends, however it ends.
///
/// The file names the owner for people; it is emptied, not removed, when the lock is given back, because removing a lock
/// file would let two processes lock two different files of the same name.
#[derive(Debug)]
pub(crate) struct LockFile {
    file: File,
}

impl LockFile {
    /// Takes the lock. The second value is the process that died while it held the lock, where there was one.
    pub(crate) fn acquire(path: PathBuf) -> Result<(Self, Option<u32>), Error> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io("open the lock file", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = read_pid(&mut file);
                return Err(Repr::Locked { path, pid }.into());
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
        }
        let died = read_pid(&mut file);
        write_pid(&mut file).map_err(Error::io("write the lock file", &path))?;
        Ok((Self { file }, died))
    }

    pub(crate) fn path_for(journal: &Path) -> PathBuf {
        let mut path = journal.as_os_str().to_owned();
        path.push(".lock");
        path.into()
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // The lock itself goes with the file; a name left behind would only be misleading.
        let _ = self.file.set_len(0);
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}
