//! The inbox: whether there is one, what waits in it, and what its flags are derived from.

mod evidence;
mod flags;
mod reviewing;

use bankside_domain::{Asker, Id, PersonId, Right};

pub use self::flags::InboxFlag;
pub use self::reviewing::{AcceptLine, AcceptTarget, BY_RULE, DoneBefore, Reviewed};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// Which rows of the inbox a register shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxRows {
    /// Those that wait.
    Waiting,
    /// Those of them that this person is asked about.
    AskedOf(PersonId),
    /// Those of them that this person is not asked about.
    NotAskedOf(PersonId),
    /// Those that were hidden.
    Hidden,
}

impl InboxRows {
    /// The condition on a row `t`: the very one of the index that has them.
    pub(crate) fn condition(self) -> &'static str {
        match self {
            Self::Hidden => " AND t.reviewed_at IS NULL AND t.inbox = 'hidden'",
            Self::Waiting | Self::AskedOf(_) | Self::NotAskedOf(_) => {
                " AND t.reviewed_at IS NULL AND t.inbox = 'waiting'"
            }
        }
    }

    /// Whether somebody must be asked about the row, or must not.
    pub(crate) fn asked(self) -> Option<(&'static str, PersonId)> {
        match self {
            Self::AskedOf(person) => Some((" AND EXISTS", person)),
            Self::NotAskedOf(person) => Some((" AND NOT EXISTS", person)),
            Self::Waiting | Self::Hidden => None,
        }
    }
}

/// Whether there is an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxSwitches {
    /// Whether rows that come wait in it.
    pub is_on: bool,
    /// Whether the one who asks wants it beside the other pages.
    pub is_wanted: bool,
}

/// How much waits in the inbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InboxCount {
    /// How many rows, counted up to a limit.
    pub waiting: i64,
    /// How many of them the one who asks is asked about.
    pub asked: i64,
}

impl Store {
    /// Whether the organization has an inbox, and whether the one who asks wants it.
    pub async fn inbox_switches(&self, asker: &Asker) -> Result<InboxSwitches, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!(
            "SELECT o.has_inbox, COALESCE(m.wants_inbox, TRUE) FROM organizations o
             LEFT JOIN members m ON m.organization_id = o.id AND m.person_id = $2 WHERE o.id = $1"
        );
        let row: Option<(bool, bool)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(asker.person().map(Id::uuid))
            .fetch_optional(c)
            .await?);
        let (is_on, is_wanted) = row.ok_or(StoreError::NotFound("the organization"))?;
        Ok(InboxSwitches { is_on, is_wanted })
    }

    /// Has rows that come wait in an inbox from now on, or not any more. What waits stays where it is.
    pub async fn switch_inbox(&self, asker: &Asker, is_on: bool) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageCategories)?).await?;
        let text = sql!("UPDATE organizations SET has_inbox = $2 WHERE id = $1 AND has_inbox <> $2");
        if run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(is_on)) > 0 {
            let id = asker.organization.to_string();
            self.audit_within(&mut session, asker, "inbox.switched", &id, if is_on { "on" } else { "off" }).await?;
        }
        session.commit().await
    }

    /// Whether the one who asks wants the inbox beside the other pages.
    pub async fn want_inbox(&self, asker: &Asker, wants: bool) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::SeeBooks)?.0).await?;
        let own = asker.person().ok_or(StoreError::NotFound("the member"))?;
        let text = sql!("UPDATE members SET wants_inbox = $3 WHERE organization_id = $1 AND person_id = $2");
        let done = run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(own.uuid()).bind(wants));
        if done == 0 {
            return Err(StoreError::NotFound("the member"));
        }
        session.commit().await
    }

    /// How much waits, each counted up to a limit.
    pub async fn count_inbox(&self, asker: &Asker, at_most: i64) -> Result<InboxCount, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT COUNT(*) FROM (SELECT 1 FROM transactions WHERE organization_id = $1 AND inbox = 'waiting'
                    AND reviewed_at IS NULL AND deleted_at IS NULL /* in sight: account_id */ LIMIT $2) AS found"
            ),
            sight,
        );
        let waiting: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(at_most)
            .fetch_one(c)
            .await?);
        // Nobody is asked about anything where nothing waits.
        let Some(person) = asker.person().filter(|_| waiting > 0) else {
            return Ok(InboxCount { waiting, asked: 0 });
        };
        let text = session.in_sight(
            sql!(
                "SELECT COUNT(*) FROM (SELECT 1 FROM inbox_flags f
                    JOIN transactions t ON t.organization_id = f.organization_id AND t.id = f.transaction_id
                    WHERE f.organization_id = $1 AND f.to_id = $2 AND t.inbox = 'waiting' AND t.reviewed_at IS NULL
                    AND t.deleted_at IS NULL /* in sight: t.account_id */ LIMIT $3) AS found"
            ),
            sight,
        );
        let asked: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(person.uuid())
            .bind(at_most)
            .fetch_one(c)
            .await?);
        Ok(InboxCount { waiting, asked })
    }

    /// Whether rows that come wait in an inbox.
    pub(crate) async fn has_inbox(&self, session: &mut Session, asker: &Asker) -> Result<bool, StoreError> {
        let text = sql!("SELECT has_inbox FROM organizations WHERE id = $1");
        let is_on: Option<bool> =
            on!(session, c => sqlx::query_scalar(text).bind(asker.organization.uuid()).fetch_optional(c).await?);
        Ok(is_on.unwrap_or(false))
    }
}
