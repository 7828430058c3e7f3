//! Messages of the live feed, as documented in docs/live.md.

use serde::Deserialize;
use serde_json::Value;

/// One frame.
#[derive(Debug, Clone, Deserialize)]
pub struct Frame {
    /// The messages.
    pub messages: Vec<Message>,
}

/// One message. The fields specific to its `type` stay JSON; pages read them with [`Message::read`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Message {
    /// The type: `snapshot`, `reading`, `problem`, …, or one of later versions.
    pub r#type: String,
    /// The topic; absent if the message concerns several or none.
    #[serde(default)]
    pub topic: Option<String>,
    /// The topics of a `gap`, of dropped subscriptions, and of an error.
    #[serde(default)]
    pub topics: Vec<String>,
    /// All other fields.
    #[serde(flatten)]
    pub rest: Value,
}

impl Frame {
    /// Whether the frame contains a message of this type.
    pub fn has(&self, kind: &str) -> bool {
        self.messages.iter().any(|message| message.r#type == kind)
    }
}

impl Message {
    /// Says that something about the topic may have been missed.
    pub fn gap(topic: &str) -> Self {
        Self { r#type: "gap".to_owned(), topic: None, topics: vec![topic.to_owned()], rest: Value::Null }
    }

    /// Whether the message concerns the topic.
    pub fn concerns(&self, topic: &str) -> bool {
        self.topic.as_deref() == Some(topic) || self.topics.iter().any(|one| one == topic)
    }

    /// The content of the message as a type of the page; `None` if it does not match.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.rest).ok()
    }

    /// A field of the message as a type of the page; `None` if it does not match.
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
