//! What pages tell those who may open them.

use axum::http::StatusCode;
use bankside_domain::ConnectionId;
use bankside_domain::row::RowStatus;
use bankside_domain::schedule::DailyImport;
use bankside_engine::RegisterQuery;
use bankside_sandbox::ArmedFault;
use jiff::SignedDuration;

use crate::house::{self, House, Who};
use crate::needs::NEEDS;

impl House {
    /// The main part of a page, without its markup.
    async fn told(&mut self, who: Who, path: &str) -> String {
        let path = format!("/o/{}/{path}", self.asker.organization);
        let answer = self.ask(who, "GET", &path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        words(answer.text.split("<main").nth(1).unwrap())
    }

    /// The one connection, whose run is over.
    async fn synced(&self) -> ConnectionId {
        let connection = self.engine.connections(&self.asker).await.unwrap()[0].connection.id;
        self.engine.sync_connection(&self.asker, connection).await.unwrap();
        assert!(self.engine.work_once().await.unwrap());
        connection
    }
}

/// What a person reads of a piece of markup.
pub(crate) fn words(markup: &str) -> String {
    let text = markup.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let text = text.collect::<Vec<_>>().join(" ").replace("&nbsp;", " ").replace("&#39;", "\u{2019}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands under *What needs you*.
fn needs(overview: &str) -> &str {
    overview.split("What needs you").nth(1).unwrap().split("Income and spending").next().unwrap()
}

#[track_caller]
fn assert_told(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "“{part}” is not said: {text}");
    }
}

#[tokio::test]
async fn the_overview_says_when_rows_came_last_and_when_the_next_import_is() {
    let mut house = Box::pin(House::open(bankside_testkit::Engine::Sqlite)).await;
    for who in [Who::Owner, Who::Viewer, Who::RestrictedMember] {
        let told = house.told(who, "overview").await;
        assert_told(needs(&told), &["Last sync: today 13:00.", "Next import tomorrow 06:"]);
    }
    let banks = house.told(Who::Owner, "banks").await;
    let next = banks.split("Next import tomorrow ").nth(1).unwrap().split(' ').next().unwrap();
    assert_told(&house.told(Who::Owner, "overview").await, &[&format!("Next import tomorrow {next}.")]);

    let off = DailyImport { is_on: false, hour: 6 };
    house.engine.set_daily_import(&house.asker, off).await.unwrap();
    let told = house.told(Who::Owner, "overview").await;
    assert_told(needs(&told), &["Last sync: today 13:00.", "Imports when somebody presses Bank sync."]);
    assert!(!told.contains("Next import"), "{told}");
}

#[tokio::test]
async fn the_overview_tells_of_access_that_ends_before_it_does_and_of_what_fails() {
    let mut house = Box::pin(House::open(bankside_testkit::Engine::Sqlite)).await;
    let calm = house.told(Who::Owner, "overview").await;
    assert!(!needs(&calm).contains("renew"), "{calm}");

    let end = house.engine.connections(&house.asker).await.unwrap()[0].connection.consent.valid_until.unwrap();
    for (days, left) in [(14, "14 days left"), (7, "7 days left"), (1, "1 day left")] {
        let ahead = end.duration_since(house.engine.ambient().now());
        house.clock.advance(ahead - SignedDuration::from_hours(24 * days - 1));
        house.sign_in_again(Who::Owner).await;
        let told = house.told(Who::Owner, "overview").await;
        assert_told(needs(&told), &["Nordhafen Bank: renew by 19 May", left, "Resync"]);
        let expires = format!("Session expires 19 May, {left}");
        let banks = house.told(Who::Owner, "banks").await;
        assert_told(&banks, &["Needs you", "Renew by 19 May", &expires, "want a new sign-in every 90 or 180 days"]);
    }
    house.clock.advance_days(1);
    house.sign_in_again(Who::Viewer).await;
    assert_told(&house.told(Who::Viewer, "banks").await, &["Session expired on 19 May"]);
    for who in [Who::Owner, Who::Viewer] {
        let told = house.told(who, "overview").await;
        assert_told(
            needs(&told),
            &["Nordhafen Bank: renew now", "Access has ended.", "once what is said above is done"],
        );
        assert_eq!(needs(&told).contains("Resync :"), who == Who::Owner, "{told}");
    }
}

#[tokio::test]
async fn the_overview_tells_of_a_bank_that_wants_somebody() {
    let mut house = Box::pin(House::open(bankside_testkit::Engine::Sqlite)).await;
    house.sandbox.arm(ArmedFault::new("accounts/transactions", "account_suspended")).unwrap();
    house.synced().await;
    let told = house.told(Who::Owner, "overview").await;
    assert_told(needs(&told), &["Nordhafen Bank: renew now", "has suspended this account", "Resync"]);
}

#[tokio::test]
async fn whoever_may_not_connect_banks_reads_who_can() {
    let mut house = Box::pin(House::open(bankside_testkit::Engine::Sqlite)).await;
    for who in [Who::Member, Who::Viewer] {
        let told = house.told(who, "banks").await;
        assert_told(&told, &["Nordhafen Bank", "is for an owner or admin: owner, Admin."]);
        assert!(!told.contains("Unsync"), "{told}");
    }
    assert!(!house.told(Who::Admin, "banks").await.contains("is for an owner or admin"));

    // Whoever sees a part has the right to see the books: what they lack is the whole.
    let banks = format!("/o/{}/banks", house.asker.organization);
    let refused = house.ask(Who::RestrictedMember, "GET", &banks, "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_told(&words(&refused.text), &["you see a part of it", "is for an owner or admin: owner, Admin."]);
    assert!(!refused.text.contains("the right to see the books"), "{}", refused.text);
    let runs = format!("/o/{}/runs", house.asker.organization);
    let refused = house.ask(Who::RestrictedMember, "GET", &runs, "").await;
    assert_told(&words(&refused.text), &["This is about the whole organization, and you see a part of it."]);
    let api = format!("/api/v1/organizations/{}/connections", house.asker.organization);
    let refused = house.ask(Who::RestrictedMember, "GET", &api, "").await;
    assert_told(&refused.text, &["the right to see the books of the whole organization, not of a part"]);

    for connection in house.engine.connections(&house.asker).await.unwrap() {
        house.engine.unsync(&house.asker, connection.connection.id).await.unwrap();
    }
    assert_told(&house.told(Who::Viewer, "banks").await, &["No bank is connected", "owner or admin: owner, Admin."]);
}

#[tokio::test]
async fn a_sync_is_renamed_by_whoever_manages_banks_and_the_audit_keeps_both_names() {
    let mut house = Box::pin(House::open(bankside_testkit::Engine::Sqlite)).await;
    let connection = house.engine.connections(&house.asker).await.unwrap()[0].connection.id;
    let page = format!("/o/{}/connections/{connection}/rename", house.asker.organization);
    assert_told(&house.told(Who::Admin, &format!("connections/{connection}/rename")).await, &["Rename Nordhafen Bank"]);
    let renamed = house.ask(Who::Admin, "POST", &page, "name=+North+++wing+").await;
    assert_eq!(
        (renamed.status, renamed.location.as_str()),
        (StatusCode::SEE_OTHER, &*page.replace(&format!("connections/{connection}/rename"), "banks"))
    );
    assert_told(&house.told(Who::Viewer, "banks").await, &["North wing Nordhafen Bank"]);
    assert!(!house.told(Who::Viewer, "banks").await.contains("Rename"));
    let line = house
        .engine
        .audit(&house.asker)
        .await
        .unwrap()
        .into_iter()
        .find(|line| line.action == "connection.renamed")
        .unwrap();
    assert_eq!(
        (line.subject, line.detail),
        (connection.to_string(), "Nordhafen Bank, from now on North wing".to_owned())
    );

    for (name, says) in [("", "between one and 64 letters"), (&*"x".repeat(65), "between one and 64 letters")] {
        let refused = house.ask(Who::Owner, "POST", &page, &format!("name={name}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_told(&words(&refused.text), &[says]);
    }
    let api = format!("/api/v1/organizations/{}/connections/{connection}", house.asker.organization);
    let renamed = house.ask(Who::Owner, "PATCH", &api, r#"{"name":"South wing"}"#).await;
    assert_eq!(renamed.status, StatusCode::NO_CONTENT, "{}", renamed.text);
    assert_told(&house.told(Who::Owner, "banks").await, &["South wing Nordhafen Bank"]);
    house.engine.unsync(&house.asker, connection).await.unwrap();
    assert_eq!(house.ask(Who::Owner, "POST", &page, "name=gone").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_sync_says_when_it_was_imported_last() {
    let mut house = Box::pin(House::open(bankside_testkit::Engine::Sqlite)).await;
    house.clock.advance(SignedDuration::from_hours(26));
    assert_told(&house.told(Who::Viewer, "banks").await, &["Last import yesterday 13:00 Next import within a minute"]);
    let connection = house.synced().await;
    assert_told(&house.told(Who::Viewer, "banks").await, &["Last import today 15:00 Next import tomorrow 06:"]);
    // An account that lags behind the others says so itself.
    let mut choices = house.engine.link_offer(&house.asker, connection, None).await.unwrap().all_as_new();
    let own = house.ids_for(Who::Owner).remove(0);
    choices.retain(|choice| choice.bank_account.to_string() == own.fill("{bank_account}"));
    house.engine.link(&house.asker, connection, &choices).await.unwrap();
    assert_told(&house.told(Who::Viewer, "banks").await, &["Last import today 15:00", ", not imported yet"]);
}

/// The account of the north is called like many others: wherever its name stands, so does its place in the tree.
#[tokio::test]
async fn an_account_is_told_apart_by_where_it_belongs_on_every_page_that_names_it() {
    let mut house = Box::pin(House::open(bankside_testkit::Engine::Sqlite)).await;
    let (engine, asker) = (house.engine.clone(), house.asker.clone());
    let north = engine.accounts(&asker).await.unwrap().into_iter().find(|view| view.account.asset.is_some()).unwrap();
    let (name, path) = (north.account.name.clone(), "The country above ▸ North ▸ Hall");
    engine.switch_inbox(&asker, true).await.unwrap();
    // A row that somebody types beside the bank's own is in doubt, so that suspicions name the account, too.
    let query = RegisterQuery { account: Some(north.account.id), limit: 50, ..RegisterQuery::default() };
    let rows = engine.register(&asker, &query).await.unwrap().rows;
    let sent = rows.into_iter().find(|row| row.status == RowStatus::Booked && row.payee.is_some()).unwrap();
    engine.add_transaction(&asker, north.account.id, &house::typed_like(&sent)).await.unwrap();
    house.synced().await;
    let own = house.ids_for(Who::Owner).remove(0);
    let mut named = Vec::new();
    for route in NEEDS.iter().filter(|route| route.method == "GET" && route.is_there && route.path.starts_with("/o/")) {
        // A page that is about one account, or about the asset itself, says once where that is.
        let is_about_one = route.path.contains("{account}") || route.path.ends_with("/assets/{asset}");
        if is_about_one || ["events", "figures.csv"].iter().any(|part| route.path.contains(part)) {
            continue;
        }
        let answer = house.ask(Who::Owner, "GET", &own.fill(route.path), "").await;
        let text = words(answer.text.split("<main").nth(1).unwrap_or(&answer.text));
        if text.contains(&name) {
            named.push((route.path, text.contains(path)));
        }
    }
    let without: Vec<&str> = named.iter().filter(|(_, has_path)| !has_path).map(|(path, _)| *path).collect();
    assert!(without.is_empty(), "these name {name} and not where it belongs: {without:#?}");
    let pages: Vec<&str> = named.iter().map(|(path, _)| path.rsplit('/').next().unwrap()).collect();
    for page in ["overview", "transactions", "unmapped", "banks", "suspicions", "inbox", "palette", "{run}"] {
        assert!(pages.contains(&page), "{page} does not name {name}: {pages:?}");
    }
}

#[tokio::test]
async fn a_bank_account_that_is_ignored_is_reported_to_pages_that_lie_open() {
    let house = Box::pin(House::open(bankside_testkit::Engine::Sqlite)).await;
    let own = house.ids_for(Who::Owner).remove(0);
    for is_ignored in [true, false] {
        let progress = house.engine.watch_progress();
        let bank_account = own.fill("{bank_account}").parse().unwrap();
        house.engine.ignore_bank_account(&house.asker, bank_account, is_ignored).await.unwrap();
        assert!(progress.has_changed().unwrap(), "{is_ignored}");
    }
}
