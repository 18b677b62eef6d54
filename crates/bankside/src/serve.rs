//! `bankside serve`: pages, API and the worker, until it is told to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use bankside_connect::Registry;
use bankside_engine::{Engine, Settings};
use bankside_store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::cli::ServeOptions;
use crate::compose::{self, KeyOrigin};
use crate::configuration::Configuration;

/// Requests and runs that go on get so long to end.
const PATIENCE: Duration = Duration::from_secs(8);

pub(crate) async fn run(options: &ServeOptions) -> anyhow::Result<ExitCode> {
    let configuration = Configuration::read(options)?;
    compose::start_log(&configuration.log_filter, configuration.log_format)?;
    compose::start_tls();
    let ambient = crate::ambient::system();
    let store = compose::open_store(&configuration.database_url, &ambient).await?;
    let (vault, origin) = compose::open_vault(&store, &configuration.key_file, &ambient).await?;
    let listener = TcpListener::bind(configuration.listen)
        .await
        .with_context(|| format!("cannot listen on {}", configuration.listen))?;
    let address = listener.local_addr()?;
    let public_url = match configuration.public_url.clone() {
        Some(url) => url,
        None => default_public_url(address)?,
    };
    announce(&configuration, &public_url, origin, &store);
    let settings = Settings {
        public_url: public_url.clone(),
        providers: configuration.providers,
        trusted_proxies: configuration.trusted_proxies,
        mail: configuration.mail,
        features: configuration.features,
        requires_subscription: configuration.requires_subscription,
    };
    let engine = compose::engine(store.clone(), vault, settings, ambient)?;
    let told = told_to_stop()?;
    println!("Bankside is at {public_url}");
    serve_until_told(listener, engine, store, told).await?;
    Ok(ExitCode::SUCCESS)
}

fn default_public_url(address: SocketAddr) -> anyhow::Result<Url> {
    let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { address.ip().to_string() };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    Ok(Url::parse(&format!("http://{host}:{}/", address.port()))?)
}

fn announce(configuration: &Configuration, public_url: &Url, origin: KeyOrigin, store: &Store) {
    tracing::info!(version = env!("CARGO_PKG_VERSION"), database = store.engine(), "starting");
    tracing::info!("configuration from {}", configuration.sources.join("; "));
    match origin {
        KeyOrigin::File => tracing::info!("vault key from the file {}", configuration.key_file.display()),
        KeyOrigin::Environment if !configuration.key_file.as_os_str().is_empty() => {
            tracing::info!("vault key from the environment, which names the file {}", configuration.key_file.display());
        }
        KeyOrigin::Environment => tracing::info!("vault key from the environment"),
        KeyOrigin::Passphrase => {
            tracing::warn!("vault key from a passphrase: after a restart nothing is synced until it is given again");
        }
    }
    for note in &configuration.notes {
        tracing::warn!("{note}");
    }
    for descriptor in Registry::all().descriptors() {
        let name = descriptor.name;
        let settings = configuration.providers.get(descriptor.id);
        match settings.and_then(|settings| settings.keys.as_ref()) {
            _ if settings.is_some_and(|settings| settings.is_off) => tracing::info!("{name}: switched off"),
            Some(keys) => tracing::info!("{name}: keys from {}", keys.read_from),
            None => tracing::info!("{name}: no keys configured; organizations type their own"),
        }
    }
    for (key, fixed) in &configuration.features {
        tracing::info!("{key}: {} by {}", if fixed.is_on { "on" } else { "off" }, fixed.read_from);
    }
    if public_url.scheme() == "http" && !configuration.listen.ip().is_loopback() {
        tracing::warn!(
            "{public_url} is plain http: passwords can be read on the way. Put a proxy with https before it"
        );
    }
}

/// Serves until it is told to stop, then lets what goes on come to its end.
pub(crate) async fn serve_until_told(
    listener: TcpListener,
    engine: Engine,
    store: Store,
    told: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let worker = tokio::spawn({
        let (engine, stop) = (engine.clone(), stop.clone());
        async move { engine.work(stop).await }
    });
    let service = bankside_server::router(engine, stop.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
    let server = tokio::spawn(async move { server.await });
    told.await;
    tracing::info!("stopping");
    stop.cancel();
    let ended = tokio::time::timeout(PATIENCE, async {
        let _ = worker.await;
        let _ = server.await;
    });
    if ended.await.is_err() {
        tracing::info!("something still went on; it is resumed at the next start");
    }
    let _ = tokio::time::timeout(PATIENCE, store.close()).await;
    Ok(())
}

/// An interrupt (Ctrl-C) or a termination. From this call on, before anybody waits, neither ends the process at once.
#[cfg(unix)]
pub(crate) fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// An interrupt (Ctrl-C).
#[cfg(not(unix))]
pub(crate) fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
