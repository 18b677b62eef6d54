//! Gives every request a reference, and every refusal its last word: the reference, the time, and whose portal may help.
//!
//! What always holds: the reference in an answer is the one in the log, and no refusal leaves as a bare status.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use bankside_engine::{Descriptor, Engine};
use jiff::Timestamp;
use tracing::Instrument;

use crate::App;
use crate::api::Problem;
use crate::error::PageError;
use crate::view::fault::Occasion;

const REFERENCE: HeaderName = HeaderName::from_static("x-request-id");

/// What an error is told with.
pub(crate) struct Telling<'a> {
    /// Names the request, here and in the log.
    pub(crate) reference: &'a str,
    /// When it was.
    pub(crate) at: Timestamp,
    /// The path that was asked for.
    path: &'a str,
    engine: &'a Engine,
}

impl Telling<'_> {
    /// The provider whose fault has this code: it stands before the dot, or in the path.
    pub(crate) fn provider(&self, code: &str) -> Option<&'static Descriptor> {
        let in_code = code.split_once('.').map(|(provider, _)| provider);
        let in_path = self.path.split('/').skip_while(|part| *part != "providers").nth(1);
        [in_code, in_path].into_iter().flatten().find_map(|id| self.engine.descriptor(id))
    }

    /// What was being done, as far as its path says.
    pub(crate) fn occasion(&self) -> Occasion {
        let mut parts = self.path.rsplit('/');
        match (parts.next(), parts.nth(1)) {
            (Some("renew" | "renewals"), _) => Occasion::Renewing,
            (Some("sync"), _) => Occasion::Sync,
            (Some("move" | "commit"), _) => Occasion::Moving,
            (Some("accounts"), Some("connections")) => Occasion::Listing,
            _ => Occasion::Connecting,
        }
    }

    /// What somebody who helps needs, on one line to copy. Nothing in it is secret.
    pub(crate) fn details(&self, code: &str) -> String {
        format!("Bankside {} · {code} · request {} · {:.0}", env!("CARGO_PKG_VERSION"), self.reference, self.at)
    }
}

/// The layer.
pub(crate) async fn tell(State(app): State<App>, request: Request, next: Next) -> Response {
    let reference = format!("{:08x}", u32::from_be_bytes(app.engine.ambient().random()));
    let path = request.uri().path().to_owned();
    // A span of the loudest level: whatever is logged at all, carries the reference.
    let span = tracing::error_span!("request", id = %reference);
    let mut response = next.run(request).instrument(span).await;
    let telling = Telling { reference: &reference, at: app.engine.ambient().now(), path: &path, engine: &app.engine };
    if let Some(error) = response.extensions_mut().remove::<PageError>() {
        response = keep_headers(&response, error.page(&telling));
    } else if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = keep_headers(&response, problem.told(&telling));
    } else if is_bare(&response) {
        let status = response.status();
        let told = if path.starts_with("/api/") {
            Problem::of_status(status).told(&telling)
        } else {
            PageError::of_status(status).page(&telling)
        };
        response = keep_headers(&response, told);
    }
    if let Ok(value) = HeaderValue::from_str(&reference) {
        response.headers_mut().insert(REFERENCE, value);
    }
    response
}

/// Whether an answer refuses without saying anything that people or programs of ours could read.
fn is_bare(response: &Response) -> bool {
    let status = response.status();
    let says = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_refusal = status.is_client_error() || status.is_server_error();
    is_refusal && (says.is_empty() || says.starts_with("text/plain"))
}

/// The new answer with what the old one said besides its body, such as when to try again.
fn keep_headers(old: &Response, mut new: Response) -> Response {
    for (name, value) in old.headers() {
        if !matches!(name.as_str(), "content-type" | "content-length") {
            new.headers_mut().append(name, value.clone());
        }
    }
    new
}
