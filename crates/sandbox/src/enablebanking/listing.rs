//! The application and the banks that it may ask (fact sheet §2, §3).

use axum::Json;
use axum::extract::{RawQuery, State};
use serde_json::{Value, json};

use super::APPLICATION_ID;
use super::banks::{ALL, BUSINESS, Bank, PERSONAL};
use super::paging::Query;
use super::problem::Problem;
use crate::Sandbox;

/// What may follow `GET /aspsps`.
const FILTERS: [&str; 4] = ["country", "psu_type", "service", "payment_type"];

/// `GET /application`.
pub(super) async fn application(State(sandbox): State<Sandbox>) -> Json<Value> {
    let mut countries: Vec<_> = ALL.iter().map(|bank| bank.country).collect();
    countries.sort_unstable();
    Json(sandbox.read(|state, _| {
        json!({
            "name": "Bankside sandbox", "description": "Opens nothing but this sandbox", "kid": APPLICATION_ID,
            "environment": "SANDBOX", "redirect_urls": state.enablebanking.redirect_urls,
            "active": !state.enablebanking.is_inactive, "countries": countries, "services": ["AIS"],
        })
    }))
}

/// `GET /aspsps`.
pub(super) async fn aspsps(State(sandbox): State<Sandbox>, RawQuery(query): RawQuery) -> Result<Json<Value>, Problem> {
    let query = Query::read(query.as_deref(), &FILTERS)?;
    let country = query.get("country").map(str::to_uppercase);
    if country.as_ref().is_some_and(|code| code.len() != 2) {
        return Err(Problem::wrong("country is a two-letter code"));
    }
    let psu_type = query.get("psu_type");
    if psu_type.is_some_and(|kind| kind != PERSONAL && kind != BUSINESS) {
        return Err(Problem::wrong("psu_type is personal or business"));
    }
    let is_for_accounts = query.get("service").is_none_or(|service| service == "AIS");
    let wanted = |bank: &&Bank| {
        is_for_accounts
            && country.as_deref().is_none_or(|code| code == bank.country)
            && psu_type.is_none_or(|kind| bank.psu_types.contains(&kind))
    };
    let rows: Vec<Value> = ALL.iter().filter(wanted).map(|bank| row(&sandbox, bank)).collect();
    Ok(Json(json!({ "aspsps": rows })))
}

fn row(sandbox: &Sandbox, bank: &Bank) -> Value {
    let methods = bank.psu_types.iter().flat_map(|kind| {
        bank.approaches.iter().map(move |approach| {
            json!({
                "name": approach.to_lowercase(), "title": approach.to_lowercase(), "psu_type": kind, "approach": approach,
                "hidden_method": false,
            })
        })
    });
    let mut row = json!({
        "name": bank.name(), "country": bank.country, "psu_types": bank.psu_types, "beta": false, "bic": bank.bic(),
        "logo": sandbox.url(&format!("/gocardless/logos/{}.svg", bank.directory_id)),
        "auth_methods": methods.collect::<Vec<_>>(), "maximum_consent_validity": bank.longest_consent_days * 86_400,
        "sandbox": { "users": [{ "username": "demo", "password": "demo", "otp": "123456" }] },
    });
    if !bank.psu_headers.is_empty() {
        row["required_psu_headers"] = bank.psu_headers.into();
    }
    row
}
