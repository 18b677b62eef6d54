//! Providers whose logins are made elsewhere, or through forms of ours: what there is is taken up, and days later nothing is lost
//! or doubled, whatever becomes of the rows' ids.

use std::collections::BTreeMap;

use bankside_domain::run::{RunOutcome, Trigger};
use bankside_domain::{ConnectionId, Secret};
use bankside_engine::{EngineError, FlowPage, Form, RegisterQuery};
use bankside_sandbox::{PluggyEvent, Switches};
use jiff::SignedDuration;
use jiff::civil::Date;

use crate::house::{House, on_both};

const AROEIRA: &str = "5a6d0000-0000-4000-8000-0000000000b1";
const MEU_PLUGGY: &str = "5a6d0000-0000-4000-8000-0000000000b2";
const HARBORLIGHT: &str = "Harborlight Bank";
const SOPHTRON_BANK: &str = "US_50f70000-0000-4000-8000-000000000001";

/// Takes all logins up that are at a provider, and answers with the connection of the one at a bank.
async fn taken_up(house: &House, provider: &str, bank: &str) -> ConnectionId {
    house.type_keys_of(provider).await;
    house.engine.adopt_logins(&house.asker, provider).await.unwrap();
    // What a bank leaves open is asked of the person.
    for login in house.engine.logins(&house.asker, provider).await.unwrap() {
        if login.connection.is_none() {
            let flow = house.engine.adopt_login(&house.asker, provider, &login.key, None).await.unwrap();
            let (titles, page) = answered(house, flow).await;
            assert_eq!(titles, ["Who owes this?"]);
            assert!(matches!(page, FlowPage::Done { .. }), "{page:?}");
        }
    }
    let views = house.engine.connections(&house.asker).await.unwrap();
    views.iter().find(|view| view.connection.institution_name == bank).unwrap().connection.id
}

/// The rows of every account from a day on, sorted; by what the bank calls them.
async fn everything_since(house: &House, from: Date) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for view in house.engine.accounts(&house.asker).await.unwrap() {
        let mut rows = house.rows(view.account.id).await;
        rows.retain(|row| row.as_str() >= from.to_string().as_str());
        rows.sort();
        all.insert(view.account.name, rows);
    }
    all
}

/// So many days lie between two syncs.
const EVERY: i64 = 4;

/// A house that syncs every few days has at the end what a house has that connects on the last day only.
async fn day_by_day_is_as_good_as_at_once(provider: &str, bank: &str, days: i64) {
    let one = House::open(bankside_testkit::Engine::Sqlite).await;
    let connection = taken_up(&one, provider, bank).await;
    one.link_all(connection).await;
    assert!(one.engine.work_once().await.unwrap());
    for _ in 0..days / EVERY {
        one.clock.advance_days(EVERY);
        let run = one.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Done), "{:?}", run.run);
    }
    let late = House::open(bankside_testkit::Engine::Sqlite).await;
    late.clock.advance_days(days / EVERY * EVERY);
    let connection = taken_up(&late, provider, bank).await;
    late.link_all(connection).await;
    assert!(late.engine.work_once().await.unwrap());

    // As far back as both have asked.
    let from = late.clock_day(-80);
    let (day_by_day, at_once) = (everything_since(&one, from).await, everything_since(&late, from).await);
    assert!(day_by_day.values().map(Vec::len).sum::<usize>() > 50);
    assert_eq!(day_by_day, at_once);
    for view in one.engine.accounts(&one.asker).await.unwrap() {
        let is_wrong = matches!(view.status.status, bankside_domain::status::Status::CheckData { .. });
        assert!(!is_wrong, "{}: {:?}", view.account.name, view.status);
    }
}

#[tokio::test]
async fn over_a_closing_of_a_card_pluggys_rows_are_there_once() {
    day_by_day_is_as_good_as_at_once("pluggy", "Banco Aroeira", 34).await;
}

#[tokio::test]
async fn rows_without_a_provider_id_are_there_once_too() {
    day_by_day_is_as_good_as_at_once("pluggy", "BANCO SAPUCAIA S.A.", 20).await;
}

#[tokio::test]
async fn simplefins_rows_of_all_banks_are_there_once() {
    day_by_day_is_as_good_as_at_once("simplefin", "SimpleFIN", 12).await;
}

#[tokio::test]
async fn sophtrons_rows_are_there_once() {
    day_by_day_is_as_good_as_at_once("sophtron", HARBORLIGHT, 12).await;
}

