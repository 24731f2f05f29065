//! No change of a ledger goes unseen.
#![cfg(feature = "ledger")]

use std::{fs, sync::OnceLock};

use proptest::prelude::*;
use serde_json::json;
use shape_lineage::{ErrorKind, Ledger, LedgerEntry, TreeHead, verify_ledger};

fn ledger(n_entries: u32) -> (String, TreeHead) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let mut ledger = Ledger::open(&path).unwrap();
    for n in 0..n_entries {
        ledger
            .append(&json!({ "n": n, "ratio": f64::from(n) / 3.0, "b": ["x", null] }))
            .unwrap();
    }
    (fs::read_to_string(&path).unwrap(), ledger.head())
}

#[test]
fn it_goes_on_where_it_stopped() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("ledger.jsonl");
    let mut first = Ledger::open(&path)?;
    first.append(&json!({ "b": 1, "a": 2 }))?;
    let old = first.head();
    // The program dies while it writes.
    let whole = fs::read_to_string(&path)?;
    assert!(whole.starts_with("{\"body\":{\"a\":2,\"b\":1},"));
    fs::write(&path, format!("{whole}{{\"body\":{{\"a\""))?;
    let mut second = Ledger::open(&path)?;
    let entry = second.append(&json!("x"))?;
    assert_eq!(entry.sequence, 1);
    let head = verify_ledger(&fs::read_to_string(&path)?, Some(&old))?;
    assert_eq!(head, second.head());

    let proof = second.prove(1).ok_or("no proof")?;
    assert!(proof.verify(&entry, &head));
    assert!(!proof.verify(&entry, &old));
    let other = LedgerEntry {
        body: json!("y"),
        ..entry
    };
    assert!(!proof.verify(&other, &head));
    assert!(second.prove(2).is_none());
    Ok(())
}

#[test]
fn a_cut_tail_needs_a_head() {
    let (text, head) = ledger(5);
    let cut: String = text.lines().take(3).flat_map(|line| [line, "\n"]).collect();
    assert!(verify_ledger(&cut, None).is_ok());
    let error = verify_ledger(&cut, Some(&head)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ledger);
    assert_eq!(
        error.to_string(),
        "ledger line 3: the ledger ends here, but it once had 5 entries"
    );
}

proptest! {
    #[test]
    fn any_change_is_seen(
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
        from_line in 0_usize..6,
        to_line in 0_usize..6,
        how in 0..4,
    ) {
        static LEDGER: OnceLock<(String, TreeHead)> = OnceLock::new();
        let (text, head) = LEDGER.get_or_init(|| ledger(6));
        let mut lines: Vec<&str> = text.lines().collect();
        let changed = match how {
            0 => {
                let mut bytes = text.clone().into_bytes();
                let at = at.index(bytes.len());
                bytes[at] = to;
                String::from_utf8_lossy(&bytes).into_owned()
            }
            1 => {
                lines.swap(from_line, to_line);
                lines.join("\n") + "\n"
            }
            2 => {
                lines.remove(from_line);
                lines.join("\n") + "\n"
            }
            _ => {
                lines.insert(from_line, lines[to_line]);
                lines.join("\n") + "\n"
            }
        };
        let is_same = changed.lines().eq(text.lines());
        prop_assert_eq!(verify_ledger(&changed, Some(head)).is_ok(), is_same);
    }
}
