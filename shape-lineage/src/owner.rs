//! Who owns a file, by the repository's `CODEOWNERS`.

use glob::{MatchOptions, Pattern};

/// Places in which a repository keeps the file, first found first used.
#[cfg(feature = "git")]
const PLACES: [&str; 5] = [
    ".github/CODEOWNERS",
    ".gitlab/CODEOWNERS",
    ".gitea/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
];

/// The rules of a `CODEOWNERS` file, as GitHub and GitLab read them.
///
/// The last rule that matches a path decides; in a file with GitLab's sections, the last of each section. A rule without
/// owners takes its section's, or says that there are none.
///
/// ```
/// use shape_lineage::CodeOwners;
///
/// let owners = CodeOwners::parse("*.rs @rust\n/src/canvas/ @graphics ann@example.org\n");
/// assert_eq!(owners.of("src/main.rs"), ["@rust"]);
/// assert_eq!(owners.of("src/canvas/resize.rs"), ["@graphics", "ann@example.org"]);
/// assert!(owners.of("README.md").is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeOwners {
    sections: Vec<Vec<Rule>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    matching: Matching,
    owners: Vec<String>,
}

/// What a pattern that matches a folder says of the files in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matching {
    /// `docs/`: it is about them only.
    Below,
    /// `docs/*`: nothing, as is said of this form only.
    Itself,
    /// `docs`: it is about them too.
    Both,
}

/// A blank in a name is as good as any character, `*` does not go beyond a folder, and a leading point is nothing special.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

impl CodeOwners {
    /// Reads a file; lines that are no rule are skipped.
    pub fn parse(text: &str) -> Self {
        let mut sections = vec![Vec::new()];
        let mut of_section: Vec<String> = Vec::new();
        for line in text.lines() {
            let words = words(line);
            let Some((first, owners)) = words.split_first() else {
                continue;
            };
            if first.starts_with('[') || first.starts_with("^[") {
                // `^[Optional section][2] @owner`: its name may have blanks.
                let end = line.rfind(']').map_or(line.len(), |at| at + 1);
                of_section = self::words(&line[end..]);
                sections.push(Vec::new());
                continue;
            }
            let owners = if owners.is_empty() {
                of_section.clone()
            } else {
                owners.to_vec()
            };
            if let Some(section) = sections.last_mut() {
                section.push(Rule::new(first, owners));
            }
        }
        sections.retain(|section| !section.is_empty());
        Self { sections }
    }

    /// The file of a repository at a commit; `None` where it has none.
    ///
    /// # Errors
    /// When git fails, or does not have the commit.
    #[cfg(feature = "git")]
    pub fn of_commit(git: &crate::Git, revision: &str) -> Result<Option<Self>, crate::Error> {
        for place in PLACES {
            if let Some(content) = git.show(revision, place)? {
                return Ok(Some(Self::parse(&String::from_utf8_lossy(&content))));
            }
        }
        Ok(None)
    }

    /// The owners of a path below the repository's root, as the file names them.
    pub fn of(&self, path: &str) -> Vec<String> {
        let path = path.trim_start_matches('/');
        let mut owners: Vec<String> = Vec::new();
        for section in &self.sections {
            let rule = section.iter().rev().find(|rule| rule.is_match(path));
            for owner in rule.into_iter().flat_map(|rule| &rule.owners) {
                if !owners.contains(owner) {
                    owners.push(owner.clone());
                }
            }
        }
        owners
    }
}

/// The words of a line up to a comment; a backslash makes the next character an ordinary one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.extend(chars.next()),
            '#' if word.is_empty() => break,
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

impl Rule {
    fn new(text: &str, owners: Vec<String>) -> Self {
        let matching = if text.ends_with('/') {
            Matching::Below
        } else if text.ends_with("/*") {
            Matching::Itself
        } else {
            Matching::Both
        };
        let inner = text.trim_end_matches('/');
        // As in `.gitignore`: a name is looked for everywhere, a path from the root.
        let glob = match inner.strip_prefix('/') {
            Some(path) => path.to_owned(),
            None if inner.contains('/') => inner.to_owned(),
            None => format!("**/{inner}"),
        };
        Self {
            // What is no pattern is a name.
            pattern: Pattern::new(&glob)
                .or_else(|_| Pattern::new(&Pattern::escape(&glob)))
                .unwrap_or_default(),
            matching,
            owners,
        }
    }

    fn is_match(&self, path: &str) -> bool {
        let is_match = |path: &str| self.pattern.matches_with(path, OPTIONS);
        let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        match self.matching {
            Matching::Itself => is_match(path),
            Matching::Below => folders.any(is_match),
            Matching::Both => is_match(path) || folders.any(is_match),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let owners = CodeOwners::parse(&format!("{pattern} @o"));
        for path in matching {
            assert_eq!(owners.of(path), ["@o"], "{pattern} should match {path}");
        }
        for path in others {
            assert!(
                owners.of(path).is_empty(),
                "{pattern} should not match {path}"
            );
        }
    }

    /// The cases that GitHub's documentation of the file explains.
    #[test]
    fn patterns_mean_what_the_documentation_says() {
        check("*", &["a", "a/b.rs"], &[]);
        check("*.js", &["a.js", "src/deep/a.js"], &["a.jsx", "js"]);
        check(
            "/build/logs/",
            &["build/logs/a", "build/logs/b/c"],
            &["x/build/logs/a", "build/logs"],
        );
        check(
            "docs/*",
            &["docs/getting-started.md"],
            &["docs/build-app/troubleshooting.md", "a/docs/b.md"],
        );
        check("apps/", &["apps/a", "x/apps/b/c"], &["apps"]);
        check("/docs/", &["docs/a/b"], &["x/docs/a"]);
        check("/scripts/", &["scripts/x.sh"], &[]);
        check(
            "**/logs",
            &["build/logs/x", "logs/a", "deep/logs"],
            &["logs2/a"],
        );
        check(
            "/apps/github",
            &["apps/github", "apps/github/x"],
            &["apps/githubs"],
        );
        check("a/**/z.rs", &["a/z.rs", "a/b/c/z.rs"], &["z.rs", "a/z.rst"]);
        check("/src/ma?n.rs", &["src/main.rs"], &["src/man.rs"]);
        check("with\\ blank.md", &["with blank.md"], &["with"]);
        check("\\#file", &["#file"], &[]);
    }

    #[test]
    fn the_last_rule_decides_and_may_say_nobody() {
        let owners =
            CodeOwners::parse("# Everything\n* @all\n/apps/ @octo @cat # the app\n/apps/github\n");
        assert_eq!(owners.of("x"), ["@all"]);
        assert_eq!(owners.of("apps/y"), ["@octo", "@cat"]);
        assert!(owners.of("apps/github/z").is_empty());
    }

    #[test]
    fn each_section_has_a_say() {
        let owners = CodeOwners::parse(
            "*.rs @rust\n[Graphics of the page] @graphics\nsrc/canvas/\n^[Tests][2]\n*.rs @tests\n",
        );
        assert_eq!(
            owners.of("src/canvas/a.rs"),
            ["@rust", "@graphics", "@tests"]
        );
        assert_eq!(owners.of("src/b.rs"), ["@rust", "@tests"]);
    }
}
