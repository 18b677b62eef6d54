//! Keys of a provider: typed once, tested with a real call, never shown again.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, RawForm, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{Right, Secret};
use bankside_engine::{Descriptor, EngineError, FieldKind, KeySource, Way};
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
    /// Where people are sent back to, with what to do with that address.
    returns: Option<(&'static str, String)>,
    then: Then,
}

struct KeyField {
    key: &'static str,
    label: &'static str,
    hint: &'static str,
    /// Further attributes of the field.
    attrs: String,
    view: FieldView,
    /// Of a list: its members, and an empty one to type another.
    members: Option<Vec<String>>,
    /// Whether it has several lines, and can be read from a file.
    is_file: bool,
}

/// The fields of a form with everything that was typed into each: lists have several.
#[derive(Default)]
struct Typed(Vec<(String, String)>);

impl Typed {
    fn read(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn one(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }
}

/// Where to go on after the keys: with the account that is to be linked, at the bank that was chosen.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Then {
    #[serde(default)]
    account: String,
    #[serde(default)]
    country: String,
    #[serde(default)]
    bank: String,
    /// `banks` where the person came from the page of bank integrations.
    #[serde(default)]
    from: String,
}

impl Then {
    fn of(typed: &Typed) -> Self {
        let [account, country, bank, from] =
            ["account", "country", "bank", "from"].map(|name| typed.one(&format!("{THEN}{name}")).to_owned());
        Self { account, country, bank, from }
    }

    /// What it says, by name.
    fn told(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("account", self.account.as_str()),
            ("country", &self.country),
            ("bank", &self.bank),
            ("from", &self.from),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty())
    }
}

/// With what the fields begin that say where to go on: no key of a provider begins so.
const THEN: &str = "then-";

/// Asks for the keys of a provider.
pub(crate) async fn form(
    State(app): State<App>,
    member: Member,
    Path((_, provider)): Path<(String, String)>,
    Query(then): Query<Then>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    keys_page(&app, &member, &provider, None, then, None).await
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
    typed: Option<&Typed>,
    then: Then,
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
    let has_own_keys = matches!(view.keys, Some(KeySource::Page { .. }));
    let listed = app.engine.listed_keys(member.asker(), provider).await?;
    let fields = view.descriptor.fields.iter().enumerate().map(|(index, field)| {
        let is_secret = field.kind.is_secret();
        let is_file = field.kind == FieldKind::SecretFile;
        let members = listed.get(field.key).map(|kept| match typed {
            Some(typed) => typed.all(field.key).map(str::to_owned).collect(),
            None => kept.iter().cloned().chain([String::new()]).collect::<Vec<_>>(),
        });
        KeyField {
            key: field.key,
            label: field.label,
            hint: field.hint,
            attrs: format!(
                "{} autocomplete=off spellcheck=false{}{}",
                match (is_file, is_secret) {
                    (true, _) => "",
                    (false, true) => " type=password",
                    (false, false) => " type=text",
                },
                // What was typed before stays where nothing is typed now.
                if has_own_keys || members.is_some() { "" } else { " required" },
                if index == 0 { " autofocus" } else { "" }
            ),
            view: FieldView {
                value: typed.filter(|_| !is_secret).map(|typed| typed.one(field.key).to_owned()).unwrap_or_default(),
                error: field_error.as_ref().filter(|(key, _)| *key == field.key).map(|(_, message)| message.clone()),
            },
            members,
            is_file,
        }
    });
    let base_url = app.engine.settings().providers.get(provider).and_then(|settings| settings.base_url.as_ref());
    let html = KeysHtml {
        fields: fields.collect(),
        descriptor: view.descriptor,
        fault,
        current: view.keys.as_ref().map(|keys| current(keys, member.person.is_operator, &shell.today)),
        is_elsewhere: view.is_elsewhere,
        returns: view.descriptor.returns.zip(Some(app.engine.callback_url()?.to_string())),
        base_url: base_url.map(ToString::to_string).unwrap_or_default(),
        then,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// The keys that count now, and what typing others means.
fn current(keys: &KeySource, is_operator: bool, today: &Today) -> String {
    let mut now = keys_in_words(keys, is_operator, today);
    // What is left out of a key ends in dots already.
    if !now.ends_with('…') {
        now.push('.');
    }
    match keys {
        KeySource::Page { .. } => format!("{now} What you type here takes their place; what you leave empty stays."),
        KeySource::Installation { .. } => {
            format!("{now} What you type here comes before them, for this organization alone.")
        }
    }
}

/// Tests and keeps keys, then goes on to the banks.
pub(crate) async fn keep(
    State(app): State<App>,
    member: Member,
    Path((organization, provider)): Path<(String, String)>,
    RawForm(body): RawForm,
) -> Result<Response, PageError> {
    let typed = Typed::read(&body);
    let then = Then::of(&typed);
    let mut keys: BTreeMap<String, Secret> = BTreeMap::new();
    for (name, _) in
        typed.0.iter().filter(|(name, _)| !name.starts_with(THEN) && !keys.contains_key(name)).collect::<Vec<_>>()
    {
        keys.insert(name.clone(), Secret::new(typed.all(name).collect::<Vec<_>>().join(",")));
    }
    let wrong = match app.engine.keep_keys(member.asker(), &provider, keys).await {
        Ok(()) => return Ok(go_on(&app, &member, &organization, &provider, &then).await?.into_response()),
        Err(EngineError::Invalid { field, message }) => Wrong::Field(field, message),
        Err(EngineError::Outside(fault)) => {
            let today = today(&app, &member);
            let fault = FaultView::of(&fault, Occasion::Connecting, &today).at(today.now);
            Wrong::Fault(fault.told_by(app.engine.descriptor(&provider)))
        }
        Err(error) => return Err(error.into()),
    };
    keys_page(&app, &member, &provider, Some(&typed), then, Some(wrong)).await
}

/// After the keys: to the banks that can be chosen, or to the accounts of the logins that are there.
async fn go_on(
    app: &App,
    member: &Member,
    organization: &str,
    provider: &str,
    then: &Then,
) -> Result<Redirect, PageError> {
    let view = app.engine.provider_view(member.asker(), provider).await?;
    if view.descriptor.ways.contains(&Way::Login) {
        match app.engine.adopt_logins(member.asker(), provider).await {
            // The next page asks again, and says what is wrong.
            Ok(()) | Err(EngineError::Outside(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(then.told()).finish();
    let query = if query.is_empty() { query } else { format!("?{query}") };
    let lists_banks = view.descriptor.ways.iter().any(|way| matches!(way, Way::Country | Way::Name));
    let next =
        if lists_banks && !then.bank.is_empty() { "connect-bank".to_owned() } else { first_step(view.descriptor) };
    Ok(Redirect::to(&format!("/o/{organization}/{next}{query}")))
}

/// Where connecting a bank begins at a provider.
pub(crate) fn first_step(descriptor: &Descriptor) -> String {
    let page = match descriptor.ways.first() {
        Some(Way::Login) => "accounts",
        Some(Way::Hosted) => "sync",
        Some(Way::Country | Way::Name) | None => "banks",
    };
    format!("providers/{}/{page}", descriptor.id)
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
