//! Keys of a provider: typed once, tested with a real call, never shown again.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{Right, Secret};
use bankside_engine::{Descriptor, EngineError, FieldKind, KeySource};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::add_account::keys_in_words;
use crate::pages::{shell, today};
use crate::session::Member;
use crate::view::FieldView;
use crate::view::day::Today;
use crate::view::fault::{FaultView, Occasion};
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysHtml {
    shell: Shell,
    descriptor: &'static Descriptor,
    fields: Vec<KeyField>,
    fault: Option<FaultView>,
    current: Option<String>,
    is_elsewhere: bool,
    base_url: String,
    then: String,
}

struct KeyField {
    key: &'static str,
    label: &'static str,
    hint: &'static str,
    /// Further attributes of the field.
    attrs: String,
    view: FieldView,
}

/// Where to go on after the keys: the account that is to be linked.
#[derive(Deserialize)]
pub(crate) struct Then {
    #[serde(default)]
    account: String,
}

/// Asks for the keys of a provider.
pub(crate) async fn form(
    State(app): State<App>,
    member: Member,
    Path((_, provider)): Path<(String, String)>,
    Query(then): Query<Then>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    keys_page(&app, &member, &provider, &HashMap::new(), then.account, None).await
}

/// What was wrong with typed keys.
enum Wrong {
    Field(&'static str, String),
    Fault(FaultView),
}

async fn keys_page(
    app: &App,
    member: &Member,
    provider: &str,
    typed: &HashMap<String, String>,
    then: String,
    wrong: Option<Wrong>,
) -> Result<Response, PageError> {
    let view = app.engine.provider_view(member.asker(), provider).await?;
    let shell = shell(app, member, Place::AddAccount, None).await?;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (field_error, fault) = match wrong {
        Some(Wrong::Field(field, message)) => (Some((field, message)), None),
        Some(Wrong::Fault(fault)) => (None, Some(fault)),
        None => (None, None),
    };
    let fields = view.descriptor.fields.iter().enumerate().map(|(index, field)| {
        let is_secret = field.kind == FieldKind::Secret;
        KeyField {
            key: field.key,
            label: field.label,
            hint: field.hint,
            attrs: format!(
                " type={} autocomplete=off spellcheck=false required{}",
                if is_secret { "password" } else { "text" },
                if index == 0 { " autofocus" } else { "" }
            ),
            view: FieldView {
                value: typed.get(field.key).filter(|_| !is_secret).cloned().unwrap_or_default(),
                error: field_error.as_ref().filter(|(key, _)| *key == field.key).map(|(_, message)| message.clone()),
            },
        }
    });
    let base_url = app.engine.settings().providers.get(provider).and_then(|settings| settings.base_url.as_ref());
    let html = KeysHtml {
        fields: fields.collect(),
        descriptor: view.descriptor,
        fault,
        current: view.keys.as_ref().map(|keys| current(keys, member.person.is_operator, &shell.today)),
        is_elsewhere: view.is_elsewhere,
        base_url: base_url.map(ToString::to_string).unwrap_or_default(),
        then,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// The keys that count now, and what typing others means.
fn current(keys: &KeySource, is_operator: bool, today: &Today) -> String {
    let now = keys_in_words(keys, is_operator, today);
    match keys {
        KeySource::Page { .. } => format!("{now}. What you type here takes their place."),
        KeySource::Installation { .. } => {
            format!("{now}. What you type here comes before them, for this organization alone.")
        }
    }
}

/// Tests and keeps keys, then goes on to the banks.
pub(crate) async fn keep(
    State(app): State<App>,
    member: Member,
    Path((organization, provider)): Path<(String, String)>,
    Form(typed): Form<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let then = typed.get("then").cloned().unwrap_or_default();
    let keys: BTreeMap<String, Secret> = typed
        .iter()
        .filter(|(name, _)| *name != "then")
        .map(|(name, value)| (name.clone(), Secret::new(value.as_str())))
        .collect();
    let wrong = match app.engine.keep_keys(member.asker(), &provider, keys).await {
        Ok(()) => {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("account", &then).finish();
            let query = if then.is_empty() { String::new() } else { format!("?{query}") };
            return Ok(Redirect::to(&format!("/o/{organization}/providers/{provider}/banks{query}")).into_response());
        }
        Err(EngineError::Invalid { field, message }) => Wrong::Field(field, message),
        Err(EngineError::Outside(fault)) => {
            let today = today(&app, &member);
            let fault = FaultView::of(&fault, Occasion::Connecting, &today).at(today.now);
            Wrong::Fault(fault.told_by(app.engine.descriptor(&provider)))
        }
        Err(error) => return Err(error.into()),
    };
    keys_page(&app, &member, &provider, &typed, then, Some(wrong)).await
}

#[derive(Template)]
#[template(path = "reset_keys.html")]
struct ResetHtml {
    shell: Shell,
    name: &'static str,
}

/// Says what resetting does.
pub(crate) async fn reset_form(
    State(app): State<App>,
    member: Member,
    Path((_, provider)): Path<(String, String)>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    let view = app.engine.provider_view(member.asker(), &provider).await?;
    let shell = shell(&app, &member, Place::AddAccount, None).await?;
    Ok(page(&ResetHtml { shell, name: view.descriptor.name })?.into_response())
}

/// Forgets the keys.
pub(crate) async fn reset(
    State(app): State<App>,
    member: Member,
    Path((organization, provider)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    app.engine.reset_keys(member.asker(), &provider).await?;
    Ok(Redirect::to(&format!("/o/{organization}/add-account")))
}
