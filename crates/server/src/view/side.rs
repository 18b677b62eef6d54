//! The sidebar: who is here, and the accounts in groups with their balances.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::account::AccountKind;
use bankside_domain::asset::{SEPARATOR, Tree};
use bankside_domain::status::Status;
use bankside_domain::{AccountId, AssetId, ConnectionId, CurrencyCode};
use bankside_engine::{Account, AccountView, Membership, Standing};

use super::day::Today;
use super::shell::{Place, address};
use super::status::{Note, StatusView};

/// Beyond this many accounts only the group of the open one is unfolded.
const MOST_UNFOLDED: usize = 60;
/// Of a longer group so many are listed beside the page; the rest is on the overview.
pub(crate) const MOST_IN_GROUP: usize = 100;
/// So many assets have a group of their own. Where accounts belong to more, those of what is below an asset are in its group.
const MOST_ASSETS: usize = 20;

/// Who looks, and how.
#[derive(Debug, Clone, Default)]
pub(crate) struct Looker {
    /// The person's name.
    pub(crate) person: String,
    /// The other organizations that they belong to: name and address.
    pub(crate) elsewhere: Vec<(String, String)>,
    /// Whether they have folded the sidebar.
    pub(crate) has_folded: bool,
    /// Groups that they have unfolded, by number.
    pub(crate) unfolded: Vec<usize>,
}

impl Looker {
    pub(crate) fn of(person: &str, here: &Membership, memberships: &[Membership], has_folded: bool) -> Self {
        let elsewhere = memberships
            .iter()
            .map(|membership| &membership.organization)
            .filter(|organization| organization.id != here.organization.id)
            .map(|organization| (organization.name.clone(), address(organization.id, "overview")));
        Self { person: person.to_owned(), elsewhere: elsewhere.collect(), has_folded, unfolded: Vec::new() }
    }
}

/// An account in the sidebar.
#[derive(Debug, Clone)]
pub(crate) struct SideAccount {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) balance: String,
    /// Written only where it differs from the organization's.
    pub(crate) currency: Option<String>,
    pub(crate) status: StatusView,
    /// What stands below an account that is not healthy.
    pub(crate) why: String,
    /// The names on the way from its group's asset to its own.
    pub(crate) below: Option<String>,
    pub(crate) is_open: bool,
}

/// Accounts that belong together.
#[derive(Debug, Clone)]
pub(crate) struct SideGroup {
    pub(crate) number: usize,
    pub(crate) name: String,
    /// Whether the name is a path.
    pub(crate) is_path: bool,
    /// The sum of those in the organization's currency; `None` where there is none.
    pub(crate) sum: Option<String>,
    pub(crate) is_unfolded: bool,
    /// How many are not listed here.
    pub(crate) more: usize,
    /// Whether one of them needs a person.
    pub(crate) tone: Option<&'static str>,
    first: usize,
    listed: usize,
}

/// The sidebar.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    pub(crate) looker: Looker,
    pub(crate) groups: Vec<SideGroup>,
    /// How many assets have accounts but no group.
    pub(crate) left_out: usize,
    /// Whether there are so many accounts that groups fold.
    pub(crate) is_folding: bool,
    /// How many syncs need a person.
    pub(crate) waiting: usize,
    /// Where this list is found anew.
    pub(crate) address: String,
}

impl SideGroup {
    /// Its accounts, as far as they are listed.
    pub(crate) fn listed<'a>(&self, accounts: &'a [SideAccount]) -> &'a [SideAccount] {
        accounts.get(self.first..self.first + self.listed).unwrap_or_default()
    }
}

/// What groups are sorted by: what an account is, where it belongs to no asset, and then the assets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum GroupKey {
    Everyday,
    Savings,
    Loans,
    Other,
    /// In the order of the tree.
    Asset(usize, AssetId),
}

