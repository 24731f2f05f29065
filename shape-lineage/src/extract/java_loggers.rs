//! What Java classes say of loggers: which they hold, from whom they inherit, and to whom they hand theirs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tree_sitter::Node;

use super::{
    java_text::Texts,
    syntax::{arguments, part, text},
};

/// Syntax nested deeper than this is not looked into.
const MAX_DEPTH: usize = 200;

/// What a class says of loggers. Classes are named with their package and the classes around them; where a file does not
/// say in which package another class is, it is taken for one of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClassFacts {
    pub(crate) name: String,
    /// What it extends and implements.
    pub(crate) parents: Vec<String>,
    /// What each variable that holds a logger may be given; methods that return one are named with `()`.
    pub(crate) loggers: BTreeMap<String, BTreeSet<LoggerSource>>,
    /// The loggers that it hands to constructors.
    pub(crate) given: Vec<Given>,
    /// The loggers that heirs do not see.
    pub(crate) private: BTreeSet<String>,
    /// The types of its loggers.
    pub(crate) types: BTreeMap<String, String>,
}

/// A logger that is handed to a constructor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) class: String,
    pub(crate) argument: Argument,
    pub(crate) logger: LoggerSource,
}

/// A place in a list of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Argument {
    pub(crate) idx: usize,
    pub(crate) n_arguments: usize,
}

/// Where a logger comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum LoggerSource {
    /// It is that of a class.
    Class(String),
    /// It has a name of its own.
    Named(String),
    /// It is that of the object's class, which may be an heir of this one.
    Instance(String),
    /// It is what the constructor of a class was given.
    Argument(String, Argument),
    /// It is what a variable of a class holds.
    Variable(String, String),
    /// Nothing is known.
    Unknown,
}

/// The names that `import` brings, with their packages; the members of other classes too.
fn imports(source: &str) -> BTreeMap<&str, &str> {
    let lines = source.lines().map(str::trim);
    lines
        .filter_map(|line| {
            let rest = line.strip_prefix("import ")?;
            let rest = rest.strip_prefix("static ").unwrap_or(rest).trim_start();
            let name = rest.split(';').next()?.trim();
            Some((name.rsplit('.').next()?, name))
        })
        .filter(|(short, _)| *short != "*")
        .collect()
}

/// What the classes of a file say.
pub(super) struct Facts<'a> {
    pub(super) texts: Texts<'a>,
    package: &'a str,
    imports: BTreeMap<&'a str, &'a str>,
    /// The classes of the file, by their own names.
    declared: BTreeMap<&'a str, String>,
    pub(super) classes: Vec<ClassFacts>,
}

pub(super) fn is_class(kind: &str) -> bool {
    matches!(
        kind,
        "class_declaration" | "interface_declaration" | "enum_declaration" | "record_declaration"
    )
}

/// Whether a type is named like a logger.
fn is_logger_type(name: &str) -> bool {
    let name = name.split('<').next().unwrap_or(name).trim();
    let last = name.rsplit('.').next().unwrap_or(name);
    last == "Log" || last == "LOG" || last.ends_with("Logger") || last.ends_with("Log")
}

impl<'a> Facts<'a> {
    pub(super) fn read(root: Node<'_>, package: &'a str, texts: Texts<'a>) -> Self {
        let mut facts = Self {
            texts,
            package,
            imports: imports(texts.source),
            declared: BTreeMap::new(),
            classes: Vec::new(),
        };
        facts.declare(root, "", 0);
        facts.visit(root, None, 0);
        facts
    }

    /// Whether a variable of the file holds a logger.
    pub(super) fn is_logger(&self, variable: &str) -> bool {
        let mut classes = self.classes.iter();
        classes.any(|class| class.loggers.contains_key(variable))
    }

    /// The type of a variable that holds a logger, where it is the same wherever the file has one of that name.
    pub(super) fn type_of(&self, variable: &str) -> Option<&str> {
        let mut types = self
            .classes
            .iter()
            .filter_map(|class| class.types.get(variable));
        let first = types.next()?;
        types.all(|other| other == first).then_some(first)
    }

