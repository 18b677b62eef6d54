//! What is asked of a server, and what becomes of its answers.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::quota::Presence;
use bankside_domain::row::RowStatus;
use jiff::civil::{Date, date};
use serde_json::json;

use super::*;
use crate::SinkClosed;
use crate::fetch::{AccountRequest, FetchEvent};

/// What came of one account.
#[derive(Default)]
struct Came {
    rows: Vec<(RowStatus, String)>,
    ended: Option<(bool, bool)>,
    balances: usize,
    fault: Option<Fault>,
}

#[derive(Default)]
struct Kept(BTreeMap<String, Came>);

#[async_trait]
impl Sink for Kept {
    async fn accept(&mut self, account: &str, event: FetchEvent) -> Result<(), SinkClosed> {
        let came = self.0.entry(account.to_owned()).or_default();
        match event {
            FetchEvent::Step(_) | FetchEvent::Bills(_) => {}
            FetchEvent::Rows(rows) => came.rows.extend(rows.into_iter().map(|row| {
                let value: serde_json::Value = serde_json::from_slice(&row.bytes).unwrap();
                (row.status, value["id"].as_str().unwrap().to_owned())
            })),
            FetchEvent::RowsEnd { booked_complete, pending_complete } => {
                came.ended = Some((booked_complete, pending_complete));
            }
            FetchEvent::Balances(balances) => came.balances += balances.len(),
            FetchEvent::Fault(fault) => came.fault = Some(fault),
        }
        Ok(())
    }
}

/// Fetches accounts, each from a day on and after so many failures, from a server that answers so.
async fn fetch(
    accounts: &[(&str, Date, u32)],
    answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
) -> (Kept, Option<Fault>, Vec<String>) {
    let mut peer = peer("", answers).await;
    let address = peer.base_url.as_str().replace("http://", "http://a:b@");
    peer.keys.insert(ACCESS_URL.to_owned(), Secret::new(address));
    let request = |(id, from, failures_before): &(&str, Date, u32)| AccountRequest {
        provider_account_id: (*id).to_owned(),
        from: *from,
        failures_before: *failures_before,
    };
    let plan = FetchPlan {
        institution_key: "simplefin".into(),
        accounts: accounts.iter().map(request).collect(),
        presence: Presence::PersonPresent,
    };
    let mut kept = Kept::default();
    let remote = RemoteRef(json!({ "login": "all" }));
    let fault = match SimpleFin.fetch(&peer.cx(), &remote, &plan, &mut kept).await {
        Ok(()) => None,
        Err(FetchEnd::Fault(fault)) => Some(fault),
        Err(FetchEnd::Closed(_)) => panic!("nobody closes this sink"),
    };
    (kept, fault, peer.asked().into_iter().map(|asked| asked.line).collect())
}

