//! The tree picker: assets to choose one from. A small tree is listed whole; of a large one, what a search finds.
//!
//! Each line is a radio button, so that it works without script and by keyboard. The search is a form of its own beside the form that
//! the buttons belong to, so that pressing Enter in it finds and never sends; where more is typed beside it, which a search must not lose,
//! it is the first button of that form and asks for the page anew with everything that was typed.

use bankside_domain::AssetId;
use bankside_domain::asset::{Asset, SEPARATOR, Tree};

use super::counted;

/// A tree of no more than this many is listed whole.
const MOST_WHOLE: usize = 30;
/// So many are listed of what a search finds, and before anybody has searched.
const MOST_LISTED: usize = 30;

/// A line to choose.
#[derive(Debug, Clone)]
pub(crate) struct PickLine {
    pub(crate) value: String,
    pub(crate) label: String,
    /// The names above it, where the lines do not show them; or what else is to be known.
    pub(crate) note: String,
    /// How deep it stands, as far as there is room for it: 0 to 5.
    pub(crate) depth: usize,
    pub(crate) is_chosen: bool,
    pub(crate) is_off: bool,
}

/// What a picker is made from.
pub(crate) struct Picking<'a> {
    pub(crate) tree: &'a Tree,
    /// What the field asks.
    pub(crate) legend: String,
    /// A line before all others, such as “At the top”: it stands for no asset. Its value is empty.
    pub(crate) none: Option<&'static str>,
    /// What is chosen; within it, `None` is the line for no asset.
    pub(crate) chosen: Option<Option<AssetId>>,
    /// What somebody searches for.
    pub(crate) find: String,
    /// Why an asset cannot be chosen, if it cannot.
    pub(crate) off: &'a dyn Fn(&Asset) -> Option<String>,
}

/// The picker.
#[derive(Debug, Clone)]
pub(crate) struct Picker {
    pub(crate) legend: String,
    pub(crate) find: String,
    /// Whether there is so much that it has to be searched.
    pub(crate) is_searched: bool,
    pub(crate) lines: Vec<PickLine>,
    /// What the list is of.
    pub(crate) note: String,
    /// Where the search asks for the page with everything else that was typed in the form; `None` where it is a form of its own.
    pub(crate) keeps: Option<String>,
}

impl Picker {
    /// The same in a form with fields of its own, whose page is found here and takes what was typed.
    pub(crate) fn keeping(self, here: String) -> Self {
        Self { keeps: Some(here), ..self }
    }

    /// Whether somebody searches in it or has chosen an asset, so that it must not be folded away.
    pub(crate) fn is_in_use(&self) -> bool {
        !self.find.is_empty() || self.lines.iter().any(|line| line.is_chosen && !line.value.is_empty())
    }
}

impl Picking<'_> {
    /// The picker. Closed assets are left out.
    pub(crate) fn make(self) -> Picker {
        let is_open = |asset: &&Asset| asset.closed_on.is_none();
        let open = self.tree.all().iter().filter(is_open).count();
        let is_searched = open > MOST_WHOLE;
        let is_searching = is_searched && !self.find.trim().is_empty();
        let (found, note) = if !is_searched {
            (self.tree.all().iter().filter(is_open).collect(), String::new())
        } else if is_searching {
            let all: Vec<&Asset> = self.tree.search(&self.find).filter(is_open).collect();
            let count = counted(i64::try_from(all.len()).unwrap_or(i64::MAX), "asset", "assets");
            let note = if all.len() > MOST_LISTED {
                format!(
                    "{count} found, the first {MOST_LISTED} are here. Type more of the name or of what it stands under."
                )
            } else {
                format!("{count} found.")
            };
            (all.into_iter().take(MOST_LISTED).collect(), note)
        } else {
            let top: Vec<&Asset> = self.tree.children(None).filter(is_open).take(MOST_LISTED).collect();
            (top, format!("The top of the tree. Search finds any of the {open} assets."))
        };
        let mut lines = Vec::new();
        lines.extend(self.none.map(|label| PickLine {
            value: String::new(),
            label: label.to_owned(),
            note: String::new(),
            depth: 0,
            is_chosen: self.chosen == Some(None),
            is_off: false,
        }));
        // What is chosen is there, whatever is searched for.
        let chosen = self.chosen.flatten().and_then(|id| self.tree.get(id)).filter(is_open);
        let apart = chosen.filter(|chosen| !found.iter().any(|asset| asset.id == chosen.id));
        lines.extend(apart.into_iter().chain(found).map(|asset| self.line(asset, is_searched)));
        Picker { legend: self.legend, find: self.find, is_searched, lines, note, keeps: None }
    }

    fn line(&self, asset: &Asset, names_path: bool) -> PickLine {
        let why = (self.off)(asset);
        let above = asset.parent.filter(|_| names_path).map(|parent| self.tree.path(parent)).unwrap_or_default();
        let note = [above, why.clone().unwrap_or_default()];
        PickLine {
            value: asset.id.to_string(),
            label: asset.name.clone(),
            note: note.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            depth: if names_path { 0 } else { self.tree.depth(asset.id).min(5) },
            is_chosen: why.is_none() && self.chosen == Some(Some(asset.id)),
            is_off: why.is_some(),
        }
    }
}

