use std::collections::BTreeMap;

use async_trait::async_trait;
use bankside_domain::fault::FaultClass;
use bankside_domain::quota::Presence;
use bankside_domain::row::RowStatus;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::scripted::{BANK, Scripted, card, checking};
use crate::connector::{Connector, FetchEnd};
use crate::fault::Fault;
use crate::fetch::{AccountRequest, FetchEvent, FetchPlan, FetchedBalance, RawRow, Sink, SinkClosed};
use crate::sophtron::Sophtron;
use crate::sophtron::owed::Owed;
use crate::sophtron::remote::Remote;

#[derive(Default)]
struct Brought {
    rows: Vec<RawRow>,
    ended: Option<(bool, bool)>,
    balances: Vec<FetchedBalance>,
    fault: Option<Fault>,
}

impl Brought {
    fn told(&self) -> Option<(FaultClass, &str)> {
        self.fault.as_ref().map(|fault| (fault.class(), fault.code()))
    }
}

#[derive(Default)]
struct Keeping(BTreeMap<String, Brought>);

#[async_trait]
impl Sink for Keeping {
    async fn accept(&mut self, account: &str, event: FetchEvent) -> Result<(), SinkClosed> {
        let brought = self.0.entry(account.to_owned()).or_default();
        match event {
            FetchEvent::Step(_) | FetchEvent::Bills(_) => {}
            FetchEvent::Rows(rows) => brought.rows.extend(rows),
            FetchEvent::RowsEnd { booked_complete, pending_complete } => {
                brought.ended = Some((booked_complete, pending_complete));
            }
            FetchEvent::Balances(balances) => brought.balances.extend(balances),
            FetchEvent::Fault(fault) => brought.fault = Some(fault),
        }
        Ok(())
    }
}

/// A login that was connected long ago.
fn remote() -> Remote {
    Remote {
        login: "login-1".to_owned(),
        made_here: true,
        dollar: "USD".parse().ok(),
        owed: Owed::new(),
        read_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        job: None,
        asked_at: None,
        asks_every_time: false,
    }
}

/// What came of both accounts, and the fault that ended the fetch.
async fn fetch(sophtron: &Scripted, remote: &Remote, presence: Presence) -> (Keeping, Option<Fault>) {
    let request = |id: &str| AccountRequest {
        provider_account_id: id.to_owned(),
        from: jiff::civil::date(2026, 11, 1),
        failures_before: 0,
    };
    let accounts = vec![request("a-1"), request("a-2")];
    let plan = FetchPlan { institution_key: BANK.to_owned(), accounts, presence };
    let mut sink = Keeping::default();
    match Sophtron.fetch(&sophtron.cx(), &remote.to_ref().unwrap(), &plan, &mut sink).await {
        Ok(()) => (sink, None),
        Err(FetchEnd::Fault(fault)) => (sink, Some(fault)),
        Err(FetchEnd::Closed(_)) => panic!("nobody has closed it"),
    }
}

fn rows() -> Value {
    json!([
        {"TransactionID": "t-1", "Amount": -12.34, "TransactionDate": "2026-11-05T00:00:00", "Status": "Posted"},
        {"TransactionID": "t-2", "Amount": -5, "TransactionDate": "2026-10-30", "PostDate": "2026-11-01"},
        {"TransactionID": "t-3", "Amount": -6, "TransactionDate": "2026-10-30", "PostDate": "2026-10-31"},
        {"TransactionID": "t-4", "Amount": -7, "TransactionDate": "2026-10-28", "Status": "Pending"}
    ])
}

fn scripted(jobs: &[Value]) -> Scripted {
    let sophtron = Scripted::new(&[("GetTransactionsByTransactionDate", rows())]);
    sophtron.jobs(jobs);
    sophtron
}

fn running() -> Value {
    json!({"SuccessFlag": null, "LastStatus": "Started"})
}

fn finished() -> Value {
    json!({"SuccessFlag": true})
}

fn is_whole(brought: &Keeping) -> bool {
    brought.0.len() == 2 && brought.0.values().all(|one| one.ended == Some((true, true)) && !one.rows.is_empty())
}