#[tokio::test]
async fn sophtrons_rows_under_new_ids_are_there_once() {
    day_by_day_is_as_good_as_at_once("sophtron", "Larkspur National", 12).await;
}

#[tokio::test]
async fn a_dst_night_and_a_person_in_utc_plus_13_move_no_row() {
    // In the night to 14 March 2027 clocks go forward at the bank, from 2 to 3; the person is thirteen hours ahead of UTC.
    let until_the_eve = SignedDuration::from_hours(24 * 113 + 10);
    let one = House::open_in(bankside_testkit::Engine::Sqlite, Switches::default(), "Pacific/Auckland").await;
    one.clock.advance(until_the_eve);
    let connection = taken_up(&one, "sophtron", HARBORLIGHT).await;
    one.link_all(connection).await;
    assert!(one.engine.work_once().await.unwrap());
    for _ in 0..12 {
        one.clock.advance(SignedDuration::from_hours(2));
        let run = one.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Done), "{:?}", run.run);
    }
    let late = House::open(bankside_testkit::Engine::Sqlite).await;
    late.clock.advance(until_the_eve + SignedDuration::from_hours(24));
    let connection = taken_up(&late, "sophtron", HARBORLIGHT).await;
    late.link_all(connection).await;
    assert!(late.engine.work_once().await.unwrap());
    let from = late.clock_day(-60);
    let (in_auckland, in_berlin) = (everything_since(&one, from).await, everything_since(&late, from).await);
    assert!(in_berlin.values().map(Vec::len).sum::<usize>() > 30);
    assert_eq!(in_auckland, in_berlin);
}

fn answer(form: &Form, text: &str) -> BTreeMap<String, Secret> {
    let first = |field: &bankside_engine::FormField| match &field.answered {
        bankside_engine::Answered::OneOf(options) => options[0].clone(),
        _ => text.to_owned(),
    };
    form.fields.iter().map(|field| (field.key.clone(), Secret::new(first(field)))).collect()
}

/// Answers whatever comes until the flow is over; the titles of the forms.
async fn answered(house: &House, flow: bankside_domain::FlowId) -> (Vec<String>, FlowPage) {
    let mut titles = Vec::new();
    for _ in 0..40 {
        house.clock.advance(SignedDuration::from_secs(5));
        let view = house.engine.poll_flow(&house.asker, flow).await.unwrap();
        match view.page {
            FlowPage::Ask { form } => {
                titles.push(form.title.clone());
                house.engine.answer_flow(&house.asker, flow, &answer(&form, "teal")).await.unwrap();
            }
            FlowPage::Wait { .. } => {}
            page => return (titles, page),
        }
    }
    panic!("the flow never ends: {titles:?}");
}

