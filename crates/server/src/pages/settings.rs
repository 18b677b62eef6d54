//! Settings: providers and where their keys came from, who you are, and what this server is.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bankside_domain::Right;
use bankside_engine::{KeySource, ProviderView};

use crate::App;
use crate::error::{PageError, page};
use crate::pages::add_account::keys_in_words;
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};

const AUDIT_LINES: usize = 20;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsHtml {
    shell: Shell,
    providers: Vec<ProviderLine>,
    person: String,
    email: Option<String>,
    public_url: String,
    database: &'static str,
    audit: Vec<AuditLine>,
}

struct ProviderLine {
    name: &'static str,
    coverage: &'static str,
    keys: String,
    address: String,
    is_off: bool,
    has_own_keys: bool,
    keys_url: String,
    reset_url: String,
}

struct AuditLine {
    when: String,
    action: String,
    subject: String,
    detail: String,
}

fn line(view: &ProviderView, shell: &Shell, address: Option<String>) -> ProviderLine {
    let id = view.descriptor.id;
    ProviderLine {
        name: view.descriptor.name,
        coverage: view.descriptor.coverage,
        keys: view.keys.as_ref().map_or_else(|| "None".to_owned(), |keys| keys_in_words(keys, &shell.today)),
        address: address.unwrap_or_else(|| "the provider's own".to_owned()),
        is_off: view.is_off,
        has_own_keys: matches!(view.keys, Some(KeySource::Page { .. })),
        keys_url: shell.at(&format!("providers/{id}/keys")),
        reset_url: shell.at(&format!("providers/{id}/reset")),
    }
}

/// The page.
pub(crate) async fn show(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    let shell = shell(&app, &member, Place::Settings, None).await?;
    let settings = app.engine.settings();
    let views = app.engine.providers(member.asker()).await?;
    let providers = views.iter().map(|view| {
        let elsewhere = settings.providers.get(view.descriptor.id).and_then(|provider| provider.base_url.as_ref());
        line(view, &shell, elsewhere.map(ToString::to_string))
    });
    let audit =
        if member.asker().may(Right::ManagePeople) { app.engine.audit(member.asker()).await? } else { Vec::new() };
    let html = SettingsHtml {
        providers: providers.collect(),
        person: member.person.name.clone(),
        email: member.person.email.clone(),
        public_url: settings.public_url.to_string(),
        database: app.engine.database(),
        audit: audit
            .into_iter()
            .take(AUDIT_LINES)
            .map(|entry| AuditLine {
                when: shell.today.moment(entry.at),
                action: entry.action,
                subject: entry.subject,
                detail: entry.detail,
            })
            .collect(),
        shell,
    };
    Ok(page(&html)?.into_response())
}
