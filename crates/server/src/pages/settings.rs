//! Settings: providers and where their keys came from, who you are and how you read, what this server is, and what its operator
//! can switch.

pub(crate) mod advanced;
pub(crate) mod formats;
pub(crate) mod mails;
pub(crate) mod own;

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{FormatChoice, OrganizationKind, Right};
use bankside_engine::{AuditEntry, EngineError, InboxSwitches, KeySource, ProviderView};

use crate::App;
use crate::error::{PageError, page};
use crate::pages::add_account::place;
use crate::pages::{monogram, shell};
use crate::session::{Member, languages};
use crate::view::FieldView;
use crate::view::shell::{Place, Shell, address};
use advanced::Advanced;
use formats::FormatsSection;
use mails::MailsSection;
use serde::Deserialize;

const AUDIT_LINES: usize = 20;

/// To which side a switch goes.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    On,
    Off,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsHtml {
    shell: Shell,
    providers: Vec<ProviderCard>,
    person: String,
    email: Option<String>,
    /// How many people belong here; none for whoever may not know.
    people: usize,
    /// How many categories there are, with their noun.
    categories: String,
    /// The organization's name and time zone, to be changed.
    name: FieldView,
    time_zone: FieldView,
    /// Whether the organization is a company.
    is_company: bool,
    /// Whether the person begins here, or could choose to.
    is_beginning: bool,
    formats: FormatsSection,
    /// Whether rows wait in an inbox, and whether the person wants it beside the other pages.
    inbox: InboxSwitches,
    /// Mails about banks; nothing for whoever gets none anyway.
    mails: Option<MailsSection>,
    public_url: String,
    database: &'static str,
    advanced: Advanced,
    audit: Vec<AuditLine>,
}

/// A provider, with everything that is known of its keys but the keys.
struct ProviderCard {
    name: &'static str,
    monogram: String,
    coverage: &'static str,
    tone: &'static str,
    icon: &'static str,
    state: String,
    facts: Vec<(&'static str, String)>,
    has_own_keys: bool,
    /// Whether keys may be typed: nothing is switched off and the person may.
    may_type: bool,
    may_reset: bool,
    keys_url: String,
    reset_url: String,
}

struct AuditLine {
    when: String,
    action: String,
    subject: String,
    detail: String,
}

/// Whether a provider can be used, and if not, what stands in the way.
fn state(view: &ProviderView, shell: &Shell) -> (&'static str, &'static str, String) {
    let off = |says: &str| ("is-off", "pause", says.to_owned());
    match (&view.keys, &view.experimental) {
        _ if view.is_off => off("Switched off in the configuration"),
        _ if shell.unsubscribed().is_some() => off("Takes a subscription"),
        _ if !shell.is_syncing_on => off("Account syncing is off"),
        (_, Some(switch)) if !switch.is_on => off("Experimental, and off"),
        (Some(_), _) => ("is-ok", "check", "Ready".to_owned()),
        (None, _) => ("is-off", "outline", "No keys".to_owned()),
    }
}

fn facts(
    view: &ProviderView,
    shell: &Shell,
    is_operator: bool,
    address: Option<String>,
) -> Vec<(&'static str, String)> {
    let day = |at: jiff::Timestamp| shell.today.day(at.to_zoned(shell.today.zone.clone()).date());
    let mut facts = match &view.keys {
        Some(KeySource::Page { hint, since }) => {
            vec![
                ("Keys", "typed on this organization's page".to_owned()),
                ("Begin with", hint.clone()),
                ("Since", day(*since)),
            ]
        }
        Some(KeySource::Installation { read_from, hint, since }) => vec![
            ("Keys", format!("from {}", place(read_from, is_operator))),
            ("Begin with", hint.clone()),
            ("Since", format!("{}, when the server started and read them", shell.today.moment(*since))),
        ],
        None => vec![("Keys", "none yet: neither typed here nor in the configuration".to_owned())],
    };
    if let Some(address) = address {
        facts.push(("Address", format!("{address} instead of the provider's own")));
    }
    facts
}

fn card(view: &ProviderView, shell: &Shell, is_operator: bool, address: Option<String>) -> ProviderCard {
    let id = view.descriptor.id;
    let (tone, icon, state) = state(view, shell);
    let has_own_keys = matches!(view.keys, Some(KeySource::Page { .. }));
    let may = shell.asker.may(Right::ManageBanks);
    let is_usable = !view.is_off && view.experimental.as_ref().is_none_or(|switch| switch.is_on);
    ProviderCard {
        name: view.descriptor.name,
        monogram: monogram(view.descriptor.name),
        coverage: view.descriptor.coverage,
        tone,
        icon,
        state,
        facts: if may { facts(view, shell, is_operator, address) } else { Vec::new() },
        has_own_keys,
        may_type: may && is_usable && shell.is_syncing_on,
        may_reset: may && has_own_keys && !view.is_off,
        keys_url: shell.at(&format!("providers/{id}/keys")),
        reset_url: shell.at(&format!("providers/{id}/reset")),
    }
}

/// The page.
pub(crate) async fn show(State(app): State<App>, member: Member, headers: HeaderMap) -> Result<Response, PageError> {
    Ok(page(&settings(&app, &member, &headers).await?)?.into_response())
}

/// The organization's name and zone as they are typed.
#[derive(Deserialize)]
pub(crate) struct OrganizationForm {
    name: String,
    time_zone: String,
}

/// Gives the organization another name or time zone.
pub(crate) async fn change_organization(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Form(form): Form<OrganizationForm>,
) -> Result<Response, PageError> {
    let changed = app.engine.change_organization(member.asker(), Some(&form.name), Some(&form.time_zone)).await;
    let (field, message) = match changed {
        Ok(()) => {
            let settings = address(member.membership.organization.id, "settings#organization");
            return Ok(Redirect::to(&settings).into_response());
        }
        Err(EngineError::Invalid { field, message }) => (field, message),
        Err(error) => return Err(error.into()),
    };
    let view = |name: &str, value: String| FieldView { value, error: (name == field).then(|| message.clone()) };
    let mut html = settings(&app, &member, &headers).await?;
    html.name = view("name", form.name);
    html.time_zone = view("time_zone", form.time_zone);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&html)?).into_response())
}

