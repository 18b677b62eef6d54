//! Keys of providers from what the operator has configured: the environment before `config.toml`, that before `config.json`.
//!
//! Each place must have all keys of a provider or none: keys of two places are never mixed, because they would be of two secrets.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::bail;
use bankside_domain::Secret;
use bankside_engine::{Descriptor, InstallationKeys};

use super::json_file::JsonFile;
use super::variables::Variables;

/// Names under which guides of other tools put the same keys.
struct OlderNames {
    provider: &'static str,
    /// The section of `config.json`.
    section: &'static str,
    /// Our field, the one in `config.json`, the variable.
    fields: [(&'static str, &'static str, &'static str); 2],
}

const OLDER_NAMES: [OlderNames; 1] = [OlderNames {
    provider: "gocardless",
    section: "nordigen",
    fields: [
        ("secret_id", "secretId", "ACTUAL_NORDIGEN_SECRET_ID"),
        ("secret_key", "secretKey", "ACTUAL_NORDIGEN_SECRET_KEY"),
    ],
}];

/// One field as one place has it.
struct Found {
    /// How the place calls it.
    name: String,
    value: Option<String>,
}

/// All fields as one place has them.
struct Place {
    /// For people.
    name: String,
    fields: Vec<(&'static str, Found)>,
}

/// Our own variable of a field.
pub(super) fn variable(provider: &str, field: &str) -> String {
    format!("BANKSIDE_PROVIDERS__{}__{}", provider.to_ascii_uppercase(), field.to_ascii_uppercase())
}

/// Whether a variable is one of older guides.
pub(super) fn is_older_name(name: &str) -> bool {
    OLDER_NAMES.iter().flat_map(|older| older.fields).any(|(_, _, variable)| variable == name)
}

/// The keys of a provider that count, with notes on those that do not.
pub(super) fn find(
    descriptor: &'static Descriptor,
    variables: &Variables,
    written: &BTreeMap<String, String>,
    toml: &Path,
    json: Option<&JsonFile>,
    notes: &mut Vec<String>,
) -> anyhow::Result<Option<InstallationKeys>> {
    let mut counts: Option<InstallationKeys> = None;
    for place in places(descriptor, variables, written, toml, json)? {
        let Some(keys) = complete(descriptor, place)? else { continue };
        match &counts {
            None => counts = Some(keys),
            Some(first) => notes.push(format!(
                "{}: the keys from {} are not used, because those from {} come first",
                descriptor.name, keys.read_from, first.read_from
            )),
        }
    }
    Ok(counts)
}

/// What in `config.json` nobody reads.
pub(super) fn unknown(json: &JsonFile) -> Vec<String> {
    let names: Vec<(&str, Vec<&str>)> =
        OLDER_NAMES.iter().map(|older| (older.section, older.fields.iter().map(|field| field.1).collect())).collect();
    let known: Vec<(&str, &[&str])> = names.iter().map(|(section, fields)| (*section, fields.as_slice())).collect();
    json.unknown(&known)
}

/// Every place where keys of a provider may be, the first one first.
fn places(
    descriptor: &'static Descriptor,
    variables: &Variables,
    written: &BTreeMap<String, String>,
    toml: &Path,
    json: Option<&JsonFile>,
) -> anyhow::Result<Vec<Place>> {
    let keys = || descriptor.fields.iter().map(|field| field.key);
    let in_toml = keys().map(|key| (key, Found { name: key.to_owned(), value: written.get(key).cloned() }));
    let in_toml = Place { name: format!("the file {}", super::absolute(toml).display()), fields: in_toml.collect() };
    let ours = keys().map(|key| (key, variable(descriptor.id, key)));
    let mut places = vec![in_environment(variables, ours)];
    let older = OLDER_NAMES.iter().find(|older| older.provider == descriptor.id);
    let Some(older) = older else {
        places.push(in_toml);
        return Ok(places);
    };
    places.push(in_environment(variables, older.fields.iter().map(|field| (field.0, field.2.to_owned()))));
    places.push(in_toml);
    if let Some(json) = json {
        let mut fields = Vec::new();
        for (key, name, _) in older.fields {
            let value = json.text(older.section, name)?.map(ToOwned::to_owned);
            fields.push((key, Found { name: format!("{}.{name}", older.section), value }));
        }
        places.push(Place { name: format!("the file {}", json.path.display()), fields });
    }
    Ok(places)
}

fn in_environment(variables: &Variables, names: impl Iterator<Item = (&'static str, String)>) -> Place {
    let mut found_in = Vec::new();
    let mut fields = Vec::new();
    for (key, name) in names {
        let variable = variables.get(&name);
        found_in.extend(variable.map(|variable| variable.found_in.clone()));
        fields.push((key, Found { value: variable.map(|variable| variable.value.clone()), name }));
    }
    Place { name: format!("the environment ({})", found_in.join("; ")), fields }
}

/// All fields, or none; anything between is a mistake that is named.
fn complete(descriptor: &Descriptor, place: Place) -> anyhow::Result<Option<InstallationKeys>> {
    let is_there = |found: &Found| found.value.as_deref().is_some_and(|value| !value.trim().is_empty());
    let (there, missing): (Vec<_>, Vec<_>) = place.fields.into_iter().partition(|(_, found)| is_there(found));
    if there.is_empty() {
        return Ok(None);
    }
    if let Some((_, field)) = missing.first() {
        let has: Vec<&str> = there.iter().map(|(_, found)| found.name.as_str()).collect();
        bail!("{}: {} has {}, but {} is missing", descriptor.name, place.name, has.join(", "), field.name);
    }
    let mut fields = BTreeMap::new();
    for (key, found) in there {
        let value = found.value.unwrap_or_default();
        let value = value.trim();
        if is_placeholder(value) {
            bail!(
                "{}: {} still has the placeholder of a guide for {}; put the key there, or take both out",
                descriptor.name,
                place.name,
                found.name
            );
        }
        fields.insert(key.to_owned(), Secret::new(value));
    }
    Ok(Some(InstallationKeys { fields, read_from: place.name }))
}

/// Whether a value is one that guides show in place of a key. No provider gives out keys like these.
fn is_placeholder(value: &str) -> bool {
    let brackets = [('<', '>'), ('[', ']'), ('{', '}')];
    let folded = value.to_lowercase();
    let bare = folded.trim_start_matches('$');
    brackets.iter().any(|(open, close)| bare.starts_with(*open) && bare.ends_with(*close))
        || folded.starts_with("your")
        || ["changeme", "change-me", "secret", "secretid", "secretkey"].contains(&folded.as_str())
        || folded.chars().all(|c| matches!(c, 'x' | '.' | '…' | '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guides_show_is_no_key() {
        for guide in
            ["<your secret id>", "your-secret-id", "YOUR_SECRET_KEY", "${SECRET}", "xxxx", "…", "[ID]", "changeme"]
        {
            assert!(is_placeholder(guide), "{guide}");
        }
        for key in ["0b7c1e0a-8f3d-4a55-9d3e-3f0a4c1d2e5f", "9f8e7d6c5b4a39281706f5e4d3c2b1a0", "x1"] {
            assert!(!is_placeholder(key), "{key}");
        }
    }
}
