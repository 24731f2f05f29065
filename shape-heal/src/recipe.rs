//! Recipes: fixes as data.

use std::{fs, path::Path, time::Duration};

use serde::Deserialize;
use shape_telemetry::AnomalyKind;

use crate::{Error, error::Repr};

/// A kind of fix, as data: when it applies, what it changes, how it is proven. See "Recipe format" in the README.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Recipe {
    /// The name that learning goes by: lower-case letters, digits and hyphens.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// How it changes the code.
    pub strategy: Strategy,
    /// What a person would need for it, in minutes; among equals the smaller goes first.
    pub effort_minutes: u32,
    /// How much harm a failure does.
    pub risk: Risk,
    /// The probability of success to begin with, before anything was learned; in 0..=1.
    pub prior: f64,
    /// When it may be tried.
    pub when: When,
    /// The regression test that comes with the fix.
    pub test: Option<TestTemplate>,
}

/// How a recipe changes the code.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Strategy {
    /// A structural rewrite near the traced line.
    Rewrite(RewriteRule),
    /// Taking back a suspect commit.
    Revert(RevertLimits),
}

/// The rewrite of a recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RewriteRule {
    /// The language, as ast-grep names it.
    pub language: String,
    /// ast-grep rules with `fix`, as YAML, several documents allowed.
    pub rules: String,
    /// The rules' file name, or the recipe's when they stand in it.
    pub rules_name: String,
    /// How far from the traced statement a match may lie.
    pub scope: Scope,
    /// Ids of rules that apply anywhere in the file, and only beside another rule (adding an import, for example).
    pub companions: Vec<String>,
}

/// How far from the traced statement a match may lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// In the function around the statement; within 40 lines where the function is not known.
    #[default]
    Function,
    /// Anywhere in the file.
    File,
    /// At most so many lines before or after the statement.
    Lines(u32),
}

/// What a revert may take back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevertLimits {
    /// At most so many commits in one revert (the suspect and the later ones on the same lines).
    pub max_commits: usize,
    /// At most so many suspects are tried.
    pub max_suspects: usize,
    /// No commit older than this.
    pub max_age: Duration,
    /// No commit that touches such a path.
    pub deny_paths: Vec<String>,
}

impl Default for RevertLimits {
    fn default() -> Self {
        Self {
            max_commits: 5,
            max_suspects: 5,
            max_age: DAY * 365,
            deny_paths: vec!["migrations/**".to_owned(), "**/migrations/**".to_owned()],
        }
    }
}

const DAY: Duration = Duration::from_secs(86_400);

/// How much harm a failure does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// A failure is noticed by the tests and easy to take back.
    #[default]
    Low,
    /// A failure may be noticed by users before it is taken back.
    Medium,
    /// A failure may lose data or money.
    High,
}

impl Risk {
    /// The cost of failure on the scale of the benefit (1 = all affected requests helped).
    pub fn cost(self) -> f64 {
        match self {
            Self::Low => 0.1,
            Self::Medium => 0.3,
            Self::High => 0.8,
        }
    }
}

/// Preconditions; all that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct When {
    /// The anomaly is of one of these kinds; empty means any.
    pub anomalies: Vec<AnomalyKind>,
    /// The traced message contains this.
    pub message: Option<String>,
    /// The anomaly's component has this name.
    pub component: Option<String>,
    /// The traced statement's file fits this glob.
    pub path: Option<String>,
}

/// The regression test of a recipe: also the reproduction, which must fail before the fix and pass after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestTemplate {
    /// Where the test goes, relative to the repository; with placeholders.
    pub path: String,
    /// Its text, with placeholders.
    pub text: String,
    /// Commands that run only this test, with placeholders; empty: the service's own test command.
    pub commands: Vec<String>,
}

impl Recipe {
    /// The id of the built-in revert, which a recipe of the same id replaces.
    pub const REVERT_SUSPECT: &'static str = "revert-suspect";

    /// The built-in recipe: take back the commit that brought the traced line, proven by replayed load.
    pub fn revert_suspect() -> Self {
        Self {
            id: Self::REVERT_SUSPECT.to_owned(),
            title: "Revert the suspect commit".to_owned(),
            strategy: Strategy::Revert(RevertLimits::default()),
            effort_minutes: 10,
            risk: Risk::Medium,
            prior: REVERT_PRIOR,
            when: When::default(),
            test: None,
        }
    }

