//! The list of problems: its filter, and how changes are applied while somebody is reading it.

use weir_core::wire::alert::SeverityJson;
use weir_core::wire::problem::{KindJson, ProblemJson, StatusJson};

use super::address::Query;

/// The filter of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Their status.
    pub status: StatusJson,
    /// Their kind.
    pub kind: Option<KindJson>,
    /// Their severity.
    pub severity: Option<SeverityJson>,
    /// Their device.
    pub device: String,
}

/// The statuses, with their names in the address and the API.
pub const STATUSES: [(&str, StatusJson); 3] = [
    ("UNRESOLVED", StatusJson::Unresolved),
    ("ACKNOWLEDGED", StatusJson::Acknowledged),
    ("RESOLVED", StatusJson::Resolved),
];
/// The kinds, with their names in the address and the API.
pub const KINDS: [(&str, KindJson); 4] = [
    ("LIMIT", KindJson::Limit),
    ("SILENT", KindJson::Silent),
    ("OBSTRUCTION", KindJson::Obstruction),
    ("PROBLEM", KindJson::Problem),
];
/// The severities, with their names in the address and the API.
pub const SEVERITIES: [(&str, SeverityJson); 3] =
    [("critical", SeverityJson::Critical), ("warning", SeverityJson::Warning), ("info", SeverityJson::Info)];

fn named<T: Copy>(all: &[(&str, T)], name: Option<&str>) -> Option<T> {
    all.iter().find(|(known, _)| Some(*known) == name).map(|(_, value)| *value)
}

