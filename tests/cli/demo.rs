//! `bankside demo`: the main job once, and nothing more at the second time.

use serde_json::Value;

use crate::program::Home;

const ONCE: [&str; 3] = ["demo", "--once", "--json"];

fn report(home: &Home) -> Value {
    let ended = home.run(&ONCE);
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(ended.stdout.lines().count(), 1, "one JSON object and nothing else: {}", ended.stdout);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn the_main_job_once_and_a_second_run_adds_nothing() {
    let home = Home::new();
    let first = report(&home);
    let connections = first["connections"].as_array().unwrap();
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0]["name"], "Nordhafen Bank");
    let accounts = connections[0]["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 2);
    for account in accounts {
        assert_eq!(account["currency"], "EUR");
        assert_eq!(account["balance_proven"], true);
        assert!(account["balance_minor"].is_i64());
        assert!(account["transactions"].as_i64().unwrap() > 5, "{account}");
    }
    assert!(first["elapsed_ms"].as_i64().unwrap() > 0);

    let second = report(&home);
    assert_eq!(first["connections"], second["connections"], "a second run adds nothing");
}

#[test]
fn progress_goes_to_standard_error_and_the_key_lies_outside_the_data() {
    let home = Home::new();
    let ended = home.run(&["demo", "--once"]);
    assert!(ended.status.success(), "{}", ended.stderr);
    for step in ["Keys", "Consent", "Connected", "Linked"] {
        assert!(ended.stderr.contains(step), "{step} is told: {}", ended.stderr);
    }
    assert!(ended.stdout.contains("balance proven"), "{}", ended.stdout);
    assert!(home.path().join("config/bankside/demo.key").exists());
    let mut names: Vec<String> = std::fs::read_dir(home.path().join("demo-data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["bankside.sqlite", "sandbox.json"], "nothing else is left behind");
}

#[test]
fn the_demo_listens_on_this_machine_alone() {
    let home = Home::new();
    let ended = home.run(&["demo", "--once", "--listen", "0.0.0.0:5006"]);
    assert!(!ended.status.success());
    assert!(ended.stderr.contains("this machine alone"), "{}", ended.stderr);
}
