//! The papers that people deploy by: what they name must be what the program reads, and what they show must be what holds.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;
use config::{Config, File, FileFormat};

use super::{Configuration, provider_keys};
use crate::cli::{Arguments, Command, ServeOptions};

const PORT: &str = "5006";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn paper(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn all() -> Vec<(String, String)> {
    let mut names: Vec<String> = ["README.md", "config.example.toml"].map(ToOwned::to_owned).to_vec();
    for folder in ["deploy", "docs", "docs/providers"] {
        let files = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap());
        let files = files.filter(|entry| entry.file_type().unwrap().is_file());
        names.extend(files.map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy())));
    }
    names.into_iter().map(|name| (name.clone(), paper(&name))).collect()
}

/// The names of variables in a text that are ours by their beginning.
fn names(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .filter(|word| {
            let rest = word.strip_prefix("BANKSIDE_").or_else(|| word.strip_prefix("ACTUAL_NORDIGEN_"));
            rest.is_some_and(|rest| !rest.is_empty())
        })
        .map(ToOwned::to_owned)
        .collect()
}

/// Whether somebody reads this variable. What is wrong with a value made up here does not matter.
fn is_read(name: &str) -> bool {
    let target = name.strip_suffix("_FILE").filter(|_| name != "BANKSIDE_VAULT__KEY_FILE").unwrap_or(name);
    if name.starts_with("ACTUAL_") {
        return provider_keys::is_older_name(target);
    }
    if ["BANKSIDE_VAULT_KEY", "BANKSIDE_VAULT_PASSPHRASE", "BANKSIDE_WEB_DIST"].contains(&target) {
        return true;
    }
    let environment = HashMap::from([(target.to_owned(), "1".to_owned())]);
    let options = ServeOptions { data_folder: Some("/nowhere".into()), ..ServeOptions::default() };
    let error = Configuration::from_sources(&options, &environment).err();
    let said = error.map(|error| format!("{error:#}")).unwrap_or_default();
    !["unknown field", "known are", "does not know"].iter().any(|unknown| said.contains(unknown))
}

#[test]
fn every_variable_that_a_paper_names_is_read() {
    let mut found = 0;
    for (paper, text) in all() {
        for name in names(&text) {
            assert!(is_read(&name), "{paper} names {name}, which nobody reads");
            found += 1;
        }
    }
    assert!(found > 30, "only {found} names were found");
    for wrong in [
        "BANKSIDE_PUBLIC_ULR",
        "BANKSIDE_FEATURES__SYNCING",
        "BANKSIDE_PROVIDERS__GOCARDLESS__SECRET",
        "ACTUAL_NORDIGEN_ID",
    ] {
        assert!(!is_read(wrong), "{wrong} would not be noticed");
    }
}

/// The values that stand behind `NAME=`, `NAME: ` or `NAME = ` in a text.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.find(name)? + name.len();
    let rest = text[at..].trim_start_matches([' ', '=', ':', '"']);
    rest.split(|c: char| c.is_whitespace() || c == '"').next()
}

