//! The `ETag` of a command: its state. A command changes only with its state, and never returns to one.

use axum::http::HeaderValue;
use weir_core::domain::command::Command;

/// The tag, without the quotation marks.
pub(super) fn tag(command: &Command) -> &'static str {
    command.state.code()
}

/// The header.
pub(super) fn header(command: &Command) -> HeaderValue {
    let text = format!("\"{}\"", tag(command));
    // A state is a word of letters.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}
