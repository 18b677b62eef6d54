//! The sidebar: who is here, and the accounts in groups with their balances.

use std::collections::{BTreeMap, HashMap};

use bankside_domain::account::AccountKind;
use bankside_domain::status::Status;
use bankside_domain::{AccountId, ConnectionId, CurrencyCode};
use bankside_engine::{Account, AccountView, Membership, Standing};

use super::day::Today;
use super::shell::{Place, address};
use super::status::{Note, StatusView};

/// Beyond this many accounts only the group of the open one is unfolded.
const MOST_UNFOLDED: usize = 60;
/// Of a longer group so many are listed beside the page; the rest is on the overview.
const MOST_IN_GROUP: usize = 200;

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
    pub(crate) is_open: bool,
}

/// Accounts that belong together.
#[derive(Debug, Clone)]
pub(crate) struct SideGroup {
    pub(crate) number: usize,
    pub(crate) name: String,
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
    Asset(Vec<String>),
}

impl GroupKey {
    fn of(account: &Account, assets: &HashMap<AccountId, Vec<String>>) -> Self {
        if let Some(path) = assets.get(&account.id) {
            return Self::Asset(path.clone());
        }
        match account.kind {
            AccountKind::Checking | AccountKind::Cash | AccountKind::CreditCard => Self::Everyday,
            AccountKind::Savings | AccountKind::Investment => Self::Savings,
            AccountKind::Loan => Self::Loans,
            AccountKind::Other => Self::Other,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Everyday => "Everyday".to_owned(),
            Self::Savings => "Savings".to_owned(),
            Self::Loans => "Loans".to_owned(),
            Self::Other => "Other".to_owned(),
            Self::Asset(path) => path.join(" ▸ "),
        }
    }
}

/// What the sidebar is made from.
pub(crate) struct Making<'a> {
    pub(crate) standing: &'a Standing,
    pub(crate) assets: &'a HashMap<AccountId, Vec<String>>,
    pub(crate) home: CurrencyCode,
    pub(crate) place: Place,
    pub(crate) open: Option<AccountId>,
    pub(crate) today: &'a Today,
    pub(crate) organization: bankside_domain::OrganizationId,
}

impl Making<'_> {
    /// The sidebar, and its accounts in the order of their groups. Closed accounts are left out.
    pub(crate) fn make(&self, looker: Looker) -> (Side, Vec<SideAccount>) {
        let mut by_group: BTreeMap<GroupKey, Vec<&AccountView>> = BTreeMap::new();
        for view in self.standing.accounts.iter().filter(|view| !view.account.is_closed) {
            by_group.entry(GroupKey::of(&view.account, self.assets)).or_default().push(view);
        }
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
                name: key.name(),
                sum: self.sum(&views),
                is_unfolded,
                more: views.len() - listed,
                tone: views.iter().find_map(|view| tone(&view.status.status, self.today)),
                first: accounts.len(),
                listed,
            });
            accounts.extend(views.into_iter().map(|view| self.account(view)));
        }
        let side = Side { looker, groups, is_folding, waiting: waiting(self.standing), address: self.address() };
        (side, accounts)
    }

    fn sum(&self, views: &[&AccountView]) -> Option<String> {
        let home = views.iter().filter(|view| view.account.currency.code == self.home);
        let currency = home.clone().next()?.account.currency;
        let sum = home.fold(0_i64, |sum, view| sum.saturating_add(view.account.balance_minor()));
        Some(self.today.amount(sum, currency))
    }

    fn account(&self, view: &AccountView) -> SideAccount {
        let account = &view.account;
        let status = StatusView::of(&view.status.status, Some(account.currency), self.today);
        let why = match &view.status.status {
            Status::CheckData { since: Some(since), .. } => format!("{} since {}", status.word, self.today.day(*since)),
            _ => status.word.clone(),
        };
        SideAccount {
            id: account.id.to_string(),
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
    let connections: std::collections::BTreeSet<ConnectionId> =
        waiting.filter_map(|status| status.connection).collect();
    connections.len()
}
