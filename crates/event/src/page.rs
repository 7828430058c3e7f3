//! The filters of both lists, and how a page is answered.

use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::event::EventFilter;
use weir_core::domain::Timestamp;
use weir_core::domain::event::Kind;
use weir_core::wire::event::EventJson;
use weir_http::{
    ApiError, Format, ListName, Page, TextOrMilliseconds, Unit, download, instant, link_to_next, vary_by_accept,
};

use super::csv;

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only events of this kind; may be repeated.
    #[serde(default)]
    #[param(required = false, style = Form, explode = true, example = json!(["settings"]))]
    kind: Vec<Kind>,
    /// Only events of this instant or later: RFC 3339, or epoch milliseconds.
    #[param(value_type = Option<TextOrMilliseconds>, inline, example = "2026-11-20T06:00:00.000Z")]
    from: Option<String>,
    /// Only events before this instant: RFC 3339, or epoch milliseconds.
    #[param(value_type = Option<TextOrMilliseconds>, inline, example = "2026-11-20T07:00:00.000Z")]
    to: Option<String>,
}

impl Filter {
    pub(super) fn checked(self) -> Result<EventFilter, ApiError> {
        let read = |name: &str, text: Option<String>| {
            text.map(|text| instant(name, &text, Some(Unit::Milliseconds))).transpose()
        };
        let (from, to) = (read("from", self.from)?, read("to", self.to)?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(ApiError::unfit("from", "lies after `to`"));
        }
        Ok(EventFilter { kinds: self.kind.into_iter().collect(), from, to })
    }
}

/// The name of a list with its filters, in cursors.
pub(super) fn name(list: &str, EventFilter { kinds, from, to }: &EventFilter) -> ListName {
    let name = kinds.iter().fold(ListName::new(list), |name, kind| name.filter("kind", Some(kind)));
    name.filter("from", from.map(Timestamp::millis)).filter("to", to.map(Timestamp::millis))
}

/// The page in a format, with the address of the next one. In CSV a browser saves it as `file`.
pub(super) fn respond(page: Page<EventJson>, format: Format, file: &str, uri: &Uri) -> Result<Response, ApiError> {
    let next = page.next.clone();
    let mut response = match format {
        Format::Json => page.into_response(),
        Format::Csv => download(file, csv::events(&page.items)?),
    };
    link_to_next(&mut response, uri, next.as_ref());
    // It names people, so nobody keeps it.
    Ok(vary_by_accept(response))
}
