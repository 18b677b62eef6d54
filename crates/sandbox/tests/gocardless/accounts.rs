//! Accounts and their data (fact sheet §6).

use serde_json::{Value, json};

use crate::kit::{KANALBANK, LOCKSIDE, NORDHAFEN, SANDBOX_FINANCE, Setup, World, minor};

const UNKNOWN: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

async fn data(world: &World, account: &str, what: &str) -> Value {
    world.get(&format!("/accounts/{account}/{what}")).await.ok()
}

async fn booked(world: &World, account: &str, query: &str) -> Vec<Value> {
    let answer = data(world, account, &format!("transactions/{query}")).await;
    answer["transactions"]["booked"].as_array().unwrap().clone()
}

#[tokio::test]
async fn metadata_has_the_recorded_shape() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    let account = &linked.accounts[0];
    let metadata = data(&world, account, "").await;
    let expected = json!({
        "id": account, "created": "2026-11-20T12:00:00.000000Z", "last_accessed": null, "iban": metadata["iban"],
        "bban": null, "status": "READY", "institution_id": NORDHAFEN, "owner_name": "Demo Household", "name": "Girokonto",
    });
    assert_eq!(metadata, expected);
    assert!(metadata["iban"].as_str().unwrap().starts_with("DE"));
    data(&world, account, "details/").await;
    assert_eq!(data(&world, account, "").await["last_accessed"], "2026-11-20T12:00:00.000000Z");
}

#[tokio::test]
async fn details_and_balances_have_the_documented_shape() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    let details = data(&world, &linked.accounts[0], "details/").await;
    assert_eq!(
        (&details["account"]["product"], &details["account"]["cashAccountType"]),
        (&json!("Girokonto Klassik"), &json!("CACC"))
    );
    let savings = data(&world, &linked.accounts[1], "details/").await;
    assert_eq!(
        (&savings["account"]["name"], &savings["account"]["cashAccountType"]),
        (&json!("Tagesgeld"), &json!("SVGS"))
    );
    let balances = data(&world, &linked.accounts[0], "balances/").await["balances"].clone();
    let kinds: Vec<_> =
        balances.as_array().unwrap().iter().map(|row| (&row["balanceType"], &row["referenceDate"])).collect();
    let expected = [
        ("interimBooked", "2026-11-20"),
        ("closingBooked", "2026-11-19"),
        ("previouslyClosedBooked", "2026-10-31"),
        ("expected", "2026-11-20"),
    ];
    assert!(kinds.iter().zip(expected).all(|((kind, on), (k, o))| **kind == k && **on == o), "{kinds:?}");
}

#[tokio::test]
async fn balances_follow_from_rows_while_the_clock_turns() {
    let mut world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    let mut before: Option<(i64, Vec<Value>)> = None;
    for days in [0, 1, 2, 3, 5, 8, 13, 21, 34] {
        world.days_pass(days).await;
        let account = &linked.accounts[0];
        let balances = data(&world, account, "balances/").await["balances"].clone();
        let balance = |index: usize| minor(&balances[index]["balanceAmount"]);
        let answer = data(&world, account, "transactions/").await;
        let mut rows = answer["transactions"]["booked"].as_array().unwrap().clone();
        rows.reverse();
        let pending = answer["transactions"]["pending"].as_array().unwrap();
        let sum = |rows: &[Value]| rows.iter().map(|row| minor(&row["transactionAmount"])).sum::<i64>();
        assert_eq!(balance(3), balance(0) + sum(pending));
        let closing_day = balances[1]["referenceDate"].as_str().unwrap();
        let after_closing = rows.iter().filter(|row| row["bookingDate"].as_str().unwrap() > closing_day);
        assert_eq!(balance(1) + sum(&after_closing.cloned().collect::<Vec<_>>()), balance(0));
        let last = rows.last().unwrap();
        assert_eq!(minor(&last["balanceAfterTransaction"]["balanceAmount"]), balance(0));
        assert_eq!(last["balanceAfterTransaction"]["balanceType"], "InterimBooked");
        if let Some((old_balance, old_rows)) = before {
            let from = rows.iter().position(|row| Some(row) == old_rows.last()).unwrap();
            assert_eq!(rows[..=from], old_rows[old_rows.len() - from - 1..], "history is stable");
            assert_eq!(old_balance + sum(&rows[from + 1..]), balance(0));
        }
        before = Some((balance(0), rows));
    }
}

