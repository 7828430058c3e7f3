//! The row of a job that works out stored readings anew.

use serde::{Deserialize, Serialize};

/// A job in `recalculations`; instants in epoch milliseconds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RecalculationRow {
    pub job: String,
    pub from: i64,
    pub to: i64,
    pub state: String,
    pub cursor: i64,
    pub seen: u64,
    pub changed: u64,
    pub refused: u64,
    pub begins_at: i64,
    pub by: String,
    pub created_at: i64,
    pub updated_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
