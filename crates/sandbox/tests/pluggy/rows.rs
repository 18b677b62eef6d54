//! What stands in rows and balances (fact sheet §0, §5, §6): signs, instants, currencies, versions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kit::{BANK, MEU, World, by, cents};

/// Both accounts of an item, each with its rows of some months.
async fn both(world: &World, item: &str) -> (Value, Vec<Value>, Value, Vec<Value>) {
    let checking = world.account(item, "CHECKING_ACCOUNT").await;
    let card = world.account(item, "CREDIT_CARD").await;
    let since = "&dateFrom=2026-08-01";
    let (rows, bought) = (world.rows(&checking, since).await, world.rows(&card, since).await);
    (checking, rows, card, bought)
}

#[tokio::test]
async fn signs_follow_the_kind_of_account_and_types_the_holder() {
    let world = World::new().await;
    for item in [BANK, MEU] {
        let (_, rows, _, bought) = both(&world, item).await;
        for (rows, out) in [(&rows, -1), (&bought, 1)] {
            let kinds: BTreeSet<&str> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
            assert_eq!(kinds, BTreeSet::from(["CREDIT", "DEBIT"]), "{item}");
            for row in rows {
                let expected = if row["type"] == "DEBIT" { out } else { -out };
                assert_eq!(cents(&row["amount"]).signum(), expected, "{row}");
            }
        }
        let paid = |rows: &[Value]| -> Vec<i64> {
            rows.iter().filter(|row| row["categoryId"] == "05100000").map(|row| cents(&row["amount"])).collect()
        };
        assert!(paid(&rows).len() > 2);
        assert_eq!(paid(&rows), paid(&bought), "out of the account, off the card: negative in both");
    }
}

#[tokio::test]
async fn balances_move_by_the_rows() {
    let mut world = World::new().await;
    for item in [BANK, MEU] {
        let (checking, before, card, bought) = both(&world, item).await;
        assert!(cents(&card["balance"]) > 0, "what is owed is positive");
        world.days_pass(9).await;
        let (later, after, later_card, later_bought) = both(&world, item).await;
        let total = |rows: &[Value]| -> i64 {
            let amount = |row: &Value| {
                cents(if row["amountInAccountCurrency"].is_null() {
                    &row["amount"]
                } else {
                    &row["amountInAccountCurrency"]
                })
            };
            rows.iter().map(amount).sum()
        };
        assert_eq!(cents(&later["balance"]) - cents(&checking["balance"]), total(&after) - total(&before), "{item}");
        assert_eq!(cents(&later_card["balance"]) - cents(&card["balance"]), total(&later_bought) - total(&bought));
        assert_ne!(total(&after), total(&before));
    }
    let (checking, rows, ..) = both(&world, BANK).await;
    assert_eq!(rows[0]["balance"], checking["balance"], "the newest row has the balance after it");
    let (_, rows, _, bought) = both(&world, MEU).await;
    assert!(rows.iter().all(|row| row["balance"].is_null()) && bought.iter().all(|row| row["balance"] == 0));
}

#[tokio::test]
async fn instants_are_real_and_midnight_is_three_in_utc() {
    let world = World::new().await;
    let (_, rows, ..) = both(&world, BANK).await;
    let at = |time: &str| rows.iter().filter(|row| row["date"].as_str().unwrap().ends_with(time)).count();
    let (midnight, minute_before) = (at("T03:00:00.000Z"), at("T02:59:00.000Z"));
    assert!(midnight * 3 > rows.len() && minute_before * 30 > rows.len() && minute_before * 5 < rows.len());
}

#[tokio::test]
async fn a_purchase_abroad_has_both_currencies() {
    let world = World::new().await;
    let (.., bought) = both(&world, BANK).await;
    let abroad: Vec<_> = bought.iter().filter(|row| row["currencyCode"] == "USD").collect();
    assert!(abroad.len() >= 3);
    for row in abroad {
        let (dollars, reais) = (cents(&row["amount"]), cents(&row["amountInAccountCurrency"]));
        assert!(reais > 4 * dollars && reais < 7 * dollars && dollars > 0, "{row}");
    }
    assert!(
        bought.iter().filter(|row| row["currencyCode"] == "BRL").all(|row| row["amountInAccountCurrency"].is_null())
    );
}

#[tokio::test]
async fn instalments_are_in_fields_at_one_bank_and_in_the_text_at_the_other() {
    let world = World::new().await;
    let (.., bought) = both(&world, BANK).await;
    let third = bought.iter().find(|row| row["creditCardMetadata"]["installmentNumber"] == 3).unwrap();
    let plan = &third["creditCardMetadata"];
    assert_eq!((&plan["totalInstallments"], cents(&plan["totalAmount"])), (&json!(12), 12 * cents(&third["amount"])));
    let second = bought.iter().find(|row| {
        row["creditCardMetadata"]["purchaseDate"] == plan["purchaseDate"]
            && row["creditCardMetadata"]["installmentNumber"] == 2
    });
    assert_eq!(second.unwrap()["amount"], third["amount"]);
    assert!(!third["description"].as_str().unwrap().contains("PARC"));
    let (.., shared) = both(&world, MEU).await;
    let third = shared.iter().find(|row| row["description"].as_str().unwrap().ends_with("PARC 03/12")).unwrap();
    assert!(third["creditCardMetadata"].get("installmentNumber").is_none());
}

