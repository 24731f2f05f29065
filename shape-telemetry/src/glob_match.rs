//! Wildcards in rules: `*` is any text, `?` one character.

/// Whether all of `text` fits `pattern`; linear but for the repeats after a `*`.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn wildcards() {
        assert!(matches("studio::canvas*", "studio::canvas::render"));
        assert!(matches("*", ""));
        assert!(matches("a*b*c", "aXbXbYc"));
        assert!(matches("a?c", "abc"));
        assert!(!matches("a*b", "abc"));
        assert!(!matches("", "a"));
    }
}
