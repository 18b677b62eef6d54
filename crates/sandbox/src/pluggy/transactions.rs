//! Transactions (fact sheet §6): version 2 by cursor, version 1 as what is left of it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::accounts::{self, Seen, Shown, find, look};
use super::categories;
use super::fields::{Edge, Fields, PathId, Query, parse_uuid};
use super::paging;
use super::problem::Problem;
use super::records::Records;
use super::wire;
use crate::{Sandbox, SandboxError, Switches};

const PAGE: usize = 500;
const MOST_IDS: usize = 500;
const V2_FIELDS: [&str; 6] = ["accountId", "dateFrom", "dateTo", "createdAtFrom", "ids", "after"];

/// What a call asks for.
struct Wanted {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    created_from: Option<Timestamp>,
    ids: Option<Vec<Uuid>>,
}

impl Wanted {
    /// Both ends of the days are included.
    fn read(query: &Query, from: &str, to: &str) -> Result<Self, Problem> {
        let ids = query.all("ids");
        if ids.len() > MOST_IDS {
            return Err(Problem::parameter("ids", "INVALID_PARAMETER", "ids must contain no more than 500 elements"));
        }
        let wrong_id = || Problem::parameter("ids", "INVALID_PARAMETER", "each value in ids must be a UUID");
        let read = ids.iter().map(|id| parse_uuid(id).ok_or_else(wrong_id)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            from: query.instant(from, Edge::Start)?,
            to: query.instant(to, Edge::End)?,
            created_from: query.instant("createdAtFrom", Edge::Start)?,
            ids: (!ids.is_empty()).then_some(read),
        })
    }

    fn contains(&self, shown: &Shown) -> bool {
        self.from.is_none_or(|from| shown.row.at >= from)
            && self.to.is_none_or(|to| shown.row.at <= to)
            && self.created_from.is_none_or(|from| shown.created >= from)
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&shown.id))
    }
}

/// A place in the list: behind this row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: Timestamp,
    id: Uuid,
}

impl Place {
    fn of(shown: &Shown) -> Self {
        Self { at: shown.row.at, id: shown.id }
    }

    fn write(self) -> String {
        BASE64.encode(format!("{}|{}", self.at.as_microsecond(), self.id).as_bytes())
    }

    fn read(text: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(text.as_bytes()).ok()?).ok()?;
        let (at, id) = text.split_once('|')?;
        Some(Self { at: Timestamp::from_microsecond(at.parse().ok()?).ok()?, id: parse_uuid(id)? })
    }
}

/// The rows of an account that are wanted, in the order in which they are listed (§6 `[?]`).
fn listed(seen: &Seen<'_>, wanted: &Wanted, switches: &Switches) -> Vec<Shown> {
    let mut rows: Vec<Shown> = seen
        .shown_since(wanted.from.unwrap_or(Timestamp::MIN))
        .into_iter()
        .filter(|shown| wanted.contains(shown))
        .collect();
    rows.sort_by_key(Place::of);
    if switches.pluggy_transactions_are_newest_first {
        rows.reverse();
    }
    rows
}

fn wire_of(records: &Records, seen: &Seen<'_>, shown: &Shown) -> Value {
    wire::transaction(seen, shown, records.categories.get(&shown.id).map(String::as_str))
}

