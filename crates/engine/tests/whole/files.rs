//! Statement files: into an account without a bank, beside a bank, before a bank, and what keeps a line out.

use bankside_domain::account::AccountKind;
use bankside_domain::batch::Later;
use bankside_domain::reconcile::Reason;
use bankside_domain::row::RowStatus;
use bankside_domain::statement::FileStage;
use bankside_domain::{AccountId, Amount, SourceId};
use bankside_engine::csv::{DateOrder, Profile, Role};
use bankside_engine::{
    EngineError, FeedChange, FileChoice, FileView, LinkChoice, LinkTarget, NewAccountInput, RegisterQuery, RegisterRow,
};
use bankside_store::{Selection, StoreError};
use jiff::SignedDuration;
use jiff::civil::date;

use crate::house::{House, NORDHAFEN, on_both};

const NOVEMBER: &str = "Buchungstag;Empfänger;Verwendungszweck;Betrag\n\
    05.11.2026;Café Ärzte;Kaffee;-3,50\n\
    05.11.2026;Café Ärzte;Kaffee;-3,50\n\
    03.11.2026;=1+1;Gehalt;2.500,00\n";

impl House {
    pub(crate) async fn add_account(&self, name: &str) -> AccountId {
        let new = NewAccountInput {
            asset: None,
            name: name.to_owned(),
            kind: AccountKind::Checking,
            currency: "EUR".parse().unwrap(),
            opening: String::new(),
        };
        self.engine.add_account(&self.asker, &new).await.unwrap()
    }

    async fn upload(&self, account: AccountId, text: &str) -> SourceId {
        self.engine.upload_file(&self.asker, account, "C:\\Downloads\\november.csv", text.as_bytes()).await.unwrap()
    }

    async fn file(&self, account: AccountId, id: SourceId) -> FileView {
        self.engine.statement_file(&self.asker, account, id).await.unwrap()
    }

    /// Uploads a file and has it read.
    pub(crate) async fn read_file(&self, account: AccountId, text: &str) -> FileView {
        let id = self.upload(account, text).await;
        assert!(self.engine.work_once().await.unwrap());
        let view = self.file(account, id).await;
        assert_eq!(view.stage, FileStage::Ready, "{:?}", view.problem);
        view
    }

    pub(crate) async fn import(&self, view: &FileView) -> FileView {
        let account = view.account.account.id;
        self.engine.import_file(&self.asker, account, view.id, None, false).await.unwrap();
        assert!(self.engine.work_once().await.unwrap());
        let view = self.file(account, view.id).await;
        assert_eq!(view.stage, FileStage::Done, "{:?}", view.problem);
        view
    }

    async fn register(&self, account: AccountId) -> Vec<RegisterRow> {
        let query = RegisterQuery { account: Some(account), limit: 500, ..RegisterQuery::default() };
        self.engine.register(&self.asker, &query).await.unwrap().rows
    }
}

/// Booked rows as a file that has other words for them.
fn as_file(rows: &[RegisterRow]) -> String {
    let booked = rows.iter().filter(|row| row.status == RowStatus::Booked);
    let line = |row: &RegisterRow| {
        let amount = Amount::new(row.amount_minor, row.currency).to_decimal_text();
        let payee = row.payee.as_deref().unwrap_or_default().to_uppercase().replace(',', " ");
        format!("{},CARD {payee},{amount}\n", row.dated_on)
    };
    std::iter::once("Date,Description,Amount\n".to_owned()).chain(booked.map(line)).collect()
}

/// How many lines the long file has; `make proof` takes as many as people bring.
const LINES: &str = "BANKSIDE_LINES";

/// A file of so many lines over some years.
fn long_file(lines: usize) -> String {
    let line = |number: usize| {
        let day = date(2018, 1, 1).saturating_add(jiff::Span::new().days(i64::try_from(number / 50).unwrap()));
        format!("{day};Shop {};Purchase number {number};-{},{:02}\n", number % 97, number % 300, number % 100)
    };
    std::iter::once("Datum;Empfänger;Zweck;Betrag\n".to_owned()).chain((0..lines).map(line)).collect()
}

