//! Configuration: defaults, then files, then the environment, then flags. The later one wins.

mod json_file;
mod mail;
#[cfg(test)]
mod papers;
mod provider_keys;
#[cfg(test)]
mod tests;
pub(crate) mod variables;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use bankside_connect::Registry;
use bankside_engine::{Descriptor, Feature, FixedFeature, MailSettings, ProviderSettings};
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
    mail: Option<mail::WrittenMail>,
    #[serde(default)]
    subscription: WrittenSubscription,
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
struct WrittenSubscription {
    #[serde(default)]
    required: bool,
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
    /// The mail server, where there is one.
    pub(crate) mail: Option<MailSettings>,
    pub(crate) log_filter: String,
    pub(crate) log_format: LogFormat,
    pub(crate) providers: BTreeMap<String, ProviderSettings>,
    /// Features that no page can switch, because they stand here.
    pub(crate) features: BTreeMap<String, FixedFeature>,
    /// Whether organizations need a subscription to sync with banks.
    pub(crate) requires_subscription: bool,
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
            mail: written.mail.map(mail::WrittenMail::checked).transpose()?,
            log_filter: written.log.filter.unwrap_or_else(|| "info,tower_http=warn,sqlx=warn".to_owned()),
            log_format: written.log.format,
            providers,
            features,
            requires_subscription: written.subscription.required,
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
        ConfigError::Type { key: Some(key), .. } | ConfigError::At { key: Some(key), .. }
            if key.starts_with("mail") =>
        {
            format!("a value of the wrong kind under {key}: texts stand in quotes, the port is a number")
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
        && (!matches!(url.scheme(), "http" | "https") || url.host().is_none())
    {
        bail!("providers.{id}.base_url must be a web address, not {url}");
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
