//! The names that rotation gives to log files, and which of them is older.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

/// Endings of compressed files.
const PACKED: [&str; 7] = [".gz", ".zst", ".bz2", ".xz", ".Z", ".lz4", ".zip"];

/// When a file of a rotated set was the active one: the older sorts first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Age {
    /// `app.log-20261123`, `app.2026-11-23.1.log`: the numbers of the date and what follows it.
    Dated(Vec<u64>),
    /// `app.log.2`: the higher the number, the older.
    Numbered(Reverse<u64>),
    /// `app.log`.
    Active,
}

/// A file name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The name of the active file of the set.
    pub(crate) base: String,
    pub(crate) age: Age,
    pub(crate) is_packed: bool,
}

impl Name {
    pub(crate) fn of(path: &Path) -> Self {
        let full = path.file_name().unwrap_or_default().to_string_lossy();
        let unpacked = PACKED.iter().find_map(|end| full.strip_suffix(end));
        let is_packed = unpacked.is_some();
        let name = unpacked.unwrap_or(&full);
        let (base, age) = numbered(name)
            .or_else(|| dated(name))
            .unwrap_or((name.to_owned(), Age::Active));
        Self {
            base,
            age,
            is_packed,
        }
    }
}

impl Name {
    /// The name of a file of the set whose active file is known. Only then `app.2.log` is one of them, as logback writes it
    /// and logrotate where it is told an extension: alone it may be the log of another server.
    pub(crate) fn of_set(path: &Path, base: &str) -> Option<Self> {
        let name = Self::of(path);
        if name.base == base {
            return Some(name);
        }
        let (stem, extension) = name.base.rsplit_once('.')?;
        let (inner, age) = numbered(stem)?;
        (format!("{inner}.{extension}") == base).then(|| Self {
            base: base.to_owned(),
            age,
            is_packed: name.is_packed,
        })
    }
}

/// `app.log.2`.
fn numbered(name: &str) -> Option<(String, Age)> {
    let (base, number) = name.rsplit_once('.')?;
    let short = (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    if base.is_empty() || !short || date_at(base).is_some() {
        return None;
    }
    Some((
        base.to_owned(),
        Age::Numbered(Reverse(number.parse().ok()?)),
    ))
}

/// A date anywhere in the name, with the time and the count that may follow it.
fn dated(name: &str) -> Option<(String, Age)> {
    let start = date_at(name)?;
    let (before, rest) = name.split_at_checked(start)?;
    let end = rest
        .find(|c: char| !(c.is_ascii_digit() || "-_.:T".contains(c)))
        .unwrap_or(rest.len());
    let (run, after) = rest.split_at_checked(end)?;
    let digits = run.trim_end_matches(|c: char| !c.is_ascii_digit());
    let (_, separators) = run.split_at_checked(digits.len())?;
    let numbers = digits
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse().unwrap_or(u64::MAX))
        .collect();
    let before = before.trim_end_matches(['-', '_', '.']);
    Some((format!("{before}{separators}{after}"), Age::Dated(numbers)))
}

/// Where `2026-11-23`, `20261123` or an epoch of ten digits begins.
fn date_at(name: &str) -> Option<usize> {
    let bytes = name.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).find(|&at| {
        if !is_digit(at) || (0 < at && is_digit(at - 1)) {
            return false;
        }
        let digits = bytes
            .iter()
            .skip(at)
            .take_while(|b| b.is_ascii_digit())
            .count();
        let century = matches!(bytes.get(at..at + 2), Some(b"19" | b"20"));
        let with_separators = digits == 4
            && matches!(bytes.get(at + 4), Some(b'-' | b'_' | b'.'))
            && bytes.get(at + 4) == bytes.get(at + 7)
            && [5, 6, 8, 9].iter().all(|&offset| is_digit(at + offset));
        (century && (with_separators || matches!(digits, 8 | 12 | 14))) || digits == 10
    })
}

/// Puts the files of each rotated set in the order of time, at the place of its first file.
pub(crate) fn in_time_order<T>(files: &mut [T], path: impl Fn(&T) -> &Path) {
    let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
    let actives: HashSet<PathBuf> = files.iter().map(|file| path(file).to_owned()).collect();
    let name = |path: &Path| {
        let name = Name::of(path);
        // `app.2.log` beside `app.log`.
        let active = name.base.rsplit_once('.').and_then(|(stem, extension)| {
            let (inner, _) = stem.rsplit_once('.')?;
            Some(format!("{inner}.{extension}"))
        });
        active
            .filter(|active| actives.contains(&folder(path).join(active)))
            .and_then(|active| Name::of_set(path, &active))
            .unwrap_or(name)
    };
    let set = |path: &Path| (folder(path), name(path).base);
    let mut first: HashMap<(PathBuf, String), usize> = HashMap::new();
    for (index, file) in files.iter().enumerate() {
        first.entry(set(path(file))).or_insert(index);
    }
    files.sort_by_cached_key(|file| {
        let path = path(file);
        let place = first.get(&set(path)).copied();
        (place, name(path).age, path.to_owned())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let base = |name: &str| Name::of(Path::new(name)).base;
        for name in [
            "app.log",
            "app.log.1",
            "app.log.12.gz",
            "app.log-20261123",
            "app.log-20261123.gz",
            "app.log-1795500000",
            "app.log.2026-11-23",
            "app.log.2026-11-23_13",
            "app-2026-11-23.log",
            "app.2026-11-23.1.log.zst",
            "app_20261123-120000.log",
        ] {
            assert_eq!(base(name), "app.log", "{name}");
        }
        assert_eq!(base("server.1.log"), "server.1.log");
        assert_eq!(base("12345.log"), "12345.log");
    }

    #[test]
    fn the_oldest_comes_first() {
        #[track_caller]
        fn check(given: &[&str], expected: &[&str]) {
            let mut files: Vec<PathBuf> = given.iter().map(PathBuf::from).collect();
            in_time_order(&mut files, |file| file);
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(files, expected);
        }
        check(
            &["a.log", "a.log.1", "a.log.10.gz", "a.log.2", "z.log"],
            &["a.log.10.gz", "a.log.2", "a.log.1", "a.log", "z.log"],
        );
        check(
            &["z", "b.log", "c", "b-2026-11-24.log", "b-2026-11-23.log.gz"],
            &["z", "b-2026-11-23.log.gz", "b-2026-11-24.log", "b.log", "c"],
        );
        check(
            &["a.1.log", "a.10.log.gz", "a.2.log", "a.log"],
            &["a.10.log.gz", "a.2.log", "a.1.log", "a.log"],
        );
        // The logs of two servers.
        check(&["a.1.log", "a.2.log"], &["a.1.log", "a.2.log"]);
        // logback counts up within a day.
        check(
            &[
                "b.2026-11-23.10.log",
                "b.2026-11-23.2.log",
                "b.2026-11-22.1.log",
            ],
            &[
                "b.2026-11-22.1.log",
                "b.2026-11-23.2.log",
                "b.2026-11-23.10.log",
            ],
        );
        // The same name in two folders is two sets.
        check(&["y/a.log", "x/a.log.1"], &["y/a.log", "x/a.log.1"]);
    }
}
