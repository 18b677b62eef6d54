//! What a session opens: details, balances, transactions (fact sheet §5).

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use uuid::Uuid;

use super::banks::{self, Bank, Refusal};
use super::paging::{Page, Query};
use super::problem::Problem;
use super::records::{Account, Session};
use super::sessions;
use super::wire::{self, Of};
use crate::Sandbox;
use crate::banks::{DailyLimit, Service, Zone, plus_days};

/// All headers that say somebody is there (fact sheet §5).
const PSU_HEADERS: [&str; 8] = [
    "Psu-Ip-Address",
    "Psu-User-Agent",
    "Psu-Referer",
    "Psu-Accept",
    "Psu-Accept-Charset",
    "Psu-Accept-Encoding",
    "Psu-Accept-language",
    "Psu-Geo-Location",
];
/// What may follow a call for transactions.
const PARAMETERS: [&str; 5] = ["date_from", "date_to", "continuation_key", "transaction_status", "strategy"];
const STATUSES: [&str; 7] = ["BOOK", "CNCL", "HOLD", "OTHR", "PDNG", "RJCT", "SCHD"];
/// Calls a day while nobody is there, by law.
const A_DAY: usize = 4;

/// A call that is answered.
struct Served<'a> {
    bank: &'static Bank,
    service: Service,
    session: &'a Session,
    account: &'a Account,
    now: Timestamp,
}

impl Served<'_> {
    /// The bank's own civil date.
    fn today(&self) -> Date {
        self.service.zone.date(self.now)
    }
}

/// `GET /accounts/{id}/details`.
pub(super) async fn details(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    serve(&sandbox, &id, "details", &headers, true, |served| Ok(wire::account(served.bank, served.account)))
}

/// `GET /accounts/{id}/balances`.
pub(super) async fn balances(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    serve(&sandbox, &id, "balances", &headers, true, |served| {
        if !served.session.asked.balances {
            return Err(Problem::access_denied());
        }
        let statement = served.service.books.statement(&served.account.card, served.today());
        Ok(wire::balances(&statement))
    })
}

/// `GET /accounts/{id}/transactions`.
pub(super) async fn transactions(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let query = Query::read(query.as_deref(), &PARAMETERS)?;
    let uid = uid_of(&id)?;
    let page = Page::asked(&query, uid)?;
    let switches = sandbox.switches();
    serve(&sandbox, &id, "transactions", &headers, page.is_first(), |served| {
        if !served.session.asked.transactions {
            return Err(Problem::access_denied());
        }
        let wanted = Wanted::read(&query, served, switches.enablebanking_longest_keeps_to_date_from)?;
        let of = Of { bank: served.bank, uid: served.account.uid, switches: &switches };
        let statement = served.service.books.statement(&served.account.card, served.today());
        let rows = wire::transactions(&statement, of, |day, status| wanted.has(day, status));
        let (rows, key) = page.cut(served.bank, rows, &query, uid);
        let mut answer = json!({ "transactions": rows });
        match key {
            Some(key) => answer["continuation_key"] = key.into(),
            None if switches.enablebanking_last_key_is_null => answer["continuation_key"] = Value::Null,
            None => {}
        }
        Ok(answer)
    })
}

/// `GET /accounts/{id}/transactions/{transaction_id}`.
pub(super) async fn transaction(
    State(sandbox): State<Sandbox>,
    Path((id, transaction)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let switches = sandbox.switches();
    serve(&sandbox, &id, "transaction", &headers, true, |served| {
        let of = Of { bank: served.bank, uid: served.account.uid, switches: &switches };
        let statement = served.service.books.statement(&served.account.card, served.today());
        let rows = wire::transactions(&statement, of, |_, _| true);
        rows.into_iter().find(|row| row["transaction_id"] == transaction.as_str()).ok_or_else(|| {
            let message = "No transaction found matching provided id";
            Problem::new(StatusCode::NOT_FOUND, "TRANSACTION_DOES_NOT_EXIST", message)
        })
    })
}

fn uid_of(id: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(id).map_err(|_| Problem::no_account())
}

/// Admits a call, counts it and answers it. Only what succeeds is counted, and pages belong to their first one.
fn serve(
    sandbox: &Sandbox,
    id: &str,
    kind: &str,
    headers: &HeaderMap,
    counts: bool,
    answer: impl FnOnce(&Served<'_>) -> Result<Value, Problem>,
) -> Result<Json<Value>, Problem> {
    let uid = uid_of(id)?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        let (session_id, place) = state.enablebanking.account(uid).ok_or_else(Problem::no_account)?;
        let session = state.enablebanking.sessions.get_mut(&session_id).ok_or_else(Problem::no_session)?;
        sessions::check(session, &switches, now)?;
        let bank = banks::by_id(&session.asked.bank).ok_or_else(Problem::no_session)?;
        let service = bank.service().ok_or_else(Problem::no_session)?;
        let most = match service.daily_limit {
            DailyLimit::Always(most) => most,
            DailyLimit::WhereAsked if sandbox.daily_limit_everywhere() => A_DAY,
            DailyLimit::WhereAsked => usize::MAX,
        };
        if !is_attended(bank, headers)? && counts && !session.accounts[place].count(kind, most, now) {
            return Err(Problem::rate_limit());
        }
        let session = &*session;
        let served = Served { bank, service, account: &session.accounts[place], session, now };
        answer(&served).map(Json)
    })
}