    /// The class whose member an `import static` brings.
    pub(super) fn imported_from(&self, member: &str) -> Option<&'a str> {
        let (class, _) = self.imports.get(member)?.rsplit_once('.')?;
        Some(class)
    }

    pub(super) fn text(&self, node: Node<'_>) -> &'a str {
        text(node, self.texts.source)
    }

    pub(super) fn part(&self, node: Node<'_>, name: &str) -> Option<&'a str> {
        part(node, name, self.texts.source)
    }

    /// Notes the names of all classes first: they may be used before they are declared.
    fn declare(&mut self, node: Node<'_>, outer: &str, depth: usize) {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let kind = child.kind();
            if is_class(kind)
                && let Some(name) = self.part(child, "name")
            {
                let full = join(
                    if outer.is_empty() {
                        self.package
                    } else {
                        outer
                    },
                    name,
                );
                if let Some(body) = child.child_by_field_name("body")
                    && depth < MAX_DEPTH
                {
                    self.declare(body, &full, depth + 1);
                }
                self.declared.entry(name).or_insert(full);
            } else if kind == "enum_body_declarations" && depth < MAX_DEPTH {
                self.declare(child, outer, depth + 1);
            }
        }
    }

    /// A class with its package, as well as the file knows it.
    pub(super) fn full_name(&self, spelled: &str) -> String {
        let spelled = spelled.split('<').next().unwrap_or(spelled).trim();
        let (first, rest) = spelled.split_once('.').unwrap_or((spelled, ""));
        let known = self.declared.get(first).map(String::as_str);
        match known.or_else(|| self.imports.get(first).copied()) {
            Some(full) => join(full, rest),
            None if first.starts_with(char::is_lowercase) => spelled.to_owned(),
            None => join(self.package, spelled),
        }
    }

    fn visit(&mut self, node: Node<'_>, class: Option<usize>, depth: usize) {
        if MAX_DEPTH < depth {
            return;
        }
        let mut inner = class;
        match node.kind() {
            kind if is_class(kind) => inner = self.class(node, class).or(class),
            "field_declaration" | "constant_declaration" | "local_variable_declaration" => {
                if let Some(class) = class {
                    self.declaration(node, class);
                }
            }
            "assignment_expression" => {
                if let Some(class) = class {
                    self.assignment(node, class);
                }
            }
            "method_declaration" => {
                if let Some(class) = class {
                    self.getter(node, class);
                }
            }
            "object_creation_expression" | "explicit_constructor_invocation" => {
                if let Some(class) = class {
                    self.creation(node, class);
                }
            }
            "method_invocation" => {
                if let Some(class) = class {
                    self.receiver(node, class);
                }
            }
            _ => {}
        }
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.visit(child, inner, depth + 1);
        }
    }

    fn class(&mut self, node: Node<'_>, outer: Option<usize>) -> Option<usize> {
        let name = self.part(node, "name")?;
        let around = outer.map_or(self.package, |outer| &self.classes[outer].name);
        let mut class = ClassFacts {
            name: join(around, name),
            ..ClassFacts::default()
        };
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            match child.kind() {
                "superclass" | "super_interfaces" | "extends_interfaces" => {
                    let spelled = self.text(child).trim_start_matches("extends");
                    let spelled = spelled.trim_start_matches("implements");
                    let all = without_generics(spelled);
                    let parents = all.split(',').map(|one| self.full_name(one.trim()));
                    class.parents.extend(parents);
                }
                "modifiers" => {
                    let modifiers = self.text(child);
                    if let Some(source) = annotated(modifiers, &class.name) {
                        let variable = if modifiers.contains("@Flogger") {
                            "logger"
                        } else {
                            "log"
                        };
                        class
                            .loggers
                            .insert(variable.to_owned(), BTreeSet::from([source]));
                    }
                }
                _ => {}
            }
        }
        self.classes.push(class);
        Some(self.classes.len() - 1)
    }

    fn declaration(&mut self, node: Node<'_>, class: usize) {
        let Some(declared) = self.part(node, "type") else {
            return;
        };
        let is_logger = is_logger_type(declared);
        let mut cursor = node.walk();
        let modifiers = node
            .named_children(&mut cursor)
            .find(|child| child.kind() == "modifiers");
        let modifiers = modifiers.map_or("", |modifiers| self.text(modifiers));
        let is_injected = modifiers.contains("Inject") || modifiers.contains("@Autowired");
        let is_private = modifiers.split_whitespace().any(|word| word == "private");
        let mut cursor = node.walk();
        for declarator in node.children_by_field_name("declarator", &mut cursor) {
            let Some(name) = self.part(declarator, "name") else {
                continue;
            };
            let value = declarator.child_by_field_name("value");
            let sources = match value {
                Some(value) if is_logger || self.makes_logger(value) => {
                    self.sources(value, class, 0)
                }
                None if is_logger && is_injected => {
                    BTreeSet::from([LoggerSource::Class(self.classes[class].name.clone())])
                }
                None if is_logger => BTreeSet::new(),
                _ => continue,
            };
            let full = self.full_name(declared);
            let facts = &mut self.classes[class];
            facts
                .loggers
                .entry(name.to_owned())
                .or_default()
                .extend(sources);
            facts.types.insert(name.to_owned(), full);
            if is_private {
                facts.private.insert(name.to_owned());
            }
        }
    }

    /// Whether an expression is `….getLogger(…)` or the like.
    fn makes_logger(&self, value: Node<'_>) -> bool {
        value.kind() == "method_invocation"
            && self.part(value, "name").is_some_and(|name| {
                name.contains("etLog") || name == "logger" || name == "forEnclosingClass"
            })
    }

    fn assignment(&mut self, node: Node<'_>, class: usize) {
        let (Some(left), Some(value)) =
            (self.part(node, "left"), node.child_by_field_name("right"))
        else {
            return;
        };
        let name = left.strip_prefix("this.").unwrap_or(left);
        let is_known = self.classes[class].loggers.contains_key(name)
            || name.to_ascii_lowercase().contains("log");
        if name.contains('.') || !is_known && !self.makes_logger(value) {
            return;
        }
        let sources = self.sources(value, class, 0);
        if !sources.is_empty() {
            let loggers = &mut self.classes[class].loggers;
            loggers.entry(name.to_owned()).or_default().extend(sources);
        }
    }

    /// `Logger log() { return LOG; }`
    fn getter(&mut self, node: Node<'_>, class: usize) {
        let is_logger = self.part(node, "type").is_some_and(is_logger_type);
        let parameters = node.child_by_field_name("parameters");
        if !is_logger || parameters.is_none_or(|list| 0 < list.named_child_count()) {
            return;
        }
        let body = node.child_by_field_name("body");
        let returned = body
            .filter(|body| body.named_child_count() == 1)
            .and_then(|body| body.named_child(0))
            .filter(|only| only.kind() == "return_statement")
            .and_then(|only| only.named_child(0));
        let sources = returned.map_or_else(BTreeSet::new, |value| self.sources(value, class, 0));
        if let (Some(name), Some(declared)) = (self.part(node, "name"), self.part(node, "type")) {
            let full = self.full_name(declared);
            let name = format!("{name}()");
            let facts = &mut self.classes[class];
            facts.types.insert(name.clone(), full);
            facts.loggers.entry(name).or_default().extend(sources);
        }
    }

    /// `LogFactory.getLog(A.class).warn("…")`: the call that gives the logger is the variable.
    fn receiver(&mut self, call: Node<'_>, class: usize) {
        let object = call.child_by_field_name("object");
        if let Some(object) = object.filter(|object| self.makes_logger(*object)) {
            let sources = self.sources(object, class, 0);
            let loggers = &mut self.classes[class].loggers;
            let spelled = text(object, self.texts.source).to_owned();
            loggers.entry(spelled).or_default().extend(sources);
        }
    }

    fn creation(&mut self, node: Node<'_>, class: usize) {
        let Some(list) = node.child_by_field_name("arguments") else {
            return;
        };
        let own = self.classes[class].name.clone();
        let created = match node.child_by_field_name("constructor") {
            Some(constructor) if constructor.kind() == "super" => {
                match self.classes[class].parents.first() {
                    Some(parent) => parent.clone(),
                    None => return,
                }
            }
            Some(_) => own,
            None => match self.part(node, "type") {
                Some(spelled) => self.full_name(spelled),
                None => return,
            },
        };
        let list = arguments(list);
        let n_arguments = list.len();
        for (idx, argument) in list.into_iter().enumerate() {
            let name = self.text(argument);
            let may_be = name.len() < 200
                && (name.to_ascii_lowercase().contains("log")
                    || self.classes[class].loggers.contains_key(name));
            if !may_be {
                continue;
            }
            for logger in self.sources(argument, class, 0) {
                if logger != LoggerSource::Unknown {
                    self.classes[class].given.push(Given {
                        class: created.clone(),
                        argument: Argument { idx, n_arguments },
                        logger,
                    });
                }
            }
        }
        let mut cursor = node.walk();
        let is_anonymous = node
            .named_children(&mut cursor)
            .any(|child| child.kind() == "class_body");
        if is_anonymous {
            let name = format!("{}$", self.classes[class].name);
            self.classes.push(ClassFacts {
                name,
                parents: vec![created],
                ..ClassFacts::default()
            });
        }
    }
}

