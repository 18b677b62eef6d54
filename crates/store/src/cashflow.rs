//! What lines come to by month and category, of an asset or of the organization, from sums that the database keeps beside the rows.
//!
//! Whole months are read from these sums. Where an account, or an asset above it, moved within a month, the days of that month are read
//! row by row. Booked rows count, and pending ones where their account counts them.

use std::collections::{BTreeMap, HashMap};

use bankside_domain::account::PendingPolicy;
use bankside_domain::asset::{Earlier, Places, Tree};
use bankside_domain::cashflow::{Flow, Named, Part, Reach, Stretch, Sum};
use bankside_domain::row::RowStatus;
use bankside_domain::{
    AccountId, Asker, AssetId, CategoryId, Code as _, Currency, CurrencyCode, Id as _, Month, Right,
};
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, code, date, ids};
use crate::db::{Session, on, sql};
use crate::dialect::push_list;
use crate::{Store, StoreError};

/// So many accounts are named in one statement: fewer than either engine takes parameters.
const ACCOUNTS_PER_STATEMENT: usize = 10_000;

/// What the accounts of one currency come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashflowSums {
    /// In which currency.
    pub currency: Currency,
    /// By month and category; in no order, and each pair may come more than once.
    pub sums: Vec<Sum>,
}

/// An account as cashflow needs it.
#[derive(Debug, Clone)]
pub(crate) struct Counting {
    pub(crate) currency: Currency,
    pub(crate) counts_pending: bool,
}

/// The accounts that somebody sees, and which days of each a reach has.
pub(crate) struct Reached {
    pub(crate) accounts: BTreeMap<AccountId, Counting>,
    pub(crate) stretches: BTreeMap<AccountId, Vec<Stretch>>,
    /// Whether these are all days of all accounts of the organization.
    pub(crate) is_everything: bool,
}

impl Reached {
    /// The accounts that count for the same days.
    pub(crate) fn by_stretch(&self) -> Vec<(Stretch, Vec<AccountId>)> {
        let mut lots: BTreeMap<Stretch, Vec<AccountId>> = BTreeMap::new();
        for (account, stretches) in &self.stretches {
            for stretch in stretches {
                lots.entry(*stretch).or_default().push(*account);
            }
        }
        lots.into_iter().collect()
    }
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    id: Uuid,
    asset_id: Option<Uuid>,
    currency: String,
    scale: i64,
    pending_policy: String,
}

#[derive(sqlx::FromRow)]
struct SumRow {
    category_id: Option<Uuid>,
    month: String,
    in_minor: i64,
    out_minor: i64,
}

impl SumRow {
    fn into_sum(self) -> Result<Sum, StoreError> {
        let month: Month = self.month.parse().map_err(|error| StoreError::Corrupt(format!("a day: {error}")))?;
        // A category of zeros is none.
        let category: Option<CategoryId> = ids(self.category_id.filter(|id| !id.is_nil()));
        Ok(Sum { category, month, flow: Flow { in_minor: self.in_minor, out_minor: self.out_minor } })
    }
}

/// Which rows are added up together: those of one currency, of one part of time, and of one state.
type Lot = (CurrencyCode, Part, RowStatus);

