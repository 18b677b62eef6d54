//! `bankside get-accounts`: lists the bank accounts of a sync anew, as the button does.

use std::process::ExitCode;

use anyhow::{Context, bail};
use bankside_domain::text::fold;
use bankside_domain::{Amount, Asker, Currency};

use crate::cli::GetAccountsOptions;
use crate::compose;

pub(crate) async fn run(options: &GetAccountsOptions) -> anyhow::Result<ExitCode> {
    let (engine, store) = compose::engine_for_a_command(&options.serve).await?;
    let organization = compose::organization(&engine, options.organization.as_deref()).await?;
    let asker = Asker::system(organization.id);
    let views = engine.connections(&asker).await?;
    let Some(view) = views.iter().find(|view| fold(&view.connection.name) == fold(&options.sync)) else {
        let names: Vec<&str> = views.iter().map(|view| view.connection.name.as_str()).collect();
        bail!("{} has no sync “{}”; it has: {}", organization.name, options.sync, names.join(", "));
    };
    let id = view.connection.id;
    let got = engine.get_accounts(&asker, id).await?;
    let views = engine.connections(&asker).await?;
    let view = views.into_iter().find(|view| view.connection.id == id).context("the sync has ended meanwhile")?;
    for account in &view.bank_accounts {
        let bank_account = &account.bank_account;
        let code = bank_account.currency;
        let currency = Currency::iso(code.as_str()).unwrap_or(Currency { code, scale: 2 });
        let balance = account.balance.as_ref().map_or_else(
            || "not stated".to_owned(),
            |balance| format!("{} {code}", Amount::new(balance.stated.minor, currency).to_decimal_text()),
        );
        let linked = match (&account.feeds, bank_account.is_ignored) {
            (Some(fed), _) => format!("feeds {}", fed.name),
            (None, true) => "ignored".to_owned(),
            (None, false) => "not linked".to_owned(),
        };
        let gone = if bank_account.is_shown { "" } else { ", not shown any more" };
        let holder = bank_account.holder.as_deref().unwrap_or("holder not stated");
        println!("{} · {holder} · {balance} · {linked}{gone}", bank_account.name);
    }
    let listed = got.listed;
    println!("{} known, {} new, {} not shown any more", listed.recognised, listed.new, listed.missing);
    if let Some(fault) = &got.held_back {
        println!("Not every balance could be read: {}", fault.message);
    }
    if !got.shows_new_accounts {
        println!("{} shows accounts that were opened since only after another sign-in: Resync.", got.provider_name);
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}
