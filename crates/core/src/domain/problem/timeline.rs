//! A pair's timeline, walked from its first comparable report to its last.

use super::{End, Episode, Kind, Rules, compare};
use crate::domain::Timestamp;
use crate::domain::level::{Level, Measurement};

/// The first instant at which both sensors are known. Before it nothing can be said from the measurements.
pub(super) fn start(current: &[Measurement], following: &[Measurement]) -> Option<Timestamp> {
    Some(current.first()?.at.max(following.first()?.at))
}

/// The episodes of a pair, from the measurements of both (each ascending). `carried` is an episode known to be open
/// when the timeline starts, and `ended` when it was found to be over by itself: the reports before the timeline count
/// for that, as long as none that is known now contradicts. `cuts` are the instants (ascending) at which a person declared the pair resolved.
pub(super) fn episodes(
    current: &[Measurement],
    following: &[Measurement],
    rules: &Rules,
    carried: Option<Episode>,
    ended: Option<Timestamp>,
    cuts: &[End],
) -> Vec<Episode> {
    let mut walk = Walk { rules, cuts, open: carried, ended, finds: None, quiet: 0, done: Vec::new() };
    let (mut current, mut following) = (current.iter().peekable(), following.iter().peekable());
    let (mut here, mut there): (Option<&Measurement>, Option<&Measurement>) = (None, None);
    while let Some(at) = [current.peek(), following.peek()].into_iter().flatten().map(|m| m.at).min() {
        here = current.next_if(|m| m.at == at).or(here);
        there = following.next_if(|m| m.at == at).or(there);
        walk.cut_before(at);
        if let (Some(here), Some(there)) = (here, there) {
            let apart = here.at.millis_since(there.at).saturating_abs();
            if apart <= rules.silent_after_seconds.saturating_mul(1000) {
                walk.step(at, here.level, there.level);
            }
        }
    }
    walk.finish()
}

/// A run of reports that found something while no episode is open.
struct Finds {
    since: Timestamp,
    reports: u32,
}

struct Walk<'a> {
    rules: &'a Rules,
    cuts: &'a [End],
    open: Option<Episode>,
    ended: Option<Timestamp>,
    finds: Option<Finds>,
    quiet: u32,
    done: Vec<Episode>,
}

