//! What stands beside accounts and items: connectors, categories, people, consents, webhooks, lists that are empty.

use serde_json::{Value, json};

use crate::kit::{BANK, MEU, World};

fn names(list: &Value) -> Vec<&str> {
    list["results"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn connectors_are_listed_by_what_is_asked_for() {
    let world = World::new().await;
    let listed = world.get("/connectors").await.ok();
    assert_eq!(names(&listed), ["MeuPluggy", "Banco Aroeira", "Banco Jequitibá Empresas"]);
    let sandbox = world.get("/connectors?sandbox=true").await.ok();
    assert_eq!((names(&sandbox)[0], names(&sandbox).len()), ("Pluggy Bank", 9));
    for (query, name) in [
        ("name=aroe", "Banco Aroeira"),
        ("types=BUSINESS_BANK,INVOICE", "Banco Jequitibá Empresas"),
        ("isOpenFinance=true", "Banco Aroeira"),
    ] {
        assert_eq!(names(&world.get(&format!("/connectors?{query}")).await.ok()), [name], "{query}");
    }
    for query in ["countries=AR", "supportsPaymentInitiation=true"] {
        assert_eq!(world.get(&format!("/connectors?{query}")).await.ok()["total"], 0);
    }
    let one = world.get("/connectors/5?healthDetails=true").await.ok();
    assert_eq!(
        (&one["hasMFA"], &one["isSandbox"], &one["health"]["status"]),
        (&json!(true), &json!(true), &json!("ONLINE"))
    );
    assert!(one["health"]["details"]["connectionRateLast6Hours"].is_number());
    assert_eq!(world.get("/connectors/701").await.ok()["health"]["status"], "OFFLINE");
    world.get("/connectors/12").await.is(404, "CONNECTOR_NOT_FOUND");
}

#[tokio::test]
async fn categories_know_their_parents() {
    let world = World::new().await;
    let expected = json!({
        "id": "07010000", "description": "Supermarket", "descriptionTranslated": "Supermercado",
        "parentId": "07000000", "parentDescription": "Groceries",
    });
    assert_eq!(world.get("/categories/07010000").await.ok(), expected);
    assert_eq!(world.get("/categories?parentId=07000000").await.ok()["results"], json!([expected]));
    world.get("/categories/1").await.is(404, "CATEGORY_NOT_FOUND");
}

#[tokio::test]
async fn a_person_and_a_consent_belong_to_an_item() {
    let world = World::new().await;
    let person = world.get(&format!("/identity?itemId={BANK}")).await.ok();
    assert_eq!(person["fullName"], "Ana Exemplo da Silva");
    assert_eq!(world.get(&format!("/identity/{}", person["id"].as_str().unwrap())).await.ok(), person);
    let made = world.create(0, json!({ "user": "user-ok", "password": "password-ok" })).await;
    let path = format!("/identity?itemId={}", made["id"].as_str().unwrap());
    world.get(&path).await.is(404, "IDENTITY_NOT_FOUND");
    let consents = world.get(&format!("/consents?itemId={BANK}")).await.ok();
    let consent = &consents["results"][0];
    assert_eq!(
        (&consent["itemId"], &consent["expiresAt"], &consent["revokedAt"]),
        (&json!(BANK), &json!("2027-10-11T07:00:00.000Z"), &Value::Null)
    );
    assert_eq!(&world.get(&format!("/consents/{}", consent["id"].as_str().unwrap())).await.ok(), consent);
    assert_eq!(world.get(&format!("/consents?itemId={MEU}")).await.ok()["results"], json!([]));
}

#[tokio::test]
async fn an_empty_list_has_no_pages_or_one() {
    for (switch, pages) in [("pluggy_bill_days_have_a_zone", 0), ("pluggy_empty_lists_have_no_pages", 1)] {
        let world = World::with(switch).await;
        for name in ["investments", "loans"] {
            let list = world.get(&format!("/{name}?itemId={BANK}")).await.ok();
            assert_eq!(list, json!({ "results": [], "page": 1, "total": 0, "totalPages": pages }));
        }
    }
}

#[tokio::test]
async fn days_of_bills_have_a_zone_or_none() {
    for (switch, closed) in [
        ("pluggy_empty_lists_have_no_pages", "2026-10-28T00:00:00"),
        ("pluggy_bill_days_have_a_zone", "2026-10-28T00:00:00.000Z"),
    ] {
        let world = World::with(switch).await;
        let card = world.account(BANK, "CREDIT_CARD").await;
        let bills = world.get(&format!("/bills?accountId={}", card["id"].as_str().unwrap())).await.ok();
        assert_eq!(bills["results"][0]["billClosingDate"], closed);
    }
}

#[tokio::test]
async fn webhooks_are_kept() {
    let world = World::new().await;
    world.post("/webhooks", &json!({ "event": "all", "url": "http://client.example" })).await.is(400, "");
    world.post("/webhooks", &json!({ "event": "party", "url": "https://client.example" })).await.is(400, "");
    let made =
        world.post("/webhooks", &json!({ "event": "item/updated", "url": "https://client.example/a" })).await.ok();
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!((world.get(&path).await.ok(), &made["disabledAt"]), (made.clone(), &Value::Null));
    let changed = world.patch(&path, &json!({ "event": "all", "enabled": false })).await.ok();
    assert_eq!((&changed["event"], &changed["url"]), (&json!("all"), &made["url"]));
    assert_eq!(changed["disabledAt"], "2026-11-20T12:00:00.000Z");
    assert_eq!(world.get("/webhooks").await.ok()["results"], json!([changed]));
    world.delete(&path).await.ok();
    world.get(&path).await.is(404, "WEBHOOK_NOT_FOUND");
}
