//! Accounts: metadata and the three kinds of data (fact sheet §6).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::admission;
use super::fields::{PathId, Query};
use super::problem::{FieldErrors, Problem};
use super::quota::Left;
use super::records::{Account, Agreement, Records, Scope};
use super::wire;
use crate::Sandbox;
use crate::banks::{self, Service, Zone, plus_days};
use crate::clock::wire_time;

type Data = Result<(HeaderMap, Json<Value>), Problem>;

#[derive(Serialize)]
pub(super) struct Metadata {
    id: Uuid,
    created: String,
    last_accessed: Option<String>,
    iban: String,
    bban: Option<String>,
    status: &'static str,
    institution_id: String,
    owner_name: String,
    name: String,
}

/// `GET accounts/{id}/`: outside the daily limit, and what a client polls while data is being processed (§6.1).
pub(super) async fn metadata(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Metadata>, Problem> {
    let id = admission::account_id(&id)?;
    sandbox.change(|state, now| {
        let records = &mut state.gocardless;
        let expired = has_expired(records, id, now);
        let account = records.accounts.get_mut(&id).ok_or_else(|| unknown_account(&sandbox, id))?;
        let status = match (expired, account.readiness.is_ready(now)) {
            (true, _) => "EXPIRED",
            (false, true) => "READY",
            (false, false) => "PROCESSING",
        };
        account.readiness = account.readiness.polled();
        Ok(Json(Metadata {
            id,
            created: wire_time(account.created),
            last_accessed: account.last_accessed.map(wire_time),
            iban: account.card.iban.clone(),
            bban: None,
            status,
            institution_id: account.institution_id.clone(),
            owner_name: account.card.owner.clone(),
            name: account.card.name.clone(),
        }))
    })
}

/// Whether there were consents and all of them are over.
fn has_expired(records: &Records, id: Uuid, now: Timestamp) -> bool {
    let consents = records.consents_of(id);
    !consents.is_empty() && consents.iter().all(|(_, agreement)| agreement.has_expired(now))
}

/// Live answers name no id here, the spec does (fact sheet §6.1).
fn unknown_account(sandbox: &Sandbox, id: Uuid) -> Problem {
    if sandbox.switches().unknown_account_metadata_names_no_id {
        return Problem::no_account_matches();
    }
    Problem::unknown_account(&id.to_string())
}

/// `GET accounts/{id}/details/`
pub(super) async fn details(State(sandbox): State<Sandbox>, id: PathId) -> Data {
    serve(&sandbox, &id, Scope::Details, |_| Ok(()), |served, ()| wire::details(&served.account.card))
}

/// `GET accounts/{id}/balances/`
pub(super) async fn balances(State(sandbox): State<Sandbox>, id: PathId) -> Data {
    let answer = |served: &Served<'_>, ()| {
        let statement = served.service.books.statement(&served.account.card, served.today());
        wire::balances(&statement, served.service.dialect)
    };
    serve(&sandbox, &id, Scope::Balances, |_| Ok(()), answer)
}

/// `GET accounts/{id}/transactions/`
pub(super) async fn transactions(State(sandbox): State<Sandbox>, id: PathId, query: Query) -> Data {
    let switches = sandbox.switches();
    let answer = |served: &Served<'_>, mut range: DateRange| {
        if !switches.date_to_is_inclusive {
            range.to = range.to.map(|to| plus_days(to, -1));
        }
        let mut statement = served.service.books.statement(&served.account.card, served.today());
        if switches.history_ends_at_agreement {
            range.clip(plus_days(served.today(), -i32::from(served.agreement.max_historical_days)));
        }
        // Pending rows are fetched anew and in full, whatever the dates (fact sheet §6.4).
        statement.booked.retain(|row| range.contains(row.booked_on));
        wire::transactions(&statement, served.service.dialect, served.account.ids_from, served.now)
    };
    serve(&sandbox, &id, Scope::Transactions, |now| DateRange::read(&query, now), answer)
}

/// A call that has been admitted.
struct Served<'a> {
    account: &'a Account,
    agreement: &'a Agreement,
    service: Service,
    now: Timestamp,
}

impl Served<'_> {
    /// The bank's own civil date.
    fn today(&self) -> Date {
        self.service.zone.date(self.now)
    }
}

/// Admits a call, reads its query, counts it and answers it. Only what succeeds is counted (fact sheet §8).
fn serve<Q>(
    sandbox: &Sandbox,
    id: &PathId,
    scope: Scope,
    read_query: impl FnOnce(Timestamp) -> Result<Q, Problem>,
    answer: impl FnOnce(&Served<'_>, Q) -> Value,
) -> Data {
    let id = admission::account_id(id)?;
    sandbox.change(|state, now| {
        let records = &mut state.gocardless;
        let account = admission::find(records, id)?;
        let service = banks::find(&account.institution_id).and_then(|bank| bank.service);
        let service = service.ok_or_else(Problem::not_found)?;
        let agreement = admission::permission(records, id, scope, now)?.clone();
        admission::readiness(account.readiness, now)?;
        let query = read_query(now)?;
        let mut account = account.clone();
        let left = admission::count(sandbox, &service, &mut account, scope, now)?;
        account.last_accessed = Some(now);
        let body = answer(&Served { account: &account, agreement: &agreement, service, now }, query);
        records.accounts.insert(id, account);
        Ok((limit_headers(left), Json(body)))
    })
}

/// The account's limit headers stand on successful data calls only (fact sheet §8).
fn limit_headers(left: Option<Left>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(left) = left {
        left.write(&mut headers);
    }
    headers
}

/// The dates that a transactions call asks for.
#[derive(Debug, Clone, Copy, Default)]
struct DateRange {
    from: Option<Date>,
    to: Option<Date>,
}

impl DateRange {
    /// Dates in the future are refused, compared in UTC (fact sheet §6.4).
    fn read(query: &Query, now: Timestamp) -> Result<Self, Problem> {
        let today = Zone::Utc.date(now);
        let mut errors = FieldErrors::default();
        let mut future = json!({});
        let mut read = |name: &str| {
            let text = query.get(name)?;
            let Some(date) = read_date(text) else {
                errors.text(name, "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.");
                return None;
            };
            if date > today {
                future[name] = future_date(date, today);
            }
            Some(date)
        };
        let range = Self { from: read("date_from"), to: read("date_to") };
        errors.check()?;
        if future.as_object().is_some_and(|fields| !fields.is_empty()) {
            return Err(Problem::with_body(StatusCode::BAD_REQUEST, future));
        }
        if let (Some(from), Some(to)) = (range.from, range.to)
            && from > to
        {
            return Err(Problem::incorrect_date_range(from, to));
        }
        Ok(range)
    }

    /// Starts no earlier than this day.
    fn clip(&mut self, first: Date) {
        self.from = Some(self.from.map_or(first, |from| from.max(first)));
    }

    fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to)
    }
}

/// The error of a date that has not come yet.
pub(super) fn future_date(date: Date, today: Date) -> Value {
    let detail = format!("'{date}' can't be greater than {today}. Specify correct date range");
    json!({ "summary": "Date can't be in future", "detail": detail })
}

/// Exactly `YYYY-MM-DD`.
fn read_date(text: &str) -> Option<Date> {
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_plain { text.parse().ok() } else { None }
}
