//! `bankside serve`: how it starts, how it refuses to, and how it ends.

use crate::program::Home;

#[test]
fn it_starts_answers_and_ends_when_told() {
    let home = Home::new();
    let serving = home.serve(&[]);
    assert!(serving.get("/healthz").starts_with("HTTP/1.1 200"), "{}", serving.get("/healthz"));
    let (status, log) = serving.terminate();
    assert!(status.success(), "a termination is no failure: {log}");
    assert!(log.contains("starting") && log.contains("stopping"), "{log}");
    let data = home.path().join("bankside-data");
    assert!(data.join("bankside.sqlite").exists());
    assert!(!data.join("bankside.sqlite-wal").exists(), "everything stands in the one file");
}

#[cfg(unix)]
#[test]
fn the_key_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new();
    home.serve(&[]).terminate();
    let mode = std::fs::metadata(home.key_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_wrong_key_stops_the_start() {
    let home = Home::new();
    home.serve(&[]).terminate();

    std::fs::remove_file(home.key_file()).unwrap();
    let without = home.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(without.status.code(), Some(1));
    assert!(without.stderr.contains("bankside.key"), "it names the file: {}", without.stderr);
    assert!(!home.key_file().exists(), "no new key is made for old data");

    let another = Home::new();
    another.serve(&[]).terminate();
    std::fs::copy(another.key_file(), home.key_file()).unwrap();
    let wrong = home.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(wrong.stderr.contains("key"), "{}", wrong.stderr);
}

#[test]
fn a_key_from_the_environment_needs_no_file() {
    let home = Home::new();
    let key = [("BANKSIDE_VAULT_PASSPHRASE", "a sentence that nobody guesses")];
    let (_, log) = home.serve(&key).terminate();
    assert!(log.contains("passphrase"), "{log}");
    assert!(!home.key_file().exists());
    home.serve(&key).terminate();
    let wrong = home.run_with(&["doctor"], &[("BANKSIDE_VAULT_PASSPHRASE", "another sentence")]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(wrong.stdout.contains("PROBLEM  vault"), "{}", wrong.stdout);
}

#[test]
fn the_version_is_told() {
    let home = Home::new();
    let ended = home.run(&["--version"]);
    assert_eq!(ended.stdout, concat!("bankside ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_taken_address_is_named() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = home.run(&["serve", "--listen", &address]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
}

#[test]
fn nobody_has_a_password_to_set_before_the_first_start() {
    let home = Home::new();
    let ended = home.run(&["set-password", "nobody"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("password") || ended.stderr.contains("person"), "{}", ended.stderr);
}

#[test]
fn a_forgotten_password_is_set_anew() {
    let home = Home::new();
    assert!(home.run(&["demo", "--once"]).status.success());
    let database = format!("sqlite://{}", home.path().join("demo-data/bankside.sqlite").display());
    let key = home.path().join("config/bankside/demo.key");
    home.write("config.toml", &format!("database_url = {database:?}\n[vault]\nkey_file = {key:?}"));
    let ended = home.run_with_input(&["set-password", "demo"], "another sentence\n");
    assert!(ended.status.success(), "{}", ended.stderr);
    let locked_out = home.run(&["demo", "--once"]);
    assert!(locked_out.stderr.contains("the demo's own sign-in"), "the old one is no good: {}", locked_out.stderr);
    let short = home.run_with_input(&["set-password", "demo"], "short\n");
    assert!(short.stderr.contains("at least"), "{}", short.stderr);
}

#[test]
fn a_log_of_warnings_alone_has_the_reference_of_what_was_refused() {
    let home = Home::new();
    let serving = home.serve(&[("BANKSIDE_LOG__FILTER", "warn")]);
    let answer = serving.write_from_elsewhere("/sign-out");
    let reference = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap_or_default();
    assert_eq!(reference.len(), 8, "{answer}");
    let (_, log) = serving.terminate();
    assert!(!log.contains("INFO"), "{log}");
    let line = log.lines().find(|line| line.contains("a write from elsewhere was refused")).unwrap_or_default();
    assert!(line.contains(reference), "{reference} is not in: {log}");
}
