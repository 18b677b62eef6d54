//! Files that are brought at an asset: which row is of which account, one look and one decision for all of them, and what happens in between.

use bankside_domain::account::AccountKind;
use bankside_domain::asset::{AssetKind, AssetStage};
use bankside_domain::statement::{AssetFileStage, FileStage};
use bankside_domain::{AccountId, Actor, Asker, AssetFileId, AssetId, Role as AccessRole, Sight};
use bankside_engine::csv::Role;
use bankside_engine::{AssetFileView, AssetInput, EngineError, FileChoice, NewAccountInput, ShareGround};
use jiff::SignedDuration;
use jiff::civil::date;

use crate::house::{House, NORDHAFEN, on_both};

/// As Nordhafen knows the current account of the household.
const GIRO: &str = "DE75 9990 0001 0001 2345 00";
const HEADER: &str = "Auftragskonto;Buchungstag;Verwendungszweck;Betrag\n";

const LEASE: SignedDuration = SignedDuration::from_secs(20);

/// Two accounts here, and one that nobody knows.
const FILE: &str = "Auftragskonto;Buchungstag;Verwendungszweck;Betrag\n\
    Mill till;05.11.2026;Flour;-3,50\n\
    DE02120300000000202051;05.11.2026;Rent;900,00\n\
    MILL TILL;04.11.2026;Bread;2,50\n\
    Mill till;31.11.2026;Never;-1,00\n\
    4711;03.11.2026;Nobody's;-1,00\n";

impl House {
    async fn asset(&self, name: &str, under: Option<AssetId>) -> AssetId {
        let input = AssetInput { name: name.to_owned(), kind: AssetKind::Structuring, stage: AssetStage::Active };
        self.engine.add_asset(&self.asker, &input, under).await.unwrap()
    }

    async fn account_at(&self, asset: AssetId, name: &str) -> AccountId {
        let new = NewAccountInput {
            asset: Some(asset),
            name: name.to_owned(),
            kind: AccountKind::Checking,
            currency: "EUR".parse().unwrap(),
            opening: String::new(),
        };
        self.engine.add_account(&self.asker, &new).await.unwrap()
    }

    async fn bring(&self, asset: AssetId, text: &str) -> AssetFileView {
        let id = self.engine.upload_asset_file(&self.asker, asset, "all.csv", text.as_bytes()).await.unwrap();
        self.asset_file(asset, id).await
    }

    async fn asset_file(&self, asset: AssetId, id: AssetFileId) -> AssetFileView {
        self.engine.asset_file(&self.asker, asset, id).await.unwrap()
    }

    async fn divide(&self, view: &AssetFileView, chosen: &[Option<AccountId>]) -> AssetFileView {
        self.engine.divide_asset_file(&self.asker, view.asset, view.id, chosen).await.unwrap();
        self.work_off().await;
        self.asset_file(view.asset, view.id).await
    }

    async fn import_all(&self, view: &AssetFileView, without_refused: bool) -> AssetFileView {
        let at = Some(view.changed_at);
        self.engine.import_asset_file(&self.asker, view.asset, view.id, at, without_refused).await.unwrap();
        self.work_off().await;
        self.asset_file(view.asset, view.id).await
    }

    /// Has the worker of whatever is due die again and again, until it is given up.
    async fn fall_silent(&self) {
        let store = self.store().await;
        for _ in 0..5 {
            while store.claim_statement_file_as_system(LEASE).await.unwrap().is_some() {}
            self.clock.advance(LEASE + SignedDuration::from_secs(1));
        }
        self.work_off().await;
    }

    async fn work_off(&self) {
        while self.engine.work_once().await.unwrap() {}
    }
}

/// A row of One and a row of Two.
fn of_two() -> String {
    format!("{HEADER}One;05.11.2026;a;-1,00\nTwo;05.11.2026;b;-2,00\n")
}

fn shares(view: &AssetFileView) -> Vec<(&str, usize, Option<AccountId>, ShareGround)> {
    view.shares.iter().map(|share| (share.named.as_str(), share.lines, share.account, share.ground)).collect()
}