#[tokio::test]
async fn the_bank_is_read_anew_before_its_rows_are() {
    let sophtron = scripted(&[running(), json!({"LastStatus": "AccountsReady"}), finished()]);
    let before = sophtron.cx().ambient.now();
    let (brought, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
    assert!(end.is_none() && is_whole(&brought));
    assert!(
        sophtron.cx().ambient.now().duration_since(before) >= SignedDuration::from_secs(10),
        "between looks it waits"
    );
    let calls = sophtron.bodies();
    let endpoints: Vec<_> = calls.iter().map(|(endpoint, _)| endpoint.as_str()).collect();
    let job = "GetJobInformationByID";
    let transactions = "GetTransactionsByTransactionDate";
    assert_eq!(
        endpoints,
        ["RefreshUserInstitution", job, job, job, "GetUserInstitutionAccounts", transactions, transactions]
    );
    assert_eq!(calls[5].1, json!({"AccountID": "a-1", "StartDate": "2026-10-25", "EndDate": "2026-11-21"}));
    assert_eq!(sophtron.debits(), 7, "each call is counted");

    let account = &brought.0["a-1"];
    let got: Vec<_> = account.rows.iter().map(|row| (row.status, String::from_utf8_lossy(&row.bytes))).collect();
    assert_eq!(got.len(), 3, "what was posted before the window is none of it");
    assert!(got[1].1.contains("t-2") && got[2] == (RowStatus::Pending, got[2].1.clone()));
    let minor = |id: &str| brought.0[id].balances.iter().map(|balance| balance.amount.minor).collect::<Vec<_>>();
    assert_eq!((minor("a-1"), minor("a-2")), (vec![123_456, 110_000], vec![-25_010]));
    assert!(brought.0.values().all(|one| one.fault.is_none()));
}

#[tokio::test]
async fn what_sophtron_has_is_kept_whatever_becomes_of_the_reading() {
    let asks = json!({"SuccessFlag": null, "TokenSentFlag": true, "LastStatus": "Started"});
    let signed_out = json!({"SuccessFlag": false, "LastStep": "LogInPanel", "LastStatus": "Completed"});
    let late = json!({"SuccessFlag": false, "LastStep": "LogInPanel", "LastStatus": "Timeout"});
    for (job, class, code, whole) in [
        (asks, FaultClass::NeedsUser, "sophtron.asks_person", true),
        (signed_out, FaultClass::NeedsUser, "sophtron.sign_in_refused", true),
        (late, FaultClass::RetryLater, "sophtron.job_failed", true),
        (running(), FaultClass::RetryLater, "sophtron.job_running", false),
    ] {
        let sophtron = scripted(&[job]);
        let (brought, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
        assert!(end.is_none());
        for one in brought.0.values() {
            assert_eq!(
                (one.rows.len(), one.ended, one.balances.is_empty()),
                (3, Some((whole, whole)), false),
                "{code}"
            );
            assert_eq!(one.told(), Some((class, code)));
        }
        let message = &brought.0["a-1"].fault.as_ref().unwrap().record().message;
        assert!(message.ends_with("What is here is of 2026-11-19."), "{message}");
        let looks = sophtron.called().iter().filter(|endpoint| *endpoint == "GetJobInformationByID").count();
        assert!(looks <= 10, "{looks} looks");
    }
}

#[tokio::test]
async fn a_bank_that_asks_every_time_is_read_only_when_it_is_renewed() {
    let manual = Remote { asks_every_time: true, ..remote() };
    let sophtron = scripted(&[finished()]);
    let (brought, end) = fetch(&sophtron, &manual, Presence::Unattended).await;
    assert!(end.is_none() && is_whole(&brought) && brought.0.values().all(|one| one.fault.is_none()));
    let (brought, _) = fetch(&sophtron, &manual, Presence::PersonPresent).await;
    let told = Some((FaultClass::NeedsUser, "sophtron.asks_every_time"));
    assert!(is_whole(&brought) && brought.0.values().all(|one| one.told() == told), "who looks is told");
    sophtron.time.pass(8 * 86_400);
    let (brought, _) = fetch(&sophtron, &manual, Presence::Unattended).await;
    assert_eq!((brought.0["a-1"].told(), brought.0["a-2"].told()), (told, None), "and when it has been long");
    assert!(!sophtron.called().contains(&"RefreshUserInstitution".to_owned()), "nobody is asked for a code in vain");
}

#[tokio::test]
async fn right_after_connecting_the_job_that_goes_on_is_waited_for() {
    let sophtron = scripted(&[running(), finished()]);
    let now: Timestamp = sophtron.cx().ambient.now();
    let fresh = Remote { read_at: Some(now), job: Some("job-1".to_owned()), ..remote() };
    let (brought, _) = fetch(&sophtron, &fresh, Presence::PersonPresent).await;
    assert!(is_whole(&brought));
    let calls = sophtron.bodies();
    assert_eq!((calls[0].0.as_str(), &calls[0].1), ("GetJobInformationByID", &json!({"JobID": "job-1"})));
    fetch(&sophtron, &Remote { job: None, ..fresh }, Presence::PersonPresent).await;
    assert_eq!(sophtron.called()[0], "GetUserInstitutionAccounts");
    sophtron.time.pass(3600);
    fetch(&sophtron, &Remote { read_at: Some(now), ..remote() }, Presence::Unattended).await;
    assert_eq!(sophtron.called()[0], "RefreshUserInstitution");
}

#[tokio::test]
async fn without_a_job_there_is_nothing_to_wait_for() {
    for answer in [json!({"JobID": ""}), json!({"JobID": null}), json!({})] {
        let sophtron = scripted(&[]);
        sophtron.answers("RefreshUserInstitution", &answer);
        let (brought, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
        assert!(end.is_none() && is_whole(&brought));
        assert!(!sophtron.called().contains(&"GetJobInformationByID".to_owned()));
    }
}

#[tokio::test]
async fn a_call_that_fails_costs_what_it_was_for() {
    let later = Some((FaultClass::RetryLater, "sophtron.down"));
    // The reading anew: rows and balances come, and it is told.
    let sophtron = scripted(&[]);
    sophtron.answers_each("RefreshUserInstitution", &[(502, String::new())]);
    let (brought, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
    assert!(end.is_none() && is_whole(&brought) && brought.0.values().all(|one| one.told() == later));
    assert_eq!(brought.0["a-1"].fault.as_ref().unwrap().http_status(), Some(502));
    // The accounts: rows come.
    let sophtron = scripted(&[finished()]);
    sophtron.answers_each("GetUserInstitutionAccounts", &[(502, String::new())]);
    let (brought, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
    assert!(end.is_none() && is_whole(&brought));
    assert!(brought.0.values().all(|one| one.told() == later && one.balances.is_empty()));
    // One account's rows: the other's come.
    let sophtron = scripted(&[finished()]);
    let answers = [(502, String::new()), (200, rows().to_string())];
    sophtron.answers_each("GetTransactionsByTransactionDate", &answers);
    let (brought, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
    assert!(end.is_none());
    assert_eq!((brought.0["a-1"].told(), brought.0["a-2"].told()), (later, None));
    // A job that is forgotten has brought nothing.
    let sophtron = scripted(&[]);
    sophtron.answers_each("GetJobInformationByID", &[(404, String::new())]);
    let (brought, _) = fetch(&sophtron, &remote(), Presence::Unattended).await;
    assert!(is_whole(&brought));
    assert_eq!(brought.0["a-1"].told(), Some((FaultClass::RetryLater, "sophtron.job_failed")));
    // A look at the job is made again.
    let sophtron = scripted(&[]);
    sophtron.answers_each("GetJobInformationByID", &[(502, String::new()), (200, finished().to_string())]);
    let (brought, _) = fetch(&sophtron, &remote(), Presence::Unattended).await;
    assert!(is_whole(&brought) && brought.0.values().all(|one| one.fault.is_none()));
}

#[tokio::test]
async fn accounts_that_are_not_there_or_not_tracked_say_so_and_the_others_come() {
    let mut hidden = card();
    hidden["status"] = json!("Untracked");
    for (list, code) in
        [(json!([checking(), hidden]), "sophtron.untracked"), (json!([checking()]), "sophtron.account_gone")]
    {
        let sophtron = scripted(&[finished()]);
        sophtron.answers("GetUserInstitutionAccounts", &list);
        let (brought, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
        assert!(end.is_none() && brought.0["a-1"].fault.is_none());
        assert_eq!(brought.0["a-2"].fault.as_ref().unwrap().code(), code);
        assert!(brought.0["a-2"].ended.is_none());
    }
}

#[tokio::test]
async fn what_meets_all_ends_the_fetch() {
    for (endpoint, status, class) in [
        ("RefreshUserInstitution", 404, FaultClass::Gone),
        ("GetUserInstitutionAccounts", 404, FaultClass::Gone),
        ("GetTransactionsByTransactionDate", 401, FaultClass::NeedsOperator),
    ] {
        let sophtron = scripted(&[finished()]);
        sophtron.answers_each(endpoint, &[(status, String::new())]);
        let (_, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
        assert_eq!(end.unwrap().class(), class, "{endpoint}");
    }
}

#[tokio::test]
async fn a_limit_is_waited_for_where_that_is_soon() {
    let sophtron = scripted(&[finished()]);
    let limit = (429, String::new());
    sophtron.answers_each("GetTransactionsByTransactionDate", &[limit.clone(), (200, rows().to_string())]);
    let (brought, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
    assert!(end.is_none() && is_whole(&brought));
    sophtron.answers_each("GetTransactionsByTransactionDate", &[limit]);
    let (_, end) = fetch(&sophtron, &remote(), Presence::Unattended).await;
    let fault = end.unwrap();
    assert_eq!(fault.class(), FaultClass::RateLimited);
    assert!(fault.record().retry_at.is_some());
}
