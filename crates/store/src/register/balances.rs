//! What an account came to with each of its rows.

use bankside_domain::account::PendingPolicy;
use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, Asker, Id};

use super::choosing::push_scope;
use super::filter::RegisterQuery;
use super::sort::Sort;
use super::{RegisterRow, Window};
use crate::db::{Session, on};
use crate::dialect::push_sight;
use crate::{Store, StoreError};

impl Store {
    /// Writes beside each row what the account came to with it, where the register shows all of one account by its days.
    pub(super) async fn run_balances(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        window: Window,
        rows: &mut [RegisterRow],
    ) -> Result<(), StoreError> {
        let (Some(account), Sort::Date) = (request.account, request.sort) else { return Ok(()) };
        if rows.is_empty() {
            return Ok(());
        }
        let account = self.account(asker, account).await?;
        let counts_pending = account.pending_policy == PendingPolicy::Counted;
        let counts = |row: &&mut RegisterRow| match row.status {
            RowStatus::Booked => true,
            RowStatus::Pending => counts_pending,
            RowStatus::Scheduled | RowStatus::Declined => false,
        };
        let mut counted: Vec<&mut RegisterRow> = rows.iter_mut().filter(counts).collect();
        if window.is_ascending != request.is_ascending {
            counted.reverse();
        }
        let passed = self.sum_passed(session, asker, account.id, window, counts_pending).await?;
        if window.is_ascending {
            let mut balance = account.opening_minor.saturating_add(passed);
            for row in counted {
                balance = balance.saturating_add(row.amount_minor);
                row.balance_minor = Some(balance);
            }
        } else {
            let mut balance = account.balance_minor().saturating_sub(passed);
            for row in counted {
                row.balance_minor = Some(balance);
                balance = balance.saturating_sub(row.amount_minor);
            }
        }
        Ok(())
    }

    /// What the rows come to that a window passes over, of those that count.
    async fn sum_passed(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        window: Window,
        counts_pending: bool,
    ) -> Result<i64, StoreError> {
        if window.offset == 0 {
            return Ok(0);
        }
        Ok(on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT CAST(COALESCE(SUM(CASE WHEN x.status = 'booked' THEN x.amount_minor WHEN x.status = 'pending' AND ",
            );
            query.push_bind(counts_pending);
            query.push(" THEN x.amount_minor ELSE 0 END), 0) AS BIGINT) FROM (SELECT t.status, t.amount_minor");
            query.push(" FROM transactions t");
            push_scope!(query, asker, Some(account));
            query.push(Sort::Date.order(window.is_ascending)).push(" LIMIT ").push_bind(window.offset).push(") x");
            query.build_query_scalar().fetch_one(c).await?
        }))
    }
}
