//! `bankside doctor`: what is right, what is wrong, and an exit code for programs.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

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

/// A mail server for one conversation; answers with what it was told when it is over.
fn mail_server() -> (u16, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = std::thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        stream.get_mut().write_all(b"220 mail.example.org\r\n").unwrap();
        let mut told = Vec::new();
        let mut line = String::new();
        while stream.read_line(&mut line).unwrap_or(0) > 0 {
            told.push(line.trim_end().to_owned());
            line.clear();
            if stream.get_mut().write_all(b"250 ok\r\n").is_err() {
                break;
            }
        }
        told
    });
    (port, told)
}

#[test]
fn a_mail_server_is_reached_without_sending_anything() {
    let home = Home::new();
    assert!(home.run(&["doctor"]).stdout.contains("note     mail: none is sent"));
    let (port, told) = mail_server();
    let mail = |port| {
        format!("[mail]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"money@example.org\"")
    };
    home.write("config.toml", &mail(port));
    let ended = home.run(&["doctor"]);
    assert!(ended.status.success(), "{}", ended.stdout);
    assert!(ended.stdout.contains(&format!("ok       mail: 127.0.0.1, port {port} answers")), "{}", ended.stdout);
    let told = told.join().unwrap();
    assert!(told.iter().any(|line| line.starts_with("EHLO")), "{told:?}");
    assert!(!told.iter().any(|line| line.starts_with("MAIL") || line.starts_with("RCPT")), "{told:?}");

    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    home.write("config.toml", &mail(nobody));
    let ended = home.run(&["doctor"]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains(&format!("PROBLEM  mail: 127.0.0.1, port {nobody}: ")), "{}", ended.stdout);
}
