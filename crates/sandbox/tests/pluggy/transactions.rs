//! The lists of transactions (fact sheet §1, §6): the cursor, the filters, and what is left of version 1.

use serde_json::{Value, json};

use crate::kit::{BANK, World, by};

async fn checking(world: &World) -> (Value, String) {
    let account = world.account(BANK, "CHECKING_ACCOUNT").await;
    let id = account["id"].as_str().unwrap().to_owned();
    (account, id)
}

#[tokio::test]
async fn there_is_a_second_page_behind_a_bare_query_string() {
    let world = World::new().await;
    let (account, id) = checking(&world).await;
    let first = world.get(&format!("/v2/transactions?accountId={id}")).await.ok();
    assert_eq!(first["results"].as_array().unwrap().len(), 500);
    let next = first["next"].as_str().unwrap();
    assert!(next.starts_with(&format!("?accountId={id}&after=")), "{next}");
    let all = world.rows(&account, "").await;
    assert!(all.len() > 700, "{}", all.len());
    assert_eq!(by(&all, "id").len(), all.len(), "no row comes twice");
    let dates: Vec<&str> = all.iter().map(|row| row["date"].as_str().unwrap()).collect();
    assert!(dates.is_sorted_by(|one, other| one >= other), "the newest first");

    // The cursor knows no filters: whoever leaves them out gets more than was asked for.
    let since = all.iter().filter(|row| row["date"].as_str().unwrap() >= "2026-01-01").count();
    let bare = world.get(&format!("/v2/transactions?accountId={id}&dateFrom=2026-01-01")).await.ok();
    let after = bare["next"].as_str().unwrap();
    let rest = world.get(&format!("/v2/transactions{after}")).await.ok();
    assert!(500 + rest["results"].as_array().unwrap().len() > since);

    let turned = World::with("pluggy_transactions_are_newest_first").await;
    let mut oldest = turned.rows(&account, "&dateFrom=2026-11-01").await;
    oldest.reverse();
    assert_eq!(oldest, all[..oldest.len()]);
}

#[tokio::test]
async fn filters_include_both_ends_and_days_are_utc() {
    let world = World::new().await;
    let (account, _) = checking(&world).await;
    let all = world.rows(&account, "").await;
    let within = world.rows(&account, "&dateFrom=2026-10-14&dateTo=2026-10-16").await;
    let day = |row: &Value| row["date"].as_str().unwrap()[..10].to_owned();
    let expected: Vec<_> =
        all.iter().filter(|row| ("2026-10-14".to_owned()..="2026-10-16".to_owned()).contains(&day(row))).collect();
    assert_eq!(within.iter().collect::<Vec<_>>(), expected);
    assert!(!within.is_empty());
    let date = within[0]["date"].as_str().unwrap();
    assert!(world.rows(&account, &format!("&dateFrom={date}&dateTo={date}")).await.contains(&within[0]));
    let ids = format!("&ids={},{}", within[0]["id"].as_str().unwrap(), all[0]["id"].as_str().unwrap());
    assert_eq!(world.rows(&account, &ids).await.len(), 2);
}

#[tokio::test]
async fn version_2_refuses_what_it_does_not_know() {
    let world = World::new().await;
    let (_, id) = checking(&world).await;
    let path = format!("/v2/transactions?accountId={id}");
    for (wrong, parameter) in [
        ("&pageSize=500", "pageSize"),
        ("&from=2026-01-01", "from"),
        ("&dateFrom=soon", "dateFrom"),
        ("&after=x", "after"),
        ("&ids=1", "ids"),
    ] {
        let answer = world.get(&format!("{path}{wrong}")).await;
        answer.is(400, "");
        assert_eq!(answer.body["details"][0]["parameter"], parameter);
    }
    world.get(&format!("{path}&dateFrom=2026-01-01&createdAtFrom=2026-01-01T00:00:00Z")).await.is(400, "");
    world.get("/v2/transactions").await.is(400, "");
    world.get("/v2/transactions?accountId=5a6d0000-0000-4000-8000-0000000000ff").await.is(404, "ACCOUNT_NOT_FOUND");
}

#[tokio::test]
async fn version_1_is_gone_unless_somebody_turns_it_on_again() {
    let world = World::new().await;
    let (account, id) = checking(&world).await;
    let path = format!("/transactions?accountId={id}&from=2026-10-01&to=2026-10-31&pageSize=20");
    let answer = world.get(&path).await;
    answer.is(410, "ENDPOINT_DEPRECATED");
    let message = "This endpoint is deprecated. Use GET /v2/transactions with cursor pagination instead.";
    assert_eq!(answer.body["message"], message);
    let old = World::with("pluggy_version_1_still_answers").await;
    let page = old.get(&path).await.ok();
    let rows = old.rows(&account, "&dateFrom=2026-10-01&dateTo=2026-10-31").await;
    assert_eq!((&page["total"], &page["results"][0]), (&json!(rows.len()), &rows[0]));
    assert_eq!(page["totalPages"], json!(rows.len().div_ceil(20)));
}

#[tokio::test]
async fn one_row_can_be_read_and_filed() {
    let world = World::new().await;
    let (account, _) = checking(&world).await;
    let row = world.rows(&account, "&dateFrom=2026-11-01").await.remove(0);
    let path = format!("/transactions/{}", row["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.ok(), row);
    world.patch(&path, &json!({ "categoryId": "99999999" })).await.is(400, "");
    let filed = world.patch(&path, &json!({ "categoryId": "18000000" })).await.ok();
    assert_eq!((&filed["categoryId"], &filed["category"]), (&json!("18000000"), &json!("Healthcare")));
    assert_eq!(world.get(&path).await.ok(), filed);
    world.get("/transactions/5a6d0000-0000-4000-8000-0000000000ff").await.is(404, "TRANSACTION_NOT_FOUND");
}
