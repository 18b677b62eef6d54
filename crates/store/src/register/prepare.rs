//! What is looked up before the rows of a register are chosen.

use bankside_domain::{Asker, Id};
use uuid::Uuid;

use super::RegisterQuery;
use super::cashflow::Within;
use super::search::{Place, Search, push_found, push_in_place};
use crate::db::{Session, on, sql};
use crate::dialect::push_list;
use crate::transfers::push_wants_category;
use crate::vanished::{GONE, IN_BOOKS};
use crate::{Store, StoreError};

/// More than this, and a search's finds are not carried from one statement to the next. Few in tests, so that they go both ways.
const MAX_FOUND: usize = if cfg!(test) { 2 } else { 5000 };

/// What is looked up before the rows are chosen.
pub(super) struct Prepared {
    /// How many digits after the point the amounts have that are looked at; none where no amount is asked for.
    pub(super) scales: Vec<i64>,
    /// What is searched for.
    pub(super) search: Option<Search>,
    /// What the search finds, where that is not much: it is found once then, for the page and for its sums.
    pub(super) found: Option<Vec<Uuid>>,
    /// Whether the filter lets so many rows through that a page is filled soonest by walking through rows in its order.
    pub(super) is_wide: bool,
    /// What a cashflow reaches, where that is asked for.
    pub(super) reached: Option<Within>,
    /// Whether only rows of some accounts are asked for.
    pub(super) has_accounts: bool,
    /// Whether the rows stand in the books.
    pub(super) presence: &'static str,
}

impl Prepared {
    /// These rows, as far as they are in the books and in sight.
    pub(super) fn of_these(ids: Vec<Uuid>) -> Self {
        Self {
            scales: Vec::new(),
            search: None,
            found: Some(ids),
            is_wide: false,
            reached: None,
            has_accounts: false,
            presence: IN_BOOKS,
        }
    }

    /// These pending rows, as far as they have left the books because their banks stopped showing them, and are in sight.
    pub(super) fn of_gone(ids: Vec<Uuid>) -> Self {
        Self { presence: GONE, ..Self::of_these(ids) }
    }

    /// Whether other questions have the same text, so that its plan is worth keeping: not those with words, rows or accounts of their own.
    pub(super) fn is_like_others(&self) -> bool {
        self.search.is_none() && self.found.is_none() && self.reached.is_none() && !self.has_accounts
    }
}

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
        let search = Search::of(request, session);
        let found = match &search {
            Some(search) => self.found(session, asker, search).await?,
            None => None,
        };
        let is_wide = (search.is_none() || found.is_none()) && self.is_wide(session, asker, request).await?;
        let reached = self.within(session, asker, request, found.as_ref().map_or(0, Vec::len)).await?;
        let has_accounts = request.filter.accounts.is_some();
        Ok(Prepared { scales, search, found, is_wide, reached, has_accounts, presence: IN_BOOKS })
    }

    /// Whether many rows have a line of the category and the tag that are asked for.
    async fn is_wide(&self, session: &mut Session, asker: &Asker, request: &RegisterQuery) -> Result<bool, StoreError> {
        let organization = asker.organization.uuid();
        let most = i64::try_from(MAX_FOUND).unwrap_or(i64::MAX);
        let mut counts: Vec<i64> = Vec::new();
        if let Some(category) = request.filter.category {
            counts.push(on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT COUNT(*) FROM (SELECT 1 FROM transaction_lines fl WHERE fl.organization_id = ",
                );
                query.push_bind(organization).push(" AND fl.category_id ");
                match category {
                    Some(category) => _ = query.push("= ").push_bind(category.uuid()),
                    None => _ = query.push("IS NULL"),
                }
                if request.filter.wants_category() {
                    push_wants_category!(query, asker, "fl");
                }
                query.push(" LIMIT ").push_bind(most + 1).push(") x");
                query.build_query_scalar().fetch_one(c).await?
            }));
        }
        if request.filter.is_mapped {
            let text = sql!(
                "SELECT COUNT(*) FROM (SELECT 1 FROM transaction_lines
                    WHERE organization_id = $1 AND category_id IS NOT NULL LIMIT $2) x"
            );
            counts.push(on!(session, c => sqlx::query_scalar(text)
                .bind(organization)
                .bind(most + 1)
                .fetch_one(c)
                .await?));
        }
        if let Some(main) = request.filter.main_category {
            let text = sql!(
                "SELECT COUNT(*) FROM (SELECT 1 FROM categories k
                 JOIN transaction_lines l ON l.organization_id = k.organization_id AND l.category_id = k.id
                 WHERE k.organization_id = $1 AND (k.id = $2 OR k.parent_id = $2) LIMIT $3) x"
            );
            counts.push(on!(session, c => sqlx::query_scalar(text)
                .bind(organization)
                .bind(main.uuid())
                .bind(most + 1)
                .fetch_one(c)
                .await?));
        }
        if let Some(tag) = request.filter.tag {
            let text = sql!(
                "SELECT COUNT(*) FROM (SELECT 1 FROM line_tags WHERE organization_id = $1 AND tag_id = $2 LIMIT $3) x"
            );
            counts.push(on!(session, c => sqlx::query_scalar(text)
                .bind(organization)
                .bind(tag.uuid())
                .bind(most + 1)
                .fetch_one(c)
                .await?));
        }
        Ok(counts.into_iter().all(|count| count > most))
    }

    async fn scales(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
    ) -> Result<Vec<i64>, StoreError> {
        let text = session.in_sight(
            sql!(
                "SELECT DISTINCT u.scale FROM accounts a JOIN currencies u ON u.code = a.currency
             WHERE a.organization_id = $1 AND (a.id = $2 OR $2 IS NULL) /* in sight: a.id */ ORDER BY u.scale"
            ),
            asker.sight(),
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
            let mut query = sqlx::QueryBuilder::new("SELECT x.id FROM (SELECT NULL AS id WHERE 0 = 1 UNION ALL ");
            push_found!(query, organization, search, " UNION ALL ");
            query.push(") x LIMIT ").push_bind(i64::try_from(MAX_FOUND).unwrap_or(i64::MAX) + 1);
            // Planned for this very text: how much it finds decides what is quick.
            query.build_query_scalar().persistent(false).fetch_all(c).await?
        });
        if found.len() > MAX_FOUND {
            return Ok(None);
        }
        found.sort_unstable();
        found.dedup();
        Ok(Some(found))
    }
}
