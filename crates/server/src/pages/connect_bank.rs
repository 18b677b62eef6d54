//! Connect a bank: country and bank first, over all providers at once, then through whom.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bankside_domain::Right;
use bankside_engine::{BankEverywhere, EngineError, Everywhere, Institution, ProviderView, SignUps, Way};
use jiff::civil::Date;
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::banks::{MAX_SHOWN, counted_banks, country_setting};
use crate::pages::keys::first_step;
use crate::pages::{monogram, shell};
use crate::session::Member;
use crate::view::fault::{FaultView, Occasion};
use crate::view::shell::{Place, Shell};
use crate::view::{counted, countries};

/// What the address may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    country: String,
    #[serde(default)]
    q: String,
    /// The bank that was chosen, by its key.
    #[serde(default)]
    bank: String,
    /// The account that is to be linked.
    #[serde(default)]
    account: String,
    /// `banks` where the person came from the page of bank integrations.
    #[serde(default)]
    from: String,
}

#[derive(Template)]
#[template(path = "connect_bank.html")]
struct ConnectHtml {
    shell: Shell,
    here: String,
    account: String,
    from: String,
    countries: Vec<(&'static str, &'static str)>,
    country: String,
    country_name: String,
    search: String,
    banks: Vec<BankRow>,
    count_note: String,
    /// Whether any bank stands there only because the list that ships with us says so, and of which day that is.
    dated: Option<String>,
    faults: Vec<FaultView>,
    /// Whether a bank was chosen that no list has, such as one that the list which ships with us promised.
    is_gone: bool,
    /// Providers that reach the country, for a bank that is not in the list.
    others: Vec<Offer>,
}

#[derive(Template)]
#[template(path = "connect_offers.html")]
struct OffersHtml {
    shell: Shell,
    back: String,
    bank: String,
    country_name: String,
    offers: Vec<Offer>,
}

struct BankRow {
    name: String,
    monogram: String,
    facts: String,
    url: String,
}

/// A provider as somebody who chooses sees it.
struct Offer {
    name: &'static str,
    monogram: String,
    coverage: &'static str,
    tag: &'static str,
    is_ready: bool,
    costs: &'static str,
    history: String,
    access: String,
    /// The labels of its keys, with commas.
    keys: String,
    steps: &'static [&'static str],
    dashboard_url: &'static str,
    notice: &'static str,
    /// The day of the list that ships with us, where only that says that it lists the bank.
    dated: Option<String>,
    /// As which institutions it lists the bank now: key and name.
    institutions: Vec<(String, String)>,
    begin_url: String,
    account: String,
    label: String,
    url: String,
}

impl Offer {
    /// `institutions` is `None` where no bank was chosen.
    fn of(
        view: &ProviderView,
        asked: &Asked,
        shell: &Shell,
        coverage_day: Date,
        institutions: Option<&[Institution]>,
    ) -> Self {
        let descriptor = view.descriptor;
        let is_ready = view.keys.is_some();
        let longest = |of: fn(&Institution) -> Option<i64>, usual: &str| {
            let days = institutions.into_iter().flatten().filter_map(of).max();
            days.map_or_else(|| usual.to_owned(), |days| format!("{} at this bank.", counted(days, "day", "days")))
        };
        let labels: Vec<&str> = descriptor.fields.iter().map(|field| field.label).collect();
        let path = if is_ready { first_step(descriptor) } else { format!("providers/{}/keys", descriptor.id) };
        Self {
            name: descriptor.name,
            monogram: monogram(descriptor.name),
            coverage: descriptor.coverage,
            tag: match (is_ready, descriptor.terms.sign_ups) {
                (true, _) => "keys are here",
                (false, SignUps::Open) => "open to everybody",
                (false, SignUps::Contract) => "with a contract",
                (false, SignUps::Closed) => "no new sign-ups",
            },
            is_ready,
            costs: descriptor.terms.costs,
            history: longest(|bank| bank.max_history_days, descriptor.terms.history),
            access: longest(|bank| bank.max_consent_days, descriptor.terms.access),
            keys: labels.join(", "),
            steps: descriptor.steps,
            dashboard_url: descriptor.dashboard_url,
            notice: descriptor.notice,
            dated: institutions.filter(|listed| listed.is_empty()).map(|_| shell.today.day(coverage_day)),
            institutions: institutions
                .into_iter()
                .flatten()
                .map(|bank| (bank.key.clone(), bank.name.clone()))
                .collect(),
            begin_url: shell.at(&format!("providers/{}/banks", descriptor.id)),
            account: asked.account.clone(),
            label: if is_ready {
                format!("Link your bank account with {}", descriptor.name)
            } else {
                format!("Set up {} for bank sync", descriptor.name)
            },
            url: format!("{}{}", shell.at(&path), after_keys(asked, descriptor.ways, is_ready)),
        }
    }
}

