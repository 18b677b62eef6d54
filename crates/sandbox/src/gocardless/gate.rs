//! What stands before every call: paths and their slashes, methods, tokens, general limits, and headers on every answer.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::API_PATH;
use super::faults::{self, Hit, Without};
use super::problem::Problem;
use super::throttle::{Bucket, Standing, Verb};
use super::tokens::{self, COMPANY, TokenType};
use crate::calls::{Call, Noted};
use crate::faults::line;
use crate::{Sandbox, SandboxError};

/// A path of the API: what it is called, its segments, the methods it allows and what its calls count as.
struct Route {
    label: &'static str,
    path: &'static str,
    allow: &'static str,
    bucket: fn(Verb) -> Bucket,
}

const fn route(label: &'static str, path: &'static str, allow: &'static str, bucket: fn(Verb) -> Bucket) -> Route {
    Route { label, path, allow, bucket }
}

const READ: &str = "GET, HEAD, OPTIONS";
const WRITE: &str = "POST, OPTIONS";
const READ_AND_WRITE: &str = "GET, POST, HEAD, OPTIONS";
const READ_AND_DELETE: &str = "GET, DELETE, HEAD, OPTIONS";

/// The endpoint list of fact sheet §1 with the limits of §8. The labels are ours: faults are armed and calls noted by them.
const ROUTES: &[Route] = &[
    route("token/new", "/token/new/", WRITE, |_| Bucket::TokenNew),
    route("token/refresh", "/token/refresh/", WRITE, |_| Bucket::TokenRefresh),
    route("institutions", "/institutions/", READ, |_| Bucket::Institutions),
    route("institutions/id", "/institutions/{id}/", READ, |_| Bucket::Institutions),
    route("agreements", "/agreements/enduser/", READ_AND_WRITE, Bucket::Agreements),
    route("agreements/id", "/agreements/enduser/{id}/", READ_AND_DELETE, Bucket::Agreements),
    route("agreements/accept", "/agreements/enduser/{id}/accept/", "PUT, OPTIONS", |_| Bucket::AgreementAccept),
    route("agreements/reconfirm", "/agreements/enduser/{id}/reconfirm/", READ_AND_WRITE, Bucket::Agreements),
    route("requisitions", "/requisitions/", READ_AND_WRITE, Bucket::Requisitions),
    route("requisitions/id", "/requisitions/{id}/", READ_AND_DELETE, Bucket::Requisitions),
    route("accounts/metadata", "/accounts/{id}/", READ, |_| Bucket::Accounts),
    route("accounts/balances", "/accounts/{id}/balances/", READ, |_| Bucket::Accounts),
    route("accounts/details", "/accounts/{id}/details/", READ, |_| Bucket::Accounts),
    route("accounts/transactions", "/accounts/{id}/transactions/", READ, |_| Bucket::Accounts),
];

/// What the calls are labelled.
pub(super) fn labels() -> Vec<&'static str> {
    ROUTES.iter().map(|route| route.label).collect()
}

impl Route {
    fn find(path: &str) -> Option<&'static Self> {
        ROUTES.iter().find(|route| {
            let mut segments = path.split('/');
            let fits = route.path.split('/').all(|pattern| {
                segments
                    .next()
                    .is_some_and(|segment| if pattern == "{id}" { !segment.is_empty() } else { segment == pattern })
            });
            fits && segments.next().is_none()
        })
    }

    fn allows(&self, method: &Method) -> bool {
        self.allow.split(", ").any(|allowed| allowed == method.as_str())
    }

    /// The account in a path of this route.
    fn account(&self, path: &str) -> Option<String> {
        let id = path.split('/').nth(2).filter(|_| self.label.starts_with("accounts/"));
        id.map(str::to_owned)
    }

    fn is_open(&self) -> bool {
        self.path.starts_with("/token/")
    }
}

