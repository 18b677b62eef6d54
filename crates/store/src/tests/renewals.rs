//! Renewals: accounts that are new, missing, and back again, whatever the provider calls them.

use bankside_domain::bank_account::MatchKeyKind;
use bankside_domain::consent::Consent;
use bankside_domain::{BankAccountId, FlowId};
use bankside_vault::Purpose;
use jiff::SignedDuration;

use crate::tests::on_both;
use crate::tests::world::World;
use crate::{NewBankAccount, NewFlow, Renewed, RenewedConnection, StoreError};

/// An account as the provider shows it: with a number, or without anything that only it has.
fn shown(world: &World, called: &str, number: Option<&str>) -> NewBankAccount {
    let digester = world.vault.digester(world.asker.organization, Purpose::BankAccount);
    let id: BankAccountId = world.ambient.id();
    let match_keys = number.map(|number| (MatchKeyKind::Iban, digester.digest(&[number.as_bytes()])));
    NewBankAccount {
        id,
        institution_key: "NORDHAFEN_NHBKDE22".into(),
        institution_name: "Nordhafen Bank".into(),
        provider_account_id: called.into(),
        name: called.into(),
        holder: None,
        masked_number: None,
        kind: bankside_domain::account::AccountKind::Checking,
        currency: "EUR".parse().unwrap(),
        match_keys: match_keys.into_iter().collect(),
        data_key: world.wrapped.clone(),
        details: world.data_key().seal(world.place(), b"{}", &world.ambient),
        balances: Vec::new(),
    }
}

async fn renew(world: &World, accounts: &[NewBankAccount], unread: &[&str]) -> Option<Renewed> {
    let id: FlowId = world.ambient.id();
    let sealed = || world.data_key().seal(world.place(), b"{}", &world.ambient);
    let flow = NewFlow {
        id,
        provider: "gocardless".into(),
        account: None,
        renews: Some(world.connection),
        reference_digest: id.to_string().into_bytes(),
        data_key: world.wrapped.clone(),
        state: sealed(),
        expires_at: world.ambient.now() + SignedDuration::from_mins(30),
    };
    world.store.add_flow(&world.asker, &flow).await.unwrap();
    let flow = world.store.flow(&world.asker, id).await.unwrap();
    let renewed = RenewedConnection {
        id: world.connection,
        remote: sealed(),
        login: None,
        consent: Consent { given_at: None, valid_until: None },
        max_history_days: None,
        unread: unread.iter().map(|name| (*name).to_owned()).collect(),
    };
    let seal = |_: &Renewed| Ok(sealed());
    let answer = world.store.finish_renewal(&world.asker, &flow, &renewed, accounts, seal).await.unwrap();
    let again = world.store.finish_renewal(&world.asker, &flow, &renewed, accounts, seal).await;
    assert!(answer.is_err() || matches!(again, Err(StoreError::Stale)), "a step is taken once");
    answer.ok().map(|(renewed, _)| renewed)
}

fn counts(renewed: Option<Renewed>) -> (usize, usize, usize) {
    let renewed = renewed.unwrap();
    (renewed.recognised, renewed.new, renewed.missing)
}

on_both! {
    accounts_come_go_and_come_back(world) {
        let giro = "DE89370400440532013000";
        let names = async |world: &World| -> Vec<(String, bool)> {
            let accounts = world.store.bank_accounts(&world.asker, world.connection).await.unwrap();
            accounts.into_iter().map(|account| (account.provider_account_id, account.is_shown)).collect()
        };
        // The same number under another id, and one that has nothing but its id.
        let both = || [shown(world, "acc-2", Some(giro)), shown(world, "pot", None)];
        assert_eq!(counts(renew(world, &both(), &[]).await), (1, 1, 0));
        let known = world.store.bank_accounts(&world.asker, world.connection).await.unwrap();
        assert_eq!(known[0].id, world.bank_account);
        assert!(known[0].feeds.is_some(), "the link is kept");
        let pot = known[1].id;

        // The pot is not chosen this time, then again: it is the same one.
        assert_eq!(counts(renew(world, &[shown(world, "acc-2", Some(giro))], &[]).await), (1, 0, 1));
        assert_eq!(names(world).await, [("acc-2".to_owned(), true)], "nobody linked it, so it is out of sight");
        assert_eq!(counts(renew(world, &both(), &[]).await), (2, 0, 0));
        assert_eq!(world.store.bank_accounts(&world.asker, world.connection).await.unwrap()[1].id, pot);

        // The linked one is missing: it stays in sight, and says so.
        assert_eq!(counts(renew(world, &[shown(world, "pot", None)], &[]).await), (1, 0, 1));
        assert_eq!(names(world).await, [("acc-2".to_owned(), false), ("pot".to_owned(), true)]);
        assert!(world.store.feeds_of(&world.asker, world.connection).await.unwrap().is_empty(), "nothing is asked for it");
        assert!(!world.store.feed_facts(&world.asker).await.unwrap()[0].is_shown);
        // One that cannot be read at the moment is not missing.
        assert_eq!(counts(renew(world, &both(), &[]).await), (2, 0, 0));
        assert_eq!(counts(renew(world, &[shown(world, "acc-2", Some(giro))], &["pot"]).await), (1, 0, 0));

        // Somebody else's accounts change nothing.
        assert!(renew(world, &[shown(world, "stranger", Some("DE02120300000000202051"))], &[]).await.is_none());
        assert_eq!(names(world).await, [("acc-2".to_owned(), true), ("pot".to_owned(), true)]);
    }

    a_connection_has_a_name_that_no_other_one_has(world) {
        let asker = world.asker.clone();
        let (other, _) = world.connect(&asker, "DE02120300000000202051", "acc-9").await;
        let store = &world.store;
        store.rename_connection(&asker, other, "Robin").await.unwrap();
        let taken = store.rename_connection(&asker, world.connection, "Robin").await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
        // The same name once more is no change, and nothing to remember.
        store.rename_connection(&asker, other, "Robin").await.unwrap();
        let audit = store.audit_entries(&asker).await.unwrap();
        let renamed: Vec<&str> =
            audit.iter().filter(|line| line.action == "connection.renamed").map(|line| line.detail.as_str()).collect();
        assert_eq!(renamed, ["Nordhafen main 2, from now on Robin"], "the second of one name came with a number");
        assert_eq!(store.connection(&asker, world.connection).await.unwrap().name, "Nordhafen main");
    }

    two_who_give_one_name_at_once_do_not_both_get_it(world) {
        let asker = world.asker.clone();
        let (other, _) = world.connect(&asker, "DE02120300000000202051", "acc-2").await;
        let names = |connections: Vec<crate::Connection>| connections.into_iter().map(|one| one.name).collect::<Vec<_>>();
        let before = names(world.store.connections(&asker).await.unwrap());
        assert_eq!(before, ["Nordhafen main", "Nordhafen main 2"], "a name that is taken gets a number");
        for number in 0..8 {
            let name = format!("Household {number}");
            let (one, two) = tokio::join!(
                world.store.rename_connection(&asker, world.connection, &name),
                world.store.rename_connection(&asker, other, &name),
            );
            assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
            let after = names(world.store.connections(&asker).await.unwrap());
            assert_eq!(after.iter().filter(|one| **one == name).count(), 1, "{after:?}");
        }
    }
}
