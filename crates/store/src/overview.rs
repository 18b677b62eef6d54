//! What the overview is made of: sums of rows by month, by category, and counts that ask for a person.
//!
//! Booked and pending rows are summed apart, because which of them count is the account's policy. Scheduled and declined rows
//! move no balance and are left out.

use std::collections::HashMap;

use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, Asker, CategoryId, Code, Id, Month, Right, Sight};
use uuid::Uuid;

use crate::convert::{SqlDate, date, ids};
use crate::db::{on, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

/// A path is never longer than this, so that a ring in the tree cannot go on for ever.
const MAX_DEPTH: usize = 20;

/// The rows of one account in one month, summed by whether they are pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthSum {
    /// Of which account.
    pub account: AccountId,
    /// In which month.
    pub month: Month,
    /// Of pending rows; otherwise of booked ones.
    pub is_pending: bool,
    /// What came in, in minor units.
    pub in_minor: i64,
    /// What went out, in minor units: zero or less.
    pub out_minor: i64,
}

/// The lines of one account in one month and one category, summed by whether their rows are pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategorySum {
    /// The category; `None` is of lines without one.
    pub category: Option<CategoryId>,
    /// Account, month and sums.
    pub sum: MonthSum,
}

/// A category, in the tree of them.
#[derive(sqlx::FromRow)]
struct Node {
    id: Uuid,
    parent_id: Option<Uuid>,
    name: String,
}

#[derive(sqlx::FromRow)]
struct SumRow {
    account_id: Uuid,
    month: String,
    status: String,
    in_minor: i64,
    out_minor: i64,
}

impl SumRow {
    fn into_sum(self) -> Result<MonthSum, StoreError> {
        let month = self.month.parse().map_err(|error| StoreError::Corrupt(format!("a day: {error}")))?;
        let is_pending = self.status == RowStatus::Pending.code();
        let account = self.account_id.into();
        Ok(MonthSum { account, month, is_pending, in_minor: self.in_minor, out_minor: self.out_minor })
    }
}

#[derive(sqlx::FromRow)]
struct CategoryRow {
    category_id: Option<Uuid>,
    #[sqlx(flatten)]
    sum: SumRow,
}

/// Appends `, in_minor, out_minor` of a column, and from which rows. A day as text begins with its month on both engines.
macro_rules! push_sums {
    ($query:expr, $column:literal) => {
        $query.push(concat!(
            "t.account_id, substr(CAST(t.dated_on AS TEXT), 1, 7) AS month, t.status, \
             CAST(SUM(CASE WHEN ",
            $column,
            " > 0 THEN ",
            $column,
            " ELSE 0 END) AS BIGINT) AS in_minor, \
             CAST(SUM(CASE WHEN ",
            $column,
            " < 0 THEN ",
            $column,
            " ELSE 0 END) AS BIGINT) AS out_minor "
        ));
    };
}

/// Appends which rows are summed.
macro_rules! push_rows {
    ($query:expr, $asker:expr, $accounts:expr, $from:expr) => {
        $query.push(" WHERE t.organization_id = ").push_bind($asker.organization.uuid());
        $query.push(" AND t.deleted_at IS NULL AND t.status IN ('booked', 'pending') AND t.dated_on >= ");
        $query.push_bind(date($from.first_day())).push(" AND t.account_id IN ");
        push_list(&mut $query, $accounts.iter().map(|account| account.uuid()));
    };
}

