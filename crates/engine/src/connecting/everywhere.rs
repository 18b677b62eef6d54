//! Banks of a country over all providers at once, for whoever knows their bank and no provider.

use std::collections::HashMap;

use bankside_connect::{Descriptor, Institution, Way, coverage};
use bankside_domain::fault::FaultRecord;
use bankside_domain::text::fold;
use bankside_domain::{Asker, Right};
use futures_util::future::join_all;
use jiff::civil::Date;

use super::institutions::MIN_LETTERS;
use crate::{Engine, EngineError, ProviderView};

/// What a company appends to its name, which providers do or do not.
const LEGAL_FORMS: [&str; 14] =
    ["ab", "ag", "as", "asa", "bv", "gmbh", "kgaa", "ltd", "nv", "oyj", "plc", "sa", "se", "spa"];

/// A bank, and through whom it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankEverywhere {
    /// What tells it from others of its country: its name, folded and without its legal form.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its BIC, where it is known.
    pub bic: Option<String>,
    /// Who lists it, at most once each.
    pub offers: Vec<BankOffer>,
}

/// A provider that lists a bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankOffer {
    /// The provider's id.
    pub provider: &'static str,
    /// As which institutions it lists the bank now; empty where that is known only from the list that ships with us.
    pub institutions: Vec<Institution>,
}

