//! What the objects of a file's own classes write: their `toString`, and the names of enums.

use tree_sitter::Node;

use super::{
    java_text::Texts,
    syntax::{Alternatives, part, text},
};

impl<'a> Texts<'a> {
    /// What a variable writes whose type is a class of this file that no other class extends.
    pub(super) fn written_by_type(self, variable: Node<'_>, depth: usize) -> Option<Alternatives> {
        const MAX_DEPTH: usize = 20;
        if MAX_DEPTH < depth {
            return None;
        }
        let class = self.class_named(variable, self.declared_type(variable)?)?;
        let body = class.child_by_field_name("body")?;
        let written = match self.to_string_of(body) {
            Some(returned) => {
                let mut written = Alternatives::new();
                self.write(returned, &mut written, depth + 10);
                written
            }
            None if class.kind() == "enum_declaration" => self.names_of_enum(body)?,
            None => return None,
        };
        written.has_text().then_some(written)
    }

    /// The type that the method or the class around a variable declares it with.
    fn declared_type(self, variable: Node<'_>) -> Option<&'a str> {
        let source = self.source;
        let name = text(variable, source);
        let mut inner = variable;
        while let Some(above) = inner.parent() {
            let mut cursor = above.walk();
            for before in above.named_children(&mut cursor) {
                let declared = match before.kind() {
                    "local_variable_declaration" | "field_declaration" => before
                        .child_by_field_name("declarator")
                        .and_then(|declarator| part(declarator, "name", source)),
                    "formal_parameter" => part(before, "name", source),
                    "formal_parameters" => {
                        let mut cursor = before.walk();
                        let parameter = before
                            .named_children(&mut cursor)
                            .find(|parameter| part(*parameter, "name", source) == Some(name));
                        if let Some(parameter) = parameter {
                            return part(parameter, "type", source);
                        }
                        None
                    }
                    _ => None,
                };
                if declared == Some(name) {
                    return part(before, "type", source);
                }
            }
            if above.kind() == "enhanced_for_statement" && part(above, "name", source) == Some(name)
            {
                return part(above, "type", source);
            }
            if above.kind() == "class_declaration" {
                return None;
            }
            inner = above;
        }
        None
    }

    /// A class or enum of the file, if no other class of it extends it.
    fn class_named<'n>(self, node: Node<'n>, name: &str) -> Option<Node<'n>> {
        let source = self.source;
        if source.contains(&format!("extends {name}")) {
            return None;
        }
        let mut root = node;
        while let Some(above) = root.parent() {
            root = above;
        }
        // Classes in classes in classes; what stands in methods is not looked at.
        let mut open = vec![(root, 0)];
        while let Some((here, depth)) = open.pop() {
            let mut cursor = here.walk();
            for child in here.named_children(&mut cursor) {
                let is_class = matches!(child.kind(), "class_declaration" | "enum_declaration");
                if is_class && part(child, "name", source) == Some(name) {
                    let is_inner = 0 < depth;
                    let is_enum = child.kind() == "enum_declaration";
                    let is_final = child
                        .named_child(0)
                        .is_some_and(|first| text(first, source).contains("final"));
                    return (is_inner || is_enum || is_final).then_some(child);
                }
                if matches!(
                    child.kind(),
                    "class_declaration"
                        | "enum_declaration"
                        | "interface_declaration"
                        | "class_body"
                        | "enum_body"
                        | "interface_body"
                        | "enum_body_declarations"
                ) && depth < 20
                {
                    open.push((child, depth + 1));
                }
            }
        }
        None
    }

    /// What the `toString` in a class gives, if it is one expression at its end.
    fn to_string_of(self, body: Node<'_>) -> Option<Node<'_>> {
        let source = self.source;
        let mut open = vec![body];
        while let Some(here) = open.pop() {
            let mut cursor = here.walk();
            for member in here.named_children(&mut cursor) {
                if member.kind() == "enum_body_declarations" {
                    open.push(member);
                }
                if member.kind() != "method_declaration"
                    || part(member, "name", source) != Some("toString")
                    || part(member, "parameters", source) != Some("()")
                {
                    continue;
                }
                let block = member.child_by_field_name("body")?;
                if 1 < text(block, source).matches("return ").count() {
                    return None;
                }
                let mut cursor = block.walk();
                return block
                    .named_children(&mut cursor)
                    .find(|statement| statement.kind() == "return_statement")?
                    .named_child(0);
            }
        }
        None
    }

    fn names_of_enum(self, body: Node<'_>) -> Option<Alternatives> {
        if text(body, self.source).contains("toString()") {
            return None;
        }
        let mut cursor = body.walk();
        let mut names: Option<Alternatives> = None;
        for constant in body.named_children(&mut cursor) {
            if constant.kind() != "enum_constant" {
                continue;
            }
            let mut name = Alternatives::new();
            name.push_text(part(constant, "name", self.source)?);
            match &mut names {
                Some(names) => names.or(name),
                None => names = Some(name),
            }
        }
        names.filter(|names| names.0.len() <= Alternatives::MAX)
    }
}
