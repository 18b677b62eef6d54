//! A plan: what somebody expects of each month and category, brought as a file and read line by line. A line that cannot be read is told
//! with its column; a plan with such lines is refused as a whole.

use std::collections::HashMap;

use super::{Flow, Named, Sum};
use crate::asset::SEPARATOR;
use crate::text::fold;
use crate::{Amount, CategoryId, Currency, CurrencyCode, Month};

/// A line of a plan, as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub struct PlanLine<'a> {
    /// Which line of the file, counted from one.
    pub line: u64,
    /// The month, such as `2026-11`.
    pub month: &'a str,
    /// The category: its name, or the main category's and its own. Blank is none.
    pub category: &'a str,
    /// The subcategory, where a column of its own has it.
    pub subcategory: &'a str,
    /// The amount, as decimal text; `None` where it is no number.
    pub amount: Option<&'a str>,
    /// The currency; blank is that of the plan.
    pub currency: &'a str,
}

/// A column of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanColumn {
    /// The month.
    Month,
    /// The category.
    Category,
    /// The amount.
    Amount,
    /// The currency.
    Currency,
}

impl PlanColumn {
    /// What the column is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Category => "category",
            Self::Amount => "amount",
            Self::Currency => "currency",
        }
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanProblem {
    /// Which line, counted from one.
    pub line: u64,
    /// In which column.
    pub column: PlanColumn,
    /// What is wrong, as a sentence.
    pub says: String,
}

/// What is planned for one month and category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// In which currency.
    pub currency: Currency,
    /// The month.
    pub month: Month,
    /// The category; `None` is none.
    pub category: Option<CategoryId>,
    /// Minor units; money out is below zero.
    pub minor: i64,
}

impl Planned {
    /// As a sum among others.
    pub fn sum(&self) -> Sum {
        Sum { category: self.category, month: self.month, flow: Flow::of(self.minor) }
    }
}

/// Categories by the names that people write.
struct Names {
    by_path: HashMap<String, CategoryId>,
    /// Those of one name, with their paths.
    by_name: HashMap<String, Vec<(CategoryId, String)>>,
}

