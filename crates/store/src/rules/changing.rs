//! Adding, changing, ordering and deleting rules, and bringing many at once. Whoever changes them waits for whoever else does, and for
//! whoever changes categories.

use std::collections::HashMap;

use bankside_domain::rules::{Definition, MAX_PATTERNS, MAX_RULES, Read, RuleRefused, Stage};
use bankside_domain::text::{fold, tidy};
use bankside_domain::{Asker, CategoryId, Code, Id, Right, RuleId};

use super::StoredRule;
use crate::convert::{count, micros};
use crate::db::{Session, run, sql};
use crate::{Store, StoreError};

/// A rule as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRule {
    /// Its name.
    pub name: String,
    /// When it has its turn.
    pub stage: Stage,
    /// Whether it is on.
    pub is_on: bool,
    /// What it says.
    pub says: Definition,
}

/// What bringing rules came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RulesBrought {
    /// How many are new.
    pub added: usize,
    /// How many that were there say something else now.
    pub changed: usize,
    /// How many were there as they are.
    pub same: usize,
}

impl From<Read> for NewRule {
    fn from(read: Read) -> Self {
        Self { name: read.name, stage: read.stage, is_on: read.is_on, says: read.says }
    }
}

impl From<RuleRefused> for StoreError {
    fn from(refused: RuleRefused) -> Self {
        Self::RuleRefused(refused)
    }
}

impl NewRule {
    fn checked(&self) -> Result<(), RuleRefused> {
        let rule = bankside_domain::rules::Rule {
            id: uuid::Uuid::nil().into(),
            name: self.name.clone(),
            stage: self.stage,
            is_on: self.is_on,
            says: self.says.clone(),
        };
        rule.check()
    }
}

