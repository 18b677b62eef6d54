//! Which feed rows are read for a plan.

use bankside_domain::reconcile::{Digest, Window};
use bankside_domain::row::RowIdKind;
use bankside_domain::{Asker, BankAccountId, Id};
use uuid::Uuid;

use super::StoredVersion;
use super::rows::{KNOWN, KnownRow};
use crate::convert::{SqlDate, date};
use crate::db::{Session, on, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

impl Store {
    /// Known feed rows in the window, those that share an id with a row to decide, and all pending ones.
    pub(super) async fn known_rows(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        window: Option<Window>,
        versions: &[StoredVersion],
    ) -> Result<Vec<KnownRow>, StoreError> {
        let mut rows: Vec<KnownRow> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(KNOWN);
            query.push_bind(asker.organization.uuid());
            query.push(" AND v.bank_account_id = ").push_bind(bank_account.uuid());
            query.push(" AND r.status = 'pending' AND r.vanished_at IS NULL");
            query.build_query_as().fetch_all(c).await?
        });
        if let Some(window) = window {
            rows.extend::<Vec<KnownRow>>(on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(KNOWN);
                query.push_bind(asker.organization.uuid());
                query.push(" AND v.bank_account_id = ").push_bind(bank_account.uuid());
                query.push(" AND v.day BETWEEN ").push_bind(date(window.from));
                query.push(" AND ").push_bind(date(window.to));
                query.build_query_as().fetch_all(c).await?
            }));
        }
        let outside = self.versions_outside(session, asker, bank_account, window, versions).await?;
        for chunk in outside.chunks(VALUES_PER_LIST) {
            rows.extend::<Vec<KnownRow>>(on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(KNOWN);
                query.push_bind(asker.organization.uuid());
                query.push(" AND v.id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_as().fetch_all(c).await?
            }));
        }
        rows.sort_unstable_by_key(|row| row.feed_row_id);
        rows.dedup_by_key(|row| row.feed_row_id);
        Ok(rows)
    }

    /// Versions of days outside the window that share an id with a row to decide. A first import leaves none outside, and looking for
    /// each of its ids would cost more than all the rest.
    async fn versions_outside(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        window: Option<Window>,
        versions: &[StoredVersion],
    ) -> Result<Vec<Uuid>, StoreError> {
        if !self.has_rows_outside(session, asker, bank_account, window).await? {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (kind, column) in [
            (RowIdKind::Provider, "v.provider_id_digest"),
            (RowIdKind::Bank, "v.bank_id_digest"),
            (RowIdKind::Reference, "v.reference_digest"),
        ] {
            let digests: Vec<Digest> =
                versions.iter().flat_map(|version| &version.ids).filter(|id| id.0 == kind).map(|id| id.1).collect();
            for chunk in digests.chunks(VALUES_PER_LIST) {
                found.extend::<Vec<Uuid>>(on!(session, c => {
                    let mut query = sqlx::QueryBuilder::new("SELECT v.id FROM feed_row_versions v WHERE v.organization_id = ");
                    query.push_bind(asker.organization.uuid());
                    query.push(" AND v.bank_account_id = ").push_bind(bank_account.uuid());
                    query.push(" AND v.feed_row_id IS NOT NULL AND ").push(column).push(" IN ");
                    push_list(&mut query, chunk.iter().map(|digest| digest.0.as_slice()));
                    if let Some(window) = window {
                        query.push(" AND (v.day IS NULL OR v.day < ").push_bind(date(window.from));
                        query.push(" OR v.day > ").push_bind(date(window.to));
                        query.push(")");
                    }
                    query.build_query_scalar().fetch_all(c).await?
                }));
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Whether feed rows of a bank account have days outside the window, or none at all.
    async fn has_rows_outside(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        window: Option<Window>,
    ) -> Result<bool, StoreError> {
        let Some(window) = window else { return Ok(true) };
        // Each of the three is the beginning of a range of one index.
        let text = sql!(
            "SELECT v.day FROM feed_row_versions v
             WHERE v.organization_id = $1 AND v.bank_account_id = $2 AND v.feed_row_id IS NOT NULL AND v.day < $3
             UNION ALL
             SELECT v.day FROM feed_row_versions v
             WHERE v.organization_id = $1 AND v.bank_account_id = $2 AND v.feed_row_id IS NOT NULL AND v.day > $4
             UNION ALL
             SELECT v.day FROM feed_row_versions v
             WHERE v.organization_id = $1 AND v.bank_account_id = $2 AND v.feed_row_id IS NOT NULL AND v.day IS NULL
             LIMIT 1"
        );
        let found: Option<(Option<SqlDate>,)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(date(window.from))
            .bind(date(window.to))
            .fetch_optional(c)
            .await?);
        Ok(found.is_some())
    }
}
