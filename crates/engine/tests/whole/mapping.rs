//! Mapping and cashflow through the whole house: what all that are alike come to, and what the audit tells of a file.

use bankside_domain::account::AccountKind;
use bankside_domain::cashflow::{Extent, Reach};
use bankside_domain::category::CategoryRefused;
use bankside_domain::{AccountId, LineId};
use bankside_engine::{
    CashflowQuery, EngineError, LineInput, MappingQuery, MappingTab, NewAccountInput, NewTransactionInput,
    RegisterQuery,
};
use jiff::civil::date;

use crate::house::{House, on_both};

impl House {
    async fn purse(&self) -> AccountId {
        let purse = NewAccountInput {
            asset: None,
            name: "Purse".to_owned(),
            kind: AccountKind::Cash,
            currency: "EUR".parse().unwrap(),
            opening: String::new(),
        };
        self.engine.add_account(&self.asker, &purse).await.unwrap()
    }

    async fn spent(&self, account: AccountId, day: i8, amount: &str, lines: Vec<LineInput>) {
        let new = NewTransactionInput {
            dated_on: date(2026, 11, day),
            amount: amount.to_owned(),
            payee: format!("Hofladen {day}"),
            is_cleared: false,
            lines,
        };
        self.engine.add_transaction(&self.asker, account, &new).await.unwrap();
    }

    /// The latest line that is left to map.
    async fn unmapped(&self) -> LineId {
        let rows = RegisterQuery { limit: 10, ..RegisterQuery::default() };
        let query = MappingQuery { asset: None, tab: MappingTab::Unmapped, rows };
        self.engine.mapping(&self.asker, &query).await.unwrap().lines[0].line
    }
}

on_both! {
    of_a_row_that_is_split_only_the_lines_without_a_category_are_alike(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let food = engine.add_category(asker, "Food from farms", None).await.unwrap();
        let purse = house.purse().await;
        let line = |amount: &str, category| LineInput { amount: amount.to_owned(), category, ..LineInput::default() };
        house.spent(purse, 2, "-10", Vec::new()).await;
        house.spent(purse, 3, "-60", vec![line("-50", Some(food)), line("-7", None), line("-3", None)]).await;
        let one = house.unmapped().await;
        let alike = engine.alike(asker, None, one).await.unwrap();
        assert_eq!((alike.transactions, alike.lines, alike.line.alike), (2, 3, 2));
        // Not −70: the line that has a category is none of them.
        assert_eq!(alike.sums.iter().map(|sum| sum.minor).collect::<Vec<_>>(), [-2_000]);
        let mut shown: Vec<(i64, bool)> = alike.sample.iter().map(|line| (line.minor, line.is_part)).collect();
        shown.sort_unstable();
        assert_eq!(shown, [(-1_000, false), (-700, true), (-300, true)]);
        let other = engine.map_alike(asker, None, one, food, Some(2)).await;
        match other {
            Err(EngineError::CategoryRefused(CategoryRefused::OtherCount { transactions })) => assert_eq!(transactions, 2),
            other => panic!("{other:?}"),
        }
        assert_eq!(engine.map_alike(asker, None, one, food, Some(3)).await.unwrap().changed, 2);
    }

    whoever_takes_figures_away_is_told_of_in_the_audit(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let purse = house.purse().await;
        house.spent(purse, 2, "-10", Vec::new()).await;
        let (from, through) = ("2026-11".parse().unwrap(), "2026-12".parse().unwrap());
        let reach = Reach { asset: None, extent: Extent::WithBelow };
        let query = CashflowQuery { reach, from, through, into: None, with_plan: false };
        let told = || async { engine.audit(asker).await.unwrap().into_iter().find(|line| line.action == "cashflow.exported") };
        let shown = engine.cashflow(asker, &query).await.unwrap();
        assert_eq!((shown.last_month, told().await), (from, None));
        assert_eq!(engine.cashflow_file(asker, &query).await.unwrap().tables, shown.tables);
        let line = told().await.unwrap();
        assert_eq!((line.subject.as_str(), line.detail.as_str()), ("organization", "2026-11 to 2026-12"));
    }
}
