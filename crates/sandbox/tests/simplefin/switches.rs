//! What is open, in its other position.

use serde_json::{Value, json};

use crate::kit::*;

#[tokio::test]
async fn versions_are_asked_for_or_not() {
    let always = World::with("simplefin_version_is_asked_for").get("/accounts").await.ok();
    assert!(always.get("errlist").is_some());
    let world = World::with("simplefin_knows_version_1_only");
    assert!(world.get("/accounts?version=2").await.ok().get("errlist").is_none());
    assert_eq!(world.get("/info").await.ok(), json!({ "versions": ["1.0"] }));
}

#[tokio::test]
async fn pending_rows_are_told_apart_in_either_way() {
    let pending = async |world: &World, more: &str| -> Vec<Value> {
        let answer = world.between("2026-11-01", "2026-11-21", more).await;
        rows(&answer, CARD).into_iter().filter(|row| row["pending"] == true).collect()
    };
    let world = World::with("simplefin_pending_zero_leaves_out");
    assert!(pending(&world, "&pending=0").await.is_empty());
    let flagged = pending(&World::with("simplefin_pending_is_posted_at_zero"), "&pending=1").await;
    assert!(!flagged.is_empty() && flagged.iter().all(|row| row["posted"] == row["transacted_at"]));
    let world = World::with("simplefin_ids_survive_posting");
    let before = pending(&world, "&pending=1").await;
    world.days_pass(7).await;
    let after = ids(&rows(&world.between("2026-11-01", "2026-11-28", "").await, CARD));
    assert!(ids(&before).iter().all(|id| after.contains(id)));
}

#[tokio::test]
async fn errors_say_message_as_one_sample_has_it() {
    let world = World::with("simplefin_errors_say_message");
    world.happen(bankside_sandbox::SimpleFinEvent::Fail { of: CARD.into(), fails: true });
    let error = world.get("/accounts?version=2").await.ok()["errlist"][0].clone();
    assert!(error["message"].is_string() && error.get("msg").is_none(), "{error}");
}