/// Whether the headers say that somebody is there: all that the bank wants of them, or none (fact sheet §5).
fn is_attended(bank: &Bank, headers: &HeaderMap) -> Result<bool, Problem> {
    let refused = |word: &str, message: &str, detail: String| {
        Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, word, message).detailed(detail.into()))
    };
    let sent: Vec<&str> = PSU_HEADERS.into_iter().filter(|name| headers.contains_key(*name)).collect();
    if sent.is_empty() {
        return Ok(false);
    }
    if let Some(missing) = bank.psu_headers.iter().find(|name| !sent.contains(name)) {
        let detail = format!("PSU header {missing} is not provided");
        return refused("PSU_HEADER_NOT_PROVIDED", "Required PSU header is not provided", detail);
    }
    let address = headers.get("Psu-Ip-Address").and_then(|value| value.to_str().ok());
    if address.is_some_and(|text| text.parse::<std::net::IpAddr>().is_err()) {
        let detail = "PSU header Psu-Ip-Address is no address".to_owned();
        return refused("PSU_HEADER_INVALID", "Provided PSU header contains invalid value", detail);
    }
    Ok(true)
}

/// The rows that are asked for.
struct Wanted {
    from: Option<Date>,
    to: Option<Date>,
    status: Option<String>,
}

impl Wanted {
    fn read(query: &Query, served: &Served<'_>, longest_keeps: bool) -> Result<Self, Problem> {
        let day = |name: &str| {
            let day = query.get(name).map(str::parse::<Date>).transpose();
            day.map_err(|_| Problem::wrong(&format!("{name} is no date")))
        };
        let (from, to) = (day("date_from")?, day("date_to")?);
        let refused = |word: &str, message: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, word, message);
        if to.is_some() && from.is_none() {
            return Err(refused("DATE_TO_WITHOUT_DATE_FROM", "date_from must be provided if date_to provided"));
        }
        if from.is_some_and(|from| from > Zone::Utc.date(served.now)) {
            return Err(refused("DATE_FROM_IN_FUTURE", "date_from can not be in the future"));
        }
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(refused("WRONG_DATE_INTERVAL", "date_from should be less than or equal date_to"));
        }
        let status = query.get("transaction_status").map(str::to_owned);
        if status.as_ref().is_some_and(|status| !STATUSES.contains(&status.as_str())) {
            return Err(Problem::wrong("transaction_status is none of those that there are"));
        }
        if status.as_deref() == Some("PDNG") && !served.bank.sends_pending {
            return Err(Problem::wrong("This ASPSP does not support filtering by status PDNG"));
        }
        let is_longest = match query.get("strategy") {
            None | Some("default") => false,
            Some("longest") => true,
            Some(_) => return Err(Problem::wrong("strategy is default or longest")),
        };
        let earliest = served.bank.period.filter(|_| !served.session.is_online(served.now));
        let earliest = earliest.map(|(days, refusal)| (plus_days(served.today(), -days), refusal));
        let mut wanted = Self { from, to, status };
        match earliest {
            Some((earliest, _)) if is_longest => wanted.from = Some(from.map_or(earliest, |from| from.max(earliest))),
            Some((earliest, refusal)) if from.is_some_and(|from| from < earliest) => {
                return Err(match refusal {
                    Refusal::SaysFrom => Problem::period(earliest),
                    Refusal::SaysNothing => Problem::period_invalid(),
                });
            }
            _ if is_longest && !longest_keeps => wanted.from = None,
            _ => {}
        }
        // The last day is left aside where the longest time is asked for (fact sheet §5).
        wanted.to = to.filter(|_| !is_longest);
        Ok(wanted)
    }

    fn has(&self, day: Date, status: &str) -> bool {
        self.from.is_none_or(|from| day >= from)
            && self.to.is_none_or(|to| day <= to)
            && self.status.as_deref().is_none_or(|wanted| wanted == status)
    }
}
