//! Tests of the store; each runs on both engines.

mod apply;
mod assets;
mod cashflow;
mod categories;
mod confirming;
mod editing;
mod held;
mod inbox;
mod keepsakes;
mod locking;
mod mapping;
mod members;
mod moves;
mod notices;
mod overview;
mod pairs;
mod pending_policy;
mod people;
mod plans;
mod properties;
mod rates;
mod regressions;
mod renewals;
mod rule_reviews;
mod rules;
mod schema;
mod scoping;
mod searching;
mod sight;
mod sign;
mod sorting;
mod transfers;
mod unlinking;
mod verdicts;
mod world;

/// Makes one test per engine from an `async` body that takes an open [`world::World`].
macro_rules! on_both {
    ($($name:ident($world:ident) $body:block)*) => {$(
        async fn $name($world: &mut crate::tests::world::World) $body

        mod $name {
            #[tokio::test]
            async fn sqlite() {
                let mut world = crate::tests::world::World::open(bankside_testkit::Engine::Sqlite).await;
                super::$name(&mut world).await;
            }

            #[tokio::test]
            async fn postgres() {
                let mut world = crate::tests::world::World::open(bankside_testkit::Engine::Postgres).await;
                super::$name(&mut world).await;
            }
        }
    )*};
}
pub(crate) use on_both;
