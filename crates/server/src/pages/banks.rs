//! Choosing a bank: country, search, list.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Right};
use bankside_engine::{EngineError, Institution, ProviderView, Way};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::{monogram, shell};
use crate::session::{Member, Present};
use crate::view::counted;
use crate::view::countries::{self, country_name};
use crate::view::fault::{FaultView, Occasion};
use crate::view::shell::{Place, Shell};

/// More are not shown at once; searching narrows them down.
pub(super) const MAX_SHOWN: usize = 120;

/// What the address may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    country: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    account: String,
}

#[derive(Template)]
#[template(path = "banks.html")]
struct BanksHtml {
    shell: Shell,
    provider_name: &'static str,
    here: String,
    account: String,
    /// Whether banks are looked for by their name, and not listed by country.
    by_name: bool,
    /// By what else than their name, then.
    finds_by: &'static str,
    /// Whether the person signs in on a page of the provider's.
    is_hosted: bool,
    countries: Vec<(String, String)>,
    chosen: String,
    chosen_name: String,
    search: String,
    banks: Vec<BankRow>,
    count_note: String,
    fault: Option<FaultView>,
}

struct BankRow {
    key: String,
    name: String,
    monogram: String,
    logo: Option<String>,
    facts: String,
}

impl BankRow {
    /// A bank that was found by its name; its country tells it from others.
    fn found(bank: &Institution) -> Self {
        let names = bank.countries.iter().map(|code| country_name(code));
        Self {
            monogram: monogram(&bank.name),
            logo: None,
            facts: names.collect::<Vec<_>>().join(", "),
            key: bank.key.clone(),
            name: bank.name.clone(),
        }
    }

    fn of(bank: &Institution, here: &str, country: &str) -> Self {
        let days =
            |days: Option<i64>, what: &str| days.map(|days| format!("{} of {what}", counted(days, "day", "days")));
        let facts = [bank.bic.clone(), days(bank.max_history_days, "history"), days(bank.max_consent_days, "access")];
        Self {
            monogram: monogram(&bank.name),
            logo: bank.logo.as_ref().map(|_| format!("{here}/{country}/{}/logo", bank.key)),
            facts: facts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            key: bank.key.clone(),
            name: bank.name.clone(),
        }
    }
}

/// Where the organization looked for banks last.
pub(super) fn country_setting(member: &Member) -> String {
    format!("country:{}", member.membership.organization.id)
}

