//! What the live feed tells, as docs/live.md has it.

use serde::Deserialize;
use serde_json::Value;

/// One frame.
#[derive(Debug, Clone, Deserialize)]
pub struct Frame {
    /// What it tells.
    pub messages: Vec<Message>,
}

/// One message. What belongs to its `type` stays JSON: a page reads what it needs with [`Message::read`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Message {
    /// The type: `snapshot`, `reading`, `problem`, … There may be others.
    pub r#type: String,
    /// The topic; absent where it concerns several or none.
    #[serde(default)]
    pub topic: Option<String>,
    /// The topics of a `gap`, of what was dropped, of an error.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Value,
}

impl Frame {
    /// Whether a message of this type is in it.
    pub fn has(&self, kind: &str) -> bool {
        self.messages.iter().any(|message| message.r#type == kind)
    }
}

impl Message {
    /// Whether it says something about the topic.
    pub fn concerns(&self, topic: &str) -> bool {
        self.topic.as_deref() == Some(topic) || self.topics.iter().any(|one| one == topic)
    }

    /// What the message carries, as a type of the page; `None` if it is something else.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.rest).ok()
    }

    /// A field of it, as a type of the page.
    pub fn field<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.rest.get(name)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_with_types_that_are_not_known() {
        let text = r#"{"messages": [
            {"type": "reading", "topic": "device/buoy-01", "sensor": "ph", "value": 7.5},
            {"type": "gap", "topics": ["tube/0"]},
            {"type": "of_the_future", "anything": [1]}]}"#;
        let frame: Frame = serde_json::from_str(text).unwrap();
        assert!(frame.has("gap") && !frame.has("error"));
        let [reading, gap, other] = frame.messages.as_slice() else { panic!("three messages") };
        assert!(reading.concerns("device/buoy-01") && !reading.concerns("tube/0"));
        assert_eq!(reading.field::<f64>("value"), Some(7.5));
        assert!(gap.concerns("tube/0") && other.r#type == "of_the_future");
    }
}
