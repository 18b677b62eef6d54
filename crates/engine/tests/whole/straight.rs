//! The straight road: keys, consent, accounts, rows, proof.

use bankside_domain::balance::Proof;
use bankside_domain::run::RunOutcome;
use bankside_domain::status::Status;
use bankside_sandbox::Call;

use crate::house::{LOCKSIDE, NORDHAFEN, on_both};

on_both! {
    a_bank_through_the_whole_house(house) {
        house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await;
        assert!(matches!(giro.status.status, Status::UpToDate { .. }), "{:?}", giro.status);
        assert!(matches!(giro.status.proof, Some(Proof::Proven { .. })), "{:?}", giro.status.proof);
        assert!(giro.account.transaction_count > 300, "{}", giro.account.transaction_count);
        let line = house.engine.bank_line(&house.asker, &giro.status).await.unwrap().unwrap();
        assert_eq!(line.bank.stated.minor, giro.account.balance_minor());
        let savings = house.account("Tagesgeld").await;
        assert!(matches!(savings.status.proof, Some(Proof::Proven { .. })), "{:?}", savings.status.proof);
    }

    a_second_sync_adds_nothing_and_a_day_later_only_what_is_new(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = house.rows(giro).await;
        let again = house.sync(connection).await;
        assert_eq!(again.run.outcome, Some(RunOutcome::Done));
        assert!(again.accounts.iter().all(|account| account.run.batch.is_none()), "{again:?}");
        assert_eq!(house.rows(giro).await, before);

        for _ in 0..12 {
            house.clock.advance_days(3);
            let run = house.sync(connection).await;
            assert_eq!(run.run.outcome, Some(RunOutcome::Done), "{:?}", run.run.fault);
            let view = house.account("Girokonto").await;
            assert!(matches!(view.status.proof, Some(Proof::Proven { .. })), "{:?}", view.status.proof);
            let line = house.engine.bank_line(&house.asker, &view.status).await.unwrap().unwrap();
            assert_eq!(line.bank.stated.minor, view.account.balance_minor());
        }
        let after = house.rows(giro).await;
        let booked = |rows: &[String]| rows.iter().filter(|row| row.ends_with("Booked")).cloned().collect::<Vec<_>>();
        assert!(booked(&after).ends_with(&booked(&before)), "history never changes");
        assert!(after.len() > before.len() + 20);
    }

    a_bank_without_ids_pending_rows_and_booked_balances(house) {
        let connection = house.with_bank(LOCKSIDE).await;
        let names: Vec<String> = house
            .engine
            .accounts(&house.asker)
            .await
            .unwrap()
            .into_iter()
            .map(|view| view.account.name)
            .collect();
        let first = house.account(&names[0]).await;
        let before = house.rows(first.account.id).await;
        assert!(!before.is_empty());
        let again = house.sync(connection).await;
        assert!(again.accounts.iter().all(|account| account.run.batch.is_none()));
        assert_eq!(house.rows(first.account.id).await, before);
    }

    accounts_that_nobody_links_are_asked_for_nothing(house) {
        // Some banks show every pot of savings as an account, and each question is one of few that a day allows.
        house.type_keys().await;
        house.sandbox.forget_calls();
        let connection = house.connect(NORDHAFEN).await;
        let offer = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        assert!(offer.accounts.len() > 1);
        let asked = |of: Option<&str>, label: &str| {
            let is_meant = |call: &Call| call.label == label && (of.is_none() || call.account.as_deref() == of);
            house.sandbox.calls().iter().filter(|call| is_meant(call)).count()
        };
        for offered in &offer.accounts {
            let of = Some(offered.bank_account.provider_account_id.as_str());
            assert!(asked(of, "accounts/details") <= 1 && asked(of, "accounts/balances") <= 1, "{:?}", house.sandbox.calls());
        }
        assert_eq!(asked(None, "accounts/transactions"), 0);

        house.sandbox.forget_calls();
        let choices = offer.all_as_new();
        let linked = choices[0].clone();
        house.engine.link(&house.asker, connection, &[linked]).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        let of_linked = offer.accounts[0].bank_account.provider_account_id.clone();
        assert!(asked(Some(&of_linked), "accounts/transactions") > 0);
        let others: Vec<Call> = house.sandbox.calls().into_iter().filter(|call| call.account.as_deref().is_some_and(|one| one != of_linked)).collect();
        assert!(others.is_empty(), "{others:?}");
    }

    the_same_bank_again_recognises_its_accounts(house) {
        house.with_bank(NORDHAFEN).await;
        let connection = house.connect(NORDHAFEN).await;
        let offer = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        assert!(offer.accounts.iter().all(|offered| offered.bank_account.feeds.is_some()), "{offer:?}");
        assert_eq!(offer.connection.name, "Nordhafen Bank 2");
    }

    tokens_are_kept_over_a_restart(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        house.restart().await;
        let run = house.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Done));
        house.clock.advance_days(2);
        let run = house.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Done), "an access token that has ended is renewed");
    }

    a_typed_row_is_met_by_the_banks(house) {
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        house.link_all(connection).await;
        house.engine.work_once().await.unwrap();
        let giro = house.account("Girokonto").await.account;
        let count = giro.transaction_count;
        // Somebody types tomorrow's rows today; the bank's rows meet them.
        house.clock.advance_days(5);
        let peek = house.sync(connection).await;
        let added = peek.accounts[0].run.counts.unwrap().added;
        assert!(added > 0);
        house.engine.undo(&house.asker, peek.accounts[0].run.batch.unwrap()).await.unwrap();
        assert_eq!(house.account("Girokonto").await.account.transaction_count, count);
        let again = house.sync(connection).await;
        assert_eq!(again.accounts[0].run.counts.unwrap().added, added, "what was undone comes back with the next sync");
    }
}

