//! `bankside sandbox`: simulated providers on their own.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use bankside_sandbox::{ClockMode, Sandbox, SandboxConfig};
use tokio::net::TcpListener;
use url::Url;

use crate::cli::SandboxOptions;
use crate::compose;
use crate::configuration::LogFormat;

pub(crate) async fn run(options: &SandboxOptions) -> anyhow::Result<ExitCode> {
    compose::start_log("info", LogFormat::Text)?;
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    let public_url = match options.public_url.clone() {
        Some(url) => url,
        None => Url::parse(&format!("http://{}/", listener.local_addr()?))?,
    };
    let clock = if options.frozen { ClockMode::Frozen } else { ClockMode::Running };
    let sandbox = open(&public_url, options.state.as_deref(), clock)?;
    println!("The sandbox is at {public_url}");
    axum::serve(listener, sandbox.router()).with_graceful_shutdown(interrupted()).await?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn open(public_url: &Url, state: Option<&Path>, clock: ClockMode) -> anyhow::Result<Sandbox> {
    let config = SandboxConfig {
        public_url: public_url.clone(),
        state_file: state.map(Path::to_owned),
        clock,
        daily_limit_everywhere: true,
    };
    Ok(Sandbox::open(config, crate::ambient::system())?)
}

async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}
