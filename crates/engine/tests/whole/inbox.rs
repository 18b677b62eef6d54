//! The inbox through the whole house: what files bring waits, with flags that say why, and strong is what needs no thought.

use bankside_domain::inbox::Flag;
use bankside_domain::rules::{Field, read};
use bankside_domain::{AccountId, CategoryId, PersonId, TransactionId};
use bankside_engine::{
    AcceptLine, AcceptTarget, EditInput, EngineError, FileView, InboxPage, InboxQuery, InboxRow, InboxShown, LineInput,
    LineTarget, MappingQuery, MappingTab, NewRule, NewTransactionInput, RegisterQuery, RowDiff, RuleLogQuery,
    SeenInput,
};
use jiff::civil::date;

use crate::house::{House, NORDHAFEN, on_both};

impl House {
    pub(crate) async fn bring_rows(&self, account: AccountId, rows: &[(&str, &str, &str)]) -> FileView {
        let line = |(day, payee, amount): &(&str, &str, &str)| format!("{day},{payee},about {payee},{amount}\n");
        let file: String =
            std::iter::once("Date,Payee,Description,Amount\n".to_owned()).chain(rows.iter().map(line)).collect();
        let view = self.read_file(account, &file).await;
        self.import(&view).await
    }

    async fn inbox(&self) -> Vec<InboxRow> {
        self.inbox_page(0, 50).await.rows
    }

    async fn inbox_page(&self, offset: i64, limit: i64) -> InboxPage {
        let rows = RegisterQuery { offset, limit, ..RegisterQuery::default() };
        let query = InboxQuery { asset: None, shown: InboxShown::Waiting, rows };
        let count = self.engine.count_inbox(&self.asker).await.unwrap();
        self.engine.inbox(&self.asker, &query, count).await.unwrap()
    }