/// The seconds of a parameter of a call.
fn parameter(line: &str, name: &str) -> Option<i64> {
    line.split(['?', '&']).find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

fn midnight(day: Date) -> i64 {
    day.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second()
}

/// An answer with the rows of two accounts that are posted at these moments, as far as a call asks for them.
fn two(line: &str, posted: &[i64]) -> String {
    let (start, end) = (parameter(line, "start-date").unwrap(), parameter(line, "end-date").unwrap());
    let rows: Vec<_> = posted
        .iter()
        .filter(|at| (start..end).contains(*at))
        .map(|at| json!({ "id": format!("T{at}"), "posted": at, "amount": "-1.00", "description": "x" }))
        .collect();
    let account = |id: &str, bank: &str| json!({ "id": id, "name": id, "conn_id": bank, "currency": "USD", "balance": "1.00", "transactions": rows });
    json!({ "errlist": [], "connections": [], "accounts": [account("A", "one"), account("B", "two")] }).to_string()
}

#[tokio::test]
async fn one_request_has_the_rows_of_all_accounts() {
    let (kept, fault, lines) = fetch(&[("A", date(2026, 11, 10), 0), ("B", date(2026, 11, 15), 0)], |asked| {
        (
            200,
            two(
                &asked.line,
                &[midnight(date(2026, 11, 9)), midnight(date(2026, 11, 12)), midnight(date(2026, 11, 15))],
            ),
        )
    })
    .await;
    assert!(fault.is_none());
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(!lines[0].contains("account=") && lines[0].contains("version=2") && lines[0].contains("pending=1"));
    let ids = |account: &str| kept.0[account].rows.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>();
    let row = |day: i8| format!("T{}", midnight(date(2026, 11, day)));
    assert_eq!(ids("A"), [row(12), row(15)], "each from its own day on");
    assert_eq!(ids("B"), [row(15)]);
    assert_eq!((kept.0["A"].ended, kept.0["A"].balances), (Some((true, true)), 1));
}

/// Case E 13 of the connector model: a window that is off by one.
#[tokio::test]
async fn history_is_walked_back_and_the_border_of_two_windows_loses_and_doubles_nothing() {
    let border = midnight(date(2026, 9, 22));
    let moments = [border - 1, border, border + 1, midnight(date(2026, 6, 1)), midnight(date(2026, 6, 1)) - 1];
    let (kept, fault, lines) = fetch(&[("A", date(2026, 6, 1), 0), ("B", date(2026, 11, 1), 0)], move |asked| {
        (200, two(&asked.line, &moments))
    })
    .await;
    assert!(fault.is_none());
    let windows: Vec<_> = lines
        .iter()
        .map(|line| (parameter(line, "start-date").unwrap(), parameter(line, "end-date").unwrap()))
        .collect();
    assert_eq!(windows[0], (border, midnight(date(2026, 11, 21))));
    assert_eq!(windows[1].1, border, "the second ends where the first begins");
    assert_eq!(windows.last().unwrap().0, midnight(date(2026, 6, 1)));
    let mut ids: Vec<_> = kept.0["A"].rows.iter().map(|(_, id)| id.clone()).collect();
    ids.sort();
    let mut expected: Vec<_> = moments[..4].iter().map(|at| format!("T{at}")).collect();
    expected.sort();
    assert_eq!(ids, expected);
    assert!(kept.0["B"].rows.is_empty(), "nobody asked for those");
    assert_eq!(lines.iter().filter(|line| line.contains("pending")).count(), 1, "the newest alone");
}

#[tokio::test]
async fn a_server_that_takes_shorter_windows_is_asked_again_and_nothing_is_told() {
    let (kept, fault, lines) = fetch(&[("A", date(2026, 10, 1), 0), ("B", date(2026, 10, 1), 0)], |asked| {
        let (start, end) = (parameter(&asked.line, "start-date").unwrap(), parameter(&asked.line, "end-date").unwrap());
        let mut answer: serde_json::Value = serde_json::from_str(&two(&asked.line, &[])).unwrap();
        if end - start > 45 * 86_400 {
            let text = "Requested date range exceeds limit of 45 days and was capped.";
            answer["errlist"] = json!([{ "code": "gen.api", "msg": text }]);
        }
        (200, answer.to_string())
    })
    .await;
    assert!(fault.is_none() && kept.0.values().all(|came| came.fault.is_none()));
    assert_eq!(lines.len(), 3, "the one that was cut, and two instead of it: {lines:?}");
    assert_eq!(kept.0["A"].ended, Some((true, true)));
}

/// Case E 11 of the connector model: a list of errors with HTTP 200.
#[tokio::test]
async fn errors_beside_good_data_are_told_at_their_own_accounts_and_the_data_is_kept() {
    let posted = midnight(date(2026, 11, 15));
    let answer = move |asked: &Asked, error: serde_json::Value| {
        let mut answer: serde_json::Value = serde_json::from_str(&two(&asked.line, &[posted])).unwrap();
        answer["errlist"] = json!([error]);
        (200, answer.to_string())
    };
    let accounts = [("A", date(2026, 11, 10), 0), ("B", date(2026, 11, 10), 0)];
    for (error, class, action) in [
        (json!({ "code": "con.auth", "msg": "Sign in", "conn_id": "one" }), FaultClass::NeedsUser, true),
        (json!({ "code": "con.other", "msg": "Slow", "conn_id": "one" }), FaultClass::RetryLater, false),
        (json!({ "code": "act.failed", "msg": "Failed", "account_id": "A" }), FaultClass::RetryLater, false),
        (json!({ "code": "act.missingdata", "message": "Some", "account_id": "A" }), FaultClass::Partial, false),
    ] {
        let told = error.clone();
        let (kept, fault, lines) = fetch(&accounts, move |asked| answer(asked, error.clone())).await;
        assert!(fault.is_none(), "{told}");
        assert_eq!(lines.len(), 1);
        let (one, other) = (&kept.0["A"], &kept.0["B"]);
        let fault = one.fault.as_ref().unwrap();
        assert_eq!(fault.class(), class, "{told}");
        assert_eq!(matches!(fault.record().action, Some(UserAction::Visit(_))), action, "{told}");
        assert_eq!((one.rows.len(), one.ended), (1, Some((false, false))), "{told}");
        assert!(other.fault.is_none() && other.ended == Some((true, true)), "{told}");
    }
    let refused = json!({ "code": "gen.auth", "msg": "No" });
    let (kept, fault, _) = fetch(&accounts, move |asked| answer(asked, refused.clone())).await;
    assert_eq!(fault.unwrap().code(), "simplefin.access_refused");
    assert_eq!(kept.0["B"].rows.len(), 1, "what came is kept");
}

#[tokio::test]
async fn an_account_that_is_not_listed_is_reported_and_after_a_while_a_person_is_asked() {
    let ask = async |failures: u32| {
        let accounts = [("A", date(2026, 11, 10), 0), ("gone", date(2026, 11, 10), failures)];
        let (mut kept, fault, _) = fetch(&accounts, |asked| (200, two(&asked.line, &[]))).await;
        assert!(fault.is_none() && kept.0["A"].fault.is_none() && kept.0["gone"].ended.is_none());
        kept.0.get_mut("gone").unwrap().fault.take().unwrap()
    };
    let (first, later) = (ask(0).await, ask(3).await);
    assert_eq!((first.code(), first.class()), ("simplefin.account_missing", FaultClass::RetryLater));
    assert_eq!((later.class(), &later.record().action), (FaultClass::NeedsUser, &Some(UserAction::Renew)));
}

#[tokio::test]
async fn a_window_that_fails_keeps_what_came_and_ends_no_account() {
    let accounts = [("A", date(2026, 6, 1), 0), ("B", date(2026, 6, 1), 0)];
    let answers = |asked: &Asked| {
        if asked.line.contains("pending") {
            (200, two(&asked.line, &[midnight(date(2026, 11, 15))]))
        } else {
            (429, r#"{"errors":["Too many requests."]}"#.to_owned())
        }
    };
    let (kept, fault, lines) = fetch(&accounts, answers).await;
    assert_eq!(fault.unwrap().class(), FaultClass::RateLimited);
    assert_eq!(lines.len(), 2);
    assert!(
        kept.0.values().all(|came| came.rows.len() == 1 && came.ended.is_none()),
        "so the next sync asks for all again"
    );
}

#[tokio::test]
async fn what_an_older_window_alone_says_is_told_too() {
    let accounts = [("A", date(2026, 8, 20), 0), ("B", date(2026, 8, 20), 0)];
    let (kept, fault, lines) = fetch(&accounts, |asked| {
        let mut answer: serde_json::Value = serde_json::from_str(&two(&asked.line, &[])).unwrap();
        if !asked.line.contains("pending") {
            answer["errlist"] = json!([{ "code": "act.missingdata", "msg": "Some", "account_id": "A" }]);
        }
        (200, answer.to_string())
    })
    .await;
    assert!(fault.is_none());
    assert_eq!(lines.len(), 2);
    assert_eq!(kept.0["A"].fault.as_ref().map(Fault::code), Some("simplefin.rows_missing"));
    assert_eq!((kept.0["A"].ended, kept.0["B"].ended), (Some((false, false)), Some((true, true))));
}