impl GroupKey {
    /// `depth` is that of the deepest groups.
    fn of(account: &Account, tree: &Tree, depth: usize) -> Self {
        let way = account.asset.map(|asset| tree.way(asset)).unwrap_or_default();
        if let Some(asset) = way.get(depth).or(way.last()) {
            return Self::Asset(tree.place(asset.id), asset.id);
        }
        match account.kind {
            AccountKind::Checking | AccountKind::Cash | AccountKind::CreditCard => Self::Everyday,
            AccountKind::Savings | AccountKind::Investment => Self::Savings,
            AccountKind::Loan => Self::Loans,
            AccountKind::Other => Self::Other,
        }
    }

    fn name(&self, tree: &Tree) -> String {
        match self {
            Self::Everyday => "Everyday".to_owned(),
            Self::Savings => "Savings".to_owned(),
            Self::Loans => "Loans".to_owned(),
            Self::Other => "Other".to_owned(),
            Self::Asset(_, asset) => tree.path(*asset),
        }
    }
}

/// What the sidebar is made from.
pub(crate) struct Making<'a> {
    pub(crate) standing: &'a Standing,
    pub(crate) tree: &'a Tree,
    pub(crate) home: CurrencyCode,
    pub(crate) place: Place,
    pub(crate) open: Option<AccountId>,
    pub(crate) today: &'a Today,
    pub(crate) organization: bankside_domain::OrganizationId,
}

