//! How far a cashflow reaches: which accounts count, and for which days. An account counts where it stood on the day of its row, not
//! where it stands now, and so does each asset on the way up.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use crate::asset::{Places, Stay};
use crate::{AccountId, AssetId, Month};

/// What of the tree counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Extent {
    /// The node itself.
    Alone,
    /// It and everything below it.
    #[default]
    WithBelow,
}

/// A node of the tree, with or without what is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reach {
    /// The asset; `None` is the organization. That alone are the accounts that belong to no asset.
    pub asset: Option<AssetId>,
    /// What of it counts.
    pub extent: Extent,
}

/// Days in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stretch {
    /// The first of them; `None` is the beginning.
    pub from: Option<Date>,
    /// The first day after them; `None` where they go on.
    pub until: Option<Date>,
}

/// The days of a stretch that lie within some months, as sums are kept: whole months, and days beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Whole months, the first and the last of them.
    Months(Month, Month),
    /// Days of one month, the first and the last of them.
    Days(Date, Date),
}

impl Reach {
    /// Of each account that counts on some day, on which days it does. `accounts` says to which asset each belonged, `assets` under
    /// what each asset stood; one that is not there stands at the top.
    pub fn stretches(
        self,
        accounts: &BTreeMap<AccountId, Places>,
        assets: &HashMap<AssetId, Places>,
    ) -> BTreeMap<AccountId, Vec<Stretch>> {
        let mut reached = BTreeMap::new();
        for (account, places) in accounts {
            let mut stretches: Vec<Stretch> = Vec::new();
            for stay in places.stays() {
                self.add(stay, assets, &mut stretches);
            }
            if !stretches.is_empty() {
                reached.insert(*account, stretches);
            }
        }
        reached
    }

    /// Adds the days of one stay that count.
    fn add(self, stay: Stay, assets: &HashMap<AssetId, Places>, stretches: &mut Vec<Stretch>) {
        let Stay { under, from, until } = stay;
        match (self.asset, self.extent, under) {
            (None, Extent::WithBelow, _) | (None, Extent::Alone, None) => join(stretches, Stretch { from, until }),
            (Some(asset), Extent::Alone, Some(under)) if asset == under => join(stretches, Stretch { from, until }),
            (Some(asset), Extent::WithBelow, Some(under)) => {
                let mut begins = from;
                loop {
                    let (is_within, changes) = is_within(under, asset, begins.unwrap_or(Date::MIN), assets);
                    let ends = earlier(until, changes);
                    if is_within {
                        join(stretches, Stretch { from: begins, until: ends });
                    }
                    if ends == until {
                        break;
                    }
                    begins = ends;
                }
            }
            _ => {}
        }
    }
}

/// Whether an asset stands within another on a day, and the next day on which that may be otherwise.
fn is_within(asset: AssetId, top: AssetId, day: Date, assets: &HashMap<AssetId, Places>) -> (bool, Option<Date>) {
    let (mut at, mut changes) = (Some(asset), None);
    // On no day does one stand below itself; should the books say so all the same, the way up ends.
    for _ in 0..=assets.len() {
        let Some(asset) = at else { return (false, changes) };
        if asset == top {
            return (true, changes);
        }
        let Some(places) = assets.get(&asset) else { return (false, changes) };
        changes = earlier(changes, places.earlier.iter().map(|earlier| earlier.until).find(|until| *until > day));
        at = places.on(day);
    }
    (false, changes)
}

/// The earlier of two days; `None` is after all days.
fn earlier(one: Option<Date>, other: Option<Date>) -> Option<Date> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Adds a stretch, as one with the last where it goes on from there.
fn join(stretches: &mut Vec<Stretch>, stretch: Stretch) {
    match stretches.last_mut() {
        Some(last) if last.until.is_some() && last.until == stretch.from => last.until = stretch.until,
        _ => stretches.push(stretch),
    }
}

