//! Suspect commits in a real repository.
#![cfg(all(feature = "git", feature = "rust"))]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::{fs, path::Path};

use shape_lineage::{Error, ErrorKind, Git, Query, SourceIndex, SuspectCommit, suspects};

const MANIFEST: &str = "[package]\nname = \"shop\"\n";

const BASE: &str = r#"
pub fn price(table: &Table, sku: &str) -> u32 {
    match table.get(sku) {
        Some(price) => *price,
        None => {
            log::error!("no price for {:?} in {}", sku, table.name());
            0
        }
    }
}
"#;

struct Scratch {
    folder: tempfile::TempDir,
    git: Git,
    n_commits: u32,
}

impl Scratch {
    fn new() -> Result<Option<Self>, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let git = Git::at(folder.path()).with_identity("Ada", "ada@example.org");
        match git.run(["init", "--quiet", "--initial-branch=main"]) {
            Err(error) if error.kind() == ErrorKind::GitNotFound => {
                println!("skipped: git is not installed");
                Ok(None)
            }
            result => {
                result?;
                Ok(Some(Self {
                    folder,
                    git,
                    n_commits: 0,
                }))
            }
        }
    }

    fn commit(&mut self, message: &str, files: &[(&str, &str)]) -> Result<String, Error> {
        for (path, text) in files {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
            fs::write(path, text).unwrap();
        }
        self.n_commits += 1;
        let date = format!("2026-01-{:02}T00:00:00Z", self.n_commits);
        let git = self
            .git
            .clone()
            .with_env("GIT_AUTHOR_DATE", &date)
            .with_env("GIT_COMMITTER_DATE", &date);
        git.run(["add", "--all"])?;
        git.run(["commit", "--quiet", "--message", message])?;
        Ok(git.head()?.as_str().to_owned())
    }

    fn suspects(&self, message: &str, baseline: Option<&str>) -> Result<Vec<SuspectCommit>, Error> {
        let index = SourceIndex::builder().root(self.folder.path()).build()?;
        let answer = index.locate(&Query::message(message));
        let statement = answer.verdict.unique().expect("a unique statement");
        suspects(&self.git, statement, "HEAD", baseline)
    }
}

#[test]
fn a_reformat_does_not_hide_the_defect() -> Result<(), Box<dyn std::error::Error>> {
    let Some(mut repo) = Scratch::new()? else {
        return Ok(());
    };
    let c0 = repo.commit(
        "shop: prices",
        &[("Cargo.toml", MANIFEST), ("src/lib.rs", BASE)],
    )?;
    let defect = BASE
        .replace("table.get(sku)", "table.get(&sku[1..])")
        .replace(
            "log::error!(\"no price for {:?} in {}\", sku, table.name());",
            "log::error!(\"no price for {:?} in {}\", sku, table.label());",
        );
    let c1 = repo.commit("shop: skip the prefix", &[("src/lib.rs", &defect)])?;
    let c2 = repo.commit("shop: a readme", &[("README.md", "Shop\n")])?;
    let reformat = defect.replace(
        "log::error!(\"no price for {:?} in {}\", sku, table.label());",
        "// Nobody expects this.\n            log::error!(\n                \"no price for {:?} in {}\",\n                \
         sku,\n                table.label(),\n            );",
    );
    let c3 = repo.commit("shop: reformat", &[("src/lib.rs", &reformat)])?;

    let blame = repo.git.run(["blame", "-s", "-L8,8", "--", "src/lib.rs"])?;
    assert!(
        blame.text().starts_with(&c3[..7]),
        "blame names the reformat"
    );

    for baseline in [None, Some(c0.as_str())] {
        let suspects = repo.suspects("no price for \"x1\" in spring", baseline)?;
        let ids: Vec<&str> = suspects.iter().map(|suspect| suspect.id.as_str()).collect();
        assert_eq!(ids[0], c1, "{suspects:#?}");
        assert!(!suspects[0].only_whitespace && !suspects[0].is_root);
        let reformat = &suspects[ids.iter().position(|id| *id == c3).unwrap()];
        assert!(reformat.only_whitespace && reformat.score < 0.2);
        let root = &suspects[ids.iter().position(|id| *id == c0).unwrap()];
        assert!(root.is_root && root.score < 0.2);
        assert!(!ids.contains(&c2.as_str()));
        assert_eq!(suspects[0].since_baseline, baseline.is_some());
    }
    Ok(())
}

#[test]
fn a_defect_elsewhere_in_the_file_is_in_the_list() -> Result<(), Box<dyn std::error::Error>> {
    let Some(mut repo) = Scratch::new()? else {
        return Ok(());
    };
    let with_helper = |body: &str| format!("{BASE}\nfn helper(n: u32) -> u32 {{\n    {body}\n}}\n");
    let c0 = repo.commit(
        "shop: prices",
        &[("Cargo.toml", MANIFEST), ("src/lib.rs", &with_helper("n"))],
    )?;
    let c1 = repo.commit("shop: faster", &[("src/lib.rs", &with_helper("n / 0"))])?;
    let c2 = repo.commit("shop: other", &[("src/other.rs", "pub fn f() {}\n")])?;
    let suspects = repo.suspects("no price for \"x1\" in spring", Some(&c0))?;
    let ids: Vec<&str> = suspects.iter().map(|suspect| suspect.id.as_str()).collect();
    assert_eq!(ids, [c1, c2, c0]);
    Ok(())
}

