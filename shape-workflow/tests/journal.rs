//! The journal on disk: torn tails, damage, locks, effects.

use std::{fs, io::Write as _, path::PathBuf, sync::Arc};

use shape_heal::{Effect, EffectJournal, EffectKind};
use shape_workflow::{
    Crash, Engine, Error, ErrorKind, EventBus, Journal, LoopState, ManualClock, RecordKind,
    StateMachine, Workflow,
};
use tempfile::TempDir;

fn clock() -> Arc<ManualClock> {
    let now = "2026-03-01T10:00:00Z".parse().expect("a time");
    Arc::new(ManualClock::at(now))
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(Journal::FILE_NAME)
    }

    fn open(&self) -> Result<Journal, Error> {
        Journal::open(self.path(), clock())
    }

    /// A journal of one step, closed.
    fn with_a_run() -> Self {
        let folder = Self::new();
        let mut steps = Workflow::builder("tiny");
        steps.step("one", (), |ctx, ()| {
            ctx.enter(LoopState::Breached, "slöw")?;
            Ok(1_u8)
        });
        let mut workflow = steps.build().expect("a sound graph");
        let journal = folder.open().expect("a new journal");
        let engine = Engine::new(clock()).journal(journal).run_id("tiny-1");
        engine.run(&mut workflow).expect("a run");
        folder
    }
}

fn effect(key: &str, kind: EffectKind) -> Effect {
    Effect {
        kind,
        key: key.to_owned(),
        detail: "branch `fix`".to_owned(),
    }
}

#[test]
fn the_file_is_what_the_documentation_says() {
    let folder = Folder::with_a_run();
    let text = fs::read_to_string(folder.path()).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<_> = lines
        .iter()
        .map(|line| line["record"]["record"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "run_started",
            "step_started",
            "state_changed",
            "step_finished",
            "run_finished"
        ]
    );
    assert_eq!(lines[1]["record"]["seq"], 2);
    assert_eq!(lines[1]["record"]["at"], "2026-03-01T10:00:00Z");
    assert_eq!(lines[2]["record"]["reason"], "slöw");
    assert_eq!(Journal::read(folder.path()).unwrap().len(), 5);
}

#[test]
fn the_same_run_writes_the_same_bytes() {
    let (one, two) = (Folder::with_a_run(), Folder::with_a_run());
    assert_eq!(fs::read(one.path()).unwrap(), fs::read(two.path()).unwrap());
}

#[test]
fn a_tail_torn_anywhere_is_cut_off() {
    let folder = Folder::with_a_run();
    let whole = fs::read(folder.path()).unwrap();
    let good = whole[..whole.len() - 1]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .unwrap()
        + 1;
    for end in good + 1..whole.len() {
        fs::write(folder.path(), &whole[..end]).unwrap();
        assert_eq!(Journal::read(folder.path()).unwrap().len(), 4);
        let journal = folder.open().unwrap();
        assert_eq!(journal.records().len(), 4);
        let [notice] = &journal.notices()[..] else {
            panic!("one notice");
        };
        assert!(notice.starts_with(&format!("cut {} bytes of an unfinished record", end - good)));
        assert_eq!(fs::read(folder.path()).unwrap(), &whole[..good]);
    }
}

#[test]
fn every_changed_byte_is_found() {
    let folder = Folder::with_a_run();
    let whole = fs::read(folder.path()).unwrap();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        fs::write(folder.path(), &bytes).unwrap();
        // A changed last line feed makes the last line unfinished, which is allowed.
        if place + 1 == whole.len() {
            assert_eq!(folder.open().unwrap().records().len(), 4);
            break;
        }
        let error = folder.open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
        let line = whole[..place].split(|&byte| byte == b'\n').count();
        assert!(
            error.to_string().starts_with(&format!("line {line} of `")),
            "{error}"
        );
        assert_eq!(
            fs::read(folder.path()).unwrap(),
            bytes,
            "evidence stays as it is"
        );
    }
}

#[test]
fn a_removed_or_moved_line_is_found() {
    let folder = Folder::with_a_run();
    let text = fs::read_to_string(folder.path()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for order in [[0, 2, 1, 3], [0, 2, 3, 4], [1, 2, 3, 4]] {
        fs::write(folder.path(), order.map(|idx| lines[idx]).concat()).unwrap();
        let error = folder.open().unwrap_err();
        assert!(
            error
                .to_string()
                .contains("its checksum does not match the record and those before it"),
            "{error}"
        );
    }
}

#[test]
fn one_run_at_a_time() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    let error = folder.open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    let expected = format!("another run (process {}) works on `", std::process::id());
    assert!(error.to_string().starts_with(&expected), "{error}");
    drop(journal);
    assert!(folder.open().unwrap().notices().is_empty());

    // A process that was killed leaves its number, but the operating system has taken the lock back.
    let mut lock = fs::File::create(folder.path().with_extension("jsonl.lock")).unwrap();
    lock.write_all(b"4000000\n").unwrap();
    let [notice] = &folder.open().unwrap().notices()[..] else {
        panic!("one notice");
    };
    assert!(notice.starts_with("process 4000000 ended without closing `"));
}

