//! A table of one currency: main categories with what is below them, by month. Rows sum to their group and groups to the table, to the
//! last minor unit, because each is the sum of what stands in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Flow;
use crate::{CategoryId, Currency, Month};

/// What the lines of one category come to in one month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// The category; `None` is of lines without one.
    pub category: Option<CategoryId>,
    /// The month.
    pub month: Month,
    /// In and out.
    pub flow: Flow,
}

/// A category as rows are named by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Which one.
    pub id: CategoryId,
    /// The main category that it is below; `None` of a main category.
    pub parent: Option<CategoryId>,
    /// Its name.
    pub name: String,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The category; `None` is of lines without one.
    pub category: Option<CategoryId>,
    /// Its name; of lines without a category it is empty.
    pub name: String,
    /// In and out of each month.
    pub flows: Vec<Flow>,
    /// In and out of all months.
    pub total: Flow,
}

/// A main category, and the rows that it consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// All of it together.
    pub line: Line,
    /// Its subcategories, each with figures of its own. Nothing where all lines have the main category itself.
    pub below: Vec<Line>,
}

/// The table of one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// In which the figures are.
    pub currency: Currency,
    /// The columns, oldest first.
    pub months: Vec<Month>,
    /// The rows: main categories in their order, and last what has none.
    pub groups: Vec<Group>,
    /// In and out of each month.
    pub sums: Vec<Flow>,
    /// In and out of all months.
    pub total: Flow,
}

impl Table {
    /// Puts sums into rows. Categories are in the order in which people know them; only those have a row that a sum or `also` names.
    /// Sums of months that are not shown are left out.
    pub fn of(
        currency: Currency,
        months: Vec<Month>,
        categories: &[Named],
        sums: &[Sum],
        also: &BTreeSet<Option<CategoryId>>,
    ) -> Self {
        let places: HashMap<Month, usize> = months.iter().enumerate().map(|(place, month)| (*month, place)).collect();
        let mut by_category: BTreeMap<Option<CategoryId>, Vec<Flow>> =
            also.iter().map(|category| (*category, vec![Flow::default(); months.len()])).collect();
        for sum in sums {
            let Some(place) = places.get(&sum.month) else { continue };
            let flows = by_category.entry(sum.category).or_insert_with(|| vec![Flow::default(); months.len()]);
            flows[*place] = flows[*place].plus(sum.flow);
        }
        let known: HashMap<CategoryId, &Named> = categories.iter().map(|named| (named.id, named)).collect();
        // What has a category that is not there stands with what has none: no figure is ever left out of the sums.
        let strays: Vec<Option<CategoryId>> =
            by_category.keys().copied().filter(|id| id.is_some_and(|id| !known.contains_key(&id))).collect();
        for stray in strays {
            let flows = by_category.remove(&stray).unwrap_or_default();
            let without = by_category.entry(None).or_insert_with(|| vec![Flow::default(); months.len()]);
            add(without, &flows);
        }
        let mut groups: Vec<Group> = Vec::new();
        for main in categories.iter().filter(|named| main_of(named, &known).is_none()) {
            let mut below: Vec<Line> = Vec::new();
            if let Some(own) = by_category.remove(&Some(main.id)) {
                below.push(Line::of(Some(main.id), main.name.clone(), own));
            }
            for named in categories.iter().filter(|named| main_of(named, &known) == Some(main.id)) {
                if let Some(flows) = by_category.remove(&Some(named.id)) {
                    below.push(Line::of(Some(named.id), named.name.clone(), flows));
                }
            }
            groups.extend(Group::of(Some(main.id), main.name.clone(), below, months.len()));
        }
        if let Some(flows) = by_category.remove(&None) {
            groups.extend(Group::of(None, String::new(), vec![Line::of(None, String::new(), flows)], months.len()));
        }
        let mut sums = vec![Flow::default(); months.len()];
        for group in &groups {
            add(&mut sums, &group.line.flows);
        }
        Self { currency, total: sums.iter().copied().sum(), months, groups, sums }
    }
}

/// The main category that one is below; `None` where it is one itself, or where the one above it is not there.
fn main_of(named: &Named, known: &HashMap<CategoryId, &Named>) -> Option<CategoryId> {
    let parent = named.parent.filter(|parent| known.contains_key(parent))?;
    // There are two levels; what is deeper stands with the outermost.
    let mut main = parent;
    for _ in 0..known.len() {
        match known.get(&main).and_then(|above| above.parent).filter(|above| known.contains_key(above)) {
            Some(above) => main = above,
            None => break,
        }
    }
    Some(main)
}

