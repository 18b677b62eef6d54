//! What is asked of a server, and what becomes of its pages.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bankside_domain::fault::FaultClass;
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
    balances: Option<usize>,
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
                (row.status, value["entry_reference"].as_str().unwrap().to_owned())
            })),
            FetchEvent::RowsEnd { booked_complete, pending_complete } => {
                came.ended = Some((booked_complete, pending_complete));
            }
            FetchEvent::Balances(balances) => came.balances = Some(balances.len()),
            FetchEvent::Fault(fault) => came.fault = Some(fault),
        }
        Ok(())
    }
}

/// Fetches accounts from a day on, from a server that answers so.
async fn fetch(
    accounts: &[&str],
    from: Date,
    answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
) -> (Kept, Option<Fault>, Vec<String>) {
    let peer = peer(answers).await;
    let request = |id: &&str| AccountRequest { provider_account_id: (*id).to_owned(), from, failures_before: 0 };
    let plan = FetchPlan {
        institution_key: "FI:Bank".into(),
        accounts: accounts.iter().map(request).collect(),
        presence: Presence::PersonPresent,
    };
    let mut kept = Kept::default();
    let remote = RemoteRef(json!({ "session": "s-1", "psu_type": "personal" }));
    let fault = match EnableBanking.fetch(&peer.cx(), &remote, &plan, &mut kept).await {
        Ok(()) => None,
        Err(FetchEnd::Fault(fault)) => Some(fault),
        Err(FetchEnd::Closed(_)) => panic!("nobody closes this sink"),
    };
    (kept, fault, peer.asked().into_iter().map(|asked| asked.line).collect())
}

/// A page with rows of these names, all of one day.
fn page(names: &[&str], next: Option<&str>) -> (u16, String) {
    let row = |name: &&str| json!({ "entry_reference": name, "transaction_amount": { "currency": "USD", "amount": "1" }, "booking_date": "2026-11-18", "status": "BOOK" });
    let rows: Vec<_> = names.iter().map(row).collect();
    (200, json!({ "transactions": rows, "continuation_key": next }).to_string())
}

fn no_balances() -> (u16, String) {
    (200, json!({ "balances": [] }).to_string())
}

fn names(kept: &Kept, account: &str) -> Vec<String> {
    kept.0[account].rows.iter().map(|(_, name)| name.clone()).collect()
}

#[tokio::test]
async fn case_12_an_empty_page_is_followed_by_data() {
    let (kept, fault, lines) = fetch(&["A"], date(2026, 11, 10), |asked| match asked.line.as_str() {
        line if line.contains("/balances") => no_balances(),
        line if line.ends_with("continuation_key=two") => page(&[], Some("three")),
        line if line.ends_with("continuation_key=three") => page(&["c"], None),
        _ => page(&["a", "b"], Some("two")),
    })
    .await;
    assert!(fault.is_none());
    assert_eq!((names(&kept, "A"), kept.0["A"].ended), (vec!["a".into(), "b".into(), "c".into()], Some((true, true))));
    let asked: Vec<_> = lines.iter().filter(|line| line.contains("transactions")).collect();
    assert!(
        asked.iter().all(|line| line.contains("date_from=2026-11-10")),
        "the same question on every page: {lines:?}"
    );
    assert_eq!((asked.len(), kept.0["A"].balances), (3, Some(0)));
}

#[tokio::test]
async fn a_key_that_comes_again_ends_the_pages_and_is_told() {
    let (kept, _, lines) = fetch(&["A"], date(2026, 11, 10), |asked| match asked.line.as_str() {
        line if line.contains("/balances") => no_balances(),
        _ => page(&["a"], Some("round")),
    })
    .await;
    let came = &kept.0["A"];
    assert_eq!((came.ended, came.fault.as_ref().unwrap().class()), (Some((false, false)), FaultClass::Partial));
    assert_eq!((lines.len(), came.balances), (3, Some(0)), "{lines:?}");
}

