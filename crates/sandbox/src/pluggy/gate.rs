//! What stands before every call: paths, methods, keys, limits and armed faults. It notes each call.

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::faults;
use super::fields::Query;
use super::problem::Problem;
use super::throttle::{Bucket, Standing};
use super::tokens::{self, Reach};
use crate::Sandbox;
use crate::calls::{Call, Noted};
use crate::faults::line;

/// A path of the API: what it is called, its segments, and the methods it allows.
struct Route {
    label: &'static str,
    path: &'static str,
    methods: &'static [Method],
}

const fn route(label: &'static str, path: &'static str, methods: &'static [Method]) -> Route {
    Route { label, path, methods }
}

const GET: &[Method] = &[Method::GET];
const POST: &[Method] = &[Method::POST];
const PATCH: &[Method] = &[Method::PATCH];
const GET_POST: &[Method] = &[Method::GET, Method::POST];
const GET_PATCH: &[Method] = &[Method::GET, Method::PATCH];
const GET_PATCH_DELETE: &[Method] = &[Method::GET, Method::PATCH, Method::DELETE];

/// What is simulated of the endpoint list of fact sheet §2. The labels are ours.
const ROUTES: &[Route] = &[
    route("pluggy/auth", "/auth", POST),
    route("pluggy/api", "/api", POST),
    route("pluggy/connect_token", "/connect_token", POST),
    route("pluggy/connectors", "/connectors", GET),
    route("pluggy/connectors/id", "/connectors/{id}", GET),
    route("pluggy/connectors/validate", "/connectors/{id}/validate", POST),
    route("pluggy/items", "/items", GET_POST),
    route("pluggy/v2/items", "/v2/items", GET),
    route("pluggy/items/id", "/items/{id}", GET_PATCH_DELETE),
    route("pluggy/items/mfa", "/items/{id}/mfa", POST),
    route("pluggy/items/disable-auto-sync", "/items/{id}/disable-auto-sync", PATCH),
    route("pluggy/accounts", "/accounts", GET),
    route("pluggy/accounts/id", "/accounts/{id}", GET),
    route("pluggy/accounts/balance", "/accounts/{id}/balance", GET),
    route("pluggy/accounts/statements", "/accounts/{id}/statements", GET),
    route("pluggy/v2/transactions", "/v2/transactions", GET),
    route("pluggy/transactions", "/transactions", GET),
    route("pluggy/transactions/id", "/transactions/{id}", GET_PATCH),
    route("pluggy/bills", "/bills", GET),
    route("pluggy/bills/id", "/bills/{id}", GET),
    route("pluggy/investments", "/investments", GET),
    route("pluggy/loans", "/loans", GET),
    route("pluggy/identity", "/identity", GET),
    route("pluggy/identity/id", "/identity/{id}", GET),
    route("pluggy/consents", "/consents", GET),
    route("pluggy/consents/id", "/consents/{id}", GET),
    route("pluggy/categories", "/categories", GET),
    route("pluggy/categories/id", "/categories/{id}", GET),
    route("pluggy/webhooks", "/webhooks", GET_POST),
    route("pluggy/webhooks/id", "/webhooks/{id}", GET_PATCH_DELETE),
];

/// What the calls are labelled.
pub(super) fn labels() -> Vec<&'static str> {
    ROUTES.iter().map(|route| route.label).collect()
}

