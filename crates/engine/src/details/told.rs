//! What was done to a transaction, with names in the place of ids.

use std::collections::{BTreeSet, HashMap};

use bankside_domain::batch::Change;
use bankside_domain::{AccountId, Asker, CategoryId, PayeeId, TagId};
use bankside_store::{StoryEntry, Tag};

use crate::{Engine, EngineError};

/// One batch in the story of a transaction.
#[derive(Debug, Clone)]
pub struct Happening {
    /// The batch, and who made it.
    pub entry: StoryEntry,
    /// What it did to the fields that people know; what only a program could read is left to the batch's summary.
    pub changes: Vec<FieldChange>,
}

/// A field before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// `date`, `note`, `amount_minor`, `status`, `exists`, `payee`, `category`, `account` or `tags`.
    pub field: &'static str,
    /// What it was, if it was anything.
    pub before: Option<String>,
    /// What it became.
    pub after: Option<String>,
}

/// What ids are called.
struct Names<'a> {
    payees: HashMap<PayeeId, String>,
    accounts: HashMap<AccountId, String>,
    categories: &'a HashMap<CategoryId, Vec<String>>,
    tags: &'a [Tag],
}

impl Engine {
    pub(super) async fn tell(
        &self,
        asker: &Asker,
        story: Vec<StoryEntry>,
        categories: &HashMap<CategoryId, Vec<String>>,
        tags: &[Tag],
    ) -> Result<Vec<Happening>, EngineError> {
        let changes = || story.iter().flat_map(|entry| &entry.changes);
        // Few rows were ever moved, and an organization may have thousands of accounts.
        let accounts = if changes().any(|change| change.field == "account_id") {
            self.store.accounts(asker).await?.into_iter().map(|account| (account.id, account.name)).collect()
        } else {
            HashMap::new()
        };
        let payees: BTreeSet<PayeeId> = changes()
            .filter(|change| change.field == "payee_id")
            .flat_map(|change| [&change.before, &change.after])
            .filter_map(|id| id.as_deref()?.parse().ok())
            .collect();
        let payees = self.store.payee_names(asker, &payees.into_iter().collect::<Vec<_>>()).await?;
        let names = Names { payees, accounts, categories, tags };
        let happening = |entry: StoryEntry| Happening {
            changes: entry.changes.iter().filter_map(|change| names.tell(change)).collect(),
            entry,
        };
        Ok(story.into_iter().map(happening).collect())
    }
}

impl Names<'_> {
    fn tell(&self, change: &Change) -> Option<FieldChange> {
        let field = match change.field.as_str() {
            "dated_on" => "date",
            "note" => "note",
            "amount_minor" => "amount_minor",
            "status" => "status",
            "exists" => "exists",
            "payee_id" => "payee",
            "account_id" => "account",
            "category_id" => "category",
            "tags" => "tags",
            _ => return None,
        };
        // A name that nobody can tell any more is no blank: such a change is left out.
        let told = |value: &Option<String>| match value {
            Some(value) => self.name(field, value).map(Some),
            None => Some(None),
        };
        Some(FieldChange { field, before: told(&change.before)?, after: told(&change.after)? })
    }

    fn name(&self, field: &str, value: &str) -> Option<String> {
        match field {
            "payee" => self.payees.get(&value.parse().ok()?).cloned(),
            "account" => self.accounts.get(&value.parse().ok()?).cloned(),
            "category" => Some(self.categories.get(&value.parse().ok()?)?.join(" ▸ ")),
            "tags" => value.split(',').map(|id| self.tag(id)).collect::<Option<Vec<_>>>().map(|names| names.join(" ")),
            _ => Some(value.to_owned()),
        }
    }

    fn tag(&self, id: &str) -> Option<String> {
        let id: TagId = id.parse().ok()?;
        Some(format!("#{}", self.tags.iter().find(|tag| tag.id == id)?.name))
    }
}
