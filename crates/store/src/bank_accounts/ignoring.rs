//! Bank accounts about which nothing is asked.

use bankside_domain::{Asker, BankAccountId, Id, Right};

use crate::convert::micros;
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

impl Store {
    /// Says of a bank account that nothing is asked about it, or takes that back. One that feeds an account cannot be ignored.
    pub async fn ignore_bank_account(
        &self,
        asker: &Asker,
        id: BankAccountId,
        is_ignored: bool,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let text = sql!(
            "SELECT b.ignored_at IS NOT NULL, EXISTS (SELECT 1 FROM feeds f WHERE f.organization_id = b.organization_id
                AND f.bank_account_id = b.id AND f.until_at IS NULL AND NOT f.is_shadow)
             FROM bank_accounts b WHERE b.organization_id = $1 AND b.id = $2"
        );
        let known: Option<(bool, bool)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        match known {
            None => return Err(StoreError::NotFound("the bank account")),
            Some((is_so, _)) if is_so == is_ignored => return Ok(()),
            Some((_, true)) if is_ignored => {
                return Err(StoreError::Conflict("this bank account is linked; unlink it first"));
            }
            Some(_) => {}
        }
        let ignored_at = is_ignored.then(|| micros(self.ambient.now()));
        self.set_ignored(&mut session, asker, id, ignored_at).await?;
        let action = if is_ignored { "bank_account.ignored" } else { "bank_account.taken_up" };
        self.audit_within(&mut session, asker, action, &id.to_string(), "").await?;
        session.commit().await
    }

    /// Writes since when nothing is asked about a bank account.
    pub(crate) async fn set_ignored(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: BankAccountId,
        ignored_at: Option<i64>,
    ) -> Result<(), StoreError> {
        let text = sql!("UPDATE bank_accounts SET ignored_at = $3 WHERE organization_id = $1 AND id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()).bind(ignored_at));
        Ok(())
    }
}
