//! The provider's own documents against the simulator: every call is made, with success and with errors, and every answer must have the
//! shape that they give it.
//!
//! `shapes.json` has the schemas of the OpenAPI document of the web form (version 2.430), and of Access version 2 the models of a client
//! that was made from its document (2023.50.5): names, types, what is required and which words there are, without the texts. That client
//! knows no days and does not say what is required; both stand in the fact sheet. Nothing but what is named there may be sent.

use std::collections::BTreeSet;

use axum::http::Method;
use bankside_sandbox::{Answers, ArmedFault, Sandbox};
use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::kit::*;

const SHAPES: &str = include_str!("shapes.json");
const URL: &str = "http://shapes.invalid/shapes.json";

/// What each call answers when it succeeds.
const ANSWERS: [(&str, &str); 17] = [
    ("POST /finapi/api/v2/oauth/token", "Access.AccessToken"),
    ("POST /finapi/api/v2/users", "Access.User"),
    ("GET /finapi/api/v2/users", "Access.User"),
    ("GET /finapi/api/v2/banks", "Access.PageableBankList"),
    ("GET /finapi/api/v2/banks/{id}", "Access.Bank"),
    ("GET /finapi/api/v2/bankConnections", "Access.BankConnectionList"),
    ("GET /finapi/api/v2/bankConnections/{id}", "Access.BankConnection"),
    ("GET /finapi/api/v2/accounts", "Access.AccountList"),
    ("GET /finapi/api/v2/accounts/{id}", "Access.Account"),
    ("GET /finapi/api/v2/transactions", "Access.PageableTransactionList"),
    ("GET /finapi/api/v2/pendingTransactions", "Access.PageablePendingTransactionResources"),
    ("POST /finapi-webform/api/webForms/bankConnectionImport", "WebForm.WebForm"),
    ("GET /finapi-webform/api/webForms", "WebForm.WebFormsPage"),
    ("GET /finapi-webform/api/webForms/{id}", "WebForm.WebForm"),
    ("POST /finapi-webform/api/tasks/backgroundUpdate", "WebForm.Task"),
    ("GET /finapi-webform/api/tasks", "WebForm.TasksPage"),
    ("GET /finapi-webform/api/tasks/{id}", "WebForm.Task"),
];

/// Where the documents are known to be wrong or silent: the shape, the place in it, and why. A row that nothing needs fails the test.
const DEVIATIONS: [(&str, &str, &str); 1] =
    [("WebForm.Payload", "errorMessage", "seen beside the code (fact sheet §5), and no field of the document")];

pub(crate) struct Shapes {
    schemas: Schemas,
    compiler: Compiler,
}

impl Shapes {
    pub(crate) fn read() -> Self {
        let mut compiler = Compiler::new();
        compiler.add_resource(URL, serde_json::from_str(SHAPES).unwrap()).unwrap();
        Self { schemas: Schemas::new(), compiler }
    }

    /// What is wrong with a value that should have a shape.
    pub(crate) fn misses(&mut self, shape: &str, value: &Value) -> Option<String> {
        let schema = self.compiler.compile(&format!("{URL}#/$defs/{shape}"), &mut self.schemas).unwrap();
        self.schemas.validate(value, schema).err().map(|error| error.to_string())
    }
}

struct Checker {
    world: World,
    shapes: Shapes,
    wrong: BTreeSet<String>,
    succeeded: BTreeSet<&'static str>,
    deviations: BTreeSet<&'static str>,
    /// The words of the errors that were sent.
    words: BTreeSet<String>,
}