/// Lists the banks of a country.
pub(crate) async fn choose(
    State(app): State<App>,
    member: Member,
    Path((_, provider)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    let view = app.engine.provider_view(member.asker(), &provider).await?;
    let shell = shell(&app, &member, Place::AddAccount, None).await?;
    let here = shell.at(&format!("providers/{provider}/banks"));
    if view.keys.is_none() {
        let then = if asked.account.is_empty() { String::new() } else { format!("?account={}", asked.account) };
        return Ok(Redirect::to(&shell.at(&format!("providers/{provider}/keys{then}"))).into_response());
    }
    if !view.descriptor.ways.contains(&Way::Country) {
        return found_by_name(&app, &member, &view, asked, here, shell).await;
    }
    let remembered = app.engine.remembered(&country_setting(&member)).await?;
    let mut chosen = if asked.country.is_empty() { remembered.unwrap_or_default() } else { asked.country.clone() };
    chosen.make_ascii_uppercase();
    if !view.descriptor.countries.contains(&chosen.as_str()) {
        chosen.clear();
    }
    let (banks, fault) = if chosen.is_empty() {
        (None, None)
    } else {
        match app.engine.institutions(member.asker(), &provider, &chosen).await {
            Ok(banks) => (Some(banks), None),
            Err(EngineError::Outside(fault)) => {
                let fault = FaultView::of(&fault, Occasion::Connecting, &shell.today).at(shell.today.now);
                (None, Some(fault.told_by(Some(view.descriptor))))
            }
            Err(error) => return Err(error.into()),
        }
    };
    if !asked.country.is_empty() && !chosen.is_empty() {
        app.engine.remember(&country_setting(&member), &chosen).await?;
    }
    let wanted = fold(&asked.q);
    let found: Vec<&Institution> = banks
        .iter()
        .flat_map(|banks| banks.iter())
        .filter(|bank| {
            wanted.is_empty()
                || fold(&bank.name).contains(&wanted)
                || bank.bic.as_deref().is_some_and(|bic| fold(bic).contains(&wanted))
        })
        .collect();
    let count_note = counted_banks(found.len(), &shell);
    let mut countries: Vec<(String, String)> = vec![(String::new(), "Choose a country".to_owned())];
    countries.extend(
        countries::NAMES
            .iter()
            .filter(|(code, _)| view.descriptor.countries.contains(code) && (*code != "XX" || view.is_elsewhere))
            .map(|(code, name)| ((*code).to_owned(), (*name).to_owned())),
    );
    let chosen_name = countries.iter().find(|(code, _)| *code == chosen).map(|(_, name)| name.clone());
    let html = BanksHtml {
        provider_name: view.descriptor.name,
        banks: found.into_iter().take(MAX_SHOWN).map(|bank| BankRow::of(bank, &here, &chosen)).collect(),
        chosen_name: chosen_name.unwrap_or_else(|| chosen.clone()),
        account: asked.account,
        search: asked.q,
        here,
        by_name: false,
        finds_by: view.descriptor.finds_by,
        is_hosted: view.descriptor.ways.contains(&Way::Hosted),
        countries,
        chosen,
        count_note,
        fault,
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// Lists the banks whose name fits.
async fn found_by_name(
    app: &App,
    member: &Member,
    view: &ProviderView,
    asked: Asked,
    here: String,
    shell: Shell,
) -> Result<Response, PageError> {
    let wanted = asked.q.trim();
    let (banks, fault) = if wanted.chars().count() < 2 {
        (None, None)
    } else {
        match app.engine.find_banks(member.asker(), view.descriptor.id, wanted).await {
            Ok(banks) => (Some(banks), None),
            Err(EngineError::Outside(fault)) => {
                let fault = FaultView::of(&fault, Occasion::Connecting, &shell.today).at(shell.today.now);
                (None, Some(fault.told_by(Some(view.descriptor))))
            }
            Err(error) => return Err(error.into()),
        }
    };
    let found: Vec<&Institution> = banks.iter().flat_map(|banks| banks.iter()).collect();
    let html = BanksHtml {
        provider_name: view.descriptor.name,
        count_note: counted_banks(found.len(), &shell),
        banks: found.into_iter().take(MAX_SHOWN).map(BankRow::found).collect(),
        by_name: true,
        finds_by: view.descriptor.finds_by,
        is_hosted: view.descriptor.ways.contains(&Way::Hosted),
        countries: Vec::new(),
        chosen_name: String::new(),
        chosen: if wanted.chars().count() < 2 { String::new() } else { wanted.to_owned() },
        account: asked.account,
        search: asked.q,
        here,
        fault,
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// How many banks there are, and how many of them are shown.
pub(super) fn counted_banks(found: usize, shell: &Shell) -> String {
    let total = i64::try_from(found).unwrap_or(i64::MAX);
    if found > MAX_SHOWN {
        format!("{} banks, the first {MAX_SHOWN} shown: type to find yours", shell.today.grouped(total))
    } else {
        shell.today.counted(total, "bank", "banks")
    }
}

/// The bank that was chosen.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    institution: String,
    #[serde(default)]
    account: String,
}

/// Begins to connect a bank.
pub(crate) async fn begin(
    State(app): State<App>,
    member: Member,
    present: Present,
    Path((organization, provider)): Path<(String, String)>,
    Form(chosen): Form<Chosen>,
) -> Result<Redirect, PageError> {
    let account: Option<AccountId> = match chosen.account.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| PageError::not_found())?),
    };
    let flow = present.asks(&app).begin_connecting(member.asker(), &provider, &chosen.institution, account).await?;
    Ok(Redirect::to(&format!("/o/{organization}/flows/{flow}")))
}

/// The logo of a bank, fetched by the server.
pub(crate) async fn logo(
    State(app): State<App>,
    member: Member,
    Path((_, provider, country, institution)): Path<(String, String, String, String)>,
) -> Result<Response, PageError> {
    let picture = app.engine.picture(member.asker(), &provider, &country, &institution).await?;
    let headers = [
        (header::CONTENT_TYPE, picture.media_type),
        (header::CACHE_CONTROL, "private, max-age=86400"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    ];
    Ok((headers, picture.bytes).into_response())
}
