//! Transfers through the whole house: linked as their rows come in, over what was there before, and by hand.

use bankside_domain::account::AccountKind;
use bankside_domain::transfer::LinkedBy;
use bankside_domain::{AccountId, Asker, Month, Role};
use bankside_engine::{
    EngineError, LookedThrough, NewAccountInput, NewTransactionInput, OverviewQuery, OverviewRange, RegisterQuery,
    RegisterRow, TransferMark,
};

use crate::house::{House, NORDHAFEN, on_both};

impl House {
    async fn all_rows(&self) -> Vec<RegisterRow> {
        let mut rows = Vec::new();
        loop {
            let offset = i64::try_from(rows.len()).unwrap();
            let query = RegisterQuery { offset, limit: 500, ..RegisterQuery::default() };
            let page = self.engine.register(&self.asker, &query).await.unwrap();
            rows.extend(page.rows);
            if i64::try_from(rows.len()).unwrap() >= page.total {
                return rows;
            }
        }
    }

    /// What transfers have moved in the months that the overview shows.
    async fn moved(&self, linked: &[RegisterRow]) -> i64 {
        let first = self.engine.overview(&self.asker, &OverviewQuery::default()).await.unwrap().months[0];
        let shown = linked.iter().filter(|row| Month::of(row.dated_on) >= first);
        shown.map(|row| row.amount_minor.max(0)).sum()
    }

    async fn linked(&self) -> Vec<RegisterRow> {
        let is_linked = |row: &RegisterRow| matches!(row.transfer, Some(TransferMark::Linked(_)));
        self.all_rows().await.into_iter().filter(is_linked).collect()
    }

    async fn in_transit(&self) -> usize {
        let rows = self.all_rows().await;
        rows.iter().filter(|row| matches!(row.transfer, Some(TransferMark::InTransit { .. }))).count()
    }

    /// What came in and what went out in the months that the overview shows, and over all categories in this one.
    async fn flows(&self) -> (i64, i64, i64) {
        let query = OverviewQuery { range: OverviewRange::TwelveMonths, month: None };
        let overview = self.engine.overview(&self.asker, &query).await.unwrap();
        let sum = |of: fn(&bankside_engine::Flow) -> i64| overview.flows.iter().map(of).sum::<i64>();
        let categories: i64 = overview.categories.iter().map(|one| one.flow.left_minor()).sum();
        assert_eq!(overview.month_flow.left_minor(), categories, "both charts leave the same out");
        (sum(|flow| flow.in_minor), sum(|flow| flow.out_minor), *overview.net_worth.last().unwrap())
    }

    async fn typed(&self, account: AccountId, day: jiff::civil::Date, amount: &str) -> RegisterRow {
        let new = NewTransactionInput {
            dated_on: day,
            amount: amount.to_owned(),
            payee: "Cash".to_owned(),
            is_cleared: false,
            lines: Vec::new(),
        };
        let (id, _) = self.engine.add_transaction(&self.asker, account, &new).await.unwrap();
        self.engine.transaction(&self.asker, id).await.unwrap().row
    }
}

