//! Configuration: defaults, then files, then the environment, then flags. The later one wins.

mod json_file;
#[cfg(test)]
mod papers;
mod provider_keys;
pub(crate) mod variables;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use bankside_connect::Registry;
use bankside_engine::{Descriptor, Feature, FixedFeature, ProviderSettings};
use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::Deserialize;
use url::Url;

use crate::cli::ServeOptions;
use json_file::JsonFile;
use variables::Variables;

const DEFAULT_FILE: &str = "config.toml";

/// The file and the environment, as they are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    listen: String,
    public_url: Option<Url>,
    data_folder: PathBuf,
    database_url: Option<String>,
    #[serde(default)]
    trusted_proxies: OneOrMany,
    #[serde(default)]
    vault: WrittenVault,
    #[serde(default)]
    log: WrittenLog,
    #[serde(default)]
    features: BTreeMap<String, bool>,
    #[serde(default)]
    providers: BTreeMap<String, WrittenProvider>,
}

/// A list in the file; in the environment, a text with commas.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<String>),
    One(String),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    fn addresses(&self) -> anyhow::Result<Vec<IpAddr>> {
        let texts: Vec<&str> = match self {
            Self::Many(texts) => texts.iter().map(String::as_str).collect(),
            Self::One(text) => text.split(',').filter(|text| !text.trim().is_empty()).collect(),
        };
        let read = |text: &str| {
            text.trim()
                .parse()
                .with_context(|| format!("trusted_proxies holds addresses such as 127.0.0.1, not “{text}”"))
        };
        texts.into_iter().map(read).collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenVault {
    key_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLog {
    filter: Option<String>,
    #[serde(default)]
    format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// A provider's section: `enabled`, `base_url`, and the fields of its keys.
#[derive(Default, Deserialize)]
struct WrittenProvider {
    enabled: Option<bool>,
    base_url: Option<Url>,
    #[serde(flatten)]
    keys: BTreeMap<String, String>,
}

impl std::fmt::Debug for WrittenProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WrittenProvider").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// The configuration of a server.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    pub(crate) listen: SocketAddr,
    /// Where people reach it; by default where it listens.
    pub(crate) public_url: Option<Url>,
    pub(crate) database_url: String,
    /// Proxies that are believed about whom a request comes from.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) key_file: PathBuf,
    pub(crate) log_filter: String,
    pub(crate) log_format: LogFormat,
    pub(crate) providers: BTreeMap<String, ProviderSettings>,
    /// Features that no page can switch, because they stand here.
    pub(crate) features: BTreeMap<String, FixedFeature>,
    /// What was read, for `doctor` and the start.
    pub(crate) sources: Vec<String>,
    /// What was found in them that does not count, for `doctor` and the start.
    pub(crate) notes: Vec<String>,
}

impl Configuration {
    /// Reads all sources. Every error names its source and its place.
    pub(crate) fn read(options: &ServeOptions) -> anyhow::Result<Self> {
        Self::from_sources(options, &std::env::vars().collect())
    }

    fn from_sources(options: &ServeOptions, environment: &HashMap<String, String>) -> anyhow::Result<Self> {
        let mut sources = vec!["defaults".to_owned()];
        let mut builder =
            Config::builder().set_default("listen", "127.0.0.1:5006")?.set_default("data_folder", "bankside-data")?;
        let named_json = options.config.as_deref().filter(|file| is_json(file));
        let named_toml = options.config.as_deref().filter(|file| !is_json(file));
        let file = named_toml.unwrap_or(Path::new(DEFAULT_FILE));
        if named_toml.is_some() || file.exists() {
            builder = builder.add_source(File::from(file).format(FileFormat::Toml).required(true));
            sources.push(format!("file {}", file.display()));
        }
        let variables = Variables::of(environment)?;
        if !variables.names().is_empty() {
            sources.push(format!("environment {}", variables.names().join(", ")));
        }
        // Keys are looked for by place, so they must not be mixed with those of the file.
        let keys: Vec<String> = Registry::all()
            .descriptors()
            .flat_map(|descriptor| {
                descriptor.fields.iter().map(|field| provider_keys::variable(descriptor.id, field.key))
            })
            .collect();
        let settings = Environment::with_prefix("BANKSIDE").prefix_separator("_").separator("__");
        builder = builder.add_source(settings.source(Some(variables.settings(&keys))));
        let written: Written = builder
            .build()
            .and_then(Config::try_deserialize)
            .map_err(|error| anyhow::anyhow!(without_values(&error)))
            .with_context(|| format!("the configuration ({})", sources.join(", ")))?;
        let data_folder = options.data_folder.clone().unwrap_or_else(|| written.data_folder.clone());
        let json = JsonFile::find(named_json, &data_folder)?;
        let strange = variables.names_with("ACTUAL_").filter(|name| !provider_keys::is_older_name(name));
        let mut notes: Vec<String> = strange.map(|name| format!("{name} is not read")).collect();
        if let Some(json) = &json {
            // After the defaults: what config.toml and the environment say comes before it.
            sources.insert(1, format!("file {}", json.path.display()));
            let unknown = provider_keys::unknown(json).into_iter();
            notes.extend(unknown.map(|name| format!("{} has “{name}”, which is not read", json.path.display())));
        }
        let from = ReadFrom { toml: file, json: json.as_ref(), variables: &variables };
        Self::of(written, options, &data_folder, &from, sources, notes)
    }

    fn of(
        written: Written,
        options: &ServeOptions,
        data_folder: &Path,
        from: &ReadFrom<'_>,
        sources: Vec<String>,
        mut notes: Vec<String>,
    ) -> anyhow::Result<Self> {
        let database_url = options
            .database_url
            .clone()
            .or(written.database_url)
            .unwrap_or_else(|| format!("sqlite://{}", data_folder.join("bankside.sqlite").display()));
        let key_file = match (from.variables.vault_key.clone(), written.vault.key_file) {
            (Some(path), _) | (None, Some(path)) => path,
            (None, None) => default_key_file("bankside.key")?,
        };
        check_key_lies_apart(&key_file, data_folder)?;
        let listen = match options.listen {
            Some(listen) => listen,
            None => written.listen.parse().with_context(|| {
                format!("listen must be an address and a port such as 127.0.0.1:5006, not “{}”", written.listen)
            })?,
        };
        let public_url = options.public_url.clone().or(written.public_url);
        if let Some(url) = &public_url {
            check_public_url(url)?;
        }
        let providers = providers(written.providers, from, &mut notes)?;
        let features = features(written.features, from)?;
        Ok(Self {
            listen,
            public_url,
            database_url,
            trusted_proxies: written.trusted_proxies.addresses()?,
            key_file,
            log_filter: written.log.filter.unwrap_or_else(|| "info,tower_http=warn,sqlx=warn".to_owned()),
            log_format: written.log.format,
            providers,
            features,
            sources,
            notes,
        })
    }
}

/// An error of the configuration with its place, but without the line or the value it is about: that may be a key.
fn without_values(error: &ConfigError) -> String {
    match error {
        ConfigError::FileParse { uri, cause } => {
            let said = cause.to_string();
            let lines = said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains('|'));
            let file = uri.as_deref().map(|uri| format!(" in {uri}")).unwrap_or_default();
            format!("{}{file}", lines.collect::<Vec<_>>().join(": "))
        }
        ConfigError::Type { key: Some(key), .. } | ConfigError::At { key: Some(key), .. }
            if key.starts_with("providers") =>
        {
            format!("a value of the wrong kind under {key}: keys stand in quotes, enabled is true or false")
        }
        error => error.to_string(),
    }
}

/// Where values were read.
struct ReadFrom<'a> {
    toml: &'a Path,
    json: Option<&'a JsonFile>,
    variables: &'a Variables,
}

fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn providers(
    mut written: BTreeMap<String, WrittenProvider>,
    from: &ReadFrom<'_>,
    notes: &mut Vec<String>,
) -> anyhow::Result<BTreeMap<String, ProviderSettings>> {
    let registry = Registry::all();
    if let Some(id) = written.keys().find(|id| registry.get(id).is_none()) {
        let known: Vec<&str> = registry.descriptors().map(|descriptor| descriptor.id).collect();
        bail!("the configuration names the provider “{id}”; known are: {}", known.join(", "));
    }
    let mut providers = BTreeMap::new();
    for descriptor in registry.descriptors() {
        let section = written.remove(descriptor.id);
        let is_written = section.is_some();
        let settings = provider(descriptor, section.unwrap_or_default(), from, notes)?;
        if is_written || settings.keys.is_some() {
            providers.insert(descriptor.id.to_owned(), settings);
        }
    }
    Ok(providers)
}

fn provider(
    descriptor: &'static Descriptor,
    section: WrittenProvider,
    from: &ReadFrom<'_>,
    notes: &mut Vec<String>,
) -> anyhow::Result<ProviderSettings> {
    let id = descriptor.id;
    for key in section.keys.keys() {
        if descriptor.fields.iter().all(|field| field.key != key) {
            let fields: Vec<&str> = descriptor.fields.iter().map(|field| field.key).collect();
            bail!(
                "the configuration of {id} has “{key}”, which it does not know: enabled, base_url, {}",
                fields.join(", ")
            );
        }
    }
    if let Some(url) = &section.base_url
        && (!matches!(url.scheme(), "http" | "https") || url.host().is_none() || !url.path().ends_with('/'))
    {
        bail!("providers.{id}.base_url must be a web address that ends with a slash, not {url}");
    }
    let keys = provider_keys::find(descriptor, from.variables, &section.keys, from.toml, from.json, notes)?;
    Ok(ProviderSettings { base_url: section.base_url, is_off: section.enabled == Some(false), keys })
}

