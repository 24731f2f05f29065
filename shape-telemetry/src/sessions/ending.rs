//! Sessions that are cut off because the log ends.

use crate::{
    number::{len, to_f64},
    statistics,
};

/// P value below which a heap of unfinished sessions at the end is no chance, corrected for the places looked at.
const MAX_P: f64 = 1e-6;
/// A heap is at least this many times denser than the rest.
const MIN_LIFT: f64 = 5.0;

/// How many of the last sessions the end of the log cuts off, given which ones would be normal if they went on.
///
/// Sessions of a log are in the order in which they begin: where many of the last ones are unfinished and few of those
/// before, the log ended before they did.
pub(super) fn cut_off(unfinished: &[bool]) -> usize {
    let n = len(unfinished.len());
    let all = len(unfinished.iter().filter(|&&is| is).count());
    let mut best = (MAX_P / to_f64(n.max(1)), 0);
    let mut inside = 0_u64;
    for (before, &is) in unfinished.iter().rev().enumerate() {
        if !is {
            continue;
        }
        inside += 1;
        let width = len(before + 1);
        // The heap is the smaller part of what is judged.
        if n < 2 * width {
            break;
        }
        let base = (to_f64(all - inside) + 1.0) / to_f64(n - width + 1);
        if to_f64(inside) / to_f64(width) < MIN_LIFT * base {
            continue;
        }
        let p = statistics::at_least(inside, width, base);
        if p < best.0 {
            best = (p, before + 1);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::cut_off;

    #[test]
    fn a_heap_at_the_end_is_told_from_chance() {
        let spread: Vec<bool> = (0..4_000).map(|n| n % 50 == 0).collect();
        assert_eq!(cut_off(&spread), 0);
        let mut heap = spread.clone();
        for (n, is) in heap.iter_mut().enumerate().skip(3_900) {
            *is = n % 3 != 0;
        }
        assert!((95..=105).contains(&cut_off(&heap)), "{}", cut_off(&heap));
        assert_eq!(cut_off(&[]), 0);
        assert_eq!(cut_off(&[true; 100]), 0, "all of them are no heap");
    }
}
