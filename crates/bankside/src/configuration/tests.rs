//! What each source says, which one wins, and what is said of mistakes.

use super::*;

fn read(file: &str, environment: &[(&str, &str)]) -> anyhow::Result<Configuration> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, file).unwrap();
    let options = ServeOptions { config: Some(path), ..ServeOptions::default() };
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Configuration::from_sources(&options, &environment)
}

fn error(file: &str) -> String {
    format!("{:#}", read(file, &[]).unwrap_err())
}

#[test]
fn later_sources_win() {
    let configuration = read(
        "listen = \"127.0.0.1:1\"\ndata_folder = \"/tmp/a\"\n[vault]\nkey_file = \"/etc/bankside.key\"",
        &[
            ("BANKSIDE_LISTEN", "127.0.0.1:2"),
            ("BANKSIDE_TRUSTED_PROXIES", "127.0.0.1, ::1"),
            ("BANKSIDE_TEST_POSTGRES", "x"),
            ("OTHER", "y"),
        ],
    )
    .unwrap();
    assert_eq!(configuration.listen.port(), 2);
    assert_eq!(configuration.trusted_proxies.len(), 2);
    assert_eq!(configuration.database_url, "sqlite:///tmp/a/bankside.sqlite");
    assert_eq!(configuration.sources.len(), 3);
}

#[test]
fn the_example_is_read() {
    let example = include_str!("../../../../config.example.toml");
    let configuration = read(example, &[]).unwrap();
    assert_eq!(configuration.listen.port(), 5006);
    // Everything in the example that is commented out is right as well.
    let uncommented = |line: &'static str| {
        line.strip_prefix("# ").filter(|line| line.contains(" = ") || line.starts_with('[')).unwrap_or(line)
    };
    let all = example.lines().map(uncommented).collect::<Vec<_>>().join("\n");
    assert!(error(&all).contains("placeholder"), "whoever forgets to put the keys in is told");
    let names = [
        "Secret ID",
        "Secret key",
        "Application ID",
        "Private key",
        "Client ID",
        "Client secret",
        "Item ID",
        "User ID",
        "User key",
        "Access URL",
    ];
    let all = names.iter().fold(all, |all, name| all.replace(&format!("<{name}>"), "a1"));
    let configuration = read(&all, &[]).unwrap();
    for provider in ["enablebanking", "finapi", "gocardless", "pluggy", "simplefin", "sophtron"] {
        assert!(configuration.providers[provider].keys.is_some(), "{provider}");
    }
}

#[test]
fn keys_say_where_they_came_from() {
    let configuration = read(
        "[vault]\nkey_file = \"/etc/bankside.key\"",
        &[("BANKSIDE_PROVIDERS__GOCARDLESS__SECRET_ID", "id"), ("BANKSIDE_PROVIDERS__GOCARDLESS__SECRET_KEY", "key")],
    )
    .unwrap();
    let keys = configuration.providers["gocardless"].keys.clone().unwrap();
    assert_eq!(
        keys.read_from,
        "the environment (BANKSIDE_PROVIDERS__GOCARDLESS__SECRET_ID; BANKSIDE_PROVIDERS__GOCARDLESS__SECRET_KEY)"
    );
    assert!(!format!("{configuration:?}").contains("\"key\""), "secrets stay out of debug output");
}

/// What a `config.json` with this text in the data folder, beside these variables, comes to.
fn with_json(text: &str, toml: &str, environment: &[(&str, &str)]) -> anyhow::Result<Configuration> {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("config.json"), text).unwrap();
    read(&format!("data_folder = {:?}\n{toml}", data.path()), environment)
}

fn id_and_source(configuration: &Configuration) -> (String, String) {
    let keys = configuration.providers["gocardless"].keys.clone().unwrap();
    (keys.fields["secret_id"].expose().to_owned(), keys.read_from)
}

const JSON: &str = r#"{"nordigen": {"secretId": "json-id", "secretKey": "json-key"}}"#;
const TOML: &str = "[providers.gocardless]\nsecret_id = \"toml-id\"\nsecret_key = \"toml-key\"";
const OLDER: [(&str, &str); 2] = [("ACTUAL_NORDIGEN_SECRET_ID", "env-id"), ("ACTUAL_NORDIGEN_SECRET_KEY", "env-key")];

#[test]
fn keys_are_taken_from_the_first_place_that_has_them() {
    let (id, source) = id_and_source(&with_json(JSON, "", &[]).unwrap());
    assert_eq!(id, "json-id");
    assert!(source.starts_with("the file /") && source.ends_with("/config.json"), "{source}");

    let both = with_json(JSON, TOML, &[]).unwrap();
    assert_eq!(id_and_source(&both).0, "toml-id");
    assert!(both.notes[0].contains("config.json are not used"), "{:?}", both.notes);

    let all = with_json(JSON, TOML, &OLDER).unwrap();
    let (id, source) = id_and_source(&all);
    assert_eq!(id, "env-id");
    assert_eq!(source, "the environment (ACTUAL_NORDIGEN_SECRET_ID; ACTUAL_NORDIGEN_SECRET_KEY)");
    assert_eq!(all.notes.len(), 2);

    let ours = [
        ("BANKSIDE_PROVIDERS__GOCARDLESS__SECRET_ID", "our-id"),
        ("BANKSIDE_PROVIDERS__GOCARDLESS__SECRET_KEY", "our-key"),
    ];
    assert_eq!(id_and_source(&with_json(JSON, TOML, &[ours, OLDER].concat()).unwrap()).0, "our-id");
}