impl Store {
    /// Adds a rule as the last of its stage.
    pub async fn add_rule(&self, asker: &Asker, new: &NewRule) -> Result<RuleId, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageRules)?).await?;
        self.lock_categories(&mut session, asker).await?;
        let rules = self.rules_within(&mut session, asker).await?;
        if rules.len() >= MAX_RULES {
            return Err(RuleRefused::TooMany.into());
        }
        let id = self.insert_rule(&mut session, asker, &rules, new, count(rules.len())).await?;
        self.number_rules(&mut session, asker).await?;
        self.check_patterns(&mut session, asker, &rules).await?;
        session.commit().await?;
        Ok(id)
    }

    /// Has a rule be what somebody wants. `seen` is the revision that they saw.
    pub async fn change_rule(&self, asker: &Asker, id: RuleId, new: &NewRule, seen: i64) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageRules)?).await?;
        self.lock_categories(&mut session, asker).await?;
        let rules = self.rules_within(&mut session, asker).await?;
        let standing = as_seen(&rules, id, seen)?;
        self.update_rule(&mut session, asker, &rules, standing, new).await?;
        self.number_rules(&mut session, asker).await?;
        self.check_patterns(&mut session, asker, &rules).await?;
        session.commit().await
    }

    /// Turns a rule on or off. What it has written stays.
    pub async fn switch_rule(&self, asker: &Asker, id: RuleId, is_on: bool) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageRules)?).await?;
        self.lock_categories(&mut session, asker).await?;
        let text = sql!(
            "UPDATE rules SET is_on = $3, revision = revision + 1, changed_at = $4
             WHERE organization_id = $1 AND id = $2 AND gone_at IS NULL"
        );
        let now = micros(self.ambient.now());
        let found =
            run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()).bind(is_on).bind(now));
        if found == 0 {
            return Err(StoreError::NotFound("the rule"));
        }
        session.commit().await
    }

    /// Puts a rule one place earlier or later among those of its stage. Where there is none further, it stays.
    pub async fn move_rule(&self, asker: &Asker, id: RuleId, is_earlier: bool) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageRules)?).await?;
        self.lock_categories(&mut session, asker).await?;
        let mut rules = self.rules_within(&mut session, asker).await?;
        let at = rules.iter().position(|one| one.rule.id == id).ok_or(StoreError::NotFound("the rule"))?;
        let other = if is_earlier { at.checked_sub(1) } else { Some(at + 1).filter(|next| *next < rules.len()) };
        if let Some(other) = other.filter(|other| rules[*other].rule.stage == rules[at].rule.stage) {
            rules.swap(at, other);
            self.write_order(&mut session, asker, &rules).await?;
        }
        session.commit().await
    }

    /// Deletes a rule. What it has written stays, and history goes on telling its name.
    pub async fn delete_rule(&self, asker: &Asker, id: RuleId, seen: Option<i64>) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageRules)?).await?;
        self.lock_categories(&mut session, asker).await?;
        let rules = self.rules_within(&mut session, asker).await?;
        let standing = rules.iter().find(|one| one.rule.id == id).ok_or(StoreError::NotFound("the rule"))?;
        if seen.is_some_and(|seen| seen != standing.revision) {
            return Err(RuleRefused::ChangedMeanwhile { name: standing.rule.name.clone() }.into());
        }
        let text = sql!("UPDATE rules SET gone_at = $3, is_on = $4 WHERE organization_id = $1 AND id = $2");
        let now = micros(self.ambient.now());
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()).bind(now).bind(false));
        session.commit().await
    }

    /// Brings rules: those whose names are there become what is brought and keep their places, the others are added at the end in their
    /// order. A stage whose rules are all among them is put into their order. Rules that are not among them stay. All of it or nothing.
    pub async fn bring_rules(&self, asker: &Asker, brought: &[NewRule]) -> Result<RulesBrought, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageRules)?).await?;
        self.lock_categories(&mut session, asker).await?;
        let mut told = RulesBrought::default();
        let mut order: Vec<RuleId> = Vec::with_capacity(brought.len());
        let rules = self.rules_within(&mut session, asker).await?;
        for new in brought {
            let folded = fold(&new.name);
            match rules.iter().find(|one| fold(&one.rule.name) == folded) {
                Some(standing) => {
                    order.push(standing.rule.id);
                    let is_same = (&standing.rule.name, standing.rule.stage, standing.rule.is_on, &standing.rule.says)
                        == (&new.name, new.stage, new.is_on, &new.says);
                    if is_same {
                        told.same += 1;
                    } else {
                        self.update_rule(&mut session, asker, &rules, standing, new).await?;
                        told.changed += 1;
                    }
                }
                None if rules.len() + told.added >= MAX_RULES => return Err(RuleRefused::TooMany.into()),
                None => {
                    order.push(
                        self.insert_rule(&mut session, asker, &rules, new, count(rules.len() + told.added)).await?,
                    );
                    told.added += 1;
                }
            }
        }
        self.check_patterns(&mut session, asker, &rules).await?;
        // Those that were there keep their places, and new ones come after them. Where all of a stage was brought, its order came too.
        let mut rules = self.rules_within(&mut session, asker).await?;
        let place: HashMap<RuleId, usize> = order.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        for stage in Stage::ALL {
            let of_stage = || rules.iter().filter(|one| one.rule.stage == stage);
            if of_stage().all(|one| place.contains_key(&one.rule.id)) {
                rules.sort_by_key(|one| {
                    let place = place.get(&one.rule.id).filter(|_| one.rule.stage == stage);
                    (one.rule.stage, place.copied().unwrap_or_default())
                });
            }
        }
        self.write_order(&mut session, asker, &rules).await?;
        session.commit().await?;
        Ok(told)
    }

    async fn insert_rule(
        &self,
        session: &mut Session,
        asker: &Asker,
        rules: &[StoredRule],
        new: &NewRule,
        position: i64,
    ) -> Result<RuleId, StoreError> {
        new.checked()?;
        is_free(rules, None, &new.name)?;
        self.check_categories(session, asker, &new.says.categories()).await?;
        let id: RuleId = self.ambient.id();
        let text = sql!(
            "INSERT INTO rules (organization_id, id, name, name_folded, stage, position, definition, is_on, revision, created_at,
                changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9)"
        );
        let name = tidy(&new.name).unwrap_or_default();
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(&name)
                .bind(fold(&name))
                .bind(new.stage.code())
                .bind(position)
                .bind(serde_json::to_string(&new.says)?)
                .bind(new.is_on)
                .bind(micros(self.ambient.now()))
        );
        Ok(id)
    }

    async fn update_rule(
        &self,
        session: &mut Session,
        asker: &Asker,
        rules: &[StoredRule],
        standing: &StoredRule,
        new: &NewRule,
    ) -> Result<(), StoreError> {
        new.checked()?;
        is_free(rules, Some(standing.rule.id), &new.name)?;
        self.check_categories(session, asker, &new.says.categories()).await?;
        // One that goes to another stage is the last there.
        let position = if standing.rule.stage == new.stage { None } else { Some(count(rules.len())) };
        let text = sql!(
            "UPDATE rules SET name = $3, name_folded = $4, stage = $5, position = COALESCE($6, position), definition = $7,
                is_on = $8, revision = revision + 1, changed_at = $9 WHERE organization_id = $1 AND id = $2"
        );
        let name = tidy(&new.name).unwrap_or_default();
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(standing.rule.id.uuid())
                .bind(&name)
                .bind(fold(&name))
                .bind(new.stage.code())
                .bind(position)
                .bind(serde_json::to_string(&new.says)?)
                .bind(new.is_on)
                .bind(micros(self.ambient.now()))
        );
        Ok(())
    }

    /// Refuses to end a change of rules by which they have more patterns between them than they may have.
    async fn check_patterns(
        &self,
        session: &mut Session,
        asker: &Asker,
        before: &[StoredRule],
    ) -> Result<(), StoreError> {
        let patterns = |rules: &[StoredRule]| rules.iter().map(|one| one.rule.says.patterns()).sum::<usize>();
        let now = patterns(&self.rules_within(session, asker).await?);
        if now > MAX_PATTERNS && now > patterns(before) { Err(RuleRefused::TooManyPatterns.into()) } else { Ok(()) }
    }

    async fn number_rules(&self, session: &mut Session, asker: &Asker) -> Result<(), StoreError> {
        let rules = self.rules_within(session, asker).await?;
        self.write_order(session, asker, &rules).await
    }

    async fn write_order(&self, session: &mut Session, asker: &Asker, rules: &[StoredRule]) -> Result<(), StoreError> {
        for (position, one) in rules.iter().enumerate() {
            let text = sql!("UPDATE rules SET position = $3 WHERE organization_id = $1 AND id = $2 AND position <> $3");
            run!(
                session,
                sqlx::query(text).bind(asker.organization.uuid()).bind(one.rule.id.uuid()).bind(count(position))
            );
        }
        Ok(())
    }

    /// How many rules name a category.
    pub(crate) async fn rules_with_category(
        &self,
        session: &mut Session,
        asker: &Asker,
        category: CategoryId,
    ) -> Result<i64, StoreError> {
        let rules = self.rules_within(session, asker).await?;
        Ok(count(rules.iter().filter(|one| one.rule.says.categories().contains(&category)).count()))
    }

    /// Has rules that name one category name another. The caller has locked the categories.
    pub(crate) async fn move_category_of_rules(
        &self,
        session: &mut Session,
        asker: &Asker,
        from: CategoryId,
        into: CategoryId,
    ) -> Result<(), StoreError> {
        for one in self.rules_within(session, asker).await? {
            if !one.rule.says.categories().contains(&from) {
                continue;
            }
            let says = one.rule.says.with_category_moved(from, into);
            let text = sql!(
                "UPDATE rules SET definition = $3, revision = revision + 1, changed_at = $4
                 WHERE organization_id = $1 AND id = $2"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(one.rule.id.uuid())
                    .bind(serde_json::to_string(&says)?)
                    .bind(micros(self.ambient.now()))
            );
        }
        Ok(())
    }
}

fn as_seen(rules: &[StoredRule], id: RuleId, seen: i64) -> Result<&StoredRule, StoreError> {
    let standing = rules.iter().find(|one| one.rule.id == id).ok_or(StoreError::NotFound("the rule"))?;
    if standing.revision == seen {
        Ok(standing)
    } else {
        Err(RuleRefused::ChangedMeanwhile { name: standing.rule.name.clone() }.into())
    }
}

/// Refuses a name that another rule has.
fn is_free(rules: &[StoredRule], own: Option<RuleId>, name: &str) -> Result<(), RuleRefused> {
    let folded = fold(name);
    let mut others = rules.iter().filter(|one| Some(one.rule.id) != own);
    match others.find(|one| fold(&one.rule.name) == folded) {
        Some(other) => Err(RuleRefused::NameTaken { name: other.rule.name.clone() }),
        None => Ok(()),
    }
}
