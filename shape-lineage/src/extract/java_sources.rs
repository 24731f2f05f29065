//! Where the logger that an expression of Java gives comes from.

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::{
    java_loggers::{Argument, Facts, LoggerSource, is_class},
    syntax::arguments,
};

impl Facts<'_> {
    /// Where the logger that an expression gives may come from.
    pub(super) fn sources(
        &self,
        value: Node<'_>,
        class: usize,
        depth: usize,
    ) -> BTreeSet<LoggerSource> {
        let own = || self.classes[class].name.clone();
        let one = |source| BTreeSet::from([source]);
        if 10 < depth {
            return one(LoggerSource::Unknown);
        }
        match value.kind() {
            "identifier" => {
                let name = self.text(value);
                one(self
                    .constructor_argument(value, name, class)
                    .unwrap_or_else(|| LoggerSource::Variable(own(), name.to_owned())))
            }
            "field_access" => {
                let name = self.part(value, "field").unwrap_or_default().to_owned();
                match self.part(value, "object") {
                    Some("this" | "super") => one(LoggerSource::Variable(own(), name)),
                    Some(object) if object.starts_with(char::is_uppercase) => {
                        one(LoggerSource::Variable(self.full_name(object), name))
                    }
                    _ => one(LoggerSource::Unknown),
                }
            }
            "ternary_expression" => ["consequence", "alternative"]
                .into_iter()
                .filter_map(|side| value.child_by_field_name(side))
                .flat_map(|side| self.sources(side, class, depth + 1))
                .collect(),
            "parenthesized_expression" | "cast_expression" => {
                let last = value.named_child_count().checked_sub(1);
                let inner = last.and_then(|last| value.named_child(u32::try_from(last).ok()?));
                inner.map_or_else(BTreeSet::new, |inner| self.sources(inner, class, depth + 1))
            }
            "method_invocation" | "object_creation_expression" => self.made(value, class, depth),
            "null_literal" => BTreeSet::new(),
            _ => one(LoggerSource::Unknown),
        }
    }

    /// Whose logger a call gives: `LoggerFactory.getLogger(…)`, `context.logger(…)`, `new PrefixLogger(log)`.
    fn made(&self, call: Node<'_>, class: usize, depth: usize) -> BTreeSet<LoggerSource> {
        let own = || LoggerSource::Class(self.classes[class].name.clone());
        let one = |source| BTreeSet::from([source]);
        let list = call.child_by_field_name("arguments").map(arguments);
        let list = list.unwrap_or_default();
        let Some(first) = list.first() else {
            let name = self.part(call, "name").unwrap_or_default();
            let object = self.part(call, "object");
            let is_factory = name.starts_with("getLog") && object.is_some_and(starts_upper)
                || matches!(name, "forEnclosingClass" | "getLoggerForClass");
            return one(if is_factory {
                own()
            } else if object.is_none_or(|object| object == "this" || object == "super") {
                LoggerSource::Variable(self.classes[class].name.clone(), format!("{name}()"))
            } else {
                LoggerSource::Unknown
            });
        };
        if let Some(source) = list
            .iter()
            .find_map(|argument| self.named_by(*argument, class))
        {
            return one(source);
        }
        if self.text(*first).contains("lookup()") {
            return one(own());
        }
        // A logger around another: it writes to that.
        let is_logger = |argument: &&Node<'_>| {
            matches!(argument.kind(), "identifier" | "method_invocation")
                && self.text(**argument).to_ascii_lowercase().contains("log")
        };
        match list.iter().find(is_logger) {
            Some(argument) => self.sources(*argument, class, depth + 1),
            None => one(LoggerSource::Unknown),
        }
    }

    /// The logger that an argument names: `A.class`, `getClass().getName()`, `"a.b"`, `A.class.getName() + ".audit"`.
    fn named_by(&self, argument: Node<'_>, class: usize) -> Option<LoggerSource> {
        let spelled = self.text(argument);
        if argument.kind() == "binary_expression" {
            let left = self.named_by(argument.child_by_field_name("left")?, class)?;
            let LoggerSource::Class(head) = left else {
                return self.constant_name(argument);
            };
            let tail = self.texts.message(argument.child_by_field_name("right")?);
            let tail = tail.single().filter(|tail| !tail.has_variables())?;
            return Some(LoggerSource::Named(format!("{head}{tail}")));
        }
        let class_of = spelled
            .trim_end_matches(".getName()")
            .trim_end_matches(".getCanonicalName()")
            .trim_end_matches(".getSimpleName()");
        if let Some(name) = class_of.strip_suffix(".class") {
            let is_name = name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$'));
            return is_name.then(|| LoggerSource::Class(self.full_name(name)));
        }
        if matches!(class_of, "getClass()" | "this.getClass()") {
            return Some(LoggerSource::Instance(self.classes[class].name.clone()));
        }
        if class_of.contains("lookup().lookupClass()") {
            return Some(LoggerSource::Class(self.classes[class].name.clone()));
        }
        self.constant_name(argument)
    }

    fn constant_name(&self, argument: Node<'_>) -> Option<LoggerSource> {
        let is_constant = matches!(
            argument.kind(),
            "string_literal" | "identifier" | "field_access" | "binary_expression"
        );
        let name = is_constant.then(|| self.texts.message(argument))?;
        let name = name.single().filter(|name| !name.has_variables())?;
        Some(LoggerSource::Named(name.to_string()))
    }

    /// The constructor's argument that a name stands for.
    fn constructor_argument(
        &self,
        node: Node<'_>,
        name: &str,
        class: usize,
    ) -> Option<LoggerSource> {
        let mut above = node.parent()?;
        while above.kind() != "constructor_declaration" {
            if above.kind() == "method_declaration" || is_class(above.kind()) {
                return None;
            }
            above = above.parent()?;
        }
        let list = arguments(above.child_by_field_name("parameters")?);
        let idx = list
            .iter()
            .position(|parameter| self.part(*parameter, "name") == Some(name))?;
        let n_arguments = list.len();
        Some(LoggerSource::Argument(
            self.classes[class].name.clone(),
            Argument { idx, n_arguments },
        ))
    }
}

fn starts_upper(name: &str) -> bool {
    name.rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with(char::is_uppercase))
}
