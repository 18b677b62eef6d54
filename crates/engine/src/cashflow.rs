//! Cashflow of an asset or of the organization: what came in and went out by month and category, one table for each currency.

mod kept;

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::asset::AssetStage;
use bankside_domain::cashflow::{Reach, Sum, Table};
use bankside_domain::{Asker, CategoryId, Currency, CurrencyCode, Month};
use jiff::civil::Date;

use crate::{Conversion, Engine, EngineError};

pub(crate) use kept::KeptCashflows;

/// At most so many months are asked for at once: ten years.
const MOST_MONTHS: i32 = 120;

/// What to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashflowQuery {
    /// Of what.
    pub reach: Reach,
    /// The first month.
    pub from: Month,
    /// The last month.
    pub through: Month,
    /// In one currency, by the rates of the organization; `None` leaves each currency by itself.
    pub into: Option<CurrencyCode>,
    /// With what is planned beside it. A plan is in currencies of its own: beside one currency of several it is left out.
    pub with_plan: bool,
}

/// A cashflow.
#[derive(Debug, Clone)]
pub struct Cashflow {
    /// Today, in the organization's zone.
    pub today: Date,
    /// The months, oldest first.
    pub months: Vec<Month>,
    /// The month of the first row in the books that are seen.
    pub first_month: Month,
    /// The month of the last row in the books that are seen; it may be dated ahead.
    pub last_month: Month,
    /// A table for each currency of the accounts that are reached: that of the organization first, then by code.
    pub tables: Vec<Table>,
    /// Whether it is an asset in its conceptual stage, which has no cashflow.
    pub is_conceptual: bool,
    /// How it came to be in one currency, where that was asked for.
    pub conversion: Option<Conversion>,
    /// What is planned, where that was asked for: for each of the tables one with the same rows and months. Empty where there is no plan.
    pub planned: Vec<Table>,
}

impl Engine {
    /// The same, for a file that somebody takes away: the audit tells of it.
    pub async fn cashflow_file(&self, asker: &Asker, query: &CashflowQuery) -> Result<Cashflow, EngineError> {
        let cashflow = self.cashflow(asker, query).await?;
        let of = query.reach.asset.map_or_else(|| "organization".to_owned(), |asset| asset.to_string());
        let detail = format!("{} to {}", query.from, query.through);
        self.store.audit(asker, "cashflow.exported", &of, &detail).await?;
        Ok(cashflow)
    }

    /// What came in and went out by month and category.
    pub async fn cashflow(&self, asker: &Asker, query: &CashflowQuery) -> Result<Cashflow, EngineError> {
        let months: Vec<Month> = query.from.through(query.through).collect();
        if months.is_empty() {
            return Err(EngineError::invalid("to", "The last month comes before the first one."));
        }
        if query.from.until(query.through) >= MOST_MONTHS {
            return Err(EngineError::invalid("to", format!("At most {MOST_MONTHS} months are shown at once.")));
        }
        let organization = self.store.organization(asker).await?;
        let today = self.today_in(&organization);
        let is_conceptual = match query.reach.asset {
            None => false,
            Some(id) => {
                let tree = self.tree(asker).await?;
                tree.get(id).ok_or(EngineError::NotFound("the asset"))?.stage == AssetStage::Conceptual
            }
        };
        let into = match query.into {
            Some(code) => Some(self.known_currency("currency", code).await?),
            None => None,
        };
        let first_month = self.store.first_month(asker).await?.unwrap_or(Month::of(today));
        let last_month = self.store.last_month(asker).await?.unwrap_or(Month::of(today));
        let (mut tables, mut planned, mut conversion) = (Vec::new(), Vec::new(), None);
        if !is_conceptual {
            let names = self.store.category_names(asker).await?;
            let mut plans = BTreeMap::new();
            if query.with_plan && into.is_none() {
                plans = self.planned_in(asker, query.reach, (query.from, query.through)).await?;
            }
            let sums = self.cashflow_sums(asker, query).await?;
            let mut currencies: BTreeMap<CurrencyCode, Currency> =
                sums.iter().map(|of| (of.currency.code, of.currency)).collect();
            currencies.extend(plans.iter().map(|(code, (currency, _))| (*code, *currency)));
            let mut currencies: Vec<Currency> = currencies.into_values().collect();
            currencies.sort_by_key(|currency| (currency.code != organization.currency, currency.code));
            for currency in currencies {
                let actual = sums.iter().find(|of| of.currency.code == currency.code);
                let actual: &[Sum] = actual.map_or(&[], |of| &of.sums);
                let plan: &[Sum] = plans.get(&currency.code).map_or(&[], |(_, plan)| plan);
                // Either has a row for each category that the other has.
                let rows: BTreeSet<Option<CategoryId>> = plan.iter().chain(actual).map(|sum| sum.category).collect();
                tables.push(Table::of(currency, months.clone(), &names, actual, &rows));
                if !plans.is_empty() {
                    planned.push(Table::of(currency, months.clone(), &names, plan, &rows));
                }
            }
            if let Some(into) = into {
                let (converted, one) = self.converted(asker, into, &tables, &names).await?;
                tables = one.map_or(tables, |table| vec![table]);
                conversion = Some(converted);
            }
        }
        Ok(Cashflow { today, months, first_month, last_month, tables, is_conceptual, conversion, planned })
    }
}