/// Added, known, by money, left out.
fn counted(view: &FileView) -> (i64, i64, i64, i64) {
    let counts = view.counts.unwrap();
    (counts.added, counts.known, counts.by_money, counts.left_out)
}

on_both! {
    a_file_comes_in_once_however_often_it_is_brought_and_can_be_undone(house) {
        let account = house.add_account("Without a bank").await;
        let view = house.read_file(account, NOVEMBER).await;
        assert_eq!((view.name.as_str(), counted(&view)), ("november.csv", (3, 0, 0, 0)));
        let preview = view.preview.as_ref().unwrap();
        assert_eq!((preview.added.len(), preview.added_minor, preview.before), (3, 249_300, 1));
        assert_eq!(house.rows(account).await, Vec::<String>::new(), "a look writes nothing");
        let done = house.import(&view).await;
        let rows = house.rows(account).await;
        assert_eq!(
            rows,
            [
                "2026-11-05 -350 Some(\"Café Ärzte\") Some(\"Kaffee\") Booked",
                "2026-11-05 -350 Some(\"Café Ärzte\") Some(\"Kaffee\") Booked",
                "2026-11-03 250000 Some(\"=1+1\") Some(\"Gehalt\") Booked",
            ]
        );

        // Why is it there, and what did the file say?
        let row = house.register(account).await.pop().unwrap();
        let why = house.engine.transaction(&house.asker, row.id).await.unwrap();
        assert_eq!(why.bank_rows[0].raw, "03.11.2026;=1+1;Gehalt;2.500,00");
        assert_eq!(why.bank_rows[0].reason, Some(Reason::New));
        assert_eq!(why.bank_rows[0].bank.as_ref().map(|(name, _)| name.as_str()), Some("november.csv"));
        assert_eq!(why.bank_rows[0].read.as_ref().unwrap().amount.minor, 250_000);
        assert_eq!((why.story[0].entry.summary.as_str(), why.story[0].entry.is_own), ("Import of november.csv", true));

        let again = house.read_file(account, NOVEMBER).await;
        assert_eq!(counted(&again), (0, 3, 0, 0));
        let again = house.import(&again).await;
        assert_eq!((again.batch, house.rows(account).await), (None, rows.clone()));

        house.engine.undo(&house.asker, done.batch.unwrap()).await.unwrap();
        assert_eq!(house.rows(account).await, Vec::<String>::new());
        assert!(house.file(account, done.id).await.is_undone);
        let back = house.read_file(account, NOVEMBER).await;
        assert_eq!(counted(&back), (3, 0, 0, 0));
        house.import(&back).await;
        assert_eq!(house.rows(account).await, rows);
    }

    a_file_beside_a_bank_brings_only_what_is_missing(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = house.rows(giro).await;
        let known: Vec<RegisterRow> = house.register(giro).await.into_iter().take(60).collect();
        let booked = i64::try_from(as_file(&known).lines().count() - 1).unwrap();
        let text = as_file(&known) + "2026-11-10,Cash at the fair,-7.77\n";
        let view = house.read_file(giro, &text).await;
        assert_eq!(counted(&view), (1, booked, booked, 0), "{:?}", view.preview.unwrap().added);
        house.import(&view).await;
        let after = house.rows(giro).await;
        assert_eq!(after.len(), before.len() + 1);
        assert!(before.iter().all(|row| after.contains(row)), "what stood there stands as it was");
        // The bank goes on as if nothing had been.
        let run = house.sync(connection).await;
        assert!(run.accounts.iter().all(|account| account.run.batch.is_none()), "{run:?}");
        house.clock.advance_days(3);
        house.sync(connection).await;
        assert!(house.rows(giro).await.len() > after.len());
    }

    a_bank_that_is_linked_later_recognises_what_a_file_brought(house) {
        let engine = bankside_testkit::Engine::Sqlite;
        let other = House::open(engine).await;
        other.with_bank(NORDHAFEN).await;
        let rows: Vec<RegisterRow> =
            other.register(other.account("Girokonto").await.account.id).await.into_iter().take(80).collect();
        let text = as_file(&rows);
        let account = house.add_account("Giro").await;
        let view = house.read_file(account, &text).await;
        house.import(&view).await;
        let brought = house.rows(account).await.len();
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        let offer = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        let giro = offer.accounts.iter().find(|one| one.bank_account.name == "Girokonto").unwrap();
        let choice = LinkChoice {
            asset: None,
            bank_account: giro.bank_account.id,
            target: LinkTarget::Existing(account),
            import_from: rows.last().unwrap().dated_on,
            flips_sign: None,
        };
        house.engine.link(&house.asker, connection, &[choice]).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        let after = house.rows(account).await;
        let booked = after.iter().filter(|row| row.ends_with("Booked")).count();
        assert!(booked - brought < 10, "{booked} rows, of which the file brought {brought}");
        assert!(!after.iter().take(brought).any(|row| row.contains("CARD ")), "the bank's own words hold: {after:?}");
        // The same file again, now that the bank tells its rows.
        let again = house.read_file(account, &text).await;
        assert_eq!(again.counts.unwrap().added, 0, "{:?}", again.preview.unwrap().added);
        house.import(&again).await;
        assert_eq!(house.rows(account).await, after);
    }

    a_long_file_comes_in_while_others_look_at_the_books(house) {
        let lines: usize = std::env::var(LINES).ok().map_or(1500, |lines| lines.parse().unwrap());
        let account = house.add_account("Long").await;
        let text = long_file(lines);
        let id = house.upload(account, &text).await;
        let mut looks = 0;
        let looking = async {
            while house.file(account, id).await.stage.is_due() {
                looks += 1;
                assert!(house.register(account).await.is_empty());
            }
        };
        let (worked, ()) = tokio::join!(house.engine.work_once(), looking);
        assert!(worked.unwrap() && looks > 0);
        let view = house.file(account, id).await;
        let all = i64::try_from(lines).unwrap();
        assert_eq!((counted(&view), view.progress), ((all, 0, 0, 0), (all, all)));
        let preview = view.preview.as_ref().unwrap();
        assert!(preview.added.len() <= 50, "what is shown of a long file is short");
        house.import(&view).await;
        assert_eq!(house.account("Long").await.account.transaction_count, all);
        let again = house.read_file(account, &text).await;
        assert_eq!(counted(&again), (0, all, 0, 0));
    }

    a_worker_that_dies_leaves_the_file_to_the_next_and_writes_nothing_more(house) {
        let account = house.add_account("Crash").await;
        let view = house.read_file(account, NOVEMBER).await;
        house.engine.import_file(&house.asker, account, view.id, None, false).await.unwrap();
        let store = house.store().await;
        let lease_for = SignedDuration::from_secs(20);
        let dead = store.claim_statement_file_as_system(lease_for).await.unwrap().unwrap();
        assert!(!house.engine.work_once().await.unwrap(), "somebody works on it");
        let given_up = house.engine.discard_file(&house.asker, account, view.id).await;
        assert!(matches!(given_up, Err(EngineError::Conflict(_))), "{given_up:?}");
        assert_eq!(house.file(account, view.id).await.stage, FileStage::Importing);
        house.clock.advance(SignedDuration::from_secs(21));
        assert!(house.engine.work_once().await.unwrap());
        assert_eq!(house.file(account, view.id).await.stage, FileStage::Done);
        assert_eq!(house.rows(account).await.len(), 3);
        let late = store.prolong_statement_file(&house.asker, &dead.lease, lease_for, (0, 0)).await;
        assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");

        // One that is read is given up at once, and whoever reads it writes nothing.
        let id = house.upload(account, NOVEMBER).await;
        let reading = store.claim_statement_file_as_system(lease_for).await.unwrap().unwrap();
        house.engine.discard_file(&house.asker, account, id).await.unwrap();
        let late = store.end_reading_file(&house.asker, &reading.lease, Err("late")).await;
        assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
        assert_eq!(house.file(account, id).await.stage, FileStage::Abandoned);
    }

    turning_the_sign_of_a_bank_leaves_what_a_file_brought(house) {
        house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let view = house.read_file(giro, "Date,Description,Amount\n2020-01-02,Long ago,-7.77\n").await;
        house.import(&view).await;
        let balance = house.account("Girokonto").await.account.balance_minor();
        let change = FeedChange::Sign { flips_sign: true };
        house.engine.change_feed(&house.asker, giro, change).await.unwrap();
        assert_eq!(house.account("Girokonto").await.account.balance_minor(), -balance);
        let again = house.read_file(giro, "Date,Description,Amount\n2020-01-02,Long ago,-7.77\n").await;
        assert_eq!(counted(&again), (0, 1, 0, 0));
        let rows = house.rows(giro).await;
        assert!(rows.last().unwrap().starts_with("2020-01-02 -777 "), "{:?}", rows.last());
        // What the bank shows is the other way round by now, so that its own words with its own signs are other rows.
        let bank = house.register(giro).await.into_iter().find(|row| row.is_from_bank).unwrap();
        let same = house.read_file(giro, &as_file(&[bank])).await;
        assert_eq!(same.counts.unwrap().added, 0, "a file has the signs of the owner: {same:?}");
    }

    what_is_locked_or_was_taken_out_stays_out(house) {
        let account = house.add_account("Locked").await;
        house.engine.lock_period(&house.asker, account, Some(date(2026, 11, 4))).await.unwrap();
        let view = house.read_file(account, NOVEMBER).await;
        assert_eq!(counted(&view), (2, 0, 0, 1));
        assert_eq!(view.preview.as_ref().unwrap().left_out[0].reason, "The books are locked up to 2026-11-04.");
        house.import(&view).await;
        let row = house.register(account).await.remove(0);
        house.engine.delete_transaction(&house.asker, row.id).await.unwrap();
        house.engine.lock_period(&house.asker, account, None).await.unwrap();
        // Unlocked, the third comes in; what a person took out does not.
        let again = house.read_file(account, NOVEMBER).await;
        assert_eq!(counted(&again), (1, 1, 0, 1));
        house.import(&again).await;
        assert_eq!(house.rows(account).await.len(), 2);
    }

    rows_that_somebody_took_out_are_not_said_to_be_there(house) {
        let account = house.add_account("Without a bank").await;
        let view = house.read_file(account, NOVEMBER).await;
        let done = house.import(&view).await;
        // One is deleted; the very file again, and the same rows in other bytes.
        let row = house.register(account).await.remove(0).id;
        house.engine.delete_transactions(&house.asker, &Selection::These(vec![row]), false).await.unwrap();
        for text in [NOVEMBER.to_owned(), NOVEMBER.replace("Kaffee", "Kaffee ")] {
            let again = house.read_file(account, &text).await;
            assert_eq!(counted(&again), (0, 2, 0, 1), "{text}");
            assert_eq!(again.counts.unwrap().dismissed, 1, "{text}");
        }
        // An import that is taken back for good.
        house.engine.undo_with(&house.asker, done.batch.unwrap(), Later::LeaveOut).await.unwrap();
        assert_eq!(house.rows(account).await, Vec::<String>::new());
        let again = house.read_file(account, NOVEMBER).await;
        assert_eq!((counted(&again), again.counts.unwrap().dismissed), ((0, 0, 0, 3), 3));
    }

    lines_that_cannot_be_read_must_be_left_out_knowingly(house) {
        let account = house.add_account("Dirt").await;
        let text = NOVEMBER.to_owned() + "31.11.2026;Nobody;Never;-1,00\n04.11.2026;Kiosk;Papers;-2,00\n";
        let view = house.read_file(account, &text).await;
        let preview = view.preview.as_ref().unwrap();
        assert_eq!(preview.refused_total, 1);
        assert_eq!(
            preview.refused[0].in_words(),
            "Line 5, Buchungstag: “31.11.2026” – this is no date in the chosen order."
        );
        let refused = house.engine.import_file(&house.asker, account, view.id, None, false).await;
        assert!(matches!(refused, Err(EngineError::Invalid { field: "without_refused", .. })), "{refused:?}");
        let long_ago = Some(view.changed_at - SignedDuration::from_secs(1));
        let moved_on = house.engine.import_file(&house.asker, account, view.id, long_ago, true).await;
        assert!(matches!(moved_on, Err(EngineError::Conflict(_))), "{moved_on:?}");
        house.engine.import_file(&house.asker, account, view.id, Some(view.changed_at), true).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        assert_eq!(house.rows(account).await.len(), 4);
    }

    what_a_file_does_not_say_is_asked_and_remembered(house) {
        let account = house.add_account("Asked").await;
        let text = "Date,Description,Amount\n05/11/2026,Coffee,-1.50\n06/11/2026,Tea,-2.50\n";
        let id = house.upload(account, text).await;
        assert!(!house.engine.work_once().await.unwrap(), "nobody has said how it is meant");
        let view = house.file(account, id).await;
        assert_eq!(view.stage, FileStage::Open);
        assert!(view.guess.as_ref().unwrap().asks_date_order);
        let choice = |profile: &Profile, dates| FileChoice {
            encoding: profile.encoding,
            delimiter: profile.delimiter,
            columns: profile.columns.clone(),
            dates,
            decimals: Some(profile.decimals),
            turns_sign: false,
        };
        let asked = house.engine.choose_columns(&house.asker, account, id, &choice(&view.profile, None)).await;
        assert!(matches!(asked, Err(EngineError::Invalid { field: "dates", .. })), "{asked:?}");
        let none = FileChoice { columns: vec![Role::Ignore; 3], ..choice(&view.profile, Some(DateOrder::MonthFirst)) };
        let asked = house.engine.choose_columns(&house.asker, account, id, &none).await;
        assert!(matches!(asked, Err(EngineError::Invalid { field: "columns", .. })), "{asked:?}");
        let chosen = choice(&view.profile, Some(DateOrder::MonthFirst));
        house.engine.choose_columns(&house.asker, account, id, &chosen).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        let view = house.file(account, id).await;
        assert_eq!(view.preview.as_ref().unwrap().days, Some((date(2026, 5, 11), date(2026, 6, 11))));
        house.import(&view).await;
        // The next file of these columns is read the same way without a question.
        let next = house.read_file(account, "Date,Description,Amount\n07/11/2026,Milk,-3.50\n").await;
        assert!(next.guess.as_ref().unwrap().is_as_before);
        assert_eq!(next.preview.as_ref().unwrap().days, Some((date(2026, 7, 11), date(2026, 7, 11))));
        house.engine.discard_file(&house.asker, account, next.id).await.unwrap();
        assert_eq!(house.file(account, next.id).await.stage, FileStage::Abandoned);
        assert_eq!(house.rows(account).await.len(), 2);
    }
}

