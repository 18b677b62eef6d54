//! What members ask each other about rows that wait.

use std::collections::HashMap;

use bankside_domain::{Asker, Id, PersonId, Right, TransactionId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::accounts::Sums;
use crate::convert::{ids, instant, micros};
use crate::db::{on, run, sql};
use crate::dialect::{VALUES_PER_LIST, push_list, push_sight};
use crate::{Store, StoreError};

/// What somebody asks a colleague about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxFlag {
    /// Who asks; `None` is Bankside itself.
    pub from: Option<PersonId>,
    /// Their name.
    pub from_name: Option<String>,
    /// Who is asked.
    pub to: PersonId,
    /// Their name.
    pub to_name: String,
    /// What is asked.
    pub note: String,
    /// When.
    pub flagged_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct FlagRow {
    transaction_id: Uuid,
    from_id: Option<Uuid>,
    from_name: Option<String>,
    to_id: Uuid,
    to_name: String,
    note: String,
    flagged_at: i64,
}

impl Store {
    /// Asks a member about a row that waits, in place of whatever was asked about it before.
    pub async fn flag_for(
        &self,
        asker: &Asker,
        transaction: TransactionId,
        to: PersonId,
        note: &str,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::EditBooks)?).await?;
        self.lock_accounts_of(&mut session, asker, &[transaction], None).await?;
        let account = self.waiting_account(&mut session, asker, transaction).await?;
        let text = sql!("SELECT COUNT(*) FROM members WHERE organization_id = $1 AND person_id = $2");
        let members: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(to.uuid())
            .fetch_one(c)
            .await?);
        if members == 0 {
            return Err(StoreError::NotFound("the member"));
        }
        let text = sql!(
            "INSERT INTO inbox_flags (organization_id, transaction_id, from_id, to_id, note, flagged_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (organization_id, transaction_id) DO UPDATE SET from_id = excluded.from_id,
                to_id = excluded.to_id, note = excluded.note, flagged_at = excluded.flagged_at"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(transaction.uuid())
                .bind(asker.person().map(Id::uuid))
                .bind(to.uuid())
                .bind(note)
                .bind(micros(self.ambient.now()))
        );
        // Whoever looks at the inbox is told.
        self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        session.commit().await
    }

    /// Takes back what was asked about a row.
    pub async fn take_flag_off(&self, asker: &Asker, transaction: TransactionId) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        self.lock_accounts_of(&mut session, asker, &[transaction], None).await?;
        let account = self.waiting_account(&mut session, asker, transaction).await?;
        let text = sql!("DELETE FROM inbox_flags WHERE organization_id = $1 AND transaction_id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(transaction.uuid()));
        self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        session.commit().await
    }

    /// The account of a row that waits in sight.
    async fn waiting_account(
        &self,
        session: &mut crate::db::Session,
        asker: &Asker,
        transaction: TransactionId,
    ) -> Result<bankside_domain::AccountId, StoreError> {
        let text = sql!(
            "SELECT account_id FROM transactions WHERE organization_id = $1 AND id = $2 AND inbox = 'waiting'
                AND reviewed_at IS NULL AND deleted_at IS NULL"
        );
        let account: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(transaction.uuid())
            .fetch_optional(c)
            .await?);
        let account = account.map(bankside_domain::AccountId::from).filter(|account| asker.sees(*account));
        account.ok_or(StoreError::NotFound("the row in the inbox"))
    }

    /// What is asked about rows in sight.
    pub async fn inbox_flags(
        &self,
        asker: &Asker,
        transactions: &[TransactionId],
    ) -> Result<HashMap<TransactionId, InboxFlag>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let mut flags = HashMap::new();
        for chunk in transactions.chunks(VALUES_PER_LIST) {
            let rows: Vec<FlagRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT f.transaction_id, f.from_id, a.name AS from_name, f.to_id, b.name AS to_name, f.note, \
                     f.flagged_at FROM inbox_flags f \
                     JOIN transactions t ON t.organization_id = f.organization_id AND t.id = f.transaction_id \
                     LEFT JOIN people a ON a.id = f.from_id JOIN people b ON b.id = f.to_id \
                     WHERE f.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND f.transaction_id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                push_sight(&mut query, "t", sight);
                query.build_query_as().fetch_all(c).await?
            });
            for row in rows {
                let flag = InboxFlag {
                    from: ids(row.from_id),
                    from_name: row.from_name,
                    to: row.to_id.into(),
                    to_name: row.to_name,
                    note: row.note,
                    flagged_at: instant(row.flagged_at)?,
                };
                flags.insert(row.transaction_id.into(), flag);
            }
        }
        Ok(flags)
    }
}
