//! Structural rewrites near a traced line, by ast-grep rules.

use std::ops::RangeInclusive;

use ast_grep_config::{CombinedScan, GlobalRules, RuleConfig, from_multiple, from_yaml_string};
use ast_grep_core::Node;
use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_language::{LanguageExt, SupportLang};
use serde::Deserialize;

use crate::{RewriteRule, Scope};

/// Lines around the statement that count as near when its function is not known.
const NEAR: u32 = 40;

/// What is wrong with the rules of a recipe.
pub(crate) enum RuleMistake {
    Language(String),
    Companion(String),
    Rules(String),
}

/// A rewritten file.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// The line of the first edit, from 1.
    pub(crate) line: u32,
    /// The rules that matched, with the line of each match.
    pub(crate) edits: Vec<(String, u32)>,
}

#[derive(Deserialize)]
struct LanguageOnly {
    language: SupportLang,
}

/// Whether the grammar is compiled in: ast-grep panics without.
fn is_compiled_in(language: SupportLang) -> bool {
    let compiled = [
        (SupportLang::Rust, cfg!(feature = "rust")),
        (SupportLang::Python, cfg!(feature = "python")),
        (SupportLang::JavaScript, cfg!(feature = "javascript")),
        (SupportLang::TypeScript, cfg!(feature = "typescript")),
        (SupportLang::Tsx, cfg!(feature = "typescript")),
        (SupportLang::Java, cfg!(feature = "java")),
        (SupportLang::Go, cfg!(feature = "go")),
    ];
    compiled.contains(&(language, true))
}

fn language(name: &str) -> Result<SupportLang, RuleMistake> {
    let known = "rust, python, javascript, typescript, tsx, java, go";
    let language: SupportLang = name.parse().map_err(|_| {
        RuleMistake::Language(format!("`language = \"{name}\"`: expected one of {known}"))
    })?;
    if is_compiled_in(language) {
        return Ok(language);
    }
    Err(RuleMistake::Language(format!(
        "`language = \"{name}\"`: this build has no grammar for it; switch on the feature of shape-heal that is named \
         after the language (there are {known})"
    )))
}

fn parse(rule: &RewriteRule) -> Result<Vec<RuleConfig<SupportLang>>, RuleMistake> {
    let expected = language(&rule.language)?;
    let documents = from_multiple::<LanguageOnly>(&rule.rules)
        .map_err(|error| RuleMistake::Rules(error.to_string()))?;
    if let Some(other) = documents
        .iter()
        .find(|document| document.language != expected)
    {
        return Err(RuleMistake::Rules(format!(
            "a rule has `language: {}`, but the recipe says `{}`",
            other.language, rule.language
        )));
    }
    let configs = from_yaml_string::<SupportLang>(&rule.rules, &GlobalRules::default())
        .map_err(|error| RuleMistake::Rules(chain(&error)))?;
    if configs.is_empty() {
        return Err(RuleMistake::Rules("there is no rule in it".to_owned()));
    }
    if let Some(config) = configs.iter().find(|config| config.fixer.is_empty()) {
        return Err(RuleMistake::Rules(format!(
            "rule `{}` has no `fix`",
            config.id
        )));
    }
    Ok(configs)
}

/// The message of an error and of its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Finds mistakes in the rules of a recipe.
pub(crate) fn check(rule: &RewriteRule) -> Result<(), RuleMistake> {
    let configs = parse(rule)?;
    for companion in &rule.companions {
        if !configs.iter().any(|config| config.id == *companion) {
            let ids: Vec<&str> = configs.iter().map(|config| config.id.as_str()).collect();
            return Err(RuleMistake::Companion(format!(
                "`{companion}` is not the id of a rule in `{}`; there are: {}",
                rule.rules_name,
                ids.join(", ")
            )));
        }
    }
    if configs
        .iter()
        .all(|config| rule.companions.contains(&config.id))
    {
        return Err(RuleMistake::Companion(
            "all rules are companions, so that none would ever apply".to_owned(),
        ));
    }
    Ok(())
}

struct Match {
    rule: String,
    is_companion: bool,
    line: u32,
    distance: u32,
    start: usize,
    deleted: usize,
    inserted: Vec<u8>,
}

