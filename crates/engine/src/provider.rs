//! What a connector works with: keys from where they count, tokens and quotas from the store.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bankside_connect::connector::KEEPSAKE;
use bankside_connect::{Connector, Cx, Descriptor, Fault, Keepsakes, QuotaLedger, TokenStore, Visitor};
use bankside_domain::fault::{FaultClass, FaultRecord, UserAction};
use bankside_domain::quota::{Counts, Presence, QuotaRule, QuotaScope, QuotaStatement};
use bankside_domain::{Asker, Currency, CurrencyCode, Secret};
use bankside_store::{Keepsake, ProviderToken};
use bankside_vault::{Place, Purpose};
use jiff::Timestamp;
use url::Url;

use crate::credentials::{KeySource, hint};
use crate::features::{ACCOUNT_SYNCING, syncing_is_off};
use crate::{Engine, EngineError};

/// A provider, ready to be called for one organization.
pub(crate) struct Provider {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) base_url: Url,
    keys: BTreeMap<String, Secret>,
    currencies: HashMap<CurrencyCode, Currency>,
    tokens: SealedTokens,
    keepsakes: SealedKeepsakes,
    quota: Ledger,
    visitor: Option<Visitor>,
    engine: Engine,
}

impl Provider {
    /// What the connector works with.
    pub(crate) fn cx(&self) -> Cx<'_> {
        Cx {
            http: &self.engine.http,
            ambient: &self.engine.ambient,
            base_url: &self.base_url,
            keys: &self.keys,
            tokens: &self.tokens,
            keepsakes: &self.keepsakes,
            quota: &self.quota,
            visitor: self.visitor.as_ref(),
            currencies: &self.currencies,
        }
    }

    /// The same for a person who is there.
    pub(crate) fn visited_by(self, visitor: Option<Visitor>) -> Self {
        Self { visitor, ..self }
    }

    /// How many calls of accounts were spent so far.
    pub(crate) fn calls(&self) -> i64 {
        self.quota.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn currencies(&self) -> &HashMap<CurrencyCode, Currency> {
        &self.currencies
    }
}

impl Engine {
    /// A connector by id; one that is switched off says so.
    pub(crate) fn connector(&self, id: &str) -> Result<Arc<dyn Connector>, EngineError> {
        let connector = self.connectors.get(id).ok_or(EngineError::NotFound("the provider"))?;
        if self.settings.providers.get(id).is_some_and(|settings| settings.is_off) {
            return Err(EngineError::Conflict("this provider is switched off in the configuration of this server"));
        }
        Ok(Arc::clone(connector))
    }

