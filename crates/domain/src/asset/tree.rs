//! The tree of an organization's assets, in the order in which people read it.

use std::collections::{HashMap, HashSet};

use super::Asset;
use crate::AssetId;
use crate::text::fold;

/// The assets of an organization, each followed by those below it.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    assets: Vec<Asset>,
    /// By the same places: how deep it stands, where those below it end, and its name folded for search.
    notes: Vec<Note>,
    places: HashMap<AssetId, usize>,
}

#[derive(Debug, Clone)]
struct Note {
    depth: usize,
    end: usize,
    folded: String,
}

impl Tree {
    /// Orders assets, whatever order they come in.
    pub fn new(assets: Vec<Asset>) -> Self {
        let known: HashSet<AssetId> = assets.iter().map(|asset| asset.id).collect();
        let mut children: HashMap<Option<AssetId>, Vec<Asset>> = HashMap::new();
        for asset in assets {
            children.entry(asset.parent.filter(|parent| known.contains(parent))).or_default().push(asset);
        }
        for beside in children.values_mut() {
            // The last is taken first.
            beside.sort_by_key(|asset| std::cmp::Reverse((asset.position, asset.id)));
        }
        let mut tree = Self::default();
        // By hand and not by recursion: a tree may be as deep as it likes.
        let mut open: Vec<(usize, Vec<Asset>)> = vec![(0, children.remove(&None).unwrap_or_default())];
        while let Some((_, beside)) = open.last_mut() {
            if let Some(asset) = beside.pop() {
                let (place, depth) = (tree.assets.len(), open.len() - 1);
                open.push((place, children.remove(&Some(asset.id)).unwrap_or_default()));
                tree.places.insert(asset.id, place);
                tree.notes.push(Note { depth, end: place + 1, folded: fold(&asset.name) });
                tree.assets.push(asset);
            } else {
                let (place, end) = (open.pop().map_or(0, |(place, _)| place), tree.assets.len());
                if !open.is_empty()
                    && let Some(note) = tree.notes.get_mut(place)
                {
                    note.end = end;
                }
            }
        }
        tree
    }

    /// An asset with everything below it, as a tree in which it stands at the top. Without it there is nothing.
    #[must_use]
    pub fn below(&self, top: AssetId) -> Self {
        let mut assets = self.subtree(top).to_vec();
        if let Some(first) = assets.first_mut() {
            // Not even as an id does it tell what it stands under.
            first.parent = None;
        }
        Self::new(assets)
    }

    /// Whether there is no asset at all.
    pub fn is_empty(&self) -> bool {
        self.assets.is_empty()
    }

    /// All of them, each followed by those below it.
    pub fn all(&self) -> &[Asset] {
        &self.assets
    }

    /// One of them.
    pub fn get(&self, id: AssetId) -> Option<&Asset> {
        self.assets.get(*self.places.get(&id)?)
    }

    /// Its place in the order of all of them; of one that is not there, after all.
    pub fn place(&self, id: AssetId) -> usize {
        self.places.get(&id).copied().unwrap_or(self.assets.len())
    }

    /// How many assets it stands below.
    pub fn depth(&self, id: AssetId) -> usize {
        self.note(id).map_or(0, |note| note.depth)
    }

    /// An asset and everything below it.
    pub fn subtree(&self, id: AssetId) -> &[Asset] {
        let Some(place) = self.places.get(&id) else { return &[] };
        self.assets.get(*place..self.notes[*place].end).unwrap_or_default()
    }

    /// Whether an asset is this one or stands below it.
    pub fn is_within(&self, id: AssetId, top: AssetId) -> bool {
        let (Some(place), Some(first)) = (self.places.get(&id), self.places.get(&top)) else { return false };
        (*first..self.notes[*first].end).contains(place)
    }

    /// Those directly below an asset, or below the organization.
    pub fn children(&self, of: Option<AssetId>) -> impl Iterator<Item = &Asset> {
        let (mut next, end) = match of {
            None => (0, self.assets.len()),
            Some(id) => self.places.get(&id).map_or((0, 0), |place| (place + 1, self.notes[*place].end)),
        };
        std::iter::from_fn(move || {
            let place = (next < end).then_some(next)?;
            next = self.notes[place].end;
            Some(&self.assets[place])
        })
    }

    /// The assets on the way to one, the outermost first, and that one itself.
    pub fn way(&self, id: AssetId) -> Vec<&Asset> {
        let mut way: Vec<&Asset> = std::iter::successors(self.get(id), |asset| self.get(asset.parent?)).collect();
        way.reverse();
        way
    }

    /// The names on the way to an asset, the outermost first: `Germany ▸ Fund C ▸ Site 1`. Empty of one that is not there.
    pub fn path(&self, id: AssetId) -> String {
        let names: Vec<&str> = self.way(id).into_iter().map(|asset| asset.name.as_str()).collect();
        names.join(SEPARATOR)
    }