#[test]
fn what_else_stands_in_config_json_is_noted() {
    let text = r#"{"port": 1, "nordigen": {"secretId": "json-id", "secretKey": "json-key", "region": "x"}}"#;
    let configuration = with_json(text, "", &[]).unwrap();
    let notes = configuration.notes.join("\n");
    assert!(notes.contains("“port”") && notes.contains("“nordigen.region”"), "{notes}");
    assert!(!format!("{configuration:?}").contains("json-key"));
    assert_eq!(read("", &[("ACTUAL_NORDIGEN_ID", "x")]).unwrap().notes, ["ACTUAL_NORDIGEN_ID is not read"]);
    // Empty texts are what a form leaves behind: no keys, and no mistake.
    let empty = with_json(r#"{"nordigen": {"secretId": "", "secretKey": ""}}"#, "", &[]).unwrap();
    assert!(empty.providers.is_empty());
}

#[test]
fn half_of_the_keys_names_its_place_and_tells_no_key() {
    let half = |text: &str, environment: &[(&str, &str)]| {
        let error = format!("{:#}", with_json(text, "", environment).unwrap_err());
        assert!(!error.contains("geheim"), "{error}");
        error
    };
    let json = half(r#"{"nordigen": {"secretId": "geheim"}}"#, &[]);
    assert!(json.contains("config.json") && json.contains("nordigen.secretKey is missing"), "{json}");
    let variable = half("{}", &[("ACTUAL_NORDIGEN_SECRET_ID", "geheim")]);
    assert!(variable.contains("ACTUAL_NORDIGEN_SECRET_KEY is missing"), "{variable}");
    // Another place does not fill the gap: its key is of another secret.
    let mixed = half(JSON, &[("ACTUAL_NORDIGEN_SECRET_KEY", "geheim")]);
    assert!(mixed.contains("ACTUAL_NORDIGEN_SECRET_ID is missing"), "{mixed}");
    let guide = half(r#"{"nordigen": {"secretId": "<your secret id>", "secretKey": "geheim"}}"#, &[]);
    assert!(guide.contains("placeholder") && guide.contains("nordigen.secretId"), "{guide}");
    let number = half(r#"{"nordigen": {"secretId": 7, "secretKey": "geheim"}}"#, &[]);
    assert!(number.contains("nordigen.secretId must be a text"), "{number}");
    assert!(half(r#"{"nordigen": "geheim"}"#, &[]).contains("must be an object"));
    assert!(half(r#"["geheim"]"#, &[]).contains("an object is needed"));
}

#[test]
fn json_that_is_none_is_named_by_line_and_column() {
    let error = format!("{:#}", with_json("{\n  \"nordigen\": {\"secretId\" \"geheim\"}\n}", "", &[]).unwrap_err());
    assert!(error.contains("config.json, line 2, column 27"), "{error}");
    assert!(!error.contains("geheim"), "{error}");
}

#[test]
fn features_say_where_they_were_switched() {
    let configuration = read("[features]\naccount_syncing = false", &[]).unwrap();
    let fixed = &configuration.features["account_syncing"];
    assert!(!fixed.is_on && fixed.read_from.ends_with("config.toml"), "{fixed:?}");
    let variable = [("BANKSIDE_FEATURES__ACCOUNT_SYNCING", "true")];
    let configuration = read("[features]\naccount_syncing = false", &variable).unwrap();
    let fixed = &configuration.features["account_syncing"];
    assert!(fixed.is_on && fixed.read_from.contains("BANKSIDE_FEATURES__ACCOUNT_SYNCING"), "{fixed:?}");
    assert!(error("[features]\naccount_sync = true").contains("known are: account_syncing"));
}

#[test]
fn config_may_name_a_json_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let options = ServeOptions { config: Some(file.clone()), ..ServeOptions::default() };
    let missing = format!("{:#}", Configuration::from_sources(&options, &HashMap::new()).unwrap_err());
    assert!(missing.contains("keys.json"), "{missing}");
    std::fs::write(file, JSON).unwrap();
    let configuration = Configuration::from_sources(&options, &HashMap::new()).unwrap();
    assert!(id_and_source(&configuration).1.ends_with("keys.json"));
}

#[test]
fn mistakes_are_named() {
    assert!(error("lisen = \"127.0.0.1:1\"").contains("lisen"));
    assert!(error("listen = \"nowhere\"").contains("nowhere"));
    assert!(error("trusted_proxies = [\"my-proxy\"]").contains("my-proxy"));
    assert!(error("public_url = \"https://a.example/path\"").contains("public_url must not have a path"));
    assert!(error("[providers.gocardles]\nenabled = true").contains("known are: enablebanking, finapi, gocardless"));
    assert!(error("[providers.gocardless]\nsecret = \"x\"").contains("secret_id"));
    assert!(error("[providers.gocardless]\nsecret_id = \"x1\"").contains("secret_key is missing"));
    assert!(error("[providers.gocardless]\nsecret_id = \"<id>\"\nsecret_key = \"k1\"").contains("placeholder"));
    assert!(error("data_folder = \"/srv\"\n[vault]\nkey_file = \"/srv/a.key\"").contains("lies in the data folder"));
    assert!(error("listen = ").contains("config.toml"));
}

#[test]
fn mistakes_in_the_file_tell_no_key() {
    let unclosed = error("[providers.gocardless]\nsecret_id = \"x1\"\nsecret_key = \"geheim\n");
    assert!(unclosed.contains("line 3") && unclosed.contains("config.toml"), "{unclosed}");
    assert!(!unclosed.contains("geheim"), "{unclosed}");
    let number = error("[providers.gocardless]\nsecret_id = \"x1\"\nsecret_key = 4711");
    assert!(number.contains("in quotes") && !number.contains("4711"), "{number}");
}
