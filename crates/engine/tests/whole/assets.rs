//! Assets as the engine's verbs have them: banks that feed accounts of an asset, the order of siblings, days that have not come.

use bankside_domain::asset::{AssetKind, AssetStage};
use bankside_domain::{AssetId, Id as _};
use bankside_engine::{AssetInput, EngineError, LinkChoice, LinkTarget, Shift};
use jiff::Span;

use crate::house::{House, NORDHAFEN, on_both};

async fn add(house: &House, name: &str, under: Option<AssetId>) -> AssetId {
    let input = AssetInput { name: name.to_owned(), kind: AssetKind::Structuring, stage: AssetStage::Active };
    house.engine.add_asset(&house.asker, &input, under).await.unwrap()
}

async fn top(house: &House) -> Vec<String> {
    house.engine.tree(&house.asker).await.unwrap().children(None).map(|asset| asset.name.clone()).collect()
}

on_both! {
    a_bank_account_syncs_with_an_asset(house) {
        let spain = add(house, "Spain", None).await;
        let mill = add(house, "Mill", None).await;
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        let offer = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        let other = offer.accounts[1].bank_account.id;
        house.engine.ignore_bank_account(&house.asker, other, true).await.unwrap();
        let offer = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        let mut choices = offer.all_as_new();
        assert!(choices.iter().all(|choice| choice.bank_account != other), "what is ignored is not asked about");
        choices[0].asset = Some(spain);
        let run = house.engine.link(&house.asker, connection, &choices[..1]).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        let run = house.engine.run(&house.asker, run).await.unwrap();
        let account = &run.accounts[0].account;
        assert_eq!(account.asset, Some(spain));
        assert!(account.transaction_count > 0);
        let id = account.id;
        let earlier = offer.today.saturating_sub(Span::new().days(900));
        assert_eq!(house.engine.accounts_on(&house.asker, earlier).await.unwrap()[&id], spain, "from its beginning");

        // Unlinked, it goes on where it was; not at another asset.
        house.engine.unlink(&house.asker, id).await.unwrap();
        let there = |asset| LinkChoice { target: LinkTarget::Existing(id), asset: Some(asset), ..choices[0].clone() };
        let elsewhere = house.engine.link(&house.asker, connection, &[there(mill)]).await;
        assert!(matches!(elsewhere, Err(EngineError::Invalid { field: "target", .. })), "{elsewhere:?}");
        house.engine.link(&house.asker, connection, &[there(spain)]).await.unwrap();
    }

    an_account_moves_on_a_day_that_has_come_and_the_tree_that_was_read_is_the_latest(house) {
        let spain = add(house, "Spain", None).await;
        house.with_bank(NORDHAFEN).await;
        let (engine, asker) = (&house.engine, &house.asker);
        let account = house.account("Girokonto").await.account.id;
        let today = engine.overview(asker, &bankside_engine::OverviewQuery::default()).await.unwrap().today;
        let tomorrow = Some(today.tomorrow().unwrap());
        let results = [
            engine.move_account(asker, account, Some(spain), tomorrow).await.map(|_| ()),
            engine.move_asset(asker, spain, None, tomorrow).await,
            engine.close_asset(asker, spain, tomorrow).await,
        ];
        assert!(results.iter().all(|result| matches!(result, Err(EngineError::Invalid { field: "from", .. }))), "{results:?}");
        engine.move_account(asker, account, Some(spain), Some(today)).await.unwrap();
        let closed = engine.close_asset(asker, spain, None).await;
        assert!(matches!(closed, Err(EngineError::AssetRefused(_))), "{closed:?}");
        assert_eq!(engine.account_places(asker, account).await.unwrap().on(today.yesterday().unwrap()), None);

        assert_eq!(top(house).await, ["Spain"]);
        let input = AssetInput { name: "  España ".to_owned(), kind: AssetKind::Production, stage: AssetStage::Active };
        engine.change_asset(asker, spain, &input).await.unwrap();
        let nameless = AssetInput { name: " ".to_owned(), ..input };
        assert!(engine.change_asset(asker, spain, &nameless).await.is_err());
        assert_eq!(top(house).await, ["España"]);
        let unknown = AssetId::from(account.uuid());
        assert!(matches!(engine.shift_asset(asker, unknown, Shift::Up).await, Err(EngineError::NotFound(_))));
    }

    siblings_are_put_in_order_one_place_at_a_time(house) {
        let mut ids = Vec::new();
        for name in ["One", "Two", "Three"] {
            ids.push(add(house, name, None).await);
        }
        let shift = async |place: usize, to| house.engine.shift_asset(&house.asker, ids[place], to).await.unwrap();
        shift(0, Shift::Up).await;
        shift(2, Shift::Down).await;
        assert_eq!(top(house).await, ["One", "Two", "Three"]);
        shift(0, Shift::Down).await;
        assert_eq!(top(house).await, ["Two", "One", "Three"]);
        shift(0, Shift::Down).await;
        assert_eq!(top(house).await, ["Two", "Three", "One"]);
        shift(2, Shift::Up).await;
        assert_eq!(top(house).await, ["Three", "Two", "One"]);
        // One that is closed is stepped over.
        house.engine.close_asset(&house.asker, ids[1], None).await.unwrap();
        shift(0, Shift::Up).await;
        assert_eq!(top(house).await, ["One", "Three", "Two"]);
    }
}
