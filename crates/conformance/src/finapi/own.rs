//! What finAPI alone has: a user that is made, forms that end in many ways, updates in the background, and rows that nobody sent.

use std::net::IpAddr;

use bankside_connect::connector::{Intent, Return};
use bankside_connect::{Connected, Fault, Input, Step, Visitor};
use bankside_domain::row::{MappedRow, Row, RowStatus};
use bankside_sandbox::ArmedFault;
use jiff::SignedDuration;

use super::*;
use crate::overheard::Overheard;
use crate::stand::{Ended, Fetched, Stand, link};

pub(super) async fn open(turned: Option<&str>) -> (Stand, Sandbox) {
    let open = Open::new(turned).await.unwrap();
    let sandbox = open.running.sandbox.clone();
    (Stand::new(Arc::new(FinApi), Box::new(open)).unwrap(), sandbox)
}

fn labels(sandbox: &Sandbox) -> Vec<&'static str> {
    sandbox.calls().iter().map(|call| call.label).collect()
}

pub(super) fn back() -> Return {
    Return {
        url: "http://127.0.0.1:5006/connect/callback".parse().unwrap(),
        reference: "a-reference".to_owned(),
        notice: None,
    }
}

fn told(fetched: &Fetched) -> Option<(&str, FaultClass)> {
    fetched.fault.as_ref().map(|fault| (fault.code(), fault.class()))
}

pub(super) async fn page(stand: &Stand) -> (Url, bankside_connect::FlowState) {
    let Step::Open(browser, state) = stand.meet(Scene::Page).await.unwrap() else { panic!("there is no page") };
    (link(&browser.url).unwrap(), state)
}

pub(super) async fn sign_in(sandbox: &Sandbox, link: &Url, user: &str) {
    let answers = Answers { user_id: user.to_owned(), ..Answers::default() };
    sandbox.visit(link, &answers).await.unwrap();
}

/// Case E 8 of the connector model: the form is finished, and the data is not there yet.
#[tokio::test]
async fn a_finished_form_waits_until_the_data_is_ready() {
    let (stand, sandbox) = open(None).await;
    let (link, state) = page(&stand).await;
    sign_in(&sandbox, &link, "somebody").await;
    sandbox.happen_at_finapi(FinApiEvent::Download { of: "*".into(), seconds: 120 }).unwrap();
    let step = stand.connector.resume(&stand.cx(), &state, Input::Callback(BTreeMap::new())).await.unwrap();
    let Step::Wait { state, message, .. } = step else { panic!("it does not wait: {step:?}") };
    assert_eq!(message, "finAPI is reading Nordhafen Bank.");
    assert!(!labels(&sandbox).contains(&"finapi/accounts"), "nothing is read before it is there");
    stand.simulator.clock().advance(SignedDuration::from_secs(120));
    let step = stand.connector.resume(&stand.cx(), &state, Input::Poll).await.unwrap();
    let Step::Done(connected) = step else { panic!("it is not done: {step:?}") };
    assert!(stand.fetch(&connected).await.any_fault().is_none());
}

fn mapped(stand: &Stand, connected: &Connected, account: &str, fetched: &Fetched) -> Vec<Row> {
    let rows = &fetched.of(account).unwrap().rows;
    let row = |raw| match stand.map(connected, account, raw).unwrap() {
        MappedRow::Readable(row) => *row,
        MappedRow::Unreadable { why } => panic!("{why}"),
    };
    rows.iter().map(row).collect()
}

/// Case E 14 of the connector model: what stands for rows that are not there is known as such.
#[tokio::test]
async fn adjusting_entries_are_told_apart() {
    let (stand, _) = open(None).await;
    let connected = stand.connect().await.unwrap();
    stand.simulator.clock().advance_days(160);
    let fetched = stand.fetch_from(&connected, stand.days_ago(200)).await;
    assert!(fetched.any_fault().is_none(), "{:?}", fetched.any_fault());
    let giro = connected.accounts[0].provider_account_id.as_str();
    let rows = mapped(&stand, &connected, giro, &fetched);
    let placeholders: Vec<_> = rows.iter().filter(|row| row.is_placeholder).collect();
    assert_eq!(placeholders.len(), 1);
    assert!(placeholders[0].amount.minor.abs() > 1000, "it would look like a payment");
}

