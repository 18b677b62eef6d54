//! Another organization, and with which one a person begins.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::OrganizationKind;
use bankside_engine::{EngineError, NewOrganizationInput};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::session::{Member, Visitor};
use crate::view::FieldView;
use crate::view::shell::address;

#[derive(Template)]
#[template(path = "new_organization.html")]
struct NewHtml {
    organization: FieldView,
    currency: FieldView,
    time_zone: FieldView,
    is_company: bool,
}

/// An organization as it is typed.
#[derive(Deserialize)]
pub(crate) struct OrganizationForm {
    organization: String,
    kind: String,
    currency: String,
    time_zone: String,
}

/// Asks what it is called.
pub(crate) async fn new_form(State(app): State<App>, Visitor(person): Visitor) -> Result<Response, PageError> {
    // What holds where the person is now will do for most of what they add.
    let known = app.engine.memberships(person.id).await?.into_iter().next().map(|one| one.organization);
    let (currency, zone) = known.map_or_else(
        || ("EUR".to_owned(), "Europe/Berlin".to_owned()),
        |organization| (organization.currency.to_string(), organization.time_zone),
    );
    let html = NewHtml {
        organization: FieldView::default(),
        currency: FieldView::of(currency),
        time_zone: FieldView::of(zone),
        is_company: false,
    };
    Ok(page(&html)?.into_response())
}

/// Makes it, and goes there.
pub(crate) async fn make(
    State(app): State<App>,
    Visitor(person): Visitor,
    Form(form): Form<OrganizationForm>,
) -> Result<Response, PageError> {
    let is_company = form.kind == "company";
    let made = match form.currency.trim().parse() {
        Ok(currency) => {
            let kind = if is_company { OrganizationKind::Company } else { OrganizationKind::Household };
            let (name, time_zone) = (form.organization.clone(), form.time_zone.trim().to_owned());
            app.engine.add_organization(person.id, NewOrganizationInput { name, kind, currency, time_zone }).await
        }
        Err(_) => Err(EngineError::invalid("currency", "A currency has three letters, such as EUR.")),
    };
    let (field, message) = match made {
        Ok(organization) => return Ok(Redirect::to(&address(organization, "overview")).into_response()),
        Err(EngineError::Invalid { field, message }) => (field, message),
        Err(error) => return Err(error.into()),
    };
    let view = |name: &str, value: &str| FieldView {
        value: value.to_owned(),
        error: (name == field).then(|| message.clone()),
    };
    let again = NewHtml {
        organization: view("organization", &form.organization),
        currency: view("currency", &form.currency),
        time_zone: view("time_zone", &form.time_zone),
        is_company,
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response())
}

/// The person begins here from now on.
pub(crate) async fn begin_here(State(app): State<App>, member: Member) -> Result<Redirect, PageError> {
    let organization = member.membership.organization.id;
    app.engine.begin_with(member.person.id, organization).await?;
    Ok(Redirect::to(&address(organization, "settings")))
}
