//! What a misspelt word was meant to be.

/// The candidate that is nearest to `word`, if it is near enough to be meant.
pub(super) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let seen: Vec<char> = word.to_lowercase().chars().collect();
    let close_enough = (seen.len() / 3).clamp(1, 3);
    candidates
        .iter()
        .map(|candidate| {
            let wanted: Vec<char> = candidate.to_lowercase().chars().collect();
            (distance(&seen, &wanted), *candidate)
        })
        .filter(|(distance, _)| *distance <= close_enough)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `: did you mean `target`?`, or nothing.
pub(super) fn hint(word: &str, candidates: &[&str]) -> String {
    nearest(word, candidates).map_or(String::new(), |name| format!(": did you mean `{name}`?"))
}

/// The least number of letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if 1 < i && 1 < j && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        let known = ["target", "window", "component", "indicator"];
        for (word, meant) in [
            ("taget", Some("target")),
            ("Target", Some("target")),
            ("tagret", Some("target")),
            ("windows", Some("window")),
            ("compnent", Some("component")),
            ("objective", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &known), meant, "{word}");
        }
    }
}
