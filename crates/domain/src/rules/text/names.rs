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
    let folded = fold(name);
    let named: Vec<I> = known.iter().filter(|(_, other)| fold(other) == folded).map(|(id, _)| *id).collect();
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
