//! Lists of banks, which are believed for some hours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bankside_connect::{BankQuery, Institution};
use bankside_domain::quota::Presence;
use bankside_domain::{Asker, OrganizationId, Right};
use jiff::{SignedDuration, Timestamp};

use crate::{Engine, EngineError};

/// How long a list of banks is believed.
const INSTITUTIONS_FOR: SignedDuration = SignedDuration::from_hours(6);

/// Lists of banks that were fetched already.
#[derive(Default)]
pub(crate) struct InstitutionLists(Mutex<HashMap<ListKey, KeptList>>);

/// Whose list, of which provider, for which country.
type ListKey = (OrganizationId, String, String);

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
        asker.require(Right::ManageBanks)?;
        let connector = self.connector(provider)?;
        let country = country.to_ascii_uppercase();
        if !connector.descriptor().countries.contains(&country.as_str()) {
            return Err(EngineError::invalid("country", "This provider does not work in this country."));
        }
        let key = (asker.organization, provider.to_owned(), country);
        let now = self.ambient.now();
        let kept = self.institution_lists.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((since, list)) = kept
            && since + INSTITUTIONS_FOR > now
        {
            return Ok(list);
        }
        let ready = self.provider(asker, provider, Presence::PersonPresent).await?;
        let list = Arc::new(ready.connector.institutions(&ready.cx(), BankQuery::Country(&key.2)).await?);
        self.institution_lists.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (now, Arc::clone(&list)));
        Ok(list)
    }

    /// The name of a bank that was listed before.
    pub(super) fn bank_name(&self, asker: &Asker, provider: &str, institution_key: &str) -> String {
        let lists = self.institution_lists.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lists
            .iter()
            .filter(|((organization, id, _), _)| *organization == asker.organization && id == provider)
            .flat_map(|(_, (_, list))| list.iter())
            .find(|institution| institution.key == institution_key);
        known.map_or_else(|| institution_key.to_owned(), |institution| institution.name.clone())
    }
}
