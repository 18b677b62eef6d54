//! End-user agreements (fact sheet §4).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::API_PATH;
use super::fields::{Fields, PathId, Query};
use super::paging::{self, Page};
use super::problem::{FieldErrors, Problem};
use super::reconfirmation::Reconfirmations;
use super::records::{Agreement, Records, Scope};
use crate::Sandbox;
use crate::banks::{self, Institution};
use crate::clock::wire_time;

const FIELDS: [&str; 5] =
    ["institution_id", "max_historical_days", "access_valid_for_days", "access_scope", "reconfirmation"];
const DEFAULT_DAYS: u16 = 90;
/// The cap that the error text names, whatever the institution (fact sheet §4).
const OVERALL_ACCESS_DAYS: u16 = 180;

#[derive(Serialize)]
pub(super) struct AgreementRow {
    id: Uuid,
    created: String,
    institution_id: String,
    max_historical_days: u16,
    access_valid_for_days: u16,
    access_scope: Vec<Scope>,
    accepted: Option<String>,
    reconfirmation: bool,
}

impl AgreementRow {
    fn new(id: Uuid, agreement: &Agreement) -> Self {
        Self {
            id,
            created: wire_time(agreement.created),
            institution_id: agreement.institution_id.clone(),
            max_historical_days: agreement.max_historical_days,
            access_valid_for_days: agreement.access_valid_for_days,
            access_scope: agreement.access_scope.clone(),
            accepted: agreement.accepted.map(wire_time),
            reconfirmation: agreement.reconfirmations.is_some(),
        }
    }
}

/// `POST agreements/enduser/`
pub(super) async fn create(
    State(sandbox): State<Sandbox>,
    fields: Fields,
) -> Result<(StatusCode, Json<AgreementRow>), Problem> {
    if sandbox.switches().agreements_refuse_unknown_fields {
        fields.refuse_unknown(&sandbox, &FIELDS)?;
    }
    let draft = read(&sandbox, &fields)?;
    let id = sandbox.uuid();
    sandbox.change(|state, now| {
        let agreement = draft.start(&mut state.gocardless, now);
        let row = AgreementRow::new(id, &agreement);
        state.gocardless.agreements.insert(id, agreement);
        Ok((StatusCode::CREATED, Json(row)))
    })
}

/// An agreement before it has an id.
#[derive(Debug)]
pub(super) struct Draft {
    institution_id: &'static str,
    max_historical_days: u16,
    access_valid_for_days: u16,
    access_scope: Vec<Scope>,
    reconfirmation: bool,
}

impl Draft {
    /// The agreement that a requisition without one gets (fact sheet §5).
    pub(super) fn default_of(institution: &Institution) -> Self {
        Self {
            institution_id: institution.id,
            max_historical_days: DEFAULT_DAYS.min(institution.transaction_total_days),
            access_valid_for_days: DEFAULT_DAYS.min(institution.max_access_valid_for_days),
            access_scope: Scope::ALL.to_vec(),
            reconfirmation: false,
        }
    }

    pub(super) fn start(self, records: &mut Records, now: Timestamp) -> Agreement {
        Agreement {
            serial: records.next_serial(),
            created: now,
            institution_id: self.institution_id.to_owned(),
            max_historical_days: self.max_historical_days,
            access_valid_for_days: self.access_valid_for_days,
            access_scope: self.access_scope,
            accepted: None,
            reconfirmations: self.reconfirmation.then(Reconfirmations::default),
        }
    }
}

/// Reads a body; every field is checked before any is refused.
fn read(sandbox: &Sandbox, fields: &Fields) -> Result<Draft, Problem> {
    let mut errors = FieldErrors::default();
    let institution = read_institution(fields, &mut errors);
    let history_cap = institution.map_or(730, |institution| institution.transaction_total_days);
    let max_historical_days = read_days(sandbox, fields, &mut errors, "max_historical_days", history_cap, || {
        let id = institution.map_or("", |institution| institution.id);
        format!("max_historical_days must be > 0 and <= {id} transaction_total_days ({history_cap})")
    });
    let switches = sandbox.switches();
    let reconfirms = fields.flag(&mut errors, "reconfirmation");
    let access_cap = institution
        .filter(|_| switches.access_days_follow_institution)
        .map_or(OVERALL_ACCESS_DAYS, |institution| institution.max_access_valid_for_days);
    let longest = institution.and_then(|institution| institution.reconfirmation_days);
    let access_cap = longest.filter(|_| reconfirms && switches.reconfirmation_extends_access).unwrap_or(access_cap);
    let access_valid_for_days = read_days(sandbox, fields, &mut errors, "access_valid_for_days", access_cap, || {
        format!("access_valid_for_days must be > 0 and <= {access_cap}")
    });
    let access_scope = read_scopes(fields, &mut errors);
    if let (true, Some(institution)) = (reconfirms, institution) {
        check_reconfirmation(sandbox, institution, access_valid_for_days, &mut errors)?;
    }
    errors.check()?;
    let institution_id = institution.map_or("", |institution| institution.id);
    if let Some(institution) = institution {
        check_scopes(sandbox, institution, &access_scope)?;
    }
    Ok(Draft { institution_id, max_historical_days, access_valid_for_days, access_scope, reconfirmation: reconfirms })
}