    /// Reads a recipe. `name` is used in messages; the files it names are looked for in `folder`.
    ///
    /// ```
    /// use shape_heal::Recipe;
    ///
    /// let recipe = Recipe::from_toml(
    ///     r#"
    ///     id = "undo"
    ///     title = "Take back what broke it"
    ///     strategy = "revert"
    ///     [revert]
    ///     max_age_days = 30
    ///     "#,
    ///     "undo.toml",
    ///     ".".as_ref(),
    /// )?;
    /// assert_eq!(recipe.id, "undo");
    ///
    /// let mistake = Recipe::from_toml("id = \"undo\"\ntitel = \"\"", "undo.toml", ".".as_ref());
    /// let message = mistake.unwrap_err().to_string();
    /// assert!(message.starts_with("undo.toml:2:1: unknown field `titel`"), "{message}");
    /// # Ok::<(), shape_heal::Error>(())
    /// ```
    pub fn from_toml(text: &str, name: &str, folder: &Path) -> Result<Self, Error> {
        let source = Source { text, name, folder };
        let raw: Raw = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            source.error_at(at, error.message())
        })?;
        source.recipe(raw)
    }
}

/// Evidence for the priors: structural fixes at the traced line with a test that fails before and passes after hold
/// up more often than not; reverts help when the suspect is the culprit, which line history finds about as often as not.
const REWRITE_PRIOR: f64 = 0.6;
const REVERT_PRIOR: f64 = 0.5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: String,
    title: String,
    strategy: RawStrategy,
    #[serde(default = "fifteen")]
    effort_minutes: u32,
    #[serde(default)]
    risk: Risk,
    prior: Option<f64>,
    #[serde(default)]
    when: When,
    rewrite: Option<RawRewrite>,
    revert: Option<RawRevert>,
    test: Option<RawTest>,
}

