//! The provider's own OpenAPI file against the simulator: every endpoint is called, with success and with each documented
//! error, and every answer must have the shape that the file gives it.
//!
//! The file is not part of the project. Where it does not lie beside it, the test says so and passes.

mod answers;
mod file;

use axum::http::Method;
use bankside_sandbox::{ArmedFault, Event, Sandbox};
use serde_json::{Value, json};

use crate::kit::{KANALBANK, LOCKSIDE, NORDHAFEN, Setup, World};
use answers::Checker;
use file::Spec;

const EVERY: &str = "any call";

/// Where the file is known to be wrong or silent: the operation, the status, the place in the body, and why. A row that
/// nothing needs fails the test.
const DEVIATIONS: &[(&str, u16, &str, &str)] = &[
    ("GET /accounts/{id}/", 200, "/last_accessed", "recorded as null before the first data call"),
    ("GET /accounts/{id}/", 200, "/bban", "recorded as null"),
    ("GET /accounts/{id}/", 200, "/iban", "null where an account has none"),
    ("GET /accounts/{id}/", 400, "status", "the file knows no malformed id here; the data calls' answer is used"),
    (
        "GET /accounts/{id}/transactions/",
        200,
        "/transactions/*/*/currencyExchange",
        "an object at some banks, seen in recordings",
    ),
    (
        "GET /accounts/{id}/transactions/",
        200,
        "/transactions/*/*/balanceAfterTransaction",
        "older files and clients have other forms",
    ),
    ("GET /accounts/{id}/transactions/", 400, "", "dates in the future are keyed by field, recorded in 2024"),
    ("GET /requisitions/", 200, "/results/*/ssn", "recorded as null"),
    ("GET /requisitions/{id}/", 200, "/ssn", "recorded as null"),
    ("POST /requisitions/", 201, "/ssn", "recorded as null"),
    (
        "POST /agreements/enduser/",
        400,
        "",
        "errors about days are objects, and about scopes lists of texts, as recorded",
    ),
    ("POST /requisitions/", 400, "", "an institution that is not the agreement's is shown under agreements only"),
    ("POST /token/new/", 400, "status", "fields that are missing are no case of the file"),
    (EVERY, 405, "status", "other methods are no case of the file"),
];

/// Documented errors that the simulator has no way to, and why.
const NOT_SENT: &[(&str, u16, &str, &str)] = &[(
    "POST /agreements/enduser/",
    400,
    "AgreementFieldErrors",
    "the body of an agreement has no field of that name; it is the requisition's error",
)];

/// Everything that the walk below needs.
struct Walk {
    sandbox: Sandbox,
    world: World,
    checker: Checker,
}

impl Walk {
    async fn start(setup: &Setup, checker: Checker) -> Self {
        let sandbox = setup.sandbox().unwrap();
        let mut world = World { router: sandbox.router(), token: String::new() };
        world.sign_in().await;
        Self { sandbox, world, checker }
    }

    async fn call(&mut self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.world.call(method.clone(), path, Some(&body)).await;
        self.checker.check(method.as_str(), path, &answer);
        answer.body
    }

    async fn get(&mut self, path: &str) -> Value {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, body).await
    }

    /// A call that meets a fault.
    async fn struck(&mut self, kind: &str, method: Method, path: &str) {
        self.sandbox.arm(ArmedFault::new("*", kind)).unwrap();
        self.call(method, path, json!({})).await;
        self.sandbox.disarm();
    }
}

#[tokio::test]
async fn every_answer_has_the_shape_of_the_providers_own_file() {
    let Some(spec) = Spec::beside_the_project() else { return };
    let mut walk = Walk::start(&Setup::with("company_may_reconfirm"), Checker::new(spec)).await;
    tokens(&mut walk).await;
    institutions(&mut walk).await;
    agreements(&mut walk).await;
    requisitions(&mut walk).await;
    accounts(&mut walk).await;
    quirks(&mut walk).await;
    reconfirmation(&mut walk).await;
    errors_of_every_call(&mut walk).await;
    let walk = contradictions(walk.checker).await;
    walk.checker.done(DEVIATIONS, NOT_SENT);
}

async fn tokens(walk: &mut Walk) {
    let pair = walk.post("/token/new/", crate::kit::credentials()).await;
    walk.post("/token/refresh/", json!({ "refresh": pair["refresh"] })).await;
    walk.post("/token/refresh/", json!({ "refresh": "worn out" })).await;
    walk.post("/token/new/", json!({ "secret_id": "a", "secret_key": "b" })).await;
    walk.post("/token/new/", json!({})).await;
}

