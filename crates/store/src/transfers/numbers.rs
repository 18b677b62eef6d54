//! What the bytes of banks say of numbers and other sides, where it was not read when they came.

use bankside_domain::reconcile::Digest;
use bankside_domain::{Asker, BankAccountId, FeedRowVersionId, Id, Right};
use bankside_vault::{Sealed, WrappedKey};
use uuid::Uuid;

use crate::db::{on, run, sql};
use crate::feed_rows::{OTHER_SIDE_VERSION, OtherSide};
use crate::{Store, StoreError};

/// A bank account whose number has not been looked at yet.
#[derive(Debug, Clone)]
pub struct UnreadNumber {
    /// Which one.
    pub bank_account: BankAccountId,
    /// Its key.
    pub data_key: WrappedKey,
    /// Its number and the like, sealed.
    pub details: Sealed,
}

impl Store {
    /// The bank accounts whose numbers have not been looked at yet.
    pub async fn unread_numbers(&self, asker: &Asker) -> Result<Vec<UnreadNumber>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT b.id, b.data_key, b.details FROM bank_accounts b WHERE b.organization_id = $1
                AND NOT EXISTS (SELECT 1 FROM account_numbers n WHERE n.organization_id = b.organization_id AND n.bank_account_id = b.id)"
        );
        let rows: Vec<(Uuid, Vec<u8>, Vec<u8>)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let unread = |(id, key, details): (Uuid, Vec<u8>, Vec<u8>)| UnreadNumber {
            bank_account: id.into(),
            data_key: WrappedKey::from_bytes(key),
            details: Sealed::from_bytes(details),
        };
        Ok(rows.into_iter().map(unread).collect())
    }

    /// Keeps the digests of numbers of bank accounts; `None` of those that have none.
    pub async fn keep_numbers(
        &self,
        asker: &Asker,
        numbers: &[(BankAccountId, Option<Digest>)],
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "INSERT INTO account_numbers (organization_id, bank_account_id, digest) VALUES ($1, $2, $3)
             ON CONFLICT (organization_id, bank_account_id) DO UPDATE SET digest = excluded.digest"
        );
        for (bank_account, digest) in numbers {
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(bank_account.uuid())
                    .bind(digest.map(|digest| digest.0.to_vec()))
            );
        }
        session.commit().await
    }

    /// Contents whose other side nobody has read from their bytes yet, at most so many.
    pub async fn without_other_side(&self, asker: &Asker, limit: i64) -> Result<Vec<FeedRowVersionId>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT id FROM feed_row_versions WHERE organization_id = $1 AND other_side_version IS NULL ORDER BY id LIMIT $2"
        );
        let ids: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(limit)
            .fetch_all(c)
            .await?);
        Ok(ids.into_iter().map(FeedRowVersionId::from).collect())
    }

    /// Keeps what contents say of their other side. Nothing else of a content changes.
    pub async fn keep_other_sides(
        &self,
        asker: &Asker,
        sides: &[(FeedRowVersionId, OtherSide)],
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "UPDATE feed_row_versions SET counterparty_digest = $3, creditor_digest = $4, end_to_end_digest = $5, original_minor = $6,
                original_currency = $7, other_side_version = $8
             WHERE organization_id = $1 AND id = $2"
        );
        for (id, side) in sides {
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(id.uuid())
                    .bind(side.counterparty.map(|digest| digest.0.to_vec()))
                    .bind(side.creditor.map(|digest| digest.0.to_vec()))
                    .bind(side.end_to_end.map(|digest| digest.0.to_vec()))
                    .bind(side.original.map(|(minor, _)| minor))
                    .bind(side.original.map(|(_, currency)| String::from(currency)))
                    .bind(OTHER_SIDE_VERSION)
            );
        }
        session.commit().await
    }
}