/// The bank shows what it will book on a day to come among what is booked, and so does finAPI.
#[tokio::test]
async fn bookings_to_come_are_fetched_with_their_day() {
    let (stand, _) = open(None).await;
    let connected = stand.connect().await.unwrap();
    // The rent is on the first of a month that is a working day.
    while !(stand.today().tomorrow().unwrap().day() == 1 && stand.today().weekday().to_monday_zero_offset() < 4) {
        stand.simulator.clock().advance_days(1);
    }
    let fetched = stand.fetch(&connected).await;
    assert!(fetched.any_fault().is_none(), "{:?}", fetched.any_fault());
    let giro = connected.accounts[0].provider_account_id.as_str();
    let booked = stand.booked(&connected, giro, &fetched.of(giro).unwrap().rows).unwrap();
    assert!(booked.last().is_some_and(|(day, _)| *day > stand.today()), "{:?}", booked.last().map(|row| row.0));
}

#[tokio::test]
async fn one_user_is_made_for_an_organization_whatever_is_lost_on_the_way() {
    // What was made and not heard of is there with the next token; what never arrived is made with the same names.
    for (kind, calls) in [("answer_lost", 1), ("connection_closed", 2)] {
        let (stand, sandbox) = open(None).await;
        sandbox.arm(ArmedFault::new("finapi/users", kind)).unwrap();
        let lost = stand.meet(Scene::Usual).await;
        assert!(lost.is_err(), "{kind}");
        let connected = stand.connect().await.unwrap();
        assert!(stand.fetch(&connected).await.any_fault().is_none());
        assert_eq!(stand.keepsakes.all().len(), 1);
        let made = sandbox.calls().iter().filter(|call| call.label == "finapi/users").count();
        assert_eq!(made, calls, "{kind}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn addresses_of_forms_and_what_was_made_are_in_no_log() {
    let (stand, sandbox) = open(None).await;
    let overheard = Overheard::default();
    let link = {
        let _listening = overheard.listen();
        let (link, state) = page(&stand).await;
        sign_in(&sandbox, &link, "somebody").await;
        let step = stand.resume(&state, Input::Callback(BTreeMap::new())).await.unwrap();
        assert!(matches!(step, Step::Done(_)), "{step:?}");
        link
    };
    let heard = overheard.text();
    assert!(heard.contains("provider answered"));
    let form = link.path().rsplit('/').next().unwrap();
    let made: BTreeMap<String, String> = serde_json::from_str(&stand.keepsakes.all()[0]).unwrap();
    for secret in made.values().map(String::as_str).chain([form, "a-reference"]) {
        assert!(!heard.contains(secret), "a text of {} characters is in the log", secret.len());
    }
}

/// Ends a form in some way, and answers with how the flow ends.
async fn ended(how: impl AsyncFnOnce(&Stand, &Sandbox, &Url)) -> Result<String, Fault> {
    let (stand, sandbox) = open(None).await;
    let (link, state) = page(&stand).await;
    how(&stand, &sandbox, &link).await;
    match stand.resume(&state, Input::Poll).await.unwrap() {
        Step::Cancelled { message } => Ok(message),
        Step::Failed(fault) => Err(fault),
        other => panic!("it goes on to {other:?}"),
    }
}

#[tokio::test]
async fn forms_end_in_words() {
    let expired = ended(async |stand: &Stand, _: &Sandbox, _: &Url| {
        stand.simulator.clock().advance(SignedDuration::from_mins(31));
    });
    assert!(expired.await.unwrap().contains("time for the page"));
    let cancelled = ended(async |_: &Stand, sandbox: &Sandbox, link: &Url| {
        sandbox.visit(link, &Answers { cancels: true, ..Answers::default() }).await.unwrap();
    });
    assert!(cancelled.await.unwrap().contains("cancelled"));
    let refused = ended(async |_: &Stand, sandbox: &Sandbox, link: &Url| {
        // Three times the sign-in that the bank refuses.
        let _ = sandbox.visit(link, &Answers { user_id: "reject".into(), ..Answers::default() }).await;
        for _ in 0..2 {
            let _ = sandbox.visit(link, &Answers { user_id: "reject".into(), ..Answers::default() }).await;
        }
    });
    let fault = refused.await.unwrap_err();
    assert_eq!((fault.code(), fault.class()), ("finapi.bank_refused", FaultClass::NeedsUser));
    let twice = ended(async |stand: &Stand, sandbox: &Sandbox, link: &Url| {
        let (other, state) = page(stand).await;
        sign_in(sandbox, &other, "somebody").await;
        stand.resume(&state, Input::Poll).await.unwrap();
        sign_in(sandbox, link, "somebody").await;
    });
    let fault = twice.await.unwrap_err();
    assert_eq!((fault.code(), fault.class()), ("finapi.exists", FaultClass::NeedsUser));
}

#[tokio::test]
async fn what_comes_back_with_the_person_is_not_believed() {
    let (stand, _) = open(None).await;
    let (_, state) = page(&stand).await;
    let lies = [("status", "COMPLETED"), ("bankConnectionId", "100001"), ("error", "x"), ("webFormId", "y")];
    let lies: BTreeMap<String, String> = lies.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let step = stand.resume(&state, Input::Callback(lies)).await.unwrap();
    assert!(matches!(step, Step::Open(..)), "{step:?}");
}

/// That nobody can post to us is no reason not to connect: forms and updates are asked for without it.
#[tokio::test]
async fn an_address_for_notices_that_is_refused_keeps_nobody_from_connecting() {
    let (stand, _) = open(None).await;
    let connected = stand.connect().await.unwrap();
    let back = Return { notice: Some("http://money.example/connect/notice".parse().unwrap()), ..back() };
    for intent in
        [Intent::Hosted { name: "Household" }, Intent::Renew { institution_key: BANK.key, remote: &connected.remote }]
    {
        let step = stand.connector.begin(&stand.cx(), intent, &back).await.unwrap();
        let step = stand.settled(step).await.unwrap();
        assert!(matches!(step, Step::Open(..)), "{step:?}");
    }
}

#[tokio::test]
async fn a_form_that_was_filled_in_and_called_off_leaves_nothing() {
    let (stand, sandbox) = open(None).await;
    let (link, state) = page(&stand).await;
    sign_in(&sandbox, &link, "somebody").await;
    assert_eq!(sandbox.finapi_connections(), 1);
    stand.connector.abandon(&stand.cx(), &state).await.unwrap();
    assert_eq!(sandbox.finapi_connections(), 0);
    let connected = stand.connect().await.unwrap();
    let Step::Open(browser, state) = stand.begin_renewal(&connected).await.unwrap() else { panic!("there is no page") };
    sign_in(&sandbox, &link_of(&browser.url), &sandbox.finapi_sign_in_wanted(link_of(&browser.url).path()).unwrap())
        .await;
    stand.connector.abandon(&stand.cx(), &state).await.unwrap();
    assert_eq!(sandbox.finapi_connections(), 1, "what is only renewed stays");
}

fn link_of(url: &str) -> Url {
    link(url).unwrap()
}

/// Connects the test bank, whose person opens another account later.
async fn test_bank(stand: &Stand) -> Connected {
    let beginning = Beginning::New("280001".to_owned());
    let Step::Open(browser, state) = stand.begin_at(&beginning).await.unwrap() else { panic!("there is no page") };
    let back = visit_demo(stand, &browser.url).await;
    match stand.resume(&state, Input::Callback(back)).await.unwrap() {
        Step::Done(connected) => *connected,
        other => panic!("it goes on to {other:?}"),
    }
}

async fn visit_demo(stand: &Stand, url: &str) -> BTreeMap<String, String> {
    // The stand's own person has other names; at the test bank there is only one.
    let http = bankside_connect::http::Http::new(stand.simulator.ambient().clone()).unwrap();
    let steps = [
        "step=terms&terms=accepted",
        "step=login&user_id=demo&pin=demo",
        "step=method&method=sms",
        "step=code&code=123456",
    ];
    for step in steps {
        let call = bankside_connect::http::Call {
            method: axum::http::Method::POST,
            url: link_of(url),
            label: "page",
            proof: None,
            body: Some(bankside_connect::http::Body::Form(Secret::new(step))),
            person: Vec::new(),
            pace: None,
            address: bankside_connect::http::Address::Configured,
            patience: None,
        };
        assert!(http.call(&call).await.unwrap().status < 500);
    }
    BTreeMap::new()
}

#[tokio::test]
async fn a_renewal_tells_the_bank_who_is_there_and_finds_what_is_new() {
    let (stand, sandbox) = open(None).await;
    let before = test_bank(&stand).await;
    assert_eq!(before.accounts.len(), 3);
    sandbox.happen_at_finapi(FinApiEvent::OpenAccount { of: "280001".into() }).unwrap();
    let visitor =
        Visitor { address: IpAddr::from([192, 0, 2, 7]), user_agent: "Mozilla/5.0 (Windows NT 10.0)".to_owned() };
    let cx = bankside_connect::Cx { visitor: Some(&visitor), ..stand.cx() };
    let intent = Intent::Renew { institution_key: "280001", remote: &before.remote };
    let step = stand.connector.begin(&cx, intent, &back()).await.unwrap();
    let Step::Open(browser, state) = stand.settled(step).await.unwrap() else { panic!("there is no page") };
    assert!(browser.url.contains("redirectUrl=") && browser.url.contains("a-reference"), "the person comes back");
    visit_demo(&stand, &browser.url).await;
    let step = stand.resume(&state, Input::Callback(BTreeMap::new())).await.unwrap();
    let Step::Done(after) = step else { panic!("it goes on to {step:?}") };
    assert_eq!((after.accounts.len(), &after.remote), (4, &before.remote), "the same connection");
    assert!(after.consent.valid_until >= before.consent.valid_until);
}

#[tokio::test]
async fn an_update_that_wants_the_person_says_so_and_leaves_no_form() {
    let (stand, sandbox) = open(None).await;
    let connected = stand.connect().await.unwrap();
    stand.simulator.clock().advance_days(1);
    sandbox.happen_at_finapi(FinApiEvent::AskPerson { of: "*".into() }).unwrap();
    sandbox.forget_calls();
    let fetched = stand.fetch(&connected).await;
    assert_eq!(told(&fetched), Some(("finapi.sign_in_wanted", FaultClass::NeedsUser)));
    assert!(fetched.accounts.values().all(|brought| brought.ended == Some((true, true))), "what is there comes");
    let deleted = sandbox.calls().iter().any(|call| call.label == "finapi/webForms/id" && call.method == "DELETE");
    assert!(deleted, "nobody fills it in");
    let after = stand.renew(&connected).await.unwrap();
    assert!(stand.fetch(&after).await.any_fault().is_none());
}

#[tokio::test]
async fn a_bank_that_refuses_is_quoted_and_what_is_there_comes() {
    let (stand, sandbox) = open(None).await;
    let connected = stand.connect().await.unwrap();
    stand.simulator.clock().advance_days(1);
    sandbox.happen_at_finapi(FinApiEvent::Refuse { of: "*".into(), refuses: true }).unwrap();
    let fetched = stand.fetch(&connected).await;
    assert_eq!(told(&fetched), Some(("finapi.bank_refused", FaultClass::NeedsUser)));
    let said = &fetched.fault.as_ref().unwrap().record().message;
    assert!(said.contains("Bitte ändern Sie zuerst Ihre PIN."), "{said}");
    assert!(fetched.accounts.values().all(|brought| !brought.rows.is_empty() || brought.ended.is_some()));
}

#[tokio::test]
async fn categories_are_waited_for_a_little_and_no_sync_fails_for_them() {
    let (stand, sandbox) = open(None).await;
    let connected = stand.connect().await.unwrap();
    let looks = async |seconds: u32| {
        stand.simulator.clock().advance_days(1);
        sandbox.happen_at_finapi(FinApiEvent::Categorize { seconds }).unwrap();
        sandbox.forget_calls();
        let fetched = stand.fetch(&connected).await;
        assert!(fetched.any_fault().is_none(), "{:?}", fetched.any_fault());
        let labels = labels(&sandbox);
        let rows_from = labels.iter().position(|label| *label == "finapi/transactions").unwrap();
        labels[..rows_from].iter().filter(|label| **label == "finapi/bankConnections/id").count()
    };
    let at_once = looks(0).await;
    let soon = looks(5).await;
    let never = looks(86_400).await;
    assert!(at_once < soon && soon < never, "{at_once}, {soon}, {never}");
    assert!(never <= at_once + 4, "{never} looks");
}

#[tokio::test]
async fn a_bank_is_read_four_times_a_day_and_what_is_fresh_not_at_all() {
    let (stand, sandbox) = open(None).await;
    let connected = stand.connect().await.unwrap();
    assert!(stand.fetch(&connected).await.any_fault().is_none());
    let updates = || labels(&sandbox).into_iter().filter(|label| *label == "finapi/tasks/backgroundUpdate").count();
    assert_eq!(updates(), 0, "it was read a moment ago");
    stand.simulator.clock().advance_days(2);
    for _ in 0..6 {
        assert!(stand.fetch(&connected).await.any_fault().is_none(), "what is there is read whatever the limit is");
        stand.simulator.clock().advance(SignedDuration::from_hours(2));
    }
    assert_eq!(updates(), 4);
    sandbox.arm(ArmedFault::new("finapi/tasks/backgroundUpdate", "finapi_form_locked")).unwrap();
    stand.simulator.clock().advance_days(1);
    assert!(stand.fetch(&connected).await.any_fault().is_none(), "somebody else has it read");
}

#[tokio::test]
async fn a_connection_that_is_gone_is_made_anew_by_renewing() {
    let (stand, _) = open(None).await;
    let before = stand.connect().await.unwrap();
    stand.connector.revoke(&stand.cx(), &before.remote).await.unwrap();
    assert_eq!(told(&stand.fetch(&before).await), Some(("finapi.connection_gone", FaultClass::Gone)));
    let Ended::Done(after) = stand.go_on(stand.begin_renewal(&before).await.unwrap(), Walk::Consents).await.unwrap()
    else {
        panic!("it is not done")
    };
    assert_ne!(after.remote, before.remote);
    let pending = stand.fetch(&after).await.accounts.into_values().flat_map(|brought| brought.rows);
    assert!(pending.into_iter().any(|row| row.status == RowStatus::Pending));
}
