//! An index by way of a cache is the index.
#![cfg(feature = "rust")]

use std::fs;

use proptest::prelude::*;
use shape_lineage::{LogStatement, SourceIndex};

/// Files of a small crate; the text of one may be the macro that another calls.
fn file() -> impl Strategy<Value = (usize, &'static str)> {
    let text = prop::sample::select(vec![
        "fn f() { log::info!(\"a {}\", x); }\n",
        "fn f() { shout!(\"b {}\", x); }\n",
        "macro_rules! shout { ($($t:tt)*) => { log::warn!($($t)*) }; }\n",
        "macro_rules! shout { ($($t:tt)*) => { log::error!($($t)*) }; }\n",
        "fn g() { panic!(\"c\") }\n\nfn h() { log::info!(\"a {}\", x); }\n",
        "fn broken( { log::info!(\"d\"); \"",
        "",
    ]);
    (0_usize..4, text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn only_changed_files_are_read_and_nobody_can_tell(edits in prop::collection::vec(file(), 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let src = folder.path().join("src");
        fs::create_dir(&src).unwrap();
        fs::write(folder.path().join("Cargo.toml"), "[package]\nname = \"shop\"\n").unwrap();
        let cache = folder.path().join("index.json");
        for (file_idx, text) in edits {
            fs::write(src.join(format!("m{file_idx}.rs")), text).unwrap();
            let index = |cached: bool| -> (Vec<LogStatement>, Vec<String>) {
                let builder = SourceIndex::builder().root(&src).base(folder.path());
                let builder = if cached { builder.cache(&cache) } else { builder };
                let index = builder.build().unwrap();
                (index.statements().to_vec(), index.problems().to_vec())
            };
            let cold = index(false);
            prop_assert_eq!(&index(true), &cold);
            // Nothing has changed: what is read is what was written.
            let written = fs::read(&cache).unwrap();
            prop_assert_eq!(&index(true), &cold);
            prop_assert_eq!(fs::read(&cache).unwrap(), written);
        }
    }
}

#[test]
fn what_is_in_the_cache_is_used() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    fs::write(
        folder.path().join("a.rs"),
        "fn f() { log::info!(\"ready\"); }\n",
    )?;
    let cache = folder.path().join("index.json");
    let templates = || -> Result<Vec<String>, shape_lineage::Error> {
        let index = SourceIndex::builder()
            .root(folder.path())
            .cache(&cache)
            .build()?;
        Ok(index
            .statements()
            .iter()
            .map(LogStatement::template)
            .collect())
    };
    assert_eq!(templates()?, ["ready"]);
    // A mark in the cache shows that the file was not read again.
    let text = fs::read_to_string(&cache)?;
    fs::write(&cache, text.replace("ready", "from the cache"))?;
    assert_eq!(templates()?, ["from the cache"]);
    // A damaged cache, or another version's, is none.
    for damaged in ["{", "", &text.replace("shape-lineage", "another")] {
        fs::write(&cache, damaged)?;
        assert_eq!(templates()?, ["ready"]);
    }
    // One that can not be written is said to be so, and the index is there.
    let index = SourceIndex::builder()
        .root(folder.path())
        .cache(folder.path())
        .build()?;
    assert_eq!(index.statements().len(), 1);
    assert!(
        index.problems()[0].contains("the cache can not be written"),
        "{:?}",
        index.problems()
    );
    Ok(())
}