pub(super) fn read_institution(fields: &Fields, errors: &mut FieldErrors) -> Option<&'static Institution> {
    let id = fields.required_text(errors, "institution_id")?;
    let bank = banks::find(&id);
    if bank.is_none() {
        let detail = "Get Institution IDs from /institutions/?country={$COUNTRY_CODE}";
        errors.object("institution_id", &format!("Unknown Institution ID {id}"), detail);
    }
    bank.map(|bank| &bank.institution)
}

fn read_days(
    sandbox: &Sandbox,
    fields: &Fields,
    errors: &mut FieldErrors,
    name: &str,
    cap: u16,
    detail: impl Fn() -> String,
) -> u16 {
    if fields.get(name).is_none() {
        return DEFAULT_DAYS.min(cap);
    }
    let Some(number) = fields.number(errors, name) else { return 0 };
    let days = u16::try_from(number).ok().filter(|days| (1..=cap).contains(days));
    if days.is_none() {
        errors.object_or_list(sandbox, name, &format!("Incorrect {name}"), &detail());
    }
    days.unwrap_or(0)
}

fn read_scopes(fields: &Fields, errors: &mut FieldErrors) -> Vec<Scope> {
    let words = match fields.get("access_scope") {
        None => return Scope::ALL.to_vec(),
        Some(Value::Array(words)) => words.clone(),
        Some(Value::String(word)) => vec![json!(word)],
        Some(_) => {
            errors.text("access_scope", "Expected a list of items.");
            return Vec::new();
        }
    };
    if words.is_empty() {
        let detail = "Please choose one or several of ['balances', 'details', 'transactions'].";
        errors.add("access_scope", "Field 'access_scope' may not be an empty list.", detail);
    }
    let mut scopes = Vec::new();
    for word in words {
        match Scope::ALL.into_iter().find(|scope| word == scope.word()) {
            Some(scope) if !scopes.contains(&scope) => scopes.push(scope),
            Some(_) => {}
            None => {
                let word = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
                let detail = "Choose one or several from ['balances', 'details', 'transactions']";
                errors.add("access_scope", &format!("Unknown value '{word}' in access_scope"), detail);
            }
        }
    }
    scopes
}

/// British banks only, more than 90 days only, and few companies have the permission (fact sheet §4).
fn check_reconfirmation(
    sandbox: &Sandbox,
    institution: &Institution,
    access_days: u16,
    errors: &mut FieldErrors,
) -> Result<(), Problem> {
    let is_british = institution.countries.contains(&"GB");
    if !is_british || !institution.has("reconfirmation_of_consent") {
        let detail = format!("Reconfirmation not supported for {}", institution.id);
        errors.object("reconfirmation", "Reconfirmation not supported", &detail);
    } else if access_days <= 90 {
        let detail = "Reconfirmation is not allowed when access_valid_for_days <= 90 days.";
        errors.object("reconfirmation", "Reconfirmation is not allowed", detail);
    } else if !sandbox.switches().company_may_reconfirm {
        let detail = "You do not have permission to enable reconfirmation.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "", detail));
    }
    Ok(())
}

