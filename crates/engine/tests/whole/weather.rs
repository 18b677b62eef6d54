//! Weather: every call of a sync meets every fault that the provider or the line knows, one at a time.
//!
//! While the weather lasts nothing is half written and each account's status says what is true of it; when it is over and the
//! clock has turned past every wait, the next sync makes the books equal to those of a twin that had fine weather throughout.
//! `make test` runs a fixed selection; with `BANKSIDE_WEATHER=all` (`make proof`) it is all of them, and with the name of a
//! case it is that one.

use std::collections::BTreeMap;

use bankside_domain::balance::Proof;
use bankside_domain::fault::{FaultClass, FaultRecord, UserAction};
use bankside_domain::run::{AccountStep, RunOutcome};
use bankside_domain::status::Status;
use bankside_domain::{Clock as _, ConnectionId};
use bankside_engine::{FlowPage, RunView};
use bankside_sandbox::{Answers, ArmedFault, Sandbox};
use bankside_testkit::Engine as Database;
use jiff::{SignedDuration, Timestamp};

use crate::house::{House, LOCKSIDE, NORDHAFEN};

/// Says which cases run.
const VARIABLE: &str = "BANKSIDE_WEATHER";
/// Longer than any limit that an answer names.
const PAST_EVERY_WAIT: SignedDuration = SignedDuration::from_hours(26);
/// A pair of houses goes through so many cases before its consents run out.
const CASES_OF_A_HOUSE: usize = 60;
/// Once in a while a token can no longer be renewed and is bought, so that its renewal meets nothing; the next time it does.
const TRIES: usize = 2;

/// What can be told to run, by the beginnings of the names of its cases.
const SCENARIOS: [(&str, &str); 5] = [
    ("first sync", LOCKSIDE),
    ("first sync", NORDHAFEN),
    ("later sync", LOCKSIDE),
    ("later sync", NORDHAFEN),
    ("renewal", NORDHAFEN),
];

/// Faults that do say something about a consent. No other may look like a dead one.
const OF_THE_CONSENT: [&str; 5] =
    ["agreement_expired", "access_expired", "ssn_failed", "no_agreement", "account_suspended"];

/// A call of a sync, so that it can be met again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    label: &'static str,
    method: String,
    /// The name of the account that it is about.
    account: Option<String>,
    /// So many calls like it came before.
    skip: u32,
}

/// One case.
#[derive(Debug, Clone)]
struct Case {
    place: Place,
    kind: &'static str,
    /// Whether the fault lasts until the weather changes; otherwise it meets one call.
    lasts: bool,
}

impl Case {
    fn name(&self, scenario: &str) -> String {
        let account = self.place.account.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
        let how = if self.lasts { "lasting" } else { "once" };
        format!(
            "{scenario}: {} at {} {}{account} #{}, {how}",
            self.kind, self.place.method, self.place.label, self.place.skip
        )
    }

    async fn arm(&self, house: &House) {
        let account = match &self.place.account {
            Some(name) => Some(provider_ids(house).await.into_iter().find(|(_, known)| known == name).unwrap().0),
            None => None,
        };
        let fault = ArmedFault {
            method: Some(self.place.method.clone()),
            account,
            skip: self.place.skip,
            times: if self.lasts { None } else { Some(1) },
            // Nobody waits in a test for what never comes; other kinds keep their own seconds.
            seconds: (self.kind == "never_answers").then_some(0),
            ..ArmedFault::new(self.place.label, self.kind)
        };
        house.sandbox.arm(fault).unwrap();
    }
}

/// Takes the weather back; answers whether its call was made at all.
fn clear(house: &House) -> bool {
    let has_fired = house.sandbox.armed()[0].fired > 0;
    house.sandbox.disarm();
    has_fired
}

/// What the provider calls each bank account, with our name of it.
async fn provider_ids(house: &House) -> Vec<(String, String)> {
    let views = house.engine.connections(&house.asker).await.unwrap();
    let accounts = views.into_iter().flat_map(|view| view.bank_accounts);
    accounts.map(|account| (account.bank_account.provider_account_id, account.bank_account.name)).collect()
}

/// The calls since they were last forgotten, each as a place.
async fn places(house: &House) -> Vec<Place> {
    let names: BTreeMap<String, String> = provider_ids(house).await.into_iter().collect();
    let mut places: Vec<Place> = Vec::new();
    for call in house.sandbox.calls() {
        let account = call.account.and_then(|id| names.get(&id).cloned());
        let like =
            |place: &&Place| (place.label, &place.method, &place.account) == (call.label, &call.method, &account);
        let skip = u32::try_from(places.iter().filter(like).count()).unwrap();
        places.push(Place { label: call.label, method: call.method, account, skip });
    }
    places
}