    /// What a provider is, if this installation knows it; also one that is switched off.
    pub fn descriptor(&self, id: &str) -> Option<&'static Descriptor> {
        self.connectors.get(id).map(|connector| connector.descriptor())
    }

    pub(crate) fn base_url(&self, connector: &dyn Connector) -> Result<Url, EngineError> {
        let descriptor = connector.descriptor();
        match self.settings.providers.get(descriptor.id).and_then(|settings| settings.base_url.clone()) {
            Some(url) => Ok(with_slash(url)),
            None => Url::parse(descriptor.base_url).map_err(|error| EngineError::Inside(error.to_string())),
        }
    }

    /// A provider with the keys that count for the organization.
    pub(crate) async fn provider(&self, asker: &Asker, id: &str, presence: Presence) -> Result<Provider, EngineError> {
        if !self.is_on(&ACCOUNT_SYNCING).await? {
            return Err(syncing_is_off().into());
        }
        if let Some(unsubscribed) = self.unsubscribed(asker).await? {
            return Err(unsubscribed.into());
        }
        self.provider_to_end(asker, id, presence).await
    }

    /// The same for ending something, which goes on while account syncing is off.
    pub(crate) async fn provider_to_end(
        &self,
        asker: &Asker,
        id: &str,
        presence: Presence,
    ) -> Result<Provider, EngineError> {
        let connector = self.connectors.get(id).ok_or(EngineError::NotFound("the provider"))?;
        if self.settings.providers.get(id).is_some_and(|settings| settings.is_off) {
            return Err(provider_is_off(connector.descriptor()).into());
        }
        let connector = Arc::clone(connector);
        let Some((keys, _)) = self.keys(asker, id).await? else {
            return Err(no_keys(connector.descriptor()).into());
        };
        self.provider_with_keys(asker, connector, keys, presence).await
    }

    /// A provider with keys that are not kept yet.
    pub(crate) async fn provider_with_keys(
        &self,
        asker: &Asker,
        connector: Arc<dyn Connector>,
        keys: BTreeMap<String, Secret>,
        presence: Presence,
    ) -> Result<Provider, EngineError> {
        let id = connector.descriptor().id;
        let base_url = self.base_url(connector.as_ref())?;
        let tokens = SealedTokens {
            engine: self.clone(),
            asker: asker.clone(),
            provider: id,
            keys_digest: self.digest_keys(asker, &base_url, &keys),
        };
        let quota = Ledger {
            engine: self.clone(),
            asker: asker.clone(),
            provider: id,
            keys_digest: tokens.keys_digest,
            presence,
            calls: AtomicI64::new(0),
        };
        let currencies = self.store.currencies().await?;
        let keepsakes = SealedKeepsakes { engine: self.clone(), asker: asker.clone(), provider: id };
        let engine = self.clone();
        Ok(Provider { connector, base_url, keys, currencies, tokens, keepsakes, quota, visitor: None, engine })
    }

    /// The keys that the organization has typed.
    pub(crate) async fn own_keys(
        &self,
        asker: &Asker,
        id: &str,
    ) -> Result<Option<BTreeMap<String, Secret>>, EngineError> {
        let typed = self.keys(asker, id).await?;
        Ok(typed.filter(|(_, source)| matches!(source, KeySource::Page { .. })).map(|(keys, _)| keys))
    }

    /// The keys of a provider that count for an organization, and where they came from.
    pub(crate) async fn keys(
        &self,
        asker: &Asker,
        id: &str,
    ) -> Result<Option<(BTreeMap<String, Secret>, KeySource)>, EngineError> {
        if let Some(kept) = self.store.credentials(asker, id).await? {
            let place = Place::of(asker.organization, kept.id, "credentials");
            let key = self.vault.data_key(&kept.data_key, place)?;
            let fields: BTreeMap<String, String> = serde_json::from_slice(&key.open(place, &kept.fields)?)?;
            let fields = fields.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
            return Ok(Some((fields, KeySource::Page { hint: kept.hint, since: kept.created_at })));
        }
        let Some(keys) = self.settings.providers.get(id).and_then(|settings| settings.keys.as_ref()) else {
            return Ok(None);
        };
        let source = KeySource::Installation {
            read_from: keys.read_from.clone(),
            hint: self.descriptor(id).map(|descriptor| hint(descriptor, &keys.fields)).unwrap_or_default(),
            since: self.started_at,
        };
        Ok(Some((keys.fields.clone(), source)))
    }

    /// What keeps every call to a provider from being made, if something does.
    pub(crate) async fn blocked(&self, asker: &Asker, id: &str) -> Result<Option<FaultRecord>, EngineError> {
        let Some(connector) = self.connectors.get(id) else { return Ok(None) };
        if self.settings.providers.get(id).is_some_and(|settings| settings.is_off) {
            return Ok(Some(provider_is_off(connector.descriptor()).into_record()));
        }
        if let Some(unsubscribed) = self.unsubscribed(asker).await? {
            return Ok(Some(unsubscribed.into_record()));
        }
        let is_configured = self.settings.providers.get(id).is_some_and(|settings| settings.keys.is_some());
        if is_configured || self.store.credentials(asker, id).await?.is_some() {
            return Ok(None);
        }
        Ok(Some(no_keys(connector.descriptor()).record().clone()))
    }

    /// Names a set of keys at one address without telling anything about it.
    fn digest_keys(&self, asker: &Asker, base_url: &Url, keys: &BTreeMap<String, Secret>) -> [u8; 16] {
        let mut parts: Vec<&[u8]> = vec![base_url.as_str().as_bytes()];
        for (name, value) in keys {
            parts.push(name.as_bytes());
            parts.push(value.expose().as_bytes());
        }
        self.vault.digester(asker.organization, Purpose::Keys).digest(&parts).0
    }
}