/// The name of a value in one of the lists above.
pub fn name<T: Copy + PartialEq>(all: &[(&'static str, T)], value: T) -> &'static str {
    all.iter().find(|(_, known)| *known == value).map_or("", |(name, _)| name)
}

impl Filter {
    /// The filter in the address; by default, problems that nobody has acknowledged.
    pub fn of(query: &Query) -> Self {
        Self {
            status: named(&STATUSES, query.get("status")).unwrap_or(StatusJson::Unresolved),
            kind: named(&KINDS, query.get("kind")),
            severity: named(&SEVERITIES, query.get("severity")),
            device: query.get("device").unwrap_or_default().to_owned(),
        }
    }

    /// The query with this filter.
    #[must_use]
    pub fn into_query(&self, query: Query) -> Query {
        let status = Some(name(&STATUSES, self.status)).filter(|_| self.status != StatusJson::Unresolved);
        query
            .with("status", status)
            .with("kind", self.kind.map(|kind| name(&KINDS, kind)))
            .with("severity", self.severity.map(|severity| name(&SEVERITIES, severity)))
            .with("device", Some(self.device.trim()))
    }

    /// The path of the request for a page; `next` is its cursor.
    pub fn path(&self, next: Option<&str>) -> String {
        let query = self.into_query(Query::default()).with("status", Some(name(&STATUSES, self.status)));
        query.with("limit", Some("100")).with("next", next).address("/problems")
    }

    /// Whether a problem belongs in the list. Only the API knows the flow sensors of a device.
    pub fn wants(&self, problem: &ProblemJson) -> bool {
        self.status == problem.problem_status
            && self.kind.is_none_or(|kind| kind == problem.problem)
            && self.severity.is_none_or(|severity| problem.severity == Some(severity))
            && (self.device.trim().is_empty()
                || problem.device.as_ref().is_some_and(|device| device.as_str() == self.device.trim()))
    }
}

/// The list as it is shown. While somebody reads it, it does not move: problems that no longer belong in it stay in place, and new ones are
/// held back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Inbox {
    /// The rows.
    pub rows: Vec<ProblemJson>,
    /// New problems that are held back.
    pub waiting: Vec<ProblemJson>,
    /// Ids of rows that no longer belong in the list.
    pub gone: Vec<String>,
    /// The cursor of the next page; `None` if there is none.
    pub next: Option<String>,
}

impl Inbox {
    /// Applies a changed problem. With `held` the list does not move.
    pub fn take(&mut self, filter: &Filter, problem: ProblemJson, held: bool) {
        let id = problem.problem_id.clone();
        let wanted = filter.wants(&problem);
        self.waiting.retain(|one| one.problem_id != id);
        match self.rows.iter_mut().find(|one| one.problem_id == id) {
            Some(row) => {
                // With a filter by device, a row stays while its status is the same: the API had put it there.
                let stays = wanted || (row.problem_status == problem.problem_status && !filter.device.is_empty());
                *row = problem;
                self.gone.retain(|one| *one != id);
                if !stays {
                    self.gone.push(id);
                }
            }
            None if wanted => self.waiting.push(problem),
            None => {}
        }
        // Nobody reads an empty list.
        if !held || self.rows.is_empty() {
            self.settle();
        }
    }

    /// Removes a problem that was withdrawn.
    pub fn withdraw(&mut self, id: &str, held: bool) {
        self.waiting.retain(|one| one.problem_id != id);
        if self.rows.iter().any(|row| row.problem_id == id) && !self.is_gone(id) {
            self.gone.push(id.to_owned());
        }
        if !held {
            self.settle();
        }
    }

    /// Whether a row no longer belongs in the list.
    pub fn is_gone(&self, id: &str) -> bool {
        self.gone.iter().any(|one| one == id)
    }

    /// Brings the list up to date: adds new problems, and removes those that no longer belong in it.
    pub fn settle(&mut self) {
        let gone = std::mem::take(&mut self.gone);
        self.rows.retain(|row| !gone.contains(&row.problem_id));
        self.rows.append(&mut self.waiting);
        self.rows.sort_by(|one, other| {
            other.problem_time.cmp(&one.problem_time).then_with(|| other.problem_id.cmp(&one.problem_id))
        });
    }
}

/// The ids of the problems before and after `of` in a list that is sorted like the API's: newest first. `of` need not be in the list any
/// more. Unless the list is `whole`, nothing is known beyond its end.
pub fn beside(list: &[ProblemJson], whole: bool, of: &ProblemJson) -> (Option<String>, Option<String>) {
    let key = |problem: &ProblemJson| (problem.problem_time, problem.problem_id.clone());
    let own = key(of);
    if !whole && list.iter().all(|one| key(one) > own) {
        return (None, None);
    }
    let others = || list.iter().filter(|one| one.problem_id != of.problem_id);
    let newer = others().filter(|one| key(one) > own).min_by_key(|one| key(one));
    let older = others().filter(|one| key(one) < own).max_by_key(|one| key(one));
    let id = |problem: &ProblemJson| problem.problem_id.clone();
    (newer.map(id), older.map(id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(id: &str, status: &str, time: i64) -> ProblemJson {
        serde_json::from_value(
            json!({"problem_id": id, "problem": "LIMIT", "problem_time": time, "problem_status": status,
            "device": "buoy-01", "severity": "warning", "updated_at": 1, "episodes": 1}),
        )
        .unwrap()
    }

    fn ids(inbox: &Inbox) -> Vec<&str> {
        inbox.rows.iter().map(|row| row.problem_id.as_str()).collect()
    }

    fn inbox() -> Inbox {
        Inbox { rows: vec![problem("b", "UNRESOLVED", 2), problem("a", "UNRESOLVED", 1)], ..Inbox::default() }
    }

    fn open() -> Filter {
        Filter::of(&Query::default())
    }

    #[test]
    fn the_list_does_not_move_while_it_is_read() {
        let mut list = inbox();
        list.take(&open(), problem("c", "UNRESOLVED", 3), true);
        list.take(&open(), problem("b", "ACKNOWLEDGED", 2), true);
        list.withdraw("a", true);
        assert_eq!((ids(&list), list.waiting.len()), (vec!["b", "a"], 1));
        assert!(list.is_gone("b") && list.is_gone("a"));
        list.settle();
        assert_eq!((ids(&list), list.waiting.len()), (vec!["c"], 0));
    }

    #[test]
    fn nobody_reads_so_it_is_up_to_date() {
        let mut list = inbox();
        list.take(&open(), problem("c", "UNRESOLVED", 3), false);
        assert_eq!(ids(&list), ["c", "b", "a"]);
        list.take(&open(), problem("b", "ACKNOWLEDGED", 2), false);
        list.take(&open(), problem("z", "RESOLVED", 9), false);
        assert_eq!(ids(&list), ["c", "a"]);
        // A problem that opens again before its row is removed stays.
        list.take(&open(), problem("a", "RESOLVED", 1), true);
        list.take(&open(), problem("a", "UNRESOLVED", 7), true);
        assert!(!list.is_gone("a"));
        let mut empty = Inbox::default();
        empty.take(&open(), problem("c", "UNRESOLVED", 3), true);
        assert_eq!(ids(&empty), ["c"]);
    }

    #[test]
    fn a_problem_has_neighbours_whether_it_is_in_the_list_or_not() {
        let list = [problem("d", "UNRESOLVED", 4), problem("c", "UNRESOLVED", 3), problem("b", "UNRESOLVED", 3)];
        let among = |whole: bool, id: &str, time: i64| {
            let (newer, older) = super::beside(&list, whole, &problem(id, "ACKNOWLEDGED", time));
            (newer.unwrap_or_default(), older.unwrap_or_default())
        };
        let beside = |id: &str, time: i64| among(true, id, time);
        let both = |newer: &str, older: &str| (newer.to_owned(), older.to_owned());
        assert_eq!(beside("c", 3), both("d", "b"));
        assert_eq!(beside("d", 4), both("", "c"));
        assert_eq!(beside("a", 3), both("b", ""));
        assert_eq!(beside("x", 9), both("", "d"));
        // Unread problems may lie between the end of the list and this one.
        assert_eq!(among(false, "a", 3), both("", ""));
        assert_eq!((among(false, "b", 3), among(false, "cc", 3)), (both("c", ""), both("d", "c")));
    }

    #[test]
    fn the_filter_is_in_the_address() {
        let query = Query::parse("status=RESOLVED&kind=SILENT&severity=critical&device=buoy-01");
        let filter = Filter::of(&query);
        assert_eq!(filter.into_query(Query::default()), query);
        assert_eq!(
            filter.path(None),
            "/problems?kind=SILENT&severity=critical&device=buoy-01&status=RESOLVED&limit=100"
        );
        assert_eq!(open().into_query(Query::default()).to_string(), "");
        assert_eq!(open().path(Some("x")), "/problems?status=UNRESOLVED&limit=100&next=x");
        assert!(open().wants(&problem("a", "UNRESOLVED", 1)) && !filter.wants(&problem("a", "RESOLVED", 1)));
        assert_eq!(Filter::of(&Query::parse("status=x&kind=y")), open());
    }
}
