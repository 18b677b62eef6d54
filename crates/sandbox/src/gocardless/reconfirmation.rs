//! Reconfirmation (fact sheet §4): a British consent beyond 90 days is confirmed anew by the person every 90 days.
//!
//! Each confirmation is due 90 days after the one before, counted from acceptance. Its page is open from 14 days before that
//! day until 14 days after; from the day itself on, accounts that were not confirmed give no data.

mod page;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::agreements::{agreement_id, find};
use super::fields::{Fields, PathId, is_uri};
use super::problem::{FieldErrors, Problem};
use super::records::{Agreement, Records, Requisition};
use crate::Sandbox;
use crate::clock::wire_time;

pub(super) use page::{PATH, show, submit};

const EVERY: SignedDuration = SignedDuration::from_hours(90 * 24);
const AROUND: SignedDuration = SignedDuration::from_hours(14 * 24);
const LONGEST_REDIRECT: usize = 1024;

/// What an agreement keeps about its reconfirmation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reconfirmations {
    /// How many periods of an account have been confirmed, one after the other.
    confirmed: BTreeMap<Uuid, i32>,
    /// The newest that was asked for.
    asked: Option<Asked>,
}

/// One reconfirmation that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    /// Which period it confirms, from 1.
    period: i32,
    created: Timestamp,
    /// The id in its address.
    link: Uuid,
    redirect: Option<String>,
    last_accessed: Option<Timestamp>,
    last_submitted: Option<Timestamp>,
    accounts: BTreeMap<Uuid, Said>,
}

/// What the person said about an account, and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    reconfirmed: Option<Timestamp>,
    rejected: Option<Timestamp>,
}

impl Agreement {
    /// The day on which a period's confirmation is due; `None` when access ends before.
    fn due_at(&self, period: i32) -> Option<Timestamp> {
        let due_at = self.accepted?.checked_add(EVERY.checked_mul(period)?).ok()?;
        (due_at < self.ends_at()?).then_some(due_at)
    }

    /// Whether a confirmation of this account was due and did not come.
    pub(super) fn has_lapsed(&self, account: Uuid, now: Timestamp) -> bool {
        let Some(kept) = &self.reconfirmations else { return false };
        let confirmed = kept.confirmed.get(&account).copied().unwrap_or(0);
        self.due_at(confirmed + 1).is_some_and(|due_at| due_at <= now)
    }
}

/// `POST agreements/enduser/{id}/reconfirm/`
pub(super) async fn create(
    State(sandbox): State<Sandbox>,
    id: PathId,
    fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let id = agreement_id(&sandbox, &id)?;
    let link = sandbox.uuid();
    sandbox.change(|state, now| {
        let records = &mut state.gocardless;
        let agreement = find(records, id)?.clone();
        check_enabled(&sandbox, id, &agreement)?;
        let redirect = read_redirect(&fields)?;
        if agreement.accepted.is_none() {
            let summary = "End user agreement needs to be accepted.";
            return Err(Problem::bad_request(summary, &format!("EUA '{id}' is not accepted.")));
        }
        let accounts = accounts_of(records, id)?;
        let asked = ask(id, &agreement, &accounts, link, redirect, now)?;
        let body = row(&sandbox, &agreement, &asked);
        if let Some(kept) = records.agreements.get_mut(&id).and_then(|agreement| agreement.reconfirmations.as_mut()) {
            kept.asked = Some(asked);
        }
        Ok((StatusCode::CREATED, Json(body)))
    })
}

/// `GET agreements/enduser/{id}/reconfirm/`
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = agreement_id(&sandbox, &id)?;
    sandbox.read(|state, _| {
        let agreement = find(&state.gocardless, id)?;
        let kept = check_enabled(&sandbox, id, agreement)?;
        kept.asked.as_ref().map(|asked| Json(row(&sandbox, agreement, asked))).ok_or_else(Problem::not_found)
    })
}

fn check_enabled<'a>(sandbox: &Sandbox, id: Uuid, agreement: &'a Agreement) -> Result<&'a Reconfirmations, Problem> {
    let Some(kept) = &agreement.reconfirmations else {
        let detail = format!("Reconfirmation is not enabled for agreement '{id}'.");
        return Err(Problem::bad_request("Reconfirmation is not enabled.", &detail));
    };
    if !sandbox.switches().company_may_reconfirm {
        let detail = "You do not have permission to perform this action.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "", detail));
    }
    Ok(kept)
}