/// Rewrites `source` near `line`; an explanation when nothing matches there or the result does not parse.
pub(crate) fn rewrite(
    rule: &RewriteRule,
    source: &str,
    line: u32,
    function: Option<(u32, u32)>,
) -> Result<Rewritten, String> {
    let configs = parse(rule).map_err(|mistake| match mistake {
        RuleMistake::Language(text) | RuleMistake::Companion(text) | RuleMistake::Rules(text) => {
            text
        }
    })?;
    let lang = language(&rule.language).map_err(|_| "unknown language".to_owned())?;
    let (near, near_name) = window(rule.scope, line, function);
    let root = lang.ast_grep(source);
    let scan = CombinedScan::new(configs.iter().collect());
    let mut matches = Vec::new();
    let mut outside = Vec::new();
    for (config, found) in scan.scan(&root, true).diffs {
        let Some(fixer) = config.fixer.first() else {
            continue;
        };
        let (first, last) = (
            one_based(found.start_pos().line()),
            one_based(found.end_pos().line()),
        );
        let is_companion = rule.companions.contains(&config.id);
        if !is_companion && (*near.end() < first || last < *near.start()) {
            outside.push(first);
            continue;
        }
        let edit = found.make_edit(&config.matcher, fixer);
        matches.push(Match {
            rule: config.id.clone(),
            is_companion,
            line: first,
            distance: if line < first {
                first - line
            } else {
                line.saturating_sub(last)
            },
            start: edit.position,
            deleted: edit.deleted_length,
            inserted: edit.inserted_text,
        });
    }
    let chosen = choose(matches);
    if !chosen.iter().any(|found| !found.is_companion) {
        let elsewhere = if outside.is_empty() {
            "nor anywhere else in the file".to_owned()
        } else {
            let lines: Vec<String> = outside.iter().map(u32::to_string).collect();
            format!("only at line {}", lines.join(", "))
        };
        return Err(format!(
            "no rule of `{}` matches in {near_name}, {elsewhere}",
            rule.rules_name
        ));
    }
    let text = apply(source, &chosen)?;
    let (before, after) = (
        mistakes(&root.root()),
        mistakes(&lang.ast_grep(&text).root()),
    );
    if before < after {
        return Err(format!(
            "the result does not parse: {after} syntax errors, {before} before"
        ));
    }
    if text == source {
        return Err("the rule matches, but its fix changes nothing".to_owned());
    }
    let mut edits: Vec<(String, u32)> = chosen
        .into_iter()
        .map(|found| (found.rule, found.line))
        .collect();
    edits.sort_by_key(|(_, line)| *line);
    Ok(Rewritten {
        text,
        line: edits.first().map_or(line, |(_, line)| *line),
        edits,
    })
}

fn window(scope: Scope, line: u32, function: Option<(u32, u32)>) -> (RangeInclusive<u32>, String) {
    let around = |n: u32| line.saturating_sub(n).max(1)..=line.saturating_add(n);
    match (scope, function) {
        (Scope::Function, Some((first, last))) => (
            first..=last,
            format!("the function at lines {first} to {last}"),
        ),
        (Scope::Function, None) => (around(NEAR), format!("{NEAR} lines around line {line}")),
        (Scope::File, _) => (1..=u32::MAX, "the file".to_owned()),
        (Scope::Lines(n), _) => (around(n), format!("{n} lines around line {line}")),
    }
}

/// The nearest match of each rule, the smallest among those as near; where two overlap, the smaller one stays.
fn choose(mut matches: Vec<Match>) -> Vec<Match> {
    matches.sort_by_key(|found| {
        (
            found.is_companion,
            found.distance,
            found.deleted,
            found.start,
        )
    });
    let mut nearest: Vec<Match> = Vec::new();
    for found in matches {
        if !nearest.iter().any(|other| other.rule == found.rule) {
            nearest.push(found);
        }
    }
    nearest.sort_by_key(|found| {
        (
            found.is_companion,
            found.deleted,
            found.distance,
            found.start,
        )
    });
    let mut chosen: Vec<Match> = Vec::new();
    for found in nearest {
        let overlaps = chosen.iter().any(|other| {
            found.start < other.start + other.deleted.max(1)
                && other.start < found.start + found.deleted.max(1)
        });
        if !overlaps {
            chosen.push(found);
        }
    }
    chosen
}

fn apply(source: &str, chosen: &[Match]) -> Result<String, String> {
    let mut order: Vec<&Match> = chosen.iter().collect();
    order.sort_by_key(|found| std::cmp::Reverse(found.start));
    let mut bytes = source.as_bytes().to_vec();
    for found in order {
        bytes.splice(
            found.start..found.start + found.deleted,
            found.inserted.iter().copied(),
        );
    }
    String::from_utf8(bytes).map_err(|_| "the result is not UTF-8".to_owned())
}

