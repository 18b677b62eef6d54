//! Plans beside the cashflow: a file is read, looked at, and holds once a person says so. What holds can be ended and brought back.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::asset::AssetStage;
use bankside_domain::cashflow::plan::{self, PlanLine, PlanProblem, Planned};
use bankside_domain::cashflow::{Extent, Reach, Sum, Table};
use bankside_domain::text::tidy;
use bankside_domain::{Asker, AssetId, Currency, CurrencyCode, Month, PlanId, Right};
use bankside_statements::csv::DecimalMark;
use bankside_statements::csv::sheet::{Sheet, number};
use bankside_store::Plan;

use crate::{Engine, EngineError};

/// The largest file of a plan or of rates, in bytes.
pub const MAX_SHEET_BYTES: usize = 4 * 1024 * 1024;
/// The longest name of a file that is kept, in characters.
const MAX_NAME_CHARS: usize = 120;
/// A plan spans at most so many months: ten years.
const MOST_MONTHS: i32 = 120;

/// What a file of a plan has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanBrought {
    /// It is kept to be looked at, and counts for nothing yet.
    Draft(PlanId),
    /// Nothing of it is kept: these lines cannot be read.
    Refused(Vec<PlanProblem>),
}

impl Engine {
    /// The plans of an asset, or of the organization, the latest first.
    pub async fn plans(&self, asker: &Asker, asset: Option<AssetId>) -> Result<Vec<Plan>, EngineError> {
        Ok(self.store.plans(asker, asset).await?)
    }

    /// What a plan plans, a table for each currency, from its first month through its last.
    pub async fn plan_tables(
        &self,
        asker: &Asker,
        asset: Option<AssetId>,
        id: PlanId,
    ) -> Result<Vec<Table>, EngineError> {
        let planned = self.store.planned(asker, asset, id).await?;
        let months = || planned.iter().map(|planned| planned.month);
        let (Some(first), Some(last)) = (months().min(), months().max()) else {
            return Err(EngineError::NotFound("the plan"));
        };
        let names = self.store.category_names(asker).await?;
        let table = |(currency, sums): (Currency, Vec<Sum>)| {
            Table::of(currency, first.through(last).collect(), &names, &sums, &BTreeSet::new())
        };
        Ok(by_currency(&planned).into_values().map(table).collect())
    }

    /// Reads a file: columns `month`, `category` and `amount`, perhaps `subcategory` and `currency`. Without a mistake it is kept to be looked
    /// at; with one, nothing is. `decimals` says what stands before them, where the file can be read in two ways.
    pub async fn bring_plan(
        &self,
        asker: &Asker,
        asset: Option<AssetId>,
        name: &str,
        bytes: &[u8],
        decimals: Option<DecimalMark>,
    ) -> Result<PlanBrought, EngineError> {
        self.may_plan(asker, asset).await?;
        let invalid = |message: String| EngineError::invalid("file", message);
        let sheet = read_sheet(bytes)?;
        let needs = |name: &str| format!("The file has no column “{name}”. It needs month, category and amount.");
        let month = sheet.column(&["month", "monat", "period"]).ok_or_else(|| invalid(needs("month")))?;
        let category = sheet.column(&["category", "kategorie", "main category"]);
        let category = category.ok_or_else(|| invalid(needs("category")))?;
        let amount = sheet.column(&["amount", "betrag", "value"]).ok_or_else(|| invalid(needs("amount")))?;
        let subcategory = sheet.column(&["subcategory", "unterkategorie"]);
        let currency = sheet.column(&["currency", "wahrung"]);
        if sheet.rows.is_empty() {
            return Err(invalid("The file plans nothing: it has only the line that names its columns.".to_owned()));
        }
        let Some(mark) = decimals.or_else(|| sheet.decimals(amount)) else {
            let says = "The amounts can be read in two ways. Say what stands before the decimals.";
            return Err(EngineError::invalid("decimals", says));
        };
        let amounts: Vec<Option<String>> = sheet.rows.iter().map(|row| number(row.value(amount), mark)).collect();
        let lines: Vec<PlanLine<'_>> = sheet
            .rows
            .iter()
            .zip(&amounts)
            .map(|(row, amount)| PlanLine {
                line: row.line,
                month: row.value(month),
                category: row.value(category),
                subcategory: subcategory.map_or("", |column| row.value(column)),
                amount: amount.as_deref(),
                currency: currency.map_or("", |column| row.value(column)),
            })
            .collect();
        let known = self.store.currencies().await?;
        let home = self.store.organization(asker).await?.currency;
        let home = self.known_currency("currency", home).await?;
        let names = self.store.category_names(asker).await?;
        let planned = match plan::read(&lines, &names, home, |code| known.get(&code).copied()) {
            Ok(planned) => planned,
            Err(problems) => return Ok(PlanBrought::Refused(problems)),
        };
        let months = || planned.iter().map(|planned| planned.month);
        if let (Some(first), Some(last)) = (months().min(), months().max())
            && first.until(last) >= MOST_MONTHS
        {
            return Err(invalid(format!(
                "The plan spans {first} to {last}. At most {MOST_MONTHS} months are planned at once."
            )));
        }
        let name = tidy(name).unwrap_or_else(|| "plan.csv".to_owned());
        let name: String = name.chars().take(MAX_NAME_CHARS).collect();
        Ok(PlanBrought::Draft(self.store.bring_plan(asker, asset, &name, &planned).await?))
    }

