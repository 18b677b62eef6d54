//! Institutions (fact sheet §3).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::fields::{PathId, Query};
use super::problem::{FieldErrors, Problem};
use crate::banks::{self, Bank, Institution, SANDBOX_FINANCE};
use crate::{Sandbox, page};

/// Where the product is offered.
const COUNTRIES: [&str; 31] = [
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IS", "IE", "IT", "LV", "LI", "LT",
    "LU", "MT", "NL", "NO", "PL", "PT", "RO", "SK", "SI", "ES", "SE", "GB",
];

/// Features that a list can be filtered by, as `<feature>_supported`.
const FILTERS: [&str; 11] = [
    "access_scopes",
    "account_selection",
    "business_accounts",
    "card_accounts",
    "corporate_accounts",
    "pending_transactions",
    "private_accounts",
    "read_debtor_account",
    "read_refund_account",
    "separate_continuous_history_consent",
    "ssn_verification",
];

#[derive(Serialize)]
pub(super) struct InstitutionRow {
    id: &'static str,
    name: &'static str,
    bic: &'static str,
    /// Days are text here, and numbers in agreements (fact sheet §1).
    transaction_total_days: String,
    countries: &'static [&'static str],
    logo: String,
    max_access_valid_for_days: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_access_valid_for_days_reconfirmation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supported_features: Option<&'static [&'static str]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identification_codes: Option<[&'static str; 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supported_payments: Option<Map<String, Value>>,
}

impl InstitutionRow {
    fn new(sandbox: &Sandbox, institution: &Institution, with_features: bool) -> Self {
        Self {
            id: institution.id,
            name: institution.name,
            bic: institution.bic,
            transaction_total_days: institution.transaction_total_days.to_string(),
            countries: institution.countries,
            logo: sandbox.url(&logo_path(institution)),
            max_access_valid_for_days: institution.max_access_valid_for_days.to_string(),
            max_access_valid_for_days_reconfirmation: institution.reconfirmation_days.map(|days| days.to_string()),
            supported_features: with_features.then_some(institution.features),
            identification_codes: with_features.then_some([]),
            supported_payments: with_features.then(Map::new),
        }
    }
}

/// Where an institution's logo is.
pub(super) fn logo_path(institution: &Institution) -> String {
    format!("/gocardless/logos/{}.svg", institution.id)
}

/// `GET institutions/`: a bare array, with or without filters.
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Vec<InstitutionRow>>, Problem> {
    let filter_names: Vec<_> = FILTERS.iter().map(|feature| format!("{feature}_supported")).collect();
    let known: Vec<_> = filter_names.iter().map(String::as_str).chain(["country"]).collect();
    query.refuse_unknown(&sandbox, &known)?;
    let country = query.get("country").map(|text| read_country(&sandbox, text)).transpose()?;
    let wanted = read_filters(&query)?;
    let fits = |bank: &&Bank| {
        let institution = &bank.institution;
        let listed = institution.id != SANDBOX_FINANCE || sandbox.switches().country_xx_is_accepted;
        let here = country.as_deref().is_none_or(|country| institution.countries.contains(&country));
        listed && here && wanted.iter().all(|(feature, has)| institution.has(feature) == *has)
    };
    let with_features = sandbox.switches().list_has_features;
    let rows = banks::all().filter(fits).map(|bank| InstitutionRow::new(&sandbox, &bank.institution, with_features));
    Ok(Json(rows.collect()))
}

fn read_country(sandbox: &Sandbox, text: &str) -> Result<String, Problem> {
    let country = text.to_ascii_uppercase();
    let is_sandbox = country == "XX" && sandbox.switches().country_xx_is_accepted;
    if is_sandbox || COUNTRIES.contains(&country.as_str()) {
        return Ok(country);
    }
    let (summary, detail) = ("Invalid country choice.", format!("{text} is not a valid choice."));
    if sandbox.switches().bad_country_is_keyed {
        let body = json!({ "country": { "summary": summary, "detail": detail } });
        return Err(Problem::with_body(StatusCode::BAD_REQUEST, body));
    }
    Err(Problem::bad_request(summary, &detail))
}

fn read_filters(query: &Query) -> Result<Vec<(&str, bool)>, Problem> {
    let mut errors = FieldErrors::default();
    let mut wanted = Vec::new();
    for (name, value) in query.iter() {
        let Some(feature) = name.strip_suffix("_supported") else { continue };
        match value.to_ascii_lowercase().as_str() {
            "true" => wanted.push((feature, true)),
            "false" => wanted.push((feature, false)),
            _ => errors.text(name, &format!("\"{value}\" is not a valid choice.")),
        }
    }
    errors.check().map(|()| wanted)
}

/// `GET institutions/{id}/`
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<InstitutionRow>, Problem> {
    let bank = banks::find(&id.0).ok_or_else(Problem::not_found)?;
    Ok(Json(InstitutionRow::new(&sandbox, &bank.institution, true)))
}

/// A monogram in place of a logo.
pub(super) async fn logo(Path(file): Path<String>) -> Response {
    let bank = file.strip_suffix(".svg").and_then(banks::find);
    bank.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |bank| page::svg(monogram(&bank.institution)))
}

fn monogram(institution: &Institution) -> String {
    let hue = institution.id.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 360);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\" role=\"img\" aria-label=\"{}\">\
         <rect width=\"64\" height=\"64\" rx=\"10\" fill=\"hsl({hue} 38% 30%)\"/>\
         <text x=\"32\" y=\"41\" text-anchor=\"middle\" font-family=\"Charter, Cambria, Georgia, serif\" \
         font-size=\"26\" font-weight=\"600\" fill=\"#fffdf8\">{}</text></svg>",
        institution.name.replace('&', "&amp;"),
        institution.monogram().to_uppercase(),
    )
}
