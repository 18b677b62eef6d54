//! What a file says beside its rows: balances, which prove the books of an account that no bank feeds, and rows that are not booked.

use bankside_domain::AccountId;
use bankside_domain::account::AccountKind;
use bankside_domain::balance::{NotProvable, Proof};
use bankside_domain::statement::FileStage;
use bankside_engine::{BalanceCheck, EngineError, FileView, NewAccountInput};
use jiff::civil::date;

use crate::house::{House, NORDHAFEN, on_both};

const HEADER: &str = "Datum;Zweck;Betrag;Saldo\n";
/// The newest first, as most banks have it.
const NOVEMBER: &str =
    "05.11.2026;Kaffee;-3,50;1.096,50\n04.11.2026;Miete;-900,00;1.100,00\n03.11.2026;Gehalt;1.500,00;2.000,00\n";

impl House {
    async fn plain_account(&self, name: &str) -> AccountId {
        let new = NewAccountInput {
            asset: None,
            name: name.to_owned(),
            kind: AccountKind::Checking,
            currency: "EUR".parse().unwrap(),
            opening: String::new(),
        };
        self.engine.add_account(&self.asker, &new).await.unwrap()
    }

    async fn looked_at(&self, account: AccountId, text: &str) -> FileView {
        let id = self.engine.upload_file(&self.asker, account, "a.csv", text.as_bytes()).await.unwrap();
        assert!(self.engine.work_once().await.unwrap());
        let view = self.engine.statement_file(&self.asker, account, id).await.unwrap();
        assert_eq!(view.stage, FileStage::Ready, "{:?}", view.problem);
        view
    }

    async fn brought_in(&self, account: AccountId, text: &str) -> FileView {
        let view = self.looked_at(account, text).await;
        self.engine.import_file(&self.asker, account, view.id, None, true).await.unwrap();
        assert!(self.engine.work_once().await.unwrap());
        self.engine.statement_file(&self.asker, account, view.id).await.unwrap()
    }

    async fn check(&self, account: AccountId) -> BalanceCheck {
        self.engine.balance_check(&self.asker, account).await.unwrap()
    }
}