const CHILD_JOURNAL: &str = "SHAPE_WORKFLOW_TEST_JOURNAL";

/// Run by [`a_process_that_dies_gives_the_lock_back`] in a process of its own, which it leaves without cleaning up.
#[test]
fn child_that_dies() {
    let Some(path) = std::env::var_os(CHILD_JOURNAL) else {
        return;
    };
    let mut journal = Journal::open(path, clock()).expect("a free journal");
    let push = effect("a", EffectKind::Push);
    journal.begin(&push).expect("a disk");
    std::process::exit(42);
}

#[test]
fn a_process_that_dies_gives_the_lock_back() {
    let folder = Folder::new();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_dies", "--nocapture"])
        .env(CHILD_JOURNAL, folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id();
    assert_eq!(child.wait().unwrap().code(), Some(42));
    let journal = folder.open().unwrap();
    let [notice] = &journal.notices()[..] else {
        panic!("one notice");
    };
    assert!(notice.starts_with(&format!("process {pid} ended without")));
    assert_eq!(
        journal.unfinished_effects(),
        [effect("a", EffectKind::Push)]
    );
}

#[test]
fn effects_are_known_after_reopening() {
    let folder = Folder::new();
    let mut journal = folder.open().unwrap();
    let (commit, push) = (
        effect("a", EffectKind::Commit),
        effect("b", EffectKind::Push),
    );
    assert_eq!(journal.begin(&commit).unwrap(), None);
    assert_eq!(journal.begin(&commit).unwrap(), None);
    journal.finish("a", "abc123").unwrap();
    journal.finish("a", "abc123").unwrap();
    assert_eq!(journal.begin(&push).unwrap(), None);
    drop(journal);

    let mut journal = folder.open().unwrap();
    assert_eq!(journal.begin(&commit).unwrap().as_deref(), Some("abc123"));
    assert_eq!(journal.unfinished_effects(), [push]);
    assert_eq!(journal.finished_effects(), [commit]);
    assert_eq!(journal.records().len(), 3);

    let refused = [
        journal.begin(&effect("a", EffectKind::Merge)).unwrap_err(),
        journal.finish("a", "def456").unwrap_err(),
        journal.finish("z", "").unwrap_err(),
    ];
    assert_eq!(
        refused.map(|error| error.to_string()),
        [
            "effect key `a`: it was used for Commit before, now for Merge",
            "effect key `a`: it finished with `abc123` before, now with `def456`",
            "effect key `z`: it finished without having begun",
        ]
    );
}

#[test]
fn nothing_is_written_after_a_failed_write() {
    for (crash, n_records) in [(Crash::Before, 1), (Crash::Torn, 1), (Crash::After, 2)] {
        let folder = Folder::new();
        let mut journal = folder.open().unwrap();
        journal.crash_after(1, crash);
        journal.begin(&effect("a", EffectKind::Commit)).unwrap();
        journal.finish("a", "abc123").unwrap_err();
        let error = journal.begin(&effect("b", EffectKind::Push)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the journal takes no more records: a crash was asked for at record 2"
        );
        drop(journal);
        let journal = folder.open().unwrap();
        assert_eq!(journal.records().len(), n_records);
        assert_eq!(!journal.notices().is_empty(), crash == Crash::Torn);
    }
}

#[test]
fn the_state_machine_is_journalled_and_told() {
    let journal = Journal::in_memory(clock());
    let bus = EventBus::new(clock());
    let events = bus.subscribe();
    let machine = StateMachine::new(LoopState::Healthy, journal.clone(), bus.clone());
    // A callback may ask where the machine is.
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (sink, source) = (Arc::clone(&seen), machine.clone());
    bus.on_event(move |_| sink.lock().unwrap().push(source.state()));
    machine.enter(LoopState::Breached, "p95 71.9 ms").unwrap();
    let error = machine.enter(LoopState::Recovered, "hope").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::State);
    assert_eq!(machine.state(), LoopState::Breached);
    assert_eq!(*seen.lock().unwrap(), [LoopState::Breached]);
    assert!(events.try_recv().is_ok());
    assert!(events.try_recv().is_err());
    assert!(matches!(
        &journal.records()[..],
        [record] if matches!(record.kind, RecordKind::StateChanged { to: LoopState::Breached, .. })
    ));
}

#[test]
fn a_path_that_can_not_be_a_journal() {
    let folder = Folder::new();
    fs::create_dir(folder.path()).unwrap();
    let error = folder.open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with("cannot open `"), "{error}");
}
