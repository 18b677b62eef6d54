//! The shell around every page of an organization: who, where to, and the accounts with their balances.

use std::collections::HashMap;
use std::sync::Arc;

use bankside_domain::asset::Tree;
use bankside_domain::subscription::Subscription;
use bankside_domain::{AccountId, Asker, AssetId, Code, Currency, OrganizationId, OrganizationKind};
use bankside_engine::{InboxCount, MOST_COUNTED, Membership, Standing};

use super::day::Today;
use super::picker::PathView;
use super::side::{Looker, MOST_IN_GROUP, Making, Side, SideAccount};

/// Which page of the navigation is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Overview,
    Transactions,
    Cashflow,
    Assets,
    Banks,
    Suspicions,
    Inbox,
    Settings,
    AddAccount,
}

/// What holds for every page of this server.
#[derive(Debug, Clone)]
pub(crate) struct ServerFacts {
    pub(crate) is_plain_http: bool,
    pub(crate) is_syncing_on: bool,
    /// The organization's subscription, where this server asks for one.
    pub(crate) subscription: Option<Subscription>,
}

/// The shell.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    pub(crate) organization: OrganizationId,
    pub(crate) organization_name: String,
    pub(crate) kind_and_role: String,
    pub(crate) place: Place,
    pub(crate) side: Side,
    /// The open accounts, in the order of the sidebar.
    pub(crate) accounts: Vec<SideAccount>,
    pub(crate) total: String,
    pub(crate) total_currency: String,
    /// Accounts in other currencies, which the total leaves out.
    pub(crate) left_out: usize,
    /// How many doubts wait for a person.
    pub(crate) suspicions: i64,
    /// How much waits in the inbox, where the person has one beside the other pages.
    pub(crate) inbox: Option<InboxCount>,
    pub(crate) version: &'static str,
    pub(crate) zone: String,
    /// Whether pages travel unprotected over a network.
    pub(crate) is_plain_http: bool,
    /// Whether banks can be linked and synced at all: the operator can switch that off, and may ask for a subscription.
    pub(crate) is_syncing_on: bool,
    /// The organization's subscription, where this server asks for one.
    pub(crate) subscription: Option<Subscription>,
    pub(crate) today: Today,
    pub(crate) asker: Asker,
    /// The tree of assets.
    pub(crate) tree: Arc<Tree>,
    /// The assets that accounts belong to, closed accounts too.
    pub(crate) belongs: Arc<HashMap<AccountId, AssetId>>,
    /// Whether anything is said of assets: a household that has none hears nothing of them.
    pub(crate) has_assets: bool,
}

/// What of an organization every page shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) membership: &'a Membership,
    pub(crate) standing: &'a Standing,
    /// The tree of assets.
    pub(crate) tree: &'a Arc<Tree>,
    /// How many doubts wait for a person.
    pub(crate) suspicions: i64,
    /// How much waits in the inbox, where the person has one beside the other pages.
    pub(crate) inbox: Option<InboxCount>,
}

impl Shell {
    pub(crate) fn new(
        around: Around<'_>,
        looker: Looker,
        place: Place,
        open: Option<AccountId>,
        today: Today,
        server: &ServerFacts,
    ) -> Self {
        let Around { membership, standing, tree, suspicions, inbox } = around;
        let organization = &membership.organization;
        let mut total = 0_i64;
        let mut total_scale: Option<Currency> = None;
        let mut left_out = 0;
        for account in standing.accounts.iter().map(|view| &view.account).filter(|account| !account.is_closed) {
            if account.currency.code == organization.currency {
                total = total.saturating_add(account.balance_minor());
                total_scale = Some(account.currency);
            } else {
                left_out += 1;
            }
        }
        let making = Making {
            standing,
            tree,
            home: organization.currency,
            place,
            open,
            today: &today,
            organization: organization.id,
        };
        let (side, accounts) = making.make(looker);
        let home = total_scale
            .or_else(|| Currency::iso(organization.currency.as_str()).ok())
            .unwrap_or(Currency { code: organization.currency, scale: 2 });
        Self {
            organization: organization.id,
            organization_name: organization.name.clone(),
            kind_and_role: format!(
                "{} · {}{}",
                kind(organization.kind),
                membership.role.code(),
                if membership.asker.is_restricted() { ", in part" } else { "" }
            ),
            place,
            side,
            accounts,
            total: today.amount(total, home),
            total_currency: organization.currency.to_string(),
            left_out,
            suspicions,
            inbox,
            version: env!("CARGO_PKG_VERSION"),
            zone: organization.time_zone.clone(),
            is_plain_http: server.is_plain_http,
            is_syncing_on: server.is_syncing_on && server.subscription.is_none_or(Subscription::is_active),
            subscription: server.subscription,
            today,
            has_assets: organization.kind == OrganizationKind::Company || !tree.is_empty(),
            belongs: Arc::new(
                standing.accounts.iter().filter_map(|view| Some((view.account.id, view.account.asset?))).collect(),
            ),
            tree: Arc::clone(tree),
            asker: membership.asker.clone(),
        }
    }

