//! Configuration: defaults, then a file, then the environment, then flags. The later one wins.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use bankside_connect::Registry;
use bankside_domain::Secret;
use bankside_engine::{InstallationKeys, ProviderSettings};
use config::{Config, Environment, File, FileFormat};
use serde::Deserialize;
use url::Url;

use crate::cli::ServeOptions;

const DEFAULT_FILE: &str = "config.toml";

/// Environment variables that are ours but no configuration: they are read where they are used.
const OTHERS: [&str; 4] =
    ["BANKSIDE_VAULT_KEY", "BANKSIDE_VAULT_PASSPHRASE", "BANKSIDE_WEB_DIST", "BANKSIDE_TEST_POSTGRES"];

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
    /// What was read, for `doctor` and the start.
    pub(crate) sources: Vec<String>,
}

impl Configuration {
    /// Reads all sources. Every error names its source and its place.
    pub(crate) fn read(options: &ServeOptions) -> anyhow::Result<Self> {
        Self::from_sources(options, std::env::vars().collect())
    }

    fn from_sources(options: &ServeOptions, environment: HashMap<String, String>) -> anyhow::Result<Self> {
        let mut sources = vec!["defaults".to_owned()];
        let mut builder =
            Config::builder().set_default("listen", "127.0.0.1:5006")?.set_default("data_folder", "bankside-data")?;
        let file = options.config.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        if options.config.is_some() || file.exists() {
            builder = builder.add_source(File::from(file.clone()).format(FileFormat::Toml).required(true));
            sources.push(format!("file {}", file.display()));
        }
        let ours: HashMap<String, String> = environment
            .into_iter()
            .filter(|(name, _)| name.starts_with("BANKSIDE_") && !OTHERS.contains(&name.as_str()))
            .collect();
        if !ours.is_empty() {
            let mut names: Vec<&str> = ours.keys().map(String::as_str).collect();
            names.sort_unstable();
            sources.push(format!("environment {}", names.join(", ")));
        }
        let variables = Environment::with_prefix("BANKSIDE").prefix_separator("_").separator("__");
        builder = builder.add_source(variables.source(Some(ours.clone())));
        let written: Written = builder
            .build()
            .and_then(Config::try_deserialize)
            .with_context(|| format!("the configuration ({})", sources.join(", ")))?;
        Self::of(written, options, &ours, &file, sources)
    }

    fn of(
        written: Written,
        options: &ServeOptions,
        environment: &HashMap<String, String>,
        file: &Path,
        sources: Vec<String>,
    ) -> anyhow::Result<Self> {
        let data_folder = options.data_folder.clone().unwrap_or(written.data_folder);
        let database_url = options
            .database_url
            .clone()
            .or(written.database_url)
            .unwrap_or_else(|| format!("sqlite://{}", data_folder.join("bankside.sqlite").display()));
        let key_file = match written.vault.key_file {
            Some(path) => path,
            None => default_key_file("bankside.key")?,
        };
        check_key_lies_apart(&key_file, &data_folder)?;
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
        let mut providers = BTreeMap::new();
        for (id, section) in written.providers {
            let settings = provider(&id, section, environment, file)?;
            providers.insert(id, settings);
        }
        Ok(Self {
            listen,
            public_url,
            database_url,
            trusted_proxies: written.trusted_proxies.addresses()?,
            key_file,
            log_filter: written.log.filter.unwrap_or_else(|| "info,tower_http=warn,sqlx=warn".to_owned()),
            log_format: written.log.format,
            providers,
            sources,
        })
    }
}

fn provider(
    id: &str,
    section: WrittenProvider,
    environment: &HashMap<String, String>,
    file: &Path,
) -> anyhow::Result<ProviderSettings> {
    let registry = Registry::all();
    let Some(connector) = registry.get(id) else {
        let known: Vec<&str> = registry.descriptors().map(|descriptor| descriptor.id).collect();
        bail!("the configuration names the provider “{id}”; known are: {}", known.join(", "));
    };
    let descriptor = connector.descriptor();
    for key in section.keys.keys() {
        if descriptor.fields.iter().all(|field| field.key != key) {
            let fields: Vec<&str> = descriptor.fields.iter().map(|field| field.key).collect();
            bail!(
                "the configuration of {id} has “{key}”, which it does not know: enabled, base_url, {}",
                fields.join(", ")
            );
        }
    }
    let keys = if section.keys.is_empty() {
        None
    } else {
        for field in descriptor.fields {
            if section.keys.get(field.key).is_none_or(|value| value.trim().is_empty()) {
                bail!("the configuration of {id} has some of its keys, but {} is missing", field.key);
            }
        }
        let prefix = format!("BANKSIDE_PROVIDERS__{}__", id.to_ascii_uppercase());
        let from_environment = descriptor
            .fields
            .iter()
            .any(|field| environment.contains_key(&format!("{prefix}{}", field.key.to_ascii_uppercase())));
        let read_from =
            if from_environment { "the environment".to_owned() } else { format!("the file {}", file.display()) };
        let fields = section.keys.into_iter().map(|(name, value)| (name, Secret::new(value.trim()))).collect();
        Some(InstallationKeys { fields, read_from })
    };
    if let Some(url) = &section.base_url
        && (!matches!(url.scheme(), "http" | "https") || url.host().is_none() || !url.path().ends_with('/'))
    {
        bail!("providers.{id}.base_url must be a web address that ends with a slash, not {url}");
    }
    Ok(ProviderSettings { base_url: section.base_url, is_off: section.enabled == Some(false), keys })
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
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
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
        Configuration::from_sources(&options, environment)
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
        assert_eq!(keys.read_from, "the environment");
        assert!(!format!("{configuration:?}").contains("\"key\""), "secrets stay out of debug output");
    }

    #[test]
    fn mistakes_are_named() {
        assert!(error("lisen = \"127.0.0.1:1\"").contains("lisen"));
        assert!(error("listen = \"nowhere\"").contains("nowhere"));
        assert!(error("trusted_proxies = [\"my-proxy\"]").contains("my-proxy"));
        assert!(error("public_url = \"https://a.example/path\"").contains("public_url must not have a path"));
        assert!(error("[providers.gocardles]\nenabled = true").contains("known are: gocardless"));
        assert!(error("[providers.gocardless]\nsecret = \"x\"").contains("secret_id"));
        assert!(error("[providers.gocardless]\nsecret_id = \"x\"").contains("secret_key is missing"));
        assert!(
            error("data_folder = \"/srv\"\n[vault]\nkey_file = \"/srv/a.key\"").contains("lies in the data folder")
        );
        assert!(error("listen = ").contains("config.toml"));
    }
}
