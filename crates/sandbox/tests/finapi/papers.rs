//! The page about the sandbox names everything of this simulator that can be armed, called or turned.

use bankside_sandbox::{Sandbox, Switches};

const PAGE: &str = include_str!("../../../../docs/sandbox.md");

#[test]
fn every_fault_call_and_switch_is_on_the_page() {
    let labels = Sandbox::call_labels().into_iter().filter(|label| label.starts_with("finapi/"));
    let mut names: Vec<_> = labels.collect();
    names.extend(Sandbox::fault_kinds_of("finapi").iter().map(|kind| kind.name));
    names.extend(Switches::names_of("finapi"));
    names.extend(["withdraw", "ask_person", "open_account", "close_account", "delete", "announce"]);
    names.extend(["refuse", "download", "categorize", "callbacks", "lock_users"]);
    assert!(names.len() > 50, "{}", names.len());
    let missing: Vec<_> = names.iter().filter(|name| !PAGE.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