/// Some banks want scopes together, insist on some or have not all (fact sheet §4). The first has been recorded with lists
/// as texts; the spec keys all three by field.
fn check_scopes(sandbox: &Sandbox, institution: &Institution, scopes: &[Scope]) -> Result<(), Problem> {
    let has = |word: &&&str| scopes.iter().any(|scope| scope.word() == **word);
    let rules = &institution.scopes;
    let mut errors = FieldErrors::default();
    let together = rules.together.iter().filter(has).count();
    if together != 0 && together != rules.together.len() {
        let summary = "Institution access scope dependencies error";
        let detail =
            format!("For this institution the following scopes are required together: {}", quoted(rules.together));
        if !sandbox.switches().scope_dependencies_are_keyed {
            let body = json!({ "summary": [summary], "detail": [detail] });
            return Err(Problem::with_body(StatusCode::BAD_REQUEST, body));
        }
        errors.add("access_scope", summary, &detail);
    }
    if !rules.mandatory.iter().all(|word| has(&word)) {
        let detail = format!("The following scopes are mandatory for this institution: {}", quoted(rules.mandatory));
        errors.add("access_scope", "Institution access scope dependencies error", &detail);
    }
    let missing: Vec<_> = scopes.iter().map(|scope| scope.word()).filter(|word| rules.missing.contains(word)).collect();
    if !missing.is_empty() {
        let offered: Vec<_> =
            Scope::ALL.iter().map(|scope| scope.word()).filter(|word| !rules.missing.contains(word)).collect();
        let detail = format!(
            "The access scopes supported by the institution are {}. The following scopes are not supported: {}",
            quoted(&offered),
            quoted(&missing)
        );
        errors.add("access_scope", "Unsupported access scope selected.", &detail);
    }
    errors.check()
}

/// A list as the provider's language writes it.
fn quoted(words: &[&str]) -> String {
    format!("[{}]", words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", "))
}

/// `GET agreements/enduser/`, the newest first.
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Page<AgreementRow>>, Problem> {
    if sandbox.switches().agreements_refuse_unknown_fields {
        query.refuse_unknown(&sandbox, &paging::FIELDS)?;
    }
    let rows = sandbox.read(|state, _| {
        let mut agreements: Vec<_> = state.gocardless.agreements.iter().collect();
        agreements.sort_by_key(|(_, agreement)| std::cmp::Reverse(agreement.serial));
        agreements.into_iter().map(|(id, agreement)| AgreementRow::new(*id, agreement)).collect()
    });
    Ok(Json(Page::of(&sandbox, &format!("{API_PATH}/agreements/enduser/"), &query, rows)))
}

/// `GET agreements/enduser/{id}/`
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<AgreementRow>, Problem> {
    let id = agreement_id(&sandbox, &id)?;
    sandbox.read(|state, _| find(&state.gocardless, id).map(|agreement| Json(AgreementRow::new(id, agreement))))
}

/// `DELETE agreements/enduser/{id}/`
pub(super) async fn delete(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = agreement_id(&sandbox, &id)?;
    let needs_unaccepted = sandbox.switches().unaccepted_agreements_can_be_deleted;
    sandbox.change(|state, _| {
        let accepted = find(&state.gocardless, id)?.accepted.is_some();
        match (needs_unaccepted, accepted) {
            (true, true) => {
                let detail = format!("EUA '{id}' is accepted.");
                return Err(Problem::bad_request("Cannot delete End User Agreement", &detail));
            }
            (false, false) => {
                let summary = "End user agreement needs to be accepted.";
                return Err(Problem::bad_request(summary, &format!("EUA '{id}' is not accepted.")));
            }
            _ => state.gocardless.agreements.remove(&id),
        };
        let detail = format!("End User Agreement {id} deleted");
        Ok(Json(json!({ "summary": "End User Agreement deleted", "detail": detail })))
    })
}

/// `PUT agreements/enduser/{id}/accept/`: this company may not, and nobody may twice.
pub(super) async fn accept(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = agreement_id(&sandbox, &id)?;
    let accepted = sandbox.read(|state, _| find(&state.gocardless, id).map(|agreement| agreement.accepted))?;
    Err(if accepted.is_some() {
        Problem::accepted_twice()
    } else {
        let detail = "Your company doesn't have permission to accept EUA. \
                      You'll have to use our default form for this action.";
        Problem::new(StatusCode::FORBIDDEN, "Insufficient permissions", detail)
    })
}

pub(super) fn find(records: &Records, id: Uuid) -> Result<&Agreement, Problem> {
    records.agreements.get(&id).ok_or_else(Problem::not_found)
}

pub(super) fn agreement_id(sandbox: &Sandbox, id: &PathId) -> Result<Uuid, Problem> {
    if sandbox.switches().bad_agreement_id_names_its_kind && id.parse().is_none() {
        let detail = format!("{} is not a valid EndUserAgreement UUID. ", id.0);
        return Err(Problem::bad_request("Invalid EndUserAgreement ID", &detail));
    }
    id.uuid()
}