    /// The assets that a search finds, in the order of the tree: every word stands in the name or in a name above it, and one of them
    /// in the name itself.
    pub fn search(&self, text: &str) -> impl Iterator<Item = &Asset> {
        let folded = fold(text);
        let words: Vec<String> = folded.split([' ', '▸']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        self.assets
            .iter()
            .zip(&self.notes)
            .filter(move |(asset, note)| self.fits(asset, note, &words))
            .map(|(asset, _)| asset)
    }

    fn fits(&self, asset: &Asset, note: &Note, words: &[String]) -> bool {
        let mut missing: Vec<&String> = words.iter().filter(|word| !note.folded.contains(word.as_str())).collect();
        if missing.len() == words.len() {
            return false;
        }
        let mut above = asset.parent;
        while let Some(parent) = above.filter(|_| !missing.is_empty()) {
            let Some(place) = self.places.get(&parent) else { break };
            missing.retain(|word| !self.notes[*place].folded.contains(word.as_str()));
            above = self.assets[*place].parent;
        }
        missing.is_empty()
    }

    fn note(&self, id: AssetId) -> Option<&Note> {
        self.notes.get(*self.places.get(&id)?)
    }
}

/// What stands between the names of a path.
pub const SEPARATOR: &str = " ▸ ";

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::asset::{AssetKind, AssetStage};

    pub(in crate::asset) fn id(number: u128) -> AssetId {
        Uuid::from_u128(number).into()
    }

    pub(in crate::asset) fn asset(number: u128, parent: u128, name: &str) -> Asset {
        Asset {
            id: id(number),
            parent: (parent > 0).then(|| id(parent)),
            name: name.to_owned(),
            kind: AssetKind::Structuring,
            stage: AssetStage::Active,
            position: i64::try_from(number).unwrap(),
            closed_on: None,
        }
    }

    /// Germany (Fund C (Site 1 (North))), Spain (Site 1).
    pub(in crate::asset) fn tree() -> Tree {
        Tree::new(vec![
            asset(6, 5, "Site 1"),
            asset(3, 2, "Site 1"),
            asset(5, 0, "Spain"),
            asset(4, 3, "North"),
            asset(1, 0, "Germany"),
            asset(2, 1, "Fund C"),
        ])
    }

    fn names<'a>(assets: impl IntoIterator<Item = &'a Asset>) -> Vec<&'a str> {
        assets.into_iter().map(|asset| asset.name.as_str()).collect()
    }

    #[test]
    fn each_is_followed_by_those_below_it() {
        let tree = tree();
        assert_eq!(names(tree.all()), ["Germany", "Fund C", "Site 1", "North", "Spain", "Site 1"]);
        assert_eq!(names(tree.subtree(id(2))), ["Fund C", "Site 1", "North"]);
        assert_eq!(names(tree.children(None)), ["Germany", "Spain"]);
        assert_eq!(names(tree.children(Some(id(3)))), ["North"]);
        assert_eq!(names(tree.children(Some(id(4)))), [""; 0]);
        assert_eq!(tree.path(id(4)), "Germany ▸ Fund C ▸ Site 1 ▸ North");
        assert_eq!((tree.depth(id(4)), tree.depth(id(5))), (3, 0));
        assert!(tree.is_within(id(4), id(1)) && tree.is_within(id(1), id(1)));
        assert!(!tree.is_within(id(5), id(1)) && !tree.is_within(id(1), id(4)));
    }

    #[test]
    fn a_part_of_it_is_a_tree_without_the_rest() {
        let part = tree().below(id(2));
        assert_eq!(names(part.all()), ["Fund C", "Site 1", "North"]);
        assert_eq!((part.path(id(4)).as_str(), part.depth(id(4))), ("Fund C ▸ Site 1 ▸ North", 2));
        assert_eq!((part.get(id(2)).unwrap().parent, part.get(id(1)), part.get(id(6))), (None, None, None));
        assert_eq!(names(part.search("germany north")), [""; 0]);
        assert!(tree().below(id(9)).is_empty());
    }

    #[test]
    fn search_takes_words_of_the_whole_path_but_one_of_its_own() {
        let tree = tree();
        assert_eq!(tree.search("site").map(|asset| asset.id).collect::<Vec<_>>(), [id(3), id(6)]);
        assert_eq!(tree.search("SPAIN site").map(|asset| asset.id).collect::<Vec<_>>(), [id(6)]);
        assert_eq!(names(tree.search("germany north")), ["North"]);
        assert_eq!(names(tree.search("germany ▸ fund")), ["Fund C"]);
        assert_eq!(names(tree.search("germany mill")), [""; 0]);
    }

    #[test]
    fn a_deep_tree_is_no_different() {
        let deep = |number: u128| asset(number, number - 1, "a");
        let tree = Tree::new((1..=20_000).rev().map(deep).collect());
        assert_eq!(tree.depth(id(20_000)), 19_999);
        assert_eq!(tree.subtree(id(1)).len(), 20_000);
        assert_eq!(tree.way(id(20_000)).len(), 20_000);
    }
}
