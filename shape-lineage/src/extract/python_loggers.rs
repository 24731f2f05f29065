//! Whose loggers the names in a Python file stand for.

use std::collections::BTreeMap;

use super::RawTarget;

/// `log = logging.getLogger(__name__)`, by variable; in a class or a function by `self.log` too.
///
/// A name that is given two different loggers is one of a logger that is not known.
pub(super) fn loggers(source: &str) -> BTreeMap<&str, RawTarget> {
    let mut found = BTreeMap::new();
    let mut add = |name, target: &RawTarget| {
        found
            .entry(name)
            .and_modify(|known| {
                if known != target {
                    *known = RawTarget::Unknown;
                }
            })
            .or_insert_with(|| target.clone());
    };
    for line in source.lines() {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let name = name.split(':').next().unwrap_or(name).trim();
        // Each class has an attribute of its own: what another gives it counts too.
        let is_attribute = name.starts_with("self.") && value.trim() != "None";
        let unknown = || is_attribute.then_some(RawTarget::Unknown);
        let Some(target) = logger(value).or_else(unknown) else {
            continue;
        };
        let plain = name.strip_prefix("self.").unwrap_or(name);
        if !is_name(plain) {
            continue;
        }
        let margin = line.len() - line.trim_start().len();
        let is_global = || source.contains(&format!("global {name}"));
        if margin == 0 || plain.len() < name.len() || is_global() {
            add(name, &target);
        } else if margin <= 4
            && let Some(own) = OWN.iter().find(|own| own[5..] == *plain)
        {
            // An attribute of a class. Deeper, it is a variable that may hold the logger of a caller too.
            add(own, &target);
        }
    }
    found
}

/// The usual names of attributes that hold a logger.
const OWN: [&str; 8] = [
    "self.log",
    "self.logger",
    "self._log",
    "self._logger",
    "self.LOG",
    "self.LOGGER",
    "self.__log",
    "self.__logger",
];

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The logger that an expression makes, if it makes one.
fn logger(value: &str) -> Option<RawTarget> {
    let at = value
        .find("etLogger(")
        .or_else(|| value.find("et_logger("))?;
    let (_, rest) = value[at..].split_once('(')?;
    let (argument, after) = rest.split_once(')')?;
    let argument = argument.trim();
    let text = argument
        .strip_prefix(['"', '\''])
        .and_then(|text| text.strip_suffix(['"', '\'']));
    let is_plain = after
        .split('#')
        .next()
        .is_some_and(|after| after.trim().is_empty());
    Some(match text {
        _ if !is_plain => RawTarget::Unknown,
        Some(name) if !name.contains(['"', '\'']) => RawTarget::Named(name.to_owned()),
        None if argument == "__name__" => RawTarget::File,
        _ => RawTarget::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loggers_by_variable() {
        let source = "log = logging.getLogger(__name__)\nwire: Logger = logging.getLogger('a.wire')  # all\n\
                      class A:\n    logger = logging.getLogger(\"a.own\")\n    def f(self):\n        \
                      self.sub = getLogger(f'{a}.b')\n        self.mine = getLogger('m')\n        self.mine = make()\n        twice = getLogger('x')\n\
                      child = logging.getLogger('a').getChild('b')\ndef g():\n    global shared\n    \
                      if not shared:\n        shared = logging.getLogger('s')\n";
        let found = loggers(source);
        let named = |name: &str| RawTarget::Named(name.to_owned());
        assert_eq!(found["log"], RawTarget::File);
        assert_eq!(found["wire"], named("a.wire"));
        assert_eq!(found["self.logger"], named("a.own"));
        assert_eq!(found["shared"], named("s"));
        for unknown in ["self.sub", "self.mine", "child"] {
            assert_eq!(found[unknown], RawTarget::Unknown, "{unknown}");
        }
        assert!(!found.contains_key("twice"));
    }
}