impl Walk<'_> {
    /// One report, with both levels as of it.
    fn step(&mut self, at: Timestamp, current: Level, there: Level) {
        let following = Some(there);
        match (compare(current, there, self.rules.tolerance), &mut self.open) {
            (Some(kind), Some(open)) => {
                (self.quiet, self.ended) = (0, None);
                if (open.kind, open.current, open.following) != (kind, current, following) {
                    (open.kind, open.current, open.following, open.changed_at) = (kind, current, following, at);
                }
            }
            (Some(kind), None) => self.find(at, kind, current, there),
            (None, Some(open)) => {
                self.quiet += 1;
                if self.quiet >= self.rules.close_after || self.ended == Some(at) {
                    (open.current, open.following, open.changed_at) = (current, following, at);
                    self.close(End { at, by: None });
                }
            }
            (None, None) => self.finds = None,
        }
    }

    fn find(&mut self, at: Timestamp, kind: Kind, current: Level, following: Level) {
        let finds = self.finds.get_or_insert(Finds { since: at, reports: 0 });
        finds.reports += 1;
        if finds.reports >= self.rules.open_after {
            let began = finds.since;
            self.open = Some(Episode { kind, began, end: None, current, following: Some(following), changed_at: at });
            self.finds = None;
            self.quiet = 0;
        }
    }

    /// Ends what a person declared resolved before the report at `at`.
    fn cut_before(&mut self, at: Timestamp) {
        while let Some((cut, rest)) = self.cuts.split_first().filter(|(cut, _)| cut.at < at) {
            self.cuts = rest;
            self.cut(cut);
        }
    }

    fn cut(&mut self, cut: &End) {
        self.finds = None;
        if self.open.as_ref().is_some_and(|open| open.began <= cut.at) {
            self.close(cut.clone());
        }
    }

    fn close(&mut self, end: End) {
        (self.quiet, self.ended) = (0, None);
        self.done.extend(self.open.take().map(|open| Episode { end: Some(end), ..open }));
    }

    fn finish(mut self) -> Vec<Episode> {
        for cut in self.cuts {
            self.cut(cut);
        }
        self.done.extend(self.open);
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::super::Person;
    use super::*;

    fn series(levels: &[(i64, u8)]) -> Vec<Measurement> {
        let at = |(seconds, level): &(i64, u8)| Measurement {
            at: Timestamp::from_seconds(*seconds),
            level: Level::new(f64::from(*level)).unwrap(),
        };
        levels.iter().map(at).collect()
    }

    /// (kind, began, ended) in seconds.
    fn walked(current: &[(i64, u8)], following: &[(i64, u8)], rules: Rules) -> Vec<(Kind, i64, Option<i64>)> {
        episodes(&series(current), &series(following), &rules, None, None, &[])
            .into_iter()
            .map(|e| (e.kind, e.began.seconds(), e.end.map(|end| end.at.seconds())))
            .collect()
    }

    #[test]
    fn an_episode_lasts_from_the_first_finding_to_the_report_that_clears_it() {
        let found = walked(&[(1, 100)], &[(2, 50), (3, 0), (4, 100), (5, 50)], Rules::default());
        assert_eq!(found, [(Kind::Obstruction, 2, Some(4)), (Kind::Obstruction, 5, None)]);
    }

    #[test]
    fn obstruction_turning_into_problem_is_one_episode() {
        let found = walked(&[(1, 50), (3, 0)], &[(2, 0), (4, 100)], Rules::default());
        assert_eq!(found, [(Kind::Obstruction, 2, Some(3)), (Kind::Problem, 4, None)]);
        let found = walked(&[(1, 50)], &[(2, 0), (4, 100)], Rules::default());
        assert_eq!(found, [(Kind::Problem, 2, None)]);
    }

    #[test]
    fn hysteresis_asks_for_consecutive_reports() {
        let rules = Rules { open_after: 2, close_after: 3, ..Rules::default() };
        let found = walked(
            &[(1, 100)],
            &[(2, 50), (3, 100), (4, 50), (5, 50), (6, 100), (7, 100), (8, 50), (9, 100), (10, 100), (11, 100)],
            rules,
        );
        assert_eq!(found, [(Kind::Obstruction, 4, Some(11))]);
    }

    #[test]
    fn a_silent_neighbour_is_not_compared() {
        let rules = Rules { silent_after_seconds: 10, ..Rules::default() };
        assert_eq!(walked(&[(1, 100)], &[(12, 50)], rules), []);
        assert_eq!(walked(&[(1, 100), (20, 100)], &[(12, 50)], rules), [(Kind::Obstruction, 20, None)]);
        let found = walked(&[(1, 100)], &[(2, 50), (50, 100)], rules);
        assert_eq!(found, [(Kind::Obstruction, 2, None)], "silence does not close either");
    }

    #[test]
    fn what_a_person_resolved_opens_again_only_by_a_later_report() {
        let ann = || Person { name: "ann".into(), at: Timestamp::from_seconds(9) };
        let cuts = [End { at: Timestamp::from_seconds(3), by: Some(ann()) }];
        let walk = |following: &[(i64, u8)]| {
            episodes(&series(&[(1, 100)]), &series(following), &Rules::default(), None, None, &cuts)
                .into_iter()
                .map(|e| (e.began.seconds(), e.end.map(|end| (end.at.seconds(), end.by))))
                .collect::<Vec<_>>()
        };
        let by_ann = Some((3, Some(ann())));
        assert_eq!(walk(&[(2, 50), (3, 50)]), [(2, by_ann.clone())]);
        assert_eq!(walk(&[(2, 50), (3, 50), (4, 50)]), [(2, by_ann), (4, None)]);
    }

    #[test]
    fn a_carried_episode_keeps_its_beginning() {
        let level = |percent| Level::new(percent).unwrap();
        let began = Timestamp::from_seconds(1);
        let carried = Episode {
            kind: Kind::Obstruction,
            began,
            end: None,
            current: level(100.0),
            following: Some(level(50.0)),
            changed_at: began,
        };
        let (current, following) = (series(&[(10, 100)]), series(&[(11, 50), (12, 50)]));
        let found = episodes(&current, &following, &Rules::default(), Some(carried.clone()), None, &[]);
        assert_eq!(found, [carried]);
    }
}
