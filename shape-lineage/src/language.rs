//! Source languages.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language whose log statements can be extracted; each is found where its cargo feature is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Language {
    /// Rust: `log`, `tracing`, `println!`, panics, macros named like them, wrappers of them.
    Rust,
    /// Java: log4j, slf4j, `java.util.logging`.
    Java,
    /// Python: `logging` and what is named like it.
    Python,
    /// JavaScript: console, winston, pino.
    JavaScript,
    /// TypeScript: as JavaScript.
    TypeScript,
    /// Go: `log`, `slog`, zap, logrus, zerolog, klog, `fmt.Print`, panics.
    Go,
    /// Kotlin: as Java, and loggers that take a lambda.
    Kotlin,
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
            #[cfg(feature = "typescript")]
            "ts" | "mts" | "cts" | "tsx" => Some(Self::TypeScript),
            #[cfg(feature = "go")]
            "go" => Some(Self::Go),
            #[cfg(feature = "kotlin")]
            "kt" | "kts" => Some(Self::Kotlin),
            _ => None,
        }
    }

    /// What stands between the parts of a path of modules.
    pub(crate) fn path_separator(self) -> &'static str {
        match self {
            Self::Rust => "::",
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
        f.pad(match self {
            Self::Rust => "Rust",
            Self::Java => "Java",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::TypeScript => "TypeScript",
            Self::Go => "Go",
            Self::Kotlin => "Kotlin",
        })
    }
}