#[test]
fn the_container_listens_where_its_papers_say() {
    let dockerfile = paper("deploy/Dockerfile");
    let environment = HashMap::from(
        ["BANKSIDE_LISTEN", "BANKSIDE_DATA_FOLDER", "BANKSIDE_VAULT_KEY_FILE"]
            .map(|name| (name.to_owned(), value(&dockerfile, &format!("{name}=")).unwrap().to_owned())),
    );
    let configuration = Configuration::from_sources(&ServeOptions::default(), &environment).unwrap();
    assert_eq!(configuration.listen.port().to_string(), PORT);
    assert!(configuration.listen.ip().is_unspecified(), "a container is reached from outside");
    assert_eq!(configuration.database_url, "sqlite:///data/bankside.sqlite");
    assert_eq!(configuration.key_file, Path::new("/run/secrets/bankside_vault_key"));
    assert!(dockerfile.contains(&format!("EXPOSE {PORT}")) && dockerfile.contains("VOLUME /data"));
    assert!(dockerfile.contains(&format!("/dev/tcp/127.0.0.1/{PORT}")) && dockerfile.contains("GET /healthz"));
    let last_user = dockerfile.lines().rfind(|line| line.starts_with("USER ")).unwrap();
    assert_eq!(last_user, "USER 10001:10001");
    assert!(paper("deploy/start").contains("10001"), "the entry hands over to the same");

    let compose = paper("deploy/compose.yaml");
    assert!(compose.contains(&format!("127.0.0.1:{PORT}:{PORT}")) && compose.contains("data:/data"));
    assert!(compose.contains("- bankside_vault_key"), "the secret is mounted where the image looks");

    let says = |word: &str| compose.lines().any(|line| line.trim_start().starts_with(word));
    assert!(says("environment: BANKSIDE_VAULT_KEY"), "the secret comes from the environment");
    assert!(!says("read_only:"), "Docker writes such a secret into the container, and refuses where it cannot");

    let fly =
        Config::builder().add_source(File::from_str(&paper("deploy/fly.toml"), FileFormat::Toml)).build().unwrap();
    assert_eq!(fly.get_string("http_service.internal_port").unwrap(), PORT);
    assert_eq!(fly.get_string("mounts[0].destination").unwrap(), "/data");
    assert_eq!(fly.get_string("http_service.checks[0].path").unwrap(), "/healthz");
    assert_eq!(fly.get_string("env.BANKSIDE_VAULT_KEY_FILE").unwrap(), "", "there the key is a variable");
}

#[test]
fn what_the_container_copies_is_there() {
    for line in paper("deploy/Dockerfile").lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from"))
    {
        let source = line.split_whitespace().nth(1).unwrap();
        assert!(root().join(source).exists(), "{line}");
    }
    for line in paper("deploy/Dockerfile.dockerignore").lines() {
        if let Some(kept) = line.strip_prefix('!') {
            assert!(root().join(kept).exists(), "{kept}");
        }
    }
}

#[test]
fn the_unit_and_the_proxies_lead_to_the_server() {
    let unit = paper("deploy/bankside.service");
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let arguments = Arguments::try_parse_from(command.split_whitespace()).unwrap();
    assert!(matches!(arguments.command, Command::Serve(_)));
    assert!(unit.contains("LoadCredential=vault-key:") && unit.contains("BANKSIDE_VAULT_KEY_FILE=%d/vault-key"));
    let data = value(&unit, "BANKSIDE_DATA_FOLDER=").unwrap();
    let state = value(&unit, "StateDirectory=").unwrap();
    assert_eq!(data, format!("/var/lib/{state}"));
    for proxy in ["deploy/nginx.conf", "deploy/Caddyfile"] {
        let text = paper(proxy);
        assert!(text.contains(&format!("127.0.0.1:{PORT}")), "{proxy}");
        let environment: HashMap<String, String> = ["BANKSIDE_PUBLIC_URL", "BANKSIDE_TRUSTED_PROXIES"]
            .map(|name| (name.to_owned(), value(&text, &format!("{name}=")).unwrap().to_owned()))
            .into();
        let configuration = Configuration::from_sources(&ServeOptions::default(), &environment).unwrap();
        assert!(!configuration.trusted_proxies.is_empty(), "{proxy}");
        assert_eq!(configuration.public_url.unwrap().scheme(), "https");
    }
}

#[test]
fn every_command_in_the_papers_exists() {
    let mut found = 0;
    for (name, text) in all() {
        for command in text.split('`').filter(|quoted| quoted.starts_with("bankside ")) {
            let words = command.split_whitespace().map(|word| if word.starts_with('…') { "x" } else { word });
            let parsed = Arguments::try_parse_from(words);
            if let Err(error) = parsed {
                // `bankside normalize` and `bankside rules` alone, as names of commands.
                let named = [ErrorKind::MissingRequiredArgument, ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand];
                assert!(named.contains(&error.kind()), "{name}: {command}: {error}");
            }
            found += 1;
        }
    }
    assert!(found > 5, "only {found} commands were found");
}