async fn institutions(walk: &mut Walk) {
    walk.get("/institutions/").await;
    walk.get("/institutions/?country=gb").await;
    walk.get("/institutions/?country=GBA").await;
    walk.get("/institutions/?colour=red").await;
    walk.get(&format!("/institutions/{LOCKSIDE}/")).await;
    walk.get("/institutions/NOWHERE/").await;
    walk.call(Method::DELETE, "/institutions/", Value::Null).await;
}

async fn agreements(walk: &mut Walk) {
    let path = "/agreements/enduser/";
    let made = walk.post(path, json!({ "institution_id": NORDHAFEN })).await;
    let id = made["id"].as_str().unwrap().to_owned();
    walk.get(path).await;
    walk.get(&format!("{path}?limit=1&offset=0")).await;
    walk.get(&format!("{path}{id}/")).await;
    let accept = json!({ "user_agent": "x", "ip_address": "127.0.0.1" });
    walk.call(Method::PUT, &format!("{path}{id}/accept/"), accept.clone()).await;
    for body in [
        json!({ "institution_id": "nowhere" }),
        json!({ "institution_id": NORDHAFEN, "max_historical_days": 999, "access_valid_for_days": 999 }),
        json!({ "institution_id": NORDHAFEN, "access_scope": ["x"] }),
        json!({ "institution_id": NORDHAFEN, "access_scope": [] }),
        json!({ "institution_id": "SPARKRUKAN_SPKRSE21", "access_scope": ["transactions"] }),
        json!({ "institution_id": "WISLANA_WSLNPLPW", "access_scope": ["details"] }),
        json!({ "institution_id": NORDHAFEN, "access_valid_for_days": 180, "reconfirmation": true }),
        json!({ "institution_id": LOCKSIDE, "access_valid_for_days": 90, "reconfirmation": true }),
    ] {
        walk.post(path, body).await;
    }
    let linked = walk.world.link(NORDHAFEN).await;
    walk.call(Method::PUT, &format!("{path}{}/accept/", linked.agreement), accept).await;
    walk.call(Method::DELETE, &format!("{path}{id}/"), Value::Null).await;
    for (method, end) in [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::PUT, "accept/"),
        (Method::GET, "reconfirm/"),
        (Method::POST, "reconfirm/"),
    ] {
        walk.call(method.clone(), &format!("{path}{id}/{end}"), json!({})).await;
        walk.call(method, &format!("{path}272785d5-de45-4efb-aa1a-f8157ffa94/{end}"), json!({})).await;
    }
}

async fn requisitions(walk: &mut Walk) {
    let path = "/requisitions/";
    let redirect = "https://client.example/back";
    let lockside = walk.post("/agreements/enduser/", json!({ "institution_id": LOCKSIDE })).await["id"].clone();
    let made = walk
        .post(
            path,
            json!({ "institution_id": LOCKSIDE, "redirect": redirect, "agreement": lockside, "reference": "mine" }),
        )
        .await;
    let id = made["id"].as_str().unwrap().to_owned();
    walk.get(path).await;
    walk.get(&format!("{path}?page=1")).await;
    walk.get(&format!("{path}{id}/")).await;
    let unused = walk.post("/agreements/enduser/", json!({ "institution_id": LOCKSIDE })).await["id"].clone();
    for more in [
        json!({ "reference": "mine" }),
        json!({ "user_language": "AB" }),
        json!({ "agreement": "nonsense" }),
        json!({ "agreement": lockside, "institution_id": LOCKSIDE }),
        json!({ "agreement": unused }),
        json!({ "agreement": "3fa85f64-5717-4562-b3fc-2c963f66afa6" }),
        json!({ "redirect": null }),
        json!({ "redirect": "nowhere" }),
        json!({ "ssn": "1" }),
        json!({ "account_selection": true }),
        json!({ "institution_id": "nowhere" }),
        json!({ "colour": "red" }),
    ] {
        let mut body = json!({ "institution_id": NORDHAFEN, "redirect": redirect });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        walk.post(path, body).await;
    }
    walk.post(path, json!({})).await;
    for method in [Method::GET, Method::DELETE] {
        walk.call(method, &format!("{path}272785d5-de45-4efb-aa1a-f8157ffa94/"), Value::Null).await;
    }
    walk.call(Method::DELETE, &format!("{path}{id}/"), Value::Null).await;
    walk.call(Method::DELETE, &format!("{path}{id}/"), Value::Null).await;
    walk.get(&format!("{path}{id}/")).await;
}

const DATA: [&str; 3] = ["balances", "details", "transactions"];

