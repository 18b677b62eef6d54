//! Environment variables of ours, and those whose value lies in a file: `NAME_FILE` stands for `NAME`, as containers mount secrets.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use anyhow::{Context, bail};

/// What our variables begin with, and those under which older guides put the same keys.
const PREFIXES: [&str; 2] = ["BANKSIDE_", "ACTUAL_NORDIGEN_"];

/// Ours, but no configuration: read where they are used.
const ELSEWHERE: [&str; 2] = ["BANKSIDE_WEB_DIST", "BANKSIDE_TEST_POSTGRES"];

/// These give the vault's key; they are read when it is opened.
const VAULT: [&str; 4] =
    ["BANKSIDE_VAULT_KEY", "BANKSIDE_VAULT_KEY_FILE", "BANKSIDE_VAULT_PASSPHRASE", "BANKSIDE_VAULT_PASSPHRASE_FILE"];

/// A setting of its own that only looks like one of these.
const NO_SECRET_FILE: &str = "BANKSIDE_VAULT__KEY_FILE";

/// A variable's value, and where it was found.
#[derive(Clone)]
pub(super) struct Variable {
    pub(super) value: String,
    /// The variable that gave it, for people.
    pub(super) found_in: String,
}

/// Our variables by name. An empty one counts as not there: compose files write those for what is not set.
#[derive(Clone, Default)]
pub(super) struct Variables {
    found: BTreeMap<String, Variable>,
    /// The file with the vault's key, where a variable names one; an empty path where the variable is the key.
    pub(super) vault_key: Option<PathBuf>,
}

impl Variables {
    /// Reads ours out of an environment.
    pub(super) fn of(environment: &HashMap<String, String>) -> anyhow::Result<Self> {
        let mut ours = BTreeMap::new();
        let mut vault_key = None;
        for (name, value) in environment {
            let is_ours = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
            if !is_ours || value.trim().is_empty() {
                continue;
            }
            if VAULT.contains(&name.as_str()) {
                vault_key = Some(if name.ends_with("_FILE") { PathBuf::from(value) } else { PathBuf::new() });
                continue;
            }
            if ELSEWHERE.contains(&name.as_str()) {
                continue;
            }
            let target = name.strip_suffix("_FILE").filter(|_| name != NO_SECRET_FILE);
            let (target, variable) = match target {
                Some(target) => {
                    let found_in = format!("{name}, the file {value}");
                    (target, Variable { value: from_file(name, value)?, found_in })
                }
                None => (name.as_str(), Variable { value: value.clone(), found_in: name.clone() }),
            };
            if ours.insert(target.to_owned(), variable).is_some() {
                bail!("{target} and {target}_FILE are both set; one of them is enough");
            }
        }
        Ok(Self { found: ours, vault_key })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.found.get(name)
    }

    /// Those that no one has asked for by name, for whoever reads the settings.
    pub(super) fn settings(&self, taken: &[String]) -> HashMap<String, String> {
        let rest = self.found.iter().filter(|(name, _)| name.starts_with("BANKSIDE_") && !taken.contains(name));
        rest.map(|(name, variable)| (name.clone(), variable.value.clone())).collect()
    }

    /// The names of those that begin like this.
    pub(super) fn names_with(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.found.keys().map(String::as_str).filter(move |name| name.starts_with(prefix))
    }

    /// Every variable that was found, as it was written.
    pub(super) fn names(&self) -> Vec<&str> {
        self.found.values().map(|variable| variable.found_in.as_str()).collect()
    }
}

/// A secret of this process's own environment, from `NAME` or from the file that `NAME_FILE` names.
pub(crate) fn secret(name: &str) -> anyhow::Result<Option<String>> {
    let read = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let file = format!("{name}_FILE");
    match (read(name), read(&file)) {
        (Some(_), Some(_)) => bail!("{name} and {file} are both set; one of them is enough"),
        (Some(value), None) => Ok(Some(value)),
        (None, Some(path)) => Ok(Some(from_file(&file, &path)?)),
        (None, None) => Ok(None),
    }
}

fn from_file(name: &str, path: &str) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{name} names the file {path}"))?;
    let text = text.trim();
    if text.is_empty() {
        bail!("{name} names the file {path}, and there is nothing in it");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(environment: &[(&str, &str)]) -> anyhow::Result<Variables> {
        Variables::of(&environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_value_may_lie_in_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        std::fs::write(path, "postgres://bankside@db/bankside\n").unwrap();
        let variables = of(&[("BANKSIDE_DATABASE_URL_FILE", path), ("BANKSIDE_VAULT__KEY_FILE", "/etc/key")]).unwrap();
        assert_eq!(variables.get("BANKSIDE_DATABASE_URL").unwrap().value, "postgres://bankside@db/bankside");
        assert_eq!(variables.get("BANKSIDE_VAULT__KEY_FILE").unwrap().value, "/etc/key", "a setting, no secret's file");
        let both = of(&[("BANKSIDE_DATABASE_URL_FILE", path), ("BANKSIDE_DATABASE_URL", "x")]);
        assert!(both.err().unwrap().to_string().contains("both set"));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_variable() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let empty = of(&[("ACTUAL_NORDIGEN_SECRET_KEY_FILE", path)]).err().unwrap().to_string();
        assert!(empty.contains("ACTUAL_NORDIGEN_SECRET_KEY_FILE") && empty.contains(path), "{empty}");
        let missing = of(&[("BANKSIDE_LISTEN_FILE", "/nowhere/at/all")]).err().unwrap().to_string();
        assert!(missing.contains("BANKSIDE_LISTEN_FILE") && missing.contains("/nowhere/at/all"), "{missing}");
    }

    #[test]
    fn empty_and_foreign_variables_are_none_of_ours() {
        let variables = of(&[("BANKSIDE_LISTEN", " "), ("ACTUAL_NORDIGEN_SECRET_ID", ""), ("OTHER", "x")]).unwrap();
        assert!(variables.names().is_empty());
    }
}