    /// What is said of a subscription that this server asks for and the organization lacks.
    pub(crate) fn unsubscribed(&self) -> Option<String> {
        let name = &self.organization_name;
        match self.subscription? {
            Subscription::Active { .. } => None,
            Subscription::None => {
                Some(format!("Syncing with banks takes a subscription on this server, and {name} has none."))
            }
            Subscription::Ended { through } => {
                let day = self.today.day(through);
                Some(format!("The subscription of {name} to syncing with banks ended with {day}. Syncs are paused."))
            }
        }
    }

    /// How the person reads figures, as scripts of the page are told.
    pub(crate) fn numbers(&self) -> &'static str {
        self.today.formats.numbers.code()
    }

    /// How the person reads days, as scripts of the page are told.
    pub(crate) fn dates(&self) -> &'static str {
        self.today.formats.dates.code()
    }

    /// The address of a page of this organization.
    pub(crate) fn at(&self, path: &str) -> String {
        address(self.organization, path)
    }

    pub(crate) fn is_at(&self, place: Place) -> bool {
        self.place == place && self.accounts.iter().all(|account| !account.is_open)
    }

    /// Whether the person may end a sync; that they may also while nothing is synced.
    pub(crate) fn may_end_syncs(&self) -> bool {
        self.asker.may(bankside_domain::Right::ManageBanks)
    }

    /// Whether the person may connect and link banks, and the server does that.
    pub(crate) fn may_manage_banks(&self) -> bool {
        self.is_syncing_on && self.asker.may(bankside_domain::Right::ManageBanks)
    }

    /// Whether the person may start a sync, and the server does that.
    pub(crate) fn may_sync(&self) -> bool {
        self.is_syncing_on && self.may_edit() && self.sees_whole()
    }

    /// Whether the person may invite others and change their places.
    pub(crate) fn may_manage_people(&self) -> bool {
        self.asker.may(bankside_domain::Right::ManagePeople)
    }

    /// Whether the person sees the whole organization, and with it its banks, feeds, runs and people.
    pub(crate) fn sees_whole(&self) -> bool {
        !self.asker.is_restricted()
    }

    /// Whether the person may add and change rules.
    pub(crate) fn may_manage_rules(&self) -> bool {
        self.asker.may(bankside_domain::Right::ManageRules)
    }

    /// Whether the person may add categories.
    pub(crate) fn may_manage_categories(&self) -> bool {
        self.asker.may(bankside_domain::Right::ManageCategories)
    }

    /// Whether the person may change the tree, and say which account belongs to which asset.
    pub(crate) fn may_manage_assets(&self) -> bool {
        self.asker.may(bankside_domain::Right::ManageAssets)
    }

    /// The path of an asset, with a link to its page.
    pub(crate) fn path_of(&self, asset: Option<AssetId>) -> Option<PathView> {
        let id = asset?;
        PathView::of(&self.tree, id, self.at(&format!("assets/{id}")))
    }

    /// The path of the asset that an account belongs to, for the line below its name; `None` where it belongs to none.
    pub(crate) fn account_path(&self, account: AccountId) -> Option<String> {
        Some(self.tree.path(*self.belongs.get(&account)?)).filter(|path| !path.is_empty())
    }

    /// An account within a line or a choice: its name, with where it belongs.
    pub(crate) fn named(&self, account: AccountId, name: &str) -> String {
        match self.account_path(account) {
            Some(path) => format!("{name} · {path}"),
            None => name.to_owned(),
        }
    }

    /// The accounts that a list on a page has room for.
    pub(crate) fn first_accounts(&self) -> &[SideAccount] {
        self.accounts.get(..MOST_IN_GROUP).unwrap_or(&self.accounts)
    }

    /// How many accounts a list has no room for, with their noun; `None` where it has them all.
    pub(crate) fn more_accounts(&self) -> Option<String> {
        let more = self.accounts.len().checked_sub(MOST_IN_GROUP).filter(|more| *more > 0)?;
        Some(super::counted(i64::try_from(more).unwrap_or(i64::MAX), "account more", "accounts more"))
    }

    /// How many rows wait in the inbox, as its mark says it: nothing where none does.
    pub(crate) fn inbox_mark(&self) -> Option<String> {
        let waiting = self.inbox.map(|inbox| inbox.waiting).filter(|waiting| *waiting > 0)?;
        Some(if waiting > MOST_COUNTED { format!("{MOST_COUNTED}+") } else { waiting.to_string() })
    }

    /// Whether the inbox switches may be changed for everybody.
    pub(crate) fn may_switch_inbox(&self) -> bool {
        self.may_manage_categories()
    }

    pub(crate) fn may_edit(&self) -> bool {
        self.asker.may(bankside_domain::Right::EditBooks)
    }

    /// `8 accounts, one in another currency`.
    pub(crate) fn total_note(&self) -> String {
        let accounts = super::counted(i64::try_from(self.accounts.len()).unwrap_or(0), "account", "accounts");
        match self.left_out {
            0 => accounts,
            1 => format!("{accounts}, one in another currency not counted"),
            many => format!("{accounts}, {many} in other currencies not counted"),
        }
    }
}

/// The address of a page of an organization.
pub(crate) fn address(organization: OrganizationId, path: &str) -> String {
    format!("/o/{organization}/{path}")
}

fn kind(kind: OrganizationKind) -> &'static str {
    match kind {
        OrganizationKind::Household => "Household",
        OrganizationKind::Company => "Company",
    }
}
