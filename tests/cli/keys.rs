//! Keys from files and from the environment: what the log and `doctor` say of where they came from, and that they never say more.

use crate::program::{Home, Serving};

const JSON: &str = r#"{"nordigen": {"secretId": "geheim-id", "secretKey": "geheim-key"}}"#;
const OLDER: [(&str, &str); 2] =
    [("ACTUAL_NORDIGEN_SECRET_ID", "geheim-id"), ("ACTUAL_NORDIGEN_SECRET_KEY", "geheim-key")];

fn log(serving: Serving) -> String {
    let (status, log) = serving.terminate();
    assert!(status.success(), "{log}");
    assert!(!log.contains("geheim"), "no part of a key is told: {log}");
    log
}

#[test]
fn config_json_in_the_working_folder_is_read_without_further_ado() {
    let home = Home::new();
    home.write("config.json", JSON);
    let log = log(home.serve(&[]));
    let file = home.path().canonicalize().unwrap().join("config.json");
    assert!(log.contains(&format!("GoCardless: keys from the file {}", file.display())), "{log}");
    let doctor = home.run(&["doctor"]).stdout;
    assert!(doctor.contains(&format!("ok       GoCardless: keys from the file {}", file.display())), "{doctor}");
    assert!(!doctor.contains("geheim"), "{doctor}");
}

#[test]
fn config_json_in_the_data_folder_is_read_too() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("bankside-data")).unwrap();
    home.write(
        "bankside-data/config.json",
        r#"{"port": 5, "nordigen": {"secretId": "geheim-id", "secretKey": "geheim-key"}}"#,
    );
    let log = log(home.serve(&[]));
    assert!(log.contains("bankside-data/config.json has “port”, which is not read"), "{log}");
    assert!(log.contains("GoCardless: keys from the file"), "{log}");
    let doctor = home.run(&["doctor"]);
    assert!(doctor.status.success() && doctor.stdout.contains("note     configuration"), "{}", doctor.stdout);
}

#[test]
fn the_environment_comes_before_the_file() {
    let home = Home::new();
    home.write("config.json", JSON);
    let log = log(home.serve(&OLDER));
    let environment = "the environment (ACTUAL_NORDIGEN_SECRET_ID; ACTUAL_NORDIGEN_SECRET_KEY)";
    assert!(log.contains(&format!("GoCardless: keys from {environment}")), "{log}");
    assert!(log.contains("config.json are not used, because those from the environment"), "{log}");
}

#[test]
fn secrets_may_be_mounted_as_files() {
    let home = Home::new();
    home.write("id", "geheim-id\n");
    home.write("key", "geheim-key\n");
    let files = [("ACTUAL_NORDIGEN_SECRET_ID_FILE", "id"), ("BANKSIDE_PROVIDERS__GOCARDLESS__SECRET_KEY_FILE", "key")];
    let halves = home.run_with(&["doctor"], &files);
    assert!(halves.stdout.contains("PROBLEM") && halves.stdout.contains("is missing"), "{}", halves.stdout);
    let files = [("ACTUAL_NORDIGEN_SECRET_ID_FILE", "id"), ("ACTUAL_NORDIGEN_SECRET_KEY_FILE", "key")];
    let log = log(home.serve(&files));
    assert!(log.contains("ACTUAL_NORDIGEN_SECRET_KEY_FILE, the file key"), "{log}");
}

#[test]
fn the_key_of_the_vault_may_be_mounted_as_a_file() {
    let home = Home::new();
    home.write("passphrase", "a sentence that nobody guesses\n");
    let from_file = [("BANKSIDE_VAULT_PASSPHRASE_FILE", "passphrase")];
    log(home.serve(&from_file));
    assert!(!home.key_file().exists());
    // The same key, said the other way.
    let ended = home.run_with(&["doctor"], &[("BANKSIDE_VAULT_PASSPHRASE", "a sentence that nobody guesses")]);
    assert!(ended.status.success(), "{}", ended.stdout);
    let nowhere = home.run_with(&["doctor"], &[("BANKSIDE_VAULT_KEY_FILE", "nowhere")]);
    assert!(nowhere.stdout.contains("BANKSIDE_VAULT_KEY_FILE names the file nowhere"), "{}", nowhere.stdout);
}

#[test]
fn a_new_key_is_printed_and_opens_what_it_has_closed() {
    let home = Home::new();
    let printed = home.run(&["new-key"]);
    assert!(printed.status.success() && !home.key_file().exists(), "it is kept nowhere");
    assert_ne!(printed.stdout, home.run(&["new-key"]).stdout);
    home.write("key", &printed.stdout);
    let from_file = [("BANKSIDE_VAULT_KEY_FILE", "key")];
    let said = log(home.serve(&from_file));
    assert!(said.contains("vault key from the environment, which names the file key"), "{said}");
    assert!(!said.contains('\u{1b}'), "no codes of colours where nobody looks: {said}");
    let ended = home.run_with(&["doctor"], &[("BANKSIDE_VAULT_KEY", printed.stdout.trim())]);
    assert!(ended.status.success(), "{}", ended.stdout);
    // A key beside the data protects nothing, wherever it is named.
    std::fs::copy(home.path().join("key"), home.path().join("bankside-data/key")).unwrap();
    let beside = home.run_with(&["doctor"], &[("BANKSIDE_VAULT_KEY_FILE", "bankside-data/key")]);
    assert!(beside.stdout.contains("lies in the data folder"), "{}", beside.stdout);
}

#[test]
fn what_is_wrong_stops_the_start_with_its_place() {
    let home = Home::new();
    for (json, expected) in [
        ("{\n  \"nordigen\": {\n    \"secretId\": \"geheim\",,\n", "config.json, line 3, column 26"),
        (r#"{"nordigen": {"secretId": "geheim"}}"#, "nordigen.secretKey is missing"),
        (
            r#"{"nordigen": {"secretId": "<your id>", "secretKey": "geheim"}}"#,
            "placeholder of a guide for nordigen.secretId",
        ),
    ] {
        home.write("config.json", json);
        let ended = home.run(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains(expected), "{json} must name “{expected}”: {}", ended.stderr);
        assert!(!ended.stderr.contains("geheim"), "{}", ended.stderr);
        let doctor = home.run(&["doctor"]);
        assert!(doctor.stdout.contains("PROBLEM") && doctor.stdout.contains(expected), "{}", doctor.stdout);
    }
}