async fn accounts(walk: &mut Walk) {
    let linked = walk.world.link(NORDHAFEN).await;
    let account = linked.accounts[0].clone();
    walk.get(&format!("/accounts/{account}/")).await;
    for data in DATA {
        walk.get(&format!("/accounts/{account}/{data}/")).await;
    }
    for query in ["date_from=2026-11-10&date_to=2026-10-31", "date_from=2030-01-01"] {
        walk.get(&format!("/accounts/{account}/transactions/?{query}")).await;
    }
    for id in ["nonsense", "3fa85f64-5717-4562-b3fc-2c963f66afa6"] {
        walk.get(&format!("/accounts/{id}/")).await;
        for data in DATA {
            walk.get(&format!("/accounts/{id}/{data}/")).await;
        }
    }
    // What the bank and the provider do to a consent, scope by scope.
    let kanalbank = walk.world.link(KANALBANK).await.accounts.remove(0);
    for data in DATA {
        walk.get(&format!("/accounts/{kanalbank}/{data}/")).await;
    }
    walk.sandbox.happen(Event::Revoke { of: account.clone() }).unwrap();
    for data in DATA {
        walk.get(&format!("/accounts/{account}/{data}/")).await;
    }
    walk.sandbox.happen(Event::Suspend { of: account.clone() }).unwrap();
    for data in DATA {
        walk.get(&format!("/accounts/{account}/{data}/")).await;
    }
    for data in DATA {
        let others: Vec<_> = DATA.into_iter().filter(|other| *other != data).collect();
        let body = json!({ "institution_id": LOCKSIDE, "access_scope": others });
        let agreement = walk.post("/agreements/enduser/", body).await["id"].clone();
        let requisition = walk.world.request(LOCKSIDE, json!({ "agreement": agreement })).await;
        walk.world.walk(requisition["link"].as_str().unwrap()).await;
        let path = format!("/requisitions/{}/", requisition["id"].as_str().unwrap());
        let account = walk.get(&path).await["accounts"][0].as_str().unwrap().to_owned();
        walk.get(&format!("/accounts/{account}/{data}/")).await;
        walk.world.delete(&path).await;
        walk.get(&format!("/accounts/{account}/{data}/")).await;
    }
    let linked = walk.world.link(LOCKSIDE).await;
    walk.world.days_pass(181).await;
    for data in DATA {
        walk.get(&format!("/accounts/{}/{data}/", linked.accounts[0])).await;
    }
}

/// Every bank's own way to write.
async fn quirks(walk: &mut Walk) {
    let banks = walk.get("/institutions/").await;
    for bank in banks.as_array().unwrap().iter().map(|bank| bank["id"].as_str().unwrap()) {
        let requisition = walk.world.request(bank, json!({})).await;
        let end = walk.world.walk(requisition["link"].as_str().unwrap()).await;
        // Banks that are only listed have no books.
        if end.header("location").contains("error=") {
            continue;
        }
        let path = format!("/requisitions/{}/", requisition["id"].as_str().unwrap());
        let account = walk.get(&path).await["accounts"][0].as_str().unwrap().to_owned();
        for data in ["", "balances/", "details/", "transactions/"] {
            walk.get(&format!("/accounts/{account}/{data}")).await;
        }
        // The general limit is a minute's.
        walk.world.turn(json!({ "advance_seconds": 60 })).await.ok();
    }
}

async fn reconfirmation(walk: &mut Walk) {
    let body = json!({ "institution_id": LOCKSIDE, "access_valid_for_days": 180, "reconfirmation": true });
    let id = walk.post("/agreements/enduser/", body.clone()).await["id"].as_str().unwrap().to_owned();
    let path = format!("/agreements/enduser/{id}/reconfirm/");
    walk.post(&path, json!({})).await;
    let requisition = walk.world.request(LOCKSIDE, json!({ "agreement": id })).await;
    let link = requisition["link"].as_str().unwrap().to_owned();
    let page = link.strip_prefix(crate::kit::BASE).unwrap();
    walk.world.page(page).await;
    walk.world.form(page, &[("step", "consent")]).await;
    walk.post(&path, json!({})).await;
    walk.world.walk(&link).await;
    walk.post(&path, json!({ "redirect": "nowhere" })).await;
    walk.post(&path, json!({ "redirect": null })).await;
    walk.get(&path).await;
    let permitted = walk.sandbox.switches();
    let mut refused = permitted.as_ref().clone();
    refused.company_may_reconfirm = false;
    walk.sandbox.set_switches(refused);
    walk.get(&path).await;
    walk.post(&path, json!({})).await;
    walk.post("/agreements/enduser/", body).await;
    walk.sandbox.set_switches(permitted.as_ref().clone());
    let plain = walk.post("/agreements/enduser/", json!({ "institution_id": LOCKSIDE })).await["id"].clone();
    for method in [Method::GET, Method::POST] {
        let path = format!("/agreements/enduser/{}/reconfirm/", plain.as_str().unwrap());
        walk.call(method, &path, json!({})).await;
    }
    walk.world.days_pass(80).await;
    let row = walk.get(&path).await;
    let page = row["reconfirmation_url"].as_str().unwrap().strip_prefix(crate::kit::BASE).unwrap().to_owned();
    let account = row["accounts"].as_object().unwrap().keys().next().unwrap().clone();
    walk.world.form(&page, &[("step", "reconfirm"), ("account", &account)]).await;
    walk.get(&path).await;
    walk.post(&path, json!({})).await;
    // Another that nobody confirms.
    let body = json!({ "institution_id": LOCKSIDE, "access_valid_for_days": 180, "reconfirmation": true });
    let id = walk.post("/agreements/enduser/", body).await["id"].as_str().unwrap().to_owned();
    let requisition = walk.world.request(LOCKSIDE, json!({ "agreement": id })).await;
    walk.world.walk(requisition["link"].as_str().unwrap()).await;
    walk.world.days_pass(105).await;
    walk.post(&format!("/agreements/enduser/{id}/reconfirm/"), json!({})).await;
}

