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
use super::records::{Account, Agreement, Records, Scope, Status};
use super::wire;
use crate::Sandbox;
use crate::banks::{self, Dialect, Service, Zone, plus_days};
use crate::clock::wire_time;

type Data = Result<(HeaderMap, Json<Value>), Problem>;

#[derive(Serialize)]
pub(super) struct Metadata {
    id: Uuid,
    created: String,
    last_accessed: Option<String>,
    iban: Option<String>,
    bban: Option<String>,
    status: String,
    institution_id: String,
    owner_name: String,
    name: String,
}

/// `GET accounts/{id}/`: outside the daily limit, and what a client polls while data is being processed (§6.1).
pub(super) async fn metadata(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Metadata>, Problem> {
    let id = admission::account_id(&id)?;
    sandbox.change(|state, now| {
        let records = &mut state.gocardless;
        let status = status_of(records, id, now);
        let account = records.accounts.get_mut(&id).ok_or_else(|| unknown_account(&sandbox, id))?;
        account.readiness = account.readiness.polled();
        Ok(Json(Metadata {
            id,
            created: wire_time(account.created),
            last_accessed: account.last_accessed.map(wire_time),
            iban: wire::iban(&account.card, dialect_of(account)),
            bban: None,
            status,
            institution_id: account.institution_id.clone(),
            owner_name: account.card.owner.clone(),
            name: account.card.name.clone(),
        }))
    })
}

fn dialect_of(account: &Account) -> Dialect {
    let service = banks::find(&account.institution_id).and_then(|bank| bank.service);
    service.map_or(Dialect::Plain, |service| service.dialect)
}

/// The status that the world sees (fact sheet §6.1).
fn status_of(records: &Records, id: Uuid, now: Timestamp) -> String {
    let Some(account) = records.accounts.get(&id) else { return String::new() };
    if let Some(stated) = &account.stated {
        return stated.clone();
    }
    let consents = records.consents_of(id);
    let mut alive = consents.iter().filter(|consent| !consent.agreement.has_expired(now)).peekable();
    let word = if !consents.is_empty() && alive.peek().is_none() {
        "EXPIRED"
    } else if alive.peek().is_some() && alive.all(|consent| consent.requisition.status == Status::Suspended) {
        "SUSPENDED"
    } else if !account.readiness.is_ready(now) {
        "PROCESSING"
    } else if account.failures > 0 {
        "ERROR"
    } else {
        "READY"
    };
    word.to_owned()
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
    serve(
        &sandbox,
        &id,
        Scope::Details,
        |_| Ok(()),
        |served, ()| Ok(wire::details(&served.account.card, served.service.dialect)),
    )
}

/// `GET accounts/{id}/balances/`
pub(super) async fn balances(State(sandbox): State<Sandbox>, id: PathId) -> Data {
    let answer = |served: &Served<'_>, ()| {
        let statement = served.service.books.statement(&served.account.card, served.today());
        if statement.balances.is_empty() {
            return Err(Problem::resource_unavailable(Scope::Balances.what()));
        }
        Ok(wire::balances(&statement, served.service.dialect))
    };
    serve(&sandbox, &id, Scope::Balances, |_| Ok(()), answer)
}

/// `GET accounts/{id}/transactions/`
pub(super) async fn transactions(State(sandbox): State<Sandbox>, id: PathId, query: Query) -> Data {
    let switches = sandbox.switches();
    let fetch = sandbox.uuid();
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
        let ids = wire::Ids { from: served.account.ids_from, fetch };
        Ok(wire::transactions(&statement, served.service.dialect, ids, served.now))
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
    answer: impl FnOnce(&Served<'_>, Q) -> Result<Value, Problem>,
) -> Data {
    let id = admission::account_id(id)?;
    // What fails may have been counted, so the change is kept either way.
    sandbox.change(|state, now| {
        let records = &mut state.gocardless;
        let served = || {
            let account = admission::find(records, id)?;
            let service = banks::find(&account.institution_id).and_then(|bank| bank.service);
            let service = service.ok_or_else(Problem::not_found)?;
            let consent = admission::permission(sandbox, records, id, scope, now)?;
            admission::readiness(account.readiness, now)?;
            let query = read_query(now)?;
            if consent.requisition.revoked {
                return Ok(Err(Problem::access_expired(scope.what())));
            }
            let mut account = account.clone();
            let left = admission::count(sandbox, &service, &mut account, scope, now)?;
            account.last_accessed = Some(now);
            account.failures = 0;
            let body = answer(&Served { account: &account, agreement: consent.agreement, service, now }, query)?;
            Ok(Ok((account, left, body)))
        };
        Ok::<Data, Problem>(match served() {
            Ok(Ok((account, left, body))) => {
                records.accounts.insert(id, account);
                Ok((limit_headers(left), Json(body)))
            }
            // The bank has said no.
            Ok(Err(problem)) => {
                records.fail(id);
                Err(problem)
            }
            Err(problem) => Err(problem),
        })
    })?
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