/// Every fault at every place, once and lasting.
fn cross(places: &[Place]) -> Vec<Case> {
    let kinds: Vec<&'static str> = Sandbox::fault_kinds_of("gocardless").into_iter().map(|kind| kind.name).collect();
    let mut cases = Vec::new();
    for place in places {
        for kind in &kinds {
            for lasts in [false, true] {
                cases.push(Case { place: place.clone(), kind, lasts });
            }
        }
    }
    cases
}

/// All of them, the one that is named, or so many, spread evenly over the places and the kinds that there are.
fn selected(scenario: &str, cases: Vec<Case>, so_many: usize) -> Vec<Case> {
    match std::env::var(VARIABLE) {
        Ok(all) if all == "all" => cases,
        Ok(name) => {
            let is_of = |scenario: &str| name.strip_prefix(scenario).is_some_and(|rest| rest.starts_with(": "));
            let is_known = SCENARIOS.iter().any(|(what, bank)| is_of(&format!("{what} at {bank}")));
            assert!(is_known, "{VARIABLE}: “{name}” is of none of {SCENARIOS:?}");
            let named: Vec<Case> = cases.into_iter().filter(|case| case.name(scenario) == name).collect();
            assert!(!named.is_empty() || !is_of(scenario), "{VARIABLE}: there is no case “{name}”");
            named
        }
        Err(_) => {
            let stride = stride(cases.len(), so_many);
            (0..so_many.min(cases.len())).map(|index| cases[index * stride % cases.len()].clone()).collect()
        }
    }
}

/// A stride through so many things that shares no divisor with their number, so that it meets each once before any twice.
fn stride(things: usize, so_many: usize) -> usize {
    let divisor = |mut a: usize, mut b: usize| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    (things / so_many.max(1)..things).find(|stride| *stride > 1 && divisor(*stride, things) == 1).unwrap_or(1)
}

#[test]
fn a_selection_meets_every_place_and_lasting_weather_too() {
    let place = |label| Place { label, method: "GET".to_owned(), account: None, skip: 0 };
    let all = cross(&["a", "b", "c", "d", "e"].map(place));
    let stride = stride(all.len(), 30);
    let some: Vec<&Case> = (0..30).map(|index| &all[index * stride % all.len()]).collect();
    for label in ["a", "b", "c", "d", "e"] {
        assert!(some.iter().any(|case| case.place.label == label && case.lasts), "{label}");
        assert!(some.iter().any(|case| case.place.label == label && !case.lasts), "{label}");
    }
    let kinds: std::collections::BTreeSet<&str> = some.iter().map(|case| case.kind).collect();
    assert!(kinds.len() > 20, "{kinds:?}");
}

/// All that a person would call the books of one account.
#[derive(Debug, PartialEq, Eq)]
struct Book {
    rows: Vec<String>,
    opening: String,
    balance_minor: i64,
    stated_minor: Option<i64>,
    proof: String,
}

/// What is proven, without the moments of the balances that prove it: who was fetched later has other ones.
fn proof_word(proof: Option<Proof>) -> String {
    match proof {
        Some(Proof::Proven { .. }) => "proven".to_owned(),
        other => format!("{other:?}"),
    }
}

async fn books(house: &House) -> BTreeMap<String, Book> {
    let mut books = BTreeMap::new();
    for view in house.engine.accounts(&house.asker).await.unwrap() {
        let line = house.engine.bank_line(&house.asker, &view.status).await.unwrap();
        let account = &view.account;
        let mut rows = house.rows(account.id).await;
        // Within a day the order is that in which rows arrived.
        rows.sort();
        let book = Book {
            rows,
            opening: format!("{} on {:?} by {:?}", account.opening_minor, account.opening_on, account.opening_source),
            balance_minor: account.balance_minor(),
            stated_minor: line.map(|line| line.bank.stated.minor),
            proof: proof_word(view.status.proof),
        };
        books.insert(account.name.clone(), book);
    }
    books
}

