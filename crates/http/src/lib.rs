//! HTTP as every function behind the API speaks it: who calls, what is read, what is answered, how it is refused.
//!
//! A function writes handlers over these extractors, puts them in a [`Router`](axum::Router), and hands that to
//! [`finish`]. [`gateway::answer`] carries API Gateway's events to the router and its answers back.

pub mod gateway;

mod api_error;
mod audit;
mod body;
mod caller;
mod error_kind;
mod etag;
mod openapi;
mod page;
mod path;
#[cfg(feature = "people")]
mod people;
mod pointer;
mod query;
mod rim;

pub use api_error::{ApiError, ApiErrorBody, ErrorDetail};
pub use audit::Audit;
pub use body::{Merge, Strict, from_value};
pub use caller::{Admin, Caller, Claims, Member};
pub use error_kind::ErrorKind;
pub use etag::{ETag, IfMatch, IfNoneMatch, version_of};
pub use openapi::openapi;
pub use page::{Cursor, NoFilter, Page, PageQuery, Paging};
pub use path::Path;
pub use query::Query;
pub use rim::{REQUEST_ID, RequestId, finish, served};

#[cfg(test)]
mod tests;