/// Reads the lines of a plan. Either all of them are planned, or every line is told that cannot be read.
pub fn read(
    lines: &[PlanLine<'_>],
    categories: &[Named],
    home: Currency,
    known: impl Fn(CurrencyCode) -> Option<Currency>,
) -> Result<Vec<Planned>, Vec<PlanProblem>> {
    let names = Names::of(categories);
    let (mut planned, mut problems) = (Vec::with_capacity(lines.len()), Vec::new());
    let mut seen: HashMap<(CurrencyCode, Month, Option<CategoryId>), u64> = HashMap::new();
    for line in lines {
        let problem = |column, says| PlanProblem { line: line.line, column, says };
        let month = month(line.month).map_err(|says| problem(PlanColumn::Month, says));
        let category = names.find(line.category, line.subcategory).map_err(|says| problem(PlanColumn::Category, says));
        let currency = currency(line.currency, home, &known).map_err(|says| problem(PlanColumn::Currency, says));
        let minor = match (&currency, line.amount) {
            (_, None) => Err("this is no amount, such as -1200.50".to_owned()),
            (Ok(currency), Some(text)) => {
                Amount::parse(text, *currency).map(|amount| amount.minor).map_err(|error| error.to_string())
            }
            // Without its currency nobody knows how many decimals it may have.
            (Err(_), Some(_)) => Ok(0),
        };
        let minor = minor.map_err(|says| problem(PlanColumn::Amount, says));
        match (month, category, currency, minor) {
            (Ok(month), Ok(category), Ok(currency), Ok(minor)) => {
                if let Some(first) = seen.insert((currency.code, month, category), line.line) {
                    let says = format!("line {first} plans this month and category already");
                    problems.push(problem(PlanColumn::Category, says));
                }
                planned.push(Planned { currency, month, category, minor });
            }
            (month, category, currency, minor) => {
                problems.extend(month.err());
                problems.extend(category.err());
                problems.extend(currency.err());
                problems.extend(minor.err());
            }
        }
    }
    if problems.is_empty() { Ok(planned) } else { Err(problems) }
}

/// A month as people and programs write it: `2026-11`, `2026-11-01`, `2026/11`, `11/2026` or `11.2026`.
pub fn month(text: &str) -> Result<Month, String> {
    let parts: Vec<&str> = text.trim().split(['-', '/', '.']).collect();
    let (year, month) = match parts.as_slice() {
        [year, month] if year.len() == 4 => (*year, *month),
        // With a day, which has to be one of that month.
        [year, month, day] if year.len() == 4 && is_day(year, month, day) => (*year, *month),
        [month, year] if year.len() == 4 => (*year, *month),
        _ => return Err("this is no month, such as 2026-11".to_owned()),
    };
    format!("{year}-{month:0>2}").parse().map_err(|_| "this is no month, such as 2026-11".to_owned())
}

fn is_day(year: &str, month: &str, day: &str) -> bool {
    let is_plain = |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    is_plain(month) && is_plain(day) && format!("{year}-{month:0>2}-{day:0>2}").parse::<jiff::civil::Date>().is_ok()
}

fn currency(text: &str, home: Currency, known: impl Fn(CurrencyCode) -> Option<Currency>) -> Result<Currency, String> {
    if text.is_empty() {
        return Ok(home);
    }
    text.parse().ok().and_then(known).ok_or_else(|| "this currency is not known here".to_owned())
}

impl Names {
    fn of(categories: &[Named]) -> Self {
        let by_id: HashMap<CategoryId, &Named> = categories.iter().map(|named| (named.id, named)).collect();
        let (mut by_path, mut by_name) = (HashMap::new(), HashMap::new());
        for named in categories {
            let above = named.parent.and_then(|parent| by_id.get(&parent));
            let path =
                above.map_or_else(|| named.name.clone(), |above| format!("{}{SEPARATOR}{}", above.name, named.name));
            by_path.insert(key(&path), named.id);
            let alike: &mut Vec<(CategoryId, String)> = by_name.entry(key(&named.name)).or_default();
            alike.push((named.id, path));
        }
        Self { by_path, by_name }
    }

    fn find(&self, category: &str, subcategory: &str) -> Result<Option<CategoryId>, String> {
        let is_none = |text: &str| matches!(key(text).as_str(), "" | "unmapped" | "no category");
        let written = if subcategory.trim().is_empty() {
            category.to_owned()
        } else {
            format!("{category}{SEPARATOR}{subcategory}")
        };
        if is_none(&written) {
            return Ok(None);
        }
        if let Some(id) = self.by_path.get(&key(&written)) {
            return Ok(Some(*id));
        }
        match self.by_name.get(&key(&written)).map(Vec::as_slice) {
            Some([(id, _)]) => Ok(Some(*id)),
            Some(several) => {
                let paths: Vec<&str> = several.iter().map(|(_, path)| path.as_str()).collect();
                Err(format!("several categories have this name: {}", paths.join(", ")))
            }
            None => Err("there is no such category".to_owned()),
        }
    }
}

/// A path as it is compared, whichever of the usual marks stands between its names.
fn key(path: &str) -> String {
    let names: Vec<String> = path.split(['▸', '>', ':', '/']).map(|name| fold(name).trim().to_owned()).collect();
    names.join(">")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> CategoryId {
        Uuid::from_u128(number).into()
    }

    fn categories() -> Vec<Named> {
        let named = |number, parent: u128, name: &str| Named {
            id: id(number),
            parent: (parent > 0).then(|| id(parent)),
            name: name.to_owned(),
        };
        vec![
            named(1, 0, "Taxes"),
            named(2, 1, "Other"),
            named(3, 1, "Property taxes"),
            named(4, 0, "OPEX"),
            named(5, 4, "Other"),
        ]
    }

    fn line<'a>(line: u64, month: &'a str, category: &'a str, amount: Option<&'a str>) -> PlanLine<'a> {
        PlanLine { line, month, category, subcategory: "", amount, currency: "" }
    }

    fn read_lines(lines: &[PlanLine<'_>]) -> Result<Vec<Planned>, Vec<PlanProblem>> {
        let (eur, jpy) = (Currency::iso("EUR").unwrap(), Currency::iso("JPY").unwrap());
        read(lines, &categories(), eur, |code| [eur, jpy].into_iter().find(|currency| currency.code == code))
    }

    #[test]
    fn a_category_is_found_by_its_path_or_by_a_name_that_only_one_has() {
        let names = ["taxes", "Taxes > Other", "OPEX:Other", "property TAXES", "Unmapped", ""];
        let lines: Vec<PlanLine<'_>> =
            names.iter().zip(2..).map(|(name, number)| line(number, "2026-11", name, Some("-1.5"))).collect();
        let found: Vec<_> = read_lines(&lines[..5]).unwrap().iter().map(|planned| planned.category).collect();
        assert_eq!(found, [Some(id(1)), Some(id(2)), Some(id(5)), Some(id(3)), None]);
        let apart = PlanLine { subcategory: "other", ..line(2, "11/2026", "opex", Some("2")) };
        assert_eq!(read_lines(&[apart]).unwrap()[0].category, Some(id(5)));
    }

    #[test]
    fn every_line_that_cannot_be_read_is_told_with_its_column() {
        let lines = [
            line(2, "2026-11", "Taxes", Some("5")),
            line(3, "2026-13", "Other", Some("1.234")),
            line(4, "11.2026", "taxes", Some("5")),
            line(5, "2026-11", "Rent", None),
            PlanLine { currency: "JPY", ..line(6, "2026-11", "Taxes", Some("5.5")) },
            PlanLine { currency: "XX", ..line(7, "2026-11", "Taxes", Some("5.5")) },
        ];
        let problems = read_lines(&lines).unwrap_err();
        let told: Vec<(u64, &str)> = problems.iter().map(|problem| (problem.line, problem.column.name())).collect();
        let expected = [
            (3, "month"),
            (3, "category"),
            (3, "amount"),
            (4, "category"),
            (5, "category"),
            (5, "amount"),
            (6, "amount"),
            (7, "currency"),
        ];
        assert_eq!(told, expected);
        assert_eq!(problems[1].says, "several categories have this name: Taxes ▸ Other, OPEX ▸ Other");
    }

    #[test]
    fn months_are_read_as_they_are_written() {
        for text in ["2026-11", "2026-11-30", "2026/11", "11/2026", "11.2026", " 2026-11 "] {
            assert_eq!(month(text).unwrap().to_string(), "2026-11", "{text}");
        }
        for text in ["2026-11-banana", "2026-11-31", "2026-11-", "2026-11-001", "2026-banana-1"] {
            assert!(month(text).is_err(), "{text}");
        }
        assert_eq!(month("2/2026").unwrap().to_string(), "2026-02");
        for text in ["", "November", "26-11", "2026", "2026-00", "1/2/26"] {
            assert!(month(text).is_err(), "{text}");
        }
    }
}