/// Where two sets of books differ, in few words.
fn differences(left: &BTreeMap<String, Book>, right: &BTreeMap<String, Book>) -> Vec<String> {
    let mut told = Vec::new();
    if !left.keys().eq(right.keys()) {
        told.push(format!("accounts {:?} and {:?}", left.keys(), right.keys()));
    }
    for (name, one) in left {
        let Some(other) = right.get(name).filter(|other| *other != one) else { continue };
        let only = |rows: &[String], others: &[String]| -> Vec<String> {
            rows.iter().filter(|row| !others.contains(row)).take(5).cloned().collect()
        };
        told.push(format!(
            "{name}: only here {:?}, only there {:?}; {} and {} rows; opening {} and {}; balance {} and {}; stated {:?} and {:?}; {} and {}",
            only(&one.rows, &other.rows), only(&other.rows, &one.rows), one.rows.len(), other.rows.len(), one.opening,
            other.opening, one.balance_minor, other.balance_minor, one.stated_minor, other.stated_minor, one.proof,
            other.proof,
        ));
    }
    told
}

/// Fails with what differs.
fn assert_same(left: &BTreeMap<String, Book>, right: &BTreeMap<String, Book>, name: &str) {
    assert!(left == right, "{name}: the books differ: {:#?}", differences(left, right));
}

fn turn_to(house: &House, moment: Timestamp) {
    house.clock.advance(moment.duration_since(house.clock.now()));
}

/// While the weather lasts: what has not come in has changed nothing, and each status is true.
async fn assert_whole_and_true(house: &House, run: &RunView, before: &BTreeMap<String, Book>, case: &Case, name: &str) {
    assert!(run.is_finished(), "{name}: the run is over");
    let after = books(house).await;
    let mut faults = 0;
    for account in &run.accounts {
        let ours = &account.account.name;
        let is_in = account.run.applied_at.is_some();
        assert_eq!(account.run.step == AccountStep::Done, is_in, "{name}: {ours} is {:?}", account.run.step);
        if !is_in {
            assert_eq!(after[ours].rows, before[ours].rows, "{name}: {ours} did not come in and has changed");
            assert_eq!(after[ours].opening, before[ours].opening, "{name}: {ours}");
        }
        let fault = account.run.fault.as_ref().or(run.run.fault.as_ref());
        faults += usize::from(fault.is_some());
        assert!(is_in || fault.is_some(), "{name}: {ours} did not come in, and nothing says why");
        let status = house.account(ours).await.status.status;
        // What is in the books is whole but for what went wrong with this very account.
        let told = if is_in { account.run.fault.as_ref() } else { fault };
        assert_eq!(status_word(&status), expected(told, is_in), "{name}: {ours}: {fault:?}");
        let blames_consent = matches!(status, Status::RenewNow);
        assert!(!blames_consent || OF_THE_CONSENT.contains(&case.kind), "{name}: {ours} looks like a dead consent");
    }
    assert_eq!(run.run.outcome == Some(RunOutcome::Done), faults == 0, "{name}: {:?}", run.run.outcome);
}

fn status_word(status: &Status) -> &'static str {
    match status {
        Status::UpToDate { .. } | Status::CheckData { .. } | Status::RenewBy { .. } => "fine",
        Status::RenewNow => "renew",
        Status::AnswerNeeded(_) => "answer",
        Status::KeysNeeded(_) => "keys",
        Status::OperatorNeeded(_) => "operator",
        Status::Partly(_) => "partly",
        Status::WaitingForBank(_) => "waiting",
        Status::Retrying(_) => "retrying",
        other => panic!("{other:?}"),
    }
}

/// What an account's status must be after a run, by the class of its fault.
fn expected(fault: Option<&FaultRecord>, is_in: bool) -> &'static str {
    let Some(fault) = fault else { return "fine" };
    match fault.class {
        FaultClass::NeedsUser if fault.action == Some(UserAction::Renew) => "renew",
        FaultClass::NeedsUser | FaultClass::Gone => "answer",
        FaultClass::NeedsOperator if fault.action == Some(UserAction::FixCredentials) => "keys",
        FaultClass::NeedsOperator => "operator",
        _ if is_in => "partly",
        FaultClass::RateLimited => "waiting",
        _ => "retrying",
    }
}

/// A house whose accounts are linked, and whose first sync waits.
async fn linked(database: Database, bank: &str) -> (House, ConnectionId) {
    let house = House::open(database).await;
    house.type_keys().await;
    let connection = house.connect(bank).await;
    house.link_all(connection).await;
    (house, connection)
}

/// A sync that must be fine.
async fn fine_sync(house: &House, connection: ConnectionId, name: &str) {
    let run = house.sync(connection).await;
    let faults: Vec<_> = run.accounts.iter().filter_map(|account| account.run.fault.as_ref()).collect();
    assert_eq!(run.run.outcome, Some(RunOutcome::Done), "{name}: afterwards: {:?} {faults:?}", run.run.fault);
}

