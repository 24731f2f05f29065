//! Rules as YAML.

use std::{collections::BTreeMap, fmt};

use super::{RuleFile, RuleKind};
use crate::file::quoted;

impl fmt::Display for RuleFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut indent = "";
        if let Some(resource) = &self.resource {
            f.write_str("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n")?;
            writeln!(f, "  name: {}", quoted(&resource.name))?;
            if let Some(namespace) = &resource.namespace {
                writeln!(f, "  namespace: {}", quoted(namespace))?;
            }
            map(f, "  ", "labels", &resource.labels)?;
            map(f, "  ", "annotations", &resource.annotations)?;
            f.write_str("spec:\n")?;
            indent = "  ";
        }
        if self.groups.is_empty() {
            return writeln!(f, "{indent}groups: []");
        }
        writeln!(f, "{indent}groups:")?;
        for group in &self.groups {
            writeln!(f, "{indent}- name: {}", quoted(&group.name))?;
            if let Some(interval) = &group.interval {
                writeln!(f, "{indent}  interval: {}", quoted(interval))?;
            }
            writeln!(f, "{indent}  rules:")?;
            for rule in &group.rules {
                let kind = match rule.kind {
                    RuleKind::Record => "record",
                    RuleKind::Alert => "alert",
                };
                writeln!(f, "{indent}  - {kind}: {}", quoted(&rule.name))?;
                expression(f, indent, &rule.expr)?;
                if let Some(hold) = &rule.hold {
                    writeln!(f, "{indent}    for: {}", quoted(hold))?;
                }
                let inner = format!("{indent}    ");
                map(f, &inner, "labels", &rule.labels)?;
                map(f, &inner, "annotations", &rule.annotations)?;
            }
        }
        Ok(())
    }
}

/// A block of lines where YAML gives back exactly those lines, else one quoted line.
fn expression(f: &mut fmt::Formatter<'_>, indent: &str, expr: &str) -> fmt::Result {
    let body = expr.trim();
    let is_block = body.contains('\n') && !body.chars().any(|c| c.is_control() && c != '\n');
    if !is_block {
        return writeln!(f, "{indent}    expr: {}", serde_json::Value::from(body));
    }
    writeln!(f, "{indent}    expr: |")?;
    for line in body.lines() {
        if line.trim().is_empty() {
            writeln!(f)?;
        } else {
            writeln!(f, "{indent}      {line}")?;
        }
    }
    Ok(())
}

fn map(
    f: &mut fmt::Formatter<'_>,
    indent: &str,
    name: &str,
    entries: &BTreeMap<String, String>,
) -> fmt::Result {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(f, "{indent}{name}:")?;
    for (name, value) in entries {
        writeln!(f, "{indent}  {}: {}", quoted(name), quoted(value))?;
    }
    Ok(())
}