on_both! {
    the_balances_of_files_prove_the_books_and_find_the_row_that_is_missing(house) {
        let account = house.plain_account("Files").await;
        let none = house.engine.balance_check(&house.asker, account).await;
        assert!(matches!(none, Err(EngineError::NotFound(_))), "{none:?}");
        let view = house.looked_at(account, &format!("{HEADER}{NOVEMBER}")).await;
        assert_eq!(view.preview.as_ref().unwrap().balance_days, 3);
        let none = house.engine.balance_check(&house.asker, account).await.unwrap();
        assert_eq!(none.proof, Proof::NotProvable { because: NotProvable::NoBalance }, "a look states nothing");
        house.brought_in(account, &format!("{HEADER}{NOVEMBER}")).await;
        // Every row fits, and the account opened with what it had before: nobody had said so.
        assert_eq!(house.check(account).await.proof, Proof::OpeningDiffers { by_minor: 50_000 });
        house.engine.take_bank_opening(&house.asker, account).await.unwrap();
        let proven = |since| matches!(since, Proof::Proven { since, .. } if since == date(2026, 11, 3));
        assert!(proven(house.check(account).await.proof), "{:?}", house.check(account).await);
        let status = house.account("Files").await.status;
        assert!(status.bank_account.is_none() && proven(status.proof.unwrap()), "{status:?}");

        // An older file that comes later proves as well; one that leaves a row out says between which days.
        let october = "02.11.2026;Strom;-20,00;500,00\n01.11.2026;Wasser;-10,00;520,00\n";
        house.clock.advance_days(1);
        house.brought_in(account, &format!("{HEADER}{october}")).await;
        let check = house.check(account).await;
        assert_eq!(check.proof, Proof::OpeningDiffers { by_minor: 3000 }, "{check:?}");
        house.engine.take_bank_opening(&house.asker, account).await.unwrap();
        assert!(matches!(house.check(account).await.proof, Proof::Proven { since, .. } if since == date(2026, 11, 1)));
        let later = "08.11.2026;Brot;-2,00;1.084,50\n";
        let done = house.brought_in(account, &format!("{HEADER}{later}")).await;
        let apart = house.check(account).await.proof;
        assert_eq!(apart, Proof::Diverged { since: date(2026, 11, 8), by_minor: -1000 });
        let overview = house.account("Files").await.status.proof;
        assert_eq!(overview, Some(apart));

        // An import that is undone states nothing any more; what somebody types counts by its day.
        house.engine.undo(&house.asker, done.batch.unwrap()).await.unwrap();
        assert!(matches!(house.check(account).await.proof, Proof::Proven { .. }));
    }

    balances_come_in_without_rows_and_are_taken_back(house) {
        let account = house.plain_account("Files").await;
        let without: String = NOVEMBER.lines().map(|line| line.rsplit_once(';').unwrap().0.to_owned() + "\n").collect();
        house.brought_in(account, &format!("Datum;Zweck;Betrag\n{without}")).await;
        let file = format!("{HEADER}{NOVEMBER}");
        let view = house.looked_at(account, &file).await;
        assert_eq!((view.counts.unwrap().changes_books(), view.new_balance_days()), (false, 3));
        let states_nothing = Proof::NotProvable { because: NotProvable::NoBalance };
        let done = house.brought_in(account, &file).await;
        assert_eq!(house.check(account).await.proof, Proof::OpeningDiffers { by_minor: 50_000 });
        // What is stated already is nothing new, however often it comes.
        let again = house.looked_at(account, &file).await;
        assert!(again.new_balance_days() == 0 && !again.brings_anything(), "{again:?}");
        assert_eq!(house.brought_in(account, &file).await.batch, None);

        let (engine, asker) = (&house.engine, &house.asker);
        let plan = engine.preview_undo(asker, done.batch.unwrap()).await.unwrap();
        assert!(plan.tally().balances_change && plan.write.is_empty(), "{plan:?}");
        let undoing = engine.undo(asker, done.batch.unwrap()).await.unwrap();
        assert_eq!(house.check(account).await.proof, states_nothing);
        assert_eq!(house.account("Files").await.status.proof, Some(states_nothing));
        engine.undo(asker, undoing.batch).await.unwrap();
        assert_eq!(house.check(account).await.proof, Proof::OpeningDiffers { by_minor: 50_000 });

        // Only so many of the latest days are ever read.
        let first = date(2024, 1, 1);
        let line = |day: i64| format!("{};Tag;1,00;{},00\n", first.saturating_add(jiff::Span::new().days(day)), day + 1);
        let long: String = (0..450).map(line).collect();
        let view = house.looked_at(account, &format!("{HEADER}{long}")).await;
        assert_eq!((view.preview.as_ref().unwrap().balance_days, view.new_balance_days()), (450, 400));
    }

    balances_that_contradict_the_rows_are_left_out_and_said(house) {
        let account = house.plain_account("Contradiction").await;
        let wrong = NOVEMBER.replace("1.100,00", "1.100,01");
        let view = house.brought_in(account, &format!("{HEADER}{wrong}")).await;
        assert_eq!(view.counts.unwrap().added, 3);
        let again = house.looked_at(account, &format!("{HEADER}{wrong}")).await.preview.unwrap();
        assert_eq!(
            again.balances_left_out.as_deref(),
            Some(
                "Line 2, Saldo: 1096.50 does not follow from the rows around it, which come to 1096.51. So the balances of this file \
                 are left out."
            )
        );
        assert_eq!(house.check(account).await.proof, Proof::NotProvable { because: NotProvable::NoBalance });
    }

    where_a_bank_feeds_an_account_its_own_balances_prove(house) {
        house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await;
        let before = giro.status.proof;
        house.brought_in(giro.account.id, "Datum;Zweck;Betrag;Saldo\n02.01.2020;Alt;-1,00;5,00\n").await;
        let after = house.account("Girokonto").await.status;
        assert_eq!((after.proof, after.is_proven()), (before, true));
    }

    what_is_pending_stays_out_until_a_file_has_it_booked(house) {
        let account = house.plain_account("Pending").await;
        let header = "Status;Datum;Zweck;Betrag\n";
        let pending = "Vorgemerkt;06.11.2026;Hotel;-80,00\nStorniert?;05.11.2026;Was?;-1,00\nGebucht;05.11.2026;Kaffee;-3,50\nabgelehnt;04.11.2026;Nie;-9,00\nGebucht;04.11.2026;Tee;-2,00\n";
        let view = house.brought_in(account, &format!("{header}{pending}")).await;
        assert_eq!(view.counts.unwrap().added, 2);
        let looked = house.looked_at(account, &format!("{header}{pending}")).await;
        let preview = looked.preview.unwrap();
        assert_eq!((preview.pending, preview.void, preview.refused_total), (1, 1, 1));
        let booked = "Gebucht;07.11.2026;Hotel;-81,20\nGebucht;05.11.2026;Kaffee;-3,50\n";
        let view = house.brought_in(account, &format!("{header}{booked}")).await;
        assert_eq!((view.counts.unwrap().added, view.counts.unwrap().known), (1, 1));
        assert_eq!(house.account("Pending").await.account.balance_minor(), -350 - 200 - 8120);
    }
}