/// The first sync after linking.
async fn first_sync(database: Database, bank: &str, so_many: usize) -> usize {
    let (twin, connection) = linked(database, bank).await;
    let start = twin.clock.now();
    twin.sandbox.forget_calls();
    assert!(twin.engine.work_once().await.unwrap());
    let scenario = format!("first sync at {bank}");
    let cases = selected(&scenario, cross(&places(&twin).await), so_many);
    // Twice, because one balance alone proves nothing.
    let later = [start + PAST_EVERY_WAIT, start + PAST_EVERY_WAIT + PAST_EVERY_WAIT];
    for moment in later {
        turn_to(&twin, moment);
        fine_sync(&twin, connection, "the twin").await;
    }
    let undisturbed = books(&twin).await;
    for case in &cases {
        let name = case.name(&scenario);
        let (house, connection) = linked(database, bank).await;
        let before = books(&house).await;
        case.arm(&house).await;
        assert!(house.engine.work_once().await.unwrap());
        let run = house.latest_run().await;
        assert_whole_and_true(&house, &run, &before, case, &name).await;
        assert!(clear(&house), "{name}: its call was not made");
        for moment in later {
            turn_to(&house, moment);
            fine_sync(&house, connection, &name).await;
        }
        assert_same(&books(&house).await, &undisturbed, &name);
    }
    cases.len()
}

/// A later sync with new rows. One pair of houses goes through many cases, one after the other.
async fn later_syncs(database: Database, bank: &str, so_many: usize) -> usize {
    let scenario = format!("later sync at {bank}");
    let mut done = 0;
    let mut cases: Option<Vec<Case>> = None;
    loop {
        let (house, connection) = linked(database, bank).await;
        let (twin, twins) = linked(database, bank).await;
        for one in [&house, &twin] {
            assert!(one.engine.work_once().await.unwrap());
        }
        let mut now = house.clock.now().max(twin.clock.now()) + PAST_EVERY_WAIT;
        let all = if let Some(all) = cases.take() {
            all
        } else {
            for (one, connection) in [(&house, connection), (&twin, twins)] {
                turn_to(one, now);
                one.sandbox.forget_calls();
                fine_sync(one, connection, "the record").await;
            }
            now += PAST_EVERY_WAIT;
            selected(&scenario, cross(&places(&house).await), so_many)
        };
        for case in all.iter().skip(done).take(CASES_OF_A_HOUSE) {
            let name = case.name(&scenario);
            let mut has_met = false;
            for _ in 0..TRIES {
                let before = books(&house).await;
                turn_to(&house, now);
                turn_to(&twin, now);
                case.arm(&house).await;
                let run = house.sync(connection).await;
                assert_whole_and_true(&house, &run, &before, case, &name).await;
                fine_sync(&twin, twins, "the twin").await;
                has_met = clear(&house);
                now += PAST_EVERY_WAIT;
                for (one, connection) in [(&house, connection), (&twin, twins)] {
                    turn_to(one, now);
                    fine_sync(one, connection, &name).await;
                }
                assert_same(&books(&house).await, &books(&twin).await, &name);
                now += PAST_EVERY_WAIT;
                if has_met {
                    break;
                }
            }
            assert!(has_met, "{name}: its call was not made");
            done += 1;
        }
        if done >= all.len() {
            return done;
        }
        cases = Some(all);
    }
}

/// Access that is given anew while something goes wrong: the old access, the links and the books stay, and the next try works.
async fn renewals(database: Database, bank: &str, so_many: usize) -> usize {
    let scenario = format!("renewal at {bank}");
    let mut done = 0;
    let mut cases: Option<Vec<Case>> = None;
    loop {
        let house = House::open(database).await;
        let connection = house.with_bank(bank).await;
        let mut now = house.clock.now() + PAST_EVERY_WAIT;
        turn_to(&house, now);
        let all = if let Some(all) = cases.take() {
            all
        } else {
            house.sandbox.forget_calls();
            renew(&house, connection).await.unwrap();
            selected(&scenario, cross(&places(&house).await), so_many)
        };
        for case in all.iter().skip(done).take(CASES_OF_A_HOUSE) {
            let name = case.name(&scenario);
            let mut has_met = false;
            for _ in 0..TRIES {
                (now, has_met) = renewal(&house, connection, case, &name, now).await;
                if has_met {
                    break;
                }
            }
            assert!(has_met, "{name}: its call was not made");
            done += 1;
        }
        if done >= all.len() {
            return done;
        }
        cases = Some(all);
    }
}

