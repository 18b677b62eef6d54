//! What the connector asks, against the provider's own documents: bodies have the shapes of `shapes.json`, of which the tests of the
//! simulator tell, and queries have no names but those that the services know.

use std::collections::BTreeSet;

use axum::extract::{self, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bankside_connect::BankQuery;
use bankside_connect::connector::Intent;
use boon::{Compiler, Schemas};
use jiff::SignedDuration;
use serde_json::Value;

use super::own::{back, page, sign_in};
use super::*;
use crate::stand::Stand;

const SHAPES: &str = include_str!("../../../sandbox/tests/finapi/shapes.json");
const URL: &str = "http://shapes.invalid/shapes.json";

/// The shape of each body.
const BODIES: [(&str, &str); 3] = [
    ("POST /finapi/api/v2/users", "Access.UserCreateParams"),
    ("POST /finapi-webform/api/webForms/bankConnectionImport", "WebForm.BankConnectionImportDetails"),
    ("POST /finapi-webform/api/tasks/backgroundUpdate", "WebForm.BankConnectionUpdateTaskDetails"),
];

/// The names in each query or form (fact sheet §2, §4, §7 to §9).
const QUERIES: [(&str, &[&str]); 5] = [
    (
        "POST /finapi/api/v2/oauth/token",
        &["grant_type", "client_id", "client_secret", "username", "password", "refresh_token"],
    ),
    (
        "GET /finapi/api/v2/banks",
        &["search", "ids", "supportedBankingInterfaces", "location", "isTestBank", "page", "perPage", "order"],
    ),
    ("GET /finapi/api/v2/accounts", &["bankConnectionIds", "accountTypes", "ids"]),
    (
        "GET /finapi/api/v2/transactions",
        &[
            "view",
            "accountIds",
            "minBankBookingDate",
            "maxBankBookingDate",
            "minImportDate",
            "isNew",
            "page",
            "perPage",
            "order",
        ],
    ),
    ("GET /finapi/api/v2/pendingTransactions", &["accountIds", "page", "perPage"]),
];

/// What is asked for otherwise than in the document of version 2.430: the field, and why. A row that nothing needs fails the test.
const DEVIATIONS: [(&str, &str); 2] = [
    (
        "bankConnectionIds",
        "a list of ids in the generation that was seen in 2026; one id is asked for where it is refused (fact sheet §6)",
    ),
    ("importNewAccountsMode", "takes the place of `importNewAccounts`, and is in a client of 2024 (fact sheet §6)"),
];

/// A request as it came.
#[derive(Debug, Clone)]
struct Request {
    method: String,
    path: String,
    query: String,
    body: Vec<u8>,
}

/// Requests in the order in which they came.
type Asked = Arc<Mutex<Vec<Request>>>;

async fn write_down(State(asked): State<Asked>, request: extract::Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
    asked.lock().unwrap().push(Request { method: parts.method.to_string(), path, query, body: body.to_vec() });
    next.run(extract::Request::from_parts(parts, body.into())).await
}

fn template(path: &str) -> String {
    let is_id = |part: &str| part.chars().filter(char::is_ascii_digit).count() > 1;
    path.split('/').map(|part| if is_id(part) { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}

/// What is wrong with requests, and which deviations they needed.
fn wrong(requests: &[Request]) -> (BTreeSet<String>, BTreeSet<&'static str>, BTreeSet<String>) {
    let mut compiler = Compiler::new();
    compiler.add_resource(URL, serde_json::from_str(SHAPES).unwrap()).unwrap();
    let mut schemas = Schemas::new();
    let (mut wrong, mut needed, mut met) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for request in requests {
        let operation = format!("{} {}", request.method, template(&request.path));
        let names = QUERIES.iter().find(|(name, _)| *name == operation).map(|(_, names)| *names);
        let body = BODIES.iter().find(|(name, _)| *name == operation);
        met.insert(operation.clone());
        if let Some((_, shape)) = body {
            let mut body: Value = serde_json::from_slice(&request.body).unwrap();
            let fields = body.as_object_mut().unwrap();
            for (field, _) in DEVIATIONS {
                let Some(value) = fields.remove(field) else { continue };
                needed.insert(field);
                if field == "bankConnectionIds" {
                    fields.insert("bankConnectionId".to_owned(), value[0].clone());
                }
            }
            let schema = compiler.compile(&format!("{URL}#/$defs/{shape}"), &mut schemas).unwrap();
            if let Err(error) = schemas.validate(&body, schema) {
                wrong.insert(format!("{operation}: {error}: {body}"));
            }
            continue;
        }
        let text = if names.is_some() && request.method == "POST" {
            request.body.as_slice()
        } else {
            request.query.as_bytes()
        };
        for (name, value) in url::form_urlencoded::parse(text) {
            if !names.unwrap_or_default().contains(&name.as_ref()) || value.is_empty() {
                wrong.insert(format!("{operation}: {name}={value}"));
            }
        }
        if request.method != "POST" && !request.body.is_empty() {
            wrong.insert(format!("{operation} has a body"));
        }
    }
    (wrong, needed, met)
}

/// Everything that is asked in a whole life of a connection.
async fn everything_asked() -> Vec<Request> {
    let asked = Asked::default();
    let writing = from_fn_with_state(Arc::clone(&asked), write_down);
    let running = Running::start_behind("finapi/", None, |router| router.layer(writing)).await.unwrap();
    let sandbox = running.sandbox.clone();
    let stand = Stand::new(Arc::new(FinApi), Box::new(Open::of(running))).unwrap();
    stand.connector.check(&stand.cx()).await.unwrap();
    stand.connector.institutions(&stand.cx(), BankQuery::Name("Nordhafen")).await.unwrap();
    // A form that was named and then called off, and one that was filled in.
    let (link, state) = page(&stand).await;
    sign_in(&sandbox, &link, "somebody").await;
    stand.connector.abandon(&stand.cx(), &state).await.unwrap();
    let connected = stand.connect().await.unwrap();
    stand.simulator.clock().advance(SignedDuration::from_hours(24));
    assert!(stand.fetch(&connected).await.any_fault().is_none());
    let visitor = bankside_connect::Visitor { address: [192, 0, 2, 7].into(), user_agent: "Firefox".to_owned() };
    let cx = bankside_connect::Cx { visitor: Some(&visitor), ..stand.cx() };
    let intent = Intent::Renew { institution_key: BANK.key, remote: &connected.remote };
    let step = stand.connector.begin(&cx, intent, &back()).await.unwrap();
    stand.settled(step).await.unwrap();
    stand.connector.revoke(&stand.cx(), &connected.remote).await.unwrap();
    // The pages are the person's, and not asked for by us.
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    asked.into_iter().filter(|request| !request.path.contains("/wf/")).collect()
}

#[tokio::test]
async fn what_is_asked_has_the_shape_of_the_providers_own_documents() {
    let (wrong, needed, met) = wrong(&everything_asked().await);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(needed, DEVIATIONS.iter().map(|(field, _)| *field).collect());
    let named = BODIES.iter().map(|(name, _)| *name).chain(QUERIES.iter().map(|(name, _)| *name));
    let unmet: Vec<_> = named.filter(|name| !met.contains(*name)).collect();
    assert!(unmet.is_empty(), "nothing asks {unmet:?}");
}

/// That a request is looked at and not only counted.
#[test]
fn what_is_wrong_is_found() {
    let ask = |method: &str, path: &str, query: &str, body: &str| Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        body: body.as_bytes().to_vec(),
    };
    let import = "/finapi-webform/api/webForms/bankConnectionImport";
    for request in [
        ask("POST", import, "", r#"{"bank":{"id":"290001"}}"#),
        ask("POST", import, "", r#"{"bankconnectionname":"x"}"#),
        ask("POST", import, "", r#"{"callbacks":{"finalised":"http://money.example/"}}"#),
        ask("GET", "/finapi/api/v2/banks", "name=x", ""),
        ask("GET", "/finapi/api/v2/bankConnections/17", "x=1", ""),
    ] {
        assert_eq!(wrong(std::slice::from_ref(&request)).0.len(), 1, "{request:?}");
    }
}
