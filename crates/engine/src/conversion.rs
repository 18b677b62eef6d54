//! Cashflow of several currencies in one: by rates that people set, month by month, each with its day and its source. Rates come from
//! nowhere else. What is shown with a rate freezes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::cashflow::{Flow, Line, Named, Rate, Sum, Table, plan};
use bankside_domain::text::tidy;
use bankside_domain::{Asker, Currency, CurrencyCode, Month, Right};
use bankside_store::{KeptRate, NewRate, RatesSet};
use jiff::civil::Date;

use crate::plans::read_sheet;
use crate::{Engine, EngineError};

/// How often figures are worked out again whose rates are changed meanwhile.
const TRIES: usize = 4;
/// So many rates are set at once: twenty currencies for twenty years.
const MAX_RATES: usize = 4_800;
/// The longest source that is kept, in characters.
const MAX_SOURCE_CHARS: usize = 120;

/// How figures came to be in one currency.
#[derive(Debug, Clone)]
pub struct Conversion {
    /// Into which currency.
    pub into: Currency,
    /// The rates that were used: by month, the latest first. Each is frozen.
    pub used: Vec<KeptRate>,
    /// Versions of the same rates that were used before and hold no longer, the latest first.
    pub earlier: Vec<KeptRate>,
    /// For what there is no rate: then nothing was converted, and each currency stands by itself.
    pub missing: Vec<(Month, CurrencyCode)>,
}

/// A rate as a person types it.
#[derive(Debug, Clone, Default)]
pub struct RateInput {
    /// What a unit is of, by its code.
    pub from: String,
    /// For the figures of which month, such as `2026-11`.
    pub month: String,
    /// How many units of the other currency a unit is worth: decimal text, with a point or a comma before the decimals.
    pub rate: String,
    /// The day for which it was stated, such as `2026-11-30`.
    pub rated_on: String,
    /// Where it was found.
    pub source: String,
}

/// What is wrong with a line of a file of rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateProblem {
    /// Which line, counted from one.
    pub line: u64,
    /// In which column.
    pub column: &'static str,
    /// What is wrong, as a sentence.
    pub says: String,
}

/// What a file of rates has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RatesFile {
    /// All of it was set.
    Set(RatesSet),
    /// Nothing of it was: these lines cannot be read.
    Refused(Vec<RateProblem>),
}

impl Engine {
    /// Every version of every rate into a currency, the latest month first.
    pub async fn rates(&self, asker: &Asker, into: CurrencyCode) -> Result<Vec<KeptRate>, EngineError> {
        self.known_currency("currency", into).await?;
        Ok(self.store.rates(asker, into).await?)
    }

    /// Sets one rate.
    pub async fn set_rate(
        &self,
        asker: &Asker,
        into: CurrencyCode,
        input: &RateInput,
    ) -> Result<RatesSet, EngineError> {
        asker.require(Right::EditBooks)?;
        let into = self.known_currency("currency", into).await?.code;
        let known: HashMap<CurrencyCode, Currency> = self.store.currencies().await?;
        let rate = input.read(into, &known, self.today_of(asker).await?);
        let rate = rate.map_err(|(field, says)| EngineError::invalid(field, says))?;
        Ok(self.store.set_rates(asker, into, &[rate]).await?)
    }