/// `GET /v2/transactions`
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    query.refuse_unknown(&V2_FIELDS)?;
    let account = query.uuid("accountId")?;
    let wanted = Wanted::read(&query, "dateFrom", "dateTo")?;
    if wanted.from.is_some() && wanted.created_from.is_some() {
        return Err(Problem::bad_request("dateFrom and createdAtFrom cannot be used together"));
    }
    let after = match query.get("after") {
        None => None,
        Some(text) => Some(
            Place::read(text).ok_or_else(|| Problem::parameter("after", "INVALID_PARAMETER", "after is not valid"))?,
        ),
    };
    look(&sandbox, |records, switches, now| {
        let seen = find(records, account, switches, now)?;
        let mut rows = listed(&seen, &wanted, switches);
        if let Some(after) = after {
            let newest_first = switches.pluggy_transactions_are_newest_first;
            rows.retain(|shown| if newest_first { Place::of(shown) < after } else { Place::of(shown) > after });
        }
        let has_more = rows.len() > PAGE;
        rows.truncate(PAGE);
        // A bare query string without the filters: they are sent again by whoever goes on (§1).
        let next = rows.last().filter(|_| has_more).map(|last| {
            let mut next = form_urlencoded::Serializer::new(String::new());
            next.append_pair("accountId", &account.to_string()).append_pair("after", &Place::of(last).write());
            format!("?{}", next.finish())
        });
        let results: Vec<Value> = rows.iter().map(|shown| wire_of(records, &seen, shown)).collect();
        Ok(Json(json!({ "results": results, "next": next })))
    })
}

/// `GET /transactions`: version 1, which has been taken away (§0.1).
pub(super) async fn list_v1(State(sandbox): State<Sandbox>, query: Query) -> Result<Response, Problem> {
    if !sandbox.switches().pluggy_version_1_still_answers {
        return Err(Problem::deprecated());
    }
    let account = query.uuid("accountId")?;
    let wanted = Wanted::read(&query, "from", "to")?;
    let bill = query.get("billId");
    let body = look(&sandbox, |records, switches, now| {
        let seen = find(records, account, switches, now)?;
        let rows = listed(&seen, &wanted, switches);
        let rows = rows.iter().map(|shown| wire_of(records, &seen, shown));
        let on_bill = |row: &Value| bill.is_none_or(|bill| row["creditCardMetadata"]["billId"] == bill);
        paging::page(&query, rows.filter(on_bill).collect(), switches)
    })?;
    Ok(body.into_response())
}

/// The transaction with this id, wherever it is.
fn find_row<'a>(records: &'a Records, id: Uuid, now: Timestamp) -> Result<(Seen<'a>, Shown), Problem> {
    let own = records.own_items();
    let accounts = own.into_iter().flat_map(|(item_id, item)| accounts::of_item(item_id, item, now));
    let find = |seen: Seen<'a>| {
        let shown = seen.shown().into_iter().find(|shown| shown.id == id)?;
        Some((seen, shown))
    };
    let found = accounts.into_iter().find_map(find);
    found.ok_or_else(|| Problem::not_found("TRANSACTION_NOT_FOUND", "Transaction not found"))
}

/// `GET /transactions/{id}`
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    look(&sandbox, |records, _, now| {
        let (seen, shown) = find_row(records, id, now)?;
        Ok(Json(wire_of(records, &seen, &shown)))
    })
}

/// `PATCH /transactions/{id}`: the category is all that a client may change.
pub(super) async fn categorise(
    State(sandbox): State<Sandbox>,
    id: PathId,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    let category = fields.text("categoryId").unwrap_or_default();
    if categories::find(category).is_none() {
        return Err(Problem::parameter("categoryId", "INVALID_PARAMETER", "categoryId must be a category"));
    }
    look(&sandbox, |records, _, now| find_row(records, id, now).map(|_| ()))?;
    sandbox.change(|state, _| {
        state.pluggy.categories.insert(id, category.to_owned());
        Ok::<_, SandboxError>(())
    })?;
    look(&sandbox, |records, _, now| {
        let (seen, shown) = find_row(records, id, now)?;
        Ok(Json(wire_of(records, &seen, &shown)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_were_written() {
        let place = Place { at: Timestamp::from_microsecond(1_700_000_000_123_456).unwrap(), id: Uuid::from_u128(7) };
        assert_eq!(Place::read(&place.write()), Some(place));
        assert_eq!(Place::read("bm90aGluZw=="), None);
        assert_eq!(Place::read("%"), None);
    }
}
