//! The `ETag` of the settings: the device's version and a hash of the answer, e.g. `"3-9f86d081884c7d65"`. The hash is
//! needed because the device's report and the state of delivery change without a new version. In the preconditions of a write
//! only the version counts, so `"3"` is accepted as well.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

/// The tag of an answer with settings, without the quotation marks.
pub(super) fn tag(version: u64, shown: &impl Serialize) -> String {
    let mut hash = DefaultHasher::new();
    serde_json::to_string(shown).unwrap_or_default().hash(&mut hash);
    format!("{version}-{:016x}", hash.finish())
}

/// Whether a tag is one of this version, with any hash or none.
pub(super) fn is_of(tag: &str, version: u64) -> bool {
    let rest = tag.strip_prefix(&version.to_string());
    let is_hash = |hash: &str| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(is_hash))
}