    /// An inbox, and an account whose history has nine rows of one payee, all of one category.
    async fn with_history(&self, account: AccountId, category: CategoryId) {
        self.engine.switch_inbox(&self.asker, true).await.unwrap();
        let days: Vec<String> = (1..=9).map(|day| format!("2026-05-0{day}")).collect();
        let past: Vec<(&str, &str, &str)> = days.iter().map(|day| (day.as_str(), "Grocer", "-40.00")).collect();
        self.bring_rows(account, &past).await;
        let rows = RegisterQuery { account: Some(account), limit: 50, ..RegisterQuery::default() };
        let mapping = MappingQuery { asset: None, tab: MappingTab::Unmapped, rows };
        let lines = self.engine.mapping(&self.asker, &mapping).await.unwrap().lines;
        let target = |line: &bankside_engine::MappingLine| LineTarget { line: line.line, category: Some(category) };
        self.engine.map_lines(&self.asker, &lines.iter().map(target).collect::<Vec<_>>()).await.unwrap();
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

    rules_review_what_files_and_syncs_bring_and_what_is_there(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let giro = house.add_account("Giro").await;
        let connection = house.with_bank(NORDHAFEN).await;
        engine.switch_inbox(asker, true).await.unwrap();
        house.bring_rows(giro, &[("2026-10-01", "History", "-1.00")]).await;
        house.bring_rows(giro, &[("2026-11-10", "Fee", "-2.00"), ("2026-11-11", "Shop", "-3.00")]).await;
        let names = engine.rule_references(asker).await.unwrap();
        let text = "rule \"Known\"\nif payee is \"Fee\"\nor bank text contains \"kornblume\"\nthen mark as reviewed";
        let rule: NewRule = read(text, &names).unwrap().into_iter().next().unwrap().into();
        let tried = engine.try_rule(asker, None, &rule).await.unwrap();
        assert_eq!((tried.changed, tried.kept), (1, 0), "the history of a bank is reviewed");
        let diff = &tried.rows[0].diffs[..];
        let yes = RowDiff { field: Field::Reviewed, before: Some("no".into()), after: Some("yes".into()), gives_back: false, by: vec!["Known".into()] };
        assert_eq!(diff, [yes]);
        let id = engine.add_rule(asker, &rule).await.unwrap();
        let waiting = async || -> Vec<String> { house.inbox().await.into_iter().filter_map(|row| row.row.payee).collect() };
        assert_eq!(waiting().await, ["Shop", "Fee"], "what is there stays as it is until the rule is applied");
        let applied = engine.apply_rule(asker, id, None).await.unwrap();
        assert_eq!((applied.changed, waiting().await), (1, vec!["Shop".to_owned()]));
        engine.undo(asker, applied.batch.unwrap()).await.unwrap();
        assert_eq!(waiting().await, ["Shop", "Fee"]);

        house.bring_rows(giro, &[("2026-11-12", "Fee", "-2.00"), ("2026-11-13", "Baker", "-3.00")]).await;
        assert_eq!(waiting().await, ["Baker", "Shop", "Fee"]);
        house.clock.advance_days(20);
        house.sync(connection).await;
        let payees = waiting().await;
        assert!(payees.len() > 3 && payees.iter().all(|payee| !payee.to_lowercase().contains("kornblume")), "{payees:?}");
        let log = engine.rule_log(asker, &RuleLogQuery { rule: Some(id), ..RuleLogQuery::default() }).await.unwrap();
        assert_eq!(log.len(), 3);
        assert!(log[0].changed > 0 && log[0].person.is_none(), "{log:?}");
        assert_eq!((log[1].changed, log[2].changed, log[2].undone_by.is_some()), (1, 1, true));
    }

    who_is_asked_misses_no_row_however_many_there_are(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let giro = house.add_account("Giro").await;
        engine.switch_inbox(asker, true).await.unwrap();
        // The history of an account is what comes first and stays: an import that was taken back is not that.
        let first = house.bring_rows(giro, &[("2026-10-01", "Wrong", "-1.00")]).await;
        engine.undo(asker, first.batch.unwrap()).await.unwrap();
        house.bring_rows(giro, &[("2026-10-01", "History", "-1.00")]).await;
        assert!(house.inbox().await.is_empty());
        let days: Vec<String> = (1..=7).map(|day| format!("2026-11-0{day}")).collect();
        let coming: Vec<(&str, &str, &str)> = days.iter().map(|day| (day.as_str(), "Shop", "-4.00")).collect();
        house.bring_rows(giro, &coming).await;
        let all: Vec<TransactionId> = house.inbox().await.iter().map(|row| row.row.id).collect();
        let asked = [all[0], all[2], all[3], all[5], all[6]];
        for id in asked {
            engine.flag_for(asker, id, asker.person().unwrap(), "?").await.unwrap();
        }
        let mut seen = Vec::new();
        for (offset, of_me) in [(0, 2), (2, 2), (4, 1), (6, 0)] {
            let page = house.inbox_page(offset, 2).await;
            assert_eq!((page.asked.len(), page.has_more), (of_me, offset < 5), "{offset}");
            seen.extend(page.asked.iter().chain(&page.rows).map(|row| row.row.id));
        }
        assert_eq!(seen, [&asked[..], &[all[1], all[4]]].concat());
    }

    of_many_twins_none_is_strong(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let giro = house.add_account("Giro").await;
        let food = engine.add_category(asker, "Food from shops", None).await.unwrap();
        house.with_history(giro, food).await;
        // More than Suspicions shows at once.
        let amounts: Vec<String> = (0..101).map(|number| format!("-{}.{:02}", 40 + number / 100, number % 100)).collect();
        let rows: Vec<(&str, &str, &str)> = amounts.iter().map(|amount| ("2026-11-10", "Grocer", amount.as_str())).collect();
        house.bring_rows(giro, &rows).await;
        assert!(house.inbox_page(0, 100).await.rows.iter().all(|row| row.is_strong));
        for amount in &amounts {
            let new = NewTransactionInput {
                dated_on: date(2026, 11, 9),
                amount: amount.clone(),
                payee: "Grocer".to_owned(),
                is_cleared: false,
                lines: Vec::new(),
            };
            engine.add_transaction(asker, giro, &new).await.unwrap();
        }
        let mut inbox = house.inbox_page(0, 100).await.rows;
        inbox.extend(house.inbox_page(100, 100).await.rows);
        assert_eq!(inbox.len(), amounts.len());
        let alone: Vec<_> = inbox.iter().map(told).filter(|(_, flags, is_strong)| flags.is_empty() || *is_strong).collect();
        assert_eq!(alone, []);
    }

    what_was_not_compared_or_is_split_is_not_strong(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let giro = house.add_account("Giro").await;
        let food = engine.add_category(asker, "Food from shops", None).await.unwrap();
        house.with_history(giro, food).await;
        house.bring_rows(giro, &[("2026-11-15", "Grocer", "-41.00"), ("2026-06-02", "Grocer", "-41.00")]).await;
        let inbox = house.inbox().await;
        assert_eq!(inbox.iter().map(told).collect::<Vec<_>>(), [("Grocer", vec![], true), ("Grocer", vec![], false)]);
        assert_eq!([inbox[0].is_compared, inbox[1].is_compared], [true, false]);
        let part = |amount: &str| LineInput { amount: amount.to_owned(), ..LineInput::default() };
        let lines = Some(vec![part("-40.00"), part("-1.00")]);
        let split = EditInput { lines, is_reviewed: Some(false), ..EditInput::default() };
        engine.edit_transaction(asker, inbox[0].row.id, &split, &SeenInput::default()).await.unwrap();
        // Each line has its suggestions, and accepting the row takes none of them.
        let row = &house.inbox().await[0];
        assert_eq!((row.lines.len(), told(row)), (2, ("Grocer", vec![], false)));
        assert!(row.lines.iter().all(|line| !line.suggestions.is_empty()));
    }
}
