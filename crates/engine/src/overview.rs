//! The overview of an organization: what it has, how it got there, and what waits for a person.
//!
//! Months are read back from today: what an account held at the end of a month is what it holds now, less the rows since. So
//! every figure of the past fits the balance beside it, and only the months that are shown are read. What was read of an
//! account is kept as long as its revision stays.

mod kept;
mod transfers;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bankside_domain::account::PendingPolicy;
use bankside_domain::cashflow::Flow;
use bankside_domain::{AccountId, Asker, CategoryId, Currency, Month};
use bankside_store::{Account, CategorySum, MonthSum, Organization};
use jiff::civil::Date;

use crate::accounts::AccountView;
use crate::status::Standing;
use crate::unfinished::MOST_COUNTED;
use crate::{Engine, EngineError};

pub(crate) use kept::KeptSums;
use transfers::Transfers;

/// How many months an average is of, and how many are shown unless the year is asked for.
const MONTHS: i32 = 12;

/// Which months to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverviewRange {
    /// This month and the eleven before it.
    #[default]
    TwelveMonths,
    /// From January on.
    ThisYear,
}

/// What to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OverviewQuery {
    /// The months of the charts.
    pub range: OverviewRange,
    /// The month that is shown by category; `None` is this one.
    pub month: Option<Month>,
}

/// What one category came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryMonth {
    /// The category; `None` is of lines without one.
    pub category: Option<CategoryId>,
    /// The names on the way to it, the outermost first; none for lines without one.
    pub path: Vec<String>,
    /// In and out in the month.
    pub flow: Flow,
    /// In and out in the months before it that the average is of, all together.
    pub before: Flow,
}

/// The overview.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Today, in the organization's zone.
    pub today: Date,
    /// The currency in which it counts.
    pub currency: Currency,
    /// The shown months, oldest first; the last is this one. Fewer than asked for where the books are younger.
    pub months: Vec<Month>,
    /// The sum of all accounts in this currency: before the first shown month, at the end of each but the last, and now.
    pub net_worth: Vec<i64>,
    /// In and out of each shown month, of the accounts in this currency.
    pub flows: Vec<Flow>,
    /// Accounts and connections as they stand; accounts in other currencies too, which are never added to the sums.
    pub standing: Standing,
    /// What each account held, in their order: before the first shown month, at the end of each but the last, and now.
    pub balances: Vec<Vec<i64>>,
    /// The month of the first row.
    pub first_month: Month,
    /// The month that is shown by category.
    pub month: Month,
    /// In and out of that month.
    pub month_flow: Flow,
    /// How many months the average is of: twelve, or as many as there are rows of before the month.
    pub average_months: i32,
    /// The categories of that month and of its average, those with the most going out first.
    pub categories: Vec<CategoryMonth>,
    /// How many rows nobody has looked at, at most [`MOST_COUNTED`] and one more.
    pub new_rows: i64,
}

/// The sums of an organization's accounts, with the accounts as they were read with them.
struct Read {
    standing: Standing,
    months: Vec<MonthSum>,
    categories: Vec<CategorySum>,
    /// What of them is neither income nor spending.
    transfers: Arc<Transfers>,
}

impl Engine {
    /// The overview.
    pub async fn overview(&self, asker: &Asker, query: &OverviewQuery) -> Result<Overview, EngineError> {
        let organization = self.store.organization(asker).await?;
        let today = self.today_in(&organization);
        let this_month = Month::of(today);
        let first_month = self.store.first_month(asker).await?.unwrap_or(this_month).min(this_month);
        let start = match query.range {
            OverviewRange::TwelveMonths => this_month.plus(1 - MONTHS),
            OverviewRange::ThisYear => this_month.january(),
        };
        let months: Vec<Month> = start.max(first_month).through(this_month).collect();
        let month = query.month.unwrap_or(this_month).clamp(first_month, this_month);
        let average_months = first_month.until(month).min(MONTHS);
        let windows = Windows {
            months_from: months.first().copied().unwrap_or(this_month).min(month),
            categories_from: month.plus(-average_months),
            month,
        };
        let Read { standing, months: sums, mut categories, transfers } = self.read_sums(asker, windows).await?;
        categories.extend_from_slice(&transfers.categories);
        let currency = self.currency_of(&organization, &standing.accounts).await?;
        let counted = Counted::of(&standing.accounts, (&sums, &transfers.months), &categories, currency);
        let paths = self.store.category_paths(asker).await?;
        let balances = balances(&standing.accounts, &counted.by_account, &months);
        Ok(Overview {
            today,
            currency,
            net_worth: net_worth(&standing.accounts, &balances, currency, months.len() + 1),
            flows: months.iter().map(|month| counted.flows.get(month).copied().unwrap_or_default()).collect(),
            standing,
            balances,
            first_month,
            month_flow: counted.flows.get(&month).copied().unwrap_or_default(),
            average_months,
            categories: by_category(&counted.categories, month, &paths),
            new_rows: self.store.count_new(asker, None, MOST_COUNTED + 1).await?,
            months,
            month,
        })
    }