#[test]
fn healing_does_not_revert_itself() -> Result<(), Box<dyn std::error::Error>> {
    let Some(mut repo) = Scratch::new()? else {
        return Ok(());
    };
    repo.commit(
        "shop: prices",
        &[("Cargo.toml", MANIFEST), ("src/lib.rs", BASE)],
    )?;
    let changed = BASE.replace("table.get(sku)", "table.find(sku)");
    let c1 = repo.commit("shop: find", &[("src/lib.rs", &changed)])?;
    let healed = changed.replace("Some(price) => *price", "Some(price) => *price + 0");
    let c2 = repo.commit(
        "heal: x\n\nWhy.\n\nShape-Fault: f1",
        &[("src/lib.rs", &healed)],
    )?;
    let suspects = repo.suspects("no price for \"x1\" in spring", None)?;
    assert_eq!(suspects[0].id.as_str(), c1);
    let ours = suspects
        .iter()
        .find(|suspect| suspect.id.as_str() == c2)
        .unwrap();
    assert!(
        ours.score < 0.2 && ours.reason.contains("Shape-"),
        "{ours:?}"
    );
    Ok(())
}

#[test]
fn lines_are_those_of_the_deployed_commit() -> Result<(), Box<dyn std::error::Error>> {
    let Some(mut repo) = Scratch::new()? else {
        return Ok(());
    };
    let c0 = repo.commit(
        "shop: prices",
        &[("Cargo.toml", MANIFEST), ("src/lib.rs", BASE)],
    )?;
    let changed = BASE.replace("table.get(sku)", "table.find(sku)");
    let c1 = repo.commit("shop: find", &[("src/lib.rs", &changed)])?;
    // An edit that is not committed moves the statement.
    let edited = format!("// a\n// b\n// c\npub fn new() {{}}\n{changed}");
    fs::write(repo.folder.path().join("src/lib.rs"), edited)?;
    assert_eq!(repo.git.dirty_paths()?, ["src/lib.rs"]);
    let suspects = repo.suspects("no price for \"x1\" in spring", Some(&c0))?;
    assert_eq!(suspects[0].id.as_str(), c1);
    Ok(())
}

#[test]
fn git_says_what_is_wrong() -> Result<(), Box<dyn std::error::Error>> {
    let Some(mut repo) = Scratch::new()? else {
        return Ok(());
    };
    let c0 = repo.commit("one", &[("a b.txt", "1\n")])?;
    let outside = tempfile::tempdir()?;
    assert_eq!(
        Git::open(outside.path()).unwrap_err().kind(),
        ErrorKind::NotARepository
    );
    assert_eq!(
        Git::open("/no/such/folder").unwrap_err().kind(),
        ErrorKind::NotARepository
    );

    let git = Git::open(repo.folder.path())?;
    let error = git.run(["show", "nonsense"]).unwrap_err();
    let failure = error.git_failure().unwrap();
    assert_eq!(failure.command, "git show nonsense");
    assert_eq!(failure.exit_code, Some(128));
    assert!(error.to_string().contains("nonsense"), "{error}");

    assert_eq!(git.head()?.as_str(), c0);
    assert_eq!(git.branch()?.as_deref(), Some("main"));
    assert_eq!(git.show("HEAD", "a b.txt")?.as_deref(), Some(&b"1\n"[..]));
    assert_eq!(git.show("HEAD", "none")?, None);
    assert!(git.show("nonsense", "none").is_err());
    assert!(git.is_ancestor(&c0, "HEAD")?);
    assert!(git.commit_info("HEAD")?.parents.is_empty());
    assert_eq!(git.changed_by("HEAD")?, ["a b.txt"]);
    assert!(!git.is_dirty()?);
    fs::write(repo.folder.path().join("a b.txt"), "2\n")?;
    fs::write(repo.folder.path().join("ü"), "2\n")?;
    assert_eq!(git.dirty_paths()?, ["a b.txt", "ü"]);
    assert_eq!(git.changed_paths()?, ["a b.txt"]);

    let worktree = outside.path().join("tree");
    let inner = git.worktree_add(&worktree, "HEAD")?;
    assert_eq!(inner.head()?.as_str(), c0);
    assert!(!inner.is_dirty()?);
    git.worktree_remove(&worktree)?;
    git.worktree_remove(&worktree)?;
    let patch = "--- a/a b.txt\n+++ b/a b.txt\n@@ -1 +1 @@\n-2\n+3\n";
    git.run_with_input(["apply"], patch.as_bytes())?;
    assert_eq!(
        fs::read_to_string(repo.folder.path().join("a b.txt"))?,
        "3\n"
    );
    Ok(())
}
