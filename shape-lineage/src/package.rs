//! Which package and module a source file is.

use std::{cell::RefCell, collections::BTreeMap};

#[cfg(feature = "java")]
use crate::extract::JavaConstants;
#[cfg(feature = "rust")]
use crate::extract::MacroBook;
use crate::{Language, extract::Surroundings, index::ByFolder, walk::SourceText};

/// The packages of a source tree.
#[derive(Debug)]
pub(crate) struct Packages {
    crates: ByFolder<Crate>,
    #[cfg(feature = "rust")]
    macros: BTreeMap<String, MacroBook>,
    #[cfg(feature = "rust")]
    no_macros: MacroBook,
    #[cfg(feature = "java")]
    java_constants: JavaConstants,
    /// The names of the surroundings in each crate, and in no crate, as they are asked for.
    names: RefCell<BTreeMap<Option<String>, String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Crate {
    package: String,
    lib_name: String,
}

/// All that a value holds is in its debug form, in an order of its own.
#[cfg(any(feature = "rust", feature = "java"))]
fn name_of(surroundings: &impl std::fmt::Debug) -> String {
    crate::blob_id(format!("{surroundings:?}").as_bytes())
}

/// Whether a file holds the texts of a program in its first language: `Strings.properties`, not `Strings_de.properties`.
#[cfg(feature = "java")]
pub(crate) fn is_bundle(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(stem) = name.strip_suffix(".properties") else {
        return false;
    };
    let is_locale =
        |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    !stem.split('_').skip(1).any(is_locale)
}

impl Packages {
    pub(crate) fn read(files: &[SourceText]) -> Self {
        let crates = ByFolder(
            files
                .iter()
                .filter_map(|file| {
                    let folder = file.path.strip_suffix("Cargo.toml")?;
                    let manifest = Crate::read(&file.text)?;
                    Some((folder.trim_end_matches('/').to_owned(), manifest))
                })
                .collect(),
        );
        #[cfg(feature = "rust")]
        let macros = {
            let mut sources: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            let is_rust =
                |file: &&SourceText| Language::of_path(&file.path) == Some(Language::Rust);
            for file in files.iter().filter(is_rust) {
                let folder = crates.nearest(&file.path).map_or("", |(folder, _)| folder);
                sources
                    .entry(folder.to_owned())
                    .or_default()
                    .push(&file.text);
            }
            sources
                .into_iter()
                .map(|(folder, sources)| (folder, MacroBook::learn(sources)))
                .collect()
        };
        Self {
            crates,
            #[cfg(feature = "rust")]
            macros,
            #[cfg(feature = "rust")]
            no_macros: MacroBook::default(),
            #[cfg(feature = "java")]
            java_constants: JavaConstants::learn(files.iter().filter_map(|file| {
                let is_java = Language::of_path(&file.path) == Some(Language::Java);
                is_java.then(|| (crate::place::stem(&file.path), file.text.as_str()))
            }))
            .with_bundles(files.iter().filter_map(|file| {
                is_bundle(&file.path).then_some((file.path.as_str(), file.text.as_str()))
            })),
            names: RefCell::default(),
        }
    }

    /// What the files around one say about it.
    pub(crate) fn surroundings(&self, path: &str) -> Surroundings<'_> {
        Surroundings {
            #[cfg(feature = "typescript")]
            has_markup: path.rsplit('.').next() == Some("tsx"),
            macros: self.macros(path),
            #[cfg(feature = "java")]
            java_constants: &self.java_constants,
        }
    }

    /// A name for what the files around one say about it: equal names, equal surroundings.
    pub(crate) fn surroundings_name(&self, language: Language, path: &str) -> String {
        let surroundings = self.surroundings(path);
        match language {
            #[cfg(feature = "rust")]
            Language::Rust => {
                let folder = self.crates.nearest(path).map_or("", |(folder, _)| folder);
                let mut names = self.names.borrow_mut();
                let name = names
                    .entry(Some(folder.to_owned()))
                    .or_insert_with(|| name_of(surroundings.macros));
                name.clone()
            }
            #[cfg(feature = "java")]
            Language::Java => {
                let mut names = self.names.borrow_mut();
                let name = names
                    .entry(None)
                    .or_insert_with(|| name_of(surroundings.java_constants));
                name.clone()
            }
            #[cfg(feature = "typescript")]
            Language::TypeScript => surroundings.has_markup.to_string(),
            _ => {
                let _ = surroundings;
                String::new()
            }
        }
    }

    /// The macros of the crate that a file belongs to.
    #[cfg(feature = "rust")]
    fn macros(&self, path: &str) -> &MacroBook {
        let folder = self.crates.nearest(path).map_or("", |(folder, _)| folder);
        self.macros.get(folder).unwrap_or(&self.no_macros)
    }

    #[cfg(not(feature = "rust"))]
    fn macros(&self, _path: &str) -> &() {
        &()
    }

    /// The module that a file is, without those inside it; empty where unknown.
    pub(crate) fn module(&self, language: Language, path: &str) -> String {
        match language {
            #[cfg(feature = "rust")]
            Language::Rust => self.rust_module(path).unwrap_or_default(),
            Language::Python => {
                let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
                let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
                stem.strip_prefix("src/").unwrap_or(stem).replace('/', ".")
            }
            // The package of a Java file is in the file.
            _ => String::new(),
        }
    }

    #[cfg(feature = "rust")]
    fn rust_module(&self, path: &str) -> Option<String> {
        let (folder, manifest) = self.crates.nearest(path)?;
        let inside = path[folder.len()..].trim_start_matches('/');
        let stem = inside.strip_suffix(".rs")?;
        let mut parts: Vec<&str> = stem.split('/').collect();
        let root = match parts.as_slice() {
            ["src", "main"] => return Some(manifest.package.clone()),
            ["build"] => return Some("build_script_build".to_owned()),
            ["src", "bin", name, ..] | ["examples" | "tests" | "benches", name, ..] => {
                let n_root = parts.iter().position(|part| part == name)? + 1;
                let root = (*name).to_owned();
                parts.drain(..n_root);
                if parts.last() == Some(&"main") {
                    parts.pop();
                }
                root
            }
            ["src", ..] => {
                parts.remove(0);
                manifest.lib_name.clone()
            }
            _ => manifest.lib_name.clone(),
        };
        if parts
            .last()
            .is_some_and(|last| matches!(*last, "mod" | "lib"))
        {
            parts.pop();
        }
        let mut module = root.replace('-', "_");
        for part in parts {
            module.push_str("::");
            module.push_str(part);
        }
        Some(module)
    }
}

impl Crate {
    /// The names in a manifest; only as much TOML as that takes.
    fn read(manifest: &str) -> Option<Self> {
        let mut section = "";
        let mut package = None;
        let mut library = None;
        for line in manifest.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']', ' ']);
            } else if let Some((key, value)) = line.split_once('=')
                && key.trim() == "name"
            {
                let name = value.split('#').next()?.trim().trim_matches(['"', '\'']);
                match section {
                    "package" => package = Some(name.replace('-', "_")),
                    "lib" => library = Some(name.replace('-', "_")),
                    _ => {}
                }
            }
        }
        let package = package?;
        Some(Self {
            lib_name: library.unwrap_or_else(|| package.clone()),
            package,
        })
    }
}