    /// Sets the rates of a file: columns `month`, `currency`, `rate`, `date` and `source`. All of them, or none.
    pub async fn set_rates_of_file(
        &self,
        asker: &Asker,
        into: CurrencyCode,
        bytes: &[u8],
    ) -> Result<RatesFile, EngineError> {
        asker.require(Right::EditBooks)?;
        let into = self.known_currency("currency", into).await?.code;
        let known: HashMap<CurrencyCode, Currency> = self.store.currencies().await?;
        let sheet = read_sheet(bytes)?;
        if sheet.rows.len() > MAX_RATES {
            return Err(EngineError::invalid("file", format!("At most {MAX_RATES} rates are set at once.")));
        }
        let column = |name: &'static str, names: &[&str]| {
            let missing = || {
                EngineError::invalid(
                    "file",
                    format!("The file has no column “{name}”. It needs month, currency, rate, date and source."),
                )
            };
            sheet.column(names).ok_or_else(missing)
        };
        let month = column("month", &["month", "monat"])?;
        let currency = column("currency", &["currency", "wahrung", "from"])?;
        let rate = column("rate", &["rate", "kurs"])?;
        let rated_on = column("date", &["date", "datum"])?;
        let source = column("source", &["source", "quelle"])?;
        let today = self.today_of(asker).await?;
        let (mut rates, mut problems) = (Vec::new(), Vec::new());
        let mut seen: BTreeMap<(Month, CurrencyCode), u64> = BTreeMap::new();
        for row in &sheet.rows {
            let input = RateInput {
                from: row.value(currency).to_owned(),
                month: row.value(month).to_owned(),
                rate: row.value(rate).to_owned(),
                rated_on: row.value(rated_on).to_owned(),
                source: row.value(source).to_owned(),
            };
            match input.read(into, &known, today) {
                Ok(rate) => {
                    if let Some(first) = seen.insert((rate.month, rate.from), row.line) {
                        let says = format!("Line {first} has a rate for this month and currency already.");
                        problems.push(RateProblem { line: row.line, column: "month", says });
                    }
                    rates.push(rate);
                }
                Err((column, says)) => problems.push(RateProblem { line: row.line, column, says }),
            }
        }
        if !problems.is_empty() {
            return Ok(RatesFile::Refused(problems));
        }
        if rates.is_empty() {
            return Err(EngineError::invalid("file", "The file has no rate: only a line that names its columns."));
        }
        Ok(RatesFile::Set(self.store.set_rates(asker, into, &rates).await?))
    }

    /// One table of several, in one currency; without it where a rate is missing.
    pub(crate) async fn converted(
        &self,
        asker: &Asker,
        into: Currency,
        tables: &[Table],
        names: &[Named],
    ) -> Result<(Conversion, Option<Table>), EngineError> {
        let mut tries = TRIES;
        loop {
            let kept = self.store.rates(asker, into.code).await?;
            let mut latest: HashMap<(Month, CurrencyCode), &KeptRate> = HashMap::new();
            for rate in &kept {
                // Of each month and currency the latest version comes first.
                latest.entry((rate.month, rate.from)).or_insert(rate);
            }
            let needed = needed(tables, into.code);
            let missing: Vec<(Month, CurrencyCode)> =
                needed.iter().copied().filter(|key| !latest.contains_key(key)).collect();
            let mut used: Vec<KeptRate> =
                needed.iter().rev().filter_map(|key| latest.get(key).map(|rate| (*rate).clone())).collect();
            if !missing.is_empty() {
                return Ok((Conversion { into, used: Vec::new(), earlier: Vec::new(), missing }, None));
            }
            let fresh: Vec<KeptRate> = used.iter().filter(|rate| rate.used_at.is_none()).cloned().collect();
            if !fresh.is_empty() && !self.store.freeze_rates(asker, into.code, &fresh).await? {
                tries -= 1;
                if tries == 0 {
                    return Err(EngineError::Conflict("the rates are being changed at this moment: look again"));
                }
                continue;
            }
            let now = self.ambient.now();
            for rate in &mut used {
                rate.used_at.get_or_insert(now);
            }
            let is_earlier =
                |rate: &&KeptRate| used.iter().any(|one| is_of_same(one, rate) && one.version > rate.version);
            let earlier = kept.iter().filter(is_earlier).cloned().collect();
            let rates = used.iter().map(|rate| ((rate.month, rate.from), rate.rate)).collect();
            let table = add_up(tables, into, names, &rates);
            return Ok((Conversion { into, used, earlier, missing }, Some(table)));
        }
    }

    /// A currency that is known here.
    pub(crate) async fn known_currency(
        &self,
        field: &'static str,
        code: CurrencyCode,
    ) -> Result<Currency, EngineError> {
        let known = self.store.currencies().await?;
        known.get(&code).copied().ok_or_else(|| EngineError::invalid(field, format!("{code} is not known here.")))
    }

    async fn today_of(&self, asker: &Asker) -> Result<Date, EngineError> {
        Ok(self.today_in(&self.store.organization(asker).await?))
    }
}