impl Making<'_> {
    /// The sidebar, and its accounts in the order of their groups. Closed accounts are left out.
    pub(crate) fn make(&self, looker: Looker) -> (Side, Vec<SideAccount>) {
        let depth = self.depth();
        let mut by_group: BTreeMap<GroupKey, Vec<&AccountView>> = BTreeMap::new();
        for view in self.standing.accounts.iter().filter(|view| !view.account.is_closed) {
            by_group.entry(GroupKey::of(&view.account, self.tree, depth)).or_default().push(view);
        }
        let left_out = self.leave_out(&mut by_group);
        let is_folding = by_group.values().map(Vec::len).sum::<usize>() > MOST_UNFOLDED;
        let mut accounts: Vec<SideAccount> = Vec::new();
        let mut groups = Vec::new();
        for (number, (key, mut views)) in by_group.into_iter().enumerate() {
            if let Some(open) = views.iter().position(|view| Some(view.account.id) == self.open)
                && open >= MOST_IN_GROUP
            {
                let open = views.remove(open);
                views.insert(0, open);
            }
            let is_of_open = views.iter().any(|view| Some(view.account.id) == self.open);
            let is_unfolded = !is_folding || is_of_open || looker.unfolded.contains(&number);
            let listed = if is_unfolded { views.len().min(MOST_IN_GROUP) } else { 0 };
            groups.push(SideGroup {
                number,
                name: key.name(self.tree),
                is_path: matches!(key, GroupKey::Asset(..)),
                sum: self.sum(&views),
                is_unfolded,
                more: views.len() - listed,
                tone: views.iter().find_map(|view| tone(&view.status.status, self.today)),
                first: accounts.len(),
                listed,
            });
            accounts.extend(views.into_iter().map(|view| self.account(view, &key)));
        }
        let side =
            Side { looker, groups, left_out, is_folding, waiting: waiting(self.standing), address: self.address() };
        (side, accounts)
    }

    /// How deep the deepest groups are, so that there are no more of them than there is room for.
    fn depth(&self) -> usize {
        let open = self.standing.accounts.iter().filter(|view| !view.account.is_closed);
        let belonging: BTreeSet<AssetId> = open.filter_map(|view| view.account.asset).collect();
        let ways: Vec<Vec<AssetId>> = belonging
            .into_iter()
            .map(|asset| self.tree.way(asset).into_iter().map(|asset| asset.id).collect())
            .collect();
        let deepest = ways.iter().map(Vec::len).max().unwrap_or(0).saturating_sub(1);
        let groups =
            |depth: usize| ways.iter().filter_map(|way| way.get(depth).or(way.last())).collect::<BTreeSet<_>>().len();
        (1..=deepest).take_while(|depth| groups(*depth) <= MOST_ASSETS).last().unwrap_or(0)
    }

    /// Leaves out the groups of assets for which there is no room, but never that of the open account; answers how many.
    fn leave_out(&self, by_group: &mut BTreeMap<GroupKey, Vec<&AccountView>>) -> usize {
        let before = by_group.len();
        let mut room = MOST_ASSETS;
        by_group.retain(|key, views| {
            let is_of_open = views.iter().any(|view| Some(view.account.id) == self.open);
            if !matches!(key, GroupKey::Asset(..)) || is_of_open {
                return true;
            }
            let has_room = room > 0;
            room = room.saturating_sub(1);
            has_room
        });
        before - by_group.len()
    }

    /// The names on the way from the group's asset to the account's own.
    fn below(&self, account: &Account, group: &GroupKey) -> Option<String> {
        let GroupKey::Asset(_, of) = group else { return None };
        let way = self.tree.way(account.asset?);
        let names: Vec<&str> =
            way.iter().skip_while(|asset| asset.id != *of).skip(1).map(|asset| asset.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(SEPARATOR))
    }

    fn sum(&self, views: &[&AccountView]) -> Option<String> {
        let home = views.iter().filter(|view| view.account.currency.code == self.home);
        let currency = home.clone().next()?.account.currency;
        let sum = home.fold(0_i64, |sum, view| sum.saturating_add(view.account.balance_minor()));
        Some(self.today.amount(sum, currency))
    }

    fn account(&self, view: &AccountView, group: &GroupKey) -> SideAccount {
        let account = &view.account;
        let status = StatusView::of(&view.status.status, Some(account.currency), self.today);
        let why = match &view.status.status {
            Status::CheckData { since: Some(since), .. } => format!("{} since {}", status.word, self.today.day(*since)),
            _ => status.word.clone(),
        };
        SideAccount {
            id: account.id.to_string(),
            below: self.below(account, group),
            name: account.name.clone(),
            balance: self.today.amount(account.balance_minor(), account.currency),
            currency: (account.currency.code != self.home).then(|| account.currency.code.to_string()),
            status,
            why,
            is_open: self.open == Some(account.id),
        }
    }

    fn address(&self) -> String {
        let at = match self.open {
            Some(account) => format!("sidebar?account={account}"),
            None if self.place == Place::Transactions => "sidebar?all=true".to_owned(),
            None => "sidebar".to_owned(),
        };
        address(self.organization, &at)
    }
}

fn tone(status: &Status, today: &Today) -> Option<&'static str> {
    Note::needs_somebody(status).then(|| StatusView::of(status, None, today).tone)
}

