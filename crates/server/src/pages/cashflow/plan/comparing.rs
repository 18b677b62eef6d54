//! What came beside what was planned: of one month, of the year through that month, and the plan of the whole year.

use bankside_domain::cashflow::{Line, Table};
use bankside_domain::{Currency, Month};
use bankside_engine::{Cashflow, Flow};

use crate::pages::cashflow::tables::{ITSELF, UNMAPPED};
use crate::view::day::Today;

/// The comparison of one currency.
pub(super) struct Comparison {
    pub(super) currency: String,
    pub(super) rows: Vec<ComparedRow>,
}

/// A row: actual, plan and difference of the month, the same of the year through it, and the plan of the year.
pub(super) struct ComparedRow {
    pub(super) name: String,
    pub(super) is_below: bool,
    pub(super) is_group: bool,
    pub(super) is_sum: bool,
    pub(super) month: Compared,
    pub(super) through: Compared,
    pub(super) year: String,
}

/// Actual, plan and difference.
pub(super) struct Compared {
    pub(super) actual: String,
    pub(super) planned: String,
    /// What came less what was planned, with its sign.
    pub(super) difference: String,
    /// Whether more is left than was planned.
    pub(super) is_better: bool,
}

/// A comparison for each currency in which something is planned; none where nothing is.
pub(super) fn of(cashflow: &Cashflow, month: Month, today: &Today) -> Vec<Comparison> {
    let place = cashflow.months.iter().position(|shown| *shown == month).unwrap_or_default();
    let pairs = cashflow.tables.iter().zip(&cashflow.planned);
    let with_rows = pairs.filter(|(_, planned)| planned.groups.iter().any(|group| has_figure(&group.line)));
    with_rows.map(|(actual, planned)| compare(actual, planned, place, today)).collect()
}

fn has_figure(line: &Line) -> bool {
    line.flows.iter().any(|flow| *flow != Flow::default())
}

fn compare(actual: &Table, planned: &Table, place: usize, today: &Today) -> Comparison {
    let currency = actual.currency;
    let row = |name: &str, actual: &[Flow], planned: &[Flow]| ComparedRow {
        name: name.to_owned(),
        is_below: false,
        is_group: false,
        is_sum: false,
        month: Compared::of(sum(actual, place, place), sum(planned, place, place), currency, today),
        through: Compared::of(sum(actual, 0, place), sum(planned, 0, place), currency, today),
        year: figure(sum(planned, 0, planned.len()), currency, today),
    };
    let mut rows = Vec::new();
    // Both tables were made with the same rows.
    for (group, plan) in actual.groups.iter().zip(&planned.groups) {
        let name = if group.line.category.is_none() { UNMAPPED } else { &group.line.name };
        let is_group = !group.below.is_empty();
        rows.push(ComparedRow { is_group, ..row(name, &group.line.flows, &plan.line.flows) });
        for (below, plan) in group.below.iter().zip(&plan.below) {
            let name = if below.category == group.line.category { ITSELF } else { &below.name };
            rows.push(ComparedRow { is_below: true, ..row(name, &below.flows, &plan.flows) });
        }
    }
    rows.push(ComparedRow { is_sum: true, ..row("Left", &actual.sums, &planned.sums) });
    Comparison { currency: currency.code.to_string(), rows }
}

/// What is left of some months, the first and the last of them.
fn sum(flows: &[Flow], first: usize, last: usize) -> i64 {
    flows.iter().take(last + 1).skip(first).copied().sum::<Flow>().left_minor()
}

fn figure(minor: i64, currency: Currency, today: &Today) -> String {
    if minor == 0 { "–".to_owned() } else { today.amount(minor, currency) }
}

impl Compared {
    fn of(actual: i64, planned: i64, currency: Currency, today: &Today) -> Self {
        let difference = actual.saturating_sub(planned);
        Self {
            actual: figure(actual, currency, today),
            planned: figure(planned, currency, today),
            difference: if difference == 0 { "–".to_owned() } else { today.signed(difference, currency) },
            is_better: difference > 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_summed_through_the_one_that_is_shown() {
        let flows = [Flow::of(1), Flow::of(-10), Flow::of(100)];
        assert_eq!((sum(&flows, 1, 1), sum(&flows, 0, 1), sum(&flows, 0, 3)), (-10, -9, 91));
    }
}
