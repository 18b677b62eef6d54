//! Accounts and transactions: cached, and in the words of each bank (fact sheet §5, §7).

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::kit::*;

async fn account(world: &World, login: &str, kind: &str) -> Value {
    let accounts = world.accounts(login).await;
    accounts.into_iter().find(|one| one["AccountType"] == kind).unwrap()
}

#[tokio::test]
async fn two_logins_are_there_from_the_start() {
    let world = World::new();
    let logins = world.logins().await;
    let banks: Vec<_> = logins.iter().map(|login| text(&login["InstitutionID"])).collect();
    assert_eq!(banks, [bank_id(HARBORLIGHT), bank_id(LARKSPUR)]);
    let accounts = world.accounts(&text(&logins[0]["UserInstitutionID"])).await;
    let kinds: Vec<_> = accounts.iter().map(|one| text(&one["AccountType"])).collect();
    assert_eq!(kinds, ["Checking", "Savings", "Credit Card"]);
    assert!(cents(&accounts[2]["Balance"]) < 0, "debt is negative");
    assert_eq!((&accounts[0]["BalanceCurrency"], &accounts[0]["Status"]), (&json!("$"), &json!("Tracked")));
    assert_eq!(
        (&accounts[0]["LastUpdated"], &accounts[0]["AccountNumber"]),
        (&json!("2026-11-20T17:00:00"), &json!("xxx3301"))
    );
    let card = account(&world, &text(&logins[1]["UserInstitutionID"]), "CREDIT_CARD").await;
    assert!(cents(&card["Balance"]) > 0, "debt is positive");
    let one =
        world.post("/UserInstitutionAccount/GetUserInstitutionAccountByID", json!({ "accountid": card["AccountID"] }));
    assert_eq!(one.await.ok(), card);
    assert!(!world.rows(&accounts[0], "2026-11-01", "2026-11-20").await.is_empty());
}

#[tokio::test]
async fn data_moves_on_only_when_a_refresh_was_completed() {
    let world = World::new();
    let login = text(&world.logins().await[0]["UserInstitutionID"]);
    let before = world.accounts(&login).await;
    let read = async || {
        let mut all = Vec::new();
        for account in &before {
            all.push(world.rows(account, "2026-09-01", "2027-12-31").await);
        }
        all
    };
    let rows = read().await;
    world.days_pass(10).await;
    assert_eq!((world.accounts(&login).await, read().await), (before.clone(), rows.clone()), "it is a cache");
    let started =
        world.post("/UserInstitution/RefreshUserInstitution", json!({ "UserInstitutionID": login })).await.ok();
    let job = text(&started["JobID"]);
    world.poll(&job).await;
    assert_eq!(read().await, rows, "not before its end");
    let (asked, end) = world.finish(&job).await;
    assert_eq!((asked.len(), &end["SuccessFlag"]), (0, &json!(true)), "this bank asks only at the first time");
    let after = world.accounts(&login).await;
    assert_eq!(after[0]["LastUpdated"], "2026-11-30T17:00:00");
    assert_eq!(after[0]["AccountID"], before[0]["AccountID"]);
    for (index, later) in read().await.iter().enumerate() {
        assert!(later.len() > rows[index].len());
        let posted = |row: &&Value| row["Status"] == "Posted";
        let later_rows: HashSet<String> = later.iter().map(Value::to_string).collect();
        for row in rows[index].iter().filter(posted) {
            assert!(later_rows.contains(&row.to_string()), "history never changes: {row}");
        }
        let added: i64 = later.iter().filter(posted).map(|row| cents(&row["Amount"])).sum::<i64>()
            - rows[index].iter().filter(posted).map(|row| cents(&row["Amount"])).sum::<i64>();
        assert_eq!(
            cents(&after[index]["Balance"]) - cents(&before[index]["Balance"]),
            added,
            "balances follow from rows"
        );
    }
}