/// How many syncs need a person.
fn waiting(standing: &Standing) -> usize {
    let statuses = standing.accounts.iter().map(|view| &view.status).chain(&standing.unlinked);
    let waiting = statuses.filter(|status| Note::needs_somebody(&status.status));
    let connections: BTreeSet<ConnectionId> = waiting.filter_map(|status| status.connection).collect();
    connections.len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bankside_domain::account::{OpeningSource, PendingPolicy};
    use bankside_domain::asset::{Asset, AssetKind, AssetStage};
    use bankside_domain::{Currency, Formats};
    use bankside_engine::AccountStatus;

    use super::*;

    fn id<I: std::str::FromStr<Err: std::fmt::Debug>>(number: usize) -> I {
        format!("0193aaaa-0000-7000-8000-{number:012}").parse().unwrap()
    }

    /// So many funds with so many sites each.
    fn tree(funds: usize, sites: usize) -> Arc<Tree> {
        let asset = |number: usize, parent: Option<usize>, name: String| Asset {
            id: id(number),
            parent: parent.map(id),
            name,
            kind: AssetKind::Structuring,
            stage: AssetStage::Active,
            position: i64::try_from(number).unwrap(),
            closed_on: None,
        };
        let site = |fund: usize, site: usize| asset(1_000 * fund + site, Some(1_000 * fund), format!("Site {site}"));
        let fund = |fund: usize| {
            let of_it = (1..=sites).map(move |number| site(fund, number));
            std::iter::once(asset(1_000 * fund, None, format!("Fund {fund}"))).chain(of_it)
        };
        Arc::new(Tree::new((1..=funds).flat_map(fund).collect()))
    }

    /// An account for each of these assets.
    fn standing(assets: impl Iterator<Item = Option<usize>>) -> Standing {
        let view = |(number, asset): (usize, Option<usize>)| AccountView {
            account: Account {
                id: id(number),
                asset: asset.map(id),
                name: format!("Account {number}"),
                kind: AccountKind::Savings,
                currency: Currency::iso("EUR").unwrap(),
                opening_minor: 0,
                opening_on: None,
                opening_source: OpeningSource::Person,
                pending_policy: PendingPolicy::Shown,
                locked_through: None,
                revision: 0,
                booked_minor: 100,
                pending_minor: 0,
                transaction_count: 0,
                is_closed: false,
            },
            status: AccountStatus {
                status: Status::WithoutBank,
                since: None,
                said: None,
                last_success_at: None,
                last_run: None,
                connection: None,
                bank: None,
                bank_account: None,
                is_to_confirm: false,
                proof: None,
            },
        };
        Standing { accounts: assets.enumerate().map(view).collect(), unlinked: Vec::new() }
    }

    fn side(tree: &Tree, standing: &Standing, open: Option<usize>) -> (Side, Vec<SideAccount>) {
        let today = Today::new(jiff::Timestamp::UNIX_EPOCH, "UTC", Formats::default());
        let making = Making {
            standing,
            tree,
            home: "EUR".parse().unwrap(),
            place: Place::Overview,
            open: open.map(id),
            today: &today,
            organization: id(1),
        };
        making.make(Looker::default())
    }

    #[test]
    fn accounts_stand_under_the_path_of_their_asset_in_the_order_of_the_tree() {
        let (tree, standing) = (tree(2, 2), standing([Some(2_001), None, Some(1_002), Some(1_000)].into_iter()));
        let (side, _) = side(&tree, &standing, None);
        let names: Vec<&str> = side.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["Savings", "Fund 1", "Fund 1 ▸ Site 2", "Fund 2 ▸ Site 1"]);
    }

    #[test]
    fn many_assets_are_grouped_by_what_they_stand_under() {
        let (tree, standing) = (tree(10, 50), standing((0..500).map(|n| Some(1_000 * (n / 50 + 1) + n % 50 + 1))));
        let (side, accounts) = side(&tree, &standing, Some(77));
        assert_eq!((side.groups.len(), side.groups[1].name.as_str(), side.left_out), (10, "Fund 2", 0));
        let unfolded: Vec<usize> = side.groups.iter().map(|group| group.listed(&accounts).len()).collect();
        assert_eq!(unfolded[..3], [0, 50, 0], "only the group of the open account is written");
        let open = accounts.iter().find(|account| account.is_open).unwrap();
        assert_eq!(open.below.as_deref(), Some("Site 28"));
    }

    #[test]
    fn more_assets_at_the_top_than_there_is_room_for_are_counted() {
        let (tree, standing) = (tree(300, 0), standing((0..300).map(|n| Some(1_000 * (n + 1)))));
        let (side, accounts) = side(&tree, &standing, Some(299));
        assert_eq!((side.groups.len(), side.left_out), (MOST_ASSETS + 1, 300 - MOST_ASSETS - 1));
        assert_eq!(side.groups.last().unwrap().listed(&accounts).len(), 1);
    }
}
