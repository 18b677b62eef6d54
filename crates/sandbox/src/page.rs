//! What all pages have in common: headers, the stylesheet, the mark.

use askama::Template;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::Sandbox;

/// No scripts at all. Forms may go anywhere, because a walk ends with a redirect to the program that began it, and
/// Chromium applies `form-action` to redirects as well.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action *; \
     base-uri 'none'; frame-ancestors 'none'";

const STYLESHEET: &str = include_str!("../assets/sandbox.css");
const MARK: &str = include_str!("../assets/mark.svg");

/// A page.
pub(crate) fn html(status: StatusCode, page: &impl Template) -> Response {
    let Ok(text) = page.render() else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "The page could not be drawn.").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, text).into_response()
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    title: &'a str,
    text: &'a str,
}

/// A page that only says something.
pub(crate) fn notice(status: StatusCode, title: &str, text: &str) -> Response {
    html(status, &NoticePage { title, text })
}

/// A picture of ours.
pub(crate) fn svg(text: impl Into<String>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::CACHE_CONTROL, "max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text.into()).into_response()
}

/// The stylesheet and the mark.
pub(crate) fn routes() -> Router<Sandbox> {
    let css = [(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    Router::new()
        .route("/sandbox.css", get(move || async move { (css, STYLESHEET) }))
        .route("/mark.svg", get(|| async { svg(MARK) }))
}