/// Errors that any call can have, and those of the bank that only faults bring about.
async fn errors_of_every_call(walk: &mut Walk) {
    let id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    let mut calls = vec![
        (Method::POST, "/token/new/".to_owned()),
        (Method::POST, "/token/refresh/".to_owned()),
        (Method::GET, "/institutions/".to_owned()),
        (Method::GET, "/institutions/NOWHERE/".to_owned()),
        (Method::GET, "/agreements/enduser/".to_owned()),
        (Method::POST, "/agreements/enduser/".to_owned()),
        (Method::GET, format!("/agreements/enduser/{id}/")),
        (Method::DELETE, format!("/agreements/enduser/{id}/")),
        (Method::PUT, format!("/agreements/enduser/{id}/accept/")),
        (Method::GET, format!("/agreements/enduser/{id}/reconfirm/")),
        (Method::POST, format!("/agreements/enduser/{id}/reconfirm/")),
        (Method::GET, "/requisitions/".to_owned()),
        (Method::POST, "/requisitions/".to_owned()),
        (Method::GET, format!("/requisitions/{id}/")),
        (Method::DELETE, format!("/requisitions/{id}/")),
        (Method::GET, format!("/accounts/{id}/")),
    ];
    let account = walk.world.link(NORDHAFEN).await.accounts.remove(0);
    calls.extend(DATA.map(|data| (Method::GET, format!("/accounts/{account}/{data}/"))));
    for (method, path) in calls {
        for kind in ["ip_denied", "rate_limited"] {
            walk.struck(kind, method.clone(), &path).await;
        }
        let is_list = ["/institutions/", "/agreements/enduser/", "/requisitions/"].contains(&path.as_str());
        if path.starts_with("/accounts/") || is_list && method == Method::GET {
            walk.struck("not_found", method.clone(), &path).await;
        }
        if is_list && method == Method::POST && path != "/institutions/" {
            walk.struck("payment_required", method.clone(), &path).await;
        }
        if path == format!("/accounts/{id}/") {
            walk.struck("account_not_found", method.clone(), &path).await;
        } else if path.starts_with("/accounts/") {
            for kind in [
                "institution_limit",
                "account_inactive",
                "account_forbidden",
                "resource_unavailable",
                "unknown_request",
                "account_dump",
                "service_error",
                "connection_error",
            ] {
                walk.struck(kind, method.clone(), &path).await;
            }
        }
        if !path.starts_with("/token/") {
            let token = std::mem::replace(&mut walk.world.token, "worn out".to_owned());
            walk.call(method, &path, json!({})).await;
            walk.world.token = token;
        }
        walk.world.turn(json!({ "advance_seconds": 60 })).await.ok();
    }
}

/// Answers that stand against others, in the position that is not the default.
async fn contradictions(checker: Checker) -> Walk {
    let mut setup = Setup::default();
    setup.switches.unaccepted_agreements_can_be_deleted = false;
    setup.switches.days_errors_are_lists = true;
    setup.switches.scope_dependencies_are_keyed = true;
    let mut walk = Walk::start(&setup, checker).await;
    let path = "/agreements/enduser/";
    let made = walk.post(path, json!({ "institution_id": NORDHAFEN })).await;
    walk.call(Method::DELETE, &format!("{path}{}/", made["id"].as_str().unwrap()), Value::Null).await;
    for body in [
        json!({ "institution_id": NORDHAFEN, "max_historical_days": 999 }),
        json!({ "institution_id": NORDHAFEN, "access_valid_for_days": 999 }),
        json!({ "institution_id": "WISLANA_WSLNPLPW", "access_scope": ["details"] }),
    ] {
        walk.post(path, body).await;
    }
    walk
}