fn fifteen() -> u32 {
    15
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawStrategy {
    Rewrite,
    Revert,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRewrite {
    language: String,
    rule: Option<String>,
    rules: Option<String>,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    companions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRevert {
    max_commits: Option<usize>,
    max_suspects: Option<usize>,
    max_age_days: Option<u32>,
    deny_paths: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTest {
    path: String,
    template: Option<String>,
    text: Option<String>,
    #[serde(default)]
    command: Vec<String>,
}

struct Source<'a> {
    text: &'a str,
    name: &'a str,
    folder: &'a Path,
}

impl Source<'_> {
    fn error_at(&self, offset: usize, message: &str) -> Error {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Repr::Recipe {
            place: format!("{}:{line}:{column}", self.name),
            message: message.trim().to_owned(),
        }
        .into()
    }

    /// An error at the place of a key (or table) that parsed but makes no sense.
    fn error(&self, key: &str, message: &str) -> Error {
        let mut offset = 0;
        for line in self.text.split_inclusive('\n') {
            let trimmed = line.trim_start();
            let indent = line.len() - trimmed.len();
            if trimmed.starts_with(&format!("[{key}]"))
                || trimmed
                    .strip_prefix(key)
                    .is_some_and(|rest| rest.trim_start().starts_with('='))
            {
                return self.error_at(offset + indent, message);
            }
            offset += line.len();
        }
        self.error_at(0, message)
    }

    fn recipe(&self, raw: Raw) -> Result<Recipe, Error> {
        let is_name = !raw.id.is_empty()
            && raw
                .id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_name {
            let message = format!(
                "`id = \"{}\"`: expected lower-case letters, digits and hyphens",
                raw.id
            );
            return Err(self.error("id", &message));
        }
        let strategy = match (raw.strategy, raw.rewrite, raw.revert) {
            (RawStrategy::Rewrite, Some(rewrite), None) => {
                Strategy::Rewrite(self.rewrite(rewrite)?)
            }
            (RawStrategy::Rewrite, None, None) => {
                return Err(self.error(
                    "strategy",
                    "`strategy = \"rewrite\"` needs a table `[rewrite]` with `language` and `rule` or `rules`",
                ));
            }
            (RawStrategy::Rewrite, _, Some(_)) => {
                return Err(self.error("revert", "`[revert]` belongs to `strategy = \"revert\"`"));
            }
            (RawStrategy::Revert, Some(_), _) => {
                return Err(
                    self.error("rewrite", "`[rewrite]` belongs to `strategy = \"rewrite\"`")
                );
            }
            (RawStrategy::Revert, None, revert) => Strategy::Revert(self.revert(revert)?),
        };
        if let Some(path) = &raw.when.path {
            self.glob("path", path)?;
        }
        let prior = raw.prior.unwrap_or(match strategy {
            Strategy::Rewrite(_) => REWRITE_PRIOR,
            Strategy::Revert(_) => REVERT_PRIOR,
        });
        if !(0.0 < prior && prior < 1.0) {
            let message = format!("`prior = {prior}`: expected a probability above 0 and below 1");
            return Err(self.error("prior", &message));
        }
        Ok(Recipe {
            id: raw.id,
            title: raw.title,
            strategy,
            effort_minutes: raw.effort_minutes,
            risk: raw.risk,
            prior,
            when: raw.when,
            test: raw.test.map(|test| self.test(test)).transpose()?,
        })
    }

    fn rewrite(&self, raw: RawRewrite) -> Result<RewriteRule, Error> {
        let (rules, rules_name) = match (raw.rule, raw.rules) {
            (Some(file), None) => (self.file("rule", &file)?, file),
            (None, Some(rules)) => (rules, self.name.to_owned()),
            (None, None) => {
                return Err(self.error(
                    "rewrite",
                    "`[rewrite]` needs `rule` (a file beside the recipe) or `rules` (ast-grep YAML)",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(self.error("rules", "give `rule` or `rules`, not both"));
            }
        };
        let rule = RewriteRule {
            language: raw.language,
            rules,
            rules_name,
            scope: raw.scope,
            companions: raw.companions,
        };
        #[cfg(feature = "rewrite")]
        crate::rewrite::check(&rule).map_err(|mistake| match mistake {
            crate::rewrite::RuleMistake::Language(message) => self.error("language", &message),
            crate::rewrite::RuleMistake::Companion(message) => self.error("companions", &message),
            crate::rewrite::RuleMistake::Rules(message) => Repr::Recipe {
                place: rule.rules_name.clone(),
                message,
            }
            .into(),
        })?;
        Ok(rule)
    }

    fn revert(&self, raw: Option<RawRevert>) -> Result<RevertLimits, Error> {
        let default = RevertLimits::default();
        let Some(raw) = raw else { return Ok(default) };
        let deny_paths = raw.deny_paths.unwrap_or(default.deny_paths);
        for pattern in &deny_paths {
            self.glob("deny_paths", pattern)?;
        }
        Ok(RevertLimits {
            max_commits: raw.max_commits.unwrap_or(default.max_commits),
            max_suspects: raw.max_suspects.unwrap_or(default.max_suspects),
            max_age: raw.max_age_days.map_or(default.max_age, |days| DAY * days),
            deny_paths,
        })
    }

    fn test(&self, raw: RawTest) -> Result<TestTemplate, Error> {
        let text = match (raw.template, raw.text) {
            (Some(file), None) => self.file("template", &file)?,
            (None, Some(text)) => text,
            (None, None) => {
                return Err(self.error(
                    "test",
                    "`[test]` needs `template` (a file beside the recipe) or `text`",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(self.error("text", "give `template` or `text`, not both"));
            }
        };
        let path = Path::new(&raw.path);
        let is_inside = path
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !is_inside || raw.path.is_empty() {
            let message = format!(
                "`path = \"{}\"`: expected a path inside the repository, without `..`",
                raw.path
            );
            return Err(self.error("path", &message));
        }
        Ok(TestTemplate {
            path: raw.path,
            text,
            commands: raw.command,
        })
    }

    fn file(&self, key: &str, name: &str) -> Result<String, Error> {
        let path = self.folder.join(name);
        fs::read_to_string(&path).map_err(|error| {
            let message = format!(
                "`{key} = \"{name}\"`: cannot read `{}`: {error}",
                path.display()
            );
            self.error(key, &message)
        })
    }

    fn glob(&self, key: &str, pattern: &str) -> Result<(), Error> {
        glob::Pattern::new(pattern).map(|_| ()).map_err(|error| {
            self.error(key, &format!("`{pattern}` is not a path pattern: {error}"))
        })
    }
}
