//! Source languages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language whose log statements can be extracted; each is a cargo feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Language {
    /// Rust: `log`, `tracing`, `println!`, panics, macros named like them, wrappers of them.
    #[cfg(feature = "rust")]
    Rust,
    /// Java: log4j, slf4j, `java.util.logging`.
    #[cfg(feature = "java")]
    Java,
    /// Python: `logging` and what is named like it.
    #[cfg(feature = "python")]
    Python,
    /// JavaScript: console, winston, pino.
    #[cfg(feature = "javascript")]
    JavaScript,
}

impl Language {
    /// The language of a file by the ending of its name, if its feature is on.
    pub fn of_path(path: &str) -> Option<Self> {
        let (_, extension) = path.rsplit_once('.')?;
        match extension {
            #[cfg(feature = "rust")]
            "rs" => Some(Self::Rust),
            #[cfg(feature = "java")]
            "java" => Some(Self::Java),
            #[cfg(feature = "python")]
            "py" | "pyw" => Some(Self::Python),
            #[cfg(feature = "javascript")]
            "js" | "mjs" | "cjs" | "jsx" => Some(Self::JavaScript),
            _ => None,
        }
    }

    /// What stands between the parts of a path of modules.
    pub(crate) fn path_separator(self) -> &'static str {
        match self {
            #[cfg(feature = "rust")]
            Self::Rust => "::",
            #[allow(unreachable_patterns, reason = "languages are features")]
            _ => ".",
        }
    }

    /// Whether `#` starts a comment, rather than `//`.
    pub(crate) fn is_hash_commented(path: &str) -> bool {
        path.rsplit_once('.')
            .is_some_and(|(_, extension)| matches!(extension, "py" | "pyw" | "sh" | "rb" | "toml"))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name: &str = match *self {
            #[cfg(feature = "rust")]
            Self::Rust => "Rust",
            #[cfg(feature = "java")]
            Self::Java => "Java",
            #[cfg(feature = "python")]
            Self::Python => "Python",
            #[cfg(feature = "javascript")]
            Self::JavaScript => "JavaScript",
            #[allow(unreachable_patterns, reason = "languages are features")]
            _ => "no language",
        };
        f.pad(name)
    }
}