on_both! {
    a_typed_opening_that_is_not_the_banks_is_said_and_can_be_taken_over(house) {
        house.type_keys().await;
        let typed = |name: &str, opening: &str| bankside_engine::NewAccountInput {
            name: name.to_owned(),
            kind: bankside_domain::account::AccountKind::Checking,
            currency: "EUR".parse().unwrap(),
            opening: opening.to_owned(),
            asset: None,
        };
        let ours = house.engine.add_account(&house.asker, &typed("Ours", "500.00")).await.unwrap();
        let blank = house.engine.add_account(&house.asker, &typed("Blank", "")).await.unwrap();
        let connection = house.connect(NORDHAFEN).await;
        let offer = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        let choices: Vec<_> = offer
            .accounts
            .iter()
            .zip([ours, blank])
            .map(|(offered, account)| bankside_engine::LinkChoice {
                bank_account: offered.bank_account.id,
                asset: None,
                target: bankside_engine::LinkTarget::Existing(account),
                import_from: offered.import_from,
                flips_sign: None,
            })
            .collect();
        house.engine.link(&house.asker, connection, &choices).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        let bank_of = async |house: &crate::house::House, name: &str| {
            let view = house.account(name).await;
            let line = house.engine.bank_line(&house.asker, &view.status).await.unwrap().unwrap();
            (line.bank.stated.minor, view.account.balance_minor())
        };
        let (bank, ledger) = bank_of(house, "Blank").await;
        assert_eq!(bank, ledger, "a blank opening is the bank's");
        assert!(house.account("Blank").await.status.is_proven());

        let (bank, ledger) = bank_of(house, "Ours").await;
        assert_ne!(bank, ledger, "what a person typed is not overwritten");
        let view = house.account("Ours").await;
        let expected = Status::CheckData { by_minor: bank - ledger, since: None };
        assert_eq!(view.status.status, expected, "{:?}", view.status);
        let batch = house.engine.take_bank_opening(&house.asker, ours).await.unwrap();
        let (bank, ledger) = bank_of(house, "Ours").await;
        assert_eq!(bank, ledger);
        assert!(house.account("Ours").await.status.is_proven());
        let again = house.engine.take_bank_opening(&house.asker, ours).await;
        assert!(matches!(again, Err(bankside_engine::EngineError::Conflict(_))), "{again:?}");
        house.engine.undo(&house.asker, batch).await.unwrap();
        assert_eq!(house.account("Ours").await.status.status, expected);
    }
}
