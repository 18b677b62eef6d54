//! Every page and every address of the API, tried by everybody: what a role does not carry is refused, what is out of sight or
//! belongs to others is not there, and nothing of it is told in passing.
//!
//! The addresses come from the router's own lists and from the description of the API, so that one that is added later fails
//! this test until it is said here what it needs.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod house;
mod needs;
mod pages;

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tower::Service as _;

use house::{House, Ids, Who};
use needs::{NEEDS, Need, Route};

/// What of the other plant must never be told to whoever sees the first alone.
const SECRETS: [&str; 5] = ["Till of the south", "Undertaker", "a secret note", "South plant", "The country above"];

/// The addresses of a source of the server, as it writes them out: method and path.
///
/// What it writes in a way that is not understood here fails, since nobody would ask what that needs.
fn written(source: &str) -> BTreeSet<(String, String)> {
    const METHODS: [(&str, &str); 2] = [("get(", "GET"), ("post(", "POST")];
    for call in [".nest(", ".nest_service(", ".route_service(", ".fallback_service(", ".method_not_allowed_fallback("] {
        assert!(!source.contains(call), "addresses that come by {call}…) are tried by nobody");
    }
    let mut written = BTreeSet::new();
    for part in source.split(".route(").skip(1) {
        let (before, rest) = part.split_once('"').unwrap_or_else(|| panic!("no path is read in .route({part}"));
        assert!(before.trim().is_empty(), "the path is no plain text in .route({before}");
        let (path, rest) = rest.split_once('"').unwrap();
        let handlers = &rest[..rest.find(".route(").unwrap_or(rest.len())];
        let handlers =
            handlers.split([';', '"']).next().unwrap_or_default().split("\n    }").next().unwrap_or_default();
        for other in ["put(", "patch(", "delete(", "head(", "options(", "trace(", "connect(", "any(", "on("] {
            let is_method = |at: usize| !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let is_there = handlers.match_indices(other).any(|(at, _)| is_method(at));
            assert!(!is_there, "{path} has a method that is not understood here: {handlers}");
        }
        let before = written.len();
        for (mark, method) in METHODS {
            let is_handler = |at: usize| {
                let handler = &handlers[at + mark.len()..];
                let is_method = !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                is_method && (handler.starts_with("any!(") || handler.starts_with("pages::"))
            };
            if handlers.match_indices(mark).any(|(at, _)| is_handler(at)) {
                written.insert((method.to_owned(), path.to_owned()));
            }
        }
        assert!(written.len() > before, "no handler of {path} is understood here: {handlers}");
    }
    written
}

/// Every address: method and path.
fn listed() -> BTreeSet<(String, String)> {
    let mut listed = written(include_str!("../../../server/src/routes.rs"));
    listed.append(&mut written(include_str!("../../../server/src/lib.rs")));
    let api: serde_json::Value = serde_json::from_str(&bankside_server::openapi_json()).unwrap();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            listed.insert((method.to_uppercase(), path.clone()));
        }
    }
    listed
}

