//! Lists of banks, which are believed for some hours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bankside_connect::{BankQuery, Institution, Way};
use bankside_domain::quota::Presence;
use bankside_domain::{Asker, OrganizationId, Right};
use jiff::{SignedDuration, Timestamp};

use crate::{Engine, EngineError};

/// How long a list of banks is believed.
const INSTITUTIONS_FOR: SignedDuration = SignedDuration::from_hours(6);
/// Fewer letters of a name fit too many banks.
pub(super) const MIN_LETTERS: usize = 2;
/// No bank has a longer name.
const MAX_LETTERS: usize = 200;

/// Lists of banks that were fetched already.
#[derive(Default)]
pub(crate) struct InstitutionLists(Mutex<HashMap<ListKey, KeptList>>);

/// Whose list, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ListKey {
    organization: OrganizationId,
    provider: String,
    of: Listed,
}

/// What a list is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Listed {
    Country(String),
    Name(String),
}

/// A list, and when it was fetched.
type KeptList = (Timestamp, Arc<Vec<Institution>>);

impl Engine {
    /// The banks of a country, by name. The list is believed for some hours.
    pub async fn institutions(
        &self,
        asker: &Asker,
        provider: &str,
        country: &str,
    ) -> Result<Arc<Vec<Institution>>, EngineError> {
        let country = country.to_ascii_uppercase();
        let descriptor = self.connector(provider)?.descriptor();
        if !descriptor.ways.contains(&Way::Country) || !descriptor.countries.contains(&country.as_str()) {
            return Err(EngineError::invalid("country", "This provider lists no banks of this country."));
        }
        self.list(asker, provider, Listed::Country(country)).await
    }

    /// The banks whose name fits, where a provider can be asked for them. Two letters are the least.
    pub async fn find_banks(
        &self,
        asker: &Asker,
        provider: &str,
        name: &str,
    ) -> Result<Arc<Vec<Institution>>, EngineError> {
        if !self.connector(provider)?.descriptor().ways.contains(&Way::Name) {
            return Err(EngineError::invalid("name", "This provider cannot be asked for banks by their name."));
        }
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let letters = name.chars().count();
        if !(MIN_LETTERS..=MAX_LETTERS).contains(&letters) {
            return Err(EngineError::invalid("name", "Type at least two letters of the bank's name."));
        }
        self.list(asker, provider, Listed::Name(name)).await
    }

    async fn list(&self, asker: &Asker, provider: &str, of: Listed) -> Result<Arc<Vec<Institution>>, EngineError> {
        asker.require(Right::ManageBanks)?;
        let key = ListKey { organization: asker.organization, provider: provider.to_owned(), of };
        let now = self.ambient.now();
        {
            let mut lists = self.institution_lists.0.lock().unwrap_or_else(PoisonError::into_inner);
            lists.retain(|_, (since, _)| *since + INSTITUTIONS_FOR > now);
            if let Some((_, list)) = lists.get(&key) {
                return Ok(Arc::clone(list));
            }
        }
        let ready = self.provider(asker, provider, Presence::PersonPresent).await?;
        let query = match &key.of {
            Listed::Country(country) => BankQuery::Country(country),
            Listed::Name(name) => BankQuery::Name(name),
        };
        let list = Arc::new(ready.connector.institutions(&ready.cx(), query).await?);
        self.institution_lists.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (now, Arc::clone(&list)));
        Ok(list)
    }

    /// The name of a bank that was listed before.
    pub(super) fn bank_name(&self, asker: &Asker, provider: &str, institution_key: &str) -> String {
        let lists = self.institution_lists.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lists
            .iter()
            .filter(|(key, _)| key.organization == asker.organization && key.provider == provider)
            .flat_map(|(_, (_, list))| list.iter())
            .find(|institution| institution.key == institution_key);
        known.map_or_else(|| institution_key.to_owned(), |institution| institution.name.clone())
    }
}
