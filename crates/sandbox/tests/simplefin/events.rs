//! What happens at banks and at the Bridge, and that errors come beside good data.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use bankside_sandbox::SimpleFinEvent;
use serde_json::json;

use crate::kit::*;

const QUILLBACK: &str = "CON-quillback-0";

#[tokio::test]
async fn a_bank_that_wants_the_person_is_still_listed_as_it_was() {
    let world = World::new();
    let before = world.get("/accounts?version=2").await.ok();
    world.happen(SimpleFinEvent::NeedPerson { of: QUILLBACK.into(), needs: true });
    world.days_pass(3).await;
    let after = world.get("/accounts?version=2").await.ok();
    assert_eq!(errors(&after), [("con.auth".to_owned(), Some(QUILLBACK.to_owned()))]);
    assert_eq!(after["errors"], json!(["Connection to Quillback Bank may need attention"]));
    assert_eq!(account(&after, CARD)["balance-date"], account(&before, CARD)["balance-date"], "it is stale");
    let kestrel = "ACT-kestrel-chequing-0";
    assert_ne!(account(&after, kestrel)["balance-date"], account(&before, kestrel)["balance-date"]);
    world.happen(SimpleFinEvent::NeedPerson { of: QUILLBACK.into(), needs: false });
    assert!(errors(&world.get("/accounts?version=2").await.ok()).is_empty());
}

#[tokio::test]
async fn accounts_fail_miss_rows_and_are_not_listed() {
    let world = World::new();
    let whole = world.between("2026-10-01", "2026-11-20", "").await;
    world.happen(SimpleFinEvent::Fail { of: CARD.into(), fails: true });
    world.happen(SimpleFinEvent::MissData { of: CHECKING.into(), misses: true });
    world.happen(SimpleFinEvent::Hide { of: "ACT-quillback-savings-0".into(), hidden: true });
    let answer = world.between("2026-10-01", "2026-11-20", "").await;
    let about = |id: &str| Some(id.to_owned());
    assert_eq!(
        errors(&answer),
        [("act.missingdata".to_owned(), about(CHECKING)), ("act.failed".to_owned(), about(CARD))]
    );
    assert!(account(&answer, CARD).get("transactions").is_none());
    let (half, all) = (rows(&answer, CHECKING).len(), rows(&whole, CHECKING).len());
    assert_eq!(half, all.div_ceil(2));
    assert!(!ids(answer["accounts"].as_array().unwrap()).contains(&"ACT-quillback-savings-0".to_owned()));
    let nobody = SimpleFinEvent::Fail { of: "ACT-nobody".into(), fails: true };
    assert!(world.sandbox.happen_at_simplefin(nobody).is_err());
}

#[tokio::test]
async fn a_bank_that_is_connected_anew_has_other_ids() {
    let world = World::new();
    world.happen(SimpleFinEvent::Relink { of: QUILLBACK.into() });
    let answer = world.between("2026-10-01", "2026-11-20", "").await;
    let again = account(&answer, "ACT-quillback-card-1");
    assert_eq!(again["conn_id"], "CON-quillback-1");
    assert!(!ids(answer["accounts"].as_array().unwrap()).contains(&CARD.to_owned()));
    assert!(answer["accounts"].as_array().unwrap().iter().any(|one| one["id"] == "ACT-kestrel-chequing-0"));
}

#[tokio::test]
async fn events_come_from_programs_too() {
    let world = World::new();
    let post = async |body: &str| {
        let request = Request::post("/_control/simplefin/events").body(Body::from(body.to_owned())).unwrap();
        world.send(request).await.status
    };
    assert_eq!(post(r#"{"event":"lapse"}"#).await, StatusCode::OK);
    assert_eq!(world.get("/accounts").await.status, StatusCode::PAYMENT_REQUIRED);
    assert_eq!(post(r#"{"event":"lapse","lapsed":false}"#).await, StatusCode::OK);
    assert_eq!(world.get("/accounts").await.status, StatusCode::OK);
    assert_eq!(post(r#"{"event":"fail","of":"nobody"}"#).await, StatusCode::NOT_FOUND);
    assert_eq!(post(r#"{"event":"plague"}"#).await, StatusCode::BAD_REQUEST);
}
