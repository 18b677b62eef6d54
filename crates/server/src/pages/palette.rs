//! What the palette finds: accounts, pages, providers, and what can be done. Payees and categories it asks the API for.

use axum::Json;
use axum::extract::State;
use bankside_engine::AccountView;
use serde::Serialize;

use crate::App;
use crate::error::PageError;
use crate::pages::keys::first_step;
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};

/// An entry.
#[derive(Serialize)]
pub(crate) struct Offer {
    group: &'static str,
    label: String,
    /// What stands beside it, and what it is found by too.
    hint: String,
    icon: &'static str,
    url: String,
    /// Whether the address is posted to.
    is_post: bool,
    /// Whether it stands there before anything is typed.
    is_first: bool,
}

impl Offer {
    fn new(group: &'static str, icon: &'static str, label: impl Into<String>, url: String) -> Self {
        Self { group, label: label.into(), hint: String::new(), icon, url, is_post: false, is_first: true }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    fn posted(self) -> Self {
        Self { is_post: true, ..self }
    }

    /// Only for whoever types some of it.
    fn later(self) -> Self {
        Self { is_first: false, ..self }
    }
}

/// Everything that this person may go to and do.
pub(crate) async fn offers(State(app): State<App>, member: Member) -> Result<Json<Vec<Offer>>, PageError> {
    let shell = shell(&app, &member, Place::Transactions, None).await?;
    let views = app.engine.accounts(member.asker()).await?;
    let mut offers: Vec<Offer> = views.iter().map(|view| account(view, &shell)).collect();
    offers.extend(pages(&shell));
    offers.extend(providers(&app, &member, &shell).await?);
    offers.extend(deeds(&views, &shell));
    Ok(Json(offers))
}

fn account(view: &AccountView, shell: &Shell) -> Offer {
    let account = &view.account;
    let balance = shell.today.amount(account.balance_minor(), account.currency);
    let offer = Offer::new("Accounts", "rows", account.name.clone(), shell.at(&format!("accounts/{}", account.id)))
        .hint(match account.asset {
            Some(asset) => format!("{balance} {} · {}", account.currency.code, shell.tree.path(asset)),
            None => format!("{balance} {}", account.currency.code),
        });
    if account.is_closed { offer.later() } else { offer }
}

fn pages(shell: &Shell) -> Vec<Offer> {
    let page = |icon, label, path| Offer::new("Pages", icon, label, shell.at(path));
    let mut pages = vec![
        page("home", "Overview", "overview").hint("net worth, income and spending"),
        page("rows", "All accounts", "transactions").hint("transactions, register"),
        page("flow", "Cashflow", "cashflow").hint("categories by month, plan, rates"),
        page("inbox", "Inbox", "inbox").hint("review, new rows, accept"),
        page("help", "Suspicions", "suspicions").hint("held back, twins, vanished"),
        page("plus", "Add account", "add-account").hint("link a bank"),
        page("file", "Account without a bank", "add-account/without-bank").hint("cash, loan").later(),
        page("gear", "Settings", "settings").hint("providers, figures and days, advanced"),
        page("swap", "Unmapped rows", "cashflow/unmapped").hint("categories, cashflow, map"),
        page("swap", "Mapped rows", "cashflow/mapped").hint("categories, cashflow, un-map").later(),
        page("rows", "Categories", "categories").hint("rename, merge, subcategories").later(),
        Offer::new("Pages", "eye", "Components", "/design".to_owned()).hint("design system").later(),
        Offer::new("Pages", "plus", "Another household or company", "/organizations/new".to_owned())
            .hint("organization")
            .later(),
    ];
    if shell.may_manage_banks() {
        pages.push(page("search", "Connect a bank", "connect-bank").hint("find your bank, country"));
    }
    if shell.sees_whole() {
        pages.insert(2, page("bank", "Bank integrations", "banks").hint("connections, consents"));
        pages.insert(4, page("loop", "Runs", "runs").hint("syncs, history"));
        pages.push(page("outline", "Rules", "rules").hint("always, conditions, clean up payees").later());
        pages.push(page("people", "People", "people").hint("members, roles, invitations").later());
    }
    if shell.has_assets {
        pages.insert(2, page("tree", "Assets", "assets").hint("tree, countries, funds, sites"));
    }
    pages.extend(shell.side.looker.elsewhere.iter().map(|(name, url)| {
        Offer::new("Organizations", "swap", format!("Change to {name}"), url.clone()).hint("household, company").later()
    }));
    pages
}

/// For each provider that can be used, its keys or its banks.
async fn providers(app: &App, member: &Member, shell: &Shell) -> Result<Vec<Offer>, PageError> {
    if !shell.may_manage_banks() {
        return Ok(Vec::new());
    }
    let views = app.engine.providers(member.asker()).await?;
    let usable =
        views.iter().filter(|view| !view.is_off && view.experimental.as_ref().is_none_or(|switch| switch.is_on));
    let offer = |view: &bankside_engine::ProviderView| {
        let (name, id) = (view.descriptor.name, view.descriptor.id);
        let (icon, label, path) = match view.keys {
            Some(_) => ("link", format!("Link a bank account with {name}"), first_step(view.descriptor)),
            None => ("key", format!("Set up {name} for bank sync"), format!("providers/{id}/keys")),
        };
        Offer::new("Providers", icon, label, shell.at(&path)).later()
    };
    Ok(usable.map(offer).collect())
}

fn deeds(views: &[AccountView], shell: &Shell) -> Vec<Offer> {
    let mut deeds = Vec::new();
    if shell.may_sync() && views.iter().any(|view| view.status.connection.is_some()) {
        deeds.push(Offer::new("Do", "loop", "Bank sync", shell.at("sync")).hint("all accounts").posted());
    }
    for view in views.iter().filter(|view| view.status.connection.is_some()) {
        if shell.sees_whole() {
            let url = shell.at(&format!("accounts/{}/feed", view.account.id));
            let label = format!("Bank feed of {}", view.account.name);
            let offer = Offer::new("Do", "bank", label, url).hint("pending transactions, opening balance, sign");
            deeds.push(offer.later());
        }
        let url = shell.at(&format!("accounts/{}/balance", view.account.id));
        let label = format!("Balance check of {}", view.account.name);
        deeds.push(Offer::new("Do", "eye", label, url).hint("bank against ledger, differences").later());
        if shell.may_manage_banks() {
            let url = shell.at(&format!("accounts/{}/move", view.account.id));
            let label = format!("Move the feed of {}", view.account.name);
            deeds.push(Offer::new("Do", "swap", label, url).hint("another connection, another provider").later());
        }
    }
    if shell.may_edit() {
        for view in views.iter().filter(|view| !view.account.is_closed) {
            let url = shell.at(&format!("accounts/{}/transactions/new", view.account.id));
            deeds.push(Offer::new("Do", "plus", format!("Add transaction to {}", view.account.name), url).later());
            let url = shell.at(&format!("accounts/{}/lock", view.account.id));
            deeds.push(Offer::new("Do", "lock", format!("Lock a period of {}", view.account.name), url).later());
        }
    }
    deeds.push(Offer::new("Do", "right", "Sign out", "/sign-out".to_owned()).posted().later());
    deeds
}
