//! Faults of the line between client and provider, which calls of every provider can meet: they know no provider's words.

use std::future::Future;
use std::io;
use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, StatusCode, header, response::Parts};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;

use super::{ArmedFault, FaultKind};

/// How long an answer that never comes is waited for.
const HOLD_SECONDS: u32 = 3;
/// No hold is longer, whatever was armed.
const LONGEST_HOLD_SECONDS: u32 = 60;
/// Nobody listens there.
const ELSEWHERE: &str = "http://127.0.0.1:9/elsewhere";

/// That an answer does not come from the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strange;

/// That no answer was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Silent;

/// What happens at a call.
#[derive(Clone, Copy)]
enum Act {
    /// Another answer in place of the call.
    Answer(fn(&ArmedFault) -> Response),
    /// The call is served, and its answer spoilt.
    Spoil(fn(Parts, Bytes) -> Response),
    /// Nothing for a while, and then the end.
    Hold,
}

struct Row {
    name: &'static str,
    about: &'static str,
    act: Act,
}

const fn row(name: &'static str, about: &'static str, act: Act) -> Row {
    Row { name, about, act }
}

const ROWS: &[Row] = &[
    row("connection_closed", "The connection closes before the call is served", Act::Answer(|_| closed())),
    row("answer_lost", "The call is served, and the connection closes before its answer", Act::Spoil(|_, _| closed())),
    row("body_cut", "The connection closes in the middle of the answer", Act::Spoil(|parts, body| cut(parts, &body))),
    row("never_answers", "Nothing comes for some seconds, and then the connection closes", Act::Hold),
    row(
        "truncated_json",
        "Half of the answer, which says that it is whole",
        Act::Spoil(|parts, body| truncated(parts, &body)),
    ),
    row("wrong_content_type", "The answer as plain text", Act::Spoil(mislabelled)),
    row("html_page", "A page of HTML with status 200", Act::Answer(|_| page())),
    row("huge_body", "An answer of just over 16 MiB", Act::Answer(|_| huge())),
    row(
        "redirect_elsewhere",
        "A redirect to another host",
        Act::Answer(|fault| elsewhere(fault.location.as_ref().map_or(ELSEWHERE, url::Url::as_str))),
    ),
];

/// All kinds, for the list of them.
pub(crate) fn kinds() -> impl Iterator<Item = FaultKind> {
    let sample = ArmedFault::new("", "");
    ROWS.iter().map(move |row| {
        let answer = match row.act {
            Act::Answer(of) => Some(of(&sample)).filter(is_sent),
            Act::Spoil(_) | Act::Hold => None,
        };
        let status = answer.map(|answer| answer.status().as_u16());
        FaultKind { name: row.name, status, source: "the line", about: row.about }
    })
}

fn row_of(kind: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == kind)
}

/// The name of a kind as the table has it, if it is one of the line's.
pub(crate) fn name_of(kind: &str) -> Option<&'static str> {
    row_of(kind).map(|row| row.name)
}

/// Whether a client gets to see an answer.
pub(crate) fn is_sent(response: &Response) -> bool {
    response.extensions().get::<Silent>().is_none()
}

/// Answers a call that has met a fault, which `serve` answers where the fault is none of the line's.
pub(crate) async fn strike<F: Future<Output = Response>>(fault: &ArmedFault, serve: impl FnOnce() -> F) -> Response {
    match row_of(&fault.kind).map(|row| row.act) {
        None => serve().await,
        Some(Act::Answer(of)) => of(fault),
        Some(Act::Spoil(how)) => spoilt(serve().await, how).await,
        Some(Act::Hold) => {
            let seconds = fault.seconds.unwrap_or(HOLD_SECONDS).min(LONGEST_HOLD_SECONDS);
            tokio::time::sleep(Duration::from_secs(seconds.into())).await;
            closed()
        }
    }
}

/// An answer that something happens to on its way.
pub(crate) async fn spoilt(response: Response, how: fn(Parts, Bytes) -> Response) -> Response {
    let (parts, body) = response.into_parts();
    // Bodies of the providers' APIs are written in memory, so they can be read.
    how(parts, to_bytes(body, usize::MAX).await.unwrap_or_default())
}

fn strange(mut response: Response) -> Response {
    response.extensions_mut().insert(Strange);
    response
}

/// Just above the 16 MiB that a careful client reads.
const HUGE_BODY_BYTES: usize = 16 * 1024 * 1024 + 4096;
const CHUNK_BYTES: usize = 64 * 1024;

/// No answer at all: the connection closes.
fn closed() -> Response {
    // The head is written with the first piece of the body, so a body that fails at once takes it along.
    let broken = stream::once(async { Err::<Bytes, _>(io::Error::other("the connection is closed on purpose")) });
    let mut response = strange(Body::from_stream(broken).into_response());
    response.extensions_mut().insert(Silent);
    response
}

/// Half of an answer, and then the connection closes.
fn cut(mut parts: Parts, body: &Bytes) -> Response {
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
fn truncated(mut parts: Parts, body: &Bytes) -> Response {
    let half = body.slice(..body.len() / 2);
    parts.headers.insert(header::CONTENT_LENGTH, half.len().into());
    Response::from_parts(parts, Body::from(half))
}

/// The answer under the name of another kind of content.
fn mislabelled(mut parts: Parts, body: Bytes) -> Response {
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Response::from_parts(parts, Body::from(body))
}

/// A page of someone in between, such as a sign-in to a network.
fn page() -> Response {
    let page = "<!DOCTYPE html>\n<title>Welcome</title>\n<p>Please accept the terms of this network.</p>\n";
    strange(Html(page).into_response())
}

/// A page of the proxy before the provider.
pub(crate) fn proxy_page(status: StatusCode) -> Response {
    let page =
        format!("<!DOCTYPE html>\n<title>{status}</title>\n<h1>{status}</h1>\n<p>The origin did not answer.</p>\n");
    strange((status, Html(page)).into_response())
}

/// An answer that does not end where it should: one JSON text of somewhat more than 16 MiB, piece by piece.
fn huge() -> Response {
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
    strange(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(pieces)).into_response())
}

/// Somewhere else.
fn elsewhere(place: &str) -> Response {
    match HeaderValue::try_from(place) {
        Ok(place) => strange((StatusCode::FOUND, [(header::LOCATION, place)]).into_response()),
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