async fn settings(app: &App, member: &Member, headers: &HeaderMap) -> Result<SettingsHtml, PageError> {
    let shell = shell(app, member, Place::Settings, None).await?;
    let settings = app.engine.settings();
    let views = if shell.sees_whole() { app.engine.providers(member.asker()).await? } else { Vec::new() };
    let people = if shell.sees_whole() { app.engine.members(member.asker()).await?.members.len() } else { 0 };
    let providers = views.iter().map(|view| {
        let elsewhere = settings.providers.get(view.descriptor.id).and_then(|provider| provider.base_url.as_ref());
        card(view, &shell, member.person.is_operator, elsewhere.map(ToString::to_string))
    });
    Ok(SettingsHtml {
        providers: providers.collect(),
        person: member.person.name.clone(),
        email: member.person.email.clone(),
        people,
        categories: categories(app, member, &shell).await?,
        name: FieldView::of(&shell.organization_name),
        time_zone: FieldView::of(&shell.zone),
        is_company: member.membership.organization.kind == OrganizationKind::Company,
        is_beginning: member.membership.is_beginning,
        formats: FormatsSection::of(member.person.formats, FormatChoice::default().with_languages(languages(headers))),
        inbox: app.engine.inbox_switches(member.asker()).await?,
        mails: MailsSection::of(app, member).await?,
        public_url: settings.public_url.to_string(),
        database: app.engine.database(),
        advanced: Advanced::of(app, member, &shell).await?,
        audit: audit(app, member, &shell).await?,
        shell,
    })
}

async fn categories(app: &App, member: &Member, shell: &Shell) -> Result<String, PageError> {
    let count = app.engine.categories(member.asker()).await?.len();
    Ok(shell.today.counted(i64::try_from(count).unwrap_or(i64::MAX), "category", "categories"))
}

/// The latest lines about the organization, and for the operator about the server.
async fn audit(app: &App, member: &Member, shell: &Shell) -> Result<Vec<AuditLine>, PageError> {
    let mut entries: Vec<AuditEntry> = Vec::new();
    if member.asker().may(Right::ManagePeople) {
        entries.extend(app.engine.audit(member.asker()).await?);
    }
    if member.person.is_operator {
        entries.extend(app.engine.installation_audit(&member.person).await?);
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    let line = |entry: AuditEntry| AuditLine {
        when: shell.today.moment(entry.at),
        action: entry.action,
        subject: entry.subject,
        detail: entry.detail,
    };
    Ok(entries.into_iter().take(AUDIT_LINES).map(line).collect())
}