impl Store {
    /// The sums of the rows of some accounts by month, from one month on and without an end: what is dated ahead has moved the
    /// balance already.
    pub async fn month_sums(
        &self,
        asker: &Asker,
        accounts: &[AccountId],
        from: Month,
    ) -> Result<Vec<MonthSum>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let accounts = in_sight(accounts, sight);
        let mut sums = Vec::new();
        for accounts in accounts.chunks(VALUES_PER_LIST) {
            let rows: Vec<SumRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("SELECT ");
                push_sums!(query, "t.amount_minor");
                query.push("FROM transactions t");
                push_rows!(query, asker, accounts, from);
                query.push(" GROUP BY t.account_id, 2, t.status");
                query.build_query_as().fetch_all(c).await?
            });
            sums.reserve(rows.len());
            for row in rows {
                sums.push(row.into_sum()?);
            }
        }
        Ok(sums)
    }

    /// The sums of the lines of some accounts by month and category, of the months from one through another.
    pub async fn category_sums(
        &self,
        asker: &Asker,
        accounts: &[AccountId],
        from: Month,
        through: Month,
    ) -> Result<Vec<CategorySum>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let accounts = in_sight(accounts, sight);
        let mut sums = Vec::new();
        for accounts in accounts.chunks(VALUES_PER_LIST) {
            let rows: Vec<CategoryRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("SELECT l.category_id, ");
                push_sums!(query, "l.amount_minor");
                // `CROSS` has SQLite begin with the days; from the lines it would read those of all years.
                query.push("FROM transactions t CROSS JOIN transaction_lines l");
                push_rows!(query, asker, accounts, from);
                query.push(" AND t.dated_on <= ").push_bind(date(through.last_day()));
                query.push(" AND l.organization_id = t.organization_id AND l.transaction_id = t.id");
                query.push(" GROUP BY t.account_id, 3, t.status, l.category_id");
                query.build_query_as().fetch_all(c).await?
            });
            sums.reserve(rows.len());
            for row in rows {
                sums.push(CategorySum { category: ids(row.category_id), sum: row.sum.into_sum()? });
            }
        }
        Ok(sums)
    }

    /// The month of the organization's first row; `None` where there is no row.
    pub async fn first_month(&self, asker: &Asker) -> Result<Option<Month>, StoreError> {
        // By account, so that each is one look at the start of its index.
        let text = sql!(
            "SELECT MIN(f.dated_on) FROM (SELECT (SELECT MIN(t.dated_on) FROM transactions t
                WHERE t.organization_id = a.organization_id AND t.account_id = a.id AND t.deleted_at IS NULL) AS dated_on
                FROM accounts a WHERE a.organization_id = $1 /* in sight: a.id */) AS f"
        );
        self.month_at_the_edge(asker, text).await
    }

    /// The month of the organization's last row, which may be dated ahead; `None` where there is no row.
    pub async fn last_month(&self, asker: &Asker) -> Result<Option<Month>, StoreError> {
        let text = sql!(
            "SELECT MAX(f.dated_on) FROM (SELECT (SELECT MAX(t.dated_on) FROM transactions t
                WHERE t.organization_id = a.organization_id AND t.account_id = a.id AND t.deleted_at IS NULL) AS dated_on
                FROM accounts a WHERE a.organization_id = $1 /* in sight: a.id */) AS f"
        );
        self.month_at_the_edge(asker, text).await
    }

    async fn month_at_the_edge(&self, asker: &Asker, text: &'static str) -> Result<Option<Month>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(text, sight);
        let day: Option<SqlDate> =
            on!(session, c => sqlx::query_scalar(text).bind(asker.organization.uuid()).fetch_one(c).await?);
        Ok(day.map(|day| Month::of(day.to_jiff())))
    }

    /// The revision of every account: what was read of an account holds as long as its revision stays.
    pub async fn revisions(&self, asker: &Asker) -> Result<HashMap<AccountId, i64>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session
            .in_sight(sql!("SELECT id, revision FROM accounts WHERE organization_id = $1 /* in sight: id */"), sight);
        let rows: Vec<(Uuid, i64)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        Ok(rows.into_iter().map(|(id, revision)| (id.into(), revision)).collect())
    }

    /// Every category with the names on the way to it, the outermost first.
    pub async fn category_paths(&self, asker: &Asker) -> Result<HashMap<CategoryId, Vec<String>>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!("SELECT id, parent_id, name FROM categories WHERE organization_id = $1");
        let nodes: Vec<Node> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        Ok(paths(&nodes).into_iter().map(|(id, path)| (id.into(), path)).collect())
    }
}

/// Those of the accounts that are in sight.
fn in_sight(accounts: &[AccountId], sight: &Sight) -> Vec<AccountId> {
    accounts.iter().copied().filter(|account| sight.has(*account)).collect()
}

/// The names on the way to each node of a tree.
fn paths(nodes: &[Node]) -> HashMap<Uuid, Vec<String>> {
    let by_id: HashMap<Uuid, &Node> = nodes.iter().map(|node| (node.id, node)).collect();
    let path = |node: &Node| {
        let mut names = vec![node.name.clone()];
        let mut above = node.parent_id;
        while let Some(parent) = above.and_then(|id| by_id.get(&id)).filter(|_| names.len() < MAX_DEPTH) {
            names.push(parent.name.clone());
            above = parent.parent_id;
        }
        names.reverse();
        names
    };
    nodes.iter().map(|node| (node.id, path(node))).collect()
}
