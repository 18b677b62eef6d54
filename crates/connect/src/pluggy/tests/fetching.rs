//! Fetching rows and balances.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bankside_domain::bill::Bill;
use bankside_domain::fault::FaultClass;
use bankside_domain::quota::Presence;
use bankside_domain::row::RowStatus;

use super::peer::{Asked, Peer};
use super::{BANK, CARD, ITEM, Pluggy, Remote, bank_account, card, item, refusal, updated};
use crate::connector::{Connector as _, FetchEnd};
use crate::fault::Fault;
use crate::fetch::{AccountRequest, FetchEvent, FetchPlan, Sink, SinkClosed};

/// What came of one account.
#[derive(Default)]
struct Brought {
    rows: Vec<(RowStatus, String)>,
    ended: Option<(bool, bool)>,
    balance: Option<i64>,
    bills: Vec<Bill>,
    fault: Option<Fault>,
}

#[derive(Default)]
struct Keeping(BTreeMap<String, Brought>);

#[async_trait]
impl Sink for Keeping {
    async fn accept(&mut self, account: &str, event: FetchEvent) -> Result<(), SinkClosed> {
        let brought = self.0.entry(account.to_owned()).or_default();
        match event {
            FetchEvent::Step(_) => {}
            FetchEvent::Rows(rows) => brought.rows.extend(rows.into_iter().map(|row| {
                let read: serde_json::Value = serde_json::from_slice(&row.bytes).unwrap();
                (row.status, read["id"].as_str().unwrap_or_default().to_owned())
            })),
            FetchEvent::RowsEnd { booked_complete, pending_complete } => {
                brought.ended = Some((booked_complete, pending_complete));
            }
            FetchEvent::Balances(balances) => brought.balance = balances.first().map(|balance| balance.amount.minor),
            FetchEvent::Bills(bills) => brought.bills.extend(bills),
            FetchEvent::Fault(fault) => brought.fault = Some(fault),
        }
        Ok(())
    }
}

async fn fetched(peer: &Peer) -> (BTreeMap<String, Brought>, Option<Fault>) {
    let remote = Remote { item: ITEM.to_owned() }.keep().unwrap();
    let request = |id: &str| AccountRequest {
        provider_account_id: id.to_owned(),
        from: jiff::civil::date(2026, 11, 1),
        failures_before: 0,
    };
    let plan = FetchPlan {
        institution_key: "601".to_owned(),
        accounts: vec![request(BANK), request(CARD)],
        presence: Presence::Unattended,
    };
    let mut sink = Keeping::default();
    match Pluggy.fetch(&peer.cx(), &remote, &plan, &mut sink).await {
        Ok(()) => (sink.0, None),
        Err(FetchEnd::Fault(fault)) => (sink.0, Some(fault)),
        Err(FetchEnd::Closed(closed)) => panic!("{closed}"),
    }
}

