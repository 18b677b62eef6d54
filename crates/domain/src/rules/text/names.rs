//! What rules refer to, by names that people know.

use crate::text::fold;
use crate::{AccountId, AssetId, CategoryId};

/// The names of an organization's accounts, and the paths of its assets and categories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Accounts.
    pub accounts: Vec<(AccountId, String)>,
    /// Assets, `Germany ▸ Fund C`.
    pub assets: Vec<(AssetId, String)>,
    /// Categories, `Food ▸ Groceries`.
    pub categories: Vec<(CategoryId, String)>,
}

/// How a name is written: with its id where the name alone does not lead back.
pub(super) fn written<I: Copy + PartialEq + std::fmt::Display>(known: &[(I, String)], id: I) -> (String, bool) {
    let Some((_, name)) = known.iter().find(|(other, _)| *other == id) else { return (String::new(), true) };
    let folded = fold(name);
    let is_alone = known.iter().filter(|(_, other)| fold(other) == folded).count() == 1;
    (name.clone(), !is_alone)
}

/// What a name leads to; an id that is known leads further than a name.
pub(super) fn found<I: Copy + PartialEq>(
    known: &[(I, String)],
    what: &str,
    name: &str,
    id: Option<I>,
) -> Result<I, String> {
    if let Some(id) = id {
        let is_known = known.iter().any(|(other, _)| *other == id);
        return if is_known { Ok(id) } else { Err(format!("There is no {what} with this id here.")) };
    }
    let called = |folded: &str| -> Vec<I> {
        known.iter().filter(|(_, other)| fold(other) == folded).map(|(id, _)| *id).collect()
    };
    let mut named = called(&fold(name));
    // Keyboards have no ▸: whoever types a path may write > for it, unless something has that very name.
    if named.is_empty() && name.contains('>') {
        named = called(&fold(&name.replace('>', " ▸ ")));
    }
    match named.as_slice() {
        [one] => Ok(*one),
        [] => Err(format!("There is no {what} called “{name}”.")),
        many => {
            Err(format!("There are {} of this name: say which {what} “{name}” is by its id behind it.", many.len()))
        }
    }
}

impl Names {
    pub(super) fn account(&self, name: &str, id: Option<AccountId>) -> Result<AccountId, String> {
        found(&self.accounts, "account", name, id)
    }

    pub(super) fn asset(&self, name: &str, id: Option<AssetId>) -> Result<AssetId, String> {
        found(&self.assets, "asset", name, id)
    }

    pub(super) fn category(&self, name: &str, id: Option<CategoryId>) -> Result<CategoryId, String> {
        found(&self.categories, "category", name, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_typed_with_signs_that_keyboards_have() {
        let known: Vec<(u8, String)> = [(1, "OPEX ▸ Repairs"), (2, "OPEX"), (3, "a > b"), (4, "a ▸ b")]
            .map(|(id, name)| (id, name.to_owned()))
            .into();
        let id = |name: &str| found(&known, "category", name, None);
        for typed in ["OPEX ▸ Repairs", "OPEX > Repairs", "opex>repairs", " Opex  >Repairs "] {
            assert_eq!(id(typed), Ok(1), "{typed}");
        }
        assert_eq!(id("a > b"), Ok(3), "what has that very name is meant");
        assert_eq!(id("a>b"), Ok(4));
        assert_eq!(id("OPEX > Rent"), Err("There is no category called “OPEX > Rent”.".to_owned()));
    }
}
