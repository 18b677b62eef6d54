//! The tree as a page shows it: nested lists with buttons that open and close them, as much of it as fits on a page.

use std::collections::{BTreeSet, HashMap};

use bankside_domain::AssetId;
use bankside_domain::asset::{Asset, AssetKind, AssetStage, Tree};

use super::counted;

/// A tree of no more lines than this is open from the start.
const MOST_OPEN: usize = 100;
/// So many lines are written at most, whatever is open.
const MOST_LINES: usize = 200;
/// So many assets are written beside each other; the others have pages of their own.
pub(crate) const MOST_BESIDE: usize = 100;

/// An asset of the tree.
#[derive(Debug, Clone)]
pub(crate) struct TreeLine {
    pub(crate) id: String,
    pub(crate) name: String,
    /// What it is, where that is not the usual thing.
    pub(crate) tags: Vec<&'static str>,
    /// `3 accounts`, or nothing; those below it are counted as well.
    pub(crate) accounts: String,
    /// Whether something is below it, and whether that is shown; `None` where nothing is.
    pub(crate) is_open: Option<bool>,
    /// Whether it was opened or closed just now.
    pub(crate) is_turned: bool,
    /// Whether a list begins with it.
    pub(crate) begins: bool,
    /// How many lists end after it.
    pub(crate) ends: usize,
    /// How many more are beside it that are not written, where it is the last that is.
    pub(crate) more: Option<More>,
}

/// Assets that are not written.
#[derive(Debug, Clone)]
pub(crate) struct More {
    pub(crate) count: String,
    /// The asset whose page has them; `None` is the page of the whole tree.
    pub(crate) of: Option<String>,
}

/// What the tree is made from.
pub(crate) struct Drawing<'a> {
    pub(crate) tree: &'a Tree,
    /// What is drawn is below this asset.
    pub(crate) below: Option<AssetId>,
    /// What is open; `None` is what is open from the start.
    pub(crate) open: Option<BTreeSet<AssetId>>,
    /// What is turned: opened if it is closed, and the other way round.
    pub(crate) turned: Option<AssetId>,
    /// Whether closed assets are shown, too.
    pub(crate) shows_closed: bool,
    /// The first of those at the top that is written.
    pub(crate) skip: usize,
    /// How many open accounts belong to each asset itself.
    pub(crate) accounts: &'a HashMap<AssetId, usize>,
}

/// The tree as it is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct DrawnTree {
    pub(crate) lines: Vec<TreeLine>,
    /// What is open, as the next page is told: ids with commas between them.
    pub(crate) open: String,
    /// Whether not all of what is open found room.
    pub(crate) is_cut: bool,
}

