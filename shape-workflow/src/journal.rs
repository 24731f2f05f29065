//! The write-ahead journal of a run.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use shape_heal::{Effect, EffectJournal};

use crate::{
    Clock, Error, Record, RecordKind,
    artifact_file::{sync_folder, write_atomically},
    digest::sha256,
    error::Repr,
    lock::LockFile,
    record,
};

/// What happened in a run, each line durable before the thing it announces happens; clones share it.
///
/// The file is append-only JSONL. Every line carries a SHA-256 digest over itself and the digest of the line before it,
/// so that a changed, removed or reordered line is found when the journal is opened; only lines missing at the end can
/// not be told from a run that ended there. A last line without a line feed is the trace of a crash: it was never
/// acknowledged, is cut off and mentioned in [`Journal::notices`].
///
/// The values of finished steps lie beside it in `steps/`. A lock file beside it keeps a second process away.
///
/// Effects are done **at least once** and journalled; with idempotent effects (they look for their key in the world
/// before they act) each has its consequence once, wherever the process is killed.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Mutex<Inner>>,
    clock: Arc<dyn Clock>,
}

/// How a crash asked for by [`Journal::crash_after`] looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Crash {
    /// Nothing of the record is written.
    Before,
    /// Half of the record is written.
    Torn,
    /// The record is durable, but the caller never learns.
    After,
}

#[derive(Default)]
struct Inner {
    disk: Option<Disk>,
    /// The values of finished steps where there is no disk.
    values: BTreeMap<String, Vec<u8>>,
    records: Vec<Record>,
    digest: String,
    effects: BTreeMap<String, EffectState>,
    /// The step under way.
    step: Option<String>,
    notices: Vec<String>,
    /// Why no record may be written any more.
    broken: Option<String>,
    crash: Option<(u64, Crash)>,
}

struct Disk {
    path: PathBuf,
    file: File,
    _lock: LockFile,
}

struct EffectState {
    effect: Effect,
    result: Option<String>,
}

impl Journal {
    /// The file name a journal has in a run folder.
    pub const FILE_NAME: &str = "workflow-journal.jsonl";

