//! `bankside set-password`: a way in for whoever has the server but not the password.

use std::io::BufRead as _;
use std::process::ExitCode;

use anyhow::Context;
use bankside_domain::Secret;
use bankside_engine::Settings;

use crate::cli::PasswordOptions;
use crate::compose;
use crate::configuration::{Configuration, LogFormat};

pub(crate) async fn run(options: &PasswordOptions) -> anyhow::Result<ExitCode> {
    compose::start_log("warn", LogFormat::Text)?;
    compose::start_tls();
    let configuration = Configuration::read(&options.serve)?;
    let ambient = crate::ambient::system();
    let store = compose::open_store(&configuration.database_url, &ambient).await?;
    let (vault, _) = compose::open_vault(&store, &configuration.key_file, &ambient).await?;
    let settings = Settings {
        public_url: "http://127.0.0.1/".parse()?,
        providers: configuration.providers,
        trusted_proxies: Vec::new(),
        mail: None,
        features: configuration.features,
    };
    let engine = compose::engine(store.clone(), vault, settings, ambient)?;
    eprintln!("The new password for {}, on one line:", options.login);
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
    engine.set_password(&options.login, Secret::new(line.trim_end_matches(['\r', '\n']))).await?;
    store.close().await;
    println!("{} has a new password. Whoever was signed in with the old one is signed out.", options.login);
    Ok(ExitCode::SUCCESS)
}