fn read_redirect(fields: &Fields) -> Result<Option<String>, Problem> {
    if fields.get("redirect").is_none_or(Value::is_null) {
        return Ok(None);
    }
    let mut errors = FieldErrors::default();
    let redirect = fields.text(&mut errors, "redirect", LONGEST_REDIRECT);
    if redirect.as_deref().is_some_and(|text| !is_uri(text)) {
        let detail = "Redirect URI must have a valid URI structure";
        errors.add("redirect", "Invalid redirect URI", detail);
    }
    errors.check().map(|()| redirect)
}

/// The accounts of the agreement's requisition.
fn accounts_of(records: &Records, agreement: Uuid) -> Result<Vec<Uuid>, Problem> {
    let user = requisition_of(records, agreement);
    let accounts = user.map(|(_, requisition)| requisition.accounts.clone()).unwrap_or_default();
    if accounts.is_empty() {
        let id = user.map(|(id, _)| id.to_string()).unwrap_or_default();
        let detail = format!("For associated requisition '{id}', there are no accounts linked.");
        return Err(Problem::bad_request("No accounts linked.", &detail));
    }
    Ok(accounts)
}

fn requisition_of(records: &Records, agreement: Uuid) -> Option<(&Uuid, &Requisition)> {
    records.requisitions.iter().find(|(_, requisition)| requisition.agreement == agreement)
}

/// The reconfirmation of the first period in which an account is left.
fn ask(
    id: Uuid,
    agreement: &Agreement,
    accounts: &[Uuid],
    link: Uuid,
    redirect: Option<String>,
    now: Timestamp,
) -> Result<Asked, Problem> {
    let kept = agreement.reconfirmations.clone().unwrap_or_default();
    let before = kept.asked.as_ref();
    let is_rejected = |account: &&Uuid| {
        before.and_then(|asked| asked.accounts.get(*account)).is_some_and(|said| said.rejected.is_some())
    };
    let confirmed = |account: &Uuid| kept.confirmed.get(account).copied().unwrap_or(0);
    let left = accounts.iter().filter(|account| !is_rejected(account));
    let period = left.map(|account| confirmed(account) + 1).min();
    let Some((period, due_at)) = period.and_then(|period| Some((period, agreement.due_at(period)?))) else {
        let detail = format!(
            "For EUA '{id}' with access valid for {} days there are no accounts left to reconfirm after {}.",
            agreement.access_valid_for_days,
            in_words(now)
        );
        return Err(Problem::bad_request("No accounts left to reconfirm.", &detail));
    };
    if now > due_at + AROUND {
        let detail = format!("For EUA '{id}' reconfirmation period was until {}.", in_words(due_at + AROUND));
        return Err(Problem::bad_request("Reconfirmation requested after acceptance period.", &detail));
    }
    let same = before.filter(|asked| asked.period == period);
    Ok(Asked {
        period,
        created: same.map_or(now, |asked| asked.created),
        link: same.map_or(link, |asked| asked.link),
        redirect,
        last_accessed: same.and_then(|asked| asked.last_accessed),
        last_submitted: same.and_then(|asked| asked.last_submitted),
        accounts: same.map_or_else(
            || accounts.iter().map(|account| (*account, Said::default())).collect(),
            |asked| asked.accounts.clone(),
        ),
    })
}

/// As the documents' examples have it.
fn in_words(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

fn row(sandbox: &Sandbox, agreement: &Agreement, asked: &Asked) -> Value {
    let due_at = agreement.due_at(asked.period).unwrap_or(asked.created);
    let when = |instant: Option<Timestamp>| instant.map(wire_time).unwrap_or_default();
    let accounts: Map<_, _> = asked
        .accounts
        .iter()
        .map(|(id, said)| {
            (id.to_string(), json!({ "reconfirmed": when(said.reconfirmed), "rejected": when(said.rejected) }))
        })
        .collect();
    json!({
        "reconfirmation_url": sandbox.url(&format!("{PATH}/{}/{}", asked.link, agreement.institution_id)),
        "created": wire_time(asked.created),
        "url_valid_from": wire_time(due_at - AROUND),
        "url_valid_to": wire_time(due_at + AROUND),
        "redirect": asked.redirect,
        "last_accessed": asked.last_accessed.map(wire_time),
        "last_submitted": asked.last_submitted.map(wire_time),
        "accounts": accounts,
    })
}
