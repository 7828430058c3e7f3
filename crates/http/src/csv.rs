//! Lists as CSV (RFC 4180), for spreadsheets.
//!
//! The text is UTF-8 with a byte order mark, without which Excel reads `°C` in another encoding. It has a header row and one row
//! for each item, with instants in RFC 3339. The next page is in the HTTP header `Link`.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK, VARY};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use csv::{Terminator, Writer, WriterBuilder};

use super::{ApiError, Cursor};
use weir_core::domain::Timestamp;
use weir_core::wire::time;

/// The byte order mark of UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A table that is being written.
#[derive(Debug)]
pub struct Csv(Writer<Vec<u8>>);

impl Csv {
    /// A table with these names of columns.
    ///
    /// # Errors
    /// 500 when they cannot be written.
    pub fn with_header<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ApiError> {
        let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(MARK.to_vec());
        csv.write_record(names).map_err(failed)?;
        Ok(Self(csv))
    }

    /// Adds a row with a cell for each column.
    ///
    /// # Errors
    /// 500 when it has another number of cells.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) -> Result<(), ApiError> {
        self.0.write_record(cells).map_err(failed)
    }

    /// The text.
    ///
    /// # Errors
    /// 500 when it cannot be written.
    pub fn finish(self) -> Result<Vec<u8>, ApiError> {
        self.0.into_inner().map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> ApiError {
    ApiError::internal(format!("CSV: {error}"))
}

/// An instant as a cell.
pub fn csv_instant(at: Timestamp) -> String {
    time::text(at).unwrap_or_default()
}

/// Text of users as a cell, escaped so that no spreadsheet reads it as a formula.
pub fn csv_text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

/// An answer in CSV, which a browser saves as `file` with the ending `.csv`.
pub fn download(file: &str, csv: Vec<u8>) -> Response {
    let mut response = ([(CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], csv).into_response();
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{file}.csv\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    response
}

/// Tells caches that the answer depends on the header `Accept`.
pub fn vary_by_accept(mut response: Response) -> Response {
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    response
}

/// Adds the header `Link` with the address of the next page, if there is one: the same request with another `next`.
pub fn link_to_next(response: &mut Response, uri: &Uri, next: Option<&Cursor>) {
    if let Some(link) = next.and_then(|next| link(uri, next)) {
        response.headers_mut().insert(LINK, link);
    }
}

fn link(uri: &Uri, next: &Cursor) -> Option<HeaderValue> {
    let pairs = uri.query().unwrap_or_default().split('&');
    let others = pairs.filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("next"));
    // A cursor has only characters that need no encoding.
    let next = serde_json::to_value(next).ok()?;
    let query: Vec<_> = others.map(str::to_owned).chain([format!("next={}", next.as_str()?)]).collect();
    HeaderValue::from_str(&format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"))).ok()
}
