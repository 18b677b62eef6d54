//! The inbox through the whole house: what files bring waits, with flags that say why, and strong is what needs no thought.

use bankside_domain::inbox::Flag;
use bankside_domain::{AccountId, PersonId};
use bankside_engine::{
    AcceptLine, AcceptTarget, EngineError, InboxQuery, InboxRow, InboxShown, LineTarget, MappingQuery, MappingTab,
    RegisterQuery,
};

use crate::house::{House, on_both};

impl House {
    async fn bring_rows(&self, account: AccountId, rows: &[(&str, &str, &str)]) {
        let line = |(day, payee, amount): &(&str, &str, &str)| format!("{day},{payee},about {payee},{amount}\n");
        let file: String =
            std::iter::once("Date,Payee,Description,Amount\n".to_owned()).chain(rows.iter().map(line)).collect();
        let view = self.read_file(account, &file).await;
        self.import(&view).await;
    }

    async fn inbox(&self) -> Vec<InboxRow> {
        let rows = RegisterQuery { limit: 50, ..RegisterQuery::default() };
        let query = InboxQuery { asset: None, shown: InboxShown::Waiting, rows };
        self.engine.inbox(&self.asker, &query).await.unwrap().rows
    }
}

/// A row in short: payee, flags, and whether it is strong.
fn told(row: &InboxRow) -> (&str, Vec<String>, bool) {
    let flags = row.flags.iter().map(|view| match view.flag {
        Flag::NewPayee => "new".to_owned(),
        Flag::UnusualAmount(usual) => {
            format!("{} between {} and {}", usual.rows, usual.least_minor, usual.most_minor)
        }
        Flag::PossibleTwin(_) => format!("twin {}", view.other.as_ref().unwrap().amount_minor),
        Flag::ProposedTransfer(_) => format!("transfer {}", view.other.as_ref().unwrap().account_name),
        Flag::InTransit(_) => "in transit".to_owned(),
    });
    (row.row.payee.as_deref().unwrap_or_default(), flags.collect(), row.is_strong)
}

on_both! {
    flags_say_what_is_remarkable_and_the_rest_is_strong(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let food = engine.add_category(asker, "Food from shops", None).await.unwrap();
        let (giro, savings) = (house.add_account("Giro").await, house.add_account("Savings").await);
        engine.switch_inbox(asker, true).await.unwrap();
        let days: Vec<String> = (1..=9).map(|day| format!("2026-10-0{day}")).collect();
        let past: Vec<(&str, &str, &str)> = days.iter().map(|day| (day.as_str(), "Grocer", "-40.00")).collect();
        house.bring_rows(giro, &past).await;
        house.bring_rows(savings, &[("2026-10-01", "Interest", "1.00")]).await;
        assert!(house.inbox().await.is_empty(), "the first file of an account is its history");
        let rows = RegisterQuery { account: Some(giro), limit: 50, ..RegisterQuery::default() };
        let mapping = MappingQuery { asset: None, tab: MappingTab::Unmapped, rows };
        let lines = engine.mapping(asker, &mapping).await.unwrap().lines;
        let food_for = |line: &bankside_engine::MappingLine| LineTarget { line: line.line, category: Some(food) };
        engine.map_lines(asker, &lines.iter().map(food_for).collect::<Vec<_>>()).await.unwrap();

        let coming =
            [("2026-11-15", "Grocer", "-41.00"), ("2026-11-14", "Grocer", "-90.00"), ("2026-11-13", "Sculptor", "-12.00"), ("2026-11-12", "Own transfer", "-500.00")];
        house.bring_rows(giro, &coming).await;
        house.bring_rows(savings, &[("2026-11-12", "Own transfer", "500.00")]).await;
        let inbox = house.inbox().await;
        let told: Vec<_> = inbox.iter().map(told).collect();
        assert_eq!(told[..3], [
            ("Grocer", vec![], true),
            ("Grocer", vec!["9 between 4000 and 4000".to_owned()], false),
            ("Sculptor", vec!["new".to_owned()], false),
        ]);
        assert_eq!(told.len(), 5);
        for (payee, flags, is_strong) in &told[3..] {
            assert_eq!((*payee, flags.len(), *is_strong), ("Own transfer", 1, false), "{flags:?}");
            assert!(flags[0].starts_with("transfer "), "{flags:?}");
        }
        // What is accepted is what was seen, and nobody is asked who is not there.
        let first = &inbox[0];
        let suggested = first.lines[0].suggestions[0].suggestion.category;
        assert_eq!(suggested, food);
        let target = AcceptTarget {
            transaction: first.row.id,
            lines: vec![AcceptLine { line: first.lines[0].line, category: suggested, seen: Some(None) }],
        };
        assert_eq!(engine.accept(asker, &[target]).await.unwrap().changed, 1);
        assert_eq!(engine.count_inbox(asker).await.unwrap().waiting, 4);
        assert!(engine.colleagues(asker).await.unwrap().is_empty());
        let nobody: PersonId = first.row.id.to_string().parse().unwrap();
        let refused = engine.flag_for(asker, inbox[1].row.id, nobody, "Yours?").await;
        assert!(matches!(refused, Err(EngineError::NotFound(_))), "{refused:?}");
        let own = engine.flag_for(asker, inbox[1].row.id, asker.person().unwrap(), &"x".repeat(301)).await;
        assert!(matches!(own, Err(EngineError::Invalid { .. })), "{own:?}");
    }
}