#[tokio::test]
async fn booked_rows_carry_ids_and_pending_ones_do_not() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    let answer = data(&world, &linked.accounts[0], "transactions/").await;
    assert_eq!(answer["last_updated"], "2026-11-20T12:00:00Z");
    let rows = answer["transactions"]["booked"].as_array().unwrap();
    for row in rows {
        assert!(row["transactionId"].is_string() && row["entryReference"].is_string());
        assert_eq!(row["internalTransactionId"].as_str().unwrap().len(), 32);
        let side = if minor(&row["transactionAmount"]) < 0 { "creditorName" } else { "debtorName" };
        assert!(row[side].is_string(), "{row}");
    }
    let pending = answer["transactions"]["pending"].as_array().unwrap();
    assert!((1..=3).contains(&pending.len()));
    for row in pending {
        let ids = ["transactionId", "entryReference", "internalTransactionId", "bookingDate"];
        assert!(ids.iter().all(|id| row.get(id).is_none()), "{row}");
    }
}

#[tokio::test]
async fn dates_are_inclusive_and_never_in_the_future() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    let account = &linked.accounts[0];
    let rows = booked(&world, account, "?date_from=2026-11-02&date_to=2026-11-03").await;
    let days: std::collections::BTreeSet<_> = rows.iter().map(|row| row["bookingDate"].as_str().unwrap()).collect();
    assert_eq!(days.into_iter().collect::<Vec<_>>(), ["2026-11-02", "2026-11-03"]);

    let path = |query: &str| format!("/accounts/{account}/transactions/{query}");
    let answer = world.get(&path("?date_from=2026-11-10&date_to=2026-10-31")).await;
    let detail = "Starting date '2026-11-10' is greater than end date '2026-10-31'. \
                  When specifying date range, starting date must precede the end date";
    answer.is_error(400, "Incorrect date range", detail);
    let answer = world.get(&path("?date_from=2026-11-21&date_to=2026-12-21")).await;
    let future = |date: &str| {
        let detail = format!("'{date}' can't be greater than 2026-11-20. Specify correct date range");
        json!({ "summary": "Date can't be in future", "detail": detail })
    };
    let expected = json!({ "date_from": future("2026-11-21"), "date_to": future("2026-12-21"), "status_code": 400 });
    answer.is(400, &expected);
    let answer = world.get(&path("?date_from=yesterday")).await;
    assert_eq!((answer.status.as_u16(), answer.body["date_from"].is_array()), (400, true));

    let other = Setup::with("date_to_is_inclusive").start().await;
    let linked = other.link(NORDHAFEN).await;
    let rows = booked(&other, &linked.accounts[0], "?date_from=2026-11-02&date_to=2026-11-03").await;
    assert!(rows.iter().all(|row| row["bookingDate"] == "2026-11-02"));
}

