//! What survives a restart, and files that were written before there was this simulator.

use std::fs;

use bankside_sandbox::Switches;
use serde_json::{Value, json};

use crate::kit::*;

#[tokio::test]
async fn logins_jobs_and_caches_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = Some(folder.path().join("state.json"));
    let world = World::of(open(file.clone(), Switches::default()));
    let login = world.linked(COPPER_FERN).await;
    let (_, job) = world.add(SOPHTRON, "me").await;
    world.poll(&job).await;
    let shown = world.poll(&job).await;
    let accounts = world.accounts(&login).await;
    let rows = world.rows(&accounts[0], "2026-01-01", "2026-12-31").await;
    drop(world);
    assert!(!fs::read_to_string(file.as_ref().unwrap()).unwrap().contains("secret"), "no password is kept");
    let again = World::of(open(file, Switches::default()));
    assert_eq!(again.accounts(&login).await, accounts);
    assert_eq!(again.rows(&accounts[0], "2026-01-01", "2026-12-31").await, rows);
    assert_eq!(again.poll(&job).await, shown, "the captcha is the same");
    assert_eq!(again.logins().await.len(), 4);
}

#[tokio::test]
async fn a_file_from_before_this_simulator_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    drop(open(Some(path.clone()), Switches::default()));
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert!(state.as_object_mut().unwrap().remove("sophtron").is_some());
    fs::write(&path, state.to_string()).unwrap();
    let world = World::of(open(Some(path.clone()), Switches::default()));
    let logins = world.logins().await;
    assert_eq!(logins.len(), 2, "what is there from the start is there");
    let body = json!({ "UserInstitutionID": logins[0]["UserInstitutionID"] });
    assert_eq!(world.post("/UserInstitution/DeleteUserInstitution", body).await.ok(), 0);
    drop(world);
    assert_eq!(World::of(open(Some(path), Switches::default())).logins().await.len(), 1, "and not put in twice");
}
