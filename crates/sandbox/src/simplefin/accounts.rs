//! `GET /accounts`: everything in one answer (fact sheet §2 to §6).

use axum::Json;
use axum::extract::{RawQuery, State};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::banks::{ALL, Bank, Content, Plan, read_at};
use super::problem::Problem;
use super::records::Records;
use super::wire::{self, Version};
use crate::{Sandbox, Switches};

/// The longest range (fact sheet §5), and the one that other clients keep to.
const LONGEST_DAYS: i64 = 90;
const SHORTER_DAYS: i64 = 45;

/// What is asked for.
struct Asked {
    version: Version,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    with_pending: bool,
    /// No ids: all accounts.
    accounts: Vec<String>,
    balances_only: bool,
}

impl Asked {
    fn read(query: &str, switches: &Switches) -> Result<Self, Problem> {
        let fields: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let last = |name: &str| fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let instant = |name: &str| {
            let seconds = last(name).map(|text| text.parse::<i64>().map_err(|_| ())).transpose();
            let seconds = seconds.map_err(|()| Problem::BadRequest("A date is no number of seconds"))?;
            seconds.map(Timestamp::from_second).transpose().map_err(|_| Problem::BadRequest("A date is out of range"))
        };
        let version = match last("version") {
            _ if switches.simplefin_knows_version_1_only => Version::One,
            None | Some("1") if switches.simplefin_version_is_asked_for => Version::One,
            None | Some("1" | "2") => Version::Two,
            Some(_) => return Err(Problem::BadRequest("There is no such version")),
        };
        let with_pending = match last("pending") {
            None => false,
            Some("0") => !switches.simplefin_pending_zero_leaves_out,
            Some(_) => true,
        };
        Ok(Self {
            version,
            start: instant("start-date")?,
            end: instant("end-date")?,
            with_pending,
            accounts: fields.iter().filter(|(name, _)| name == "account").map(|(_, id)| id.clone()).collect(),
            balances_only: last("balances-only") == Some("1"),
        })
    }
}

/// The range that is answered for: from its start on, until before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    start: Timestamp,
    end: Timestamp,
}

impl Range {
    /// What is asked for, without what is too early; and whether something was.
    fn of(asked: &Asked, longest_days: i64, now: Timestamp) -> (Self, bool) {
        let longest = SignedDuration::from_hours(24 * longest_days);
        let end = asked.end.unwrap_or(now);
        let earliest = end.checked_sub(longest).unwrap_or(Timestamp::MIN);
        let is_capped = asked.start.is_some_and(|start| start < earliest);
        (Self { start: asked.start.unwrap_or(earliest).max(earliest), end }, is_capped)
    }

    pub(super) fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// A bank as it is shown.
pub(super) struct Shown {
    pub(super) bank: &'static Bank,
    pub(super) relinks: u32,
    /// When it was read; longer ago where it wants the person.
    pub(super) read_at: Timestamp,
}

/// The rows that an answer has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) range: Range,
    pub(super) with_pending: bool,
    /// Whether half of them are missing.
    pub(super) is_half: bool,
}

/// An error of version 2 (fact sheet §4); version 1 has its text.
pub(super) struct Error {
    pub(super) code: &'static str,
    pub(super) text: String,
    pub(super) connection: Option<String>,
    pub(super) account: Option<String>,
}

pub(super) async fn list(State(sandbox): State<Sandbox>, RawQuery(query): RawQuery) -> Result<Json<Value>, Problem> {
    let switches = sandbox.switches();
    let asked = Asked::read(query.as_deref().unwrap_or_default(), &switches)?;
    Ok(Json(sandbox.read(|state, now| answer(&sandbox, &asked, &state.simplefin, &switches, now))))
}

fn answer(sandbox: &Sandbox, asked: &Asked, records: &Records, switches: &Switches, now: Timestamp) -> Value {
    let longest_days = if switches.simplefin_range_is_45_days { SHORTER_DAYS } else { LONGEST_DAYS };
    let (range, is_capped) = Range::of(asked, longest_days, now);
    let mut errors = Vec::new();
    if is_capped && !asked.balances_only {
        let text = format!("Requested date range exceeds limit of {longest_days} days and was capped.");
        errors.push(Error { code: "gen.api", text, connection: None, account: None });
    }
    let mut accounts = Vec::new();
    let mut connections = Vec::new();
    for bank in ALL {
        let standing = records.standing(bank.key);
        let relinks = standing.relinks;
        let shown = Shown { bank, relinks, read_at: read_at(standing.needs_person_since.unwrap_or(now).min(now)) };
        if standing.needs_person_since.is_some() {
            let text = format!("Connection to {} may need attention", bank.name);
            errors.push(Error { code: "con.auth", text, connection: Some(bank.connection_id(relinks)), account: None });
        }
        connections.push(wire::connection(sandbox, &shown));
        for plan in bank.accounts {
            let id = plan.id(bank, relinks);
            let is_asked_for = asked.accounts.is_empty() || asked.accounts.contains(&id);
            if !is_asked_for || records.hidden.contains(&id) {
                continue;
            }
            let (is_failing, is_half) = (records.failing.contains(&id), records.incomplete.contains(&id));
            errors.extend(account_error(plan, &shown, is_failing, is_half));
            let wanted = Wanted { range, with_pending: asked.with_pending && bank.sends_pending, is_half };
            let rows = (!asked.balances_only && !is_failing).then(|| rows(&shown, plan, wanted, switches));
            accounts.push(wire::account(sandbox, asked.version, &shown, plan, rows));
        }
    }
    wire::answer(asked.version, switches, &errors, &connections, &accounts)
}

fn account_error(plan: &Plan, shown: &Shown, is_failing: bool, is_half: bool) -> Option<Error> {
    let (code, text) = match (is_failing, is_half) {
        (true, _) => ("act.failed", format!("The transactions of <b>{}</b> could not be read.", plan.name)),
        (false, true) => {
            ("act.missingdata", format!("Some transactions of {} are missing &amp; come later.", plan.name))
        }
        (false, false) => return None,
    };
    Some(Error {
        code,
        text,
        connection: Some(shown.bank.connection_id(shown.relinks)),
        account: Some(plan.id(shown.bank, shown.relinks)),
    })
}

fn rows(shown: &Shown, plan: &Plan, wanted: Wanted, switches: &Switches) -> Vec<Value> {
    match plan.content {
        Content::Book(role) => wire::rows(shown, plan, role, wanted, switches),
        Content::Holdings => Vec::new(),
    }
}

/// What the address that stands for points tells (fact sheet §3).
pub(super) async fn points() -> Json<Value> {
    Json(json!({ "name": "Waxwing Points", "abbr": "WAXP" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_before_its_end_and_is_cut_at_its_beginning() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let of = |query: &str| Range::of(&Asked::read(query, &Switches::default()).unwrap(), 90, now);
        let days = |days: i64| now.as_second() - days * 86_400;
        let (whole, is_capped) = of(&format!("start-date={}&end-date={}", days(90), days(0)));
        assert!(!is_capped, "ninety days are not too many");
        assert!(whole.contains(whole.start) && !whole.contains(whole.end));
        let (cut, is_capped) = of(&format!("start-date={}&end-date={}", days(90) - 1, days(0)));
        assert!(is_capped && cut == whole);
        assert_eq!(of("").0, whole);
        assert!(Asked::read("start-date=2026-11-20", &Switches::default()).is_err());
        assert!(Asked::read("version=3", &Switches::default()).is_err());
    }
}