/// An address that paths can be joined to: without a slash its last part would get lost.
fn with_slash(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

fn provider_is_off(descriptor: &Descriptor) -> Fault {
    let message = format!("{} is switched off in the configuration of this server.", descriptor.name);
    Fault::new(FaultClass::NeedsOperator, "provider.switched_off", message)
}

fn no_keys(descriptor: &Descriptor) -> Fault {
    let message = format!("There are no keys for {} here.", descriptor.name);
    Fault::new(FaultClass::NeedsOperator, "keys.missing", message).with_action(UserAction::FixCredentials)
}

/// Keeps tokens sealed in the store. That it cannot is no reason to stop: the next call buys a new one.
struct SealedTokens {
    engine: Engine,
    asker: Asker,
    provider: &'static str,
    keys_digest: [u8; 16],
}

impl SealedTokens {
    fn place(&self) -> Place {
        Place { organization: Some(self.asker.organization), subject: Some(self.keys_digest), field: "provider-token" }
    }

    async fn read(&self) -> Result<Option<Secret>, EngineError> {
        let kept = self.engine.store.provider_token(&self.asker, self.provider, &self.keys_digest).await?;
        let Some(kept) = kept else { return Ok(None) };
        let key = self.engine.vault.data_key(&kept.data_key, self.place())?;
        let text = key.open(self.place(), &kept.token)?;
        let text = std::str::from_utf8(&text).map_err(|error| EngineError::Inside(error.to_string()))?;
        Ok(Some(Secret::new(text)))
    }

    async fn write(&self, token: Option<(&Secret, Timestamp)>) -> Result<(), EngineError> {
        let token = token.map(|(token, expires_at)| {
            let (key, data_key) = self.engine.vault.new_data_key(self.place(), &self.engine.ambient);
            let token = key.seal(self.place(), token.expose().as_bytes(), &self.engine.ambient);
            ProviderToken { data_key, token, expires_at }
        });
        let store = &self.engine.store;
        Ok(store.keep_provider_token(&self.asker, self.provider, &self.keys_digest, token.as_ref()).await?)
    }
}

#[async_trait]
impl TokenStore for SealedTokens {
    async fn load(&self) -> Option<Secret> {
        self.read().await.unwrap_or_else(|error| {
            tracing::warn!(provider = self.provider, %error, "a kept token cannot be read");
            None
        })
    }

    async fn save(&self, token: &Secret, expires_at: Timestamp) {
        if let Err(error) = self.write(Some((token, expires_at))).await {
            tracing::warn!(provider = self.provider, %error, "a token cannot be kept");
        }
    }

    async fn forget(&self) {
        if let Err(error) = self.write(None).await {
            tracing::warn!(provider = self.provider, %error, "a token cannot be forgotten");
        }
    }
}

/// Keeps sealed what was made at a provider for one organization.
struct SealedKeepsakes {
    engine: Engine,
    asker: Asker,
    provider: &'static str,
}

impl SealedKeepsakes {
    async fn keep(&self, name: &str, new: &Secret) -> Result<Secret, EngineError> {
        let digester = self.engine.vault.digester(self.asker.organization, Purpose::Keys);
        let name = digester.digest(&[b"keepsake", self.provider.as_bytes(), name.as_bytes()]).0;
        let place =
            Place { organization: Some(self.asker.organization), subject: Some(name), field: "provider-keepsake" };
        let (key, data_key) = self.engine.vault.new_data_key(place, &self.engine.ambient);
        let content = key.seal(place, new.expose().as_bytes(), &self.engine.ambient);
        let new = Keepsake { data_key, content };
        let kept = self.engine.store.keep_once(&self.asker, self.provider, &name, &new).await?;
        let text = self.engine.vault.data_key(&kept.data_key, place)?.open(place, &kept.content)?;
        let text = std::str::from_utf8(&text).map_err(|error| EngineError::Inside(error.to_string()))?;
        Ok(Secret::new(text))
    }
}

#[async_trait]
impl Keepsakes for SealedKeepsakes {
    async fn keep_once(&self, name: &str, new: &Secret) -> Result<Secret, Fault> {
        self.keep(name, new).await.map_err(|error| {
            let message = "What was made at the provider cannot be read or written here.";
            Fault::new(FaultClass::RetryLater, KEEPSAKE, message).with_source(error)
        })
    }
}

/// The quota ledger of one organization at one provider.
struct Ledger {
    engine: Engine,
    asker: Asker,
    provider: &'static str,
    keys_digest: [u8; 16],
    presence: Presence,
    calls: AtomicI64,
}

impl Ledger {
    /// What is counted for all calls with the same keys is counted for these keys: others have limits of their own.
    fn subject<'a>(&self, subject: &'a str, rule: &QuotaRule) -> Cow<'a, str> {
        match rule.scope {
            QuotaScope::Credentials => Cow::Owned(format!("{subject}:{:032x}", u128::from_be_bytes(self.keys_digest))),
            QuotaScope::Connection | QuotaScope::AccountAndKind => Cow::Borrowed(subject),
        }
    }

    /// A run shows what it spent of the accounts' own limits; those of the keys are there for the provider's peace.
    fn count(&self, rule: &QuotaRule, calls: i64) {
        if rule.scope != QuotaScope::Credentials {
            self.calls.fetch_add(calls, Ordering::Relaxed);
        }
    }
}

#[async_trait]
impl QuotaLedger for Ledger {
    async fn debit(&self, subject: &str, rule: &QuotaRule) -> Result<(), Fault> {
        let subject = self.subject(subject, rule);
        let answer = self.engine.store.debit_call(&self.asker, self.provider, &subject, rule, self.presence).await;
        match answer {
            Ok(Ok(_)) => {
                self.count(rule, 1);
                Ok(())
            }
            Ok(Err(until)) => Err(Fault::new(
                FaultClass::RateLimited,
                "quota.spent",
                "The bank lets us ask only so often, and that is used up.",
            )
            .with_retry_at(Some(until))),
            Err(error) => Err(Fault::new(
                FaultClass::RetryLater,
                bankside_connect::connector::LEDGER,
                "The ledger of calls cannot be written.",
            )
            .with_source(error)),
        }
    }

    async fn refund(&self, subject: &str, rule: &QuotaRule) {
        let subject = self.subject(subject, rule);
        if rule.counts == Counts::Successes {
            self.count(rule, -1);
        }
        if let Err(error) = self.engine.store.refund_call(&self.asker, self.provider, &subject, rule).await {
            tracing::warn!(provider = self.provider, %error, "a call cannot be taken back from the ledger");
        }
    }

    async fn correct(&self, subject: &str, rule: &QuotaRule, statement: QuotaStatement) {
        let subject = self.subject(subject, rule);
        let result = self.engine.store.correct_quota(&self.asker, self.provider, &subject, rule, statement).await;
        if let Err(error) = result {
            tracing::warn!(provider = self.provider, %error, "the ledger of calls cannot be corrected");
        }
    }
}
