//! Suspicions through the whole house: found, counted, decided, and kept to by later syncs.

use std::sync::Arc;

use bankside_connect::connector::Connector;
use bankside_connect::{RawRow, Registry};
use bankside_domain::merge::Chosen;
use bankside_domain::row::RowStatus;
use bankside_domain::suspicion::HeldChoice;
use bankside_domain::{AccountId, Asker, FeedRowId, Role};
use bankside_engine::{EngineError, NewTransactionInput, PairDecision, RegisterQuery, RegisterRow};

use crate::house::{House, NORDHAFEN, on_both};
use crate::wrapped::{Wrapped, inner};

/// The latest two booked rows that go out are dearer by a digit.
fn dearer(rows: &mut [RawRow]) {
    let is_out = |row: &&mut RawRow| {
        row.status == RowStatus::Booked && String::from_utf8_lossy(&row.bytes).contains(r#""amount":"-"#)
    };
    for row in rows.iter_mut().filter(is_out).take(2) {
        row.bytes = String::from_utf8_lossy(&row.bytes).replacen(r#""amount":"-"#, r#""amount":"-1"#, 1).into_bytes();
    }
}

impl House {
    async fn suspected(&self) -> i64 {
        let standing = self.engine.standing(&self.asker).await.unwrap();
        self.engine.count_suspicions(&self.asker, &standing).await.unwrap()
    }

    /// Types what the bank has sent last, once more.
    async fn type_again(&self, account: AccountId) -> RegisterRow {
        let query = RegisterQuery { account: Some(account), limit: 200, ..RegisterQuery::default() };
        let rows = self.engine.register(&self.asker, &query).await.unwrap().rows;
        let is_alone = |row: &&RegisterRow| {
            let like = |other: &&RegisterRow| (other.amount_minor, &other.payee) == (row.amount_minor, &row.payee);
            row.status == RowStatus::Booked && row.payee.is_some() && rows.iter().filter(like).count() == 1
        };
        let sent = rows.iter().find(is_alone).unwrap().clone();
        let sign = if sent.amount_minor < 0 { "-" } else { "" };
        let minor = sent.amount_minor.abs();
        let typed = NewTransactionInput {
            dated_on: sent.dated_on,
            amount: format!("{sign}{}.{:02}", minor / 100, minor % 100),
            payee: sent.payee.clone().unwrap(),
            is_cleared: false,
            lines: Vec::new(),
        };
        self.engine.add_transaction(&self.asker, account, &typed).await.unwrap();
        sent
    }
}

on_both! {
    a_typed_twin_is_merged_and_no_sync_brings_it_back(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        assert_eq!(house.suspected().await, 0, "what one answer brought is never suspected");
        let before = house.rows(giro).await;
        let sent = house.type_again(giro).await;
        assert_eq!(house.suspected().await, 1);
        let suspicions = house.engine.suspicions(&house.asker).await.unwrap();
        let pair = &suspicions.pairs[0];
        assert_eq!((pair.stays.row.id, pair.goes.brought_by.as_deref()), (sent.id, None));
        let ends = (pair.pair.first, pair.pair.second);
        let same = PairDecision::Same(Chosen::default());
        let viewer = Asker::member(house.asker.organization, house.asker.person().unwrap(), Role::Viewer);
        let denied = house.engine.decide_pair(&viewer, ends, same).await;
        assert!(matches!(denied, Err(EngineError::Denied(_))), "{denied:?}");
        let batch = house.engine.decide_pair(&house.asker, ends, same).await.unwrap().unwrap();
        assert_eq!((house.rows(giro).await, house.suspected().await), (before.clone(), 0));
        house.sync(connection).await;
        assert_eq!(house.rows(giro).await, before);

        house.engine.undo(&house.asker, batch).await.unwrap();
        assert_eq!((house.rows(giro).await.len(), house.suspected().await), (before.len() + 1, 1));
        assert_eq!(house.engine.decide_pair(&house.asker, ends, PairDecision::Different).await.unwrap(), None);
        house.sync(connection).await;
        assert_eq!((house.rows(giro).await.len(), house.suspected().await), (before.len() + 1, 0));
    }

    id_of_another_amount_waits_and_is_decided(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = house.rows(giro).await;
        let descriptor = inner().descriptor();
        let dearer: Arc<dyn Connector> = Arc::new(Wrapped { descriptor, change: dearer });
        house.restart_with(Registry::of([dearer]), |_| ()).await;
        house.sync(connection).await;
        assert_eq!(house.rows(giro).await, before, "an id is a claim that the amount must confirm");
        let waiting = async |house: &House| {
            let held = house.engine.suspicions(&house.asker).await.unwrap().held;
            held.into_iter().filter(|view| view.account.id == giro).collect::<Vec<_>>()
        };
        let held = waiting(house).await;
        assert_eq!(held.len(), 2);
        assert!(house.suspected().await >= 2);
        for view in &held {
            let known = view.known.as_ref().unwrap();
            let sent = view.bank_row.read.as_ref().unwrap();
            assert_eq!((sent.day(), sent.counterparty.name.as_deref()), (Some(known.dated_on), known.payee.as_deref()));
            assert!(sent.amount.minor < known.amount_minor);
            assert_eq!(view.choices, [HeldChoice::NewRow, HeldChoice::Correction, HeldChoice::LeaveOut]);
        }
        let decide = async |house: &House, which: usize, choice, known| {
            house.engine.decide_held(&house.asker, held[which].held.feed_row, choice, known).await
        };
        let nameless = decide(house, 1, HeldChoice::Correction, None).await;
        assert!(matches!(nameless, Err(EngineError::Invalid { field: "transaction", .. })), "{nameless:?}");
        let known = held[1].known.as_ref().map(|row| row.id);
        decide(house, 0, HeldChoice::NewRow, None).await.unwrap();
        decide(house, 1, HeldChoice::Correction, known).await.unwrap();
        let decided = house.rows(giro).await;
        assert_eq!((decided.len(), waiting(house).await.len()), (before.len() + 1, 0));
        let row = house.engine.transaction(&house.asker, known.unwrap()).await.unwrap().row;
        assert_eq!(row.amount_minor, held[1].bank_row.read.as_ref().unwrap().amount.minor);
        house.sync(connection).await;
        house.clock.advance_days(1);
        house.sync(connection).await;
        let after = house.rows(giro).await;
        assert!(decided.iter().filter(|row| row.ends_with("Booked")).all(|row| after.contains(row)), "nothing was undone");
    }

    a_row_that_was_not_held_back_is_not_decided(house) {
        house.with_bank(NORDHAFEN).await;
        let unknown: FeedRowId = house.engine.ambient().id();
        let decided = house.engine.decide_held(&house.asker, unknown, HeldChoice::LeaveOut, None).await;
        assert!(matches!(decided, Err(EngineError::NotFound(_))), "{decided:?}");
    }
}
