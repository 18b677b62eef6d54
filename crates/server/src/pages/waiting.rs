//! A page that waits for a worker: it asks again and again whether there is more to see, and is drawn anew then.

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// How far what is waited for had got, as a page that looks again shows it already.
#[derive(Deserialize)]
pub(crate) struct Shown {
    seen: i64,
}

impl Shown {
    /// Nothing, where what is seen is still all that there is; else that the page be drawn anew.
    pub(super) fn answer(&self, is_all: impl FnOnce(i64) -> bool) -> Response {
        if is_all(self.seen) {
            return StatusCode::NO_CONTENT.into_response();
        }
        [(HeaderName::from_static("hx-refresh"), HeaderValue::from_static("true"))].into_response()
    }
}
