//! What stands before every call: paths, methods, Basic auth, the day's requests and armed faults. It notes each call.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use url::form_urlencoded;

use super::faults;
use super::problem::Problem;
use crate::Sandbox;
use crate::calls::{Call, Noted};
use crate::faults::line;

/// A path of the API: what it is called, how it begins, and the methods it allows.
struct Route {
    label: &'static str,
    path: &'static str,
    methods: &'static [Method],
}

/// Fact sheet §2. The labels are ours.
const ROUTES: &[Route] = &[
    Route { label: "simplefin/info", path: "/info", methods: &[Method::GET] },
    Route { label: "simplefin/create", path: "/create", methods: &[Method::GET, Method::POST] },
    Route { label: "simplefin/claim", path: "/claim/", methods: &[Method::POST] },
    Route { label: "simplefin/accounts", path: "/accounts", methods: &[Method::GET] },
    Route { label: "simplefin/currency", path: "/currency/points", methods: &[Method::GET] },
];

/// What the calls are labelled.
pub(super) fn labels() -> Vec<&'static str> {
    ROUTES.iter().map(|route| route.label).collect()
}

impl Route {
    fn find(path: &str) -> Option<&'static Self> {
        ROUTES.iter().find(|route| match route.path.strip_suffix('/') {
            Some(start) => path.strip_prefix(start).is_some_and(|rest| rest.len() > 1 && !rest[1..].contains('/')),
            None => path == route.path,
        })
    }

    fn needs_auth(&self) -> bool {
        self.path == "/accounts"
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
struct User {
    name: String,
    password: String,
}

impl User {
    /// Reads Basic auth; a password may hold colons.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
        let text = String::from_utf8(BASE64.decode(text.as_bytes()).ok()?).ok()?;
        let (name, password) = text.split_once(':')?;
        Some(Self { name: name.to_owned(), password: password.to_owned() })
    }
}

/// The account that a call is about, where it is about one alone.
fn account(query: &str) -> Option<String> {
    let mut accounts = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "account");
    let first = accounts.next().map(|(_, id)| id.into_owned());
    first.filter(|_| accounts.next().is_none())
}

/// Lets a call through, or answers it, and notes it.
pub(super) async fn gate(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let Some(route) = Route::find(request.uri().path()) else { return Problem::NothingHere.into_response() };
    let call = Call {
        label: route.label,
        method: request.method().to_string(),
        account: request.uri().query().and_then(account),
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

/// Method, user, payment and the day's requests, in this order.
fn admit(sandbox: &Sandbox, route: &Route, request: &Request) -> Result<(), Problem> {
    if !route.methods.contains(request.method()) {
        return Err(Problem::MethodNotAllowed);
    }
    if !route.needs_auth() {
        return Ok(());
    }
    let user = User::of(request.headers()).ok_or(Problem::Forbidden)?;
    let has_leeway = !sandbox.switches().simplefin_day_has_no_leeway;
    sandbox.change(|state, now| {
        let records = &mut state.simplefin;
        if !records.lets_in(&user.name, &user.password) {
            return Err(Problem::Forbidden);
        }
        if records.has_lapsed {
            return Err(Problem::PaymentRequired);
        }
        records.count(&user.name, has_leeway, now)
    })
}

/// The answer behind the gate for paths that it let through by mistake.
pub(super) async fn nothing_here() -> Problem {
    Problem::NothingHere
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_may_hold_colons() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Basic {}", BASE64.encode(b"a:b:c")).parse().unwrap());
        assert_eq!(User::of(&headers), Some(User { name: "a".into(), password: "b:c".into() }));
        headers.insert(header::AUTHORIZATION, "Bearer x".parse().unwrap());
        assert_eq!(User::of(&headers), None);
    }

    #[test]
    fn each_path_is_one_route() {
        let label = |path: &str| Route::find(path).map(|route| route.label);
        assert_eq!(label("/accounts"), Some("simplefin/accounts"));
        assert_eq!(label("/claim/abc"), Some("simplefin/claim"));
        for other in ["/claim/", "/claim", "/claim/a/b", "/accounts/", "/", ""] {
            assert_eq!(label(other), None, "{other}");
        }
    }
}
