//! What the operator can switch: account syncing, and providers that are experimental.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bankside_connect::connector::Connector;
use bankside_connect::{Descriptor, Registry};
use bankside_domain::run::RunOutcome;
use bankside_engine::{ACCOUNT_SYNCING, EngineError, Feature, FixedFeature};

use crate::house::{NORDHAFEN, on_both};
use crate::wrapped::{Wrapped, inner};

on_both! {
    off_refuses_what_is_new_and_keeps_what_is_there(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = house.rows(giro).await;
        let owner = house.owner().await;

        let run = house.engine.sync_connection(&house.asker, connection).await.unwrap();
        let calls = house.data_calls.load(Ordering::SeqCst);
        let view = house.engine.switch_feature(&owner, "account_syncing", false).await.unwrap();
        assert!(!view.is_on);

        // What waited in the queue ends, says why, and asks nobody.
        assert!(house.engine.work_once().await.unwrap());
        let run = house.engine.run(&house.asker, run).await.unwrap();
        assert_eq!(run.run.outcome, Some(RunOutcome::Failed), "{run:?}");
        assert_eq!(run.run.fault.unwrap().code, "syncing.switched_off");
        assert_eq!(house.data_calls.load(Ordering::SeqCst), calls);

        let begun = house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await;
        assert!(matches!(begun, Err(EngineError::Outside(fault)) if fault.code == "syncing.switched_off"));
        let typed = house.engine.keep_keys(&house.asker, "gocardless", house.keys()).await;
        assert!(matches!(typed, Err(EngineError::SwitchedOff(feature)) if feature.key == ACCOUNT_SYNCING.key));
        assert_eq!(house.rows(giro).await, before);
        assert_eq!(house.engine.connections(&house.asker).await.unwrap().len(), 1);

        // It outlives a restart, and on again is as before.
        house.restart().await;
        assert!(!house.engine.is_on(&ACCOUNT_SYNCING).await.unwrap());
        house.engine.switch_feature(&owner, "account_syncing", true).await.unwrap();
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
        assert_eq!(house.rows(giro).await, before);

        let audit = house.engine.installation_audit(&owner).await.unwrap();
        let told: Vec<(&str, &str)> = audit.iter().map(|entry| (entry.subject.as_str(), entry.detail.as_str())).collect();
        assert_eq!(told, [("account_syncing", "on"), ("account_syncing", "off")]);
        assert!(audit.iter().all(|entry| entry.person == Some(owner.id)));
    }

    only_the_operator_switches_and_only_what_the_configuration_leaves(house) {
        let owner = house.owner().await;
        let other = bankside_engine::Person { is_operator: false, ..owner.clone() };
        let denied = house.engine.switch_feature(&other, "account_syncing", false).await;
        assert!(matches!(denied, Err(EngineError::Denied(_))));
        assert!(matches!(house.engine.installation_audit(&other).await, Err(EngineError::Denied(_))));
        house.restart_with(Registry::of([inner()]), |_| ()).await;
        let unknown = house.engine.switch_feature(&owner, "pluggy_bank_sync", true).await;
        assert!(matches!(unknown, Err(EngineError::NotFound(_))), "a provider that does not exist has no switch");

        house.engine.switch_feature(&owner, "account_syncing", true).await.unwrap();
        let off = FixedFeature { is_on: false, read_from: "the file /etc/config.toml".into() };
        let fix = |settings: &mut bankside_engine::Settings| {
            settings.features.insert("account_syncing".into(), off);
        };
        house.restart_with(Registry::all(), fix).await;
        let views = house.engine.features().await.unwrap();
        assert_eq!(views[0].fixed_by.as_deref(), Some("the file /etc/config.toml"));
        assert!(!views[0].is_on, "the configuration beats the page");
        let fixed = house.engine.switch_feature(&owner, "account_syncing", true).await;
        assert!(matches!(fixed, Err(EngineError::Conflict(_))));
    }

    an_experimental_provider_waits_for_its_switch(house) {
        let descriptor = Box::leak(Box::new(Descriptor { id: "pluggy", name: "Pluggy", ..*inner().descriptor() }));
        let connector: Arc<dyn Connector> = Arc::new(Wrapped { descriptor, change: |_| () });
        let base_url = house.engine.settings().providers["gocardless"].clone();
        let move_to_sandbox = |settings: &mut bankside_engine::Settings| {
            settings.providers.insert("pluggy".into(), base_url);
        };
        house.restart_with(Registry::of([connector]), move_to_sandbox).await;
        let view = house.engine.provider_view(&house.asker, "pluggy").await.unwrap();
        let switch = view.experimental.unwrap();
        assert!(!switch.is_on);
        let refused = house.engine.keep_keys(&house.asker, "pluggy", house.keys()).await;
        assert!(matches!(refused, Err(EngineError::SwitchedOff(Feature { key: "pluggy_bank_sync", .. }))));

        house.engine.switch_feature(&house.owner().await, switch.feature.key, true).await.unwrap();
        house.engine.keep_keys(&house.asker, "pluggy", house.keys()).await.unwrap();
        house.engine.require_provider("pluggy").await.unwrap();
    }
}