    /// The organization's currency, with the scale that its amounts are in.
    async fn currency_of(&self, organization: &Organization, views: &[AccountView]) -> Result<Currency, EngineError> {
        let code = organization.currency;
        if let Some(view) = views.iter().find(|view| view.account.currency.code == code) {
            return Ok(view.account.currency);
        }
        Ok(self.store.currencies().await?.get(&code).copied().unwrap_or(Currency { code, scale: 2 }))
    }
}

/// Which months to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Windows {
    /// Balances and flows: from this month on.
    months_from: Month,
    /// Categories: from this month …
    categories_from: Month,
    /// … through this one.
    month: Month,
}

/// What counts, of all that was read.
struct Counted<'a> {
    /// What moved each account, by month.
    by_account: HashMap<AccountId, BTreeMap<Month, i64>>,
    /// In and out of the accounts in the organization's currency.
    flows: BTreeMap<Month, Flow>,
    /// The sums by category of the same accounts.
    categories: Vec<&'a CategorySum>,
}

impl<'a> Counted<'a> {
    /// `transfers` is what the flows leave out; balances move by it as by anything else.
    fn of(
        views: &[AccountView],
        (sums, transfers): (&[MonthSum], &[MonthSum]),
        categories: &'a [CategorySum],
        currency: Currency,
    ) -> Self {
        let accounts: HashMap<_, &Account> = views.iter().map(|view| (view.account.id, &view.account)).collect();
        let counts = |sum: &MonthSum| {
            let account = accounts.get(&sum.account)?;
            (!sum.is_pending || account.pending_policy == PendingPolicy::Counted).then_some(*account)
        };
        let mut by_account: HashMap<_, BTreeMap<Month, i64>> = HashMap::new();
        let mut flows: BTreeMap<Month, Flow> = BTreeMap::new();
        for sum in sums {
            let Some(account) = counts(sum) else { continue };
            let moved = by_account.entry(sum.account).or_default().entry(sum.month).or_default();
            *moved = moved.saturating_add(sum.in_minor).saturating_add(sum.out_minor);
            if account.currency.code == currency.code {
                let flow = flows.entry(sum.month).or_default();
                *flow = flow.plus(flow_of(sum));
            }
        }
        for sum in transfers {
            if counts(sum).is_some_and(|account| account.currency.code == currency.code) {
                let flow = flows.entry(sum.month).or_default();
                *flow = flow.plus(flow_of(sum));
            }
        }
        let at_home = |sum: &&CategorySum| counts(&sum.sum).is_some_and(|of| of.currency.code == currency.code);
        Self { by_account, flows, categories: categories.iter().filter(at_home).collect() }
    }
}

fn flow_of(sum: &MonthSum) -> Flow {
    Flow { in_minor: sum.in_minor, out_minor: sum.out_minor }
}

/// What each account held: now, and before that less what has moved it since.
fn balances(
    views: &[AccountView],
    moved: &HashMap<AccountId, BTreeMap<Month, i64>>,
    months: &[Month],
) -> Vec<Vec<i64>> {
    let none = BTreeMap::new();
    let of = |view: &AccountView| {
        let moved = moved.get(&view.account.id).unwrap_or(&none);
        let mut held = view.account.balance_minor();
        let mut points = vec![held];
        let mut is_last = true;
        for month in months.iter().rev() {
            // The last month is open towards the future: rows that are dated ahead have moved the balance already.
            let since = if is_last {
                moved.range(*month..).fold(0_i64, |sum, (_, minor)| sum.saturating_add(*minor))
            } else {
                moved.get(month).copied().unwrap_or(0)
            };
            held = held.saturating_sub(since);
            points.push(held);
            is_last = false;
        }
        points.reverse();
        points
    };
    views.iter().map(of).collect()
}

fn net_worth(views: &[AccountView], balances: &[Vec<i64>], currency: Currency, length: usize) -> Vec<i64> {
    let mut sums = vec![0_i64; length];
    let at_home = |(view, _): &(&AccountView, &Vec<i64>)| view.account.currency.code == currency.code;
    for (_, points) in views.iter().zip(balances).filter(at_home) {
        for (sum, held) in sums.iter_mut().zip(points) {
            *sum = sum.saturating_add(*held);
        }
    }
    sums
}

fn by_category(sums: &[&CategorySum], month: Month, paths: &HashMap<CategoryId, Vec<String>>) -> Vec<CategoryMonth> {
    let mut flows: HashMap<Option<CategoryId>, (Flow, Flow)> = HashMap::new();
    for sum in sums {
        let (flow, before) = flows.entry(sum.category).or_default();
        let part = if sum.sum.month == month { flow } else { before };
        *part = part.plus(flow_of(&sum.sum));
    }
    // Where nothing was left once transfers were left out, there is nothing to show.
    let is_something = |(flow, before): &(Flow, Flow)| *flow != Flow::default() || *before != Flow::default();
    let mut categories: Vec<CategoryMonth> = flows
        .into_iter()
        .filter(|(_, flows)| is_something(flows))
        .map(|(category, (flow, before))| {
            let path = category.and_then(|id| paths.get(&id).cloned()).unwrap_or_default();
            CategoryMonth { category, path, flow, before }
        })
        .collect();
    categories.sort_by(|a, b| {
        let key = |of: &CategoryMonth| (of.flow.left_minor(), of.before.left_minor());
        key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
    });
    categories
}

#[cfg(test)]
mod tests;
