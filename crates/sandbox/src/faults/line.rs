//! Faults of the line between client and provider: they know no provider's words.

use std::io;
use std::task::Poll;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header, response::Parts};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;

/// Just above the 16 MiB that a careful client reads.
const HUGE_BODY_BYTES: usize = 16 * 1024 * 1024 + 4096;
const CHUNK_BYTES: usize = 64 * 1024;

/// No answer at all: the connection closes.
pub(crate) fn closed() -> Response {
    // The head is written with the first piece of the body, so a body that fails at once takes it along.
    let broken = stream::once(async { Err::<Bytes, _>(io::Error::other("the connection is closed on purpose")) });
    Body::from_stream(broken).into_response()
}

/// Half of an answer, and then the connection closes.
pub(crate) fn cut(mut parts: Parts, body: &Bytes) -> Response {
    let half = body.slice(..body.len() / 2);
    let mut step = 0;
    let pieces = stream::poll_fn(move |context| {
        step += 1;
        match step {
            1 => Poll::Ready(Some(Ok(half.clone()))),
            // What was written goes out before the body fails.
            2 => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            _ => Poll::Ready(Some(Err(io::Error::other("the connection is closed on purpose")))),
        }
    });
    parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
    Response::from_parts(parts, Body::from_stream(pieces))
}

/// Half of an answer that says it is whole.
pub(crate) fn truncated(mut parts: Parts, body: &Bytes) -> Response {
    let half = body.slice(..body.len() / 2);
    parts.headers.insert(header::CONTENT_LENGTH, half.len().into());
    Response::from_parts(parts, Body::from(half))
}

/// The answer under the name of another kind of content.
pub(crate) fn mislabelled(mut parts: Parts, body: Bytes) -> Response {
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Response::from_parts(parts, Body::from(body))
}

/// A page of someone in between, such as a sign-in to a network.
pub(crate) fn page() -> Response {
    Html("<!DOCTYPE html>\n<title>Welcome</title>\n<p>Please accept the terms of this network.</p>\n").into_response()
}

/// A page of the proxy before the provider.
pub(crate) fn proxy_page(status: StatusCode) -> Response {
    let page =
        format!("<!DOCTYPE html>\n<title>{status}</title>\n<h1>{status}</h1>\n<p>The origin did not answer.</p>\n");
    (status, Html(page)).into_response()
}

/// An answer that does not end where it should: one JSON text of somewhat more than 16 MiB, piece by piece.
pub(crate) fn huge() -> Response {
    let pieces = stream::unfold(0, |sent| async move {
        if sent >= HUGE_BODY_BYTES {
            return None;
        }
        let piece = match sent {
            0 => Bytes::from_static(b"{\"padding\": \""),
            _ if sent + CHUNK_BYTES >= HUGE_BODY_BYTES => {
                let mut last = vec![b'x'; HUGE_BODY_BYTES - sent - 2];
                last.extend(b"\"}");
                Bytes::from(last)
            }
            _ => Bytes::from(vec![b'x'; CHUNK_BYTES]),
        };
        let after = sent + piece.len();
        Some((Ok::<_, io::Error>(piece), after))
    });
    ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(pieces)).into_response()
}

/// Somewhere else.
pub(crate) fn elsewhere(place: &str) -> Response {
    match HeaderValue::try_from(place) {
        Ok(place) => (StatusCode::FOUND, [(header::LOCATION, place)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn the_huge_body_is_json_just_above_sixteen_mebibytes() {
        let body = to_bytes(huge().into_body(), usize::MAX).await.unwrap();
        assert_eq!(body.len(), HUGE_BODY_BYTES);
        assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
    }
}
