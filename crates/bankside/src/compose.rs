//! The composition root: from configuration to an engine that works.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use bankside_connect::Registry;
use bankside_connect::http::Http;
use bankside_domain::text::fold;
use bankside_domain::{Ambient, Secret};
use bankside_engine::{Engine, Organization, Settings};
use bankside_store::{Store, StoreError};
use bankside_vault::{MasterKey, Vault};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::ServeOptions;
use crate::configuration::{Configuration, LogFormat, variables};

const KEY_VARIABLE: &str = "BANKSIDE_VAULT_KEY";
const PASSPHRASE_VARIABLE: &str = "BANKSIDE_VAULT_PASSPHRASE";

/// Writes the log to standard error. `RUST_LOG` beats the configuration.
pub(crate) fn start_log(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) => EnvFilter::try_new(&filter).with_context(|| format!("RUST_LOG={filter}"))?,
        Err(_) => EnvFilter::try_new(filter).with_context(|| format!("log.filter = {filter}"))?,
    };
    let registry = tracing_subscriber::registry().with(filter);
    // Colours are for people who look; a journal or a container's log would keep their codes.
    let layer =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => registry.with(layer.with_target(false)).try_init()?,
        LogFormat::Json => registry.with(layer.json()).try_init()?,
    }
    Ok(())
}

/// Chooses the one TLS provider of this process.
pub(crate) fn start_tls() {
    // An error means that it was chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Opens the database; a folder for a file is made.
pub(crate) async fn open_store(database_url: &str, ambient: &Ambient) -> anyhow::Result<Store> {
    if let Some(path) = database_url.strip_prefix("sqlite://")
        && let Some(folder) = Path::new(path.split('?').next().unwrap_or(path)).parent()
    {
        std::fs::create_dir_all(folder).with_context(|| format!("the data folder {}", folder.display()))?;
    }
    Store::open(database_url, ambient.clone()).await.with_context(|| format!("the database {}", shown(database_url)))
}

/// A database URL without its password.
pub(crate) fn shown(database_url: &str) -> String {
    match url::Url::parse(database_url) {
        Ok(mut url) if url.password().is_some() => {
            let _ = url.set_password(Some("…"));
            url.to_string()
        }
        _ => database_url.to_owned(),
    }
}

/// Where the master key came from, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyOrigin {
    File,
    Environment,
    Passphrase,
}

/// Prints a new key and keeps it nowhere.
pub(crate) fn print_new_key() -> ExitCode {
    println!("{}", MasterKey::generate(&crate::ambient::system()).to_text().expose());
    ExitCode::SUCCESS
}

/// Opens the vault of the database, or starts it. The wrong key ends the start.
pub(crate) async fn open_vault(
    store: &Store,
    key_file: &Path,
    ambient: &Ambient,
) -> anyhow::Result<(Vault, KeyOrigin)> {
    let record = store.key_record().await?;
    let from_variable = |name| anyhow::Ok(variables::secret(name)?.map(Secret::new));
    let salt = record.as_ref().and_then(|record| record.passphrase_salt.clone());
    let (master, salt, origin) = if let Some(text) = from_variable(KEY_VARIABLE)? {
        (MasterKey::from_text(&text, KEY_VARIABLE)?, None, KeyOrigin::Environment)
    } else if let Some(passphrase) = from_variable(PASSPHRASE_VARIABLE)? {
        let salt = salt.unwrap_or_else(|| MasterKey::new_salt(ambient));
        (MasterKey::from_passphrase(&passphrase, &salt)?, Some(salt), KeyOrigin::Passphrase)
    } else if salt.is_some() {
        bail!("this database was protected with a passphrase: set {PASSPHRASE_VARIABLE}");
    } else if record.is_some() && !key_file.exists() {
        bail!(
            "the key file {} is not there, but this database has been sealed with one: bring it back, or set {KEY_VARIABLE}",
            key_file.display()
        );
    } else {
        (MasterKey::from_file_or_new(key_file, ambient)?, None, KeyOrigin::File)
    };
    if let Some(record) = record {
        return Ok((Vault::open(&master, &record)?, origin));
    }
    let (vault, new) = Vault::create(&master, salt, ambient);
    match store.keep_key_record(&new).await {
        Ok(()) => Ok((vault, origin)),
        // Another machine was first; the same key must open what it made.
        Err(StoreError::Conflict(_)) => {
            let record = store.key_record().await?.context("the key record has gone")?;
            Ok((Vault::open(&master, &record)?, origin))
        }
        Err(error) => Err(error.into()),
    }
}

/// Puts the engine together.
pub(crate) fn engine(store: Store, vault: Vault, settings: Settings, ambient: Ambient) -> anyhow::Result<Engine> {
    let http = Http::new(ambient.clone())?;
    Ok(Engine::new(store, vault, Registry::all(), http, settings, ambient))
}

/// The engine for a command of the operator's, with the store to close when it is done. No pages are served, no mail is sent.
pub(crate) async fn engine_for_a_command(options: &ServeOptions) -> anyhow::Result<(Engine, Store)> {
    start_log("warn", LogFormat::Text)?;
    start_tls();
    let configuration = Configuration::read(options)?;
    let ambient = crate::ambient::system();
    let store = open_store(&configuration.database_url, &ambient).await?;
    let (vault, _) = open_vault(&store, &configuration.key_file, &ambient).await?;
    let settings = Settings {
        public_url: "http://127.0.0.1/".parse()?,
        providers: configuration.providers,
        trusted_proxies: Vec::new(),
        mail: None,
        features: configuration.features,
        requires_subscription: configuration.requires_subscription,
    };
    Ok((engine(store.clone(), vault, settings, ambient)?, store))
}

/// The organization of this name or id; without one, the only one that there is.
pub(crate) async fn organization(engine: &Engine, wanted: Option<&str>) -> anyhow::Result<Organization> {
    let all: Vec<Organization> =
        engine.subscriptions().await?.into_iter().map(|(organization, _)| organization).collect();
    let is_wanted = |one: &&Organization| {
        wanted.is_none_or(|wanted| one.id.to_string() == wanted || fold(&one.name) == fold(wanted))
    };
    let found: Vec<&Organization> = all.iter().filter(is_wanted).collect();
    match (found.as_slice(), wanted) {
        ([only], _) => Ok((*only).clone()),
        ([], Some(wanted)) => bail!("there is no organization “{wanted}”; there are: {}", names(&all)),
        ([], None) => bail!("there is no organization yet"),
        (_, Some(wanted)) => bail!("several organizations are called “{wanted}”; name one by its id: {}", names(&all)),
        (_, None) => bail!("there are several organizations; name one: {}", names(&all)),
    }
}

fn names(organizations: &[Organization]) -> String {
    organizations.iter().map(|one| format!("{} ({})", one.name, one.id)).collect::<Vec<_>>().join(", ")
}
