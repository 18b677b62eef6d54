//! Rates: what was used stays, and what was not gives way.

use bankside_domain::{Asker, CurrencyCode, Month, Role};
use jiff::civil::date;

use crate::tests::on_both;
use crate::tests::world::{World, add_organization};
use crate::{NewRate, RatesSet, StoreError};

fn eur() -> CurrencyCode {
    "EUR".parse().unwrap()
}

fn rate(month: &str, rate: &str) -> NewRate {
    NewRate {
        from: "USD".parse().unwrap(),
        month: month.parse().unwrap(),
        rate: rate.parse().unwrap(),
        rated_on: date(2026, 10, 30),
        source: "ECB".into(),
    }
}

/// What is on record: month, version, rate, and whether it is frozen.
async fn kept(world: &World) -> Vec<(Month, i64, String, bool)> {
    let rates = world.store.rates(&world.asker, eur()).await.unwrap();
    rates.iter().map(|rate| (rate.month, rate.version, rate.rate.to_string(), rate.used_at.is_some())).collect()
}

on_both! {
    a_rate_that_was_used_stays_beside_the_next_version(world) {
        let (store, asker) = (&world.store, &world.asker);
        let set = store.set_rates(asker, eur(), &[rate("2026-10", "0.9"), rate("2026-09", "0.91")]).await.unwrap();
        assert_eq!(set, RatesSet { added: 2, ..RatesSet::default() });
        let set = store.set_rates(asker, eur(), &[rate("2026-10", "0.92"), rate("2026-09", "0.91")]).await.unwrap();
        assert_eq!(set, RatesSet { replaced: 1, same: 1, ..RatesSet::default() });
        let (october, september): (Month, Month) = ("2026-10".parse().unwrap(), "2026-09".parse().unwrap());
        assert_eq!(kept(world).await, [(october, 1, "0.92".into(), false), (september, 1, "0.91".into(), false)]);

        let used: Vec<_> = store.rates(asker, eur()).await.unwrap().into_iter().take(1).collect();
        assert!(store.freeze_rates(asker, eur(), &used).await.unwrap());
        let set = store.set_rates(asker, eur(), &[rate("2026-10", "0.93")]).await.unwrap();
        assert_eq!(set, RatesSet { versions: 1, ..RatesSet::default() });
        let expected = [
            (october, 2, "0.93".to_owned(), false),
            (october, 1, "0.92".to_owned(), true),
            (september, 1, "0.91".to_owned(), false),
        ];
        assert_eq!(kept(world).await, expected);
    }

    what_was_changed_meanwhile_is_not_frozen(world) {
        let (store, asker) = (&world.store, &world.asker);
        store.set_rates(asker, eur(), &[rate("2026-10", "0.9")]).await.unwrap();
        let read = store.rates(asker, eur()).await.unwrap();
        store.set_rates(asker, eur(), &[rate("2026-10", "0.92")]).await.unwrap();
        assert!(!store.freeze_rates(asker, eur(), &read).await.unwrap());
        assert!(!kept(world).await[0].3);
    }

    rates_are_set_by_who_edits_and_belong_to_one_organization(world) {
        let viewer = Asker::member(world.asker.organization, world.owner, Role::Viewer);
        let denied = world.store.set_rates(&viewer, eur(), &[rate("2026-10", "0.9")]).await;
        assert!(matches!(denied, Err(StoreError::Denied(_))), "{denied:?}");
        world.store.set_rates(&world.asker, eur(), &[rate("2026-10", "0.9")]).await.unwrap();
        let other = add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        assert_eq!(world.store.rates(&other, eur()).await.unwrap(), []);
        assert_eq!(world.store.rates(&viewer, eur()).await.unwrap().len(), 1);
    }
}
