//! What holds for any source and any message.
#![cfg(feature = "rust")]

use proptest::prelude::*;
use shape_lineage::{MessageTemplate, Part, Query, SourceIndex};
use shape_telemetry::Level;

/// A format string and what it prints, in pieces: text or a value.
fn statement() -> impl Strategy<Value = (String, Vec<Option<String>>)> {
    let piece = prop_oneof![
        3 => "[a-z ]{1,8}".prop_map(Some),
        1 => Just(None),
        1 => "[:,;=(){}\"\\\\/é✓-]{1,3}".prop_map(Some),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| {
        let format: String = pieces
            .iter()
            .map(|piece| match piece {
                Some(text) => text
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('{', "{{")
                    .replace('}', "}}"),
                None => "{}".to_owned(),
            })
            .collect();
        (format, pieces)
    })
}

fn source(formats: &[String]) -> String {
    let mut text = "fn f(x: u32) {\n".to_owned();
    for format in formats {
        let values = ", x".repeat(format.replace("{{", "").matches("{}").count());
        text += &["    log::info!(\"", format, "\"", &values, ");\n"].concat();
    }
    text + "}\n"
}

proptest! {
    #[test]
    fn what_a_statement_prints_leads_back_to_it(
        statements in prop::collection::vec(statement(), 1..8),
        chosen in any::<prop::sample::Index>(),
        values in prop::collection::vec("[a-z0-9.]{0,6}", 6),
    ) {
        let formats: Vec<String> = statements.iter().map(|(format, _)| format.clone()).collect();
        let index = SourceIndex::from_sources([("src/lib.rs", source(&formats))]);
        prop_assert_eq!(index.statements().len(), formats.len());
        let chosen = chosen.index(formats.len());
        let pieces = &statements[chosen].1;
        let ends = [pieces.first(), pieces.last()];
        let n_open_ends = ends.iter().filter(|end| **end == Some(&None)).count();
        let has_empty = values.iter().any(String::is_empty);
        let mut values = values.iter();
        let message: String = statements[chosen]
            .1
            .iter()
            .map(|piece| match piece {
                Some(text) => text.clone(),
                None => values.next().cloned().unwrap_or_default(),
            })
            .collect();
        // Blanks beside an empty value at an end are cut off with it; the tests of the template look at that.
        prop_assume!(!message.is_empty() && (n_open_ends == 0 || !has_empty));
        let line = u32::try_from(chosen).unwrap() + 2;
        if let Some(found) = index.match_text(&Query::message(&message).level(Level::Info)) {
            // The statement itself, or better ones by the amount of text: never a worse one alone.
            let own = index.statements()[chosen].message.literal_chars();
            let holds = found.statements.iter().any(|s| s.location.line.get() == line);
            prop_assert!(
                holds || own <= found.literal_chars,
                "{message:?} from {:?} led to {found:?}", formats[chosen]
            );
        } else {
            // No answer only for want of text.
            prop_assert!(
                index.statements()[chosen].message.literal_chars() < 5,
                "{:?} from {:?} was not found", message, formats[chosen]
            );
        }
    }

    #[test]
    fn values_put_back_give_the_message(
        pieces in prop::collection::vec(prop_oneof!["[a-z]{1,3}".prop_map(Some), Just(None)], 0..7),
        message in "[a-z]{0,12}",
    ) {
        let text: String = pieces.iter().map(|piece| piece.as_deref().unwrap_or("<*>")).collect();
        let template = MessageTemplate::from_text(&text);
        if let Some(values) = template.values(&message) {
            let mut values = values.into_iter();
            let rebuilt: String = template
                .parts()
                .iter()
                .map(|part| match part {
                    Part::Text(text) => text.as_str(),
                    Part::Variable(_) => values.next().unwrap_or_default(),
                })
                .collect();
            prop_assert_eq!(rebuilt, message);
        }
    }

    #[test]
    fn any_text_is_read_without_panic(
        noise in "(?s)[\\PC\\n\"'{}()#!;,rb\\\\/*]{0,200}",
        path in prop_oneof![Just("a.rs"), Just("a.java"), Just("a.py"), Just("a.js"), Just("Cargo.toml")],
    ) {
        let index = SourceIndex::from_sources([(path, noise.as_str())]);
        let _ = index.locate(&Query::message(&noise));
        // And in the middle of code.
        let code = format!("fn f() {{ info!(\"a {{}}\", x); {noise} warn!(\"b\", {noise}) }}");
        let index = SourceIndex::from_sources([(path, code.as_str())]);
        let _ = index.locate(&Query::message("a 1").target(&noise));
    }

    #[test]
    fn order_of_files_does_not_matter(seed in any::<u64>()) {
        let mut files: Vec<(String, String)> = (0..6)
            .map(|n| (format!("src/m{n}.rs"), source(&["same text".to_owned(), format!("text {n} {{}}")])))
            .collect();
        files.push(("Cargo.toml".to_owned(), "[package]\nname = \"a\"\n".to_owned()));
        let sorted = SourceIndex::from_sources(files.clone());
        let n_files = u64::try_from(files.len()).unwrap();
        for at in 0..files.len() {
            let other = usize::try_from((seed >> at) % n_files).unwrap();
            files.swap(at, other);
        }
        let shuffled = SourceIndex::from_sources(files);
        prop_assert_eq!(sorted.statements(), shuffled.statements());
        for message in ["same text", "text 3 x"] {
            prop_assert_eq!(
                sorted.locate(&Query::message(message)),
                shuffled.locate(&Query::message(message))
            );
        }
    }
}
