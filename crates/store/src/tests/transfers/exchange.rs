//! Exchanges: what was lost on the way is spending in the currency in which it is known.

use bankside_domain::account::AccountKind;
use bankside_domain::cashflow::{Flow, Reach};
use bankside_domain::transfer::{Fit, Grounds, LinkedBy, Side};
use bankside_domain::{AccountId, BatchId, TransactionId};
use jiff::civil::date;

use crate::tests::on_both;
use crate::tests::world::World;
use crate::{Direction, Filter, NewAccount, NewTransaction, NewTransfer, RegisterQuery};

impl World {
    async fn dollars(&self) -> AccountId {
        let new = NewAccount {
            name: "Dollars".into(),
            kind: AccountKind::Checking,
            currency: "USD".parse().unwrap(),
            opening_minor: None,
            asset: None,
        };
        self.store.add_account(&self.asker, &new).await.unwrap()
    }

    async fn typed(&self, account: AccountId, minor: i64) -> TransactionId {
        let new = NewTransaction::new(date(2026, 11, 6), minor).with("Demo Household");
        self.store.add_transaction(&self.asker, account, &new).await.unwrap().0
    }

    /// Links an exchange of which this is known.
    async fn exchange(&self, (out, into): (TransactionId, TransactionId), fit: Fit) -> BatchId {
        let grounds = Grounds {
            out_names_in: true,
            in_names_out: true,
            same_reference: false,
            named_in_text: false,
            fit,
            loses_much: true,
            bank_days: 0,
        };
        let new = NewTransfer { a: out, b: into, by: LinkedBy::Rows, grounds: Some(grounds) };
        self.store.link_transfers(&self.system(), &[new]).await.unwrap().unwrap()
    }

    /// What November comes to in euros and in dollars, as figures, and as the lists behind them have it.
    async fn exchanged(&self) -> [(Flow, i64); 2] {
        let month = "2026-11".parse().unwrap();
        let figures = self.store.cashflow(&self.asker, Reach::default(), month, month).await.unwrap();
        let filter = Filter { cashflow: Some(Reach::default()), ..Filter::default() };
        let out = Filter { direction: Some(Direction::Out), category: Some(None), ..filter.clone() };
        let query = |filter| RegisterQuery { filter, limit: 50, ..RegisterQuery::default() };
        let listed = self.store.register(&self.asker, &query(filter)).await.unwrap().sums;
        let spent = self.store.register(&self.asker, &query(out)).await.unwrap().sums;
        let mut told = Vec::new();
        for code in ["EUR", "USD"] {
            let of = figures.iter().filter(|of| of.currency.code.as_str() == code);
            let flow: Flow = of.flat_map(|of| &of.sums).map(|sum| sum.flow).sum();
            let list = listed.iter().find(|sum| sum.currency.code.as_str() == code);
            let counted = list.map_or(0, |sum| sum.lines_minor.unwrap_or(sum.minor));
            assert_eq!(counted, flow.left_minor(), "{code}");
            let list = spent.iter().find(|sum| sum.currency.code.as_str() == code);
            told.push((flow, list.and_then(|sum| sum.lines_minor).unwrap_or_default()));
        }
        told.try_into().unwrap()
    }

    async fn left_to_map(&self) -> Vec<i64> {
        let filter = Filter { category: Some(None), ..Filter::default() };
        let query = RegisterQuery { filter, limit: 50, ..RegisterQuery::default() };
        self.store.register(&self.asker, &query).await.unwrap().rows.iter().map(|row| row.amount_minor).collect()
    }
}

on_both! {
    what_an_exchange_cost_is_spent_in_the_currency_in_which_it_is_known(world) {
        let dollars = world.dollars().await;
        let pair = (world.typed(world.account, -92_140).await, world.typed(dollars, 98_500).await);
        let nothing = (Flow::default(), 0);
        let spent = |minor: i64| (Flow::of(-minor), -minor);
        let fit = |fee_minor, fee_of| Fit::Exchanged { fee_minor, fee_of };
        for (fit, comes_to, waits) in [
            (fit(1_500, Some(Side::In)), [nothing, spent(1_500)], vec![98_500]),
            (fit(1_425, Some(Side::Out)), [spent(1_425), nothing], vec![-92_140]),
            (fit(1_500, None), [nothing, nothing], vec![]),
            (fit(0, None), [nothing, nothing], vec![]),
            (Fit::UnknownRate, [nothing, nothing], vec![]),
        ] {
            let batch = world.exchange(pair, fit).await;
            assert_eq!(world.exchanged().await, comes_to, "{fit:?}");
            assert_eq!(world.left_to_map().await, waits, "{fit:?}");
            // The overview leaves out as much.
            let paired = world.store.paired_rows(&world.asker, "2026-11".parse().unwrap()).await.unwrap();
            let fees: i64 = paired.iter().map(|row| row.fee_minor).sum();
            assert_eq!(fees, comes_to.iter().map(|(_, spent)| spent).sum::<i64>(), "{fit:?}");
            // What is undone and done again is known as before.
            let undone = world.store.undo(&world.asker, batch).await.unwrap();
            assert_eq!(world.exchanged().await.map(|(flow, _)| flow), [Flow::of(-92_140), Flow::of(98_500)]);
            let undone = world.store.undo(&world.asker, undone.batch).await.unwrap();
            assert_eq!(world.exchanged().await, comes_to, "{fit:?}");
            world.store.undo(&world.asker, undone.batch).await.unwrap();
        }
        world.check_linked_rows().await;
    }
}
