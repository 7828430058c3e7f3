//! The changes of a batch: by topic, each subject once, in the order of their instants.

use std::collections::BTreeMap;

use weir_core::domain::live::Topic;

use super::change::Change;

/// The changes of a batch.
#[derive(Debug, Default)]
pub(super) struct Batch(BTreeMap<Topic, Vec<Change>>);

impl Extend<Change> for Batch {
    fn extend<I: IntoIterator<Item = Change>>(&mut self, changes: I) {
        for change in changes {
            let changes = self.0.entry(change.topic.clone()).or_default();
            // Records of one row come in the order in which it was written.
            changes.retain(|earlier| earlier.subject != change.subject);
            let place = changes.partition_point(|earlier| earlier.at <= change.at);
            changes.insert(place, change);
        }
    }
}

impl Batch {
    /// The topics.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.0.keys()
    }

    /// The changes of a topic.
    pub fn of(&self, topic: &Topic) -> &[Change] {
        self.0.get(topic).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use weir_core::wire::live::Message;

    use super::*;

    fn change(topic: &str, subject: &str, at: i64, word: &str) -> Change {
        let message = Message::Withdrawn { topic: topic.to_owned(), problem_id: word.to_owned() };
        Change {
            topic: topic.parse().unwrap(),
            subject: subject.to_owned(),
            at,
            levels: Vec::new(),
            of_device: false,
            message,
        }
    }

    fn words(batch: &Batch, topic: &str) -> Vec<String> {
        let word = |change: &Change| match &change.message {
            Message::Withdrawn { problem_id, .. } => problem_id.clone(),
            other => panic!("{other:?}"),
        };
        batch.of(&topic.parse().unwrap()).iter().map(word).collect()
    }

    #[test]
    fn a_topics_changes_come_in_the_order_of_their_instants_and_each_subject_once() {
        let mut batch = Batch::default();
        batch.extend([
            change("problems", "a", 5, "a, first"),
            change("device/x", "ph@9", 9, "x, late"),
            change("problems", "b", 3, "b"),
            change("problems", "a", 4, "a, last"),
            change("device/x", "ph@1", 1, "x, early"),
            change("problems", "c", 4, "c, as old as a"),
        ]);
        assert_eq!(words(&batch, "problems"), ["b", "a, last", "c, as old as a"]);
        assert_eq!(words(&batch, "device/x"), ["x, early", "x, late"]);
        assert_eq!(words(&batch, "quarantine"), Vec::<String>::new());
        assert_eq!(batch.topics().count(), 2);
    }
}
