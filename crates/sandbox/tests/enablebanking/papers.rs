//! The page about the sandbox names everything of this simulator that can be armed, called or turned.

use bankside_sandbox::{Sandbox, Switches};

use crate::kit::{DUNAHID, KANALBANK, LOCKSIDE, NORDHAFEN};

const PAGE: &str = include_str!("../../../../docs/sandbox.md");

#[test]
fn every_fault_call_bank_and_switch_is_on_the_page() {
    let labels = Sandbox::call_labels().into_iter().filter(|label| label.starts_with("enablebanking/"));
    let mut names: Vec<_> = labels.collect();
    names.extend(Sandbox::fault_kinds_of("enablebanking").iter().map(|kind| kind.name));
    names.extend(Switches::names_of("enablebanking"));
    names.extend(["revoke", "status", "block", "deactivate", "register"]);
    names.extend([NORDHAFEN, KANALBANK, LOCKSIDE, DUNAHID].map(|bank| bank.1));
    assert!(names.len() > 45, "{}", names.len());
    let missing: Vec<_> = names.iter().filter(|name| !PAGE.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