/// Lets a call through, or answers it, and notes it.
pub(super) async fn gate(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let Some(route) = Route::find(request.uri().path()) else {
        return with_common_headers(slash_or_nothing(&request), &sandbox);
    };
    let bucket = (route.bucket)(Verb::of(request.method()));
    let call = Call {
        label: route.label,
        method: request.method().to_string(),
        account: route.account(request.uri().path()),
        query: request.uri().query().map(str::to_owned),
        status: None,
        fault: None,
    };
    let mut noted = Noted { sandbox: &sandbox, call };
    let (mut response, standing) = pass(&sandbox, route, bucket, request, next, &mut noted.call).await;
    noted.call.status = line::is_sent(&response).then(|| response.status().as_u16());
    let without = response.extensions().get::<Without>().copied();
    if without != Some(Without::Everything) {
        response = with_common_headers(response, &sandbox);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(route.allow));
    }
    if without.is_none() {
        standing.write(response.headers_mut());
    }
    response
}

/// The order of the provider's framework: token, general limit, method. What passes all of them may meet an armed fault.
async fn pass(
    sandbox: &Sandbox,
    route: &Route,
    bucket: Bucket,
    request: Request,
    next: Next,
    call: &mut Call,
) -> (Response, Standing) {
    let look = || sandbox.throttle(|throttle, at| throttle.look(bucket, at));
    if !route.is_open()
        && let Err(problem) = authenticate(sandbox, request.headers())
    {
        return (problem.into_response(), look());
    }
    let standing = sandbox.throttle(|throttle, at| throttle.take(bucket, at));
    if !standing.allowed {
        return (standing.problem().into_response(), standing);
    }
    if !route.allows(request.method()) {
        let text = format!("Method \"{}\" not allowed.", request.method());
        return (Problem::new(StatusCode::METHOD_NOT_ALLOWED, &text, &text).into_response(), standing);
    }
    if request.method() == Method::OPTIONS {
        return (axum::Json(json!({})).into_response(), standing);
    }
    let Some(fault) = sandbox.meet(call) else { return (next.run(request).await, standing) };
    let (request, asked_for) = faults::asked_for(request).await;
    let hit = Hit {
        asked_for,
        label: call.label,
        account: call.account.clone(),
        known: sandbox.read(|state, _| state.gocardless.account(call.account.as_deref()?).cloned()),
        now: sandbox.now(),
        fault,
    };
    call.fault = faults::name_of(&hit);
    let response = faults::strike(&hit, request, next).await;
    if let (Some(account), Some(kind)) = (hit.data_account(), call.fault)
        && faults::counts(kind, &sandbox.switches())
        && let Err(error) = sandbox.change(|state, _| {
            state.gocardless.fail(account);
            Ok::<_, SandboxError>(())
        })
    {
        return (Problem::from(error).into_response(), standing);
    }
    (response, standing)
}

fn authenticate(sandbox: &Sandbox, headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = token else {
        let text = "Authentication credentials were not provided.";
        let body = if sandbox.switches().missing_token_has_summary {
            json!({ "summary": text, "detail": text })
        } else {
            json!({ "detail": text })
        };
        return Err(Problem::with_body(StatusCode::UNAUTHORIZED, body));
    };
    if tokens::is_valid(sandbox, token.trim(), TokenType::Access) { Ok(()) } else { Err(Problem::invalid_token()) }
}

/// A path without its slash moves to the one with it and keeps its query (fact sheet §1); any other is not found. The
/// provider's own clients rely on it for reading and for deleting; what has a body would lose it.
fn slash_or_nothing(request: &Request) -> Response {
    let has_no_body = matches!(*request.method(), Method::GET | Method::HEAD | Method::DELETE);
    if has_no_body && Route::find(&format!("{}/", request.uri().path())).is_some() {
        return moved(request.uri());
    }
    Problem::not_found().into_response()
}

/// The router has taken the API's own path away from the URI.
fn moved(uri: &Uri) -> Response {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    match HeaderValue::try_from(format!("{API_PATH}{}/{query}", uri.path())) {
        Ok(place) => (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, place)]).into_response(),
        Err(_) => Problem::not_found().into_response(),
    }
}

/// The answer behind the gate for paths that it let through by mistake.
pub(super) async fn nothing_here() -> Problem {
    Problem::not_found()
}

/// Headers of a recorded answer (fact sheet §1).
fn with_common_headers(mut response: Response, sandbox: &Sandbox) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language, Cookie"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static("en"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("client-region", HeaderValue::from_static("XX"));
    for (name, id) in [("x-c-uuid", COMPANY), ("x-u-uuid", sandbox.uuid())] {
        if let Ok(value) = HeaderValue::try_from(id.to_string()) {
            headers.insert(name, value);
        }
    }
    response
}
