//! Features that the operator can switch: what they are, whether they are on, and who said so.
//!
//! A feature holds for the whole installation. Configuration beats the page; what neither has switched is as the feature
//! says. A provider that is experimental is a feature too, and only where its connector exists.

use bankside_connect::{Descriptor, Fault, Registry};
use bankside_domain::fault::FaultClass;
use bankside_domain::{Denied, Right};
use bankside_store::{AuditEntry, Person};

use crate::{Engine, EngineError};

/// Something that the operator can switch.
#[derive(Debug)]
pub struct Feature {
    /// Its key: in configuration, in the database, in URLs.
    pub key: &'static str,
    /// Its name on the page.
    pub name: &'static str,
    /// What older guides call it.
    pub older_name: Option<&'static str>,
    /// What it does, and what holds without it.
    pub says: &'static str,
    /// Whether it is on where nobody has switched it.
    pub is_on_at_first: bool,
    /// The provider that it is about; without this provider there is no such feature.
    pub provider: Option<&'static str>,
}

/// Everything that links and syncs.
pub static ACCOUNT_SYNCING: Feature = Feature {
    key: "account_syncing",
    name: "Account syncing",
    older_name: Some("Enable account syncing"),
    says: "Connects banks and fetches their transactions. While it is off, nothing of it is offered and no sync starts; \
           accounts, rows and connections stay as they are.",
    is_on_at_first: true,
    provider: None,
};

/// Syncs that run without a person.
pub static DAILY_IMPORT: Feature = Feature {
    key: "daily_import",
    name: "Daily import",
    older_name: None,
    says: "Syncs run by themselves once a day, at the hour that each organization has chosen, and again after what passes by itself. \
           While it is off, banks are asked only when somebody presses Bank sync or a provider tells of news.",
    is_on_at_first: true,
    provider: None,
};

static PLUGGY: Feature = Feature {
    key: "pluggy_bank_sync",
    name: "Pluggy.ai bank sync",
    older_name: None,
    says: "Banks in Brazil through Pluggy.ai. While it is off, no further bank can be connected; those that are connected go on.",
    is_on_at_first: false,
    provider: Some("pluggy"),
};

static ALL: [&Feature; 3] = [&ACCOUNT_SYNCING, &DAILY_IMPORT, &PLUGGY];

/// What the configuration says of a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedFeature {
    /// Whether it is on.
    pub is_on: bool,
    /// Where that was read, for people.
    pub read_from: String,
}

/// A feature as it stands.
#[derive(Debug, Clone)]
pub struct FeatureView {
    /// What it is.
    pub feature: &'static Feature,
    /// Whether it is on.
    pub is_on: bool,
    /// Where the configuration says so; then no page can switch it.
    pub fixed_by: Option<String>,
}

impl Feature {
    /// The features of an installation that has these connectors.
    pub fn all(connectors: &Registry) -> impl Iterator<Item = &'static Self> {
        let exists =
            |feature: &&'static Self| feature.provider.is_none_or(|provider| connectors.get(provider).is_some());
        ALL.into_iter().filter(exists)
    }

    /// The feature that a provider depends on, while it is experimental.
    pub fn of_provider(descriptor: &Descriptor) -> Option<&'static Self> {
        ALL.into_iter().find(|feature| feature.provider == Some(descriptor.id))
    }
}

impl Engine {
    /// All features as they stand.
    pub async fn features(&self) -> Result<Vec<FeatureView>, EngineError> {
        let switched = self.store.features_as_system().await?;
        let view = |feature: &'static Feature| {
            let fixed = self.settings.features.get(feature.key);
            let is_on = fixed.map(|fixed| fixed.is_on).or_else(|| switched.get(feature.key).copied());
            FeatureView {
                feature,
                is_on: is_on.unwrap_or(feature.is_on_at_first),
                fixed_by: fixed.map(|fixed| fixed.read_from.clone()),
            }
        };
        Ok(Feature::all(&self.connectors).map(view).collect())
    }

    /// Whether a feature is on.
    pub async fn is_on(&self, feature: &'static Feature) -> Result<bool, EngineError> {
        Ok(self.features().await?.iter().any(|view| view.feature.key == feature.key && view.is_on))
    }

    /// Refuses while a feature is off.
    pub async fn require_on(&self, feature: &'static Feature) -> Result<(), EngineError> {
        if self.is_on(feature).await? { Ok(()) } else { Err(EngineError::SwitchedOff(feature)) }
    }

    /// Refuses whatever begins something new with a provider while it may not be used.
    pub async fn require_provider(&self, id: &str) -> Result<(), EngineError> {
        self.require_on(&ACCOUNT_SYNCING).await?;
        match Feature::of_provider(self.connector(id)?.descriptor()) {
            Some(feature) => self.require_on(feature).await,
            None => Ok(()),
        }
    }

    /// Switches a feature for every organization; answers how it stands.
    pub async fn switch_feature(&self, person: &Person, key: &str, is_on: bool) -> Result<FeatureView, EngineError> {
        if !person.is_operator {
            return Err(Denied::of(Right::RunInstallation).into());
        }
        let views = self.features().await?;
        let view = views.into_iter().find(|view| view.feature.key == key);
        let view = view.ok_or(EngineError::NotFound("the feature"))?;
        if view.fixed_by.is_some() {
            return Err(EngineError::Conflict(
                "the configuration of this server says how this stands; change it there",
            ));
        }
        if view.is_on != is_on {
            self.store.switch_feature_as_system(person.id, key, is_on).await?;
            tracing::info!(feature = key, is_on, "a feature was switched");
        }
        Ok(FeatureView { is_on, ..view })
    }

    /// What was done to the installation itself; for who runs it.
    pub async fn installation_audit(&self, person: &Person) -> Result<Vec<AuditEntry>, EngineError> {
        if !person.is_operator {
            return Err(Denied::of(Right::RunInstallation).into());
        }
        Ok(self.store.installation_audit_as_system().await?)
    }

    /// The names of those who run this server.
    pub async fn operators(&self) -> Result<Vec<String>, EngineError> {
        Ok(self.store.operators_as_system().await?)
    }
}

/// Why no provider is asked while syncing is off: a run that waited in the queue ends with this. It passes with the switch.
pub(crate) fn syncing_is_off() -> Fault {
    let message = "Account syncing was switched off on this server, so the bank was not asked.";
    Fault::new(FaultClass::RetryLater, "syncing.switched_off", message)
}