/// `/accounts/17?x` is `/accounts/{id}`.
fn template(path: &str) -> String {
    let parts = path.split('?').next().unwrap().split('/');
    let is_id = |part: &str| part.chars().filter(char::is_ascii_digit).count() > 1 || part == "none";
    parts.map(|part| if is_id(part) { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}

impl Checker {
    fn has(&mut self, shape: &str, value: &Value, at: &str) {
        let mut value = value.clone();
        for (of, field, _) in DEVIATIONS {
            let holder = if of == "WebForm.Payload" { value.get_mut("payload") } else { None };
            if holder.and_then(Value::as_object_mut).and_then(|fields| fields.remove(field)).is_some() {
                self.deviations.insert(of);
            }
        }
        if let Some(wrong) = self.shapes.misses(shape, &value) {
            self.wrong.insert(format!("{at}: {wrong}: {value}"));
        }
    }

    async fn call_with(&mut self, token: &str, method: Method, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(&body);
        let answer = self.world.call(token, method.clone(), path, body).await;
        self.checked(&method, path, answer)
    }

    fn checked(&mut self, method: &Method, path: &str, answer: Answer) -> Value {
        let operation = format!("{method} {}", template(path));
        let at = format!("{operation} {}", answer.status);
        if answer.status < 300 {
            if method == Method::DELETE {
                return answer.body;
            }
            let known = ANSWERS.iter().find(|(name, _)| *name == operation).unwrap_or_else(|| panic!("{operation}"));
            self.succeeded.insert(known.0);
            self.has(known.1, &answer.body, &at);
            return answer.body;
        }
        let shape = match (path.starts_with(FORM), answer.status) {
            (true, 400) => "WebForm.ValidationError",
            (true, _) => "WebForm.Error",
            (false, _) if answer.body["error"].is_string() => "Access.BadCredentialsError",
            (false, _) => "Access.ErrorMessage",
        };
        let word = [&answer.body["errors"][0]["code"], &answer.body["code"], &answer.body["error"]];
        self.words.extend(word.into_iter().find_map(Value::as_str).map(str::to_owned));
        self.has(shape, &answer.body, &at);
        answer.body
    }

    async fn call(&mut self, method: Method, path: &str, body: Value) -> Value {
        let user = self.world.user.clone();
        self.call_with(&user, method, path, body).await
    }

    async fn get(&mut self, path: &str) -> Value {
        self.call(Method::GET, path, Value::Null).await
    }
}

#[tokio::test]
async fn every_answer_has_the_shape_of_the_providers_own_documents() {
    let mut checker = Checker {
        world: World::new().await,
        shapes: Shapes::read(),
        wrong: BTreeSet::new(),
        succeeded: BTreeSet::new(),
        deviations: BTreeSet::new(),
        words: BTreeSet::new(),
    };
    users(&mut checker).await;
    for search in ["DEMO0001", "DEMO0002", "Nordhafen", "Prüftal"] {
        through(&mut checker, search).await;
    }
    forms(&mut checker).await;
    faults(&mut checker).await;
    assert!(checker.wrong.is_empty(), "{:#?}", checker.wrong);
    let deviations: BTreeSet<&str> = DEVIATIONS.iter().map(|(of, ..)| *of).collect();
    assert_eq!(checker.deviations, deviations);
    let expected: BTreeSet<&str> = ANSWERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(checker.succeeded, expected);
    assert!(checker.words.len() > 20, "{:?}", checker.words);
}

/// Tokens, users and banks.
async fn users(checker: &mut Checker) {
    let path = format!("{ACCESS}/oauth/token");
    for fields in [
        vec![("grant_type", "client_credentials")],
        vec![("grant_type", "password"), ("username", "household-1"), ("password", "long enough")],
        vec![("grant_type", "password"), ("username", "household-1"), ("password", "wrong")],
        vec![("grant_type", "nothing")],
    ] {
        let answer = checker.world.token(&fields).await;
        checker.checked(&Method::POST, &path, answer);
    }
    let client = checker.world.client.clone();
    let path = format!("{ACCESS}/users");
    for body in
        [json!({ "id": "another", "password": "long enough" }), json!({ "id": "another" }), json!({ "id": "ä" })]
    {
        checker.call_with(&client, Method::POST, &path, body).await;
    }
    checker.get(&path).await;
    checker.call_with("none", Method::GET, &path, Value::Null).await;
    for query in ["", "?search=DEMO0001&page=1&perPage=1", "?perPage=501", "?search=nowhere&perPage=5"] {
        checker.call_with(&client, Method::GET, &format!("{ACCESS}/banks{query}"), Value::Null).await;
    }
    checker.call_with(&client, Method::GET, &format!("{ACCESS}/banks/280001"), Value::Null).await;
    checker.call_with(&client, Method::GET, &format!("{ACCESS}/banks/1234567"), Value::Null).await;
}

/// A whole life of a connection.
async fn through(checker: &mut Checker, search: &str) {
    let form = checker.call(Method::POST, &format!("{FORM}/webForms/bankConnectionImport"), json!({})).await;
    let path = format!("{FORM}/webForms/{}", form["id"].as_str().unwrap());
    let answers = Answers { search: search.to_owned(), ..Answers::default() };
    checker.world.walk(form["url"].as_str().unwrap(), &answers).await;
    let form = checker.get(&path).await;
    let connection = form["payload"]["bankConnectionId"].as_u64().unwrap_or_else(|| panic!("{search}: {form}"));
    for seconds in [0, 10] {
        checker.world.pass(seconds).await;
        checker.get(&format!("{ACCESS}/bankConnections")).await;
        checker.get(&format!("{ACCESS}/bankConnections/{connection}")).await;
    }
    checker.world.happen(json!({ "event": "announce", "of": "*", "days": 30 }));
    for (days, wish) in
        [(1, json!({})), (150, json!({})), (1, json!({ "manageSavedSettings": ["CREDENTIALS"] })), (190, json!({}))]
    {
        checker.world.days_pass(days).await;
        let mut body = json!({ "bankConnectionIds": [connection] });
        body.as_object_mut().unwrap().extend(wish.as_object().unwrap().clone());
        let update = format!("{FORM}/tasks/backgroundUpdate");
        let task = checker.call(Method::POST, &update, body.clone()).await;
        checker.call(Method::POST, &update, body).await;
        for _ in 0..2 {
            checker.get(&format!("{FORM}/tasks/{}", task["id"].as_str().unwrap())).await;
        }
        checker.get(&format!("{FORM}/tasks")).await;
    }
    let listed = checker.get(&format!("{ACCESS}/accounts?bankConnectionIds={connection}")).await;
    for account in listed["accounts"].as_array().unwrap() {
        let id = account["id"].as_u64().unwrap();
        checker.get(&format!("{ACCESS}/accounts/{id}")).await;
        for query in [
            "view=bankView&perPage=500",
            "view=userView&page=2",
            "view=bankView&minBankBookingDate=2026-12-01",
            "view=none",
        ] {
            checker.get(&format!("{ACCESS}/transactions?{query}&accountIds={id}")).await;
        }
        checker.get(&format!("{ACCESS}/pendingTransactions?accountIds={id}")).await;
    }
    checker.get(&format!("{ACCESS}/accounts/1234567")).await;
    checker.call(Method::DELETE, &format!("{ACCESS}/bankConnections/{connection}"), Value::Null).await;
    checker.get(&format!("{ACCESS}/bankConnections/{connection}")).await;
}

/// Forms that end in other ways, and wishes that are refused.
async fn forms(checker: &mut Checker) {
    let import = format!("{FORM}/webForms/bankConnectionImport");
    for body in [
        json!({ "bankConnectionName": "x".repeat(65) }),
        json!({ "callbacks": { "finalised": "http://money.example/" } }),
        json!({ "bank": { "id": 1 } }),
        json!({ "bank": { "search": "finAPI" } }),
        json!({ "redirectUrl": "https://money.example/" }),
        json!({ "maxDaysForDownload": 99_999 }),
    ] {
        checker.call(Method::POST, &import, body).await;
    }
    for user_id in ["reject", "cancels"] {
        let form = checker.call(Method::POST, &import, json!({})).await;
        let answers = Answers { user_id: user_id.to_owned(), cancels: user_id == "cancels", ..Answers::default() };
        let url: url::Url = form["url"].as_str().unwrap().parse().unwrap();
        for _ in 0..3 {
            let _ = checker.world.sandbox.visit(&url, &answers).await;
        }
        checker.get(&format!("{FORM}/webForms/{}", form["id"].as_str().unwrap())).await;
    }
    checker.get(&format!("{FORM}/webForms?page=1&perPage=2")).await;
    checker.get(&format!("{FORM}/webForms/none")).await;
    checker.get(&format!("{FORM}/tasks/none")).await;
    checker.call(Method::POST, &format!("{FORM}/tasks/backgroundUpdate"), json!({ "bankConnectionIds": [1] })).await;
    checker.call(Method::POST, &format!("{FORM}/tasks/backgroundUpdate"), json!({})).await;
    checker.call_with("none", Method::GET, &format!("{FORM}/webForms"), Value::Null).await;
}

/// Every error that can be armed, as far as the provider itself writes it, at whichever of the services says such a thing.
async fn faults(checker: &mut Checker) {
    let kinds = Sandbox::fault_kinds_of("finapi").into_iter().filter(|kind| kind.source != "the line");
    for kind in kinds.filter(|kind| !["finapi_bad_gateway", "finapi_too_many"].contains(&kind.name)) {
        checker.world.sandbox.arm(ArmedFault::new("*", kind.name)).unwrap();
        let is_of_form = kind.name.contains("_form_") && kind.name != "finapi_web_form_required";
        let is_of_form = is_of_form || kind.name == "finapi_mandator_misconfigured";
        let path = if is_of_form { format!("{FORM}/tasks") } else { format!("{ACCESS}/accounts") };
        checker.get(&path).await;
        checker.world.sandbox.disarm();
    }
}

/// That an answer is looked at and not only counted.
#[test]
fn what_is_wrong_is_found() {
    let mut shapes = Shapes::read();
    let paging = json!({ "page": 1, "perPage": 20, "pageCount": 1, "totalCount": 1 });
    assert_eq!(shapes.misses("Access.Paging", &paging), None);
    for (field, value) in [("page", json!("1")), ("totalCount", Value::Null), ("more", json!(1))] {
        let mut other = paging.clone();
        other[field] = value;
        assert!(shapes.misses("Access.Paging", &other).is_some(), "{other}");
    }
    let task = json!({ "taskId": "17", "status": "DONE" });
    assert!(shapes.misses("WebForm.TaskCallback", &task).is_some(), "a word that there is not");
}
