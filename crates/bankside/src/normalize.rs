//! `bankside normalize`: reads an answer of a provider that somebody has saved, and prints its rows in our words.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use bankside_connect::{Registry, SavedAnswer};
use bankside_domain::row::{MappedRow, Row, RowIdKind};
use bankside_domain::{Code as _, Currency};
use serde_json::{Value, json};

use crate::cli::NormalizeOptions;

/// Some rows could not be read; the others are printed.
const PARTIAL: u8 = 3;

pub(crate) fn run(options: &NormalizeOptions) -> anyhow::Result<ExitCode> {
    let connectors = Registry::all();
    let connector = connectors.get(&options.provider).ok_or_else(|| {
        let known: Vec<&str> = connectors.descriptors().map(|descriptor| descriptor.id).collect();
        anyhow!("there is no provider “{}”; known are: {}", options.provider, known.join(", "))
    })?;
    let place = options.file.display();
    let body = read(options).with_context(|| format!("{place} cannot be read"))?;
    let currencies = Currency::every_iso().map(|currency| (currency.code, currency)).collect();
    let saved = SavedAnswer {
        institution_key: &options.institution,
        now: crate::ambient::system().now(),
        currencies: &currencies,
        body: &body,
    };
    let rows = connector.read_saved(&saved).map_err(|fault| anyhow!("{place}: {}", fault.record().message))?;
    let mut printed = Vec::with_capacity(rows.len());
    let mut unreadable = 0_usize;
    for saved in rows {
        match saved.row {
            MappedRow::Readable(row) => printed.push(shown(&row)),
            MappedRow::Unreadable { why } => {
                unreadable += 1;
                eprintln!("bankside: {place}: {} is left out: {why}", saved.place);
            }
        }
    }
    let text = serde_json::to_string_pretty(&printed)?;
    writeln!(std::io::stdout().lock(), "{text}").context("standard output cannot be written")?;
    Ok(if unreadable == 0 { ExitCode::SUCCESS } else { ExitCode::from(PARTIAL) })
}

fn read(options: &NormalizeOptions) -> std::io::Result<Vec<u8>> {
    if options.file.as_os_str() != "-" {
        return std::fs::read(&options.file);
    }
    let mut body = Vec::new();
    std::io::stdin().lock().read_to_end(&mut body)?;
    Ok(body)
}

/// A row as it is printed: exact decimal text, civil dates, and only the ids that it has.
fn shown(row: &Row) -> Value {
    let ids: BTreeMap<RowIdKind, &str> = row.ids.iter().map(|id| (id.kind, id.value.as_str())).collect();
    json!({
        "status": row.status.code(),
        "booked_on": row.booked_on,
        "value_on": row.value_on,
        "date": row.day(),
        "amount": row.amount.to_decimal_text(),
        "currency": row.amount.currency.code.as_str(),
        "counterparty": row.counterparty.name,
        "counterparty_account": row.counterparty.account,
        "remittance": row.remittance,
        "provider_ids": ids,
    })
}
