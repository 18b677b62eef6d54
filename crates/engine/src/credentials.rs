//! Keys of providers: where they come from, checking and keeping them, forgetting them.

use std::collections::{BTreeMap, BTreeSet};

use bankside_connect::{Checked, Descriptor, FieldKind, RemoteRef};
use bankside_domain::quota::Presence;
use bankside_domain::{Asker, CredentialsId, Right, Secret};
use bankside_store::Credentials;
use bankside_vault::Place;
use jiff::Timestamp;

use crate::features::{Feature, FeatureView};
use crate::provider::Provider;
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

impl ProviderView {
    /// Whether it can be connected with now.
    pub fn is_offered(&self) -> bool {
        !self.is_off && self.experimental.as_ref().is_none_or(|switch| switch.is_on)
    }
}

impl Engine {
    /// All providers, as an organization sees them.
    pub async fn providers(&self, asker: &Asker) -> Result<Vec<ProviderView>, EngineError> {
        asker.require(Right::SeeBooks)?;
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
        Ok(self.store.keep_credentials(asker, &self.sealed_keys(asker, descriptor, &keys)?).await?)
    }

    fn sealed_keys(
        &self,
        asker: &Asker,
        descriptor: &Descriptor,
        keys: &BTreeMap<String, Secret>,
    ) -> Result<Credentials, EngineError> {
        let fields: BTreeMap<&str, &str> = keys.iter().map(|(name, text)| (name.as_str(), text.expose())).collect();
        let fields = Secret::new(serde_json::to_string(&fields)?);
        let credentials: CredentialsId = self.ambient.id();
        let place = Place::of(asker.organization, credentials, "credentials");
        let (key, data_key) = self.vault.new_data_key(place, &self.ambient);
        Ok(Credentials {
            id: credentials,
            provider: descriptor.id.to_owned(),
            data_key,
            fields: key.seal(place, fields.expose().as_bytes(), &self.ambient),
            hint: hint(descriptor, keys),
            created_by: asker.person(),
            created_at: self.ambient.now(),
        })
    }

    /// Puts a login in the place of the one that it has replaced, in the list among the keys that the organization typed: otherwise the
    /// keys could not be tested any more, and the list would offer a login that is gone. A renewal has come about whether this can be
    /// written or not.
    pub(crate) async fn relist_login(&self, asker: &Asker, provider: &Provider, gone: &RemoteRef, taken: &RemoteRef) {
        let connector = provider.connector.as_ref();
        let (Some(gone), Some(taken)) = (connector.login_of(gone), connector.login_of(taken)) else { return };
        if gone != taken
            && let Err(error) = self.relist(asker, connector.descriptor(), &gone, &taken).await
        {
            tracing::warn!(%error, "a login that was replaced could not be written into the list of logins");
        }
    }

    async fn relist(&self, asker: &Asker, descriptor: &Descriptor, gone: &str, taken: &str) -> Result<(), EngineError> {
        let Some(field) = descriptor.fields.iter().find(|field| field.kind == FieldKind::Logins) else { return Ok(()) };
        let Some(mut keys) = self.own_keys(asker, descriptor.id).await? else { return Ok(()) };
        let listed = keys.get(field.key).map(Secret::expose).unwrap_or_default();
        let in_place = members(listed).map(|login| if login.eq_ignore_ascii_case(gone) { taken } else { login });
        // Where the old one was not listed, the new one comes last.
        let joined = in_place.chain([taken]).collect::<Vec<_>>().join(",");
        let relisted = members(&joined).collect::<Vec<_>>().join(",");
        keys.insert(field.key.to_owned(), Secret::new(relisted));
        let new = self.sealed_keys(asker, descriptor, &keys)?;
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
        let lists = descriptor.fields.iter().filter(|field| field.kind == FieldKind::Logins);
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
            (FieldKind::Logins, _) => list.expose(),
            (_, Some(before)) if text.is_empty() => before.expose(),
            _ => text,
        };
        if text.is_empty() {
            return Err(EngineError::invalid(field.key, format!("{} is missing.", field.label)));
        }
        if !fits(field.kind, text) {
            return Err(EngineError::invalid(field.key, format!("This is no {}.", field.label)));
        }
        keys.insert(field.key.to_owned(), Secret::new(text));
    }
    Ok(keys)
}

/// Whether a text can be a key at all.
fn fits(kind: FieldKind, text: &str) -> bool {
    let breaks_a_line = |c: char| kind == FieldKind::SecretFile && matches!(c, '\n' | '\r' | '\t');
    text.chars().count() <= MAX_KEY_CHARS && !text.chars().any(|c| c.is_control() && !breaks_a_line(c))
}

/// The part of the keys that people may see afterwards.
pub(crate) fn hint(descriptor: &Descriptor, typed: &BTreeMap<String, Secret>) -> String {
    let shown = descriptor.fields.iter().filter(|field| field.shown_chars > 0).filter_map(|field| {
        let start: String = typed.get(field.key)?.expose().trim().chars().take(field.shown_chars).collect();
        Some(format!("{start}…"))
    });
    shown.collect::<Vec<_>>().join(" ")
}