impl Store {
    /// What lines come to by month and category, from one month through another, for each currency of the accounts that are reached.
    pub async fn cashflow(
        &self,
        asker: &Asker,
        reach: Reach,
        from: Month,
        through: Month,
    ) -> Result<Vec<CashflowSums>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let reached = self.reached(&mut session, asker, reach).await?;
        let mut lots: BTreeMap<Lot, Vec<AccountId>> = BTreeMap::new();
        let mut by_currency: BTreeMap<CurrencyCode, CashflowSums> = BTreeMap::new();
        for (account, stretches) in &reached.stretches {
            let Some(counting) = reached.accounts.get(account) else { continue };
            let currency = counting.currency;
            by_currency.entry(currency.code).or_insert_with(|| CashflowSums { currency, sums: Vec::new() });
            for part in stretches.iter().flat_map(|stretch| stretch.parts(from, through)) {
                lots.entry((currency.code, part, RowStatus::Booked)).or_default().push(*account);
                if counting.counts_pending {
                    lots.entry((currency.code, part, RowStatus::Pending)).or_default().push(*account);
                }
            }
        }
        for ((currency, part, status), accounts) in lots {
            let rows = match part {
                Part::Months(first, last) => {
                    // Where all count, none need be named.
                    let is_all = !asker.is_restricted() && accounts.len() == reached.accounts.len();
                    let accounts = (!is_all).then_some(accounts.as_slice());
                    self.sums_of_months(&mut session, asker, (first, last), status, accounts).await?
                }
                Part::Days(first, last) => {
                    self.sums_of_days(&mut session, asker, (first, last), status, &accounts).await?
                }
            };
            if let Some(of) = by_currency.get_mut(&currency) {
                of.sums.extend(rows);
            }
        }
        for (currency, transferred) in self.own_transfers(&mut session, asker, &reached, (from, through)).await? {
            if let Some(of) = by_currency.get_mut(&currency) {
                let Sum { category, month, flow } = transferred;
                let flow = Flow { in_minor: -flow.in_minor, out_minor: -flow.out_minor };
                of.sums.push(Sum { category, month, flow });
            }
        }
        Ok(by_currency.into_values().collect())
    }

    /// The names of the categories that are there, each after the one above it, in the order in which people know them.
    pub async fn category_names(&self, asker: &Asker) -> Result<Vec<Named>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!(
            "SELECT k.id, k.parent_id, k.name FROM categories k
             LEFT JOIN categories m ON m.organization_id = k.organization_id AND m.id = k.parent_id
             WHERE k.organization_id = $1 AND (k.gone_at IS NULL OR EXISTS (SELECT 1 FROM categories below
                JOIN transaction_lines g ON g.organization_id = below.organization_id AND g.category_id = below.id
                JOIN transactions gt ON gt.organization_id = g.organization_id AND gt.id = g.transaction_id
                WHERE below.organization_id = k.organization_id AND (below.id = k.id OR below.parent_id = k.id)
                    AND gt.deleted_at IS NULL))
             ORDER BY COALESCE(m.position, k.position), COALESCE(m.name_folded, k.name_folded),
                CASE WHEN k.parent_id IS NULL THEN 0 ELSE 1 END, k.position, k.name_folded, k.id"
        );
        let rows: Vec<(Uuid, Option<Uuid>, String)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let named =
            |(id, parent, name): (Uuid, Option<Uuid>, String)| Named { id: id.into(), parent: ids(parent), name };
        Ok(rows.into_iter().map(named).collect())
    }

    /// Which days of which accounts a reach has, as far as they are in sight.
    pub(crate) async fn reached(
        &self,
        session: &mut Session,
        asker: &Asker,
        reach: Reach,
    ) -> Result<Reached, StoreError> {
        let organization = asker.organization.uuid();
        let tree = self.tree_within(session, asker).await?;
        if let Some(asset) = reach.asset {
            tree.get(asset).ok_or(StoreError::NotFound("the asset"))?;
        }
        let text = session.in_sight(
            sql!(
                "SELECT a.id, a.asset_id, a.currency, u.scale, a.pending_policy FROM accounts a
                 JOIN currencies u ON u.code = a.currency WHERE a.organization_id = $1 /* in sight: a.id */"
            ),
            asker.sight(),
        );
        let rows: Vec<AccountRow> = on!(session, c => sqlx::query_as(text).bind(organization).fetch_all(c).await?);
        let text = session.in_sight(
            sql!(
                "SELECT e.account_id, e.until_on, e.asset_id FROM earlier_assets e
                 WHERE e.organization_id = $1 /* in sight: e.account_id */ ORDER BY e.account_id, e.until_on"
            ),
            asker.sight(),
        );
        let earlier: Vec<(Uuid, SqlDate, Option<Uuid>)> =
            on!(session, c => sqlx::query_as(text).bind(organization).fetch_all(c).await?);
        let mut places: BTreeMap<AccountId, Places> = BTreeMap::new();
        let mut accounts: BTreeMap<AccountId, Counting> = BTreeMap::new();
        for row in rows {
            let id: AccountId = row.id.into();
            places.insert(id, Places { now: ids(row.asset_id), earlier: Vec::new() });
            let policy: PendingPolicy = code(&row.pending_policy)?;
            let currency = crate::register::scaled(&row.currency, row.scale)?;
            accounts.insert(id, Counting { currency, counts_pending: policy == PendingPolicy::Counted });
        }
        for (account, until, under) in earlier {
            if let Some(places) = places.get_mut(&account.into()) {
                let until = until.to_jiff();
                places.earlier.push(Earlier { until, under: ids(under) });
            }
        }
        for places in places.values_mut() {
            *places = places.within(&tree);
        }
        let assets = self.places_of_assets(session, asker, &tree).await?;
        let stretches = reach.stretches(&places, &assets);
        let is_whole = |account: &AccountId| stretches.get(account).is_some_and(|of| *of == [Stretch::default()]);
        let is_everything = !asker.is_restricted() && accounts.keys().all(is_whole);
        Ok(Reached { accounts, stretches, is_everything })
    }

    /// Under what every asset in sight stands and stood.
    async fn places_of_assets(
        &self,
        session: &mut Session,
        asker: &Asker,
        tree: &Tree,
    ) -> Result<HashMap<AssetId, Places>, StoreError> {
        let mut earlier = self.earlier_parents(session, asker).await?;
        let places = tree.all().iter().map(|asset| {
            let earlier = earlier.remove(&asset.id).unwrap_or_default();
            (asset.id, Places { now: asset.parent, earlier }.within(tree))
        });
        Ok(places.collect())
    }

    /// The kept sums of whole months; of all accounts where none are named.
    async fn sums_of_months(
        &self,
        session: &mut Session,
        asker: &Asker,
        (first, last): (Month, Month),
        status: RowStatus,
        accounts: Option<&[AccountId]>,
    ) -> Result<Vec<Sum>, StoreError> {
        let lists: Vec<Option<&[AccountId]>> = match accounts {
            None => vec![None],
            Some(accounts) => accounts.chunks(ACCOUNTS_PER_STATEMENT).map(Some).collect(),
        };
        let mut sums = Vec::new();
        for list in lists {
            let rows: Vec<SumRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT m.category_id, m.month, CAST(SUM(m.in_minor) AS BIGINT) AS in_minor, \
                     CAST(SUM(m.out_minor) AS BIGINT) AS out_minor FROM month_sums m WHERE m.organization_id = ",
                );
                query.push_bind(asker.organization.uuid());
                query.push(" AND m.month >= ").push_bind(first.to_string());
                query.push(" AND m.month <= ").push_bind(last.to_string());
                query.push(" AND m.status = ").push_bind(status.code());
                if let Some(list) = list {
                    query.push(" AND m.account_id IN ");
                    push_list(&mut query, list.iter().map(|account| account.uuid()));
                }
                query.push(" GROUP BY m.month, m.category_id HAVING SUM(m.line_count) > 0");
                query.build_query_as().persistent(list.is_none()).fetch_all(c).await?
            });
            for row in rows {
                sums.push(row.into_sum()?);
            }
        }
        Ok(sums)
    }

    /// The sums of the rows of some days, read row by row.
    async fn sums_of_days(
        &self,
        session: &mut Session,
        asker: &Asker,
        (first, last): (Date, Date),
        status: RowStatus,
        accounts: &[AccountId],
    ) -> Result<Vec<Sum>, StoreError> {
        let mut sums = Vec::new();
        for list in accounts.chunks(ACCOUNTS_PER_STATEMENT) {
            let rows: Vec<SumRow> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("SELECT l.category_id, ");
                query.push_bind(Month::of(first).to_string()).push(
                    " AS month, CAST(SUM(CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS in_minor, \
                     CAST(SUM(CASE WHEN l.amount_minor < 0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS out_minor \
                     FROM transactions t CROSS JOIN transaction_lines l WHERE t.organization_id = ",
                );
                query.push_bind(asker.organization.uuid());
                query.push(" AND t.deleted_at IS NULL AND t.status = ").push_bind(status.code());
                query.push(" AND t.dated_on >= ").push_bind(date(first));
                query.push(" AND t.dated_on <= ").push_bind(date(last));
                query.push(" AND t.account_id IN ");
                push_list(&mut query, list.iter().map(|account| account.uuid()));
                query.push(
                    " AND l.organization_id = t.organization_id AND l.transaction_id = t.id GROUP BY l.category_id",
                );
                query.build_query_as().persistent(false).fetch_all(c).await?
            });
            for row in rows {
                sums.push(row.into_sum()?);
            }
        }
        Ok(sums)
    }
}

/// Appends that a row counts on its day: `$lots` has the accounts that count for the same days.
macro_rules! push_stretches {
    ($query:expr, $lots:expr, $account:expr, $day:expr) => {{
        match $lots.as_slice() {
            [(stretch, accounts)] if *stretch == bankside_domain::cashflow::Stretch::default() => {
                $query.push(" AND ").push($account).push(" IN ");
                push_list(&mut $query, accounts.iter().map(|account| account.uuid()));
            }
            lots => {
                $query.push(" AND (0 = 1");
                for (stretch, accounts) in lots {
                    $query.push(" OR (").push($account).push(" IN ");
                    push_list(&mut $query, accounts.iter().map(|account| account.uuid()));
                    if let Some(from) = stretch.from {
                        $query.push(" AND ").push($day).push(" >= ").push_bind(date(from));
                    }
                    if let Some(until) = stretch.until {
                        $query.push(" AND ").push($day).push(" < ").push_bind(date(until));
                    }
                    $query.push(")");
                }
                $query.push(")");
            }
        }
    }};
}

pub(crate) use push_stretches;
