//! Reviewing: rows are accepted, with categories for their lines, or hidden, each time as one batch that can be undone. What somebody
//! else has done meanwhile is said and not done twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::batch::{BatchActor, Change, Entity};
use bankside_domain::edit::{Circumstances, Refused, Seen, Wanted, plan_edit};
use bankside_domain::inbox::InboxState;
use bankside_domain::{AccountId, Asker, BatchId, CategoryId, Code, Id, LineId, Right, TransactionId};
use uuid::Uuid;

use crate::accounts::Sums;
use crate::batches::{NewBatch, change};
use crate::convert::{code, micros};
use crate::db::{Session, on};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::editing::counted;
use crate::selection::MAX_SELECTED;
use crate::{Store, StoreError};

/// How rules are called among those who review rows.
pub const BY_RULE: &str = "a rule";
/// The field of a change to where a row stands in the inbox.
const INBOX: &str = "inbox";

/// A row to be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptTarget {
    /// Which one.
    pub transaction: TransactionId,
    /// The categories that lines of it get; the others stay as they are.
    pub lines: Vec<AcceptLine>,
}

/// A line of it, and the category that it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptLine {
    /// Which line.
    pub line: LineId,
    /// Its category.
    pub category: CategoryId,
    /// The category that it had when somebody looked at it, `Some(None)` for none. If a rule or somebody has given it another one since, its
    /// row is left as it is.
    pub seen: Option<Option<CategoryId>>,
}

impl AcceptLine {
    /// Whether the line has a category that whoever accepts it has not seen, and that is not the one they want.
    fn is_overtaken(&self, now: Option<CategoryId>) -> bool {
        now != Some(self.category) && self.seen.is_some_and(|seen| seen != now)
    }
}

/// A row of which something was done before somebody asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneBefore {
    /// Which one.
    pub transaction: TransactionId,
    /// Who reviewed it, hid it or showed it again; [`BY_RULE`] where a rule did, and `None` where that was the one who asks, or where it is
    /// not in the books any more.
    pub by: Option<String>,
}

/// What reviewing came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// The batch; `None` where nothing changed.
    pub batch: Option<BatchId>,
    /// How many rows it changed.
    pub changed: usize,
    /// The rows that stay as they are, and why.
    pub left: Vec<(TransactionId, Refused)>,
    /// The rows that do not wait any more: somebody was quicker.
    pub done_before: Vec<DoneBefore>,
}

/// Where rows of the books stand, as far as it takes to review them.
#[derive(sqlx::FromRow)]
struct StandsRow {
    id: Uuid,
    account_id: Uuid,
    inbox: Option<String>,
    is_reviewed: bool,
    is_gone: bool,
}