/// One of them; answers with the moment at which it is over, and whether the weather met its call.
async fn renewal(
    house: &House,
    connection: ConnectionId,
    case: &Case,
    name: &str,
    began: Timestamp,
) -> (Timestamp, bool) {
    turn_to(house, began + PAST_EVERY_WAIT);
    fine_sync(house, connection, name).await;
    let before = books(house).await;
    let mut renewing = began + PAST_EVERY_WAIT;
    let concerns_token = case.place.label.starts_with("token/");
    if concerns_token {
        // So that the token of that sync has run out.
        renewing += PAST_EVERY_WAIT;
        turn_to(house, renewing);
    }
    case.arm(house).await;
    let attempt = renew(house, connection).await;
    let has_met = clear(house);
    let views = house.engine.connections(&house.asker).await.unwrap();
    assert_eq!(views.iter().map(|view| view.connection.id).collect::<Vec<_>>(), [connection], "{name}");
    assert!(views[0].bank_accounts.iter().all(|account| account.feeds.is_some()), "{name}: links are kept");
    // Where days have passed, the sync that follows a renewal brings new rows.
    if !concerns_token || attempt.is_err() {
        assert_same(&books(house).await, &before, &format!("{name}: while access is renewed ({attempt:?})"));
    }
    let later = renewing + PAST_EVERY_WAIT;
    turn_to(house, later);
    fine_sync(house, connection, name).await;
    if attempt.is_err() {
        let again = renew(house, connection).await;
        assert!(again.is_ok(), "{name}: the next try: {again:?} after {attempt:?}");
    }
    (later, has_met)
}

/// Begins to renew, walks the bank's pages and comes back; a run that follows is carried out. An error says how far it got.
async fn renew(house: &House, connection: ConnectionId) -> Result<(), String> {
    let flow = house.engine.begin_renewal(&house.asker, connection).await.map_err(|error| format!("begin: {error}"))?;
    let page = house.engine.flow(&house.asker, flow).await.map_err(|error| format!("flow: {error}"))?.page;
    let FlowPage::Open { url, .. } = page else { return Err(format!("no page to open: {page:?}")) };
    let back = house.sandbox.visit(&url.parse().unwrap(), &Answers::default()).await;
    let back = back.map_err(|error| format!("walk: {error}"))?;
    let fields: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
    house.engine.returned(fields, house.asker.person()).await.map_err(|error| format!("return: {error}"))?;
    let page = house.engine.poll_flow(&house.asker, flow).await.map_err(|error| format!("poll: {error}"))?.page;
    if let FlowPage::Renewed { .. } = page {
        while house.engine.work_once().await.map_err(|error| format!("sync: {error}"))? {}
        return Ok(());
    }
    let _ = house.engine.cancel_flow(&house.asker, flow).await;
    Err(format!("{page:?}"))
}

/// A case that somebody has named may belong to another scenario.
fn ran(scenario: &str, cases: usize) {
    println!("{scenario}: {cases} cases");
    assert!(cases > 0 || std::env::var(VARIABLE).is_ok(), "no case was run");
}

#[tokio::test]
async fn a_first_sync_in_any_weather() {
    ran("first syncs at lockside on sqlite", first_sync(Database::Sqlite, LOCKSIDE, 8).await);
}

#[tokio::test]
async fn a_first_sync_of_many_rows_in_any_weather() {
    ran("first syncs at nordhafen on sqlite", first_sync(Database::Sqlite, NORDHAFEN, 2).await);
}

#[tokio::test]
async fn a_later_sync_in_any_weather() {
    ran("later syncs at nordhafen on sqlite", later_syncs(Database::Sqlite, NORDHAFEN, 10).await);
}

#[tokio::test]
async fn a_later_sync_with_strict_limits_in_any_weather() {
    ran("later syncs at lockside on sqlite", later_syncs(Database::Sqlite, LOCKSIDE, 10).await);
}

#[tokio::test]
async fn a_renewal_in_any_weather() {
    ran("renewals at nordhafen on sqlite", renewals(Database::Sqlite, NORDHAFEN, 8).await);
}

#[tokio::test]
async fn postgres_in_some_weather() {
    if std::env::var(VARIABLE).is_err() {
        ran("first syncs at lockside on postgres", first_sync(Database::Postgres, LOCKSIDE, 1).await);
        ran("later syncs at lockside on postgres", later_syncs(Database::Postgres, LOCKSIDE, 4).await);
    }
}