    /// A journal in memory: nothing survives the process.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Self {
        Self::from_inner(
            Inner {
                digest: record::GENESIS.to_owned(),
                ..Inner::default()
            },
            clock,
        )
    }

    /// Opens the journal at `path` and replays it, or begins one; makes the folder where needed.
    ///
    /// # Errors
    /// Another process has it open, a record is damaged (with its line number), or the disk refuses.
    pub fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let path = path.as_ref();
        let folder = folder_of(path);
        fs::create_dir_all(folder).map_err(Error::io("make the folder", folder))?;
        let (lock, died) = LockFile::acquire(LockFile::path_for(path))?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(Error::io("open", path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(Error::io("read", path))?;
        let replay = Replay::of(path, &bytes)?;

        let mut notices = Vec::new();
        if let Some(pid) = died {
            notices.push(format!(
                "process {pid} ended without closing `{}`",
                path.display()
            ));
        }
        let n_torn = bytes.len() - replay.n_good_bytes;
        if n_torn != 0 {
            notices.push(format!(
                "cut {n_torn} bytes of an unfinished record off the end of `{}`",
                path.display()
            ));
            let length = u64::try_from(replay.n_good_bytes).unwrap_or(u64::MAX);
            file.set_len(length)
                .and_then(|()| file.sync_all())
                .map_err(Error::io("cut the unfinished record off", path))?;
        }
        file.seek(SeekFrom::End(0))
            .map_err(Error::io("seek in", path))?;
        sync_folder(folder).map_err(Error::io("sync", folder))?;

        let mut inner = Inner {
            disk: Some(Disk {
                path: path.to_owned(),
                file,
                _lock: lock,
            }),
            digest: replay.digest,
            notices,
            ..Inner::default()
        };
        for record in replay.records {
            inner.note(record);
        }
        Ok(Self::from_inner(inner, clock))
    }

    /// Reads the records of a journal without locking or changing it; an unfinished last line is left out.
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<Record>, Error> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(Error::io("read", path))?;
        Ok(Replay::of(path, &bytes)?.records)
    }

    fn from_inner(inner: Inner, clock: Arc<dyn Clock>) -> Self {
        Self {
            shared: Arc::new(Mutex::new(inner)),
            clock,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every record so far.
    pub fn records(&self) -> Vec<Record> {
        self.lock().records.clone()
    }

    /// The name of the run, once one has begun.
    pub fn run_id(&self) -> Option<String> {
        self.lock()
            .records
            .iter()
            .find_map(|record| match &record.kind {
                RecordKind::RunStarted { run_id, .. } => Some(run_id.clone()),
                _ => None,
            })
    }

    /// The run folder; `None` in memory.
    pub fn folder(&self) -> Option<PathBuf> {
        let inner = self.lock();
        let disk = inner.disk.as_ref()?;
        Some(folder_of(&disk.path).to_owned())
    }

    /// What was found when the journal was opened: an unfinished record, a process that died.
    pub fn notices(&self) -> Vec<String> {
        self.lock().notices.clone()
    }

    /// The effects that began and are not known to have happened, by key: what recovery has to look at.
    pub fn unfinished_effects(&self) -> Vec<Effect> {
        self.effects_where(|state| state.result.is_none())
    }

    /// The effects that happened, by key.
    pub fn finished_effects(&self) -> Vec<Effect> {
        self.effects_where(|state| state.result.is_some())
    }

    fn effects_where(&self, is_wanted: impl Fn(&EffectState) -> bool) -> Vec<Effect> {
        let inner = self.lock();
        let wanted = inner.effects.values().filter(|state| is_wanted(state));
        wanted.map(|state| state.effect.clone()).collect()
    }

    /// Makes the record after the next `n_records` fail as if the process had been killed there; for tests of your own
    /// steps. Every record after it fails too: drop the journal and open it again.
    pub fn crash_after(&self, n_records: u64, crash: Crash) {
        let mut inner = self.lock();
        let at = inner.next_seq() + n_records;
        inner.crash = Some((at, crash));
    }

    /// Appends a record and returns when it is durable.
    pub(crate) fn append(&self, kind: RecordKind) -> Result<(), Error> {
        let at = self.clock.now();
        self.lock().append(at, kind)
    }

    /// Adds a notice that the run should mention.
    pub(crate) fn notice(&self, notice: String) {
        self.lock().notices.push(notice);
    }

    /// Stores the value of a step and returns when it is durable.
    pub(crate) fn store_value(&self, step: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let mut inner = self.lock();
        if let Some(reason) = &inner.broken {
            let reason = reason.clone();
            return Err(Repr::Broken { reason }.into());
        }
        if let Some(disk) = &inner.disk {
            let folder = folder_of(&disk.path).join("steps");
            fs::create_dir_all(&folder).map_err(Error::io("make the folder", &folder))?;
            write_atomically(&folder, &value_file(step), &bytes)
        } else {
            inner.values.insert(step.to_owned(), bytes);
            Ok(())
        }
    }

    /// The stored value of a step, if there is one.
    pub(crate) fn load_value(&self, step: &str) -> Result<Option<Vec<u8>>, Error> {
        let inner = self.lock();
        let Some(disk) = &inner.disk else {
            return Ok(inner.values.get(step).cloned());
        };
        let path = folder_of(&disk.path).join("steps").join(value_file(step));
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }
}

impl EffectJournal for Journal {
    fn begin(&mut self, effect: &Effect) -> io::Result<Option<String>> {
        let at = self.clock.now();
        let mut inner = self.lock();
        match inner.effects.get(&effect.key) {
            Some(known) if known.effect.kind != effect.kind => {
                let reason = format!(
                    "it was used for {:?} before, now for {:?}",
                    known.effect.kind, effect.kind
                );
                return Err(effect_error(&effect.key, reason));
            }
            Some(EffectState {
                result: Some(result),
                ..
            }) => return Ok(Some(result.clone())),
            // Announced already, word by word: a second record would say nothing new.
            Some(known) if known.effect == *effect => return Ok(None),
            Some(_) | None => {}
        }
        let step = inner.step.clone();
        let effect = effect.clone();
        inner.append(at, RecordKind::EffectBegun { step, effect })?;
        Ok(None)
    }

    fn finish(&mut self, key: &str, result: &str) -> io::Result<()> {
        let at = self.clock.now();
        let mut inner = self.lock();
        match inner.effects.get(key) {
            None => return Err(effect_error(key, "it finished without having begun".into())),
            Some(EffectState {
                result: Some(known),
                ..
            }) => {
                if known == result {
                    return Ok(());
                }
                let reason = format!("it finished with `{known}` before, now with `{result}`");
                return Err(effect_error(key, reason));
            }
            Some(_) => {}
        }
        let (key, result) = (key.to_owned(), result.to_owned());
        inner.append(at, RecordKind::EffectFinished { key, result })?;
        Ok(())
    }
}

impl Inner {
    fn next_seq(&self) -> u64 {
        self.records.last().map_or(0, |record| record.seq) + 1
    }

    /// Takes a record that is durable into account.
    fn note(&mut self, record: Record) {
        match &record.kind {
            RecordKind::EffectBegun { effect, .. } => {
                let state = EffectState {
                    effect: effect.clone(),
                    result: None,
                };
                self.effects.insert(effect.key.clone(), state);
            }
            RecordKind::EffectFinished { key, result } => {
                if let Some(state) = self.effects.get_mut(key) {
                    state.result = Some(result.clone());
                }
            }
            RecordKind::StepStarted { step, .. } => self.step = Some(step.clone()),
            RecordKind::RunStarted { .. }
            | RecordKind::StepFinished { .. }
            | RecordKind::StepFailed { .. }
            | RecordKind::StepSkipped { .. }
            | RecordKind::RunFinished { .. } => self.step = None,
            RecordKind::StateChanged { .. } | RecordKind::StateRestored { .. } => {}
        }
        self.records.push(record);
    }

    fn append(&mut self, at: jiff::Timestamp, kind: RecordKind) -> Result<(), Error> {
        if let Some(reason) = &self.broken {
            let reason = reason.clone();
            return Err(Repr::Broken { reason }.into());
        }
        let seq = self.next_seq();
        let record = Record { seq, at, kind };
        let (mut line, digest) = record::encode(&self.digest, &record).map_err(|error| {
            let source = error.into();
            Error::io("write a record to", self.path())(source)
        })?;
        line.push('\n');
        let crash = self
            .crash
            .and_then(|(at, crash)| (at == seq).then_some(crash));
        let n_written = match crash {
            None | Some(Crash::After) => line.len(),
            Some(Crash::Torn) => line.len() / 2,
            Some(Crash::Before) => 0,
        };
        // Every byte of a line but those of names is ASCII: work on bytes, half a line may end anywhere.
        let written = line.as_bytes().get(..n_written).unwrap_or_default();
        if let Some(disk) = &mut self.disk
            && let Err(source) = disk.write(written)
        {
            // Part of the line may have reached the disk: whatever followed would be unreadable. Opening the journal
            // again cuts it off.
            self.broken = Some(format!("record {seq} could not be written: {source}"));
            return Err(Error::io("write a record to", self.path())(source));
        }
        if crash.is_some() {
            self.broken = Some(format!("a crash was asked for at record {seq}"));
            return Err(Repr::Crash { record: seq }.into());
        }
        self.digest = digest;
        self.note(record);
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.disk
            .as_ref()
            .map_or_else(|| PathBuf::from("memory"), |disk| disk.path.clone())
    }
}

impl Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }
}