on_both! {
    both_sides_that_a_sync_brings_are_linked_and_are_no_income(house) {
        house.with_bank(NORDHAFEN).await;
        let linked = house.linked().await;
        assert!(linked.len() >= 4 && linked.len().is_multiple_of(2), "{linked:?}");
        assert!(linked.iter().all(|row| row.note.as_deref().unwrap().starts_with("Umbuchung")), "{linked:?}");
        assert_eq!(house.in_transit().await, 0);
        assert!(house.engine.suspicions(&house.asker).await.unwrap().transfers.is_empty());
        let out = linked.iter().find(|row| row.amount_minor < 0).unwrap();
        let view = house.engine.transaction(&house.asker, out.id).await.unwrap();
        let transfer = view.transfer.unwrap();
        assert_eq!((transfer.stored.link.by, transfer.fee), (LinkedBy::Rows, None));
        assert_eq!(transfer.other.amount_minor, -out.amount_minor);
        assert_eq!(transfer.why[..2], ["Each row names the other’s account number.", "What went out came in."]);
    }

    a_row_that_is_typed_finds_its_other_side_by_the_number_that_names_its_account(house) {
        house.with_bank(NORDHAFEN).await;
        let savings = house.account("Tagesgeld").await.account.id;
        let linked = house.linked().await;
        let gone = linked.iter().find(|row| row.account == savings && row.amount_minor > 0).unwrap();
        house.engine.delete_transaction(&house.asker, gone.id).await.unwrap();
        assert_eq!((house.linked().await.len(), house.in_transit().await), (linked.len() - 2, 1));
        let amount = format!("{}.{:02}", gone.amount_minor / 100, gone.amount_minor % 100);
        let typed = house.typed(savings, gone.dated_on, &amount).await;
        assert!(matches!(typed.transfer, Some(TransferMark::Linked(Some(_)))), "{typed:?}");
        assert_eq!((house.linked().await.len(), house.in_transit().await), (linked.len(), 0));
    }

    a_person_chooses_the_other_side(house) {
        house.with_bank(NORDHAFEN).await;
        let cash = NewAccountInput {
            asset: None,
            name: "Cash box".to_owned(),
            kind: AccountKind::Cash,
            currency: "EUR".parse().unwrap(),
            opening: String::new(),
        };
        let cash = house.engine.add_account(&house.asker, &cash).await.unwrap();
        let giro = house.account("Girokonto").await.account.id;
        let day = house.clock_day(0);
        let (out, into) = (house.typed(giro, day, "-83.00").await, house.typed(cash, day, "80.00").await);
        assert_eq!(house.engine.suspicions(&house.asker).await.unwrap().transfers.len(), 0, "a fee needs more than that");
        let found = house.engine.transfer_candidates(&house.asker, out.id, "").await.unwrap();
        assert_eq!(found.first().map(|one| one.row.id), Some(into.id), "{found:?}");
        assert!(found.iter().all(|one| one.row.account != giro && one.row.amount_minor > 0 && one.row.transfer.is_none()));
        let found = house.engine.transfer_candidates(&house.asker, out.id, "cash BOX").await.unwrap();
        assert_eq!(found.iter().map(|one| one.row.id).collect::<Vec<_>>(), [into.id]);
        assert!(house.engine.transfer_candidates(&house.asker, out.id, "nothing says this").await.unwrap().is_empty());
        let itself = house.engine.link_transfer(&house.asker, out.id, out.id).await;
        assert!(matches!(itself, Err(EngineError::Invalid { field: "other", .. })), "{itself:?}");
        let batch = house.engine.link_transfer(&house.asker, into.id, out.id).await.unwrap();
        let view = house.engine.transaction(&house.asker, out.id).await.unwrap().transfer.unwrap();
        assert_eq!((view.other.id, view.fee.map(|fee| fee.minor), view.why), (into.id, Some(-300), vec!["Somebody has linked the two.".to_owned()]));
        assert_eq!(house.engine.undo_step(&house.asker).await.unwrap().step.batch, batch);
        assert!(house.engine.transaction(&house.asker, out.id).await.unwrap().transfer.is_none());

        // The same to the last cent is proposed, and what is said to that is kept.
        let other = house.typed(cash, day, "83.00").await;
        let proposed = house.engine.suspicions(&house.asker).await.unwrap().transfers;
        assert_eq!(proposed.iter().map(|one| (one.out.id, one.into.id)).collect::<Vec<_>>(), [(out.id, other.id)]);
        let standing = house.engine.standing(&house.asker).await.unwrap();
        assert_eq!(house.engine.count_suspicions(&house.asker, &standing).await.unwrap(), 1);
        house.engine.reject_transfer(&house.asker, out.id, other.id).await.unwrap();
        assert!(house.engine.suspicions(&house.asker).await.unwrap().transfers.is_empty());
        let standing = house.engine.standing(&house.asker).await.unwrap();
        assert_eq!(house.engine.count_suspicions(&house.asker, &standing).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn books_from_before_are_looked_through() {
    let house = House::open(bankside_testkit::Engine::Sqlite).await;
    house.with_bank(NORDHAFEN).await;
    let linked = house.linked().await;
    let (came, went, worth) = house.flows().await;

    // Over the books of somebody who had them before anything was linked.
    house.sql("DELETE FROM transfer_pairs").await;
    house.sql("DELETE FROM account_numbers").await;
    house.sql("UPDATE feed_row_versions SET counterparty_digest = NULL, other_side_version = NULL").await;
    house.sql("UPDATE accounts SET revision = revision + 1").await;
    let moved = house.moved(&linked).await;
    assert_eq!(house.flows().await, (came + moved, went - moved, worth));
    assert_eq!((house.linked().await.len(), house.in_transit().await), (0, 0));
    let viewer = Asker::member(house.asker.organization, house.asker.person().unwrap(), Role::Viewer);
    let denied = house.engine.find_past_transfers(&viewer).await;
    assert!(matches!(denied, Err(EngineError::Denied(_))), "{denied:?}");
    let found = house.engine.find_past_transfers(&house.asker).await.unwrap();
    assert_eq!((found.linked, house.linked().await.len()), (linked.len() / 2, linked.len()));
    assert_eq!(house.flows().await, (came, went, worth));
    let again = house.engine.find_past_transfers(&house.asker).await.unwrap();
    assert_eq!(again, LookedThrough { linked: 0, batch: None });
    // Undone, all of them are on their way again, and are proposed as far as they are recent.
    house.engine.undo(&house.asker, found.batch.unwrap()).await.unwrap();
    assert_eq!((house.linked().await.len(), house.in_transit().await), (0, linked.len()));
    assert!(!house.engine.suspicions(&house.asker).await.unwrap().transfers.is_empty());
}
