//! A provider that reads banks by itself and keeps what it has read: people sign in on its own form, updates go on without them, and
//! its accounts have other ids once a bank was connected anew.

use std::collections::BTreeMap;

use axum::extract::Query;
use bankside_connect::{Registry, Visitor};
use bankside_domain::fault::UserAction;
use bankside_domain::reconcile::Reason;
use bankside_domain::run::RunOutcome;
use bankside_domain::status::Status;
use bankside_domain::{AccountId, ConnectionId, FlowId};
use bankside_engine::{AccountView, EngineError, FlowPage, LinkChoice, Renewed, RunView};
use bankside_sandbox::{Answers, FinApiDelivery, FinApiEvent};

use crate::house::{House, on_both};

const PROVIDER: &str = "finapi";
const NORDHAFEN: &str = "290001";
/// Its person has three accounts, and opens a fourth one later.
const TEST_BANK: &str = "280001";

fn at(bank: &str) -> Answers {
    let search = if bank == TEST_BANK { "DEMO0001" } else { "Nordhafen" };
    Answers { search: search.to_owned(), ..Answers::default() }
}

/// Looks at a flow until it waits for nobody but the person, or is over.
async fn settled(house: &House, flow: FlowId) -> FlowPage {
    for _ in 0..20 {
        match house.engine.poll_flow(&house.asker, flow).await.unwrap().page {
            FlowPage::Wait { poll_after_secs, .. } => {
                house.clock.advance(jiff::SignedDuration::from_secs(poll_after_secs.into()));
            }
            page => return page,
        }
    }
    panic!("the flow never ends")
}

/// Fills in the form of a flow and comes back from it.
async fn filled_in(house: &House, flow: FlowId, answers: &Answers) -> FlowPage {
    let FlowPage::Open { url, .. } = settled(house, flow).await else { panic!("no page to open") };
    let back = house.sandbox.visit(&url.parse().unwrap(), answers).await.unwrap();
    let fields: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
    house.engine.returned(fields, house.asker.person()).await.unwrap();
    settled(house, flow).await
}

async fn connected(house: &House, name: &str, answers: &Answers) -> ConnectionId {
    let flow = house.engine.begin_hosted(&house.asker, PROVIDER, name, None).await.unwrap();
    match filled_in(house, flow, answers).await {
        FlowPage::Done { connection } => connection,
        other => panic!("{other:?}"),
    }
}

/// Keys, connection, links and the first sync.
async fn imported(house: &House, bank: &str) -> ConnectionId {
    house.type_keys_of(PROVIDER).await;
    let connection = connected(house, "Our house", &at(bank)).await;
    house.link_all(connection).await;
    assert!(house.engine.work_once().await.unwrap());
    assert_eq!(house.latest_run().await.run.outcome, Some(RunOutcome::Done));
    connection
}

async fn renewed(house: &House, connection: ConnectionId, answers: &Answers) -> Renewed {
    let flow = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
    match filled_in(house, flow, answers).await {
        FlowPage::Renewed { outcome, .. } => outcome,
        other => panic!("{other:?}"),
    }
}

/// The sync that follows a renewal.
async fn following(house: &House) -> RunView {
    assert!(house.engine.work_once().await.unwrap());
    house.latest_run().await
}

/// What is booked in each account.
async fn booked(house: &House) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for view in house.engine.accounts(&house.asker).await.unwrap() {
        let mut rows = house.rows(view.account.id).await;
        rows.retain(|row| row.ends_with("Booked"));
        rows.sort();
        all.insert(view.account.name, rows);
    }
    all
}

/// Everything that was booked before is booked still, each as often as it was.
fn assert_kept(before: &BTreeMap<String, Vec<String>>, after: &BTreeMap<String, Vec<String>>) {
    for (account, rows) in before {
        let times = |rows: &[String], row: &String| rows.iter().filter(|other| *other == row).count();
        for row in rows {
            assert_eq!(times(&after[account], row), times(rows, row), "{account}: {row}");
        }
    }
}

async fn views(house: &House) -> Vec<AccountView> {
    house.engine.accounts(&house.asker).await.unwrap()
}

