//! `bankside doctor`: what is right, what is wrong, and an exit code for programs.

use crate::program::Home;

#[test]
fn a_new_installation_is_healthy() {
    let home = Home::new();
    let ended = home.run(&["doctor"]);
    assert!(ended.status.success(), "{}", ended.stdout);
    for what in ["configuration", "address", "GoCardless", "database", "vault", "books"] {
        assert!(ended.stdout.contains(&format!("ok       {what}")), "{what}: {}", ended.stdout);
    }
    assert!(ended.stdout.ends_with("Nothing is wrong.\n"), "{}", ended.stdout);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let home = Home::new();
    for (file, expected) in [
        ("listen = \"nowhere\"", "not “nowhere”"),
        ("lisen = \"127.0.0.1:1\"", "lisen"),
        ("listen = ", "config.toml"),
        ("data_folder = \"d\"\n[vault]\nkey_file = \"d/a.key\"", "lies in the data folder"),
        ("listen = \"0.0.0.0:5006\"", "public_url"),
        ("database_url = \"mysql://root:geheim@localhost/x\"", "mysql"),
        ("database_url = \"postgres://bankside:geheim@127.0.0.1:1/bankside\"", "database"),
    ] {
        home.write("config.toml", file);
        let ended = home.run(&["doctor"]);
        assert_eq!(ended.status.code(), Some(1), "{file}: {}", ended.stdout);
        assert!(ended.stdout.contains("PROBLEM"), "{file}: {}", ended.stdout);
        assert!(ended.stdout.contains(expected), "{file} must name “{expected}”: {}", ended.stdout);
        assert!(!ended.stdout.contains("geheim"), "a password is not shown: {}", ended.stdout);
    }
}

#[test]
fn a_proxy_that_nobody_trusts_is_noted() {
    let home = Home::new();
    home.write("config.toml", "public_url = \"https://money.example.org\"");
    let ended = home.run(&["doctor"]);
    assert!(ended.status.success(), "a note is no problem: {}", ended.stdout);
    assert!(ended.stdout.contains("note     proxy"), "{}", ended.stdout);
    home.write("config.toml", "public_url = \"https://money.example.org\"\ntrusted_proxies = [\"127.0.0.1\"]");
    assert!(!home.run(&["doctor"]).stdout.contains("note     proxy"));
}
