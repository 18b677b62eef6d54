//! Accounts and their balances (fact sheet §5).

use serde_json::{Value, json};

use crate::kit::{BANK, MEU, World, cents};

#[tokio::test]
async fn accounts_are_described_as_documented() {
    let world = World::new().await;
    let checking = world.account(BANK, "CHECKING_ACCOUNT").await;
    assert_eq!((&checking["type"], &checking["number"]), (&json!("BANK"), &json!("0001/77123-4")));
    assert_eq!(
        (&checking["creditData"], &checking["bankData"]["closingBalance"]),
        (&Value::Null, &checking["balance"])
    );
    assert!(checking["bankData"]["automaticallyInvestedBalance"].is_null());
    let card = world.account(BANK, "CREDIT_CARD").await;
    assert_eq!((&card["type"], &card["bankData"]), (&json!("CREDIT"), &Value::Null));
    let credit = &card["creditData"];
    assert_eq!((&credit["balanceCloseDate"], &credit["balanceDueDate"]), (&json!("2026-11-28"), &json!("2026-12-07")));
    assert_eq!(cents(&credit["availableCreditLimit"]) + cents(&card["balance"]), cents(&credit["creditLimit"]));
    let one = world.get(&format!("/accounts/{}", card["id"].as_str().unwrap())).await.ok();
    assert_eq!(one, card);
    let only = world.get(&format!("/accounts?itemId={BANK}&type=CREDIT")).await.ok();
    assert_eq!((&only["total"], &only["results"][0]), (&json!(1), &card));
    world.get(&format!("/accounts?itemId={BANK}&type=GOLD")).await.is(400, "");
    world.get("/accounts").await.is(400, "");
    world.get(&format!("/accounts/{BANK}")).await.is(404, "ACCOUNT_NOT_FOUND");
}

#[tokio::test]
async fn what_is_shared_through_meu_pluggy_says_little() {
    let world = World::new().await;
    let checking = world.account(MEU, "CHECKING_ACCOUNT").await;
    assert_eq!((&checking["name"], &checking["marketingName"]), (&json!("BANCO SAPUCAIA S.A."), &Value::Null));
    assert_eq!(checking["bankData"]["automaticallyInvestedBalance"], 5580.72);
    assert!(world.account(MEU, "SAVINGS_ACCOUNT").await["bankData"].is_null());
    let card = world.account(MEU, "CREDIT_CARD").await;
    assert_eq!(card["name"], "ANA E DA SILVA");
    assert!(card["creditData"]["balanceCloseDate"].is_null() && card["creditData"]["balanceDueDate"].is_null());
    let id = checking["id"].as_str().unwrap();
    world.get(&format!("/accounts/{id}/balance")).await.is(404, "ACCOUNT_BALANCE_NOT_FOUND");
    let within = World::with("pluggy_balance_contains_what_is_invested").await;
    let turned = within.account(MEU, "CHECKING_ACCOUNT").await;
    assert_eq!(cents(&turned["balance"]) - cents(&checking["balance"]), 558_072);
    assert_eq!(turned["bankData"], checking["bankData"]);
}

#[tokio::test]
async fn the_balance_call_asks_the_bank_at_once() {
    let mut world = World::new().await;
    // Eighteen hours after the last synchronisation something has been paid.
    world.pass(13 * 3600).await;
    let card = world.account(BANK, "CREDIT_CARD").await;
    let path = format!("/accounts/{}/balance", card["id"].as_str().unwrap());
    let asked = world.get(&path).await.ok();
    assert_eq!((&asked["currencyCode"], &asked["updateDateTime"]), (&json!("BRL"), &json!("2026-11-21T01:00:00.000Z")));
    world.happen(json!({ "event": "sync", "of": BANK }));
    assert_eq!(world.account(BANK, "CREDIT_CARD").await["balance"], asked["balance"]);
    assert_eq!(world.get(&path.replace("balance", "statements")).await.ok()["results"], json!([]));
}

#[tokio::test]
async fn accounts_have_other_ids_in_another_item_and_rows_the_same_bank_id() {
    let world = World::new().await;
    let body = json!({ "connectorId": 700, "parameters": { "cpf": "123.456.789-09" } });
    let again = world.post("/items", &body).await.ok()["id"].as_str().unwrap().to_owned();
    world.follow(&again).await;
    world.happen(json!({ "event": "approve", "of": again }));
    world.follow(&again).await;
    let (one, other) = (world.account(BANK, "CREDIT_CARD").await, world.account(&again, "CREDIT_CARD").await);
    assert_ne!(one["id"], other["id"]);
    let (rows, others) =
        (world.rows(&one, "&dateFrom=2026-09-01").await, world.rows(&other, "&dateFrom=2026-09-01").await);
    for row in &rows {
        let same = others.iter().find(|other| other["providerId"] == row["providerId"]).unwrap();
        assert_ne!(same["id"], row["id"]);
    }
    assert!(rows.len() > 30);
}