impl Stretch {
    /// Whether a day is one of them.
    pub fn has(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// The days of it that lie within these months, both included.
    pub fn parts(self, first: Month, last: Month) -> Vec<Part> {
        let begins = self.from.map_or(first.first_day(), |from| from.max(first.first_day()));
        let ends = match self.until.map(Date::yesterday) {
            None => last.last_day(),
            Some(Ok(day)) => day.min(last.last_day()),
            // It ends before the calendar begins.
            Some(Err(_)) => return Vec::new(),
        };
        if begins > ends {
            return Vec::new();
        }
        let (mut whole, mut through) = (Month::of(begins), Month::of(ends));
        let mut parts = Vec::with_capacity(3);
        if whole == through && (begins > whole.first_day() || ends < through.last_day()) {
            return vec![Part::Days(begins, ends)];
        }
        if begins > whole.first_day() {
            parts.push(Part::Days(begins, whole.last_day()));
            whole = whole.plus(1);
        }
        let mut rest = None;
        if ends < through.last_day() {
            rest = Some(Part::Days(through.first_day(), ends));
            through = through.plus(-1);
        }
        if whole <= through {
            parts.push(Part::Months(whole, through));
        }
        parts.extend(rest);
        parts
    }
}

#[cfg(test)]
mod tests {
    use jiff::Span;
    use jiff::civil::date;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn asset(number: u128) -> AssetId {
        Uuid::from_u128(number).into()
    }

    fn account(number: u128) -> AccountId {
        Uuid::from_u128(1_000 + number).into()
    }

    fn day(number: i64) -> Date {
        date(2026, 1, 20).checked_add(Span::new().days(number)).unwrap()
    }

    fn stretch(from: Option<i64>, until: Option<i64>) -> Stretch {
        Stretch { from: from.map(day), until: until.map(day) }
    }

    #[test]
    fn an_account_counts_where_it_stood_on_the_day() {
        let moved = Places::default().moved(Some(asset(1)), None).moved(Some(asset(2)), Some(day(10)));
        let accounts = BTreeMap::from([(account(1), moved)]);
        let of = |asset, extent| Reach { asset, extent }.stretches(&accounts, &HashMap::new()).remove(&account(1));
        assert_eq!(of(Some(asset(1)), Extent::Alone), Some(vec![stretch(None, Some(10))]));
        assert_eq!(of(Some(asset(2)), Extent::WithBelow), Some(vec![stretch(Some(10), None)]));
        assert_eq!(of(None, Extent::WithBelow), Some(vec![stretch(None, None)]), "all of it, as one stretch");
        assert_eq!(of(None, Extent::Alone), None);
    }

    #[test]
    fn an_asset_takes_its_accounts_along_from_the_day_on_which_it_moves() {
        // The account has always belonged to 3, which stood under 1 and then under 2.
        let accounts = BTreeMap::from([(account(1), Places::default().moved(Some(asset(3)), None))]);
        let moved = Places::default().moved(Some(asset(1)), None).moved(Some(asset(2)), Some(day(5)));
        let assets = HashMap::from([(asset(3), moved)]);
        let of = |number| Reach { asset: Some(asset(number)), extent: Extent::WithBelow }.stretches(&accounts, &assets);
        assert_eq!(of(1)[&account(1)], [stretch(None, Some(5))]);
        assert_eq!(of(2)[&account(1)], [stretch(Some(5), None)]);
        assert_eq!(of(3)[&account(1)], [stretch(None, None)]);
    }

    #[test]
    fn two_assets_that_change_places_are_no_ring() {
        let top = |number| Places::default().moved(Some(asset(number)), None);
        let accounts = BTreeMap::from([(account(1), top(1)), (account(2), top(2))]);
        // Until the fifth day 1 stood under 2, from then on 2 stands under 1.
        let one = Places::default().moved(Some(asset(2)), None).moved(None, Some(day(5)));
        let two = Places::default().moved(Some(asset(1)), Some(day(5)));
        let assets = HashMap::from([(asset(1), one), (asset(2), two)]);
        let reach = Reach { asset: Some(asset(2)), extent: Extent::WithBelow };
        let reached = reach.stretches(&accounts, &assets);
        assert_eq!(reached[&account(1)], [stretch(None, Some(5))]);
        assert_eq!(reached[&account(2)], [stretch(None, None)]);
    }

