//! What stands before every call of both services: paths, methods, tokens and armed faults. It notes each call.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::fields::Query;
use super::problem::Problem;
use super::tokens::{self, Holder};
use super::{BODY_LIMIT_BYTES, faults};
use crate::Sandbox;
use crate::calls::{Call, Noted};
use crate::faults::line;

/// Whose token a call wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    Nobody,
    Anybody,
}

/// A path: what it is called, its segments, and the methods it allows.
struct Route {
    label: &'static str,
    path: &'static str,
    methods: &'static [Method],
    wants: Wants,
}

const fn route(label: &'static str, path: &'static str, methods: &'static [Method]) -> Route {
    Route { label, path, methods, wants: Wants::Anybody }
}

const GET: &[Method] = &[Method::GET];
const POST: &[Method] = &[Method::POST];
const GET_DELETE: &[Method] = &[Method::GET, Method::DELETE];
const GET_POST_DELETE: &[Method] = &[Method::GET, Method::POST, Method::DELETE];

/// What is simulated of Access. The labels are ours; those of the tokens say whose.
const ACCESS: &[Route] = &[
    Route { wants: Wants::Nobody, ..route(CLIENT_TOKEN, "/api/v2/oauth/token", POST) },
    route("finapi/oauth/revoke", "/api/v2/oauth/revoke", POST),
    route("finapi/users", "/api/v2/users", GET_POST_DELETE),
    route("finapi/banks", "/api/v2/banks", GET),
    route("finapi/banks/id", "/api/v2/banks/{id}", GET),
    route("finapi/bankConnections", "/api/v2/bankConnections", GET),
    route("finapi/bankConnections/id", "/api/v2/bankConnections/{id}", GET_DELETE),
    route("finapi/accounts", "/api/v2/accounts", GET),
    route("finapi/accounts/id", "/api/v2/accounts/{id}", GET),
    route("finapi/transactions", "/api/v2/transactions", GET),
    route("finapi/pendingTransactions", "/api/v2/pendingTransactions", GET),
];
const CLIENT_TOKEN: &str = "finapi/oauth/token of client";
const USER_TOKEN: &str = "finapi/oauth/token of user";

/// What is simulated of the web form.
const FORM: &[Route] = &[
    route("finapi/webForms/bankConnectionImport", "/api/webForms/bankConnectionImport", POST),
    route("finapi/webForms", "/api/webForms", GET),
    route("finapi/webForms/id", "/api/webForms/{id}", GET_DELETE),
    route("finapi/tasks/backgroundUpdate", "/api/tasks/backgroundUpdate", POST),
    route("finapi/tasks", "/api/tasks", GET),
    route("finapi/tasks/id", "/api/tasks/{id}", GET),
];

/// What the calls are labelled.
pub(super) fn labels() -> Vec<&'static str> {
    ACCESS.iter().chain(FORM).map(|route| route.label).chain([USER_TOKEN]).collect()
}

