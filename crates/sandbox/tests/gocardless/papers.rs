//! The page about the sandbox names everything that it has.

use bankside_sandbox::{Sandbox, Switches};

use crate::kit::World;

const PAGE: &str = include_str!("../../../../docs/sandbox.md");

#[tokio::test]
async fn every_bank_fault_call_and_switch_is_on_the_page() {
    let world = World::new().await;
    let mut names: Vec<String> = Switches::NAMES.iter().map(|name| (*name).to_owned()).collect();
    names.extend(Sandbox::fault_kinds().iter().map(|kind| kind.name.to_owned()));
    names.extend(Sandbox::call_labels().into_iter().map(str::to_owned));
    for bank in world.get("/institutions/").await.ok().as_array().unwrap() {
        let row = world.request(bank["id"].as_str().unwrap(), serde_json::json!({})).await;
        let has_books = !world.walk(row["link"].as_str().unwrap()).await.header("location").contains("error=");
        names.extend(has_books.then(|| bank["id"].as_str().unwrap().to_owned()));
    }
    assert!(names.len() > 120, "{}", names.len());
    let missing: Vec<_> = names.iter().filter(|name| !PAGE.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
