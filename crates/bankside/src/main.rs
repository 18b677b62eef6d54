//! Bankside connects banks to books: the command line, the configuration and the composition root.

mod ambient;
mod cli;
mod compose;
mod configuration;
mod demo;
mod doctor;
mod get_accounts;
mod import;
mod inbox;
mod naming;
mod normalize;
mod password;
mod rules;
mod sandbox;
mod serve;
mod subscription;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let result = match arguments.command {
        cli::Command::Serve(options) => serve::run(&options).await,
        cli::Command::Demo(options) => demo::run(&options).await,
        cli::Command::Sandbox(options) => sandbox::run(&options).await,
        cli::Command::SetPassword(options) => password::run(&options).await,
        cli::Command::GetAccounts(options) => get_accounts::run(&options).await,
        cli::Command::Import(options) => import::run(&options).await,
        cli::Command::Rules(options) => rules::run(&options).await,
        cli::Command::Inbox(options) => inbox::run(&options).await,
        cli::Command::Subscription(options) => subscription::run(&options).await,
        cli::Command::NewKey => Ok(compose::print_new_key()),
        cli::Command::Normalize(options) => normalize::run(&options),
        cli::Command::Doctor(options) => doctor::run(&options).await,
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bankside: {error:#}");
            ExitCode::FAILURE
        }
    }
}