/// What the next page is told: the account to link, and of which bank the person was thinking.
fn after_keys(asked: &Asked, ways: &[Way], is_ready: bool) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("account", &asked.account), ("from", &asked.from)] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    if !is_ready || ways.first() == Some(&Way::Country) {
        query.append_pair("country", &asked.country);
    }
    if !is_ready && !asked.bank.is_empty() {
        query.append_pair("bank", &asked.bank);
    }
    let query = query.finish();
    if query.is_empty() { query } else { format!("?{query}") }
}

/// The address of this page.
fn address(here: &str, asked: &Asked, bank: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("country", asked.country.as_str()),
        ("q", &asked.q),
        ("bank", bank),
        ("account", &asked.account),
        ("from", &asked.from),
    ] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    format!("{here}?{}", query.finish())
}

/// Asks for country and bank, and then through whom the bank shall be reached.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Query(mut asked): Query<Asked>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    let shell = shell(&app, &member, Place::AddAccount, None).await?;
    let views = app.engine.providers(member.asker()).await?;
    let offered: Vec<&ProviderView> = views.iter().filter(|view| view.is_offered()).collect();
    let reached = |code: &str| {
        offered.iter().any(|view| view.descriptor.countries.contains(&code) && (code != "XX" || view.is_elsewhere))
    };
    let setting = country_setting(&member);
    let typed = asked.country.to_ascii_uppercase();
    asked.country = if reached(&typed) {
        app.engine.remember(&setting, &typed).await?;
        typed
    } else {
        let remembered = app.engine.remembered(&setting).await?;
        let guess = remembered.or_else(|| countries::of_browser(&headers).map(str::to_owned)).unwrap_or_default();
        if reached(&guess) { guess } else { String::new() }
    };
    let known = countries::NAMES.iter().copied().filter(|(code, _)| reached(code)).collect();
    let here = shell.at("connect-bank");
    let found = match asked.country.as_str() {
        "" => None,
        country => Some(app.engine.banks_everywhere(member.asker(), country, asked.q.trim()).await?),
    };
    let chosen = found.as_ref().and_then(|found| {
        let bank = found.banks.iter().find(|bank| !asked.bank.is_empty() && bank.key == asked.bank)?;
        Some((found, bank))
    });
    if let Some((found, bank)) = chosen {
        return Ok(page(&offers(found, bank, &asked, shell, &here))?.into_response());
    }
    Ok(page(&listed(found.as_ref(), known, asked, shell, here))?.into_response())
}

fn offers(found: &Everywhere, bank: &BankEverywhere, asked: &Asked, shell: Shell, here: &str) -> OffersHtml {
    let offers = bank.offers.iter().filter_map(|offer| {
        let view = found.providers.iter().find(|view| view.descriptor.id == offer.provider)?;
        Some(Offer::of(view, asked, &shell, found.as_of, Some(&offer.institutions)))
    });
    OffersHtml {
        offers: offers.collect(),
        back: address(here, asked, ""),
        bank: bank.name.clone(),
        country_name: countries::country_name(&asked.country).to_owned(),
        shell,
    }
}

fn listed(
    found: Option<&Everywhere>,
    countries: Vec<(&'static str, &'static str)>,
    asked: Asked,
    shell: Shell,
    here: String,
) -> ConnectHtml {
    let banks = found.map(|found| found.banks.as_slice()).unwrap_or_default();
    let names = |bank: &BankEverywhere| {
        let of = |id: &str| {
            let views = found.map(|found| found.providers.as_slice()).unwrap_or_default();
            views.iter().map(|view| view.descriptor).find(|descriptor| descriptor.id == id).map(|found| found.name)
        };
        bank.offers.iter().filter_map(|offer| of(offer.provider)).collect::<Vec<_>>().join(", ")
    };
    let rows = banks.iter().take(MAX_SHOWN).map(|bank| BankRow {
        name: bank.name.clone(),
        monogram: monogram(&bank.name),
        facts: bank.bic.iter().cloned().chain([names(bank)]).collect::<Vec<_>>().join(" · "),
        url: address(&here, &asked, &bank.key),
    });
    let is_dated =
        banks.iter().take(MAX_SHOWN).any(|bank| bank.offers.iter().any(|offer| offer.institutions.is_empty()));
    let faults = found.iter().flat_map(|found| &found.faults).map(|(descriptor, fault)| {
        FaultView::of(fault, Occasion::Connecting, &shell.today).at(shell.today.now).told_by(Some(descriptor))
    });
    ConnectHtml {
        banks: rows.collect(),
        count_note: counted_banks(banks.len(), &shell),
        dated: found.filter(|_| is_dated).map(|found| shell.today.day(found.as_of)),
        faults: faults.collect(),
        others: found
            .iter()
            .flat_map(|found| found.providers.iter().map(|view| (view, found.as_of)))
            .map(|(view, as_of)| Offer::of(view, &asked, &shell, as_of, None))
            .collect(),
        country_name: countries::country_name(&asked.country).to_owned(),
        countries,
        is_gone: !asked.bank.is_empty(),
        country: asked.country,
        search: asked.q,
        account: asked.account,
        from: asked.from,
        here,
        shell,
    }
}