#[tokio::test]
async fn one_account_is_refreshed_alone_and_one_bank_answers_a_blank_job() {
    let world = World::new();
    let logins = world.logins().await;
    let (harbor, larkspur) = (text(&logins[0]["UserInstitutionID"]), text(&logins[1]["UserInstitutionID"]));
    world.days_pass(3).await;
    let refresh = async |account: &Value| {
        let body = json!({ "AccountID": account["AccountID"] });
        world.post("/UserInstitutionAccount/RefreshUserInstitutionAccount", body).await.ok()
    };
    let accounts = world.accounts(&harbor).await;
    let started = refresh(&accounts[0]).await;
    assert_eq!(world.finish(&text(&started["JobID"])).await.1["AccountID"], accounts[0]["AccountID"]);
    let updated: Vec<_> = world.accounts(&harbor).await.iter().map(|one| text(&one["LastUpdated"])).collect();
    assert_eq!(updated, ["2026-11-23T17:00:00", "2026-11-20T17:00:00", "2026-11-20T17:00:00"]);
    let accounts = world.accounts(&larkspur).await;
    assert_eq!(refresh(&accounts[1]).await["JobID"], "");
    let updated: Vec<_> = world.accounts(&larkspur).await.iter().map(|one| text(&one["LastUpdated"])).collect();
    assert_eq!(updated, ["2026-11-20T17:00:00", "2026-11-23T17:00:00"], "it was done at once");
}

#[tokio::test]
async fn rows_look_as_documented() {
    let world = World::new();
    let login = text(&world.logins().await[0]["UserInstitutionID"]);
    let accounts = world.accounts(&login).await;
    let rows = world.rows(&accounts[0], "2026/09/01", "2026-10-31T23:59:59-07:00").await;
    let days: Vec<_> = rows.iter().map(|row| text(&row["TransactionDate"])).collect();
    assert!(days.iter().all(|day| day.as_str() >= "2026-09-01" && day.as_str() < "2026-11-01"));
    let posts = rows.iter().filter_map(|row| row["PostDate"].as_str());
    assert!(posts.is_sorted_by(|later, earlier| later >= earlier) && days.len() > 10, "newest first, by posting");
    let ids: HashSet<_> = rows.iter().map(|row| text(&row["TransactionID"])).collect();
    assert_eq!(ids.len(), rows.len());
    let cheque = rows.iter().find(|row| row["CheckNum"] != "").unwrap();
    assert_eq!(cheque["Description"], format!("CHECK {}", text(&cheque["CheckNum"])));
    assert!(text(&cheque["CheckImage"]).contains("/cheques/"));
    let mut posted: Vec<_> = rows.iter().filter(|row| row["Status"] == "Posted").collect();
    posted.reverse();
    for pair in posted.windows(2) {
        let moved = cents(&pair[1]["Balance"]) - cents(&pair[0]["Balance"]);
        assert_eq!(moved, cents(&pair[1]["Amount"]), "the running balance runs");
    }
    for row in &rows {
        assert_eq!(row["Type"], if cents(&row["Amount"]) < 0 { "DEBIT" } else { "CREDIT" });
        assert_eq!((&row["Currency"], &row["Merchant"]), (&json!("$"), &json!("")));
        assert_eq!(row["UserInstitutionAccountID"], accounts[0]["AccountID"]);
    }
    assert!(rows.iter().any(|row| text(&row["Description"]).starts_with("CHECKCARD 09")));
    assert!(world.rows(&accounts[0], "2026-10-31", "2026-09-01").await.is_empty(), "backwards");
    let one_day = world.rows(&accounts[0], &days[0][..10], &days[0][..10]).await;
    assert!(!one_day.is_empty(), "both days are included");
}

