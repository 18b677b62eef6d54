//! The provider's shapes against the simulator: every call for accounts is made, with success and with errors, and every answer must
//! have the shape of `shapes.json`.
//!
//! That file has the schemas of the provider's OpenAPI document (API reference 1.0.0-3030f99c) for these calls: names, types, what is
//! required and which words there are, without its texts. Nothing but what is named there may be sent.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use bankside_sandbox::{ArmedFault, EnableBankingEvent, Sandbox};
use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::kit::*;

const SHAPES: &str = include_str!("shapes.json");
const URL: &str = "http://shapes.invalid/shapes.json";

/// What each call answers when it succeeds.
const ANSWERS: [(&str, &str); 10] = [
    ("GET /application", "GetApplicationResponse"),
    ("GET /aspsps", "GetAspspsResponse"),
    ("POST /auth", "StartAuthorizationResponse"),
    ("POST /sessions", "AuthorizeSessionResponse"),
    ("GET /sessions/{id}", "GetSessionResponse"),
    ("DELETE /sessions/{id}", "SuccessResponse"),
    ("GET /accounts/{id}/details", "AccountResource"),
    ("GET /accounts/{id}/balances", "HalBalances"),
    ("GET /accounts/{id}/transactions", "HalTransactions"),
    ("GET /accounts/{id}/transactions/{id}", "Transaction"),
];

/// Answers that the document does not have, and why.
const DEVIATIONS: [(&str, &str); 2] = [
    ("PERIOD_INVALID", "a bank's own word where the code should be a number, seen by other clients"),
    ("SOMETHING_ELSE", "a word that is not documented, which the fault of that name is there for"),
];

struct Checker<'a> {
    world: &'a World,
    schemas: Schemas,
    compiler: Compiler,
    wrong: BTreeSet<String>,
    succeeded: BTreeSet<&'static str>,
    deviations: BTreeSet<&'static str>,
    /// The words of the errors that were sent.
    words: BTreeMap<String, u16>,
}

impl Checker<'_> {
    async fn call(&mut self, method: Method, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(&body);
        let answer = self.world.call_with(method.clone(), path, body, &[]).await;
        let operation = format!("{method} {}", template(path));
        let known = ANSWERS.iter().find(|(name, _)| *name == operation).unwrap_or_else(|| panic!("{operation}"));
        let is_error = !answer.status.is_success();
        if let Some(word) = answer.body["error"].as_str() {
            self.words.insert(word.to_owned(), answer.status.as_u16());
        }
        let shape = if is_error { "ErrorResponse" } else { known.1 };
        let schema = self.compiler.compile(&format!("{URL}#/$defs/{shape}"), &mut self.schemas).unwrap();
        if let Err(error) = self.schemas.validate(&answer.body, schema) {
            match DEVIATIONS.iter().find(|(word, _)| answer.text.contains(word)) {
                Some((word, _)) => _ = self.deviations.insert(word),
                None => _ = self.wrong.insert(format!("{operation} {}: {error}", answer.status)),
            }
        }
        if !is_error {
            self.succeeded.insert(known.0);
        }
        answer.body
    }

    async fn get(&mut self, path: &str) -> Value {
        self.call(Method::GET, path, Value::Null).await
    }
}

/// `/accounts/<id>/balances?x` is `/accounts/{id}/balances`.
fn template(path: &str) -> String {
    let parts = path.split('?').next().unwrap().split('/');
    let is_id = |part: &str| part.contains(|c: char| c.is_ascii_digit()) || part == "none";
    parts.map(|part| if is_id(part) { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_answer_has_the_shape_of_the_providers_own_document() {
    let world = World::new();
    let mut compiler = Compiler::new();
    compiler.enable_format_assertions();
    compiler.add_resource(URL, serde_json::from_str(SHAPES).unwrap()).unwrap();
    let mut checker = Checker {
        world: &world,
        schemas: Schemas::new(),
        compiler,
        wrong: BTreeSet::new(),
        succeeded: BTreeSet::new(),
        deviations: BTreeSet::new(),
        words: BTreeMap::new(),
    };
    checker.get("/application").await;
    checker.get("/aspsps").await;
    checker.get("/aspsps?country=Germany").await;
    for bank in [NORDHAFEN, KANALBANK, LOCKSIDE, DUNAHID] {
        through(&mut checker, bank).await;
    }
    checker.call(Method::POST, "/auth", json!({})).await;
    checker.call(Method::POST, "/sessions", json!({ "code": "none" })).await;
    faults(&mut checker).await;
    let deviations: BTreeSet<&str> = DEVIATIONS.iter().map(|(word, _)| *word).collect();
    assert!(checker.wrong.is_empty(), "{:#?}", checker.wrong);
    assert_eq!(checker.deviations, deviations);
    assert_eq!(checker.succeeded.len(), ANSWERS.len(), "{:?}", checker.succeeded);
    assert!(checker.words.len() > 20, "{:?}", checker.words);
}

/// A whole life of a session at a bank.
async fn through(checker: &mut Checker<'_>, bank: Bank) {
    let body = checker.world.asking(bank, 30);
    let begun = checker.call(Method::POST, "/auth", body).await;
    let back = checker.world.walk(&begun, &bankside_sandbox::Answers::default()).await;
    let code = json!({ "code": value(&back, "code").unwrap() });
    let session = checker.call(Method::POST, "/sessions", code.clone()).await;
    checker.call(Method::POST, "/sessions", code).await;
    let path = format!("/sessions/{}", session["session_id"].as_str().unwrap());
    checker.get(&path).await;
    for account in session["accounts"].as_array().unwrap() {
        let uid = account["uid"].as_str().unwrap();
        checker.get(&format!("/accounts/{uid}/details")).await;
        checker.get(&format!("/accounts/{uid}/balances")).await;
        for query in ["", "?date_from=2026-09-01&strategy=longest", "?date_to=2026-09-01", "?date_from=2027-01-01"] {
            let page = checker.get(&format!("/accounts/{uid}/transactions{query}")).await;
            if let Some(id) = page["transactions"][0]["transaction_id"].as_str() {
                checker.get(&format!("/accounts/{uid}/transactions/{id}")).await;
            }
        }
        checker.get(&format!("/accounts/{uid}/transactions/none")).await;
    }
    checker.world.pass(json!({ "advance_seconds": 3600 })).await;
    let uid = uid(&session, 0);
    checker.get(&format!("/accounts/{uid}/transactions?date_from=2026-01-01")).await;
    checker.world.happen(EnableBankingEvent::Revoke { of: session["session_id"].as_str().unwrap().to_owned() });
    checker.get(&path).await;
    checker.get(&format!("/accounts/{uid}/balances")).await;
    let other = checker.world.session(bank).await;
    let path = format!("/sessions/{}", other["session_id"].as_str().unwrap());
    checker.call(Method::DELETE, &path, Value::Null).await;
    checker.get(&path).await;
}

/// Every error that can be armed, as far as the provider itself writes it.
async fn faults(checker: &mut Checker<'_>) {
    let uid = uid(&checker.world.session(NORDHAFEN).await, 0);
    let kinds = Sandbox::fault_kinds_of("enablebanking").into_iter().filter(|kind| kind.source != "the line");
    for kind in kinds.filter(|kind| !["enablebanking_bad_gateway", "enablebanking_empty"].contains(&kind.name)) {
        checker.world.sandbox.arm(ArmedFault::new("enablebanking/accounts/transactions", kind.name)).unwrap();
        checker.get(&format!("/accounts/{uid}/transactions")).await;
    }
}