impl RateInput {
    /// What it says, or which field is wrong and why.
    fn read(
        &self,
        into: CurrencyCode,
        known: &HashMap<CurrencyCode, Currency>,
        today: Date,
    ) -> Result<NewRate, (&'static str, String)> {
        let from = self.from.parse().ok().filter(|code: &CurrencyCode| known.contains_key(code));
        let from = from.ok_or_else(|| ("currency", "This currency is not known here.".to_owned()))?;
        if from == into {
            return Err(("currency", format!("{into} needs no rate: it is what figures are converted into.")));
        }
        let month = plan::month(&self.month).map_err(|_| ("month", "This is no month, such as 2026-11.".to_owned()))?;
        // A comma is a decimal mark, wherever the rate was written: rates have no groups.
        let rate: Rate = self.rate.trim().replace(',', ".").parse().map_err(|error| ("rate", format!("{error}.")))?;
        let rated_on: Date =
            self.rated_on.trim().parse().map_err(|_| ("date", "This is no day, such as 2026-11-30.".to_owned()))?;
        if rated_on > today {
            return Err(("date", "This day has not come yet.".to_owned()));
        }
        let source = tidy(&self.source).ok_or_else(|| ("source", "Say where the rate was found.".to_owned()))?;
        if source.chars().count() > MAX_SOURCE_CHARS {
            return Err(("source", format!("At most {MAX_SOURCE_CHARS} characters are kept.")));
        }
        Ok(NewRate { from, month, rate, rated_on, source })
    }
}

fn is_of_same(one: &KeptRate, other: &KeptRate) -> bool {
    one.month == other.month && one.from == other.from
}

/// The rows that figures stand in, without those that are sums of others.
fn leaves(table: &Table) -> impl Iterator<Item = &Line> {
    table.groups.iter().flat_map(|group| {
        let own = group.below.is_empty().then_some(&group.line);
        own.into_iter().chain(&group.below)
    })
}

/// For which months and currencies a rate is needed: those with a figure.
fn needed(tables: &[Table], into: CurrencyCode) -> BTreeSet<(Month, CurrencyCode)> {
    let others = tables.iter().filter(|table| table.currency.code != into);
    let figures = others.flat_map(|table| {
        let has_figure = |place: &usize| {
            leaves(table).any(|line| line.flows.get(*place).is_some_and(|flow| *flow != Flow::default()))
        };
        (0..table.months.len())
            .filter(has_figure)
            .map(|place| (table.months[place], table.currency.code))
            .collect::<Vec<_>>()
    });
    figures.collect()
}

/// Each figure of each table in one currency, and all of them in one table: sums are sums of what stands there, converted figure by figure.
fn add_up(tables: &[Table], into: Currency, names: &[Named], rates: &HashMap<(Month, CurrencyCode), Rate>) -> Table {
    let mut sums: Vec<Sum> = Vec::new();
    for table in tables {
        for line in leaves(table) {
            for (month, flow) in table.months.iter().zip(&line.flows) {
                let flow = match rates.get(&(*month, table.currency.code)) {
                    Some(rate) => rate.convert_flow(*flow, table.currency, into),
                    None => *flow,
                };
                sums.push(Sum { category: line.category, month: *month, flow });
            }
        }
    }
    let months = tables.first().map(|table| table.months.clone()).unwrap_or_default();
    Table::of(into, months, names, &sums, &BTreeSet::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rate of dollars in euros, as somebody writes it.
    fn read(rate: &str) -> Result<String, (&'static str, String)> {
        let known = ["EUR", "USD"].map(|code| Currency::iso(code).unwrap());
        let known: HashMap<CurrencyCode, Currency> = known.into_iter().map(|one| (one.code, one)).collect();
        let input = RateInput {
            from: "USD".to_owned(),
            month: "2026-01".to_owned(),
            rate: rate.to_owned(),
            rated_on: "2026-01-31".to_owned(),
            source: "The bank".to_owned(),
        };
        let today = jiff::civil::date(2026, 2, 1);
        Ok(input.read("EUR".parse().unwrap(), &known, today)?.rate.to_string())
    }

    #[test]
    fn a_comma_before_three_digits_is_a_decimal_mark() {
        for text in ["0,861", " 0.861 ", "0.861"] {
            assert_eq!(read(text).unwrap(), "0.861", "{text}");
        }
        assert_eq!(read("1,095").unwrap(), "1.095");
    }

    #[test]
    fn a_rate_with_groups_is_refused() {
        for text in ["1,234.5", "1.234,5", "1 234"] {
            assert_eq!(read(text).unwrap_err().0, "rate", "{text}");
        }
    }
}