impl Route {
    fn find(path: &str) -> Option<&'static Self> {
        let fits = |route: &&Self| {
            let (pattern, path) = (route.path.split('/'), path.split('/'));
            pattern.clone().count() == path.clone().count()
                && pattern.zip(path).all(|(pattern, part)| pattern == part || (pattern == "{id}" && !part.is_empty()))
        };
        // A fixed path comes before one with an id in it.
        ROUTES.iter().filter(fits).min_by_key(|route| route.path.contains("{id}"))
    }

    fn is_open(&self) -> bool {
        matches!(self.label, "pluggy/auth" | "pluggy/api")
    }

    /// The account that a call is about: in its path, or in its query.
    fn account(&self, request: &Request) -> Option<String> {
        if self.label.starts_with("pluggy/accounts/") {
            return request.uri().path().split('/').nth(2).map(str::to_owned);
        }
        Query::read(request.uri().query()?).get("accountId").map(str::to_owned)
    }

    /// What a call counts as (fact sheet §1).
    fn bucket(&self, method: &Method, sandbox: &Sandbox) -> Option<Bucket> {
        match self.label {
            "pluggy/auth" => Some(Bucket::Auth),
            "pluggy/v2/transactions" if !sandbox.switches().pluggy_version_2_is_limited => None,
            "pluggy/transactions" | "pluggy/transactions/id" | "pluggy/v2/transactions" if *method == Method::GET => {
                Some(Bucket::Transactions)
            }
            "pluggy/investments" => Some(Bucket::Investments),
            "pluggy/items/id" if *method == Method::PATCH => Some(Bucket::ItemUpdates),
            _ => None,
        }
    }

    /// What connect tokens reach (fact sheet §1).
    fn is_for_connect_tokens(&self, method: &Method) -> bool {
        *method == Method::GET && matches!(self.label, "pluggy/items/id" | "pluggy/accounts")
    }
}

/// Lets a call through, or answers it, and notes it.
pub(super) async fn gate(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let Some(route) = Route::find(request.uri().path()) else {
        return with_error_id(Problem::nothing_here().into_response(), &sandbox);
    };
    let call = Call {
        label: route.label,
        method: request.method().to_string(),
        account: route.account(&request),
        query: request.uri().query().map(str::to_owned),
        status: None,
        fault: None,
    };
    let mut noted = Noted { sandbox: &sandbox, call };
    let (response, standing) = pass(&sandbox, route, request, next, &mut noted.call).await;
    noted.call.status = line::is_sent(&response).then(|| response.status().as_u16());
    let mut response = with_error_id(response, &sandbox);
    if let Some(standing) = standing {
        standing.write(response.headers_mut(), &sandbox.switches());
    }
    response
}

/// Method, key, limit; what passes all of them may meet an armed fault.
async fn pass(
    sandbox: &Sandbox,
    route: &Route,
    mut request: Request,
    next: Next,
    call: &mut Call,
) -> (Response, Option<Standing>) {
    if !route.methods.contains(request.method()) {
        let problem = Problem::plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
        return (problem.into_response(), None);
    }
    if !route.is_open() {
        let reach = match tokens::reach_of(sandbox, request.headers()) {
            Ok(reach) => reach,
            Err(problem) => return (problem.into_response(), None),
        };
        if reach != Reach::Everything && !route.is_for_connect_tokens(request.method()) {
            return (Problem::forbidden().into_response(), None);
        }
        request.extensions_mut().insert(reach);
    }
    let bucket = route.bucket(request.method(), sandbox);
    let standing = bucket.map(|bucket| sandbox.throttle_pluggy(|throttle, at| throttle.take(bucket, at)));
    if standing.is_some_and(|standing| !standing.allowed) {
        return (Problem::too_many().into_response(), standing);
    }
    let Some(fault) = sandbox.meet(call) else { return (next.run(request).await, standing) };
    call.fault = faults::name_of(&fault);
    let response = faults::strike(&fault, sandbox.now(), request, next).await;
    // A limit that was armed says so itself.
    let standing = response.extensions().get::<Standing>().copied().or(standing);
    (response, standing)
}

/// The answer behind the gate for paths that it let through by mistake.
pub(super) async fn nothing_here() -> Problem {
    Problem::nothing_here()
}

/// Every error has an id of its own (fact sheet §1).
fn with_error_id(mut response: Response, sandbox: &Sandbox) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let extensions = std::mem::take(response.extensions_mut());
    let mut answer = problem.with_id(sandbox.uuid()).into_response();
    answer.extensions_mut().remove::<Problem>();
    answer.extensions_mut().extend(extensions);
    answer
}