on_both! {
    logins_are_listed_taken_up_once_and_told_apart(house) {
        house.type_keys_of("pluggy").await;
        let logins = house.engine.logins(&house.asker, "pluggy").await.unwrap();
        assert_eq!(logins.iter().map(|login| login.key.as_str()).collect::<Vec<_>>(), [AROEIRA, MEU_PLUGGY]);
        assert!(logins.iter().all(|login| login.connection.is_none() && login.fault.is_none()), "{logins:?}");
        house.engine.adopt_logins(&house.asker, "pluggy").await.unwrap();
        house.engine.adopt_logins(&house.asker, "pluggy").await.unwrap();
        assert_eq!(house.engine.connections(&house.asker).await.unwrap().len(), 2);
        let twice = house.engine.adopt_login(&house.asker, "pluggy", AROEIRA, None).await;
        assert!(matches!(twice, Err(EngineError::Conflict(_))), "{twice:?}");

        house.sandbox.happen_at_pluggy(PluggyEvent::Delete { of: AROEIRA.to_owned() }).unwrap();
        let logins = house.engine.logins(&house.asker, "pluggy").await.unwrap();
        assert!(logins[0].fault.is_some() && logins[0].connection.is_some(), "{:?}", logins[0]);
        assert!(logins[1].fault.is_none(), "the other one is not touched");
    }

    a_list_of_keys_is_whole_and_what_is_left_empty_stays(house) {
        house.type_keys_of("pluggy").await;
        let listed = house.engine.listed_keys(&house.asker, "pluggy").await.unwrap();
        assert_eq!(listed["item_ids"], [AROEIRA, MEU_PLUGGY]);
        let fewer = BTreeMap::from([("item_ids".to_owned(), Secret::new(format!("{MEU_PLUGGY} ,{MEU_PLUGGY}")))]);
        house.engine.keep_keys(&house.asker, "pluggy", fewer).await.unwrap();
        let listed = house.engine.listed_keys(&house.asker, "pluggy").await.unwrap();
        assert_eq!(listed["item_ids"], [MEU_PLUGGY], "each once, and the other keys are as they were");
        let none = house.engine.keep_keys(&house.asker, "pluggy", BTreeMap::new()).await;
        assert!(matches!(none, Err(EngineError::Invalid { field: "item_ids", .. })), "{none:?}");
    }

    two_who_take_up_one_login_at_once_make_one_sync_of_it(house) {
        house.type_keys_of("pluggy").await;
        let adopt = || house.engine.adopt_login(&house.asker, "pluggy", AROEIRA, None);
        let (one, other) = tokio::join!(adopt(), adopt());
        let mut done = 0;
        for flow in [one, other].into_iter().flatten() {
            let page = house.engine.flow(&house.asker, flow).await.unwrap().page;
            done += usize::from(matches!(page, FlowPage::Done { .. }));
            assert!(matches!(page, FlowPage::Done { .. } | FlowPage::Failed { .. }), "{page:?}");
        }
        assert_eq!((done, house.engine.connections(&house.asker).await.unwrap().len()), (1, 1));
    }

    an_item_that_was_made_anew_takes_the_place_of_the_old_one(house) {
        const ANEW: &str = "5a6d0000-0000-4000-8000-00000000a0e1";
        let connection = taken_up(house, "pluggy", "Banco Aroeira").await;
        house.link_all(connection).await;
        assert!(house.engine.work_once().await.unwrap());
        let before = everything_since(house, house.clock_day(-80)).await;
        let (of, id) = (AROEIRA.to_owned(), ANEW.to_owned());
        house.sandbox.happen_at_pluggy(PluggyEvent::Reconnect { of, id }).unwrap();

        let flow = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
        let FlowPage::Ask { form } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!("no form") };
        let page = house.engine.answer_flow(&house.asker, flow, &answer(&form, ANEW)).await.unwrap().page;
        assert!(matches!(page, FlowPage::Renewed { .. }), "{page:?}");
        let listed = house.engine.listed_keys(&house.asker, "pluggy").await.unwrap();
        assert_eq!(listed["item_ids"], [ANEW, MEU_PLUGGY]);
        let same = BTreeMap::from([("item_ids".to_owned(), Secret::new(listed["item_ids"].join(",")))]);
        house.engine.keep_keys(&house.asker, "pluggy", same).await.unwrap();
        assert!(house.engine.work_once().await.unwrap(), "what came meanwhile is fetched");
        assert_eq!(everything_since(house, house.clock_day(-80)).await, before);
    }

    rows_of_a_card_are_grouped_by_its_bills(house) {
        let connection = taken_up(house, "pluggy", "Banco Aroeira").await;
        house.link_all(connection).await;
        assert!(house.engine.work_once().await.unwrap());
        let mut cards = 0;
        for view in house.engine.accounts(&house.asker).await.unwrap() {
            let bills = house.engine.bills(&house.asker, view.account.id).await.unwrap();
            assert_eq!(house.engine.has_bills(&house.asker, view.account.id).await.unwrap(), !bills.is_empty());
            let Some(last) = bills.first() else { continue };
            cards += 1;
            assert!(bills.is_sorted_by(|one, next| one.bill.due_on > next.bill.due_on), "the latest first");
            assert_eq!(last.unexplained_minor(), 0, "{last:?}");
            let mut query = RegisterQuery { account: Some(view.account.id), limit: 500, ..RegisterQuery::default() };
            query.filter.bill = Some(last.bill.id);
            let on_it = house.engine.register(&house.asker, &query).await.unwrap();
            assert_eq!((on_it.total, on_it.sums[0].minor), (last.bill.rows, -last.bill.owed_minor));
            let shown = house.engine.transaction(&house.asker, on_it.rows[0].id).await.unwrap();
            let bill = shown.bank_rows[0].bill.unwrap();
            assert_eq!((bill.id, bill.due_on), (last.bill.id, last.bill.due_on));

            // What is taken out of the books is not on the bill any more.
            house.engine.delete_transaction(&house.asker, on_it.rows[0].id).await.unwrap();
            let bills = house.engine.bills(&house.asker, view.account.id).await.unwrap();
            assert_eq!(bills[0].bill.rows, last.bill.rows - 1);
            assert_eq!(bills[0].unexplained_minor(), -on_it.rows[0].amount_minor);
        }
        assert_eq!(cards, 1, "only cards have bills");
    }

    a_notice_makes_a_sync_due_and_nothing_else(house) {
        let connection = taken_up(house, "pluggy", "Banco Aroeira").await;
        let url = house.engine.notice_url(&house.asker, "pluggy").unwrap().unwrap();
        let token = url.path_segments().unwrap().next_back().unwrap().to_owned();
        let organization = house.asker.organization;
        let body = format!(r#"{{"event":"item/updated","itemId":"{AROEIRA}"}}"#);
        let take = async |token: &str, body: &str| {
            house.engine.take_notice("pluggy", organization, token, body.as_bytes()).await
        };
        take(&token, &body).await.unwrap();
        assert!(!house.engine.work_once().await.unwrap(), "nothing is linked");

        house.link_all(connection).await;
        assert!(house.engine.work_once().await.unwrap());
        for (token, body) in [("guessed", body.as_str()), (&token[1..], &body)] {
            let refused = take(token, body).await;
            assert!(matches!(refused, Err(EngineError::NotFound(_))), "{refused:?}");
        }
        for nonsense in ["", "{}", "[[[", r#"{"event":"item/updated","itemId":"another"}"#] {
            take(&token, nonsense).await.unwrap();
        }
        assert!(!house.engine.work_once().await.unwrap(), "nobody has said anything of ours");
        take(&token, &body).await.unwrap();
        take(&token, &body).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        assert_eq!(house.latest_run().await.run.trigger, Trigger::Webhook);
        assert!(!house.engine.work_once().await.unwrap(), "two notices, one sync");
    }

    a_bank_asks_and_what_is_answered_is_kept_nowhere(house) {
        house.type_keys_of("sophtron").await;
        let found = house.engine.find_banks(&house.asker, "sophtron", "Sophtron  bank").await.unwrap();
        assert!(found.iter().any(|bank| bank.key == SOPHTRON_BANK), "{found:?}");
        let short = house.engine.find_banks(&house.asker, "sophtron", "s").await;
        assert!(matches!(short, Err(EngineError::Invalid { field: "name", .. })));

        let flow = house.engine.begin_connecting(&house.asker, "sophtron", SOPHTRON_BANK, None).await.unwrap();
        let FlowPage::Ask { form } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!("no form") };
        assert_eq!(form.error, None);
        let half = BTreeMap::from([(form.fields[0].key.clone(), Secret::new("me"))]);
        let FlowPage::Ask { form } = house.engine.answer_flow(&house.asker, flow, &half).await.unwrap().page else {
            panic!("no form")
        };
        assert!(form.error.clone().unwrap().contains("missing"), "nothing was sent");
        let somebody_else = bankside_domain::Asker::system(house.asker.organization);
        let before = house.sandbox.calls().len();
        let page = house.engine.answer_flow(&somebody_else, flow, &answer(&form, "teal")).await.unwrap().page;
        let FlowPage::Ask { form } = page else { panic!("no form") };
        assert!(form.error.unwrap().contains("Only the person who began"));
        assert_eq!(house.sandbox.calls().len(), before);

        let (titles, page) = answered(house, flow).await;
        assert!(matches!(page, FlowPage::Done { .. }), "{page:?}");
        assert_eq!(titles.len(), 5, "the sign-in and four questions: {titles:?}");
    }

    a_wrong_pin_once_has_no_automatic_second_try(house) {
        house.type_keys_of("sophtron").await;
        let flow = house.engine.begin_connecting(&house.asker, "sophtron", SOPHTRON_BANK, None).await.unwrap();
        let FlowPage::Ask { form } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!("no form") };
        house.engine.answer_flow(&house.asker, flow, &answer(&form, "wrong")).await.unwrap();
        let sent = |house: &House| {
            let calls = house.sandbox.calls();
            calls.iter().filter(|call| call.label.contains("UserInstitution") && call.label.contains("reate")).count()
        };
        let (mut asked_again, first) = (None, sent(house));
        for _ in 0..20 {
            house.clock.advance(SignedDuration::from_secs(10));
            if let FlowPage::Ask { form } = house.engine.poll_flow(&house.asker, flow).await.unwrap().page {
                asked_again = Some(form);
            }
        }
        assert!(asked_again.unwrap().error.is_some(), "it says that the bank has refused");
        assert_eq!((first, sent(house)), (1, 1));
        let updates = house.sandbox.calls().iter().filter(|call| call.label.contains("UpdateUserInstitution")).count();
        assert_eq!(updates, 0, "nothing is sent until somebody types again");
        house.engine.cancel_flow(&house.asker, flow).await.unwrap();
        assert!(house.engine.connections(&house.asker).await.unwrap().is_empty());
    }
}
