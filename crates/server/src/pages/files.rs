//! Files that are the same for everybody: the bundle, the icon, the sign of life.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bankside_web_assets::Asset;

use crate::error::PageError;

const FAVICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"><style>path{stroke:#12302d}.w{stroke:#b0691a}@media(prefers-color-scheme:dark){path{stroke:#e9e5d9}.w{stroke:#efb066}}</style><path d="M3.5 11.5 12 4.25l8.5 7.25M12 9.25v2.25"/><path class="w" d="M2.5 15.75c1.6-1.5 3.2-1.5 4.75 0s3.15 1.5 4.75 0 3.2-1.5 4.75 0 3.15 1.5 4.75 0M6 20c1.25-1.1 2.75-1.1 4 0s2.75 1.1 4 0 2.75-1.1 4 0"/></svg>"##;

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
