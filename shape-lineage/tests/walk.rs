//! Reading source folders: what can not be read is said, and stops nothing.
#![cfg(feature = "rust")]

use std::fs;

use shape_lineage::{ErrorKind, Query, SourceIndex, blob_id};

#[test]
fn odd_files_are_problems() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let write = |path: &str, content: &[u8]| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("has a parent"))?;
        fs::write(path, content)
    };
    write("Cargo.toml", b"[package]\nname = \"shop\"\n")?;
    write("src/lib.rs", b"fn f() { log::info!(\"found here\"); }\n")?;
    write("src/bad.rs", b"fn f() { log::info!(\"\xff\"); }\n")?;
    write("src/large.rs", &b"// x\n".repeat(1_000))?;
    write("src/empty.rs", b"")?;
    write("src/notes.txt", b"not source")?;
    write(
        "target/debug/build.rs",
        b"fn f() { log::info!(\"found here\"); }\n",
    )?;
    write(
        ".git/hooks/x.rs",
        b"fn f() { log::info!(\"found here\"); }\n",
    )?;
    write(
        "src/target/mod.rs",
        b"fn f() { log::info!(\"a module named target\"); }\n",
    )?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("src/circle"))?;

    let index = SourceIndex::builder()
        .root(folder.path().join("src"))
        .root(folder.path())
        .max_file_bytes(4_000)
        .build()?;
    let paths: Vec<&str> = index
        .files()
        .iter()
        .map(shape_lineage::SourceFile::path)
        .collect();
    assert_eq!(paths, ["src/empty.rs", "src/lib.rs", "src/target/mod.rs"]);
    assert_eq!(
        index.problems(),
        [
            "src/bad.rs: not UTF-8 from byte 21 on; not indexed",
            "src/large.rs: 5000 bytes, more than the limit of 4000; not indexed",
        ]
    );
    let answer = index.locate(&Query::message("found here").target("shop"));
    let place = answer.verdict.unique().ok_or("not found")?;
    assert_eq!(
        place.blob,
        blob_id(&fs::read(folder.path().join("src/lib.rs"))?)
    );
    Ok(())
}

#[test]
fn a_missing_root_is_an_error() {
    let error = SourceIndex::builder()
        .root("/no/such/folder")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SourceRoot);
    assert_eq!(
        error.to_string(),
        "cannot search the source root `/no/such/folder`"
    );
}