impl Line {
    fn of(category: Option<CategoryId>, name: String, flows: Vec<Flow>) -> Self {
        Self { category, name, total: flows.iter().copied().sum(), flows }
    }
}

impl Group {
    fn of(category: Option<CategoryId>, name: String, mut below: Vec<Line>, months: usize) -> Option<Self> {
        if below.is_empty() {
            return None;
        }
        let mut flows = vec![Flow::default(); months];
        for line in &below {
            add(&mut flows, &line.flows);
        }
        // A single row that is the main category itself would say the same twice.
        if below.iter().all(|line| line.category == category) {
            below.clear();
        }
        Some(Self { line: Line::of(category, name, flows), below })
    }
}

fn add(sums: &mut [Flow], flows: &[Flow]) {
    for (sum, flow) in sums.iter_mut().zip(flows) {
        *sum = sum.plus(*flow);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> CategoryId {
        Uuid::from_u128(number).into()
    }

    /// House (Repairs, Rent), Food.
    fn categories() -> Vec<Named> {
        let named = |number, parent: u128, name: &str| Named {
            id: id(number),
            parent: (parent > 0).then(|| id(parent)),
            name: name.to_owned(),
        };
        vec![named(1, 0, "House"), named(2, 1, "Repairs"), named(3, 1, "Rent"), named(4, 0, "Food")]
    }

    fn months() -> Vec<Month> {
        let first: Month = "2026-10".parse().unwrap();
        first.through(first.plus(1)).collect()
    }

    fn sum(category: u128, month: usize, minor: i64) -> Sum {
        Sum { category: (category > 0).then(|| id(category)), month: months()[month], flow: Flow::of(minor) }
    }

    fn table(sums: &[Sum]) -> Table {
        Table::of(Currency::iso("EUR").unwrap(), months(), &categories(), sums, &BTreeSet::new())
    }

    #[test]
    fn a_group_is_the_sum_of_its_rows_and_unmapped_comes_last() {
        let table = table(&[sum(0, 0, -5), sum(3, 1, -100), sum(1, 0, -7), sum(4, 0, 30), sum(4, 0, -10)]);
        let names: Vec<(&str, usize)> =
            table.groups.iter().map(|group| (group.line.name.as_str(), group.below.len())).collect();
        assert_eq!(names, [("House", 2), ("Food", 0), ("", 0)]);
        let house = &table.groups[0];
        assert_eq!(house.line.flows, [Flow::of(-7), Flow::of(-100)]);
        assert_eq!((house.below[0].name.as_str(), house.below[0].total), ("House", Flow::of(-7)));
        assert_eq!(table.groups[1].line.total, Flow { in_minor: 30, out_minor: -10 });
        assert_eq!(table.total, Flow { in_minor: 30, out_minor: -122 });
    }

    #[test]
    fn a_category_that_is_gone_counts_as_none() {
        let table = table(&[sum(9, 0, -5), sum(0, 0, -1)]);
        assert_eq!(table.groups.len(), 1);
        assert_eq!((table.groups[0].line.category, table.total), (None, Flow::of(-6)));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_doubled(sums in prop::collection::vec((0_u128..7, 0_usize..2, -500_i64..500), 0..40)) {
            let sums: Vec<Sum> = sums.into_iter().map(|(category, month, minor)| sum(category, month, minor)).collect();
            let table = table(&sums);
            let all: Flow = sums.iter().map(|sum| sum.flow).sum();
            prop_assert_eq!(table.total, all);
            prop_assert_eq!(table.groups.iter().map(|group| group.line.total).sum::<Flow>(), all);
            for (place, month) in table.months.iter().enumerate() {
                let of: Flow = sums.iter().filter(|sum| sum.month == *month).map(|sum| sum.flow).sum();
                prop_assert_eq!(table.sums[place], of);
            }
            for group in table.groups.iter().filter(|group| !group.below.is_empty()) {
                prop_assert_eq!(group.below.iter().map(|line| line.total).sum::<Flow>(), group.line.total);
            }
        }
    }
}