async fn assert_proven(house: &House) {
    for view in views(house).await {
        assert!(matches!(view.status.status, Status::UpToDate { .. }), "{}: {:?}", view.account.name, view.status);
        assert!(view.status.is_proven(), "{}: {:?}", view.account.name, view.status.proof);
    }
}

fn happen(house: &House, event: FinApiEvent) {
    house.sandbox.happen_at_finapi(event).unwrap();
}

/// The external id of each bank account.
async fn provider_ids(house: &House) -> Vec<String> {
    let views = house.engine.connections(&house.asker).await.unwrap();
    let mut ids: Vec<_> = views
        .iter()
        .flat_map(|view| &view.bank_accounts)
        .map(|one| one.bank_account.provider_account_id.clone())
        .collect();
    ids.sort();
    ids
}

/// The rows of an account that a run left out of the books with this reason, in minor units.
async fn left_out(house: &House, run: &RunView, account: AccountId, reason: &Reason) -> Vec<i64> {
    let of = run.accounts.iter().find(|one| one.account.id == account).unwrap();
    let rows = house.engine.run_rows(&house.asker, run.run.id, Some(of.run.bank_account), 0, 500).await.unwrap();
    let rows = rows.into_iter().filter(|row| row.reason.as_ref() == Some(reason));
    rows.inspect(|row| assert_eq!(row.transaction, None)).filter_map(|row| row.amount_minor).collect()
}

/// Where the sandbox posts notices: it stands where the server would.
struct PostBox {
    posted: tokio::sync::mpsc::UnboundedReceiver<(String, String)>,
}

impl PostBox {
    /// Opens one, and has the house send for notices there.
    async fn open(house: &mut House) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let (sender, posted) = tokio::sync::mpsc::unbounded_channel();
        let take = move |Query(fields): Query<BTreeMap<String, String>>, body: String| {
            let sent = sender.send((fields["state"].clone(), body));
            async move { sent.unwrap() }
        };
        let router = axum::Router::new().route("/connect/notice", axum::routing::post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        house.restart_with(Registry::all(), |settings| settings.public_url = address.parse().unwrap()).await;
        Self { posted }
    }

    /// The next notice: the reference that it names, and what it says.
    async fn next(&mut self) -> (String, String) {
        self.posted.recv().await.unwrap()
    }
}

/// The worker works for so many seconds.
async fn seconds_pass(house: &House, seconds: u32) {
    for _ in 0..seconds {
        house.clock.advance(jiff::SignedDuration::from_secs(1));
        while house.engine.work_once().await.unwrap() {}
    }
}

/// Begins a new sync, and answers with the page that the person is to open.
async fn begun(house: &House) -> (FlowId, String) {
    let flow = house.engine.begin_hosted(&house.asker, PROVIDER, "Our house", None).await.unwrap();
    let FlowPage::Open { url, .. } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!() };
    (flow, url)
}

/// The person fills in a form, and closes everything at its end.
async fn fills_in(house: &House, url: &str) {
    house.sandbox.visit(&url.parse().unwrap(), &at(NORDHAFEN)).await.unwrap();
}

async fn page_of(house: &House, flow: FlowId) -> FlowPage {
    house.engine.flow(&house.asker, flow).await.unwrap().page
}

async fn connections(house: &House) -> usize {
    house.engine.connections(&house.asker).await.unwrap().len()
}

