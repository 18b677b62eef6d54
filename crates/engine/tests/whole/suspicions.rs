//! Suspicions through the whole house: found, counted, decided, and kept to by later syncs.

use bankside_domain::merge::Chosen;
use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, Asker, FeedRowId, Role};
use bankside_engine::{EngineError, NewTransactionInput, PairDecision, RegisterQuery, RegisterRow};

use crate::house::{House, NORDHAFEN, on_both};

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

    a_row_that_was_not_held_back_is_not_decided(house) {
        house.with_bank(NORDHAFEN).await;
        let unknown: FeedRowId = house.engine.ambient().id();
        let choice = bankside_domain::suspicion::HeldChoice::LeaveOut;
        let decided = house.engine.decide_held(&house.asker, unknown, choice, None).await;
        assert!(matches!(decided, Err(EngineError::NotFound(_))), "{decided:?}");
    }
}
