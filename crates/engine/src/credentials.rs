//! Keys of providers: where they come from, checking and keeping them, forgetting them.

use std::collections::{BTreeMap, BTreeSet};

use bankside_connect::{Checked, Descriptor, FieldKind};
use bankside_domain::quota::Presence;
use bankside_domain::{Asker, CredentialsId, Right, Secret};
use bankside_store::Credentials;
use bankside_vault::Place;
use jiff::Timestamp;

use crate::features::{Feature, FeatureView};
use crate::{Engine, EngineError};

/// More than any provider's key has.
const MAX_KEY_CHARS: usize = 10_000;

/// Where keys came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Somebody of the organization typed them.
    Page {
        /// What may be seen of them.
        hint: String,
        /// Since when they are here.
        since: Timestamp,
    },
    /// The operator configured them.
    Installation {
        /// Where they were read.
        read_from: String,
        /// What may be seen of them.
        hint: String,
        /// When they were read: at the start.
        since: Timestamp,
    },
}

/// A provider as an organization sees it.
#[derive(Debug, Clone)]
pub struct ProviderView {
    /// What it is.
    pub descriptor: &'static Descriptor,
    /// Where its keys came from; `None` means that there are none.
    pub keys: Option<KeySource>,
    /// Whether the operator has switched it off.
    pub is_off: bool,
    /// Whether it points to another address than the provider's own.
    pub is_elsewhere: bool,
    /// While it is experimental: its switch.
    pub experimental: Option<FeatureView>,
}

impl Engine {
    /// All providers, as an organization sees them.
    pub async fn providers(&self, asker: &Asker) -> Result<Vec<ProviderView>, EngineError> {
        let mut views = Vec::new();
        for descriptor in self.connectors.descriptors() {
            views.push(self.provider_view(asker, descriptor.id).await?);
        }
        Ok(views)
    }

    /// One provider, as an organization sees it.
    pub async fn provider_view(&self, asker: &Asker, id: &str) -> Result<ProviderView, EngineError> {
        let descriptor = self.connectors.get(id).ok_or(EngineError::NotFound("the provider"))?.descriptor();
        let settings = self.settings.providers.get(id);
        let experimental = match Feature::of_provider(descriptor) {
            Some(feature) => self.features().await?.into_iter().find(|view| view.feature.key == feature.key),
            None => None,
        };
        Ok(ProviderView {
            descriptor,
            keys: self.keys(asker, id).await?.map(|(_, source)| source),
            is_off: settings.is_some_and(|settings| settings.is_off),
            is_elsewhere: settings.is_some_and(|settings| settings.base_url.is_some()),
            experimental,
        })
    }

    /// Checks keys with real calls and keeps them, sealed, if they work. A field that is left empty keeps what the organization typed
    /// there before, except in a list, which is always whole. Keys that work only once are kept as what they were exchanged for.
    pub async fn keep_keys(&self, asker: &Asker, id: &str, typed: BTreeMap<String, Secret>) -> Result<(), EngineError> {
        asker.require(Right::ManageBanks)?;
        self.require_provider(id).await?;
        let connector = self.connector(id)?;
        let descriptor = connector.descriptor();
        let kept = self.own_keys(asker, id).await?.unwrap_or_default();
        let keys = complete(descriptor, &typed, &kept)?;
        let provider = self.provider_with_keys(asker, connector, keys.clone(), Presence::PersonPresent).await?;
        let keys = match provider.connector.check(&provider.cx()).await? {
            Checked::AsTyped => keys,
            Checked::Exchanged(others) => others,
        };
        let fields: BTreeMap<&str, &str> = keys.iter().map(|(name, text)| (name.as_str(), text.expose())).collect();
        let fields = Secret::new(serde_json::to_string(&fields)?);
        let hint = hint(descriptor, &keys);

        let credentials: CredentialsId = self.ambient.id();
        let place = Place::of(asker.organization, credentials, "credentials");
        let (key, data_key) = self.vault.new_data_key(place, &self.ambient);
        let new = Credentials {
            id: credentials,
            provider: id.to_owned(),
            data_key,
            fields: key.seal(place, fields.expose().as_bytes(), &self.ambient),
            hint,
            created_by: asker.person(),
            created_at: self.ambient.now(),
        };
        Ok(self.store.keep_credentials(asker, &new).await?)
    }

    /// What the organization has typed into the lists among a provider's keys, such as ids of logins; empty where it has no keys of
    /// its own. Nothing else of keys is ever shown again.
    pub async fn listed_keys(
        &self,
        asker: &Asker,
        id: &str,
    ) -> Result<BTreeMap<&'static str, Vec<String>>, EngineError> {
        asker.require(Right::ManageBanks)?;
        let descriptor = self.connectors.get(id).ok_or(EngineError::NotFound("the provider"))?.descriptor();
        let kept = self.own_keys(asker, id).await?.unwrap_or_default();
        let lists = descriptor.fields.iter().filter(|field| field.kind == FieldKind::List);
        Ok(lists
            .map(|field| {
                let text = kept.get(field.key).map(Secret::expose).unwrap_or_default();
                (field.key, members(text).map(str::to_owned).collect())
            })
            .collect())
    }

    /// Forgets the keys that the organization typed. Connections, links and rows stay.
    pub async fn reset_keys(&self, asker: &Asker, id: &str) -> Result<(), EngineError> {
        self.connector(id)?;
        Ok(self.store.forget_credentials(asker, id).await?)
    }
}

/// The members of a list, each once, in their order.
fn members(text: &str) -> impl Iterator<Item = &str> {
    let mut seen = BTreeSet::new();
    let parts = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    parts.filter(move |part| !part.is_empty() && seen.insert(*part))
}

/// The keys as they are kept: what was typed, and what was there before where nothing was.
fn complete(
    descriptor: &Descriptor,
    typed: &BTreeMap<String, Secret>,
    kept: &BTreeMap<String, Secret>,
) -> Result<BTreeMap<String, Secret>, EngineError> {
    let mut keys = BTreeMap::new();
    for field in descriptor.fields {
        let text = typed.get(field.key).map(|text| text.expose().trim()).unwrap_or_default();
        let list = Secret::new(members(text).collect::<Vec<_>>().join(","));
        let text = match (field.kind, kept.get(field.key)) {
            (FieldKind::List, _) => list.expose(),
            (_, Some(before)) if text.is_empty() => before.expose(),
            _ => text,
        };
        if text.is_empty() {
            return Err(EngineError::invalid(field.key, format!("{} is missing.", field.label)));
        }
        if text.chars().count() > MAX_KEY_CHARS || text.chars().any(char::is_control) {
            return Err(EngineError::invalid(field.key, format!("This is no {}.", field.label)));
        }
        keys.insert(field.key.to_owned(), Secret::new(text));
    }
    Ok(keys)
}

/// The part of the keys that people may see afterwards.
pub(crate) fn hint(descriptor: &Descriptor, typed: &BTreeMap<String, Secret>) -> String {
    let shown = descriptor.fields.iter().filter(|field| field.shown_chars > 0).filter_map(|field| {
        let start: String = typed.get(field.key)?.expose().trim().chars().take(field.shown_chars).collect();
        Some(format!("{start}…"))
    });
    shown.collect::<Vec<_>>().join(" ")
}