on_both! {
    filled_in_and_everything_closed_is_connected_by_a_notice(house) {
        house.type_keys_of(PROVIDER).await;
        let mut post_box = PostBox::open(house).await;
        let (flow, url) = begun(house).await;
        fills_in(house, &url).await;
        let (reference, _) = post_box.next().await;
        seconds_pass(house, 3).await;
        assert_eq!(connections(house).await, 0, "nobody has said anything to us yet");
        house.engine.take_flow_notice(&reference).await.unwrap();
        seconds_pass(house, 20).await;
        let FlowPage::Done { connection } = page_of(house, flow).await else { panic!("{:?}", page_of(house, flow).await) };
        let views = house.engine.connections(&house.asker).await.unwrap();
        assert_eq!((views[0].connection.id, views[0].connection.name.as_str()), (connection, "Our house"));
        assert_eq!(views[0].bank_accounts.len(), 2, "they wait to be linked");
        // What comes after the end is nobody's business any more.
        house.sandbox.forget_calls();
        house.engine.take_flow_notice(&reference).await.unwrap();
        seconds_pass(house, 3).await;
        assert!(house.sandbox.calls().is_empty(), "{:?}", house.sandbox.calls());
        assert_eq!((connections(house).await, house.sandbox.finapi_connections()), (1, 1));

        // Access is given anew in the same way.
        house.clock.advance_days(1);
        let renewal = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
        let FlowPage::Open { url, .. } = settled(house, renewal).await else { panic!("no page to open") };
        let (_, wanted) = post_box.next().await;
        assert!(wanted.contains("WEB_FORM_REQUIRED"), "{wanted}");
        fills_in(house, &url).await;
        let (reference, _) = post_box.next().await;
        house.engine.take_flow_notice(&reference).await.unwrap();
        seconds_pass(house, 20).await;
        assert!(matches!(page_of(house, renewal).await, FlowPage::Renewed { .. }), "{:?}", page_of(house, renewal).await);
    }

    notices_of_strangers_double_ones_and_lies_change_nothing(house) {
        house.type_keys_of(PROVIDER).await;
        let mut post_box = PostBox::open(house).await;
        happen(house, FinApiEvent::Callbacks { delivery: FinApiDelivery::Lying });
        let (flow, url) = begun(house).await;
        let (reference, lie) = post_box.next().await;
        assert!(lie.contains("COMPLETED"), "{lie}");
        house.sandbox.forget_calls();
        for guess in ["", "guessed", &reference[1..]] {
            let refused = house.engine.take_flow_notice(guess).await;
            assert!(matches!(refused, Err(EngineError::NotFound(_))), "{refused:?}");
        }
        seconds_pass(house, 3).await;
        assert!(house.sandbox.calls().is_empty(), "a stranger makes us ask nobody");
        // However often it comes, the form is read, and no more than once a second.
        for _ in 0..3 {
            house.engine.take_flow_notice(&reference).await.unwrap();
        }
        assert!(!house.engine.work_once().await.unwrap(), "not at once");
        house.clock.advance(jiff::SignedDuration::from_secs(1));
        assert!(house.engine.work_once().await.unwrap());
        assert!(!house.engine.work_once().await.unwrap());
        let calls = house.sandbox.calls();
        let forms = calls.iter().filter(|call| call.label == "finapi/webForms/id" && call.method == "GET").count();
        assert_eq!((forms, calls.len()), (1, 1), "{calls:?}");
        assert!(matches!(page_of(house, flow).await, FlowPage::Open { .. }), "the form says that nobody has opened it");
        assert_eq!((connections(house).await, house.sandbox.finapi_connections()), (0, 0));
        seconds_pass(house, 120).await;
        assert_eq!(house.sandbox.calls().len(), 1, "nothing goes on by itself");
        // What the lie was about may still come true.
        fills_in(house, &url).await;
        house.engine.take_flow_notice(&reference).await.unwrap();
        seconds_pass(house, 20).await;
        assert!(matches!(page_of(house, flow).await, FlowPage::Done { .. }));

        // Two notices of one end make one connection.
        happen(house, FinApiEvent::Callbacks { delivery: FinApiDelivery::Twice });
        let (flow, url) = begun(house).await;
        let partner = Answers { user_id: "partner".into(), ..at(NORDHAFEN) };
        house.sandbox.visit(&url.parse().unwrap(), &partner).await.unwrap();
        for _ in 0..2 {
            let (reference, _) = post_box.next().await;
            house.engine.take_flow_notice(&reference).await.unwrap();
            seconds_pass(house, 20).await;
        }
        assert!(matches!(page_of(house, flow).await, FlowPage::Done { .. }));
        assert_eq!((connections(house).await, house.sandbox.finapi_connections()), (2, 2));
    }

    what_was_finished_and_never_told_is_taken_up_when_its_time_is_over(house) {
        house.type_keys_of(PROVIDER).await;
        happen(house, FinApiEvent::Callbacks { delivery: FinApiDelivery::Never });
        let (flow, url) = begun(house).await;
        fills_in(house, &url).await;
        let (unopened, _) = begun(house).await;
        house.clock.advance(jiff::SignedDuration::from_mins(41));
        happen(house, FinApiEvent::Download { of: "*".into(), seconds: 150 });
        house.engine.tidy_flows().await.unwrap();
        // The bank is being read again just now, and that is waited for while nobody looks.
        assert!(matches!(page_of(house, flow).await, FlowPage::Wait { .. }), "{:?}", page_of(house, flow).await);
        assert!(matches!(page_of(house, unopened).await, FlowPage::Cancelled { .. }));
        assert_eq!(connections(house).await, 0);
        house.sandbox.forget_calls();
        seconds_pass(house, 300).await;
        assert!(matches!(page_of(house, flow).await, FlowPage::Done { .. }), "{:?}", page_of(house, flow).await);
        assert_eq!((connections(house).await, house.sandbox.finapi_connections()), (1, 1));
        assert!(house.sandbox.calls().len() < 15, "the longer it takes the less often it is looked at");
    }

    a_page_that_is_closed_while_the_bank_is_read_keeps_nothing_from_being_connected(house) {
        house.type_keys_of(PROVIDER).await;
        happen(house, FinApiEvent::Callbacks { delivery: FinApiDelivery::Never });
        let (flow, url) = begun(house).await;
        fills_in(house, &url).await;
        assert!(matches!(house.engine.poll_flow(&house.asker, flow).await.unwrap().page, FlowPage::Wait { .. }));
        seconds_pass(house, 70).await;
        assert!(matches!(page_of(house, flow).await, FlowPage::Done { .. }), "{:?}", page_of(house, flow).await);
    }

    nothing_is_taken_up_while_syncing_is_off_and_what_was_left_goes(house) {
        house.type_keys_of(PROVIDER).await;
        happen(house, FinApiEvent::Callbacks { delivery: FinApiDelivery::Never });
        let (flow, url) = begun(house).await;
        fills_in(house, &url).await;
        house.engine.switch_feature(&house.owner().await, "account_syncing", false).await.unwrap();
        house.clock.advance(jiff::SignedDuration::from_mins(41));
        house.engine.tidy_flows().await.unwrap();
        assert!(matches!(page_of(house, flow).await, FlowPage::Expired), "{:?}", page_of(house, flow).await);
        assert_eq!(house.sandbox.finapi_connections(), 0);
    }

    who_presses_the_button_spends_none_of_the_few_times_without_them(house) {
        let connection = imported(house, NORDHAFEN).await;
        house.clock.advance_days(1);
        house.sandbox.forget_calls();
        let updates = || house.sandbox.calls().iter().filter(|call| call.label == "finapi/tasks/backgroundUpdate").count();
        let there = house.engine.visited_by(Visitor { address: [192, 0, 2, 7].into(), user_agent: "Firefox".to_owned() });
        for _ in 0..6 {
            there.sync_connection(&house.asker, connection).await.unwrap();
            assert!(house.engine.work_once().await.unwrap());
            assert_eq!(house.latest_run().await.run.outcome, Some(RunOutcome::Done));
            house.clock.advance(jiff::SignedDuration::from_hours(2));
        }
        assert_eq!(updates(), 6, "the bank is read as often as somebody wants it");
        for _ in 0..6 {
            house.sync(connection).await;
            house.clock.advance(jiff::SignedDuration::from_hours(2));
        }
        assert_eq!(updates(), 6 + 4, "and four times without anybody");
    }

    banks_are_found_here_by_all_that_tells_them_and_no_account_number_leaves(house) {
        house.type_keys_of(PROVIDER).await;
        for typed in ["nordhafen", "99900001", "999 000 01", "NHBKDE22", "Möwental", "DE02 9990 0001 0000 1234 56"] {
            let found = house.engine.find_banks(&house.asker, PROVIDER, typed).await.unwrap();
            assert_eq!(found.iter().map(|bank| bank.key.as_str()).collect::<Vec<_>>(), [NORDHAFEN], "{typed}");
        }
        let calls = house.sandbox.calls();
        let asked: Vec<&str> = calls.iter().filter_map(|call| call.query.as_deref()).collect();
        assert!(asked.len() >= 5 && asked.iter().all(|query| !query.contains("123456")), "{asked:?}");
        let elsewhere = house.engine.find_banks(&house.asker, PROVIDER, "NL91 ABNA 0417 1643 00").await.unwrap();
        assert_eq!((elsewhere.len(), house.sandbox.calls().len()), (0, calls.len()), "nobody is asked");
    }

    a_new_account_is_listed_only_after_a_sign_in_and_one_that_has_gone_at_once(house) {
        let connection = imported(house, TEST_BANK).await;
        happen(house, FinApiEvent::OpenAccount { of: TEST_BANK.to_owned() });
        let got = house.engine.get_accounts(&house.asker, connection).await.unwrap();
        assert_eq!((got.listed.recognised, got.listed.new, got.listed.missing), (3, 0, 0));
        assert!(!got.shows_new_accounts, "and that is said");
        assert_eq!(renewed(house, connection, &at(TEST_BANK)).await.new, 1);
        following(house).await;
        let got = house.engine.get_accounts(&house.asker, connection).await.unwrap();
        assert_eq!((got.listed.recognised, got.listed.new, got.listed.missing), (4, 0, 0));
        happen(house, FinApiEvent::CloseAccount { of: TEST_BANK.to_owned() });
        let got = house.engine.get_accounts(&house.asker, connection).await.unwrap();
        assert_eq!((got.listed.recognised, got.listed.new, got.listed.missing), (3, 0, 1));
        assert_eq!(provider_ids(house).await.len(), 3, "what was linked with nothing leaves the list");
    }

    a_sync_is_named_first_and_everything_else_is_chosen_on_the_form(house) {
        house.type_keys_of(PROVIDER).await;
        for name in [" ", &"x".repeat(65)] {
            let refused = house.engine.begin_hosted(&house.asker, PROVIDER, name, None).await;
            assert!(matches!(refused, Err(EngineError::Invalid { field: "name", .. })), "{refused:?}");
        }
        assert!(house.sandbox.calls().iter().all(|call| call.label != "finapi/webForms/bankConnectionImport"));
        let first = connected(house, " Our \t house ", &at(NORDHAFEN)).await;
        let partner = Answers { user_id: "partner".into(), ..at(NORDHAFEN) };
        let second = connected(house, "Our house", &partner).await;
        let views = house.engine.connections(&house.asker).await.unwrap();
        let named = |id| &views.iter().find(|view| view.connection.id == id).unwrap().connection;
        assert_eq!((named(first).name.as_str(), named(second).name.as_str()), ("Our house", "Our house 2"));
        assert_eq!(named(first).institution_name, "Nordhafen Bank");
        let ends = named(first).consent.valid_until.unwrap();
        assert_eq!(bankside_domain::consent::days_between(house.engine.ambient().now(), ends), 180);
        house.link_all(first).await;
        assert!(house.engine.work_once().await.unwrap());
        assert_eq!(house.latest_run().await.run.outcome, Some(RunOutcome::Done));
        assert!(booked(house).await["Girokonto"].len() > 50);
        // The next day brings what is new, and nothing twice.
        let before = booked(house).await;
        house.clock.advance_days(3);
        assert_eq!(house.sync(first).await.run.outcome, Some(RunOutcome::Done));
        assert_kept(&before, &booked(house).await);
        assert!(booked(house).await["Girokonto"].len() > before["Girokonto"].len());
        assert_proven(house).await;
    }

    what_stands_for_rows_that_are_missing_stays_out_and_its_account_says_what_is_missing(house) {
        let connection = imported(house, NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = booked(house).await;
        house.clock.advance_days(95);
        let run = house.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Done), "{:?}", run.run);
        let entries = left_out(house, &run, giro, &Reason::PlaceholderStaysOut).await;
        let [gap_minor] = entries.as_slice() else { panic!("one entry stands for what lies between: {entries:?}") };
        assert_kept(&before, &booked(house).await);
        assert!(booked(house).await["Girokonto"].len() > before["Girokonto"].len(), "what the update had is there");
        let status = house.account("Girokonto").await.status.status;
        let Status::CheckData { by_minor, since: Some(_) } = status else { panic!("{status:?}") };
        assert_eq!(by_minor, *gap_minor, "the bank has what the entry stands for, and the books do not");
        // It comes with every later sync, and stays out.
        house.clock.advance_days(1);
        house.sync(connection).await;
        assert_eq!(house.account("Girokonto").await.status.status, status);
    }

    a_booking_of_a_day_to_come_lets_no_later_sync_skip_days(house) {
        house.type_keys_of(PROVIDER).await;
        happen(house, FinApiEvent::Announce { of: "*".into(), days: 60 });
        let connection = connected(house, "Our house", &at(NORDHAFEN)).await;
        let run = house.link_all(connection).await;
        assert!(house.engine.work_once().await.unwrap());
        assert!(house.engine.run(&house.asker, run).await.unwrap().is_finished());
        let far = house.clock_day(40).to_string();
        let before = booked(house).await;
        assert!(before["Girokonto"].iter().any(|row| *row > far), "a rent is booked that falls due in a month and more");
        // Nobody syncs for longer than a sync looks back.
        house.clock.advance_days(30);
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
        assert_kept(&before, &booked(house).await);
        assert_proven(house).await;
    }

    a_connection_that_was_deleted_is_made_anew_under_other_ids_and_nothing_is_doubled(house) {
        let connection = imported(house, NORDHAFEN).await;
        let (ids, before) = (provider_ids(house).await, booked(house).await);
        happen(house, FinApiEvent::Delete { of: "*".into() });
        house.clock.advance_days(2);
        let run = house.sync(connection).await;
        assert_eq!(run.run.fault.as_ref().map(|fault| fault.code.as_str()), Some("finapi.connection_gone"));
        let status = house.account("Girokonto").await.status.status;
        assert!(matches!(status, Status::AnswerNeeded(fault) if fault.action == Some(UserAction::Renew)));
        let outcome = renewed(house, connection, &at(NORDHAFEN)).await;
        assert_eq!((outcome.recognised, outcome.new, outcome.missing), (2, 0, 0));
        assert_eq!(following(house).await.run.outcome, Some(RunOutcome::Done));
        assert!(provider_ids(house).await.iter().all(|id| !ids.contains(id)), "each has another id");
        assert_eq!(house.engine.connections(&house.asker).await.unwrap().len(), 1);
        assert_kept(&before, &booked(house).await);
        house.clock.advance_days(1);
        house.sync(connection).await;
        assert_proven(house).await;
    }

    an_account_more_and_an_account_less_are_found_by_renewing(house) {
        let connection = imported(house, TEST_BANK).await;
        happen(house, FinApiEvent::OpenAccount { of: TEST_BANK.into() });
        house.clock.advance_days(1);
        assert_eq!(house.sync(connection).await.accounts.len(), 3, "what is new shows once somebody has signed in");
        let outcome = renewed(house, connection, &at(TEST_BANK)).await;
        assert_eq!((outcome.recognised, outcome.new, outcome.missing), (3, 1, 0));
        assert_eq!(following(house).await.run.outcome, Some(RunOutcome::Done));
        let offer = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        let is_linked = |id| offer.accounts.iter().any(|one| one.bank_account.id == id && one.bank_account.feeds.is_some());
        let mut choices: Vec<LinkChoice> = offer.all_as_new();
        choices.retain(|choice| !is_linked(choice.bank_account));
        assert_eq!(choices.len(), 1, "the others are linked already");
        house.engine.link(&house.asker, connection, &choices).await.unwrap();
        assert_eq!(following(house).await.run.outcome, Some(RunOutcome::Done));
        let before = booked(house).await;
        assert!(!before["Tagesgeld"].is_empty());

        happen(house, FinApiEvent::CloseAccount { of: TEST_BANK.into() });
        house.clock.advance_days(1);
        let run = house.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Partly));
        let faults: Vec<_> = run.accounts.iter().filter_map(|one| Some((one.account.name.as_str(), one.run.fault.as_ref()?.code.as_str()))).collect();
        assert_eq!(faults, [("Tagesgeld", "finapi.account_gone")]);
        let outcome = renewed(house, connection, &at(TEST_BANK)).await;
        assert_eq!((outcome.recognised, outcome.new, outcome.missing), (3, 0, 1));
        following(house).await;
        for view in views(house).await {
            let is_fine = matches!(view.status.status, Status::UpToDate { .. });
            assert_eq!(is_fine, view.account.name != "Tagesgeld", "{}: {:?}", view.account.name, view.status.status);
        }
        assert_kept(&before, &booked(house).await);
    }

    a_renewal_that_comes_to_nothing_leaves_the_connection_as_it_was(house) {
        let connection = imported(house, NORDHAFEN).await;
        let before = booked(house).await;
        let ids = provider_ids(house).await;
        let cancels = Answers { cancels: true, ..at(NORDHAFEN) };
        let flow = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
        let page = filled_in(house, flow, &cancels).await;
        assert!(matches!(page, FlowPage::Cancelled { .. }), "{page:?}");
        // Called off here, with the form open there: nobody can fill it in any more.
        let flow = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
        let FlowPage::Open { url, .. } = settled(house, flow).await else { panic!("no page to open") };
        house.engine.cancel_flow(&house.asker, flow).await.unwrap();
        house.sandbox.visit(&url.parse().unwrap(), &at(NORDHAFEN)).await.unwrap_err();
        assert_eq!(house.sandbox.finapi_connections(), 1);
        house.clock.advance_days(1);
        let run = house.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Done), "{:?}", run.run);
        assert_eq!(provider_ids(house).await, ids);
        assert_kept(&before, &booked(house).await);
        assert_proven(house).await;
    }

    a_bank_that_wants_the_person_says_so_and_signing_in_again_heals_it(house) {
        let connection = imported(house, NORDHAFEN).await;
        let before = booked(house).await;
        house.clock.advance_days(4);
        happen(house, FinApiEvent::AskPerson { of: "*".into() });
        let run = house.sync(connection).await;
        let fault = run.run.fault.unwrap();
        assert_eq!((fault.code.as_str(), fault.action), ("finapi.sign_in_wanted", Some(UserAction::Renew)));
        for view in views(house).await {
            assert_eq!(view.status.status, Status::RenewNow, "{}", view.account.name);
            // No end was named, and none is claimed: the bank wants its person.
            assert!(view.status.said.as_ref().is_some_and(|said| said.contains("wants you to sign in")), "{:?}", view.status);
        }
        assert_eq!(booked(house).await, before, "what was read before stays, and nothing new is there yet");
        let outcome = renewed(house, connection, &at(NORDHAFEN)).await;
        assert_eq!((outcome.recognised, outcome.new, outcome.missing), (2, 0, 0));
        assert_eq!(following(house).await.run.outcome, Some(RunOutcome::Done));
        assert_kept(&before, &booked(house).await);
        assert!(booked(house).await["Girokonto"].len() > before["Girokonto"].len(), "the days between have come");
        assert_proven(house).await;
    }

    unsync_deletes_at_the_provider_and_a_new_sync_goes_on_with_the_same_books(house) {
        let connection = imported(house, NORDHAFEN).await;
        let before = booked(house).await;
        let ended = house.engine.unsync(&house.asker, connection).await.unwrap();
        assert!(ended.not_revoked.is_none(), "{ended:?}");
        assert_eq!(house.sandbox.finapi_connections(), 0);
        assert_eq!(booked(house).await, before);
        house.clock.advance_days(2);
        // The same sign-in: it would be refused if anything of it were left there.
        let anew = connected(house, "Our house", &at(NORDHAFEN)).await;
        let offer = house.engine.link_offer(&house.asker, anew, None).await.unwrap();
        let choice = |offered: &bankside_engine::Offered| LinkChoice {
            asset: None,
            bank_account: offered.bank_account.id,
            target: offered.suggestion.clone(),
            import_from: offered.import_from,
            flips_sign: None,
        };
        let choices: Vec<_> = offer.accounts.iter().map(choice).collect();
        house.engine.link(&house.asker, anew, &choices).await.unwrap();
        assert_eq!(following(house).await.run.outcome, Some(RunOutcome::Done));
        assert_eq!(views(house).await.len(), 2);
        assert_kept(&before, &booked(house).await);
    }
}
