//! Feeds that move to another connection: nothing is lost, nothing is doubled, and there is a way back.

use std::sync::Arc;

use bankside_connect::connector::Connector;
use bankside_connect::{RawRow, Registry};
use bankside_domain::fault::FaultClass;
use bankside_domain::moving::{Likeness, Obstacle};
use bankside_domain::{AccountId, Asker, ConnectionId, Id as _, Role, TransactionId};
use bankside_engine::{
    Comparison, EditInput, EngineError, MoveCandidate, MoveDecision, MovePage, MoveView, RegisterQuery, RunView,
};
use bankside_sandbox::ArmedFault;
use bankside_store::Selection;
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan};

use crate::house::{House, NORDHAFEN, on_both};
use crate::wrapped::{Wrapped, inner};

/// A bank that names its card by a masked number only.
const MASKED: &str = "AMERICAN_EXPRESS_AESUDEF1";

/// Another provider tells the same rows in words and under ids of its own.
fn in_other_words(rows: &mut [RawRow]) {
    for row in rows {
        let text = String::from_utf8_lossy(&row.bytes);
        let text = ["remittanceInformationUnstructured", "creditorName", "debtorName"]
            .iter()
            .fold(text.into_owned(), |text, field| {
                text.replace(&format!(r#""{field}":""#), &format!(r#""{field}":"VIA "#))
            });
        let ids = ["transactionId", "internalTransactionId", "entryReference"];
        let text =
            ids.iter().fold(text, |text, field| text.replace(&format!(r#""{field}":""#), &format!(r#""{field}":"v-"#)));
        row.bytes = text.into_bytes();
    }
}

/// Another provider counts what goes out as more than nothing.
fn turned(rows: &mut [RawRow]) {
    in_other_words(rows);
    for row in rows {
        let text = String::from_utf8_lossy(&row.bytes);
        let (out, into) = (r#""amount":"-"#, r#""amount":""#);
        let text = if text.contains(out) { text.replacen(out, into, 1) } else { text.replacen(into, out, 1) };
        row.bytes = text.into_bytes();
    }
}

impl House {
    /// From now on banks are reached through a connector that changes their rows.
    async fn change_rows(&mut self, change: fn(&mut [RawRow])) {
        let descriptor = inner().descriptor();
        let wrapped: Arc<dyn Connector> = Arc::new(Wrapped { descriptor, change });
        self.restart_with(Registry::of([wrapped]), |_| ()).await;
    }

    async fn candidate(&self, account: AccountId, connection: ConnectionId) -> MoveCandidate {
        let offer = self.engine.move_offer(&self.asker, account).await.unwrap();
        let number = &offer.from.bank_account.masked_number;
        let fits =
            |one: &&MoveCandidate| one.end.connection.id == connection && one.end.bank_account.masked_number == *number;
        offer.candidates.iter().find(fits).unwrap().clone()
    }

    /// Begins a move to what fits through a connection, and has it fetched.
    async fn begin_move(&self, account: AccountId, connection: ConnectionId) -> MoveView {
        let end = self.candidate(account, connection).await.end;
        self.engine.begin_move(&self.asker, account, connection, end.bank_account.id).await.unwrap();
        assert!(self.engine.work_once().await.unwrap());
        self.move_of(account, None).await
    }

    async fn move_of(&self, account: AccountId, day: Option<Date>) -> MoveView {
        self.engine.feed_move(&self.asker, account, day).await.unwrap().unwrap()
    }

    async fn commit_move(&self, view: &MoveView) -> Result<RunView, EngineError> {
        let run = self.engine.commit_move(&self.asker, view.account.account.id, decision(view)).await?;
        assert!(self.engine.work_once().await.unwrap());
        let run = self.engine.run(&self.asker, run).await.unwrap();
        assert!(run.is_finished());
        Ok(run)
    }

    async fn ids(&self, account: AccountId) -> Vec<TransactionId> {
        let query = RegisterQuery { account: Some(account), limit: 500, ..RegisterQuery::default() };
        self.engine.register(&self.asker, &query).await.unwrap().rows.iter().map(|row| row.id).collect()
    }

    async fn feeding(&self, account: AccountId) -> ConnectionId {
        self.engine.feed(&self.asker, account).await.unwrap().connection.id
    }
}

fn ready(view: &MoveView) -> &Comparison {
    match &view.page {
        MovePage::Ready(comparison) => comparison,
        other => panic!("{other:?}"),
    }
}

fn decision(view: &MoveView) -> MoveDecision {
    let comparison = ready(view);
    MoveDecision { id: view.id, cut_over: comparison.cut_over, revision: comparison.revision }
}

fn booked(rows: &[String]) -> Vec<&String> {
    rows.iter().filter(|row| row.ends_with("Booked")).collect()
}

on_both! {
    the_same_bank_account_goes_on_through_another_connection_and_back(house) {
        let first = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let ids = house.ids(giro).await;
        house.engine.delete_transactions(&house.asker, &Selection::These(vec![ids[8]]), false).await.unwrap();
        let note = EditInput { note: Some("for the roof".into()), ..EditInput::default() };
        house.engine.edit_transactions(&house.asker, &Selection::These(vec![ids[9]]), &note).await.unwrap();
        let before = house.rows(giro).await;
        assert!(before.iter().any(|row| row.contains("for the roof")));

        let second = house.connect(NORDHAFEN).await;
        let candidate = house.candidate(giro, second).await;
        assert_eq!((candidate.likeness, candidate.obstacle, candidate.is_suggested), (Likeness::Same, None, true));
        let view = house.begin_move(giro, second).await;
        let comparison = ready(&view);
        assert!(comparison.same > 20, "{comparison:?}");
        assert_eq!((comparison.only_there.total, comparison.only_here.total), (0, 0), "{comparison:?}");
        assert_eq!((comparison.first_sync.added.len(), comparison.first_sync.booked_minor), (0, 0));
        assert!(!comparison.signs_look_turned && comparison.shifted_days.is_none() && comparison.is_whole);
        assert!(comparison.balance.is_some());
        let asked = house.engine.link_offer(&house.asker, second, None).await.unwrap();
        assert!(asked.accounts.iter().all(|one| one.resembles.is_empty()), "what is known is not asked");
        assert_eq!(house.rows(giro).await, before, "a look writes nothing");
        assert_eq!(house.feeding(giro).await, first);

        let run = house.commit_move(&view).await.unwrap();
        assert_eq!(run.accounts.len(), 1);
        assert_eq!(house.feeding(giro).await, second);
        assert_eq!(house.rows(giro).await, before, "nothing is doubled, lost, brought back or written over");
        assert!(house.engine.feed_move(&house.asker, giro, None).await.unwrap().is_none());
        let audit = house.engine.audit(&house.asker).await.unwrap();
        assert!(audit.iter().any(|entry| entry.action == "account.feed_moved" && entry.subject == giro.to_string()));
        let views = house.engine.connections(&house.asker).await.unwrap();
        let old = views.iter().find(|view| view.connection.id == first).unwrap();
        let shown = old.bank_accounts.iter().find(|one| one.bank_account.name == "Girokonto").unwrap();
        assert!(shown.bank_account.is_shown, "the old connection is as it was");

        house.clock.advance_days(3);
        house.sync(first).await;
        house.sync(second).await;
        let later = house.rows(giro).await;
        assert!(booked(&later).len() > booked(&before).len());

        let view = house.begin_move(giro, first).await;
        assert_eq!(ready(&view).only_there.total, 0);
        house.commit_move(&view).await.unwrap();
        assert_eq!((house.feeding(giro).await, house.rows(giro).await), (first, later));
    }

    two_entries_for_one_card_are_joined(house) {
        let first = house.with_bank(MASKED).await;
        let card = house.engine.accounts(&house.asker).await.unwrap()[0].account.id;
        let before = house.rows(card).await;
        let stays = house.engine.feed(&house.asker, card).await.unwrap().bank_account.id;
        let second = house.connect(MASKED).await;
        let candidate = house.candidate(card, second).await;
        let goes = candidate.end.bank_account.id;
        assert_ne!(goes, stays, "a mask alone makes no two bank accounts one");
        assert_eq!((candidate.likeness, candidate.is_suggested), (Likeness::Similar, true));
        let asked = house.engine.link_offer(&house.asker, second, None).await.unwrap();
        assert_eq!(asked.accounts[0].resembles, [card], "whoever links it is asked");

        let view = house.begin_move(card, second).await;
        assert_eq!(ready(&view).only_there.total, 0, "{:?}", ready(&view));
        house.commit_move(&view).await.unwrap();
        assert_eq!(house.rows(card).await, before);
        let feed = house.engine.feed(&house.asker, card).await.unwrap();
        assert_eq!((feed.connection.id, feed.bank_account.id), (second, stays));
        house.clock.advance_days(4);
        house.sync(second).await;
        assert!(house.rows(card).await.len() > before.len());
        let shown = |connection| house.engine.link_offer(&house.asker, connection, None);
        for connection in [first, second] {
            let offer = shown(connection).await.unwrap();
            assert_eq!(offer.accounts.iter().map(|one| one.bank_account.id).collect::<Vec<_>>(), [stays]);
        }
        let row = house.ids(card).await[0];
        let told = house.engine.transaction(&house.asker, row).await.unwrap();
        assert!(told.bank_rows.iter().all(|row| row.read.is_ok()), "its bytes open with the key of the one that stays");

        let view = house.begin_move(card, first).await;
        let rows = house.rows(card).await;
        house.commit_move(&view).await.unwrap();
        assert_eq!((house.feeding(card).await, house.rows(card).await), (first, rows));
    }

    a_card_that_fits_several_is_asked_about_with_all_of_them(house) {
        house.with_bank(MASKED).await;
        let first = house.engine.accounts(&house.asker).await.unwrap()[0].account.id;
        // Somebody says of the second entry that it is another card; a third one may be either.
        let other = house.connect(MASKED).await;
        house.link_all(other).await;
        assert!(house.engine.work_once().await.unwrap());
        let fed = house.engine.accounts(&house.asker).await.unwrap();
        let second = fed.iter().map(|view| view.account.id).find(|id| *id != first).unwrap();
        let third = house.connect(MASKED).await;
        let asked = house.engine.link_offer(&house.asker, third, None).await.unwrap();
        let mut resembles = asked.accounts[0].resembles.clone();
        resembles.sort();
        let mut both = vec![first, second];
        both.sort();
        assert_eq!(resembles, both, "which of these is it, or is it a new one?");
        assert!(asked.accounts[0].bank_account.feeds.is_none(), "nothing is taken for granted");
    }

    rows_in_other_words_are_the_same_rows(house) {
        house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account;
        let before = house.ids(giro.id).await;
        house.change_rows(in_other_words).await;
        let second = house.connect(NORDHAFEN).await;
        let view = house.begin_move(giro.id, second).await;
        let comparison = ready(&view);
        assert_eq!((comparison.only_there.total, comparison.only_here.total), (0, 0), "{comparison:?}");
        let promised = comparison.first_sync.clone();
        let run = house.commit_move(&view).await.unwrap();
        assert_eq!(run.accounts[0].run.counts.unwrap().added, promised.counts.added);
        let after = house.account("Girokonto").await.account;
        assert_eq!((after.booked_minor, after.opening_minor), (giro.booked_minor, giro.opening_minor));
        let mut ids = (before, house.ids(giro.id).await);
        ids.0.sort_unstable();
        ids.1.sort_unstable();
        assert_eq!(ids.0, ids.1, "each row is who it was");
        assert!(house.rows(giro.id).await.iter().any(|row| row.contains("VIA ")), "and says what is said now");
    }

    what_the_first_sync_adds_is_said_before(house) {
        house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account;
        house.clock.advance_days(9);
        let second = house.connect(NORDHAFEN).await;
        let view = house.begin_move(giro.id, second).await;
        let promised = ready(&view).first_sync.clone();
        assert!(promised.counts.added > 1, "{promised:?}");
        assert_eq!(ready(&view).only_there.total, usize::try_from(promised.counts.added).unwrap());
        let later = ready(&view).days.latest.saturating_sub(2.days());
        let fewer = house.move_of(giro.id, Some(later)).await;
        assert!(ready(&fewer).first_sync.counts.added < promised.counts.added);
        let early = house.engine.feed_move(&house.asker, giro.id, Some(later.saturating_sub(200.days()))).await;
        assert!(matches!(early, Err(EngineError::Invalid { field: "cut_over", .. })), "{early:?}");
        let run = house.commit_move(&view).await.unwrap();
        let counts = run.accounts[0].run.counts.unwrap();
        assert_eq!(
            (counts.added, counts.settled, counts.vanished, counts.held_back),
            (promised.counts.added, promised.counts.settled, promised.counts.vanished, promised.counts.held_back)
        );
        assert!(house.account("Girokonto").await.status.is_proven());
    }

    a_feed_with_its_signs_turned_cannot_take_over(house) {
        let first = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = house.rows(giro).await;
        house.change_rows(turned).await;
        let second = house.connect(NORDHAFEN).await;
        let view = house.begin_move(giro, second).await;
        assert!(ready(&view).signs_look_turned, "{:?}", ready(&view));
        let refused = house.commit_move(&view).await;
        assert!(matches!(refused, Err(EngineError::Conflict(_))), "{refused:?}");
        assert_eq!((house.feeding(giro).await, house.rows(giro).await), (first, before));
    }

    a_locked_period_stays_as_it_is(house) {
        house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        house.clock.advance_days(12);
        let today = house.engine.ambient().now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let locked = today.saturating_sub(8.days());
        // What was pending when the first sync came is booked by then, so the old feed settles it first.
        let first = house.feeding(giro).await;
        house.sync(first).await;
        house.engine.lock_period(&house.asker, giro, Some(locked)).await.unwrap();
        let before = house.rows(giro).await;
        house.change_rows(in_other_words).await;
        let second = house.connect(NORDHAFEN).await;
        let view = house.begin_move(giro, second).await;
        assert_eq!(ready(&view).cut_over, locked.saturating_add(1.day()));
        assert!(ready(&view).same > 20, "a lock keeps nobody from comparing");
        let within = MoveDecision { cut_over: locked, ..decision(&view) };
        let refused = house.engine.commit_move(&house.asker, giro, within).await;
        assert!(matches!(refused, Err(EngineError::Invalid { field: "cut_over", .. })), "{refused:?}");
        house.commit_move(&view).await.unwrap();
        let old = |rows: &[String]| rows.iter().filter(|row| row[..10] <= *locked.to_string()).cloned().collect::<Vec<_>>();
        assert_eq!(old(&house.rows(giro).await), old(&before));
        assert_eq!(house.rows(giro).await.len(), before.len());
    }

    a_worker_that_dies_leaves_nothing_behind(house) {
        let first = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = house.rows(giro).await;
        let second = house.connect(NORDHAFEN).await;
        let end = house.candidate(giro, second).await.end;
        house.engine.begin_move(&house.asker, giro, second, end.bank_account.id).await.unwrap();
        let claimed = house.store().await.claim_move_as_system(SignedDuration::from_secs(20)).await.unwrap().unwrap();
        assert_eq!(claimed.account, giro);
        house.restart().await;
        assert!(!house.engine.work_once().await.unwrap(), "the lease of the dead worker still holds");
        assert!(matches!(house.move_of(giro, None).await.page, MovePage::Fetching { .. }));
        house.clock.advance(SignedDuration::from_secs(21));
        assert!(house.engine.work_once().await.unwrap());
        let view = house.move_of(giro, None).await;
        assert_eq!(ready(&view).only_there.total, 0);
        let late = house.store().await.end_move_fetch(&house.asker, claimed.lease, Err(&fault()), 0).await;
        assert!(late.is_err(), "a worker that was only slow writes nothing more");
        // Between the comparison and the decision, too; and the old feed takes nothing of it for its own.
        house.restart().await;
        let run = house.sync(first).await;
        assert!(run.accounts.iter().all(|account| account.run.batch.is_none()), "{run:?}");
        assert_eq!(house.rows(giro).await, before);
        house.engine.abandon_move(&house.asker, giro).await.unwrap();
        assert!(house.engine.feed_move(&house.asker, giro, None).await.unwrap().is_none());
        assert_eq!((house.feeding(giro).await, house.rows(giro).await), (first, before));
    }

    what_a_bank_refuses_is_said_and_tried_again(house) {
        let first = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let second = house.connect(NORDHAFEN).await;
        house.sandbox.arm(ArmedFault::new("accounts/transactions", "connection_error")).unwrap();
        let view = house.begin_move(giro, second).await;
        let MovePage::Failed { fault } = &view.page else { panic!("{view:?}") };
        assert_eq!((fault.class, fault.code.as_str()), (FaultClass::RetryLater, "gocardless.bank_down"));
        assert_eq!(house.feeding(giro).await, first);
        assert!(ready(&house.begin_move(giro, second).await).same > 20, "begun anew");
        house.clock.advance_days(4);
        house.engine.tidy_moves().await.unwrap();
        assert!(house.engine.feed_move(&house.asker, giro, None).await.unwrap().is_none(), "nobody went on with it");
    }

    only_one_of_two_decisions_holds_and_only_on_what_was_looked_at(house) {
        house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let second = house.connect(NORDHAFEN).await;
        let view = house.begin_move(giro, second).await;
        let row = house.ids(giro).await[9];
        house.engine.delete_transactions(&house.asker, &Selection::These(vec![row]), false).await.unwrap();
        let stale = house.commit_move(&view).await;
        assert!(matches!(stale, Err(EngineError::Conflict(_))), "the books have changed: {stale:?}");
        let view = house.move_of(giro, None).await;
        let decide = || house.engine.commit_move(&house.asker, giro, decision(&view));
        let (one, other) = tokio::join!(decide(), decide());
        let lost = [&one, &other].into_iter().filter(|result| {
            matches!(result, Err(EngineError::Conflict(_) | EngineError::NotFound(_)))
        });
        assert_eq!((lost.count(), one.is_ok() != other.is_ok()), (1, true), "{one:?} {other:?}");
        assert!(house.engine.work_once().await.unwrap());
        assert_eq!(house.feeding(giro).await, second);
    }

    what_cannot_become_one_says_why(house) {
        house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let second = house.connect(NORDHAFEN).await;
        let offer = house.engine.move_offer(&house.asker, giro).await.unwrap();
        let other = offer.candidates.iter().find(|one| one.likeness != Likeness::Same).unwrap();
        assert_eq!(other.obstacle, Some(Obstacle::FeedsAnother));
        let (connection, bank_account) = (other.end.connection.id, other.end.bank_account.id);
        let refused = house.engine.begin_move(&house.asker, giro, connection, bank_account).await;
        assert!(matches!(refused, Err(EngineError::Conflict(_))), "{refused:?}");
        let fed = other.end.bank_account.feeds.unwrap().0;
        house.engine.unlink(&house.asker, fed).await.unwrap();
        let offer = house.engine.move_offer(&house.asker, giro).await.unwrap();
        let other = offer.candidates.iter().find(|one| one.end.bank_account.id == bank_account).unwrap();
        assert_eq!(other.obstacle, Some(Obstacle::HasRows));
        let unlinked = house.engine.move_offer(&house.asker, fed).await;
        assert!(matches!(unlinked, Err(EngineError::NotFound(_))), "{unlinked:?}");

        let member = Asker::member(house.asker.organization, house.asker.person().unwrap(), Role::Member);
        assert!(matches!(house.engine.move_offer(&member, giro).await, Err(EngineError::Denied(_))));
        assert!(matches!(house.engine.feed_move(&member, giro, None).await, Err(EngineError::Denied(_))));
        assert!(matches!(house.engine.abandon_move(&member, giro).await, Err(EngineError::Denied(_))));
        let elsewhere = bankside_domain::OrganizationId::from(giro.uuid());
        let stranger = Asker::member(elsewhere, house.asker.person().unwrap(), Role::Owner);
        let view = house.begin_move(giro, second).await;
        for refused in [
            house.engine.move_offer(&stranger, giro).await.map(|_| ()),
            house.engine.feed_move(&stranger, giro, None).await.map(|_| ()),
            house.engine.commit_move(&stranger, giro, decision(&view)).await.map(|_| ()),
            house.engine.abandon_move(&stranger, giro).await,
        ] {
            assert!(matches!(refused, Err(EngineError::NotFound(_))), "{refused:?}");
        }
        house.engine.unsync(&house.asker, second).await.unwrap();
        assert!(house.engine.feed_move(&house.asker, giro, None).await.unwrap().is_none(), "there is nothing to move to");
        let foreign = house.engine.begin_move(&house.asker, giro, ConnectionId::from(giro.uuid()), bank_account).await;
        assert!(matches!(foreign, Err(EngineError::NotFound(_))), "{foreign:?}");
    }

    two_accounts_of_one_login_are_two(house) {
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        let offer = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        let only_giro = offer.all_as_new().into_iter().take(1).collect::<Vec<_>>();
        house.engine.link(&house.asker, connection, &only_giro).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        let giro = house.account("Girokonto").await.account.id;
        let offer = house.engine.move_offer(&house.asker, giro).await.unwrap();
        assert!(!offer.candidates.is_empty());
        assert!(offer.candidates.iter().all(|one| one.obstacle == Some(Obstacle::SideBySide)), "{offer:?}");
    }
}

fn fault() -> bankside_domain::fault::FaultRecord {
    let json = r#"{"class":"retry_later","code":"bank.down","message":"The bank is down."}"#;
    serde_json::from_str(json).unwrap()
}