fn join(head: &str, tail: &str) -> String {
    match (head, tail) {
        ("", name) | (name, "") => name.to_owned(),
        (head, tail) => format!("{head}.{tail}"),
    }
}

/// A list of types without what stands in angle brackets, where commas are.
fn without_generics(types: &str) -> String {
    let mut depth = 0_usize;
    let mut plain = String::new();
    for c in types.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

/// The logger that an annotation of Lombok gives a class: `@Slf4j`, `@Log4j2(topic = "audit")`.
fn annotated(modifiers: &str, class: &str) -> Option<LoggerSource> {
    const NAMES: [&str; 8] = [
        "@Slf4j",
        "@XSlf4j",
        "@Log4j2",
        "@Log4j",
        "@CommonsLog",
        "@JBossLog",
        "@Flogger",
        "@Log",
    ];
    let after = NAMES.iter().find_map(|name| {
        let (_, after) = modifiers.split_once(name)?;
        let is_whole = !after.starts_with(|c: char| c.is_alphanumeric());
        is_whole.then_some(after)
    })?;
    let topic = after
        .trim_start()
        .strip_prefix('(')
        .and_then(|inner| inner.split_once("topic"))
        .and_then(|(_, rest)| rest.split('"').nth(1));
    Some(match topic {
        Some(topic) => LoggerSource::Named(topic.to_owned()),
        None => LoggerSource::Class(class.to_owned()),
    })
}
