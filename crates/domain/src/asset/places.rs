//! Where something in the tree stood on which day: an asset under another, or an account at one.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Tree;
use crate::AssetId;

/// Where something stood until a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// The first day on which it did not stand there any more.
    pub until: Date,
    /// Under which asset it stood; `None` is under none.
    pub under: Option<AssetId>,
}

/// Where something stands and stood. Of two places in a row none is the same, and every day has one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Places {
    /// Where it stands; `None` is under no asset.
    pub now: Option<AssetId>,
    /// Where it stood before, the oldest first.
    pub earlier: Vec<Earlier>,
}

/// A time at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// Where; `None` is under no asset.
    pub under: Option<AssetId>,
    /// Its first day; `None` is the beginning.
    pub from: Option<Date>,
    /// The first day after it; `None` where it goes on.
    pub until: Option<Date>,
}

impl Places {
    /// Where it stood on a day.
    pub fn on(&self, day: Date) -> Option<AssetId> {
        self.earlier.iter().find(|earlier| day < earlier.until).map_or(self.now, |earlier| earlier.under)
    }

    /// Moved: from a day on it stands there, whatever was said of the days from then on; without a day it has always stood there.
    #[must_use]
    pub fn moved(&self, to: Option<AssetId>, from: Option<Date>) -> Self {
        let Some(from) = from else { return Self { now: to, earlier: Vec::new() } };
        let mut earlier: Vec<Earlier> = self.earlier.iter().copied().filter(|earlier| earlier.until < from).collect();
        // Of the day before, if there is one.
        let under = from.yesterday().map_or(to, |day| self.on(day));
        if under != to {
            earlier.push(Earlier { until: from, under });
        }
        Self { now: to, earlier }
    }

    /// As somebody sees it who sees this tree: to them, a place that is not in it is none.
    #[must_use]
    pub fn within(&self, tree: &Tree) -> Self {
        let seen = |place: Option<AssetId>| place.filter(|id| tree.get(*id).is_some());
        let now = seen(self.now);
        let (mut earlier, mut after) = (Vec::with_capacity(self.earlier.len()), now);
        for stay in self.earlier.iter().rev() {
            let under = seen(stay.under);
            if under != after {
                earlier.push(Earlier { until: stay.until, under });
                after = under;
            }
        }
        earlier.reverse();
        Self { now, earlier }
    }

    /// Whether both say the same of every day up to and including this one.
    pub fn agrees_through(&self, other: &Self, day: Date) -> bool {
        let changes = self.earlier.iter().chain(&other.earlier).map(|earlier| earlier.until);
        let mut days = std::iter::once(Date::MIN).chain(changes.filter(|until| *until <= day));
        days.all(|day| self.on(day) == other.on(day))
    }

    /// Every time at one place, the oldest first.
    pub fn stays(&self) -> Vec<Stay> {
        let mut from = None;
        let mut stays = Vec::with_capacity(self.earlier.len() + 1);
        for earlier in &self.earlier {
            stays.push(Stay { under: earlier.under, from, until: Some(earlier.until) });
            from = Some(earlier.until);
        }
        stays.push(Stay { under: self.now, from, until: None });
        stays
    }

    /// As the value of a change; absent where it has never stood under an asset.
    pub fn value(&self) -> Option<String> {
        if *self == Self::default() { None } else { serde_json::to_string(self).ok() }
    }

    /// What the value of a change says.
    pub fn of_value(value: Option<&str>) -> Result<Self, serde_json::Error> {
        value.map_or_else(|| Ok(Self::default()), serde_json::from_str)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Span;
    use jiff::civil::date;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn asset(number: u128) -> Option<AssetId> {
        (number > 0).then(|| AssetId::from(Uuid::from_u128(number)))
    }

    fn day(number: i64) -> Date {
        date(2026, 1, 1).checked_add(Span::new().days(number)).unwrap()
    }

    #[test]
    fn a_move_counts_from_its_day_and_leaves_the_days_before() {
        let places = Places::default().moved(asset(1), None).moved(asset(2), Some(day(10)));
        assert_eq!((places.on(day(9)), places.on(day(10)), places.now), (asset(1), asset(2), asset(2)));
        // An earlier day takes the place of what was said of the days after it.
        let places = places.moved(asset(3), Some(day(5)));
        assert_eq!((places.on(day(4)), places.on(day(5)), places.on(day(20))), (asset(1), asset(3), asset(3)));
        assert_eq!(places.earlier.len(), 1);
        // Back to where it was: it has never been away.
        assert_eq!(places.moved(asset(1), Some(day(5))), Places::default().moved(asset(1), None));
    }

    #[test]
    fn stays_follow_each_other_without_a_gap() {
        let places = Places::default().moved(asset(1), Some(day(3))).moved(asset(2), Some(day(7)));
        let stay = |under, from, until| Stay { under, from, until };
        let expected = [
            stay(None, None, Some(day(3))),
            stay(asset(1), Some(day(3)), Some(day(7))),
            stay(asset(2), Some(day(7)), None),
        ];
        assert_eq!(places.stays(), expected);
    }

    #[test]
    fn places_out_of_sight_are_none() {
        let tree = Tree::new(vec![crate::asset::tree::tests::asset(1, 0, "Spain")]);
        let places = Places::default()
            .moved(asset(2), None)
            .moved(asset(3), Some(day(3)))
            .moved(asset(1), Some(day(7)))
            .moved(asset(2), Some(day(9)));
        let seen = places.within(&tree);
        let under = |until, under| Earlier { until: day(until), under };
        assert_eq!(seen, Places { now: None, earlier: vec![under(7, None), under(9, asset(1))] });
        assert_eq!(seen.within(&tree), seen);
    }

    proptest! {
        #[test]
        fn every_day_has_the_place_that_was_said_last(moves in prop::collection::vec((0_u128..4, prop::option::of(0_i64..30)), 0..12)) {
            let (mut places, mut said) = (Places::default(), [None; 30]);
            for (to, from) in moves {
                places = places.moved(asset(to), from.map(day));
                let first = usize::try_from(from.unwrap_or(0)).unwrap();
                said[first..].fill(asset(to));
            }
            for (number, expected) in (0..).zip(said) {
                prop_assert_eq!(places.on(day(number)), expected);
            }
            let to_the_10th = (-1..=10).all(|number| places.on(day(number)) == asset(1));
            prop_assert_eq!(places.agrees_through(&Places::default().moved(asset(1), None), day(10)), to_the_10th);
            prop_assert!(places.stays().windows(2).all(|two| two[0].under != two[1].under));
            prop_assert_eq!(Places::of_value(places.value().as_deref()).unwrap(), places);
        }
    }
}