/// What was found, and where nothing could be looked for.
#[derive(Debug)]
pub struct Everywhere {
    /// The banks by name.
    pub banks: Vec<BankEverywhere>,
    /// Providers that reach banks of the country, in the order in which they are offered: whose keys are there first, then by who gets
    /// keys.
    pub providers: Vec<ProviderView>,
    /// Providers whose lists could not be had.
    pub faults: Vec<(&'static Descriptor, FaultRecord)>,
    /// The day of the list that ships with us.
    pub as_of: Date,
}

impl Engine {
    /// The banks of a country, an ISO 3166 two-letter code, whose name or BIC contains what is asked for; all, where that is blank.
    /// Providers with keys are asked, each list is believed for some hours; for the others counts the list that ships with us. One that
    /// does not answer is named among the faults.
    pub async fn banks_everywhere(&self, asker: &Asker, country: &str, name: &str) -> Result<Everywhere, EngineError> {
        asker.require(Right::ManageBanks)?;
        let country = country.to_ascii_uppercase();
        let mut providers = self.providers(asker).await?;
        providers.retain(|view| view.is_offered() && view.descriptor.countries.contains(&country.as_str()));
        if providers.is_empty() {
            return Err(EngineError::invalid("country", "No provider reaches banks of this country."));
        }
        providers.sort_by_key(|view| (view.keys.is_none(), view.descriptor.terms.sign_ups));
        let asked = providers.iter().filter(|view| view.keys.is_some()).map(|view| {
            let (country, descriptor) = (&country, view.descriptor);
            async move { (descriptor, self.listed_by(asker, descriptor, country, name).await) }
        });
        let mut listed: Vec<(&'static str, Vec<Institution>)> = Vec::new();
        let mut faults = Vec::new();
        for (descriptor, answer) in join_all(asked).await {
            match answer {
                Ok(Some(list)) => listed.push((descriptor.id, list)),
                Ok(None) => {}
                Err(EngineError::Outside(fault)) => faults.push((descriptor, *fault)),
                Err(error) => return Err(error),
            }
        }
        let banks = met(&providers, &listed, &country, &fold(name));
        Ok(Everywhere { banks, providers, faults, as_of: coverage::as_of() })
    }

    /// What a provider lists; `None` where it lists nothing before a person signs in there, or wants more of a name.
    async fn listed_by(
        &self,
        asker: &Asker,
        descriptor: &'static Descriptor,
        country: &str,
        name: &str,
    ) -> Result<Option<Vec<Institution>>, EngineError> {
        if descriptor.ways.contains(&Way::Country) {
            return Ok(Some(self.institutions(asker, descriptor.id, country).await?.to_vec()));
        }
        if !descriptor.ways.contains(&Way::Name) || name.trim().chars().count() < MIN_LETTERS {
            return Ok(None);
        }
        let mut found = self.find_banks(asker, descriptor.id, name).await?.to_vec();
        found.retain(|bank| bank.countries.is_empty() || bank.countries.iter().any(|code| code == country));
        Ok(Some(found))
    }
}

/// Puts together what is the same bank, by its name without its legal form.
fn met(
    providers: &[ProviderView],
    listed: &[(&'static str, Vec<Institution>)],
    country: &str,
    wanted: &str,
) -> Vec<BankEverywhere> {
    let searches = |id: &str| {
        let descriptor = providers.iter().map(|view| view.descriptor).find(|descriptor| descriptor.id == id);
        descriptor.is_some_and(|descriptor| !descriptor.ways.contains(&Way::Country))
    };
    let mut banks: Vec<BankEverywhere> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut add = |name: &str, bic: Option<&str>, provider: &'static str, institution: Option<&Institution>| {
        let folded = bic.map(fold).unwrap_or_default();
        // Who was asked for what is wanted may know it by more than its name: by its bank code, or its city.
        let is_found = institution.is_some() && searches(provider);
        if !(is_found || wanted.is_empty() || fold(name).contains(wanted) || folded.contains(wanted)) {
            return;
        }
        let key = core(name);
        let place = *places.entry(key.clone()).or_insert_with(|| {
            banks.push(BankEverywhere { key, name: name.to_owned(), bic: None, offers: Vec::new() });
            banks.len() - 1
        });
        let bank = &mut banks[place];
        bank.bic = bank.bic.take().or_else(|| bic.map(str::to_owned));
        match bank.offers.iter_mut().find(|offer| offer.provider == provider) {
            Some(offer) => offer.institutions.extend(institution.cloned()),
            None => bank.offers.push(BankOffer { provider, institutions: institution.cloned().into_iter().collect() }),
        }
    };
    for (provider, list) in listed {
        for institution in list {
            add(&institution.name, institution.bic.as_deref(), provider, Some(institution));
        }
    }
    // Whoever answers knows better than the list, and at another address than the provider's own there may be any banks.
    let ships = |id: &str| {
        providers.iter().any(|view| view.descriptor.id == id && !view.is_elsewhere)
            && listed.iter().all(|(of, _)| *of != id)
    };
    for bank in coverage::of_country(country) {
        for provider in bank.providers.iter().filter(|id| ships(id)) {
            add(bank.name, bank.bic, provider, None);
        }
    }
    let rank = |id: &str| providers.iter().position(|view| view.descriptor.id == id);
    for bank in &mut banks {
        bank.offers.sort_by_key(|offer| rank(offer.provider));
    }
    banks.sort_by(|a, b| a.key.cmp(&b.key));
    banks
}

/// A name as it is compared: folded, without punctuation and legal form.
fn core(name: &str) -> String {
    let folded = fold(name).replace(['.', ',', '\'', '’'], "");
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let end = words.iter().rposition(|word| !LEGAL_FORMS.contains(word)).map_or(words.len(), |last| last + 1);
    words[..end].join(" ")
}

#[cfg(test)]
mod tests {
    use bankside_connect::Registry;

    use super::*;
    use crate::KeySource;

    fn institution(key: &str, name: &str) -> Institution {
        Institution {
            key: key.to_owned(),
            name: name.to_owned(),
            bic: None,
            countries: vec!["DE".to_owned()],
            logo: None,
            max_history_days: None,
            max_consent_days: None,
        }
    }

    fn providers(ids: &[&str]) -> Vec<ProviderView> {
        let registry = Registry::all();
        let views = ids.iter().map(|id| ProviderView {
            descriptor: registry.get(id).unwrap().descriptor(),
            keys: None::<KeySource>,
            is_off: false,
            is_elsewhere: false,
            experimental: None,
        });
        views.collect()
    }

    #[test]
    fn a_bank_is_one_whatever_providers_call_it() {
        assert_eq!(core("Commerzbank AG"), core("COMMERZBANK"));
        assert_eq!(core("Crédit  Agricole S.A."), core("credit agricole"));
        assert_ne!(core("ING"), core("ING Business"));
        assert_eq!(core("AG"), "ag", "a name of nothing else stays one");
    }

    #[test]
    fn live_lists_come_before_the_one_that_ships() {
        let views = providers(&["enablebanking", "gocardless"]);
        let listed = [("gocardless", vec![institution("COBA", "Commerzbank AG"), institution("NEW", "Neue Bank")])];
        let banks = met(&views, &listed, "DE", "");
        let of = |name: &str| banks.iter().find(|bank| bank.key == core(name));
        let commerzbank = of("Commerzbank").unwrap();
        assert_eq!(commerzbank.offers.len(), 2);
        assert_eq!(commerzbank.offers[0].provider, "enablebanking", "in the order of the providers");
        assert!(commerzbank.offers[0].institutions.is_empty());
        assert_eq!(commerzbank.offers[1].institutions[0].key, "COBA");
        assert_eq!(commerzbank.bic.as_deref(), Some("COBADEFF"), "what one does not tell the other does");
        assert!(of("Neue Bank").is_some());
        let postbank = of("Postbank").unwrap();
        assert_eq!(postbank.offers.len(), 1, "GoCardless has answered, and does not list it");
    }

    #[test]
    fn what_is_asked_for_is_in_the_name_or_the_bic() {
        let views = providers(&["gocardless"]);
        let names = |wanted: &str| -> Vec<String> {
            met(&views, &[], "FR", &fold(wanted)).into_iter().map(|bank| bank.name).collect()
        };
        assert_eq!(names("SOCIETE"), ["Société Générale"]);
        assert_eq!(names("boursin"), Vec::<String>::new());
        assert_eq!(names("bousfr"), ["BoursoBank"]);
        assert!(met(&providers(&[]), &[], "FR", "").is_empty(), "who is switched off offers nothing");
        // What a provider has looked for itself it may have found by a bank code.
        let listed =
            [("finapi", vec![institution("24", "Kontorbank")]), ("gocardless", vec![institution("X", "Other")])];
        let found = met(&providers(&["finapi", "gocardless"]), &listed, "DE", "20050000");
        assert_eq!(found.iter().map(|bank| bank.name.as_str()).collect::<Vec<_>>(), ["Kontorbank"]);
    }
}
