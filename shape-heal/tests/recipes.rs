//! Recipes as files: what is read, and what is said about mistakes.
#![cfg(feature = "rust")]

use std::path::Path;

use shape_heal::{ErrorKind, Recipe, RecipeBook, Scope, Strategy};

const RULE: &str = "id: r\nlanguage: rust\nrule: { pattern: a($A) }\nfix: b($A)\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_folder_of_recipes_is_read_in_order_and_has_the_built_in_revert() {
    let folder = folder(&[
        (
            "b.toml",
            "id = \"b\"\ntitle = \"B\"\nstrategy = \"rewrite\"\n[rewrite]\nlanguage = \"rust\"\nrule = \"b.yml\"\n\
             scope = { lines = 10 }\n[test]\npath = \"tests/{{id}}.rs\"\ntemplate = \"b.test.rs\"\n",
        ),
        ("b.yml", RULE),
        ("b.test.rs", "// {{message}}\n"),
        (
            "a.toml",
            "id = \"a\"\ntitle = \"A\"\nstrategy = \"revert\"\n[revert]\nmax_commits = 2\n",
        ),
        ("notes.txt", "not a recipe"),
    ]);
    let book = RecipeBook::from_dir(folder.path()).unwrap();
    let ids: Vec<&str> = book
        .recipes()
        .iter()
        .map(|recipe| recipe.id.as_str())
        .collect();
    assert_eq!(ids, ["a", "b", "revert-suspect"]);
    let Strategy::Rewrite(rule) = &book.get("b").unwrap().strategy else {
        panic!("{book:?}");
    };
    assert_eq!(rule.scope, Scope::Lines(10));
    assert_eq!(rule.rules, RULE);
    assert_eq!(
        book.get("b").unwrap().test.as_ref().unwrap().text,
        "// {{message}}\n"
    );
    assert_eq!(book.without("revert-suspect").recipes().len(), 2);
}

#[test]
fn a_recipe_replaces_the_built_in_revert() {
    let text = "id = \"revert-suspect\"\ntitle = \"Mine\"\nstrategy = \"revert\"\n";
    let folder = folder(&[("x.toml", text)]);
    let book = RecipeBook::from_dir(folder.path()).unwrap();
    assert_eq!(book.recipes().len(), 1);
    assert_eq!(book.recipes()[0].title, "Mine");
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let folder = folder(&[
        ("good.yml", RULE),
        ("bad.yml", "id: r\nlanguage: rust\nrul: {}\n"),
    ]);
    let error = Recipe::from_toml(text, "r.toml", folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Recipe);
    let message = error.to_string();
    assert!(
        message.contains(expected),
        "\n{message}\ndoes not contain\n{expected}"
    );
}

const HEAD: &str = "id = \"x\"\ntitle = \"X\"\nstrategy = \"rewrite\"\n";

#[test]
fn mistakes_are_reported_with_their_place() {
    check("id = \"x\"\n", "r.toml:1:1: missing field `title`");
    check("id = \n", "r.toml:1:");
    check(
        &format!("{HEAD}risc = \"low\"\n"),
        "r.toml:4:1: unknown field `risc`, expected one of `id`",
    );
    check(
        &format!("{HEAD}risk = \"lwo\"\n"),
        "r.toml:4:8: unknown variant `lwo`, expected one of `low`",
    );
    check(
        HEAD,
        "r.toml:3:1: `strategy = \"rewrite\"` needs a table `[rewrite]`",
    );
    check(
        "id = \"X Y\"\ntitle = \"\"\nstrategy = \"revert\"",
        "r.toml:1:1: `id = \"X Y\"`: expected lower-case",
    );
    check(
        &format!("{HEAD}[when]\nanomalies = [\"blocking\"]\n"),
        "r.toml:5:14: unknown variant `blocking`, expected one of `new_template`",
    );
    check(
        &format!("{HEAD}[rewrite]\nlanguage = \"rust\"\nrule = \"none.yml\"\n"),
        "r.toml:6:1: `rule = \"none.yml\"`: cannot read",
    );
    check(
        &format!("{HEAD}[rewrite]\nlanguage = \"cobol\"\nrule = \"good.yml\"\n"),
        "r.toml:5:1: `language = \"cobol\"`: expected one of rust, python",
    );
    check(
        &format!("{HEAD}[rewrite]\nlanguage = \"rust\"\nrule = \"bad.yml\"\n"),
        "bad.yml: ",
    );
    check(
        &format!("{HEAD}[rewrite]\nlanguage = \"rust\"\n"),
        "r.toml:4:1: `[rewrite]` needs `rule`",
    );
    check(
        &format!(
            "{HEAD}[rewrite]\nlanguage = \"rust\"\nrule = \"good.yml\"\ncompanions = [\"i\"]\n"
        ),
        "r.toml:7:1: `i` is not the id of a rule in `good.yml`; there are: r",
    );
    check(
        "id = \"x\"\ntitle = \"X\"\nstrategy = \"revert\"\n[test]\npath = \"../x\"\ntext = \"\"\n",
        "r.toml:5:1: `path = \"../x\"`: expected a path inside the repository",
    );
    check(
        "id = \"x\"\ntitle = \"X\"\nstrategy = \"revert\"\nprior = 1.0\n",
        "r.toml:4:1: `prior = 1`: expected a probability",
    );
}

#[cfg(not(feature = "python"))]
#[test]
fn a_language_without_its_feature_is_named() {
    check(
        &format!("{HEAD}[rewrite]\nlanguage = \"python\"\nrule = \"good.yml\"\n"),
        "this build has no grammar for it; switch on the feature of shape-heal that is named after the language",
    );
}

#[test]
fn a_missing_folder_is_named() {
    let error = RecipeBook::from_dir(Path::new("no/such/folder")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read `no/such/folder`"),
        "{error}"
    );
}
