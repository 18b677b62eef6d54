//! `bankside set-password`: a way in for whoever has the server but not the password.

use std::io::BufRead as _;
use std::process::ExitCode;

use anyhow::Context;
use bankside_domain::Secret;

use crate::cli::PasswordOptions;
use crate::compose;

pub(crate) async fn run(options: &PasswordOptions) -> anyhow::Result<ExitCode> {
    let (engine, store) = compose::engine_for_a_command(&options.serve).await?;
    eprintln!("The new password for {}, on one line:", options.login);
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
    engine.set_password(&options.login, Secret::new(line.trim_end_matches(['\r', '\n']))).await?;
    store.close().await;
    println!("{} has a new password. Whoever was signed in with the old one is signed out.", options.login);
    Ok(ExitCode::SUCCESS)
}
