//! Which transitions a digest lists when it has too many.

use std::collections::BTreeSet;

/// At most `most` of the transitions, which are in the order in which they happened: the last one of each problem first of all, since
/// it says how things are now, and then the newest ones. They stay in their order.
///
/// ```
/// use weir_core::domain::notice::listed;
///
/// let all = vec![("a", 1), ("b", 2), ("b", 3), ("b", 4)];
/// assert_eq!(listed(all, 3, |(problem, _)| *problem), [("a", 1), ("b", 3), ("b", 4)]);
/// ```
pub fn listed<T>(all: Vec<T>, most: usize, problem: impl Fn(&T) -> &str) -> Vec<T> {
    if all.len() <= most {
        return all;
    }
    let mut problems = BTreeSet::new();
    let mut newest: Vec<(bool, usize)> =
        all.iter().enumerate().rev().map(|(place, one)| (!problems.insert(problem(one)), place)).collect();
    // The last ones of their problems are first now; the sort is stable.
    newest.sort_by_key(|(earlier, _)| *earlier);
    let kept: BTreeSet<usize> = newest.into_iter().take(most).map(|(_, place)| place).collect();
    all.into_iter().enumerate().filter(|(place, _)| kept.contains(place)).map(|(_, one)| one).collect()
}
