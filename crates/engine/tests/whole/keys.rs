//! Whose keys count: the organization's own before those of the installation, and never another organization's.

use bankside_connect::Registry;
use bankside_domain::{Asker, OrganizationKind, Role, Secret};
use bankside_engine::{EngineError, InstallationKeys, KeySource, ProviderSettings, Settings};
use bankside_store::NewOrganization;

use crate::house::{House, NORDHAFEN, on_both};

/// Another organization on the same server, of the same person.
async fn neighbours(house: &House) -> Asker {
    let owner = house.asker.person().unwrap();
    let new = NewOrganization {
        name: "Neighbours".into(),
        kind: OrganizationKind::Household,
        currency: "EUR".parse().unwrap(),
        time_zone: "Europe/Berlin".into(),
        begins_with_categories: false,
    };
    let organization = house.store().await.add_organization_as_system(&new, owner).await.unwrap();
    Asker::member(organization, owner, Role::Owner)
}

/// What the operator writes into the configuration.
fn configure(house: &House, secret_key: &str) -> impl FnOnce(&mut Settings) + use<> {
    let mut fields = house.keys();
    if secret_key != "right" {
        fields.insert("secret_key".into(), Secret::new(secret_key));
    }
    let base_url = house.engine.settings().providers["gocardless"].base_url.clone();
    move |settings| {
        let keys = Some(InstallationKeys { fields, read_from: "the file /srv/config.json".into() });
        settings.providers.insert("gocardless".into(), ProviderSettings { base_url, is_off: false, keys });
    }
}

async fn source(house: &House, asker: &Asker) -> Option<KeySource> {
    house.engine.provider_view(asker, "gocardless").await.unwrap().keys
}

on_both! {
    typed_keys_are_of_one_organization_alone(house) {
        house.type_keys().await;
        let neighbours = neighbours(house).await;
        assert!(matches!(source(house, &house.asker).await, Some(KeySource::Page { .. })));
        assert_eq!(source(house, &neighbours).await, None);
        let refused = house.engine.begin_connecting(&neighbours, "gocardless", NORDHAFEN, None).await;
        assert!(matches!(refused, Err(EngineError::Outside(fault)) if fault.code == "keys.missing"));
        // Forgetting there takes nothing away here.
        house.engine.reset_keys(&neighbours, "gocardless").await.unwrap();
        house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await.unwrap();
    }

    configured_keys_are_for_all_and_an_organizations_own_win(house) {
        let right = configure(house, "right");
        house.restart_with(Registry::all(), right).await;
        let neighbours = neighbours(house).await;
        for asker in [&house.asker, &neighbours] {
            let Some(KeySource::Installation { read_from, hint, .. }) = source(house, asker).await else { panic!() };
            assert_eq!(read_from, "the file /srv/config.json");
            let keys = house.keys();
            let id = keys["secret_id"].expose();
            assert!(id.starts_with(hint.trim_end_matches('…')) && hint.chars().count() == 9, "{hint}");
            house.engine.begin_connecting(asker, "gocardless", NORDHAFEN, None).await.unwrap();
        }

        // The configured ones stop working; whoever has typed their own does not notice.
        let wrong = configure(house, "wrong");
        house.type_keys().await;
        house.restart_with(Registry::all(), wrong).await;
        assert!(matches!(source(house, &house.asker).await, Some(KeySource::Page { .. })));
        house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await.unwrap();
        let refused = house.engine.begin_connecting(&neighbours, "gocardless", NORDHAFEN, None).await;
        assert!(matches!(refused, Err(EngineError::Outside(_))), "{refused:?}");

        // Forgotten, the configured ones count again.
        house.engine.reset_keys(&house.asker, "gocardless").await.unwrap();
        assert!(matches!(source(house, &house.asker).await, Some(KeySource::Installation { .. })));
    }
}