    #[test]
    fn days_are_counted_once_whether_as_months_or_as_days() {
        let (first, last): (Month, Month) = ("2026-01".parse().unwrap(), "2026-03".parse().unwrap());
        let whole = Stretch::default().parts(first, last);
        assert_eq!(whole, [Part::Months(first, last)]);
        let cut = Stretch { from: Some(date(2026, 1, 15)), until: Some(date(2026, 3, 2)) };
        let expected = [
            Part::Days(date(2026, 1, 15), date(2026, 1, 31)),
            Part::Months(first.plus(1), first.plus(1)),
            Part::Days(date(2026, 3, 1), date(2026, 3, 1)),
        ];
        assert_eq!(cut.parts(first, last), expected);
    }

    proptest! {
        #[test]
        fn parts_are_the_days_of_the_stretch(from in prop::option::of(-60_i64..160), length in prop::option::of(0_i64..160)) {
            let until = length.map(|length| from.unwrap_or(-60) + length);
            let stretch = stretch(from, until);
            let (first, last): (Month, Month) = ("2026-01".parse().unwrap(), "2026-03".parse().unwrap());
            let mut counted: HashMap<Date, usize> = HashMap::new();
            for part in stretch.parts(first, last) {
                let (begins, ends) = match part {
                    Part::Months(first, last) => (first.first_day(), last.last_day()),
                    Part::Days(first, last) => {
                        prop_assert_eq!(Month::of(first), Month::of(last));
                        (first, last)
                    }
                };
                let mut at = begins;
                while at <= ends {
                    *counted.entry(at).or_default() += 1;
                    at = at.tomorrow().unwrap();
                }
            }
            let mut at = first.first_day();
            while at <= last.last_day() {
                prop_assert_eq!(counted.get(&at).copied().unwrap_or(0), usize::from(stretch.has(at)));
                at = at.tomorrow().unwrap();
            }
        }

        #[test]
        fn stretches_say_of_every_day_what_the_tree_said(
            moves in prop::collection::vec((1_u128..5, 0_u128..5, 0_i64..20), 0..8),
            belongs in prop::collection::vec((0_u128..5, 0_i64..20), 1..4),
        ) {
            let mut assets: HashMap<AssetId, Places> = HashMap::new();
            for (moved, under, from) in moves {
                // Only below those with smaller numbers, so that no ring comes about.
                let under = (under < moved && under > 0).then(|| asset(under));
                let places = assets.entry(asset(moved)).or_default();
                *places = places.moved(under, Some(day(from)));
            }
            let mut places = Places::default();
            for (under, from) in belongs {
                places = places.moved((under > 0).then(|| asset(under)), Some(day(from)));
            }
            let accounts = BTreeMap::from([(account(1), places.clone())]);
            for number in 0..5_u128 {
                for extent in [Extent::Alone, Extent::WithBelow] {
                    let top = (number > 0).then(|| asset(number));
                    let found = Reach { asset: top, extent }.stretches(&accounts, &assets);
                    let found = found.get(&account(1)).cloned().unwrap_or_default();
                    for number in -1..22 {
                        let day = day(number);
                        let mut way = vec![places.on(day)];
                        while let Some(Some(at)) = way.last().copied() {
                            way.push(assets.get(&at).and_then(|places| places.on(day)));
                        }
                        let expected = match extent {
                            Extent::Alone => way.first() == Some(&top),
                            Extent::WithBelow => way.contains(&top),
                        };
                        let count = found.iter().filter(|stretch| stretch.has(day)).count();
                        prop_assert_eq!(count, usize::from(expected), "{:?} {:?} on {}", top, extent, day);
                    }
                }
            }
        }
    }
}