#[tokio::test]
async fn a_banks_day_begins_at_its_own_midnight() {
    let real = crate::kit::Fake::at("2026-11-19T22:59:00Z");
    let world = Setup { real: real.clone(), ..Setup::default() }.start().await;
    let linked = world.link(NORDHAFEN).await;
    let latest = booked(&world, &linked.accounts[0], "").await[0]["bookingDate"].clone();
    assert_eq!(latest, "2026-11-19");
    real.pass(60);
    let latest = booked(&world, &linked.accounts[0], "").await[0]["bookingDate"].clone();
    assert_eq!(latest, "2026-11-20", "already tomorrow in Berlin, still today in UTC");
    let answer = world.get(&format!("/accounts/{}/transactions/?date_to=2026-11-20", linked.accounts[0])).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn history_ends_with_the_agreement() {
    for (switch, oldest) in [(None, "2026-10-21"), (Some("history_ends_at_agreement"), "2023-01-02")] {
        let world = switch.map_or_else(Setup::default, Setup::with).start().await;
        let body = json!({ "institution_id": NORDHAFEN, "max_historical_days": 30 });
        let agreement = world.post("/agreements/enduser/", &body).await.ok()["id"].clone();
        let requisition = world.request(NORDHAFEN, json!({ "agreement": agreement })).await;
        world.walk(requisition["link"].as_str().unwrap()).await;
        let path = format!("/requisitions/{}/", requisition["id"].as_str().unwrap());
        let account = world.get(&path).await.ok()["accounts"][0].as_str().unwrap().to_owned();
        let rows = booked(&world, &account, "").await;
        assert_eq!(rows.last().unwrap()["bookingDate"], oldest, "{switch:?}");
    }
}

#[tokio::test]
async fn ids_are_checked() {
    let world = World::new().await;
    for data in ["", "balances/", "details/", "transactions/"] {
        let answer = world.get(&format!("/accounts/abcdefg/{data}")).await;
        answer.is_error(400, "Invalid Account ID", "abcdefg is not a valid Account UUID. ");
    }
    let summary = format!("Account ID {UNKNOWN} not found");
    let detail = "Please check whether you specified a valid Account ID";
    for data in ["balances", "details", "transactions"] {
        world.get(&format!("/accounts/{UNKNOWN}/{data}/")).await.is_error(404, &summary, detail);
    }
    let text = "No Account matches the given query.";
    world.get(&format!("/accounts/{UNKNOWN}/")).await.is_error(404, text, text);
    let other = Setup::with("unknown_account_metadata_names_no_id").start().await;
    other.get(&format!("/accounts/{UNKNOWN}/")).await.is_error(404, &summary, detail);
}

#[tokio::test]
async fn a_missing_scope_is_403() {
    let world = World::new().await;
    let body = json!({ "institution_id": NORDHAFEN, "access_scope": ["balances"] });
    let agreement = world.post("/agreements/enduser/", &body).await.ok()["id"].clone();
    let requisition = world.request(NORDHAFEN, json!({ "agreement": agreement })).await;
    world.walk(requisition["link"].as_str().unwrap()).await;
    let path = format!("/requisitions/{}/", requisition["id"].as_str().unwrap());
    let account = world.get(&path).await.ok()["accounts"][0].as_str().unwrap().to_owned();
    data(&world, &account, "balances/").await;
    let detail = "EUA doesn't allow access to account details. \
                  Check EUA access scope. Or create new EUA with correct access scope";
    let answer = world.get(&format!("/accounts/{account}/details/")).await;
    answer.is_error(403, "End User Agreement (EUA) access scope error", detail);
}

#[tokio::test]
async fn kanalbank_processes_until_asked_twice_and_has_yen() {
    let world = World::new().await;
    let linked = world.link(KANALBANK).await;
    let yen = &linked.accounts[1];
    let answer = world.get(&format!("/accounts/{yen}/balances/")).await;
    assert_eq!((answer.status.as_u16(), &answer.body["type"]), (409, &json!("AccountProcessing")));
    assert_eq!(answer.body["summary"], "Account is Processing");
    assert_eq!(answer.header("http_x_ratelimit_account_success_limit"), "", "only on successes");
    for status in ["PROCESSING", "PROCESSING", "READY"] {
        assert_eq!(data(&world, yen, "").await["status"], status);
    }
    let balance = data(&world, yen, "balances/").await["balances"][0]["balanceAmount"].clone();
    assert_eq!(balance["currency"], "JPY");
    assert!(!balance["amount"].as_str().unwrap().contains('.'));
    assert!(booked(&world, yen, "").await.len() > 5);
    assert_eq!(world.get(&format!("/accounts/{}/balances/", linked.accounts[0])).await.status, 409, "each by itself");
}

#[tokio::test]
async fn lockside_is_terse() {
    let world = World::new().await;
    let linked = world.link(LOCKSIDE).await;
    let answer = data(&world, &linked.accounts[0], "transactions/").await;
    assert_eq!(answer["transactions"].get("pending"), None);
    let rows = answer["transactions"]["booked"].as_array().unwrap();
    for row in rows {
        assert!(row.get("transactionId").is_none() && row.get("remittanceInformationUnstructured").is_none());
        assert!(row["remittanceInformationUnstructuredArray"].is_array() && row["internalTransactionId"].is_string());
        let amount = row["transactionAmount"]["amount"].as_str().unwrap();
        assert!(!(amount.contains('.') && amount.ends_with('0')), "{amount}");
    }
    assert!(rows.iter().any(|row| !row["transactionAmount"]["amount"].as_str().unwrap().contains('.')));
    assert_eq!(data(&world, &linked.accounts[0], "details/").await["account"]["scan"], "99990110002847");
}

#[tokio::test]
async fn the_providers_sandbox_bank_is_as_recorded() {
    let world = World::new().await;
    let linked = world.link(SANDBOX_FINANCE).await;
    assert_eq!(linked.accounts.len(), 2);
    let balances = data(&world, &linked.accounts[0], "balances/").await;
    let row = |kind: &str| {
        let amount = json!({ "amount": "1913.12", "currency": "EUR" });
        json!({ "balanceAmount": amount, "balanceType": kind, "referenceDate": "2026-11-20" })
    };
    assert_eq!(balances, json!({ "balances": [row("expected"), row("interimAvailable")] }));
    let answer = data(&world, &linked.accounts[0], "transactions/?date_from=2026-11-20").await;
    let newest = &answer["transactions"]["booked"];
    let freshto = newest.as_array().unwrap().iter().find(|row| row["creditorName"] == "Freshto Ideal").unwrap();
    assert_eq!(
        (&freshto["transactionId"], &freshto["bankTransactionCode"]),
        (&json!("2026112001773517-1"), &json!("PMNT"))
    );
    assert_eq!(freshto["proprietaryBankTransactionCode"], "PURCHASE");
    let pending = json!([{
        "transactionAmount": { "amount": "10.00", "currency": "EUR" }, "valueDate": "2026-11-18",
        "remittanceInformationUnstructured": "Reserved PAYMENT Emperor's Burgers",
    }]);
    assert_eq!(answer["transactions"]["pending"], pending);
    let again = world.link(SANDBOX_FINANCE).await;
    assert_ne!(linked.accounts, again.accounts, "new numbers with each consent");

    let fixed = Setup::with("sandbox_bank_numbers_change").start().await;
    let linked = fixed.link(SANDBOX_FINANCE).await;
    assert_eq!(data(&fixed, &linked.accounts[0], "").await["iban"], "GL3343697694912188");
    assert_eq!(fixed.link(SANDBOX_FINANCE).await.accounts, linked.accounts);
}

#[tokio::test]
async fn ids_survive_a_relink_or_not() {
    let cases = [
        (None, true, true),
        (Some("account_ids_survive_relink"), false, true),
        (Some("internal_ids_survive_relink"), true, false),
    ];
    for (switch, same_account, same_row) in cases {
        let world = switch.map_or_else(Setup::default, Setup::with).start().await;
        let first = world.link(NORDHAFEN).await;
        let row = booked(&world, &first.accounts[0], "").await[0]["internalTransactionId"].clone();
        let second = world.link(NORDHAFEN).await;
        let again = booked(&world, &second.accounts[0], "").await[0]["internalTransactionId"].clone();
        assert_eq!((first.accounts == second.accounts, row == again), (same_account, same_row), "{switch:?}");
    }
}

#[tokio::test]
async fn a_consent_expires_with_the_clock() {
    let mut world = World::new().await;
    let linked = world.link(KANALBANK).await;
    let account = linked.accounts[0].clone();
    for _ in 0..2 {
        data(&world, &account, "").await;
    }
    world.turn(json!({ "set": "2027-02-18T11:59:59.999999Z" })).await.ok();
    world.sign_in().await;
    data(&world, &account, "balances/").await;
    world.turn(json!({ "set": "2027-02-18T12:00:00Z" })).await.ok();
    let requisition = format!("/requisitions/{}/", linked.requisition);
    assert_eq!(world.get(&requisition).await.ok()["status"], "EX");
    assert_eq!(data(&world, &account, "").await["status"], "EXPIRED");
    let detail = "EUA was valid for 90 days and it expired at 2027-02-18 12:00:00.000000+00:00. \
                  The end user must connect the account once more with new EUA and Requisition";
    for what in ["balances", "details", "transactions"] {
        let answer = world.get(&format!("/accounts/{account}/{what}/")).await;
        answer.is_error(401, &format!("End User Agreement (EUA) {} has expired", linked.agreement), detail);
    }
    let path = linked.link.strip_prefix(crate::kit::BASE).unwrap();
    assert!(world.page(path).await.header("location").contains("RequisitionLinkReused"));

    let again = world.link(KANALBANK).await;
    assert_eq!(again.accounts, linked.accounts);
    assert_eq!(data(&world, &account, "").await["status"], "PROCESSING");
    assert_eq!(world.get(&requisition).await.ok()["status"], "EX", "the old one stays expired");
}
