//! Whether a history gets worse.

use shape_sli::Events;

/// The failures of a week hang together.
const WEEK: usize = 7;
/// With fewer weeks a trend can not be told from chance.
const LEAST_WEEKS: usize = 8;
/// One-sided, at 5 %.
const SIGNIFICANT: f64 = 1.645;

/// By how much the share of failures will have grown beyond the mean of the history, if it goes on to grow for half as long
/// as it was watched; `None` unless it grows beyond chance.
///
/// The test is that of Mann (1945) and Kendall, the slope the median of all slopes (Theil 1950, Sen 1968): neither minds
/// single bad weeks.
pub(crate) fn worsening(days: &[Events]) -> Option<f64> {
    let weeks: Vec<f64> = days
        .rchunks(WEEK)
        .filter(|week| week.len() == WEEK)
        .filter_map(|week| week.iter().copied().sum::<Events>().error_ratio())
        .rev()
        .collect();
    if weeks.len() < LEAST_WEEKS {
        return None;
    }
    let mut score = 0_i32;
    let mut slopes = Vec::new();
    for (index, earlier) in weeks.iter().enumerate() {
        for (distance, later) in (1_u32..).zip(&weeks[index + 1..]) {
            let rise = later - earlier;
            score += i32::from(0.0 < rise) - i32::from(rise < 0.0);
            slopes.push(rise / f64::from(distance));
        }
    }
    let n = f64::from(u32::try_from(weeks.len()).ok()?);
    let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    if (f64::from(score) - 1.0) / deviation < SIGNIFICANT {
        return None;
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let slope = slopes.get(slopes.len() / 2).copied()?;
    // From the middle of the history to its end, and as far again.
    (0.0 < slope).then_some(slope * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(bad: impl Iterator<Item = u64>) -> Vec<Events> {
        bad.map(|bad| Events::from_good_bad(10_000 - bad, bad))
            .collect()
    }

    #[test]
    fn what_gets_worse_is_told_from_chance() {
        // One failure more each week: 20 weeks on it is ten above the mean, and ten more as far again.
        let growth = worsening(&days((0..140).map(|day| day / 7))).unwrap();
        assert!((growth - 20.0 / 10_000.0).abs() < 1e-9, "{growth}");
        assert_eq!(worsening(&days((0..140).map(|day| 20 - day / 7))), None);
        assert_eq!(worsening(&days((0..140).map(|_| 3))), None);
        // One very bad week at the end is no trend.
        assert_eq!(
            worsening(&days((0..140).map(|day| if day < 133 { 3 } else { 5_000 }))),
            None
        );
        assert_eq!(worsening(&days(0..55)), None);
        assert_eq!(worsening(&vec![Events::NONE; 140]), None);
    }
}
