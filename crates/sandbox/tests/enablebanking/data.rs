//! What a session opens: accounts, balances, rows and their pages, and the limits of a day.

use bankside_sandbox::EnableBankingEvent;
use serde_json::{Value, json};

use crate::kit::*;

fn days(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["booking_date"].as_str().or(row["transaction_date"].as_str()).unwrap()).collect()
}

#[tokio::test]
async fn an_empty_page_is_not_the_last_one() {
    let world = World::new();
    let uid = uid(&world.session(NORDHAFEN).await, 0);
    let pages = world.pages(&uid, "date_from=2026-08-01").await;
    assert!(pages.len() > 3, "{}", pages.len());
    assert_eq!((pages[0].len(), pages[1].len(), pages[2].len()), (40, 0, 40));
    let rows = pages.concat();
    let (first, last) = (days(&rows)[0], *days(&rows).last().unwrap());
    assert!(first <= "2026-11-20" && ("2026-08-01".."2026-08-05").contains(&last), "{first} {last}");
    // A key is for the same question, and for this account alone.
    let first = world.get(&format!("/accounts/{uid}/transactions?date_from=2026-08-01")).await.ok();
    let key = first["continuation_key"].as_str().unwrap();
    let other = format!("/accounts/{uid}/transactions?date_from=2026-08-02&continuation_key={key}");
    world.get(&other).await.is(422, "WRONG_CONTINUATION_KEY");
    let null = World::with("enablebanking_last_key_is_null");
    let uid = self::uid(&null.session(LOCKSIDE).await, 0);
    let answer = null.get(&format!("/accounts/{uid}/transactions?date_from=2026-11-10")).await.ok();
    assert!(answer.as_object().unwrap().contains_key("continuation_key") && answer["continuation_key"].is_null());
}

#[tokio::test]
async fn periods_are_checked_and_too_long_ones_are_refused_in_two_ways() {
    let world = World::new();
    let uid = uid(&world.session(KANALBANK).await, 0);
    let ask = async |query: &str| world.get(&format!("/accounts/{uid}/transactions?{query}")).await;
    ask("date_to=2026-11-10").await.is(422, "DATE_TO_WITHOUT_DATE_FROM");
    ask("date_from=2026-11-21").await.is(422, "DATE_FROM_IN_FUTURE");
    ask("date_from=2026-11-10&date_to=2026-11-09").await.is(422, "WRONG_DATE_INTERVAL");
    ask("date_from=yesterday").await.is(422, "WRONG_REQUEST_PARAMETERS");
    ask("strategy=fast").await.is(422, "WRONG_REQUEST_PARAMETERS");
    ask("transaction_status=DONE").await.is(422, "WRONG_REQUEST_PARAMETERS");
    // Right after the consent there is all that the bank has.
    ask("date_from=2026-01-01").await.ok();
    world.pass(json!({ "advance_seconds": 3600 })).await;
    let refused = ask("date_from=2026-01-01").await;
    refused.is(422, "WRONG_TRANSACTIONS_PERIOD");
    assert_eq!(refused.body["detail"], json!({ "date_from": "2026-09-21" }));
    ask("date_from=2026-09-21").await.ok();
    let longest = world.pages(&uid, "date_from=2026-01-01&strategy=longest").await.concat();
    assert!(*days(&longest).last().unwrap() >= "2026-09-21");
    let uid = self::uid(&world.session(DUNAHID).await, 0);
    world.pass(json!({ "advance_seconds": 3600 })).await;
    let refused = world.get(&format!("/accounts/{uid}/transactions?date_from=2026-01-01")).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (422, &json!("PERIOD_INVALID")));
}

#[tokio::test]
async fn a_day_has_four_calls_while_nobody_is_there_and_pages_belong_to_their_first() {
    let world = World::new();
    let uid = uid(&world.session(KANALBANK).await, 0);
    let path = format!("/accounts/{uid}/balances");
    let rows = format!("/accounts/{uid}/transactions");
    for _ in 0..4 {
        world.get(&path).await.ok();
        assert!(world.pages(&uid, "date_from=2026-10-01").await.len() > 1);
    }
    world.get(&path).await.is(429, "ASPSP_RATE_LIMIT_EXCEEDED");
    world.get(&rows).await.is(429, "ASPSP_RATE_LIMIT_EXCEEDED");
    // With all headers that the bank wants somebody is there, and with some of them nobody knows.
    let get = axum::http::Method::GET;
    let (address, agent) = (("Psu-Ip-Address", "203.0.113.7"), ("Psu-User-Agent", "a browser"));
    world.call_with(get.clone(), &path, None, &[address, agent]).await.ok();
    world.call_with(get.clone(), &path, None, &[address]).await.is(422, "PSU_HEADER_NOT_PROVIDED");
    let nowhere = [("Psu-Ip-Address", "here"), agent];
    world.call_with(get, &path, None, &nowhere).await.is(422, "PSU_HEADER_INVALID");
    world.pass(json!({ "advance_days": 1 })).await;
    world.get(&path).await.ok();
}

