//! The files that describe the services: answers of the web form fit their schemas, and rows and accounts have no field that is not
//! in the list of Access.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use bankside_sandbox::Answers;
use serde_json::{Value, json};

use crate::kit::*;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/specs/finapi-v2-models.json");

/// The models of both services; `None` where the file is not there.
fn models() -> Option<Value> {
    if !Path::new(MODELS).exists() {
        // Straight to the console, because the output of a test that passes is not shown.
        let _ = writeln!(std::io::stderr(), "skipped: {MODELS} is not there, so answers are not checked against it");
        return None;
    }
    serde_json::from_slice(&std::fs::read(MODELS).unwrap()).unwrap()
}

/// The fields of a model of whichever service.
fn fields(models: &Value, name: &str) -> BTreeSet<String> {
    let of = models.as_object().unwrap().values().find_map(|service| service["models"][name]["fields"].as_object());
    of.unwrap_or_else(|| panic!("there is no model {name}")).keys().cloned().collect()
}

#[track_caller]
fn fits(models: &Value, name: &str, value: &Value, required: &[&str]) {
    let known = fields(models, name);
    let own = value.as_object().unwrap_or_else(|| panic!("{name} is {value}"));
    let strangers: Vec<_> = own.keys().filter(|field| !known.contains(*field)).collect();
    assert!(strangers.is_empty(), "{name} has {strangers:?}");
    assert!(own.values().all(|field| !field.is_null()), "{name}: what is null is left out: {value}");
    let lacking: Vec<_> = required.iter().filter(|field| !own.contains_key(**field)).collect();
    assert!(lacking.is_empty(), "{name} lacks {lacking:?}");
}

#[tokio::test]
async fn answers_have_the_fields_of_the_models() {
    let Some(models) = models() else { return };
    let mut world = World::new().await;
    let form = world.form(&json!({})).await;
    world.walk(form["url"].as_str().unwrap(), &Answers::default()).await;
    let form = world.look(&form).await;
    let whole = ["id", "url", "createdAt", "expiresAt", "type", "status", "payload"];
    fits(&models, "WebForm", &form, &whole);
    world.days_pass(150).await;
    let connection = form["payload"]["bankConnectionId"].as_u64().unwrap();
    let task = world.update(json!({ "bankConnectionIds": [connection], "manageSavedSettings": ["CREDENTIALS"] })).await;
    assert_eq!(task["payload"]["webForm"]["status"], "NOT_YET_OPENED");
    world.update(json!({ "bankConnectionIds": [connection] })).await;
    let read = world.get(&format!("{ACCESS}/bankConnections/{connection}")).await.ok();
    fits(
        &models,
        "BankConnection",
        &read,
        &["id", "bank", "interfaces", "accountIds", "updateStatus", "categorizationStatus"],
    );
    let interface =
        ["bankingInterface", "loginCredentials", "twoStepProcedures", "userActionRequired", "maxDaysForDownload"];
    fits(&models, "BankConnectionInterface", &read["interfaces"][0], &interface);
    fits(&models, "BankConsent", &read["interfaces"][0]["aisConsent"], &["status"]);
    fits(&models, "Bank", &read["bank"], &["id", "name", "isTestBank"]);
    fits(&models, "BankInterface", &read["bank"]["interfaces"][0], &["bankingInterface"]);
    let accounts = world.accounts(connection).await;
    let account = ["id", "bankConnectionId", "accountType", "accountNumber", "interfaces", "isNew", "isSeized"];
    for one in &accounts {
        fits(&models, "Account", one, &account);
        fits(&models, "AccountInterface", &one["interfaces"][0], &["bankingInterface", "status"]);
    }
    let row = [
        "id",
        "accountId",
        "amount",
        "valueDate",
        "bankBookingDate",
        "finapiBookingDate",
        "importDate",
        "labels",
        "isNew",
        "isPotentialDuplicate",
        "isAdjustingEntry",
    ];
    let rows = world.rows(&accounts[0], "").await;
    assert!(rows.iter().any(|row| row["isAdjustingEntry"] == true));
    for one in &rows {
        fits(&models, "Transaction", one, &row);
    }
    let pending = world.get(&format!("{ACCESS}/pendingTransactions")).await.ok();
    fits(&models, "PageablePendingTransactionResources", &pending, &["pendingTransactions", "paging"]);
    for one in pending["pendingTransactions"].as_array().unwrap() {
        fits(&models, "PendingTransaction", one, &["id", "accountId", "amount"]);
    }
    let missing = world.get(&format!("{ACCESS}/bankConnections/1")).await.body;
    fits(&models, "ErrorMessage", &missing, &["errors", "date", "requestId", "endpoint"]);
    fits(&models, "ErrorDetails", &missing["errors"][0], &["code", "type"]);
}
