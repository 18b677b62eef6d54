//! Bank integrations: every connection with its bank accounts, its access and its status.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bankside_domain::Currency;
use bankside_domain::consent::{ConsentStanding, days_between};
use bankside_engine::{ConnectedAccount, ConnectionView};

use crate::App;
use crate::error::{PageError, page};
use crate::pages::{monogram, shell};
use crate::session::Member;
use crate::view::counted;
use crate::view::day::Today;
use crate::view::money::amount;
use crate::view::shell::{Place, Shell};
use crate::view::status::StatusView;

#[derive(Template)]
#[template(path = "integrations.html")]
struct IntegrationsHtml {
    shell: Shell,
    connections: Vec<BankSync>,
}

struct BankSync {
    name: String,
    monogram: String,
    bank: String,
    provider: &'static str,
    mark: StatusView,
    session: String,
    accounts: Vec<SyncAccount>,
    may_start: bool,
    has_unlinked: bool,
    start_url: String,
    link_url: String,
}

struct SyncAccount {
    name: String,
    number: Option<String>,
    holder: String,
    balance: String,
    currency: String,
    as_of: String,
    linked: Option<Linked>,
}

struct Linked {
    name: String,
    url: String,
    unlink_url: String,
    mark: StatusView,
}

/// When access ends, as a sentence; where no end is known, no countdown.
fn session(view: &ConnectionView, today: &Today) -> String {
    let consent = &view.connection.consent;
    let day = consent.valid_until.map(|end| today.day(end.to_zoned(today.zone.clone()).date())).unwrap_or_default();
    match (consent.standing(today.now), consent.valid_until) {
        (ConsentStanding::Ended, _) => format!("Access ended on {day}"),
        (ConsentStanding::NoKnownEnd, _) | (_, None) => "This bank names no end of access".to_owned(),
        (_, Some(end)) => {
            let left = counted(days_between(today.now, end), "day", "days");
            format!("Access ends {day}, {left} left")
        }
    }
}

fn account(connected: &ConnectedAccount, shell: &Shell) -> SyncAccount {
    let bank_account = &connected.bank_account;
    let currency =
        Currency::iso(bank_account.currency.as_str()).unwrap_or(Currency { code: bank_account.currency, scale: 2 });
    SyncAccount {
        name: bank_account.name.clone(),
        number: bank_account.masked_number.clone(),
        holder: bank_account.holder.clone().unwrap_or_else(|| "not stated".to_owned()),
        balance: connected
            .balance
            .as_ref()
            .map_or_else(|| "not stated".to_owned(), |balance| amount(balance.stated.minor, currency)),
        currency: bank_account.currency.to_string(),
        as_of: connected.balance.as_ref().map(|balance| shell.today.moment(balance.stated.seen_at)).unwrap_or_default(),
        linked: connected.feeds.as_ref().map(|fed| Linked {
            name: fed.name.clone(),
            url: shell.at(&format!("accounts/{}", fed.id)),
            unlink_url: shell.at(&format!("accounts/{}/unlink", fed.id)),
            mark: StatusView::of(&fed.status.status, Some(currency), &shell.today),
        }),
    }
}

/// The page.
pub(crate) async fn show(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    let shell = shell(&app, &member, Place::Banks, None).await?;
    let views = app.engine.connections(member.asker()).await?;
    let connections = views.iter().map(|view| {
        let id = view.connection.id;
        BankSync {
            name: view.connection.name.clone(),
            monogram: monogram(&view.connection.institution_name),
            bank: view.connection.institution_name.clone(),
            provider: view.provider_name,
            mark: StatusView::of(&view.status.status, None, &shell.today),
            session: session(view, &shell.today),
            may_start: view.bank_accounts.iter().any(|account| account.feeds.is_some()),
            has_unlinked: view.bank_accounts.iter().any(|account| account.feeds.is_none()),
            accounts: view.bank_accounts.iter().map(|connected| account(connected, &shell)).collect(),
            start_url: shell.at(&format!("connections/{id}/sync")),
            link_url: shell.at(&format!("connections/{id}/link")),
        }
    });
    let html = IntegrationsHtml { connections: connections.collect(), shell };
    Ok(page(&html)?.into_response())
}
