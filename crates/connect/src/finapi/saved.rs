//! Reading a saved answer: the rows of one account, as a sync would read them, without asking finAPI.
//!
//! What a row leaves out stands in its account, so both may be saved together: `{"account": …, "transactions": …, "pendingTransactions":
//! …}`, where the account is one of `GET /accounts`. An answer of `GET /transactions` alone does as well; rows without a currency are in
//! euros then.

use std::cmp::Reverse;

use bankside_domain::account::AccountKind;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::{MappedRow, RowStatus};
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::Account;
use super::{accounts, map};
use crate::fault::Fault;
use crate::fetch::{MapContext, RawRow, RowAccount};
use crate::saved::{SavedAnswer, SavedRow};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Saved<'a> {
    account: Option<Account>,
    #[serde(borrow)]
    transactions: Option<&'a RawValue>,
    #[serde(borrow)]
    pending_transactions: Option<&'a RawValue>,
}

/// A list, or an answer with it.
fn list<'a>(raw: &'a RawValue, name: &str) -> Result<Vec<&'a RawValue>, serde_json::Error> {
    if raw.get().starts_with('[') {
        return serde_json::from_str(raw.get());
    }
    let mut fields: std::collections::HashMap<String, &'a RawValue> = serde_json::from_str(raw.get())?;
    fields.remove(name).map_or(Ok(Vec::new()), |list| serde_json::from_str(list.get()))
}

pub(super) fn read(saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
    let answer: Saved<'_> = serde_json::from_slice(saved.body).map_err(|error| wrong(&error.to_string()))?;
    if answer.transactions.is_none() && answer.pending_transactions.is_none() {
        return Err(wrong("it has neither `transactions` nor `pendingTransactions`"));
    }
    let named = answer.account.as_ref().and_then(|account| account.account_currency.as_deref()).unwrap_or("EUR");
    let currency = named.trim().parse().map_err(|_| wrong("the currency of its account is none"))?;
    let kind =
        answer.account.as_ref().map_or(AccountKind::Other, |account| accounts::kind(account.account_type.as_deref()));
    let context = MapContext {
        institution_key: saved.institution_key,
        account: RowAccount { kind, currency },
        today: saved.now.to_zoned(TimeZone::UTC).date(),
        time_zone: &TimeZone::UTC,
        currencies: saved.currencies,
    };
    let mut rows = Vec::new();
    let lists = [
        (answer.transactions, "transactions", RowStatus::Booked),
        (answer.pending_transactions, "pendingTransactions", RowStatus::Pending),
    ];
    for (raw, name, status) in lists {
        let Some(raw) = raw else { continue };
        for (index, row) in list(raw, name).map_err(|error| wrong(&error.to_string()))?.into_iter().enumerate() {
            let row = map::row(&context, &RawRow { status, bytes: row.get().as_bytes().to_vec() });
            rows.push(SavedRow { place: format!("{name}[{index}]"), row });
        }
    }
    // Of one day they stay in the order in which they came.
    rows.sort_by_key(|saved| match &saved.row {
        MappedRow::Readable(row) => Reverse(row.day()),
        MappedRow::Unreadable { .. } => Reverse(None),
    });
    Ok(rows)
}

/// The answer is the person's own, so the place may be named with what stands there.
fn wrong(why: &str) -> Fault {
    let message = format!("This is no answer of finAPI with transactions: {why}.");
    Fault::new(FaultClass::Bug, "finapi.unreadable", message)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bankside_domain::Currency;

    use super::*;

    fn saved(body: &str) -> Result<Vec<SavedRow>, Fault> {
        let known = ["EUR", "JPY"].map(|code| Currency::iso(code).map(|one| (one.code, one)).unwrap());
        let currencies = HashMap::from(known);
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        read(&SavedAnswer { institution_key: "", now, currencies: &currencies, body: body.as_bytes() })
    }

    #[test]
    fn rows_come_newest_first_with_or_without_their_account() {
        let rows = r#"[{"id":1,"bankBookingDate":"2026-11-02","amount":-10},{"id":2,"bankBookingDate":"2026-11-05","amount":-20},{"id":3}]"#;
        let pending =
            r#"{"pendingTransactions":[{"id":9,"valueDate":"2026-11-19","amount":-3,"currency":"EUR"}],"paging":{}}"#;
        let told = |body: &str| {
            let rows = saved(body).unwrap();
            rows.iter()
                .map(|saved| match &saved.row {
                    MappedRow::Readable(row) => (saved.place.clone(), row.amount.minor),
                    MappedRow::Unreadable { .. } => (saved.place.clone(), 0),
                })
                .collect::<Vec<_>>()
        };
        let at = |place: &str, minor: i64| (place.to_owned(), minor);
        let plain = [at("transactions[1]", -2000), at("transactions[0]", -1000), at("transactions[2]", 0)];
        assert_eq!(told(&format!(r#"{{"transactions":{rows},"paging":{{"page":1}}}}"#)), plain);
        let whole = format!(
            r#"{{"account":{{"id":1,"accountCurrency":"JPY"}},"transactions":{{"transactions":{rows}}},"pendingTransactions":{pending}}}"#
        );
        assert_eq!(
            told(&whole),
            [
                at("pendingTransactions[0]", -300),
                at("transactions[1]", -20),
                at("transactions[0]", -10),
                at("transactions[2]", 0)
            ]
        );
    }

    #[test]
    fn what_is_no_answer_says_so() {
        for body in
            ["", "[]", "{}", r#"{"transactions":7}"#, r#"{"account":{"id":1,"accountCurrency":"§"},"transactions":[]}"#]
        {
            assert_eq!(saved(body).unwrap_err().code(), "finapi.unreadable", "{body}");
        }
    }
}