fn mistakes(root: &Node<'_, StrDoc<SupportLang>>) -> usize {
    root.dfs()
        .filter(|node| node.is_error() || node.is_missing())
        .count()
}

fn one_based(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX - 1) + 1
}

#[cfg(all(test, feature = "rust"))]
mod tests {
    use super::*;

    fn rule(rules: &str, scope: Scope) -> RewriteRule {
        RewriteRule {
            language: "rust".to_owned(),
            rules: rules.to_owned(),
            rules_name: "r.yml".to_owned(),
            scope,
            companions: Vec::new(),
        }
    }

    const UNWRAP: &str =
        "id: u\nlanguage: rust\nrule: {pattern: $A.unwrap()}\nfix: $A.unwrap_or_default()\n";
    const SOURCE: &str =
        "fn a() {\n    x.unwrap();\n}\nfn b() {\n    y.unwrap();\n    log();\n    z.unwrap();\n}\n";

    #[test]
    fn the_nearest_match_in_the_function_is_rewritten() {
        let done = rewrite(&rule(UNWRAP, Scope::Function), SOURCE, 7, Some((4, 8))).unwrap();
        assert_eq!(
            done.text,
            SOURCE.replace("z.unwrap()", "z.unwrap_or_default()")
        );
        assert_eq!((done.line, done.edits.len()), (7, 1));
    }

    #[test]
    fn a_match_out_of_scope_is_explained() {
        let text = rewrite(&rule(UNWRAP, Scope::Lines(0)), SOURCE, 1, None).unwrap_err();
        assert_eq!(
            text,
            "no rule of `r.yml` matches in 0 lines around line 1, only at line 2, 5, 7"
        );
    }

    #[test]
    fn a_companion_applies_only_beside_another_rule() {
        let import = "---\nid: i\nlanguage: rust\nrule: {pattern: use std::fmt;}\nfix: |-\n  use std::fmt;\n  use std::io;\n";
        let mut both = rule(&format!("{UNWRAP}{import}"), Scope::Function);
        both.companions = vec!["i".to_owned()];
        let source = format!("use std::fmt;\n{SOURCE}");
        let done = rewrite(&both, &source, 3, Some((2, 4))).unwrap();
        assert!(
            done.text.starts_with("use std::fmt;\nuse std::io;\n"),
            "{}",
            done.text
        );
        assert!(rewrite(&both, "use std::fmt;\nfn a() {}\n", 2, None).is_err());
    }

    #[test]
    fn a_result_that_does_not_parse_is_refused() {
        let broken = UNWRAP.replace("$A.unwrap_or_default()", "$A.unwrap_or_default(");
        let text = rewrite(&rule(&broken, Scope::File), SOURCE, 2, None).unwrap_err();
        assert!(text.starts_with("the result does not parse"), "{text}");
    }

    #[test]
    fn an_owner_can_opt_out_by_a_comment() {
        let source = SOURCE.replace(
            "    x.unwrap();",
            "    // ast-grep-ignore: u\n    x.unwrap();",
        );
        assert!(rewrite(&rule(UNWRAP, Scope::Function), &source, 3, Some((1, 4))).is_err());
    }

    #[cfg(feature = "python")]
    #[test]
    fn python_is_rewritten() {
        let mut python = rule(
            "id: t\nlanguage: python\nrule: {pattern: fetch($URL)}\nfix: fetch($URL, timeout=2)\n",
            Scope::Function,
        );
        python.language = "python".to_owned();
        let source = "def price(sku):\n    log.warning('slow')\n    return fetch(url(sku))\n";
        let done = rewrite(&python, source, 2, None).unwrap();
        assert!(
            done.text.ends_with("return fetch(url(sku), timeout=2)\n"),
            "{}",
            done.text
        );
    }

    #[cfg(feature = "javascript")]
    #[test]
    fn javascript_is_rewritten() {
        let mut javascript = rule(
            "id: d\nlanguage: javascript\nrule: {pattern: \"addEventListener('resize', $F)\"}\n\
             fix: addEventListener('resize', debounce($F, 100))\n",
            Scope::File,
        );
        javascript.language = "javascript".to_owned();
        let source = "addEventListener('scroll', draw);\naddEventListener('resize', draw);\n";
        let done = rewrite(&javascript, source, 1, None).unwrap();
        assert!(
            done.text
                .ends_with("addEventListener('resize', debounce(draw, 100));\n")
        );
    }
}
