//! Nobody reads or writes another organization's things, whatever ids they know.

use bankside_domain::run::Trigger;
use bankside_domain::{Asker, Role};

use crate::tests::on_both;
use crate::tests::world::{add_organization, booked, ended};
use crate::{NewLink, NewTransaction, RegisterQuery, RunsQuery, StoreError};

fn is_not_found<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound(_))), "{result:?}");
}

fn is_denied<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Denied(_))), "{result:?}");
}

on_both! {
    another_organization_sees_nothing(world) {
        let applied = world.sync(&[booked(1, -280, "Café", "a")]).await;
        let query = RegisterQuery { limit: 50, ..RegisterQuery::default() };
        let transaction = world.store.register(&world.asker, &query).await.unwrap().rows[0].id;
        let run = world.store.runs(&world.asker, &every_run()).await.unwrap()[0].0.id;
        let other = add_organization(&world.store, world.owner, "Hafenstraße 2").await;

        let store = &world.store;
        is_not_found(&store.account(&other, world.account).await);
        is_not_found(&store.connection(&other, world.connection).await);
        is_not_found(&store.run(&other, run).await);
        is_not_found(&store.delete_transaction(&other, transaction).await);
        is_not_found(&store.undo(&other, applied.batch.unwrap()).await);
        is_not_found(&store.unlink(&other, world.account).await);
        is_not_found(&store.enqueue_run(&other, world.connection, Trigger::Person).await);
        let new = NewTransaction::new(jiff::civil::date(2026, 11, 1), 1);
        is_not_found(&store.add_transaction(&other, world.account, &new).await);
        let link = NewLink { bank_account: world.bank_account, account: Ok(world.account), import_from: new.dated_on, flips_sign: false };
        is_not_found(&store.link(&other, world.connection, &[link]).await);
        assert!(store.accounts(&other).await.unwrap().is_empty());
        assert!(store.connections(&other).await.unwrap().is_empty());
        assert!(store.bank_accounts(&other, world.connection).await.unwrap().is_empty());
        assert!(store.run_accounts(&other, run).await.unwrap().is_empty());
        assert!(store.runs(&other, &every_run()).await.unwrap().is_empty());
        assert!(store.run_reasons(&other, run).await.unwrap().is_empty());
        assert!(store.run_rows(&other, run, None, 0, 10).await.unwrap().is_empty());
        assert!(store.open_renewal(&other, world.connection).await.unwrap().is_none());
        is_not_found(&store.end_connection(&other, world.connection, &ended(), "").await);
        is_not_found(&store.rename_connection(&other, world.connection, "theirs").await);
        assert!(store.connection(&world.asker, world.connection).await.unwrap().ended_at.is_none());
        assert!(store.feed_facts(&other).await.unwrap().is_empty());
        assert_eq!(store.register(&other, &query).await.unwrap().total, 0);
        let by_account = RegisterQuery { account: Some(world.account), ..query };
        assert!(store.register(&other, &by_account).await.unwrap().rows.is_empty());
        assert!(store.credentials(&other, "gocardless").await.unwrap().is_none());
    }

    the_same_iban_in_two_organizations_is_two_bank_accounts(world) {
        let other = add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        let (_, bank_account) = world.connect(&other, "DE89370400440532013000", "acc-1").await;
        assert_ne!(bank_account, world.bank_account);
    }

    a_viewer_changes_nothing(world) {
        let viewer = Asker::member(world.asker.organization, world.owner, Role::Viewer);
        let store = &world.store;
        assert_eq!(store.accounts(&viewer).await.unwrap().len(), 1);
        let new = NewTransaction::new(jiff::civil::date(2026, 11, 1), 1);
        is_denied(&store.add_transaction(&viewer, world.account, &new).await);
        is_denied(&store.end_connection(&viewer, world.connection, &ended(), "").await);
        is_denied(&store.rename_connection(&viewer, world.connection, "theirs").await);
        is_denied(&store.unlink(&viewer, world.account).await);
        is_denied(&store.forget_credentials(&viewer, "gocardless").await);
        is_denied(&store.enqueue_run(&viewer, world.connection, Trigger::Person).await);
        is_denied(&store.audit_entries(&viewer).await);
    }
}

fn every_run() -> RunsQuery {
    RunsQuery { connection: None, offset: 0, limit: 500 }
}