#[tokio::test]
async fn rows_are_named_as_each_bank_names_them() {
    let world = World::new();
    let query = "date_from=2026-11-01";
    let nordhafen = world.pages(&uid(&world.session(NORDHAFEN).await, 0), query).await.concat();
    let (pending, booked): (Vec<_>, Vec<_>) = nordhafen.iter().partition(|row| row["status"] == "PDNG");
    assert!(!pending.is_empty() && pending.iter().all(|row| row["entry_reference"] == "0"));
    assert!(booked.iter().all(|row| row["entry_reference"].is_string() && row["transaction_id"].is_string()));
    assert!(booked.iter().all(|row| !row["transaction_amount"]["amount"].as_str().unwrap().starts_with('-')));
    let lockside = world.pages(&uid(&world.session(LOCKSIDE).await, 0), query).await.concat();
    assert!(lockside.iter().all(|row| row.get("entry_reference").is_none() && row.get("transaction_id").is_none()));
    let signs = |row: &&Value| row["transaction_amount"]["amount"].as_str().unwrap().starts_with('-');
    assert!(lockside.iter().filter(signs).all(|row| row["credit_debit_indicator"] == "DBIT"));
    assert!(lockside.iter().any(|row| signs(&row)));
    let uid_of_lockside = uid(&world.session(LOCKSIDE).await, 0);
    let refused = world.get(&format!("/accounts/{uid_of_lockside}/transactions?transaction_status=PDNG")).await;
    refused.is(422, "WRONG_REQUEST_PARAMETERS");
    let kanalbank = world.pages(&uid(&world.session(KANALBANK).await, 0), query).await.concat();
    let hidden = |row: &&Value| row["creditor"]["postal_address"]["address_line"][0].is_string();
    assert!(kanalbank.iter().any(|row| hidden(&row)));
    let dunahid = world.session(DUNAHID).await;
    let rows = world.pages(&uid(&dunahid, 0), query).await.concat();
    let first = rows.last().unwrap();
    assert_eq!(first["entry_reference"], format!("{}-1", first["booking_date"].as_str().unwrap()));
    assert_eq!(world.get(&format!("/accounts/{}/balances", uid(&dunahid, 1))).await.ok(), json!({ "balances": [] }));
    let id = first["transaction_id"].as_str().unwrap();
    let alone = world.get(&format!("/accounts/{}/transactions/{id}", uid(&dunahid, 0))).await.ok();
    assert_eq!(&alone, first);
    world.get(&format!("/accounts/{}/transactions/none", uid(&dunahid, 0))).await.is(404, "TRANSACTION_DOES_NOT_EXIST");
}

#[tokio::test]
async fn ids_for_details_may_be_another_in_each_session() {
    for (world, are_same) in
        [(World::new(), true), (World::with("enablebanking_transaction_ids_survive_sessions"), false)]
    {
        let mut seen = Vec::new();
        for _ in 0..2 {
            let uid = uid(&world.session(NORDHAFEN).await, 0);
            let rows = world.pages(&uid, "date_from=2026-11-10&transaction_status=BOOK").await.concat();
            seen.push(rows[0].clone());
        }
        assert_eq!(seen[0]["entry_reference"], seen[1]["entry_reference"]);
        assert_eq!(seen[0]["transaction_id"] == seen[1]["transaction_id"], are_same);
    }
}

#[tokio::test]
async fn the_other_positions_show_signs_and_everything() {
    let signed = World::with("enablebanking_amounts_are_signed");
    let uid = uid(&signed.session(NORDHAFEN).await, 0);
    let rows = signed.pages(&uid, "date_from=2026-11-10").await.concat();
    assert!(rows.iter().any(|row| row["transaction_amount"]["amount"].as_str().unwrap().starts_with('-')));
    let all = World::with("enablebanking_longest_keeps_to_date_from");
    let uid = self::uid(&all.session(NORDHAFEN).await, 1);
    let rows = all.pages(&uid, "date_from=2026-11-01&strategy=longest").await.concat();
    assert!(*days(&rows).last().unwrap() < "2026-11-01");
}

#[tokio::test]
async fn an_account_that_is_blocked_is_gone_and_the_other_is_not() {
    let world = World::new();
    let session = world.session(NORDHAFEN).await;
    world.happen(EnableBankingEvent::Block { of: session["session_id"].as_str().unwrap().to_owned() });
    world.get(&format!("/accounts/{}/balances", uid(&session, 0))).await.is(404, "ACCOUNT_DOES_NOT_EXIST");
    world.get(&format!("/accounts/{}/details", uid(&session, 1))).await.ok();
}