/// Pages are in the lists that are read above; the API has its own, and the description of it.
#[test]
fn addresses_are_written_where_they_are_read() {
    fn sources(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if std::fs::read_to_string(&path).unwrap().contains(".route(") {
                found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../server/src")), &mut found);
    found.sort();
    assert_eq!(found, ["api.rs", "lib.rs", "routes.rs"]);
}

#[test]
fn an_address_that_cannot_be_read_is_no_address_that_nobody_needs_anything_for() {
    let is_read = |text: &str| std::panic::catch_unwind(|| written(text)).is_ok();
    assert!(is_read(r#".route("/a", get(any!(a::b)).post(any!(a::c)))"#));
    assert!(!is_read(r#".route("/a", get(a::b))"#), "not through the one type of handlers");
    assert!(!is_read(r#".route("/a", get(any!(a::b)).delete(any!(a::c)))"#));
    assert!(!is_read(r".route(PATH, get(any!(a::b)))"));
    assert!(!is_read(r#".nest("/a", b())"#));
}

struct Answer {
    status: StatusCode,
    location: String,
    text: String,
}

impl House {
    /// Sends one request as somebody would from our own pages.
    async fn ask(&mut self, who: Who, method: &str, path: &str, body: &str) -> Answer {
        let kind = if path.starts_with("/api/") { "application/json" } else { "application/x-www-form-urlencoded" };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ORIGIN, "http://127.0.0.1:5006")
            .header(header::CONTENT_TYPE, kind);
        if let Some(token) = self.tokens.get(&who) {
            request = request.header(header::COOKIE, format!("bankside={token}"));
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        let peer = axum::extract::ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 9)));
        request.extensions_mut().insert(peer);
        let response = self.router.call(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let location = headers.get(header::LOCATION).map(|at| at.to_str().unwrap().to_owned()).unwrap_or_default();
        let is_stream = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let text = if is_stream {
            let mut body = response.into_body().into_data_stream();
            let first = futures_util::StreamExt::next(&mut body);
            match tokio::time::timeout(std::time::Duration::from_millis(500), first).await {
                Ok(Some(Ok(first))) => String::from_utf8_lossy(&first).into_owned(),
                _ => String::new(),
            }
        } else {
            let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Answer { status, location, text }
    }
}

/// Whether an answer lets nobody in who is not signed in.
fn is_sign_in(answer: &Answer) -> bool {
    answer.status == StatusCode::UNAUTHORIZED || (answer.status.is_redirection() && answer.location == "/sign-in")
}

/// What is wrong with an answer, if anything is.
fn wrong(route: &Route, who: Who, ids: &Ids, answer: &Answer) -> Option<String> {
    let status = answer.status;
    if status.is_server_error() && status != StatusCode::BAD_GATEWAY {
        return Some(format!("{status}: {}", answer.text));
    }
    if who == Who::Nobody {
        let is_right = route.need == Need::Anybody || is_sign_in(answer);
        return (!is_right).then(|| format!("nobody gets {status} {}", answer.location));
    }
    if is_sign_in(answer) && route.need != Need::Anybody {
        return Some("a person who is signed in is sent to sign in".to_owned());
    }
    if route.need.is_of_nobody_in_particular() {
        return None;
    }
    let expected = match () {
        () if who == Who::Stranger => Some(StatusCode::NOT_FOUND),
        () if !route.need.is_met_by(who) => Some(StatusCode::FORBIDDEN),
        () if route.is_about_ids() && ids.is_elsewhere() => Some(StatusCode::NOT_FOUND),
        () => None,
    };
    match expected {
        Some(StatusCode::NOT_FOUND) if status != StatusCode::NOT_FOUND => {
            // Selections and choices name ids in their bodies: nothing is found, so nothing is done.
            let is_nothing_done = route.may_refuse_otherwise && status.is_client_error();
            (!is_nothing_done).then(|| format!("{status} instead of 404"))
        }
        Some(StatusCode::FORBIDDEN) if status != StatusCode::FORBIDDEN => {
            // That something is not there may be said before that it may not be done; what cannot be read may be said before either.
            let is_nowhere = ids.is_elsewhere() || who.is_restricted() || !route.is_there;
            let is_said_first = is_nowhere && status == StatusCode::NOT_FOUND;
            let is_unread = route.may_refuse_otherwise && status == StatusCode::BAD_REQUEST;
            (!is_said_first && !is_unread).then(|| format!("{status} instead of 403"))
        }
        Some(_) => None,
        None => {
            let is_refused = status == StatusCode::FORBIDDEN || (status == StatusCode::NOT_FOUND && route.is_there);
            is_refused.then(|| format!("{status}, although the right is there: {}", answer.text))
        }
    }
}

async fn everybody_gets_what_they_may(engine: bankside_testkit::Engine, everybody: &[Who], least: usize) {
    let listed = listed();
    let said: BTreeSet<(String, String)> =
        NEEDS.iter().map(|route| (route.method.to_owned(), route.path.split('?').next().unwrap().to_owned())).collect();
    let unsaid: Vec<_> = listed.difference(&said).collect();
    assert!(unsaid.is_empty(), "say in needs.rs what these need: {unsaid:#?}");
    let gone: Vec<_> = said.difference(&listed).collect();
    assert!(gone.is_empty(), "these are no addresses any more: {gone:#?}");

    let mut house = Box::pin(House::open(engine)).await;
    let before = house.fingerprint().await;
    let (mut cases, mut failures) = (0_usize, Vec::new());
    let mut by_need: BTreeMap<&str, usize> = BTreeMap::new();
    for route in NEEDS {
        for &who in everybody {
            for ids in house.ids_for(who) {
                // Whoever may do it does it to nothing but what is not there: a write to what is there changes the next case.
                let is_write = route.method != "GET";
                let may = route.need.is_met_by(who) && who != Who::Stranger && who != Who::Nobody;
                if is_write && may && (!route.is_about_ids() || !ids.is_elsewhere()) {
                    continue;
                }
                if is_write && route.need.is_of_nobody_in_particular() && who != Who::Nobody {
                    continue;
                }
                let (path, body) = (ids.fill(route.path), ids.fill(route.body));
                let answer = house.ask(who, route.method, &path, &body).await;
                cases += 1;
                *by_need.entry(route.need.name()).or_default() += 1;
                if let Some(wrong) = wrong(route, who, &ids, &answer) {
                    failures.push(format!("{who:?} with {} ids: {} {}: {wrong}", ids.name, route.method, route.path));
                }
                let told = SECRETS.iter().find(|secret| answer.text.contains(**secret));
                if let Some(secret) = told.filter(|_| who.is_restricted() || matches!(who, Who::Stranger | Who::Nobody))
                {
                    failures.push(format!("{who:?}: {} {} tells “{secret}”", route.method, route.path));
                }
                let hidden = [&house.hidden.account, &house.hidden.transaction, &house.hidden.asset];
                if who.is_restricted() && ids.name == "own" && hidden.iter().any(|id| answer.text.contains(*id)) {
                    failures.push(format!("{who:?}: {} {} names an id out of sight", route.method, route.path));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {cases} cases:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(house.fingerprint().await, before, "whoever may do nothing has changed something");
    println!("{cases} cases of {} addresses: {by_need:?}", NEEDS.len());
    assert!(cases > least, "only {cases} cases were tried");
}

#[tokio::test]
async fn everybody_gets_what_they_may_and_nothing_else_on_sqlite() {
    Box::pin(everybody_gets_what_they_may(bankside_testkit::Engine::Sqlite, &Who::ALL, 2500)).await;
}

/// What the engines do not share is how sight is written into their texts.
#[tokio::test]
async fn what_is_out_of_sight_is_not_there_on_postgres() {
    Box::pin(everybody_gets_what_they_may(bankside_testkit::Engine::Postgres, &[Who::RestrictedMember], 500)).await;
}
