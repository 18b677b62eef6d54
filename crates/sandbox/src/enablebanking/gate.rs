//! What stands before every call: paths, methods, tokens, armed faults. It notes each call.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::{faults, token};
use crate::Sandbox;
use crate::calls::{Call, Noted};
use crate::faults::line;

/// A path of the API: what it is called, its parts (a star is an id), and the methods it allows.
struct Route {
    label: &'static str,
    parts: &'static [&'static str],
    methods: &'static [Method],
}

/// Fact sheet §2 to §5. The labels are ours.
const ROUTES: &[Route] = &[
    Route { label: "enablebanking/application", parts: &["application"], methods: &[Method::GET] },
    Route { label: "enablebanking/aspsps", parts: &["aspsps"], methods: &[Method::GET] },
    Route { label: "enablebanking/auth", parts: &["auth"], methods: &[Method::POST] },
    Route { label: "enablebanking/sessions", parts: &["sessions"], methods: &[Method::POST] },
    Route { label: "enablebanking/sessions/id", parts: &["sessions", "*"], methods: &[Method::GET, Method::DELETE] },
    Route { label: "enablebanking/accounts/details", parts: &["accounts", "*", "details"], methods: &[Method::GET] },
    Route { label: "enablebanking/accounts/balances", parts: &["accounts", "*", "balances"], methods: &[Method::GET] },
    Route {
        label: "enablebanking/accounts/transactions",
        parts: &["accounts", "*", "transactions"],
        methods: &[Method::GET],
    },
    Route {
        label: "enablebanking/accounts/transactions/id",
        parts: &["accounts", "*", "transactions", "*"],
        methods: &[Method::GET],
    },
];

/// What the calls are labelled.
pub(super) fn labels() -> Vec<&'static str> {
    ROUTES.iter().map(|route| route.label).collect()
}

impl Route {
    fn find(path: &str) -> Option<&'static Self> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let fits = |(one, other): (&&str, &&str)| one == other || (*one == "*" && !other.is_empty());
        ROUTES.iter().find(|route| route.parts.len() == parts.len() && route.parts.iter().zip(&parts).all(fits))
    }
}

/// The account that a call is about.
fn account(path: &str) -> Option<String> {
    path.strip_prefix("/accounts/")?.split('/').next().map(str::to_owned)
}

/// Lets a call through, or answers it, and notes it.
pub(super) async fn gate(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let Some(route) = Route::find(path) else { return Problem::plain(StatusCode::NOT_FOUND).into_response() };
    let call = Call {
        label: route.label,
        method: request.method().to_string(),
        account: account(path),
        query: request.uri().query().map(str::to_owned),
        status: None,
        fault: None,
    };
    let mut noted = Noted { sandbox: &sandbox, call };
    let response = match admit(&sandbox, route, &request) {
        Err(problem) => problem.into_response(),
        Ok(()) => match sandbox.meet(&noted.call) {
            None => next.run(request).await,
            Some(fault) => {
                noted.call.fault = faults::name_of(&fault);
                faults::strike(&fault, || next.run(request)).await
            }
        },
    };
    noted.call.status = line::is_sent(&response).then(|| response.status().as_u16());
    response
}

/// Method, token, and whether the application is active, which only its own entry does without (fact sheet §1).
fn admit(sandbox: &Sandbox, route: &Route, request: &Request) -> Result<(), Problem> {
    if !route.methods.contains(request.method()) {
        return Err(Problem::plain(StatusCode::METHOD_NOT_ALLOWED));
    }
    let token = bearer(request.headers()).ok_or_else(Problem::no_authorization)?;
    let (holds, is_inactive) = sandbox.read(|state, now| (token::holds(token, now), state.enablebanking.is_inactive));
    if !holds {
        return Err(Problem::unauthorized());
    }
    if is_inactive && route.label != "enablebanking/application" {
        return Err(Problem::access_denied());
    }
    Ok(())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The answer behind the gate for paths that it let through by mistake.
pub(super) async fn nothing_here() -> Problem {
    Problem::plain(StatusCode::NOT_FOUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_one_route() {
        let label = |path: &str| Route::find(path).map(|route| route.label);
        assert_eq!(label("/sessions"), Some("enablebanking/sessions"));
        assert_eq!(label("/sessions/x"), Some("enablebanking/sessions/id"));
        assert_eq!(label("/accounts/x/transactions"), Some("enablebanking/accounts/transactions"));
        assert_eq!(label("/accounts/x/transactions/y"), Some("enablebanking/accounts/transactions/id"));
        for other in ["/", "", "/sessions/", "/accounts/x", "/accounts//details", "/aspsps/x"] {
            assert_eq!(label(other), None, "{other}");
        }
        assert_eq!(account("/accounts/x/balances").as_deref(), Some("x"));
        assert_eq!(account("/sessions/x"), None);
    }
}