fn features(written: BTreeMap<String, bool>, from: &ReadFrom<'_>) -> anyhow::Result<BTreeMap<String, FixedFeature>> {
    let known: Vec<&str> = Feature::all(&Registry::all()).map(|feature| feature.key).collect();
    let mut features = BTreeMap::new();
    for (key, is_on) in written {
        if !known.contains(&key.as_str()) {
            bail!("the configuration has the feature “{key}”; known are: {}", known.join(", "));
        }
        let variable = from.variables.get(&format!("BANKSIDE_FEATURES__{}", key.to_ascii_uppercase()));
        let read_from = variable.map_or_else(
            || format!("the file {}", absolute(from.toml).display()),
            |variable| format!("the environment ({})", variable.found_in),
        );
        features.insert(key, FixedFeature { is_on, read_from });
    }
    Ok(features)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn check_public_url(url: &Url) -> anyhow::Result<()> {
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        bail!("public_url must be a web address such as https://money.example.org, not {url}");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        bail!("public_url must not have a path: Bankside needs a host of its own, not {url}");
    }
    Ok(())
}

/// Where a key lies unless it is said otherwise: in the user's configuration folder.
pub(crate) fn default_key_file(name: &str) -> anyhow::Result<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| std::env::home_dir().map(|home| home.join(".config")))
        .context("there is no home folder for the key: set vault.key_file, or BANKSIDE_VAULT_KEY")?;
    Ok(folder.join("bankside").join(name))
}

/// A key beside the data protects nothing: whoever copies the folder has both.
fn check_key_lies_apart(key_file: &Path, data_folder: &Path) -> anyhow::Result<()> {
    if absolute(key_file).starts_with(absolute(data_folder)) {
        bail!(
            "the key file {} lies in the data folder {}; whoever copies the folder would have both. Put it elsewhere",
            key_file.display(),
            data_folder.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
        let example = include_str!("../../../config.example.toml");
        let configuration = read(example, &[]).unwrap();
        assert_eq!(configuration.listen.port(), 5006);
        // Everything in the example that is commented out is right as well.
        let uncommented = |line: &'static str| {
            line.strip_prefix("# ").filter(|line| line.contains(" = ") || line.starts_with('[')).unwrap_or(line)
        };
        let all = example.lines().map(uncommented).collect::<Vec<_>>().join("\n");
        assert!(error(&all).contains("placeholder"), "whoever forgets to put the keys in is told");
        let all = all.replace("<Secret ID>", "id").replace("<Secret key>", "key");
        let configuration = read(&all, &[]).unwrap();
        assert!(configuration.providers["gocardless"].keys.is_some());
    }

    #[test]
    fn keys_say_where_they_came_from() {
        let configuration = read(
            "[vault]\nkey_file = \"/etc/bankside.key\"",
            &[
                ("BANKSIDE_PROVIDERS__GOCARDLESS__SECRET_ID", "id"),
                ("BANKSIDE_PROVIDERS__GOCARDLESS__SECRET_KEY", "key"),
            ],
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
    const OLDER: [(&str, &str); 2] =
        [("ACTUAL_NORDIGEN_SECRET_ID", "env-id"), ("ACTUAL_NORDIGEN_SECRET_KEY", "env-key")];

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
        assert!(error("[providers.gocardles]\nenabled = true").contains("known are: gocardless"));
        assert!(error("[providers.gocardless]\nsecret = \"x\"").contains("secret_id"));
        assert!(error("[providers.gocardless]\nsecret_id = \"x1\"").contains("secret_key is missing"));
        assert!(error("[providers.gocardless]\nsecret_id = \"<id>\"\nsecret_key = \"k1\"").contains("placeholder"));
        assert!(
            error("data_folder = \"/srv\"\n[vault]\nkey_file = \"/srv/a.key\"").contains("lies in the data folder")
        );
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
}
