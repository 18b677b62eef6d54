//! What is looked up before the rows of a register are chosen.

use bankside_domain::{Asker, Id};
use uuid::Uuid;

use super::RegisterQuery;
use super::filter::{Prepared, Search, push_lines};
use crate::db::{Session, on, sql};
use crate::dialect::push_list;
use crate::{Store, StoreError};

/// More than this, and a search's finds are not carried from one statement to the next. Few in tests, so that they go both ways.
const MAX_FOUND: usize = if cfg!(test) { 2 } else { 5000 };

impl Store {
    pub(super) async fn prepare(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
    ) -> Result<Prepared, StoreError> {
        let scales = if request.filter.min.is_some() || request.filter.max.is_some() {
            self.scales(session, asker, request).await?
        } else {
            Vec::new()
        };
        let found = match Search::of(request) {
            Some(search) => self.found(session, asker, &search).await?,
            None => None,
        };
        Ok(Prepared { scales, found })
    }

    async fn scales(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
    ) -> Result<Vec<i64>, StoreError> {
        let text = sql!(
            "SELECT DISTINCT u.scale FROM accounts a JOIN currencies u ON u.code = a.currency
             WHERE a.organization_id = $1 AND (a.id = $2 OR $2 IS NULL) ORDER BY u.scale"
        );
        Ok(on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(request.account.map(Id::uuid))
            .fetch_all(c)
            .await?))
    }

    /// The transactions that a search finds; `None` where that is too many.
    async fn found(
        &self,
        session: &mut Session,
        asker: &Asker,
        search: &Search,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        let organization = asker.organization.uuid();
        let mut found: Vec<Uuid> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT t.id FROM transactions t WHERE t.deleted_at IS NULL AND t.organization_id = ",
            );
            query.push_bind(organization);
            query.push(" AND t.payee_id IN (SELECT p.id FROM payees p WHERE p.organization_id = ").push_bind(organization);
            query.push(" AND p.name_folded LIKE ").push_bind(search.pattern.clone()).push(" ESCAPE '\\')");
            if !search.minors.is_empty() {
                query.push(
                    " UNION ALL SELECT t.id FROM transactions t WHERE t.deleted_at IS NULL AND t.organization_id = ",
                );
                query.push_bind(organization);
                query.push(" AND t.account_id IN (SELECT a.id FROM accounts a WHERE a.organization_id = ");
                query.push_bind(organization).push(") AND t.amount_minor IN ");
                push_list(&mut query, search.minors.iter().flat_map(|minor| [*minor, -*minor]));
            }
            query.push(" UNION ALL SELECT s.transaction_id");
            push_lines!(query, organization, search);
            query.push(" LIMIT ").push_bind(i64::try_from(MAX_FOUND).unwrap_or(i64::MAX) + 1);
            query.build_query_scalar().fetch_all(c).await?
        });
        if found.len() > MAX_FOUND {
            return Ok(None);
        }
        found.sort_unstable();
        found.dedup();
        Ok(Some(found))
    }
}