fn row(id: &str, day: &str, status: &str) -> String {
    format!(r#"{{"id":"{id}","date":"{day}","amount":-10,"type":"DEBIT","status":"{status}","currencyCode":"BRL"}}"#)
}

fn page(rows: &[String], next: &str) -> (u16, String) {
    (200, format!(r#"{{"results":[{}],"next":{next}}}"#, rows.join(",")))
}

/// A peer whose rows are answered so; the item and the accounts are well.
async fn with_rows(rows: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Peer {
    Peer::open(move |asked| match rows(asked) {
        (0, _) => others(asked),
        answer => answer,
    })
    .await
}

fn others(asked: &Asked) -> (u16, String) {
    match asked.line.as_str() {
        line if line.starts_with("GET /items/") => (200, updated(ITEM)),
        line if line == format!("GET /accounts/{BANK}") => (200, bank_account()),
        line if line == format!("GET /accounts/{CARD}") => (200, card()),
        line if line.starts_with("GET /v2/transactions?") => page(&[], "null"),
        _ => (0, String::new()),
    }
}

fn ids(brought: &Brought) -> Vec<&str> {
    brought.rows.iter().map(|(_, id)| id.as_str()).collect()
}

fn of_bank(asked: &Asked) -> bool {
    asked.line.starts_with(&format!("GET /v2/transactions?accountId={BANK}&"))
}

#[tokio::test]
async fn all_pages_come_with_the_same_filters_and_the_balances_after_them() {
    let peer = with_rows(|asked| match asked.line.split_once("after=") {
        _ if !of_bank(asked) => (0, String::new()),
        None => page(&[row("a", "2026-11-20T03:00:00.000Z", "POSTED")], r#""?accountId=x&after=a%2Bb%3D""#),
        Some((_, "a%2Bb%3D")) => page(&[row("b", "2026-11-02T12:00:00.000Z", "PENDING")], "null"),
        Some(other) => panic!("{other:?}"),
    })
    .await;
    let (brought, fault) = fetched(&peer).await;
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!(ids(&brought[BANK]), ["a", "b"]);
    assert_eq!((brought[BANK].ended, brought[BANK].balance), (Some((true, true)), Some(150_025)));
    assert_eq!((brought[CARD].ended, brought[CARD].balance), (Some((true, true)), Some(-14_241)));
    let lines: Vec<_> = peer.asked().into_iter().map(|asked| asked.line).collect();
    let first = format!("GET /v2/transactions?accountId={BANK}&dateFrom=2026-09-21");
    assert_eq!(lines[1..3], [first.clone(), format!("{first}&after=a%2Bb%3D")]);
    assert!(peer.asked().iter().all(|asked| asked.key == "key 0"));
    assert_eq!(peer.keys_bought(), 1);
}

#[tokio::test]
async fn booked_rows_are_of_the_banks_days_and_pending_ones_are_all_there() {
    let peer = with_rows(|asked| {
        if !of_bank(asked) {
            return (0, String::new());
        }
        let to_come = r#"{"id":"part","date":"2026-12-10T03:00:00.000Z","amount":10,"type":"DEBIT","status":"POSTED"}"#;
        let rows = [
            row("first", "2026-11-01T03:00:00.000Z", "POSTED"),
            row("the day before in São Paulo", "2026-11-01T02:59:00.000Z", "POSTED"),
            row("open bill", "2026-10-02T03:00:00.000Z", "PENDING"),
            to_come.to_owned(),
            row("announced", "2026-11-25T03:00:00.000Z", "PENDING"),
            row("monday", "2026-11-23T03:00:00.000Z", "POSTED"),
            r#"{"id":"undated"}"#.to_owned(),
            changed("closed bill", "2026-10-02T03:00:00.000Z", "2026-11-05T09:00:00.000Z"),
            changed("known long since", "2026-10-02T03:00:00.000Z", "2026-10-31T09:00:00.000Z"),
        ];
        page(&rows, "null")
    })
    .await;
    let (brought, _) = fetched(&peer).await;
    let rows: Vec<_> = brought[BANK].rows.iter().map(|(status, id)| (id.as_str(), *status)).collect();
    let expected = [
        ("first", RowStatus::Booked),
        ("open bill", RowStatus::Pending),
        ("part", RowStatus::Scheduled),
        ("announced", RowStatus::Scheduled),
        ("monday", RowStatus::Booked),
        ("undated", RowStatus::Booked),
        ("closed bill", RowStatus::Booked),
    ];
    assert_eq!(rows, expected);
}

fn changed(id: &str, day: &str, at: &str) -> String {
    let made = "2026-10-02T09:00:00.000Z";
    let row = row(id, day, "POSTED");
    format!(r#"{},"createdAt":"{made}","updatedAt":"{at}"}}"#, row.trim_end_matches('}'))
}

#[tokio::test]
async fn what_came_with_the_first_reading_of_an_item_is_no_news() {
    let made = r#""status":"UPDATED","createdAt":"2026-11-05T08:00:00.000Z""#;
    let peer = with_rows(move |asked| match asked.line.starts_with("GET /items/") {
        true => (200, item(ITEM, made)),
        false if of_bank(asked) => {
            let old = "2026-10-02T03:00:00.000Z";
            let rows =
                [changed("first", old, "2026-11-05T09:00:00.000Z"), changed("late", old, "2026-11-07T09:00:00.000Z")];
            page(&rows, "null")
        }
        false => (0, String::new()),
    })
    .await;
    assert_eq!(ids(&fetched(&peer).await.0[BANK]), ["late"]);
}

#[tokio::test]
async fn while_the_bank_is_read_nothing_is_complete() {
    let reading = r#""status":"UPDATING","executionStatus":"MERGING","lastUpdatedAt":"2026-11-19T09:00:00.000Z""#;
    let peer =
        with_rows(
            move |asked| {
                if asked.line.starts_with("GET /items/") { (200, item(ITEM, reading)) } else { (0, String::new()) }
            },
        )
        .await;
    let (brought, fault) = fetched(&peer).await;
    assert!(fault.is_none());
    assert_eq!(brought[BANK].ended, Some((false, false)));
}

#[tokio::test]
async fn an_account_that_fails_keeps_what_came_and_leaves_the_others_alone() {
    let peer = with_rows(|asked| match asked.line.contains("after=") {
        _ if !of_bank(asked) => (0, String::new()),
        false => page(&[row("a", "2026-11-20T03:00:00.000Z", "POSTED")], r#""?after=2""#),
        true => (500, r#"{"code":500,"codeDescription":"INTERNAL_SERVER_ERROR","message":"m"}"#.to_owned()),
    })
    .await;
    let (brought, fault) = fetched(&peer).await;
    assert!(fault.is_none());
    assert_eq!((ids(&brought[BANK]), brought[BANK].ended), (vec!["a"], None));
    assert_eq!(brought[BANK].fault.as_ref().map(Fault::class), Some(FaultClass::RetryLater));
    assert!(brought[CARD].fault.is_none() && brought[CARD].ended.is_some());
}

#[tokio::test]
async fn a_way_of_pages_without_an_end_is_told() {
    for (next, code) in [(r#""?after=1""#, "pluggy.cursor_loop"), (r#""?accountId=1""#, "pluggy.no_cursor")] {
        let peer = with_rows(move |asked| if of_bank(asked) { page(&[], next) } else { (0, String::new()) }).await;
        let (brought, _) = fetched(&peer).await;
        let fault = brought[BANK].fault.as_ref().unwrap();
        assert_eq!((fault.class(), fault.code()), (FaultClass::Bug, code));
        assert!(brought[BANK].ended.is_none());
        assert!(peer.asked().len() <= 6, "{}", peer.asked().len());
    }
}

#[tokio::test]
async fn answers_that_are_none_blame_nobody() {
    for (body, code) in [
        ("", "pluggy.cut_short"),
        (r#"{"results":[{"id""#, "pluggy.cut_short"),
        ("<html>", "pluggy.intercepted"),
        ("{}", "pluggy.unreadable"),
        (r#"{"results":null}"#, "pluggy.unreadable"),
    ] {
        let peer =
            with_rows(move |asked| if of_bank(asked) { (200, body.to_owned()) } else { (0, String::new()) }).await;
        let (brought, _) = fetched(&peer).await;
        let fault = brought[BANK].fault.as_ref().unwrap();
        assert_eq!(fault.code(), code, "{body}");
        assert!(matches!(fault.class(), FaultClass::RetryLater | FaultClass::Bug));
        assert!(brought[CARD].ended.is_some());
    }
}

#[tokio::test]
async fn the_old_endpoint_is_asked_only_where_there_is_no_other() {
    let old = |page: usize, id: &str| {
        let row = row(id, "2026-11-20T03:00:00.000Z", "POSTED");
        (200, format!(r#"{{"results":[{row}],"page":{page},"total":2,"totalPages":2}}"#))
    };
    let peer = with_rows(move |asked| match asked.line.as_str() {
        line if line.starts_with("GET /v2/") => (404, r#"{"code":404,"message":"Cannot GET"}"#.to_owned()),
        line if line.starts_with("GET /transactions?") && line.contains("page=1&pageSize=500") => old(1, "a"),
        line if line.starts_with("GET /transactions?") && line.contains("page=2&pageSize=500") => old(2, "b"),
        _ => (0, String::new()),
    })
    .await;
    let (brought, _) = fetched(&peer).await;
    assert_eq!((ids(&brought[BANK]), brought[BANK].ended), (vec!["a", "b"], Some((true, true))));

    let switched_off = refusal(410, "ENDPOINT_DEPRECATED");
    let peer = with_rows(move |asked| match asked.line.as_str() {
        line if line.starts_with("GET /v2/") => (404, r#"{"code":404,"message":"Not found"}"#.to_owned()),
        line if line.starts_with("GET /transactions?") => switched_off.clone(),
        _ => (0, String::new()),
    })
    .await;
    let (brought, _) = fetched(&peer).await;
    let fault = brought[BANK].fault.as_ref().unwrap();
    assert_eq!((fault.class(), fault.code()), (FaultClass::Gone, "pluggy.account_gone"));
    let old = peer.asked().into_iter().filter(|asked| asked.line.starts_with("GET /transactions?")).count();
    assert_eq!(old, 2, "once for each account");

    let peer =
        with_rows(|asked| if of_bank(asked) { refusal(404, "ACCOUNT_NOT_FOUND") } else { (0, String::new()) }).await;
    let (brought, _) = fetched(&peer).await;
    assert_eq!(brought[BANK].fault.as_ref().map(Fault::code), Some("pluggy.account_gone"));
    assert!(!peer.asked().iter().any(|asked| asked.line.starts_with("GET /transactions?")));
    let peer =
        with_rows(|asked| if of_bank(asked) { refusal(410, "ENDPOINT_DEPRECATED") } else { (0, String::new()) }).await;
    let (brought, _) = fetched(&peer).await;
    assert_eq!(brought[BANK].fault.as_ref().map(Fault::code), Some("pluggy.switched_off"));
    assert_eq!(peer.asked().iter().filter(|asked| of_bank(asked)).count(), 1);
}

#[tokio::test]
async fn a_key_that_is_refused_is_replaced_once() {
    let unauthorised = || (401, r#"{"code":401,"message":"Unauthorized"}"#.to_owned());
    let peer = with_rows(
        move |asked| {
            if asked.key == "key 0" && of_bank(asked) { unauthorised() } else { (0, String::new()) }
        },
    )
    .await;
    let (brought, fault) = fetched(&peer).await;
    assert!(fault.is_none() && brought[BANK].fault.is_none());
    assert_eq!(peer.keys_bought(), 2);
    let peer = with_rows(move |asked| if of_bank(asked) { unauthorised() } else { (0, String::new()) }).await;
    let (brought, fault) = fetched(&peer).await;
    assert_eq!(fault.map(|fault| fault.class()), Some(FaultClass::RetryLater));
    assert!(!brought.contains_key(CARD));
    assert_eq!((peer.asked().len(), peer.keys_bought()), (3, 2));
}

#[tokio::test]
async fn a_limit_is_waited_for_where_that_is_soon() {
    let limited = || (429, r#"{"message":"Too many requests.","code":429}"#.to_owned());
    let peer =
        with_rows(move |asked| if of_bank(asked) && asked.before == 0 { limited() } else { (0, String::new()) }).await;
    let (brought, fault) = fetched(&peer).await;
    assert!(fault.is_none() && brought[BANK].ended.is_some());
    let peer = with_rows(move |asked| if of_bank(asked) { limited() } else { (0, String::new()) }).await;
    let (brought, fault) = fetched(&peer).await;
    let fault = fault.unwrap();
    assert_eq!((fault.class(), fault.code()), (FaultClass::RateLimited, "pluggy.rate_limited"));
    assert!(fault.record().retry_at.is_some() && !brought.contains_key(CARD));
}

#[tokio::test]
async fn what_an_item_still_has_is_read_before_its_fault_is_told() {
    let cases = [
        (
            r#""status":"LOGIN_ERROR","error":{"code":"INVALID_CREDENTIALS"}"#,
            FaultClass::NeedsUser,
            "pluggy.login_error",
        ),
        (r#""status":"OUTDATED","executionStatus":"SITE_NOT_AVAILABLE""#, FaultClass::RetryLater, "pluggy.bank_down"),
        (
            r#""status":"OUTDATED","executionStatus":"USER_AUTHORIZATION_REVOKED""#,
            FaultClass::NeedsUser,
            "pluggy.revoked",
        ),
    ];
    for (fields, class, code) in cases {
        let peer = with_rows(move |asked| match asked.line.starts_with("GET /items/") {
            true => (200, item(ITEM, fields)),
            false if of_bank(asked) => page(&[row("a", "2026-11-20T03:00:00.000Z", "POSTED")], "null"),
            false => (0, String::new()),
        })
        .await;
        let (brought, fault) = fetched(&peer).await;
        assert_eq!(fault.map(|fault| (fault.class(), fault.code().to_owned())), Some((class, code.to_owned())));
        assert_eq!((ids(&brought[BANK]), brought[CARD].ended), (vec!["a"], Some((true, true))));
    }
    let first = r#""status":"UPDATING","executionStatus":"CREATED""#;
    let peer =
        with_rows(
            move |asked| {
                if asked.line.starts_with("GET /items/") { (200, item(ITEM, first)) } else { (0, String::new()) }
            },
        )
        .await;
    let (brought, fault) = fetched(&peer).await;
    assert!(fault.is_some_and(|fault| fault.class() == FaultClass::Busy && fault.record().retry_at.is_some()));
    assert!(brought.is_empty());
    let peer = Peer::open(|_| (0, String::new())).await;
    let (_, fault) = fetched(&peer).await;
    assert_eq!(fault.map(|fault| fault.class()), Some(FaultClass::Gone));
}

#[tokio::test]
async fn a_partial_reading_is_told_of_its_account_alone() {
    let fields = r#""status":"UPDATED","executionStatus":"PARTIAL_SUCCESS","statusDetail":{
        "accounts":{"isUpdated":true,"warnings":[]},"transactions":{"isUpdated":true,"warnings":[]},
        "creditCards":{"isUpdated":false,"warnings":[{"code":"001","message":"m","providerMessage":null}]}}"#;
    let peer =
        with_rows(
            move |asked| {
                if asked.line.starts_with("GET /items/") { (200, item(ITEM, fields)) } else { (0, String::new()) }
            },
        )
        .await;
    let (brought, fault) = fetched(&peer).await;
    assert!(fault.is_none() && brought[BANK].fault.is_none());
    assert_eq!(brought[CARD].fault.as_ref().map(Fault::class), Some(FaultClass::Partial));
    assert_eq!(brought[CARD].balance, Some(-14_241));
}

#[tokio::test]
async fn bills_of_a_card_come_after_its_rows_and_one_that_cannot_be_read_keeps_no_other_back() {
    let bill = r#"{"id":"b","dueDate":"2026-11-09T00:00:00","billClosingDate":"2026-10-28T00:00:00.000Z",
        "totalAmount":1234.5,"totalAmountCurrencyCode":"BRL"}"#;
    let strange = r#"{"id":"c","dueDate":"soon","totalAmount":1}"#;
    let peer = with_rows(move |asked| {
        let of_card = format!("GET /bills?accountId={CARD}&");
        if !asked.line.starts_with(&of_card) {
            assert!(!asked.line.starts_with("GET /bills"), "only cards have bills: {}", asked.line);
            return (0, String::new());
        }
        (200, format!(r#"{{"results":[{strange},{bill}],"page":1,"total":2,"totalPages":1}}"#))
    })
    .await;
    let (brought, fault) = fetched(&peer).await;
    assert!(fault.is_none(), "{fault:?}");
    let date = jiff::civil::date;
    let [bill] = brought[CARD].bills.as_slice() else { panic!("{:?}", brought[CARD].bills) };
    assert_eq!((bill.id.as_str(), bill.closed_on, bill.due_on), ("b", Some(date(2026, 10, 28)), date(2026, 11, 9)));
    assert_eq!((bill.owed.minor, bill.owed.currency.code.as_str()), (123_450, "BRL"));
}

#[tokio::test]
async fn a_card_whose_bills_cannot_be_had_keeps_its_rows_and_its_balance() {
    let peer = with_rows(|asked| match asked.line.as_str() {
        line if line.starts_with("GET /bills?") => (400, r#"{"code":400,"message":"no"}"#.to_owned()),
        _ => (0, String::new()),
    })
    .await;
    let (brought, fault) = fetched(&peer).await;
    assert!(fault.is_none(), "{fault:?}");
    assert_eq!((brought[CARD].ended, brought[CARD].balance), (Some((true, true)), Some(-14_241)));
    assert!(brought[CARD].fault.is_some() && brought[BANK].fault.is_none());
}