#[tokio::test]
async fn a_second_page_that_is_refused_keeps_the_first() {
    let (kept, fault, _) = fetch(&["A"], date(2026, 11, 10), |asked| match asked.line.as_str() {
        line if line.contains("/balances") => no_balances(),
        line if line.contains("continuation_key") => error(422, "WRONG_CONTINUATION_KEY"),
        _ => page(&["a"], Some("two")),
    })
    .await;
    let came = &kept.0["A"];
    assert!(fault.is_none());
    assert_eq!((names(&kept, "A"), came.ended), (vec!["a".into()], Some((false, false))));
    assert_eq!(came.fault.as_ref().unwrap().code(), "enablebanking.page_failed");
    assert_eq!(came.balances, Some(0), "and the balance is asked for");
}

#[tokio::test]
async fn a_period_that_is_refused_is_shortened_and_said_to_be_cut() {
    let (kept, fault, lines) = fetch(&["A"], date(2026, 9, 1), |asked| match asked.line.as_str() {
        line if line.contains("/balances") => no_balances(),
        line if line.contains("date_from=2026-10-21") => page(&["a"], None),
        _ => (422, json!({ "message": "x", "code": "PERIOD_INVALID" }).to_string()),
    })
    .await;
    assert!(fault.is_none());
    assert_eq!(kept.0["A"].ended, Some((false, true)));
    let days: Vec<_> = lines.iter().filter_map(|line| line.split_once("date_from=")).map(|(_, day)| day).collect();
    assert_eq!(days, ["2026-09-01", "2026-09-21", "2026-10-21"]);
}

#[tokio::test]
async fn a_long_history_is_asked_for_at_once_and_early_rows_are_left_out() {
    let (kept, _, lines) = fetch(&["A"], date(2026, 11, 19), |asked| match asked.line.as_str() {
        line if line.contains("/balances") => no_balances(),
        _ => page(&["early"], None),
    })
    .await;
    assert!(names(&kept, "A").is_empty() && !lines[0].contains("strategy"), "{lines:?}");
    let (_, _, lines) = fetch(&["A"], date(2025, 11, 19), |asked| match asked.line.as_str() {
        line if line.contains("/balances") => no_balances(),
        _ => page(&[], None),
    })
    .await;
    assert_eq!(lines[0], "GET /accounts/A/transactions?date_from=2025-11-19&strategy=longest");
}

#[tokio::test]
async fn of_an_account_that_is_not_known_its_session_is_asked_about() {
    let answers = |status: &'static str| {
        move |asked: &Asked| match asked.line.as_str() {
            "GET /sessions/s-1" => (200, json!({ "status": status }).to_string()),
            line if line.starts_with("GET /accounts/A/") => error(404, "ACCOUNT_DOES_NOT_EXIST"),
            line if line.contains("/balances") => no_balances(),
            _ => page(&["b"], None),
        }
    };
    let (kept, fault, _) = fetch(&["A", "B"], date(2026, 11, 10), answers("AUTHORIZED")).await;
    assert!(fault.is_none());
    assert_eq!(kept.0["A"].fault.as_ref().unwrap().class(), FaultClass::Gone);
    assert_eq!(names(&kept, "B"), ["b"]);
    for status in ["EXPIRED", "CLOSED", "REVOKED", "INVALID", "CANCELLED"] {
        let (kept, fault, _) = fetch(&["A", "B"], date(2026, 11, 10), answers(status)).await;
        assert_eq!(fault.unwrap().code(), problem::CONSENT_ENDED, "{status}");
        assert!(!kept.0.contains_key("B"), "{status}");
    }
    // Where nobody knows, nobody is blamed.
    let (kept, _, _) = fetch(&["A"], date(2026, 11, 10), |asked| match asked.line.as_str() {
        "GET /sessions/s-1" => (502, "<html>".to_owned()),
        _ => error(404, "ACCOUNT_DOES_NOT_EXIST"),
    })
    .await;
    assert_eq!(kept.0["A"].fault.as_ref().unwrap().class(), FaultClass::RetryLater);
}