    /// Lets go what was brought and never confirmed: the draft that the person saw.
    pub async fn discard_plan(&self, asker: &Asker, asset: Option<AssetId>, id: PlanId) -> Result<(), EngineError> {
        Ok(self.store.discard_plan(asker, asset, id).await?)
    }

    /// Has a plan hold, whether it is new or ended before. The one that held until now ends, and can be brought back.
    pub async fn hold_plan(&self, asker: &Asker, asset: Option<AssetId>, id: PlanId) -> Result<(), EngineError> {
        self.may_plan(asker, asset).await?;
        Ok(self.store.hold_plan(asker, asset, id).await?)
    }

    /// Ends the plan that holds: the one that the person saw. It can be brought back.
    pub async fn end_plan(&self, asker: &Asker, asset: Option<AssetId>, id: PlanId) -> Result<(), EngineError> {
        Ok(self.store.end_plan(asker, asset, id).await?)
    }

    /// Whether somebody may bring a plan. An asset that can have a cashflow can have a plan for it.
    pub async fn may_plan(&self, asker: &Asker, asset: Option<AssetId>) -> Result<(), EngineError> {
        let Some(id) = asset else {
            asker.require(Right::EditBooks)?;
            return Ok(());
        };
        asker.require_within(Right::EditBooks)?;
        let tree = self.tree(asker).await?;
        match tree.get(id).ok_or(EngineError::NotFound("the asset"))?.stage {
            AssetStage::Conceptual => {
                Err(EngineError::Conflict("an asset in its conceptual stage has no cashflow to plan"))
            }
            AssetStage::Active => Ok(()),
        }
    }

    /// What the plans that hold come to, by currency.
    pub(crate) async fn planned_in(
        &self,
        asker: &Asker,
        reach: Reach,
        months: (Month, Month),
    ) -> Result<BTreeMap<CurrencyCode, (Currency, Vec<Sum>)>, EngineError> {
        let tree = self.tree(asker).await?;
        let assets: Vec<AssetId> = match (reach.asset, reach.extent) {
            (Some(asset), Extent::Alone) => vec![asset],
            (Some(asset), Extent::WithBelow) => tree.subtree(asset).iter().map(|asset| asset.id).collect(),
            (None, Extent::Alone) => Vec::new(),
            (None, Extent::WithBelow) => tree.all().iter().map(|asset| asset.id).collect(),
        };
        let planned = self.store.planned_of(asker, &assets, reach.asset.is_none(), months).await?;
        Ok(by_currency(&planned))
    }
}

/// Takes a file apart that may not be larger than [`MAX_SHEET_BYTES`], wherever it came from.
pub(crate) fn read_sheet(bytes: &[u8]) -> Result<Sheet, EngineError> {
    if bytes.len() > MAX_SHEET_BYTES {
        let most = MAX_SHEET_BYTES / 1024 / 1024;
        return Err(EngineError::invalid("file", format!("The file is larger than {most} MB.")));
    }
    Sheet::read(bytes).map_err(|problem| EngineError::invalid("file", problem.to_string()))
}

fn by_currency(planned: &[Planned]) -> BTreeMap<CurrencyCode, (Currency, Vec<Sum>)> {
    let mut sums: BTreeMap<CurrencyCode, (Currency, Vec<Sum>)> = BTreeMap::new();
    for planned in planned {
        let (_, of) = sums.entry(planned.currency.code).or_insert_with(|| (planned.currency, Vec::new()));
        of.push(planned.sum());
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_not_taken_apart() {
        let mut bytes = b"month,category,amount\n".to_vec();
        bytes.resize(MAX_SHEET_BYTES, b'\n');
        assert!(read_sheet(&bytes).is_ok());
        bytes.push(b'\n');
        match read_sheet(&bytes) {
            Err(EngineError::Invalid { field: "file", message }) => {
                assert_eq!(message, "The file is larger than 4 MB.")
            }
            other => panic!("{other:?}"),
        }
    }
}
