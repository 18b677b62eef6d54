//! Institutions: looking for one by name, and what is known of one.
//!
//! An institution's key is its country and Sophtron's id of it, `US_…`, because the country says what `$` means there. Where
//! Sophtron tells no country it is the id alone.

use bankside_domain::fault::FaultClass;
use serde_json::json;

use super::client::{Client, list, object};
use super::json::Object;
use super::problem;
use super::wire::InstitutionRow;
use crate::fault::Fault;
use crate::step::{BankQuery, Institution};

/// Fewer letters name too many banks.
const MIN_LETTERS: usize = 2;

/// The institutions whose name fits, in the order in which Sophtron lists them; those that only send bills come last.
pub(super) async fn find(client: &Client<'_>, query: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
    let BankQuery::Name(name) = query else { return Ok(Vec::new()) };
    let name = name.trim();
    if name.chars().filter(|c| c.is_alphanumeric()).count() < MIN_LETTERS {
        return Ok(Vec::new());
    }
    let body = json!({ "InstitutionName": name, "Extensive": true, "InstitutionType": "All" });
    let answer = client.post("Institution/GetInstitutionByName", &body).await?;
    let rows = list(&answer)?;
    let mut read: Vec<InstitutionRow> = rows.iter().filter_map(|row| InstitutionRow::read(&Object::of(row)?)).collect();
    read.sort_by_key(|row| row.is_biller);
    if read.is_empty() && !rows.is_empty() {
        return Err(problem::unread(&answer));
    }
    if read.len() < rows.len() {
        tracing::warn!(rows = rows.len(), read = read.len(), "not every institution can be read");
    }
    Ok(read.iter().map(institution).collect())
}

/// One institution by Sophtron's id.
pub(super) async fn by_id(client: &Client<'_>, id: &str) -> Result<InstitutionRow, Fault> {
    let answer = client.post("Institution/GetInstitutionByID", &json!({ "InstitutionID": id })).await?;
    if answer.trim_ascii() == b"null" {
        return Err(not_listed());
    }
    InstitutionRow::read(&object(&answer)?).ok_or_else(not_listed)
}

fn not_listed() -> Fault {
    Fault::new(FaultClass::Gone, problem::NOT_FOUND, "Sophtron does not list this bank any more.")
}

/// An institution in our words.
pub(super) fn institution(row: &InstitutionRow) -> Institution {
    let key = match &row.country {
        Some(country) => format!("{country}_{}", row.id),
        None => row.id.clone(),
    };
    Institution {
        key,
        name: row.name.clone(),
        bic: None,
        countries: row.country.iter().cloned().collect(),
        logo: row.logo.clone(),
        max_history_days: None,
        max_consent_days: None,
    }
}

/// Sophtron's id in an institution's key.
pub(super) fn id_of(key: &str) -> &str {
    key.rsplit('_').next().unwrap_or(key)
}

/// The country in an institution's key.
pub(super) fn country_of(key: &str) -> Option<&str> {
    key.split_once('_').map(|(country, _)| country)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sophtron::wire::SignInDetail;

    #[test]
    fn the_key_holds_id_and_country() {
        let row = |country: Option<&str>| InstitutionRow {
            id: "0c5f-11".into(),
            name: "Prairie Credit Union".into(),
            country: country.map(str::to_owned),
            logo: None,
            is_biller: false,
            sign_in: SignInDetail::default(),
        };
        for (country, key) in [(Some("CA"), "CA_0c5f-11"), (None, "0c5f-11")] {
            let institution = institution(&row(country));
            assert_eq!(institution.key, key);
            assert_eq!((id_of(key), country_of(key)), ("0c5f-11", country));
        }
    }
}