/// The names of a path, as templates write them: those above, and the last one.
#[derive(Debug, Clone)]
pub(crate) struct PathView {
    /// Where the asset's page is.
    pub(crate) url: String,
    /// `Germany ▸ Fund C ▸ `, or nothing.
    pub(crate) above: String,
    pub(crate) name: String,
}

impl PathView {
    /// The path of an asset; `None` of one that is not there.
    pub(crate) fn of(tree: &Tree, id: AssetId, url: String) -> Option<Self> {
        let asset = tree.get(id)?;
        let above = asset.parent.map(|parent| format!("{}{SEPARATOR}", tree.path(parent))).unwrap_or_default();
        Some(Self { url, above, name: asset.name.clone() })
    }
}

#[cfg(test)]
mod tests {
    use bankside_domain::asset::{AssetKind, AssetStage};

    use super::*;

    fn id(number: usize) -> AssetId {
        format!("0193aaaa-0000-7000-8000-{number:012}").parse().unwrap()
    }

    /// So many sites below a fund.
    fn tree(sites: usize) -> Tree {
        let asset = |number: usize, name: String| Asset {
            id: id(number),
            parent: (number > 0).then(|| id(0)),
            name,
            kind: AssetKind::Production,
            stage: AssetStage::Active,
            position: i64::try_from(number).unwrap(),
            closed_on: (number == 3).then(|| jiff::civil::date(2026, 11, 1)),
        };
        let sites = (1..=sites).map(|number| asset(number, format!("Site {number}")));
        Tree::new(std::iter::once(asset(0, "Fund C".to_owned())).chain(sites).collect())
    }

    fn labels(tree: &Tree, find: &str, chosen: Option<AssetId>) -> Vec<String> {
        let picking = Picking {
            tree,
            legend: String::new(),
            none: Some("At the top"),
            chosen: Some(chosen),
            find: find.to_owned(),
            off: &|asset| (asset.name == "Site 1").then(|| "no".to_owned()),
        };
        let mark = |line: PickLine| match (line.is_chosen, line.is_off) {
            (true, _) => format!("{}!", line.label),
            (_, true) => format!("({})", line.label),
            _ => line.label,
        };
        picking.make().lines.into_iter().map(mark).collect()
    }

    #[test]
    fn a_small_tree_is_listed_whole_but_for_what_is_closed() {
        assert_eq!(labels(&tree(4), "4", None), ["At the top!", "Fund C", "(Site 1)", "Site 2", "Site 4"]);
    }

    #[test]
    fn a_large_tree_is_searched_and_what_is_chosen_stays() {
        let tree = tree(400);
        assert_eq!(labels(&tree, "", Some(id(9))), ["At the top", "Site 9!", "Fund C"]);
        assert_eq!(labels(&tree, "fund 399", Some(id(9))), ["At the top", "Site 9!", "Site 399"]);
        assert_eq!(labels(&tree, "site", None).len(), 1 + MOST_LISTED);
    }
}