/// What the bytes of a journal say.
struct Replay {
    records: Vec<Record>,
    digest: String,
    n_good_bytes: usize,
}

impl Replay {
    fn of(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let mut replay = Self {
            records: Vec::new(),
            digest: record::GENESIS.to_owned(),
            n_good_bytes: 0,
        };
        let lines = bytes.split_inclusive(|&byte| byte == b'\n');
        for (seq, (line_idx, line)) in (1..).zip(lines.enumerate()) {
            let Some(text) = line.strip_suffix(b"\n") else {
                break;
            };
            let (record, digest) =
                record::decode(&replay.digest, seq, text).map_err(|reason| Repr::Record {
                    path: path.to_owned(),
                    line: line_idx + 1,
                    reason,
                })?;
            replay.records.push(record);
            replay.digest = digest;
            replay.n_good_bytes += line.len();
        }
        Ok(replay)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("Journal")
            .field("path", &inner.path())
            .field("n_records", &inner.records.len())
            .field("broken", &inner.broken)
            .finish_non_exhaustive()
    }
}

fn effect_error(key: &str, reason: String) -> io::Error {
    let key = key.to_owned();
    Error::from(Repr::Effect { key, reason }).into()
}

/// The folder a file lies in; `.` for a bare file name.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// The file name of a step's value. Names that a file system could mix up get a part of their digest.
pub(crate) fn value_file(step: &str) -> String {
    let slug: String = step
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '-' | '_' => c,
            'A'..='Z' => c.to_ascii_lowercase(),
            _ => '-',
        })
        .take(80)
        .collect();
    if slug == step {
        format!("{slug}.json")
    } else {
        let digest = sha256(step.as_bytes());
        format!("{slug}-{}.json", digest.get(..8).unwrap_or_default())
    }
}
