//! How much there is left to do with the rows of an account, or of all.

use bankside_domain::{AccountId, Asker, Id, Right};

use crate::db::{on, sql};
use crate::{Store, StoreError};

impl Store {
    /// How many rows banks have brought that nobody has looked at, counted up to a limit.
    pub async fn count_new(&self, asker: &Asker, account: Option<AccountId>, at_most: i64) -> Result<i64, StoreError> {
        let text = sql!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM transactions WHERE organization_id = $1 AND deleted_at IS NULL
                AND reviewed_at IS NULL AND provider_dated_on IS NOT NULL AND (account_id = $2 OR $2 IS NULL)
                /* in sight: account_id */ LIMIT $3) AS found"
        );
        self.count_to(text, asker, account, at_most).await
    }

    /// How many rows have a line that wants a category and has none, counted up to a limit: of what has moved money, and is not what a
    /// transfer between two accounts in sight has moved.
    pub async fn count_without_category(
        &self,
        asker: &Asker,
        account: Option<AccountId>,
        at_most: i64,
    ) -> Result<i64, StoreError> {
        // `CROSS` has SQLite begin with the lines: who keeps up with them has few without a category, and who does not
        // has soon counted enough.
        let text = sql!(
            "SELECT COUNT(*) FROM (SELECT DISTINCT l.transaction_id FROM transaction_lines l CROSS JOIN transactions t
                WHERE l.organization_id = $1 AND l.category_id IS NULL AND t.organization_id = l.organization_id
                AND t.id = l.transaction_id AND t.deleted_at IS NULL AND t.status IN ('booked', 'pending')
                AND (t.account_id = $2 OR $2 IS NULL) /* in sight: t.account_id */
                AND NOT EXISTS (SELECT 1 FROM linked_rows lr WHERE lr.organization_id = l.organization_id
                    AND lr.transaction_id = l.transaction_id AND (lr.lost_minor = 0 OR l.id <> (SELECT lf.line_id FROM transfer_fees lf
                        WHERE lf.organization_id = lr.organization_id AND lf.transaction_id = lr.transaction_id))
                    /* in sight: lr.other_account_id */) LIMIT $3) AS found"
        );
        self.count_to(text, asker, account, at_most).await
    }

    async fn count_to(
        &self,
        text: &'static str,
        asker: &Asker,
        account: Option<AccountId>,
        at_most: i64,
    ) -> Result<i64, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(text, sight);
        Ok(on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.map(Id::uuid))
            .bind(at_most)
            .fetch_one(c)
            .await?))
    }
}
