//! Doorways: the first start, signing in, signing out.

use std::net::SocketAddr;

use askama::Template;
use axum::Form;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{OrganizationKind, Secret};
use bankside_engine::{EngineError, SetUp};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::security::origin_address;
use crate::session::{self, Visitor};
use crate::view::FieldView;
use crate::view::shell::address;

/// The way in: to the first start, to the sign-in, or to the accounts.
pub(crate) async fn home(State(app): State<App>, headers: HeaderMap) -> Result<Redirect, PageError> {
    if app.engine.needs_set_up().await? {
        return Ok(Redirect::to("/setup"));
    }
    let Some(person) = session::person(&app, &headers).await? else {
        return Ok(Redirect::to("/sign-in"));
    };
    let memberships = app.engine.memberships(person.id).await?;
    match memberships.iter().find(|one| one.is_beginning).or(memberships.first()) {
        Some(membership) => Ok(Redirect::to(&address(membership.organization.id, "transactions"))),
        None => Err(PageError::plain(
            StatusCode::FORBIDDEN,
            "You belong nowhere yet",
            "No household or company on this server has you as a member.",
        )
        .who("The owner of one: ask them to invite you. Or make one of your own, at /organizations/new.")),
    }
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetUpPage {
    name: FieldView,
    email: FieldView,
    password: FieldView,
    organization: FieldView,
    currency: FieldView,
    time_zone: FieldView,
    is_company: bool,
    has_more_errors: bool,
    /// Whether the browser's own zone may be put in: nobody has typed one yet.
    is_first_look: bool,
    is_plain_http: bool,
}

/// The form of the first start.
#[derive(Deserialize)]
pub(crate) struct SetUpForm {
    name: String,
    #[serde(default)]
    email: String,
    password: String,
    organization: String,
    kind: String,
    currency: String,
    time_zone: String,
}

/// Asks who the first person is.
pub(crate) async fn setup_form(State(app): State<App>) -> Result<Response, PageError> {
    if !app.engine.needs_set_up().await? {
        return Ok(Redirect::to("/").into_response());
    }
    let blank = SetUpPage {
        name: FieldView::default(),
        email: FieldView::default(),
        password: FieldView::default(),
        organization: FieldView::of("Home"),
        currency: FieldView::of("EUR"),
        time_zone: FieldView::of("Europe/Berlin"),
        is_company: false,
        has_more_errors: false,
        is_first_look: true,
        is_plain_http: crate::security::is_plain_http(&app.engine.settings().public_url),
    };
    Ok(page(&blank)?.into_response())
}

/// Makes the first person and their organization, and signs them in.
pub(crate) async fn setup(State(app): State<App>, Form(form): Form<SetUpForm>) -> Result<Response, PageError> {
    let is_company = form.kind == "company";
    let result = match form.currency.parse() {
        Ok(currency) => {
            let kind = if is_company { OrganizationKind::Company } else { OrganizationKind::Household };
            let input = SetUp {
                name: form.name.clone(),
                email: Some(form.email.clone()).filter(|email| !email.is_empty()),
                password: Secret::new(form.password),
                organization: form.organization.clone(),
                kind,
                currency,
                time_zone: form.time_zone.clone(),
            };
            app.engine.set_up(input).await
        }
        Err(_) => Err(EngineError::invalid("currency", "A currency has three letters, such as EUR.")),
    };
    let (field, message) = match result {
        Ok(signed_in) => {
            let home = &app.engine.settings().public_url;
            let cookie = session::begin(home, &signed_in, app.engine.ambient().now());
            return Ok((cookie, Redirect::to("/")).into_response());
        }
        Err(EngineError::Invalid { field, message }) => (field, message),
        Err(error) => return Err(error.into()),
    };
    let view = |name: &str, value: &str| FieldView {
        value: value.to_owned(),
        error: (name == field).then(|| message.clone()),
    };
    let again = SetUpPage {
        name: view("name", &form.name),
        email: view("email", &form.email),
        password: view("password", ""),
        organization: view("organization", &form.organization),
        currency: view("currency", &form.currency),
        time_zone: view("time_zone", &form.time_zone),
        is_company,
        has_more_errors: ["email", "currency", "time_zone"].contains(&field),
        is_first_look: false,
        is_plain_http: crate::security::is_plain_http(&app.engine.settings().public_url),
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response())
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    login: &'a str,
    /// The invitation that brought somebody here, so that they go on with it.
    invitation: &'a str,
    error: Option<String>,
    is_plain_http: bool,
}

/// The form of the sign-in.
#[derive(Deserialize)]
pub(crate) struct SignInForm {
    login: String,
    password: String,
    #[serde(default)]
    invitation: String,
}

/// What the address of the sign-in may say.
#[derive(Deserialize)]
pub(crate) struct SignInAsked {
    #[serde(default)]
    invitation: String,
}

/// Where somebody goes on who came with an invitation; what is none of our tokens leads nowhere else.
fn onward(invitation: &str) -> String {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !invitation.is_empty() && invitation.chars().all(is_token) {
        format!("/invitations/{invitation}")
    } else {
        "/".to_owned()
    }
}

/// Asks who somebody is.
pub(crate) async fn sign_in_form(
    State(app): State<App>,
    Query(asked): Query<SignInAsked>,
) -> Result<Response, PageError> {
    if app.engine.needs_set_up().await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    let is_plain_http = crate::security::is_plain_http(&app.engine.settings().public_url);
    Ok(page(&SignInPage { login: "", invitation: &asked.invitation, error: None, is_plain_http })?.into_response())
}

/// Signs in.
pub(crate) async fn sign_in(
    State(app): State<App>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Result<Response, PageError> {
    let address = origin_address(from.ip(), &headers, &app.engine.settings().trusted_proxies);
    let now = app.engine.ambient().now();
    let home = &app.engine.settings().public_url;
    let mut headers = HeaderMap::new();
    let (status, error) = match app.engine.sign_in(&form.login, Secret::new(form.password), &address).await {
        Ok(signed_in) => {
            let onward = Redirect::to(&onward(&form.invitation));
            return Ok((session::begin(home, &signed_in, now), onward).into_response());
        }
        Err(EngineError::WrongPassword { tries_left }) => {
            let then = match tries_left {
                0 => "Now there is a pause of one minute.".to_owned(),
                1 => "One more try, then a pause of one minute.".to_owned(),
                left => format!("{left} more tries, then a pause of one minute."),
            };
            (StatusCode::UNAUTHORIZED, format!("That name and password do not fit. {then}"))
        }
        Err(EngineError::Throttled { until }) => {
            let seconds = until.duration_since(now).as_secs().max(1);
            let wait =
                if seconds < 100 { format!("{seconds} seconds") } else { format!("{} minutes", seconds / 60 + 1) };
            headers.insert(header::RETRY_AFTER, seconds.into());
            (StatusCode::TOO_MANY_REQUESTS, format!("Too many tries. Wait {wait}, then try again."))
        }
        Err(error) => return Err(error.into()),
    };
    let is_plain_http = crate::security::is_plain_http(home);
    let again = SignInPage { login: &form.login, invitation: &form.invitation, error: Some(error), is_plain_http };
    Ok((status, headers, page(&again)?).into_response())
}

/// Signs out.
pub(crate) async fn sign_out(
    State(app): State<App>,
    _visitor: Visitor,
    headers: HeaderMap,
) -> Result<impl IntoResponse, PageError> {
    let home = &app.engine.settings().public_url;
    if let Some(token) = session::token(&headers, home) {
        app.engine.sign_out(&token).await?;
    }
    Ok((session::end(home), Redirect::to("/sign-in")))
}
