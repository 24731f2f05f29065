//! The forms in which Android's `logcat` prints a record.

use super::{
    iso::{self, logcat_level},
    scan::{blanks, bracketed, digits, split, word_blanks},
    time::{self, Context},
};
use crate::{Format, Record};

/// `03-17 16:13:38.811  1702  2395 D Tag: message` (`threadtime`), `03-17 16:13:38.811 D/Tag( 1702): message` (`time`),
/// and the first of them with the user's number or name in front of the process.
pub(crate) fn dated<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (i, time) = time::month_day(line, b'-', context).ok()?;
    behind_date(blanks(i)).map(|record| record.at(time))
}

fn behind_date(i: &str) -> Option<Record<'_>> {
    if let Ok((_, record)) = iso::logcat(i) {
        return Some(record);
    }
    if let Some(record) = brief(i) {
        return Some(record);
    }
    let (rest, user) = word_blanks(i).ok()?;
    let (_, record) = iso::logcat(rest).ok()?;
    Some(record.with("uid", user))
}

/// `D/Tag( 1702): message` (`brief`), `D/Tag: message` (`tag`), `I( 1702) message  (Tag)` (`process`),
/// `E( 1702: 2395) message` (`thread`).
pub(crate) fn brief(line: &str) -> Option<Record<'_>> {
    let (letter, rest) = split(line, 1);
    let level = logcat_level(letter)?;
    let record = Record::new(Format::Logcat, "").level(Some(level));
    if let Some(rest) = rest.strip_prefix('/') {
        let (head, message) = super::scan::around(rest, ": ")?;
        let (tag, pid) = match head.strip_suffix(')').and_then(|head| head.split_once('(')) {
            Some((tag, pid)) => (tag, is_number(pid).then(|| pid.trim())?),
            None if !head.is_empty() && !head.contains([' ', '/']) => (head, ""),
            None => return None,
        };
        let mut record = record.target(tag.trim()).with("pid", pid);
        record.message = message.into();
        return Some(record);
    }
    let (inside, message) = rest.strip_prefix('(')?.split_once(") ")?;
    let (pid, thread) = inside.split_once(':').unwrap_or((inside, ""));
    if !is_number(pid) || !(thread.is_empty() || is_number(thread)) {
        return None;
    }
    let mut record = record.with("pid", pid.trim()).with("tid", thread.trim());
    record.message = message.into();
    if let Some((text, tag)) = message
        .strip_suffix(')')
        .and_then(|message| message.rsplit_once("  ("))
    {
        record.message = text.into();
        record.name(tag.trim());
    }
    Some(record)
}

fn is_number(text: &str) -> bool {
    matches!(digits(text.trim()), Ok(("", _)))
}

/// `[ 03-17 16:13:38.811  1702: 2395 D/Tag ]` (`long`), whose message follows on the next lines.
pub(crate) fn long<'a>(line: &'a str, context: &Context) -> Option<Record<'a>> {
    let (rest, inside) = bracketed(line).ok()?;
    let inside = inside.strip_prefix(' ')?;
    let (i, time) = time::month_day(inside, b'-', context).ok()?;
    let (pid, i) = blanks(i).split_once(':')?;
    let (i, thread) = word_blanks(blanks(i)).ok()?;
    let (letter, tag) = i.trim_end().split_once('/')?;
    let level = logcat_level(letter)?;
    if !rest.is_empty() || !is_number(pid) || !is_number(thread) {
        return None;
    }
    Some(
        Record::new(Format::Logcat, "")
            .at(time)
            .level(Some(level))
            .target(tag)
            .with("pid", pid)
            .with("tid", thread),
    )
}

/// `1702-2395/com.acme D/Tag: message` and `1702-2395  Tag   com.acme   D  message` of Android Studio, behind the time.
pub(super) fn studio(i: &str) -> Option<Record<'_>> {
    let (ids, rest) = i.split_once([' ', '/'])?;
    let (pid, thread) = ids.split_once('-')?;
    if !is_number(pid) || !is_number(thread) {
        return None;
    }
    let (i, first) = word_blanks(blanks(rest)).ok()?;
    if let Some(record) = brief(i) {
        return Some(
            record
                .with("pid", pid)
                .with("tid", thread)
                .with("package", first),
        );
    }
    let (i, package) = word_blanks(i).ok()?;
    let (message, letter) = word_blanks(i).ok()?;
    let level = logcat_level(letter)?;
    Some(
        Record::new(Format::Logcat, message)
            .level(Some(level))
            .target(first)
            .with("pid", pid)
            .with("tid", thread)
            .with("package", package),
    )
}
