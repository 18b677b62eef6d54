//! Institutions (fact sheet §3).

use serde_json::{Value, json};

use crate::kit::{BASE, KANALBANK, LOCKSIDE, NORDHAFEN, SANDBOX_FINANCE, Setup, World};

async fn ids(world: &World, query: &str) -> Vec<String> {
    let rows = world.get(&format!("/institutions/{query}")).await.ok();
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_country_has_its_banks_and_all_is_more() {
    let world = World::new().await;
    let germany = ids(&world, "?country=de").await;
    assert!(germany.contains(&NORDHAFEN.to_owned()) && !germany.contains(&KANALBANK.to_owned()));
    assert_eq!(germany, ids(&world, "?country=DE").await);
    let all = ids(&world, "").await;
    assert!(all.len() >= 14 && germany.iter().all(|id| all.contains(id)));
    assert_eq!(ids(&world, "?country=BG").await, Vec::<String>::new());
}

#[tokio::test]
async fn filters_are_strings() {
    let world = World::new().await;
    assert_eq!(ids(&world, "?account_selection_supported=true").await, [KANALBANK]);
    let british = ids(&world, "?country=GB&account_selection_supported=false").await;
    assert_eq!(british, ids(&world, "?country=GB").await);
    assert_eq!(ids(&world, "?country=GB&pending_transactions_supported=false").await, [LOCKSIDE]);
    let answer = world.get("/institutions/?ssn_verification_supported=maybe").await;
    let expected = json!({ "ssn_verification_supported": ["\"maybe\" is not a valid choice."], "status_code": 400 });
    answer.is(400, &expected);
}

#[tokio::test]
async fn a_row_has_the_documented_shape() {
    let world = World::new().await;
    let row = world.get(&format!("/institutions/{NORDHAFEN}/")).await.ok();
    let expected = json!({
        "id": NORDHAFEN, "name": "Nordhafen Bank", "bic": "NHBKDE22", "transaction_total_days": "365",
        "countries": ["DE"], "logo": format!("{BASE}/gocardless/logos/{NORDHAFEN}.svg"),
        "max_access_valid_for_days": "180", "supported_features": ["pending_transactions", "private_accounts"],
        "identification_codes": [], "supported_payments": {},
    });
    assert_eq!(row, expected);
    let british = world.get(&format!("/institutions/{LOCKSIDE}/")).await.ok();
    assert_eq!(british["max_access_valid_for_days_reconfirmation"], "730");
    assert!(world.get("/institutions/?country=DE").await.ok().as_array().unwrap().contains(&expected));

    let other = Setup::with("list_has_features").start().await;
    let rows = other.get("/institutions/?country=DE").await.ok();
    assert_eq!(rows[0].get("supported_features"), None);
}

#[tokio::test]
async fn unknown_institutions_and_fields_are_refused() {
    let world = World::new().await;
    world.get("/institutions/NOBANK/").await.is_error(404, "Not found.", "Not found.");
    let answer = world.get("/institutions/?country=DE&colour=red").await;
    answer.is_error(400, "Unknown fields", "Unknown fields {colour} in {query}");

    let other = Setup::with("unknown_fields_are_in_payload").start().await;
    let answer = other.get("/institutions/?colour=red").await;
    answer.is_error(400, "Unknown fields", "Unknown fields {colour} in {query parameters}");
}

#[tokio::test]
async fn a_bad_country_has_two_shapes() {
    let (summary, detail) = ("Invalid country choice.", "US is not a valid choice.");
    World::new().await.get("/institutions/?country=US").await.is_error(400, summary, detail);
    let other = Setup::with("bad_country_is_keyed").start().await;
    let expected = json!({ "country": { "summary": summary, "detail": detail }, "status_code": 400 });
    other.get("/institutions/?country=US").await.is(400, &expected);
}

#[tokio::test]
async fn the_providers_sandbox_bank_is_in_a_country_of_its_own() {
    let world = World::new().await;
    assert_eq!(ids(&world, "?country=XX").await, [SANDBOX_FINANCE]);
    let row = world.get(&format!("/institutions/{SANDBOX_FINANCE}/")).await.ok();
    assert_eq!((&row["transaction_total_days"], &row["supported_features"]), (&json!("90"), &json!([])));

    let other = Setup::with("country_xx_is_accepted").start().await;
    assert_eq!(other.get("/institutions/?country=XX").await.status, 400);
    assert!(!ids(&other, "").await.contains(&SANDBOX_FINANCE.to_owned()));
    assert_eq!(other.get(&format!("/institutions/{SANDBOX_FINANCE}/")).await.status, 200);
}

#[tokio::test]
async fn logos_are_drawn_here() {
    let world = World::new().await;
    let rows = world.get("/institutions/").await.ok();
    for row in rows.as_array().unwrap() {
        let path = row["logo"].as_str().unwrap().strip_prefix(BASE).unwrap();
        let logo = world.page(path).await;
        assert_eq!((logo.status.as_u16(), logo.header("content-type")), (200, "image/svg+xml"));
        assert!(logo.text.starts_with("<svg "));
    }
    assert_eq!(world.page("/gocardless/logos/NOBANK.svg").await.status, 404);
    assert_eq!(world.page("/gocardless/logos/NOBANK.svg").await.body, Value::Null);
}