/// A table of the test's own writes down whatever is told, so that nothing that a page may read is missed.
#[tokio::test]
async fn how_far_a_long_file_is_read_is_told_on_the_way() {
    let house = House::open(bankside_testkit::Engine::Sqlite).await;
    let account = house.add_account("Long").await;
    let id = house.upload(account, &long_file(2_600)).await;
    house.sql("CREATE TABLE told (done INTEGER NOT NULL, total INTEGER NOT NULL)").await;
    house
        .sql(
            "CREATE TRIGGER telling AFTER UPDATE OF rows_done ON statement_files
             BEGIN INSERT INTO told VALUES (NEW.rows_done, NEW.rows_total); END",
        )
        .await;
    let mut words = house.engine.watch_progress();
    let before = *words.borrow_and_update();
    assert!(house.engine.work_once().await.unwrap());
    assert_eq!(house.file(account, id).await.progress, (2_600, 2_600));
    for told in ["(0, 2600)", "(1000, 2600)", "(2000, 2600)", "(2600, 2600)"] {
        let row = format!("DELETE FROM told WHERE '(' || done || ', ' || total || ')' = '{told}'");
        assert!(house.sql(row.leak()).await > 0, "{told}");
    }
    assert!(*words.borrow_and_update() >= before + 4, "pages that are open look again each time");
}