impl Store {
    /// Accepts rows that wait: they are reviewed, and their lines get the categories that are named.
    pub async fn accept(&self, asker: &Asker, targets: &[AcceptTarget]) -> Result<Reviewed, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let wanted: HashMap<LineId, AcceptLine> =
            targets.iter().flat_map(|target| &target.lines).map(|line| (line.line, *line)).collect();
        let ids: BTreeSet<TransactionId> = targets.iter().map(|target| target.transaction).collect();
        let ids: Vec<TransactionId> = ids.into_iter().collect();
        check_count(ids.len())?;
        let locked = self.lock_accounts_of(&mut session, asker, &ids, None).await?;
        let categories: BTreeSet<CategoryId> = wanted.values().map(|line| line.category).collect();
        self.check_categories(&mut session, asker, &categories).await?;
        let (waiting, done_before) = self.told_apart(&mut session, asker, &ids, InboxState::Waiting).await?;
        let mut reviewed = Reviewed { done_before, ..Reviewed::default() };
        let mut lines: BTreeSet<LineId> = wanted.keys().copied().collect();
        let (mut changes, mut accounts) = (Vec::new(), BTreeSet::new());
        for row in self.stand(&mut session, asker, &waiting).await? {
            for line in &row.lines {
                lines.remove(&line.id);
            }
            if row.lines.iter().any(|line| wanted.get(&line.id).is_some_and(|asked| asked.is_overtaken(line.category)))
            {
                reviewed.left.push((row.id, Refused::ChangedMeanwhile("category")));
                continue;
            }
            let around = Circumstances {
                now: micros(self.ambient.now()),
                locked_through: locked.get(&row.account).and_then(|locked| locked.locked_through),
                unlocks: false,
            };
            let categories = row.wanted_in_categories(|line| wanted.get(&line.id).map(|asked| Some(asked.category)));
            let wanted = Wanted { is_reviewed: Some(true), ..categories };
            match plan_edit(&row, &wanted, &Seen::default(), around) {
                Ok(planned) => {
                    reviewed.changed += 1;
                    accounts.insert(row.account);
                    changes.extend(planned);
                }
                Err(why) => reviewed.left.push((row.id, why)),
            }
        }
        // A line of a row that is reviewed already may be anybody's; one that belongs to none of those that wait is nobody's.
        if !lines.is_empty() && reviewed.done_before.is_empty() {
            return Err(StoreError::NotFound("the line"));
        }
        let summary = counted(reviewed.changed, "accepted");
        reviewed.batch = self.write_review(&mut session, asker, &summary, &changes, &accounts).await?;
        session.commit().await?;
        Ok(reviewed)
    }

    /// Hides rows that wait, or has hidden ones wait again. They stay in the books as they are.
    pub async fn place_in_inbox(
        &self,
        asker: &Asker,
        ids: &[TransactionId],
        to: InboxState,
    ) -> Result<Reviewed, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let ids: Vec<TransactionId> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        check_count(ids.len())?;
        self.lock_accounts_of(&mut session, asker, &ids, None).await?;
        let (from, words) = match to {
            InboxState::Hidden => (InboxState::Waiting, "hidden in the inbox"),
            InboxState::Waiting => (InboxState::Hidden, "shown in the inbox again"),
        };
        let (there, done_before) = self.told_apart(&mut session, asker, &ids, from).await?;
        let accounts: BTreeSet<AccountId> =
            self.stand(&mut session, asker, &there).await?.iter().map(|row| row.account).collect();
        let text = |state: InboxState| Some(state.code().to_owned());
        let moved = |id: &TransactionId| change(Entity::Transaction, id.uuid(), id.uuid(), INBOX, text(from), text(to));
        let changes: Vec<Change> = there.iter().map(moved).collect();
        let summary = counted(there.len(), words);
        let batch = self.write_review(&mut session, asker, &summary, &changes, &accounts).await?;
        session.commit().await?;
        Ok(Reviewed { batch, changed: there.len(), left: Vec::new(), done_before })
    }

    async fn write_review(
        &self,
        session: &mut Session,
        asker: &Asker,
        summary: &str,
        changes: &[Change],
        accounts: &BTreeSet<AccountId>,
    ) -> Result<Option<BatchId>, StoreError> {
        if changes.is_empty() {
            return Ok(None);
        }
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary, undoes: None };
        let batch = self.begin_batch(session, asker, batch).await?;
        self.write_fields(session, asker, batch, changes).await?;
        self.write_changes(session, asker, batch, changes).await?;
        for account in accounts {
            self.move_account_sums(session, asker, *account, Sums::default()).await?;
        }
        Ok(Some(batch))
    }

    /// Which of some rows stand here in the inbox, and of which the others are not there any more. A row that never came in, or that is
    /// out of sight, is not found.
    async fn told_apart(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
        here: InboxState,
    ) -> Result<(Vec<TransactionId>, Vec<DoneBefore>), StoreError> {
        let mut found: BTreeMap<Uuid, StandsRow> = BTreeMap::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<StandsRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT id, account_id, inbox, reviewed_at IS NOT NULL AS is_reviewed, \
                     deleted_at IS NOT NULL AS is_gone FROM transactions WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            found.extend(rows.into_iter().map(|row| (row.id, row)));
        }
        let (mut there, mut elsewhere) = (Vec::new(), Vec::new());
        for id in ids {
            let row = found.get(&id.uuid()).filter(|row| asker.sees(row.account_id.into()));
            let row = row.ok_or(StoreError::NotFound("the transaction"))?;
            let state: InboxState = code(row.inbox.as_deref().ok_or(StoreError::NotFound("the row in the inbox"))?)?;
            if !row.is_gone && !row.is_reviewed && state == here {
                there.push(*id);
            } else {
                elsewhere.push((*id, row.is_gone));
            }
        }
        let still: Vec<TransactionId> = elsewhere.iter().filter(|(_, is_gone)| !is_gone).map(|(id, _)| *id).collect();
        let mut by = self.done_by(session, asker, &still).await?;
        let done = |(id, _): (TransactionId, bool)| DoneBefore { transaction: id, by: by.remove(&id) };
        Ok((there, elsewhere.into_iter().map(done).collect()))
    }

    /// The names of those who reviewed rows last, or moved them in the inbox, but for the one who asks. A rule has no person's name, whoever
    /// had it applied.
    async fn done_by(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<HashMap<TransactionId, String>, StoreError> {
        let mut latest: HashMap<TransactionId, (Option<Uuid>, String)> = HashMap::new();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let rows: Vec<(Uuid, String, Option<Uuid>, Option<String>)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT c.owner_id, b.actor, b.person_id, p.name FROM changes c \
                     JOIN batches b ON b.organization_id = c.organization_id AND b.id = c.batch_id \
                     LEFT JOIN people p ON p.id = b.person_id WHERE c.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND c.owner_id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.push(" AND c.field IN ('reviewed_at', 'inbox') AND b.undone_by IS NULL ORDER BY b.made_at, b.id");
                query.build_query_as().fetch_all(c).await?
            });
            // The last of each row is the latest.
            latest.extend(rows.into_iter().filter_map(|(id, actor, person, name)| {
                let by = if actor == BatchActor::Rule.code() { (None, BY_RULE.to_owned()) } else { (person, name?) };
                Some((id.into(), by))
            }));
        }
        let own = asker.person().map(Id::uuid);
        let others = latest.into_iter().filter(|(_, (person, _))| person.is_none() || own != *person);
        Ok(others.map(|(id, (_, name))| (id, name)).collect())
    }
}

fn check_count(count: usize) -> Result<(), StoreError> {
    if count > MAX_SELECTED {
        return Err(StoreError::Conflict("at most 20,000 rows are reviewed at once; choose fewer"));
    }
    Ok(())
}