impl Route {
    fn find(routes: &'static [Self], path: &str) -> Option<&'static Self> {
        let fits = |route: &&Self| {
            let (pattern, path) = (route.path.split('/'), path.split('/'));
            pattern.clone().count() == path.clone().count()
                && pattern.zip(path).all(|(pattern, part)| pattern == part || (pattern == "{id}" && !part.is_empty()))
        };
        // A fixed path comes before one with an id in it.
        routes.iter().filter(fits).min_by_key(|route| route.path.contains("{id}"))
    }

    fn is_of_form(&self) -> bool {
        FORM.iter().any(|route| route.label == self.label)
    }

    /// The account that a call is about, where it is about one alone.
    fn account(&self, request: &Request) -> Option<String> {
        if self.label == "finapi/accounts/id" {
            return request.uri().path().rsplit('/').next().map(str::to_owned);
        }
        let query = Query::read(request.uri().query()?.as_bytes());
        query.get("accountIds").filter(|ids| !ids.contains(',')).map(str::to_owned)
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    holder: Holder,
    pub(super) token: String,
}

impl Reach {
    /// The user of the token.
    pub(super) fn user(&self) -> Result<&str, Problem> {
        match &self.holder {
            Holder::User(id) => Ok(id),
            Holder::Client => Err(Problem::forbidden()),
        }
    }

    pub(super) fn require_client(&self) -> Result<(), Problem> {
        if self.holder == Holder::Client { Ok(()) } else { Err(Problem::forbidden()) }
    }
}

/// The gate of Access.
pub(super) async fn access(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    pass(&sandbox, ACCESS, request, next).await
}

/// The gate of the web form.
pub(super) async fn form(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    pass(&sandbox, FORM, request, next).await
}

async fn pass(sandbox: &Sandbox, routes: &'static [Route], request: Request, next: Next) -> Response {
    let endpoint = format!("{} {}", request.method(), request.uri().path());
    let Some(route) = Route::find(routes, request.uri().path()) else {
        return written(Problem::form_not_found().into_response(), sandbox, &endpoint);
    };
    let (label, request) = labelled(route, request).await;
    let call = Call {
        label,
        method: request.method().to_string(),
        account: route.account(&request),
        query: request.uri().query().map(str::to_owned),
        status: None,
        fault: None,
    };
    let mut noted = Noted { sandbox, call };
    let response = match admit(sandbox, route, request) {
        Err(problem) => problem.into_response(),
        Ok(request) => match sandbox.meet(&noted.call) {
            None => next.run(request).await,
            Some(fault) => {
                noted.call.fault = faults::name_of(&fault);
                // What is spoilt is the answer as a client would get it.
                let serve = || async { written(next.run(request).await, sandbox, &endpoint) };
                faults::strike(&fault, serve).await
            }
        },
    };
    noted.call.status = line::is_sent(&response).then(|| response.status().as_u16());
    written(response, sandbox, &endpoint)
}

/// What a call is labelled: one for a token says in its body whose it is.
async fn labelled(route: &Route, request: Request) -> (&'static str, Request) {
    if route.label != CLIENT_TOKEN {
        return (route.label, request);
    }
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, BODY_LIMIT_BYTES).await.unwrap_or_default();
    let is_client = Query::read(&bytes).get("grant_type") == Some("client_credentials");
    (if is_client { CLIENT_TOKEN } else { USER_TOKEN }, Request::from_parts(parts, Body::from(bytes)))
}

/// Method and token.
fn admit(sandbox: &Sandbox, route: &Route, mut request: Request) -> Result<Request, Problem> {
    if !route.methods.contains(request.method()) {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return Err(Problem::access(status, "METHOD_NOT_ALLOWED", "This method is not allowed here"));
    }
    if route.wants == Wants::Nobody {
        return Ok(request);
    }
    let token = tokens::bearer(request.headers()).unwrap_or_default().to_owned();
    let holder = sandbox.read(|state, now| state.finapi.holder(&token, now).cloned());
    let holder =
        holder.ok_or_else(|| if route.is_of_form() { Problem::unauthorized() } else { Problem::invalid_token() })?;
    request.extensions_mut().insert(Reach { holder, token });
    Ok(request)
}

/// The answer behind either gate for paths that they let through by mistake.
pub(super) async fn nothing_here() -> Problem {
    Problem::form_not_found()
}

/// Errors say where and when, and have an id for support (fact sheet §10).
fn written(mut response: Response, sandbox: &Sandbox, endpoint: &str) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let extensions = std::mem::take(response.extensions_mut());
    let request_id = sandbox.uuid().to_string();
    let mut answer = problem.written(endpoint, &request_id, sandbox.now(), &sandbox.switches());
    answer.extensions_mut().extend(extensions);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_one_route() {
        let label = |path: &str| Route::find(ACCESS, path).or(Route::find(FORM, path)).map(|route| route.label);
        assert_eq!(label("/api/v2/accounts"), Some("finapi/accounts"));
        assert_eq!(label("/api/v2/accounts/1"), Some("finapi/accounts/id"));
        assert_eq!(label("/api/webForms/bankConnectionImport"), Some("finapi/webForms/bankConnectionImport"));
        assert_eq!(label("/api/webForms/x"), Some("finapi/webForms/id"));
        for other in ["/api/v2/accounts/", "/api/v1/accounts", "/api/tasks/a/b", "/", ""] {
            assert_eq!(label(other), None, "{other}");
        }
    }
}