#[tokio::test]
async fn each_bank_has_its_quirk() {
    let world = World::new();
    let rows_of = async |bank: u16, kind: &str| {
        let login = if bank == SLOWWATER {
            let (login, job) = world.add(bank, "me").await;
            world.finish(&job).await;
            world.refresh(&login).await;
            login
        } else {
            world.linked(bank).await
        };
        let account = account(&world, &login, kind).await;
        let rows = world.rows(&account, "2026-08-01", "2026-11-20").await;
        assert!(rows.len() > 4, "{bank}");
        (account, rows)
    };
    let (account, rows) = rows_of(COPPER_FERN, "Checking").await;
    assert!(account["Balance"].is_string() && rows.iter().all(|row| row["Amount"].is_string()), "amounts are text");
    assert!(rows.iter().all(|row| row.get("Balance").is_none()), "no running balance");
    assert!(rows.iter().all(|row| row.get("Status").is_none() && row["PostDate"].is_string()), "only what has posted");
    let (_, rows) = rows_of(THISTLE, "Checking").await;
    assert!(rows.iter().all(|row| row.get("Type").is_none()), "no type");
    let (account, rows) = rows_of(SLOWWATER, "Checking").await;
    assert!(
        account["BalanceCurrency"].is_null() && rows.iter().all(|row| row.get("Currency").is_none()),
        "no currency"
    );
    let (account, _) = rows_of(SLOWWATER, "Certificate of Deposit").await;
    assert!(account["Balance"].is_null() && account["AvailableBalance"].is_null(), "a balance that is not told");
    let (_, rows) = rows_of(MILLRACE, "Checking").await;
    assert!(rows.iter().all(|row| cents(&row["Amount"]) > 0));
    assert!(rows.iter().any(|row| row["Type"] == "DEBIT") && rows.iter().any(|row| row["Type"] == "CREDIT"));
    let (account, rows) = rows_of(MAPLE_FERRY, "Chequing").await;
    assert!(account["BalanceCurrency"] == "$" && rows.iter().all(|row| row["Currency"] == "$"), "dollars of Canada");
    let (_, rows) = rows_of(GULLWING, "Credit").await;
    assert!(rows.iter().all(|row| row["Currency"] == "USD"));
    let (_, rows) = rows_of(NO_MFA, "CreditCard").await;
    assert!(rows.iter().any(|row| row["Merchant"] == "Coffee Shop" && row["Category"] == "Food"));
    let (_, rows) = rows_of(LARKSPUR, "CREDIT_CARD").await;
    assert!(rows.iter().all(|row| row["TransactionId"].is_string() && row.get("TransactionID").is_none()));
    assert!(rows.iter().any(|row| row["Type"] == "DEBIT" && cents(&row["Amount"]) < 0), "only the balance is turned");
}

/// The card's pending rows at first, and the same rows a week later: how many of them kept their id.
async fn kept_ids(world: &World, bank: u16, kind: &str, key: &str) -> (usize, usize) {
    let login = world.linked(bank).await;
    let card = account(world, &login, kind).await;
    let before = world.rows(&card, "2026-11-01", "2026-12-31").await;
    let pending: Vec<_> = before.iter().filter(|row| row["Status"] == "Pending").collect();
    assert!(pending.iter().all(|row| row["PostDate"].is_null() && row.get("Balance").is_none_or(Value::is_null)));
    world.days_pass(7).await;
    assert_eq!(world.refresh(&login).await.1["SuccessFlag"], true);
    let after = world.rows(&card, "2026-11-01", "2026-12-31").await;
    let mut kept = 0;
    for row in &pending {
        let same =
            |later: &&Value| later["Amount"] == row["Amount"] && later["TransactionDate"] == row["TransactionDate"];
        let later = after.iter().find(same).unwrap();
        assert_eq!((&later["Status"], later["PostDate"].is_string()), (&json!("Posted"), true));
        kept += usize::from(after.iter().any(|later| later[key] == row[key]));
    }
    (pending.len(), kept)
}

#[tokio::test]
async fn ids_of_pending_rows_stay_or_change_as_the_bank_or_the_switch_says() {
    let start = async |world: World| {
        // A day on which all four cards have something pending.
        world.days_pass(8).await;
        world
    };
    let world = start(World::new()).await;
    let (pending, kept) = kept_ids(&world, NO_MFA, "CreditCard", "TransactionID").await;
    assert!(pending > 0 && kept == pending, "{kept} of {pending}");
    let world = start(World::new()).await;
    let (pending, kept) = kept_ids(&world, LARKSPUR, "CREDIT_CARD", "TransactionId").await;
    assert!(pending > 0 && kept == 0, "{kept} of {pending}");
    let world = start(World::new()).await;
    let (pending, kept) = kept_ids(&world, MAPLE_FERRY, "CreditCard", "TransactionID").await;
    assert!(pending > 0 && kept == pending, "{kept} of {pending}");
    let world = start(World::with("sophtron_transaction_ids_survive_posting")).await;
    let (pending, kept) = kept_ids(&world, MAPLE_FERRY, "CreditCard", "TransactionID").await;
    assert!(pending > 0 && kept == 0, "{kept} of {pending}");
}
