//! Rules: their verbs, what they would do to the books, doing it, and asking them about rows that come.

mod applying;
mod drafts;
mod trying;

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::rules::{Definition, MAX_TEXT_CHARS, Names, Places, Prepared, Rule, RuleRefused, read, write};
use bankside_domain::text::tidy;
use bankside_domain::{Asker, Right, RuleId};
use bankside_store::{NewRule, RuleHit, RuleLogQuery, RulesBrought, StoredRule};

pub use self::drafts::Draft;
pub use self::trying::{RowDiff, RuleConflict, RuleCount, RuleTried, TriedRow};
use crate::{Engine, EngineError};

/// A text of rules has at most so many bytes.
pub const MAX_RULES_BYTES: usize = 1 << 20;
/// What a batch of rules is called that were asked about rows as they came.
pub const RULES_HAD_THEIR_TURN: &str = "Rules had their turn";

impl Engine {
    /// The rules of an organization in the order in which they have their turn, with what they have done.
    pub async fn rules(&self, asker: &Asker) -> Result<Vec<StoredRule>, EngineError> {
        Ok(self.store.rules_with_hits(asker).await?)
    }

    /// One of them.
    pub async fn rule(&self, asker: &Asker, id: RuleId) -> Result<StoredRule, EngineError> {
        let rules = self.store.rules(asker).await?;
        rules.into_iter().find(|one| one.rule.id == id).ok_or(EngineError::NotFound("the rule"))
    }

    /// The names by which rules refer to accounts, assets and categories.
    pub async fn rule_references(&self, asker: &Asker) -> Result<Names, EngineError> {
        asker.require(Right::SeeBooks)?;
        let accounts = self.store.accounts(asker).await?;
        let tree = self.tree(asker).await?;
        let categories = self.store.categories(asker).await?;
        Ok(Names {
            accounts: accounts.into_iter().map(|account| (account.id, account.name)).collect(),
            assets: tree.all().iter().map(|asset| (asset.id, tree.path(asset.id))).collect(),
            categories: categories.into_iter().map(|category| (category.id, category.path)).collect(),
        })
    }

    /// Adds a rule as the last of its stage.
    pub async fn add_rule(&self, asker: &Asker, new: &NewRule) -> Result<RuleId, EngineError> {
        asker.require(Right::ManageRules)?;
        let new = self.checked_rule(asker, new).await?;
        Ok(self.store.add_rule(asker, &new).await?)
    }

    /// Has a rule be what somebody wants. `seen` is the revision that they saw.
    pub async fn change_rule(&self, asker: &Asker, id: RuleId, new: &NewRule, seen: i64) -> Result<(), EngineError> {
        asker.require(Right::ManageRules)?;
        let new = self.checked_rule(asker, new).await?;
        Ok(self.store.change_rule(asker, id, &new, seen).await?)
    }

    /// Turns a rule on or off. What it has written stays.
    pub async fn switch_rule(&self, asker: &Asker, id: RuleId, is_on: bool) -> Result<(), EngineError> {
        Ok(self.store.switch_rule(asker, id, is_on).await?)
    }

    /// Puts a rule one place earlier or later among those of its stage.
    pub async fn move_rule(&self, asker: &Asker, id: RuleId, is_earlier: bool) -> Result<(), EngineError> {
        Ok(self.store.move_rule(asker, id, is_earlier).await?)
    }

    /// Deletes a rule. What it has written stays.
    pub async fn delete_rule(&self, asker: &Asker, id: RuleId, seen: Option<i64>) -> Result<(), EngineError> {
        Ok(self.store.delete_rule(asker, id, seen).await?)
    }

    /// What rules did, or one of them, the latest first.
    pub async fn rule_log(&self, asker: &Asker, query: &RuleLogQuery) -> Result<Vec<RuleHit>, EngineError> {
        Ok(self.store.rule_log(asker, query).await?)
    }

    /// What rules that were applied to all rows did until they were cut off, where that is not undone: the latest of what the log begins
    /// with. It may still go on. Applying again does what is left, since what is done already stays as it is.
    pub async fn rules_cut_off(&self, asker: &Asker) -> Result<Option<RuleHit>, EngineError> {
        let latest = self.rule_log(asker, &RuleLogQuery::default()).await?;
        Ok(latest.into_iter().find(RuleHit::is_in_part))
    }

    /// All rules as text.
    pub async fn rules_as_text(&self, asker: &Asker) -> Result<String, EngineError> {
        let names = self.rule_references(asker).await?;
        let rules: Vec<Rule> = self.store.rules(asker).await?.into_iter().map(|one| one.rule).collect();
        Ok(write(&rules, &names))
    }

    /// Brings rules as text: those whose names are there become what it says, the others are added. What is wrong with the text is
    /// told with lines and columns, and then nothing is brought.
    pub async fn bring_rules(&self, asker: &Asker, text: &str) -> Result<RulesBrought, EngineError> {
        asker.require(Right::ManageRules)?;
        if text.len() > MAX_RULES_BYTES {
            return Err(EngineError::invalid("text", "A text of rules has at most one megabyte."));
        }
        let names = self.rule_references(asker).await?;
        let rules = read(text, &names).map_err(EngineError::RulesUnreadable)?;
        if rules.is_empty() {
            return Err(EngineError::invalid("text", "There is no rule in this text."));
        }
        let new: Vec<NewRule> = rules.into_iter().map(NewRule::from).collect();
        Ok(self.store.bring_rules(asker, &new).await?)
    }

    /// A rule with its texts tidied, where everything that it names is there.
    async fn checked_rule(&self, asker: &Asker, new: &NewRule) -> Result<NewRule, EngineError> {
        let name = tidy(&new.name).filter(|name| name.chars().count() <= MAX_TEXT_CHARS);
        let name = name.ok_or(EngineError::RuleRefused(RuleRefused::NoName))?;
        self.check_references(asker, &new.says).await?;
        Ok(NewRule { name, ..new.clone() })
    }

    async fn check_references(&self, asker: &Asker, says: &Definition) -> Result<(), EngineError> {
        let names = self.rule_references(asker).await?;
        let accounts: BTreeSet<_> = names.accounts.iter().map(|(id, _)| *id).collect();
        let assets: BTreeSet<_> = names.assets.iter().map(|(id, _)| *id).collect();
        let categories: BTreeSet<_> = names.categories.iter().map(|(id, _)| *id).collect();
        let is_there = says.accounts().is_subset(&accounts)
            && says.assets().is_subset(&assets)
            && says.categories().is_subset(&categories);
        if is_there { Ok(()) } else { Err(EngineError::RuleRefused(RuleRefused::NotThere)) }
    }

    /// Where accounts hang today, whatever the day of the rows: rules speak of accounts as they are.
    async fn rule_places(&self, asker: &Asker) -> Result<Places, EngineError> {
        let tree = self.tree(asker).await?;
        let today = self.today_in(&self.store.organization(asker).await?);
        let on = self.store.accounts_on(asker, today).await?;
        let way = |asset| tree.way(asset).into_iter().rev().map(|asset| asset.id).collect::<Vec<_>>();
        Ok(Places(on.into_iter().map(|(account, asset)| (account, way(asset))).collect::<BTreeMap<_, _>>()))
    }

    /// Rules, ready to be asked.
    async fn prepared(&self, asker: &Asker, rules: Vec<Rule>) -> Result<Prepared, EngineError> {
        let places = self.rule_places(asker).await?;
        Prepared::new(rules, places).map_err(EngineError::RuleRefused)
    }
}
