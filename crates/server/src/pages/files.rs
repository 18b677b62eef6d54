//! Files that are the same for everybody: the bundle, the icon, the sign of life.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bankside_web_assets::Asset;

use crate::error::PageError;

const FAVICON: &str = include_str!("../../../../web/favicon.svg");

/// The address of a file of the bundle.
pub(crate) fn address(name: &str) -> String {
    bankside_web_assets::address(name)
}

/// A file of the bundle. Its address changes with its content, so browsers keep it for ever.
pub(crate) async fn asset(Path((version, name)): Path<(String, String)>) -> Result<Response, PageError> {
    match bankside_web_assets::get(&name) {
        Some(Asset { media_type, bytes, version: current, .. }) if *current == version => {
            let headers =
                [(header::CONTENT_TYPE, *media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
            Ok((headers, *bytes).into_response())
        }
        _ => Err(PageError::not_found()),
    }
}

/// The icon of the browser's tab.
pub(crate) async fn favicon() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (headers, FAVICON)
}

/// Whether the server answers.
pub(crate) async fn health() -> impl IntoResponse {
    (StatusCode::OK, "ok\n")
}
