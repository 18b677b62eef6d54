//! Pairing two kinds of rows one to one, where each may fit several of the other: a bank's rows with those that somebody typed, booked
//! ones with the pending ones before them.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

/// Two rows that may be one. The fields are in the order of their weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair<C, T> {
    /// How well they fit, the smaller the better. However many of a worse class there are, none takes a pair from a better one.
    pub(super) class: C,
    /// How far apart they are.
    pub(super) days: i64,
    /// The row that came, by its index.
    pub(super) came: usize,
    /// What tells the other rows apart, so that it does not matter in which order they are known.
    pub(super) tie: T,
    /// The other row, by its index.
    pub(super) stands: usize,
}

/// Of these pairs as many as there can be in which no row stands twice: of the best class as many as possible, then of the next among
/// the rows that are left. Those that are nearest to each other stay together where that costs no pair.
pub(super) fn assign<C: Ord + Copy, T: Ord + Copy>(mut pairs: Vec<Pair<C, T>>) -> Vec<Pair<C, T>> {
    pairs.sort_unstable();
    let (mut came, mut standing) = (HashSet::new(), HashSet::new());
    let mut chosen = Vec::new();
    for class in pairs.chunk_by(|one, other| one.class == other.class) {
        let is_left = |pair: &&Pair<C, T>| !came.contains(&pair.came) && !standing.contains(&pair.stands);
        let open: Vec<Pair<C, T>> = class.iter().filter(is_left).copied().collect();
        for pair in most(&open).into_values() {
            came.insert(pair.came);
            standing.insert(pair.stands);
            chosen.push(pair);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// As many of these pairs as there can be, by the rows that came: the nearest first, and then one more for each row that is left over and
/// for which others can move to another that they fit as well (augmenting paths, as Berge has it).
fn most<C: Copy, T: Copy>(pairs: &[Pair<C, T>]) -> HashMap<usize, Pair<C, T>> {
    let mut chosen: HashMap<usize, Pair<C, T>> = HashMap::new();
    let mut taken: HashMap<usize, usize> = HashMap::new();
    let mut fits: HashMap<usize, Vec<Pair<C, T>>> = HashMap::new();
    let mut order = Vec::new();
    for pair in pairs {
        let of_one = fits.entry(pair.came).or_default();
        if of_one.is_empty() {
            order.push(pair.came);
        }
        of_one.push(*pair);
        if !chosen.contains_key(&pair.came) && !taken.contains_key(&pair.stands) {
            chosen.insert(pair.came, *pair);
            taken.insert(pair.stands, pair.came);
        }
    }
    // Through which pair each row was met. What a search in vain has met helps no later one either.
    let mut met: HashMap<usize, Pair<C, T>> = HashMap::new();
    for left_over in order {
        if chosen.contains_key(&left_over) {
            continue;
        }
        let mut turn = vec![left_over];
        let mut end = None;
        while let Some(came) = turn.pop() {
            for next in fits.get(&came).into_iter().flatten() {
                if met.contains_key(&next.stands) {
                    continue;
                }
                met.insert(next.stands, *next);
                match taken.get(&next.stands) {
                    Some(holder) => turn.push(*holder),
                    None => end = Some(next.stands),
                }
            }
            if end.is_some() {
                break;
            }
        }
        let Some(mut stands) = end else { continue };
        // Everyone on the way moves on to the row that they met.
        while let Some(pair) = met.get(&stands).copied() {
            taken.insert(pair.stands, pair.came);
            let Some(left) = chosen.insert(pair.came, pair) else { break };
            stands = left.stands;
        }
        met.clear();
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(class: u8, days: i64, came: usize, stands: usize) -> Pair<u8, usize> {
        Pair { class, days, came, tie: stands, stands }
    }

    fn chosen(pairs: &[Pair<u8, usize>]) -> Vec<(usize, usize)> {
        let mut chosen: Vec<(usize, usize)> =
            assign(pairs.to_vec()).iter().map(|pair| (pair.came, pair.stands)).collect();
        chosen.sort_unstable();
        chosen
    }

    #[test]
    fn nobody_is_left_over_because_somebody_else_was_nearer() {
        // Typed on the 3rd and the 10th, booked on the 9th and the 15th.
        assert_eq!(chosen(&[pair(0, 6, 0, 0), pair(0, 1, 0, 1), pair(0, 5, 1, 1)]), [(0, 0), (1, 1)]);
    }

    #[test]
    fn the_nearest_stay_together_where_that_costs_no_pair() {
        assert_eq!(chosen(&[pair(0, 1, 0, 0), pair(0, 0, 0, 1), pair(0, 0, 1, 0), pair(0, 1, 1, 1)]), [(0, 1), (1, 0)]);
    }

    #[test]
    fn a_worse_pair_never_takes_one_from_a_better() {
        assert_eq!(chosen(&[pair(0, 1, 0, 1), pair(1, 6, 0, 0), pair(1, 5, 1, 1)]), [(0, 1)]);
    }

    #[test]
    fn thousands_of_equal_rows_take_no_time() {
        let pairs: Vec<Pair<u8, usize>> =
            (0..2_000).flat_map(|came| (0..500).map(move |stands| pair(0, 0, came, stands))).collect();
        assert_eq!(assign(pairs).len(), 500);
    }

    /// How many pairs there can be at most, tried one after the other.
    fn at_most(pairs: &[Pair<u8, usize>], used: &mut HashSet<(bool, usize)>) -> usize {
        let Some((first, rest)) = pairs.split_first() else { return 0 };
        let without = at_most(rest, used);
        let (came, stands) = ((true, first.came), (false, first.stands));
        if used.contains(&came) || used.contains(&stands) {
            return without;
        }
        used.extend([came, stands]);
        let with = 1 + at_most(rest, used);
        used.remove(&came);
        used.remove(&stands);
        without.max(with)
    }

    proptest! {
        #[test]
        fn there_are_as_many_pairs_as_there_can_be(
            pairs in prop::collection::btree_map((0..6_usize, 0..6_usize), (0..2_u8, 0..8_i64), 0..14),
        ) {
            let pairs: Vec<Pair<u8, usize>> =
                pairs.into_iter().map(|((came, stands), (class, days))| pair(class, days, came, stands)).collect();
            let found = assign(pairs.clone());
            let came: HashSet<usize> = found.iter().map(|pair| pair.came).collect();
            let stands: HashSet<usize> = found.iter().map(|pair| pair.stands).collect();
            prop_assert_eq!((came.len(), stands.len()), (found.len(), found.len()));
            let best: Vec<Pair<u8, usize>> = pairs.iter().filter(|pair| pair.class == 0).copied().collect();
            let of_best = found.iter().filter(|pair| pair.class == 0).count();
            prop_assert_eq!(of_best, at_most(&best, &mut HashSet::new()));
            // And of the worse class among those that the better left.
            let free = |pair: &&Pair<u8, usize>| {
                pair.class == 1 && !found.iter().any(|one| one.class == 0 && (one.came == pair.came || one.stands == pair.stands))
            };
            let worse: Vec<Pair<u8, usize>> = pairs.iter().filter(free).copied().collect();
            prop_assert_eq!(found.len() - of_best, at_most(&worse, &mut HashSet::new()));
            // In whatever order they are told.
            let reversed: Vec<Pair<u8, usize>> = pairs.into_iter().rev().collect();
            prop_assert_eq!(assign(reversed), found);
        }
    }
}