/// New, known and left out of each part.
fn counted(view: &AssetFileView) -> Vec<(AccountId, i64, i64)> {
    let part = |part: &bankside_engine::FileView| {
        let counts = part.counts.unwrap();
        (part.account.account.id, counts.added, counts.known)
    };
    view.parts.iter().map(part).collect()
}

on_both! {
    rows_of_several_accounts_come_in_with_one_decision_and_are_remembered(house) {
        let spain = house.asset("Spain", None).await;
        let mill = house.asset("Mill", Some(spain)).await;
        let elsewhere = house.asset("France", None).await;
        let till = house.account_at(mill, "Mill till").await;
        let rents = house.account_at(spain, "Rents").await;
        let hidden = house.account_at(elsewhere, "4711").await;
        let view = house.bring(spain, FILE).await;
        assert_eq!(view.stage, AssetFileStage::Open);
        let by_name = ShareGround::Name;
        assert_eq!(
            shares(&view),
            [
                ("Mill till", 2, Some(till), by_name),
                ("DE02120300000000202051", 1, None, ShareGround::Nothing),
                ("MILL TILL", 1, Some(till), by_name),
                ("4711", 1, None, ShareGround::Nothing),
            ],
            "an account of another asset is none of its"
        );

        // What does not fit is refused, and changes nothing.
        let divide = |chosen: Vec<Option<AccountId>>| {
            let (engine, asker, id) = (&house.engine, &house.asker, view.id);
            async move { engine.divide_asset_file(asker, spain, id, &chosen).await }
        };
        for wrong in [vec![Some(till)], vec![None; 4], vec![Some(till), Some(hidden), Some(till), None]] {
            let refused = divide(wrong).await;
            assert!(matches!(refused, Err(EngineError::Invalid { field: "accounts", .. })), "{refused:?}");
        }
        let chosen = [Some(till), Some(rents), Some(till), None];
        let view = house.divide(&view, &chosen).await;
        assert!(view.is_ready(), "{view:?}");
        assert_eq!(counted(&view), [(till, 2, 0), (rents, 1, 0)]);
        assert_eq!((view.refused_total(), view.left_out_lines()), (1, 1));
        let refused = &view.parts[0].preview.as_ref().unwrap().refused[0];
        assert_eq!(refused.in_words(), "Line 5, Buchungstag: “31.11.2026” – this is no date in the chosen order.");
        assert_eq!(house.rows(till).await, Vec::<String>::new(), "a look writes nothing");

        // Who sees one of its accounts sees nothing of the others, not even a sample.
        let Actor::Member { person, .. } = house.asker.actor else { panic!("a member has set the house up") };
        let actor = Actor::Member { person, role: AccessRole::Member, sight: Sight::below(mill, [till]) };
        let restricted = Asker { organization: house.asker.organization, actor };
        let own = house.engine.statement_file(&restricted, till, view.parts[0].id).await.unwrap();
        let columns = own.guess.unwrap().columns;
        assert_eq!(columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";") + "\n", HEADER);
        assert!(columns.iter().all(|(_, samples)| samples.is_empty()), "{columns:?}");
        assert!(view.guess.as_ref().unwrap().columns.iter().all(|(_, samples)| !samples.is_empty()));

        // A part is no file of its own, and lines that cannot be read are left out knowingly.
        let (part, (engine, asker)) = (view.parts[0].id, (&house.engine, &house.asker));
        let alone = [
            engine.import_file(asker, till, part, None, true).await,
            engine.discard_file(asker, till, part).await,
        ];
        assert!(alone.iter().all(|alone| matches!(alone, Err(EngineError::Conflict(_)))), "{alone:?}");
        let refused = engine.import_asset_file(asker, spain, view.id, None, false).await;
        assert!(matches!(refused, Err(EngineError::Invalid { field: "without_refused", .. })), "{refused:?}");
        let done = house.import_all(&view, true).await;
        assert_eq!(done.stage, AssetFileStage::Done);
        assert_eq!(house.rows(till).await.len(), 2);
        assert_eq!(house.rows(rents).await, ["2026-11-05 90000 Some(\"Rent\") Some(\"Rent\") Booked"]);
        assert_eq!(house.rows(hidden).await, Vec::<String>::new());
        let listed = engine.asset_file_offer(asker, spain).await.unwrap();
        assert_eq!((listed.open, listed.imported[0].accounts, listed.imported[0].counts.added), (None, 2, 3));

        // What is read again of a row is read by its part.
        let query = bankside_engine::RegisterQuery { account: Some(rents), limit: 5, ..Default::default() };
        let row = engine.register(asker, &query).await.unwrap().rows.remove(0);
        let why = engine.transaction(asker, row.id).await.unwrap();
        assert_eq!(why.bank_rows[0].raw, "DE02120300000000202051;05.11.2026;Rent;900,00");
        assert_eq!(why.bank_rows[0].read.as_ref().unwrap().amount.minor, 90_000);

        // Each account is undone by itself, and the next file knows which account is which.
        engine.undo(asker, done.parts[0].batch.unwrap()).await.unwrap();
        assert_eq!((house.rows(till).await.len(), house.rows(rents).await.len()), (0, 1));
        let next = house.bring(spain, &(FILE.to_owned() + "DE02120300000000202051;06.11.2026;Rent;1,00\n")).await;
        let before = ShareGround::Before;
        assert_eq!(shares(&next)[1..], [
            ("DE02120300000000202051", 2, Some(rents), before),
            ("MILL TILL", 1, Some(till), before),
            ("4711", 1, None, before),
        ]);
        let next = house.divide(&next, &chosen).await;
        assert_eq!(counted(&next), [(till, 2, 0), (rents, 1, 1)]);
    }

    an_account_is_known_by_the_number_of_its_bank_and_its_synced_rows_are_recognised(house) {
        house.with_bank(NORDHAFEN).await;
        let home = house.asset("Home", None).await;
        let giro = house.account("Girokonto").await.account.id;
        house.engine.move_account(&house.asker, giro, Some(home), None).await.unwrap();
        let cash = house.account_at(home, "Purse").await;
        let before = house.rows(giro).await;
        let booked = before.iter().find(|row| row.ends_with("Booked")).unwrap();
        let mut words = booked.split(' ');
        let (day, minor): (&str, i64) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
        let amount = format!("{}{},{:02}", if minor < 0 { "-" } else { "" }, minor.abs() / 100, minor.abs() % 100);
        // No name gives the column away; the number that stands there does.
        let text = format!(
            "Nummer;Datum;Zweck;Betrag\n{GIRO};{day};AS BOOKED;{amount}\n{GIRO};{day};Not synced;-7,77\nPurse;{day};Coins;-1,00\n"
        );
        let view = house.bring(home, &text).await;
        assert_eq!(view.profile.columns[0], Role::OwnAccount);
        let (number, name) = (ShareGround::Number, ShareGround::Name);
        assert_eq!(shares(&view), [(GIRO, 2, Some(giro), number), ("Purse", 1, Some(cash), name)]);
        let view = house.divide(&view, &[Some(giro), Some(cash)]).await;
        let of_giro = view.parts.iter().find(|part| part.account.account.id == giro).unwrap().counts.unwrap();
        assert_eq!((of_giro.added, of_giro.known, of_giro.by_money), (1, 1, 1));
        house.import_all(&view, false).await;
        assert_eq!(house.rows(giro).await.len(), before.len() + 1);
        assert_eq!(house.rows(cash).await.len(), 1);
    }

    a_worker_that_dies_between_two_accounts_leaves_the_rest_to_the_next(house) {
        let home = house.asset("Home", None).await;
        let (one, two) = (house.account_at(home, "One").await, house.account_at(home, "Two").await);
        let view = house.bring(home, &of_two()).await;
        let view = house.divide(&view, &[Some(one), Some(two)]).await;
        let (engine, asker, text) = (&house.engine, &house.asker, of_two());
        let store = house.store().await;
        let stale = store.asset_file(asker, home, view.id).await.unwrap();
        engine.import_asset_file(asker, home, view.id, Some(view.changed_at), false).await.unwrap();
        let given_up = store.abandon_asset_file(asker, &stale).await;
        assert!(given_up.is_err(), "whoever looked before is not told that it was let go");
        assert!(engine.work_once().await.unwrap());
        let lease_for = LEASE;
        let dead = store.claim_statement_file_as_system(lease_for).await.unwrap().unwrap();
        let half = house.asset_file(home, view.id).await;
        let stages: Vec<FileStage> = half.parts.iter().map(|part| part.stage).collect();
        assert!(half.stage == AssetFileStage::Importing && half.is_busy(), "{half:?}");
        assert!(stages.contains(&FileStage::Done) && stages.contains(&FileStage::Importing), "{stages:?}");
        let given_up = engine.discard_asset_file(asker, home, view.id).await;
        assert!(matches!(given_up, Err(EngineError::Conflict(_))), "{given_up:?}");
        let another = engine.upload_asset_file(asker, home, "b.csv", text.as_bytes()).await;
        assert!(matches!(another, Err(EngineError::Conflict(_))), "{another:?}");

        // It falls silent again and again: that account is given up and said so, and a person has it tried once more.
        house.fall_silent().await;
        let failed = house.asset_file(home, view.id).await;
        assert!(failed.parts.iter().any(|part| part.stage == FileStage::Failed), "{failed:?}");
        assert_eq!(failed.stage, AssetFileStage::Importing);
        let done = house.import_all(&failed, false).await;
        assert_eq!(done.stage, AssetFileStage::Done);
        assert_eq!((house.rows(one).await.len(), house.rows(two).await.len()), (1, 1));
        let late = store.prolong_statement_file(asker, &dead.lease, lease_for, (0, 0)).await;
        assert!(late.is_err());
    }

    a_file_ends_where_its_last_account_gets_another_one(house) {
        let home = house.asset("Home", None).await;
        let (one, two) = (house.account_at(home, "One").await, house.account_at(home, "Two").await);
        let view = house.bring(home, &of_two()).await;
        let view = house.divide(&view, &[Some(one), Some(two)]).await;
        let (engine, asker) = (&house.engine, &house.asker);
        engine.import_asset_file(asker, home, view.id, Some(view.changed_at), false).await.unwrap();
        assert!(engine.work_once().await.unwrap());
        house.fall_silent().await;
        let failed = house.asset_file(home, view.id).await;
        let part = failed.parts.iter().find(|part| part.stage == FileStage::Failed).unwrap();
        assert_eq!((failed.stage, failed.progress().is_busy), (AssetFileStage::Importing, false));
        let single = "Date,Description,Amount\n2026-11-07,Milk,-3.50\n";
        engine.upload_file(asker, part.account.account.id, "one.csv", single.as_bytes()).await.unwrap();
        let done = house.asset_file(home, view.id).await;
        assert_eq!(done.stage, AssetFileStage::Done, "nothing more can come of it");
        let next = house.bring(home, &of_two()).await;
        assert_eq!(next.stage, AssetFileStage::Open);
        // Where nothing has come in yet, and each account gets another file, it was given up.
        let next = house.divide(&next, &[Some(one), Some(two)]).await;
        engine.import_asset_file(asker, home, next.id, None, false).await.unwrap();
        house.fall_silent().await;
        for account in [one, two] {
            engine.upload_file(asker, account, "one.csv", single.as_bytes()).await.unwrap();
        }
        assert_eq!(house.asset_file(home, next.id).await.stage, AssetFileStage::Abandoned);
    }

    other_letters_are_read_anew_and_the_columns_can_still_be_chosen(house) {
        let home = house.asset("Home", None).await;
        let one = house.account_at(home, "One").await;
        let text = "Wer;Date;Was;Amount\nX;25/11/2026;a;-1.00\nY;26/11/2026;b;-2.00\n";
        let view = house.bring(home, text).await;
        let choice = |view: &AssetFileView, columns: Vec<Role>| FileChoice {
            encoding: bankside_engine::csv::Encoding::Windows1252,
            delimiter: view.profile.delimiter,
            columns,
            dates: Some(view.profile.dates),
            decimals: Some(view.profile.decimals),
            turns_sign: false,
        };
        let (engine, asker) = (&house.engine, &house.asker);
        let first = choice(&view, view.profile.columns.clone());
        engine.choose_asset_columns(asker, home, view.id, &first).await.unwrap();
        let view = house.asset_file(home, view.id).await;
        assert!(view.shares.is_empty(), "no column tells the accounts apart yet");
        let second = choice(&view, vec![Role::OwnAccount, Role::BookedOn, Role::Purpose, Role::Amount]);
        engine.choose_asset_columns(asker, home, view.id, &second).await.unwrap();
        let view = house.divide(&house.asset_file(home, view.id).await, &[Some(one), None]).await;
        assert_eq!(counted(&view), [(one, 1, 0)]);
    }

    what_is_asked_first_and_what_is_let_go(house) {
        let home = house.asset("Home", None).await;
        let nobody = house.engine.upload_asset_file(&house.asker, home, "a.csv", FILE.as_bytes()).await;
        assert!(matches!(nobody, Err(EngineError::Conflict(_))), "{nobody:?}");
        let one = house.account_at(home, "One").await;
        let text = "Wer;Date;Was;Amount\nX;05/11/2026;a;-1.00\nY;06/11/2026;b;-2.00\n";
        let view = house.bring(home, text).await;
        assert!(view.shares.is_empty() && view.guess.as_ref().unwrap().asks_date_order);
        let choice = |columns: Vec<Role>, dates| FileChoice {
            encoding: view.profile.encoding,
            delimiter: view.profile.delimiter,
            columns,
            dates,
            decimals: Some(view.profile.decimals),
            turns_sign: false,
        };
        let (engine, asker) = (&house.engine, &house.asker);
        let without = choice(view.profile.columns.clone(), Some(bankside_engine::csv::DateOrder::DayFirst));
        let refused = engine.choose_asset_columns(asker, home, view.id, &without).await;
        assert!(matches!(refused, Err(EngineError::Invalid { field: "columns", .. })), "{refused:?}");
        let columns = vec![Role::OwnAccount, Role::BookedOn, Role::Purpose, Role::Amount];
        let chosen = choice(columns, Some(bankside_engine::csv::DateOrder::DayFirst));
        engine.choose_asset_columns(asker, home, view.id, &chosen).await.unwrap();
        let view = house.asset_file(home, view.id).await;
        assert_eq!(view.shares.len(), 2);
        let view = house.divide(&view, &[Some(one), None]).await;
        assert_eq!(view.parts[0].preview.as_ref().unwrap().days, Some((date(2026, 11, 5), date(2026, 11, 5))));

        // A file that is brought into one of its accounts takes that part's place: the whole is not imported without it.
        let single = "Date,Description,Amount\n2026-11-07,Milk,-3.50\n";
        let file = engine.upload_file(asker, one, "one.csv", single.as_bytes()).await.unwrap();
        let refused = engine.import_asset_file(asker, home, view.id, None, false).await;
        assert!(matches!(refused, Err(EngineError::Conflict(_))), "{refused:?}");
        assert_eq!(house.asset_file(home, view.id).await.begun, [one], "whoever divides it again is told");
        engine.discard_file(asker, one, file).await.unwrap();
        assert_eq!(house.asset_file(home, view.id).await.begun, []);
        let view = house.divide(&house.asset_file(home, view.id).await, &[Some(one), Some(one)]).await;
        assert_eq!(counted(&view), [(one, 2, 0)]);

        // What nobody goes on with is let go, with its parts.
        house.clock.advance(SignedDuration::from_hours(73));
        engine.tidy_files().await.unwrap();
        let view = house.asset_file(home, view.id).await;
        assert_eq!((view.stage, view.parts[0].stage), (AssetFileStage::Abandoned, FileStage::Abandoned));
        let gone = engine.import_asset_file(asker, home, view.id, None, false).await;
        assert!(matches!(gone, Err(EngineError::Conflict(_))), "{gone:?}");
        let other = house.asset("Other", None).await;
        let elsewhere = engine.asset_file(asker, other, view.id).await;
        assert!(elsewhere.is_err(), "a file is found at its own asset alone");
    }
}