#[tokio::test]
async fn parties_stand_on_their_sides() {
    let world = World::new().await;
    let (_, rows, ..) = both(&world, BANK).await;
    let with = |method: &str, kind: &str| {
        let is = |row: &&Value| row["paymentData"]["paymentMethod"] == method && row["type"] == kind;
        rows.iter().find(is).unwrap_or_else(|| panic!("{method} {kind}")).clone()
    };
    let name = |row: &Value, side: &str| row["paymentData"][side]["name"].as_str().unwrap().to_owned();
    let owner = "Ana Exemplo da Silva";
    for (method, kind, own, other) in [
        ("PIX", "DEBIT", "payer", "receiver"),
        ("PIX", "CREDIT", "receiver", "payer"),
        ("TED", "CREDIT", "receiver", "payer"),
    ] {
        let row = with(method, kind);
        assert_eq!((name(&row, own).as_str(), name(&row, other) == owner), (owner, false));
    }
    let rent = with("BOLETO", "DEBIT");
    assert_eq!(cents(&rent["paymentData"]["boletoMetadata"]["baseAmount"]), -cents(&rent["amount"]));
    assert_eq!(rent["paymentData"]["receiver"]["documentNumber"]["type"], "CNPJ");
}

/// Pending rows are gone after settling, and rows of other ids and the same amounts are there in their place.
async fn settle(item: &str) -> (Vec<Value>, Vec<Value>) {
    let mut world = World::new().await;
    let card = world.account(item, "CREDIT_CARD").await;
    let mut pending = Vec::new();
    for _ in 0..8 {
        let rows = world.rows(&card, "&dateFrom=2026-11-10").await;
        pending = rows.into_iter().filter(|row| row["status"] == "PENDING").collect();
        if !pending.is_empty() {
            break;
        }
        world.days_pass(1).await;
    }
    assert!(!pending.is_empty());
    world.days_pass(3).await;
    let rows = world.rows(&card, "&dateFrom=2026-11-10").await;
    let ids = by(&rows, "id");
    let posted = pending.iter().map(|row| {
        assert!(!ids.contains_key(row["id"].as_str().unwrap()), "it was deleted");
        let again = rows.iter().find(|other| other["providerCode"] == row["providerCode"]).unwrap();
        assert_eq!(
            (&again["status"], &again["amount"], &again["date"]),
            (&json!("POSTED"), &row["amount"], &row["date"])
        );
        assert!(again["createdAt"].as_str() > row["createdAt"].as_str());
        again.clone()
    });
    let posted = posted.collect();
    (pending, posted)
}

#[tokio::test]
async fn what_was_pending_comes_back_posted_under_another_id() {
    let (pending, posted) = settle(BANK).await;
    for (one, other) in pending.iter().zip(&posted) {
        assert_eq!(one["providerId"], other["providerId"]);
        assert!(one["providerId"].is_string());
    }
    let (pending, posted) = settle(MEU).await;
    assert!(pending.iter().chain(&posted).all(|row| row["providerId"].is_null()));
}

#[tokio::test]
async fn a_closed_card_has_its_rows_anew_and_a_bill_with_their_sum() {
    let mut world = World::new().await;
    let card = world.account(BANK, "CREDIT_CARD").await;
    let before = world.rows(&card, "&dateFrom=2026-11-01").await;
    let bills = format!("/bills?accountId={}", card["id"].as_str().unwrap());
    let count = world.get(&bills).await.ok()["total"].as_u64().unwrap();
    // Over the closing of 28 November and the settling of what was bought shortly before it.
    world.days_pass(12).await;
    let after = world.rows(&card, "&dateFrom=2026-10-20").await;
    let (old, new) = (by(&before, "id"), by(&after, "providerId"));
    let bought = before.iter().filter(|row| row["categoryId"] != "05100000" && row["status"] == "POSTED");
    let mut moved = 0;
    for row in bought {
        let again = new[row["providerId"].as_str().unwrap()];
        assert!(!old.contains_key(again["id"].as_str().unwrap()), "{again}");
        assert_eq!((&again["amount"], &again["date"]), (&row["amount"], &row["date"]));
        moved += 1;
    }
    assert!(moved > 5, "{moved}");
    let listed = world.get(&bills).await.ok();
    assert_eq!(listed["total"].as_u64(), Some(count + 1));
    let bill = &listed["results"][0];
    assert_eq!(
        (&bill["billClosingDate"], &bill["dueDate"]),
        (&json!("2026-11-28T00:00:00"), &json!("2026-12-07T00:00:00"))
    );
    let on_it = after.iter().filter(|row| row["creditCardMetadata"]["billId"] == bill["id"]);
    let amount = |row: &Value| {
        cents(if row["amountInAccountCurrency"].is_null() { &row["amount"] } else { &row["amountInAccountCurrency"] })
    };
    assert_eq!(on_it.map(amount).sum::<i64>(), cents(&bill["totalAmount"]));
    assert_eq!(bill["payments"], json!([]));
    let one = world.get(&format!("/bills/{}", bill["id"].as_str().unwrap())).await.ok();
    assert_eq!(&one, bill);
    world.days_pass(7).await;
    assert_eq!(world.get(&bills).await.ok()["results"][0]["payments"][0]["amount"], bill["totalAmount"]);
}

#[tokio::test]
async fn history_does_not_change_when_the_clock_is_turned() {
    let mut world = World::new().await;
    for item in [BANK, MEU] {
        let (checking, rows, ..) = both(&world, item).await;
        world.days_pass(40).await;
        let later = world.rows(&checking, "&dateFrom=2026-08-01").await;
        let known = by(&later, "id");
        assert!(
            rows.iter().all(|row| known[row["id"].as_str().unwrap()] == row),
            "rows of the account are never replaced"
        );
        assert!(later.len() > rows.len() + 40);
    }
}