impl Drawing<'_> {
    fn shown(&self, of: Option<AssetId>) -> Vec<&Asset> {
        self.tree.children(of).filter(|asset| self.shows_closed || asset.closed_on.is_none()).collect()
    }

    /// What is open.
    fn open(&self) -> BTreeSet<AssetId> {
        let mut open = self.open.clone().unwrap_or_else(|| {
            let all = self.below.map_or(self.tree.all(), |id| self.tree.subtree(id));
            let shown = all.iter().filter(|asset| self.shows_closed || asset.closed_on.is_none());
            if shown.clone().count() > MOST_OPEN { BTreeSet::new() } else { shown.map(|asset| asset.id).collect() }
        });
        if let Some(turned) = self.turned
            && !open.remove(&turned)
        {
            open.insert(turned);
        }
        open
    }

    /// The tree.
    pub(crate) fn draw(&self) -> DrawnTree {
        let open = self.open();
        let mut drawn = DrawnTree::default();
        let mut written = BTreeSet::new();
        // The lists that are open, each with what is still to be written of it, the next last.
        let mut lists: Vec<(Option<AssetId>, Vec<&Asset>, usize)> = vec![self.list(self.below, self.skip)];
        let mut begins = true;
        while let Some((of, rest, more)) = lists.last_mut() {
            let (Some(asset), false) = (rest.pop(), drawn.lines.len() >= MOST_LINES) else {
                drawn.is_cut |= drawn.lines.len() >= MOST_LINES && !rest.is_empty();
                let (of, more) = (*of, *more);
                lists.pop();
                if let Some(last) = drawn.lines.last_mut() {
                    // The list of the whole page ends with the page.
                    last.ends += usize::from(!lists.is_empty());
                    if more > 0 && last.more.is_none() && of != self.below {
                        last.more = Some(More { count: more.to_string(), of: of.map(|id| id.to_string()) });
                    }
                }
                continue;
            };
            let below = self.shown(Some(asset.id));
            let is_open = (!below.is_empty()).then(|| open.contains(&asset.id));
            drawn.lines.push(self.line(asset, is_open, begins));
            begins = is_open == Some(true);
            if begins {
                written.insert(asset.id.to_string());
                lists.push(self.list(Some(asset.id), 0));
            }
        }
        drawn.open = written.into_iter().collect::<Vec<_>>().join(",");
        drawn
    }

    /// What is written of those below an asset, the next last, and how many are not.
    fn list(&self, of: Option<AssetId>, skip: usize) -> (Option<AssetId>, Vec<&Asset>, usize) {
        let mut list: Vec<&Asset> = self.shown(of).into_iter().skip(skip).collect();
        let more = list.len().saturating_sub(MOST_BESIDE);
        list.truncate(MOST_BESIDE);
        list.reverse();
        (of, list, more)
    }

    fn line(&self, asset: &Asset, is_open: Option<bool>, begins: bool) -> TreeLine {
        let accounts: usize = self.tree.subtree(asset.id).iter().filter_map(|below| self.accounts.get(&below.id)).sum();
        let mut tags = Vec::new();
        tags.extend((asset.kind == AssetKind::Production).then_some("production"));
        tags.extend((asset.stage == AssetStage::Conceptual).then_some("conceptual"));
        tags.extend(asset.closed_on.map(|_| "closed"));
        TreeLine {
            id: asset.id.to_string(),
            name: asset.name.clone(),
            tags,
            accounts: match accounts {
                0 => String::new(),
                many => counted(i64::try_from(many).unwrap_or(i64::MAX), "account", "accounts"),
            },
            is_open,
            is_turned: self.turned == Some(asset.id),
            begins,
            ends: 0,
            more: None,
        }
    }

    /// How many are at the top of what is drawn.
    pub(crate) fn count(&self) -> usize {
        self.shown(self.below).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> AssetId {
        format!("0193aaaa-0000-7000-8000-{number:012}").parse().unwrap()
    }

    fn asset(number: usize, parent: usize) -> Asset {
        Asset {
            id: id(number),
            parent: (parent > 0).then(|| id(parent)),
            name: number.to_string(),
            kind: AssetKind::Structuring,
            stage: AssetStage::Active,
            position: i64::try_from(number).unwrap(),
            closed_on: None,
        }
    }

    fn draw(tree: &Tree, open: Option<&[usize]>, turned: Option<usize>) -> DrawnTree {
        let open = open.map(|open| open.iter().map(|number| id(*number)).collect());
        let accounts = HashMap::from([(id(3), 2)]);
        let turned = turned.map(id);
        Drawing { tree, below: None, open, turned, shows_closed: false, skip: 0, accounts: &accounts }.draw()
    }

    /// The lines with marks for where lists begin and end.
    fn marked(drawn: &DrawnTree) -> String {
        let mark =
            |line: &TreeLine| format!("{}{}{}", if line.begins { "(" } else { " " }, line.name, ")".repeat(line.ends));
        drawn.lines.iter().map(mark).collect()
    }

    #[test]
    fn lists_begin_and_end_where_the_tree_does() {
        // 1 (2 (3)), 4 (5)
        let tree = Tree::new(vec![asset(1, 0), asset(2, 1), asset(3, 2), asset(4, 0), asset(5, 4)]);
        assert_eq!(marked(&draw(&tree, None, None)), "(1(2(3)) 4(5)");
        assert_eq!(marked(&draw(&tree, None, Some(2))), "(1(2) 4(5)");
        assert_eq!(marked(&draw(&tree, Some(&[]), Some(4))), "(1 4(5)");
        let drawn = draw(&tree, Some(&[]), None);
        assert_eq!(drawn.lines[0].accounts, "2 accounts", "those of what is below are counted");
        assert_eq!((drawn.lines[0].is_open, draw(&tree, None, None).lines[2].is_open), (Some(false), None));
    }

    #[test]
    fn a_large_tree_is_closed_and_never_written_out_in_full() {
        let leaves = (0..2_000).map(|number| asset(number + 11, number % 10 + 1));
        let tree = Tree::new((1..=10).map(|number| asset(number, 0)).chain(leaves).collect());
        assert_eq!(draw(&tree, None, None).lines.len(), 10);
        let one = draw(&tree, Some(&[1]), None);
        assert_eq!((one.lines.len(), one.is_cut), (110, false));
        let more = one.lines[100].more.as_ref().unwrap();
        assert_eq!((more.count.as_str(), &more.of), ("100", &Some(id(1).to_string())));
        let all = draw(&tree, Some(&[1, 2, 3, 4]), None);
        assert_eq!((all.lines.len(), all.is_cut), (MOST_LINES, true));
        let (begun, ended) =
            all.lines.iter().fold((0, 0), |(b, e), line| (b + usize::from(line.begins), e + line.ends));
        assert_eq!(begun, ended + 1, "every list but that of the page ends");
    }
}
