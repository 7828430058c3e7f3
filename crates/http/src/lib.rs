//! HTTP for the functions behind the API: callers, bodies, errors, conditional requests and lists.
//!
//! A function writes route handlers with these extractors, puts them into a [`Router`](axum::Router), and passes that to
//! [`finish`]. [`gateway::answer`] converts API Gateway's events into requests for the router, and its responses back.

pub mod gateway;

mod accept;
mod api_error;
mod audit;
mod body;
mod caller;
mod csv;
mod error_kind;
mod etag;
mod idempotency_key;
mod instant;
mod list;
mod openapi;
mod page;
mod path;
mod person_tag;
mod pointer;
#[cfg(feature = "people")]
mod pool_error;
mod query;
mod router;
mod session;

pub use accept::Format;
pub use api_error::{ApiError, ApiErrorBody, ErrorDetail};
pub use audit::Audit;
pub use body::{JsonOrCsv, Merge, Strict, from_value};
pub use caller::{Admin, Caller, Claims, Member};
pub use csv::{Csv, csv_instant, csv_text, download, link_to_next, vary_by_accept};
pub use error_kind::ErrorKind;
pub use etag::{ETag, Preconditions};
pub use idempotency_key::IdempotencyKey;
pub use instant::{TextOrMilliseconds, TextOrSeconds, Unit, instant};
pub use list::{ListName, list};
pub use openapi::openapi;
pub use page::{Cursor, NoFilter, Page, PageQuery, Paging};
pub use path::Path;
pub use person_tag::{Made, PersonTag};
pub use query::Query;
pub use router::{REQUEST_ID, RequestId, finish, revalidated, served};
pub use session::Validity;

#[cfg(test)]
mod tests;
