//! Organizations: which there are, another one, its name and its time zone, and leaving it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bankside_domain::{Code, OrganizationKind, PersonId};
use bankside_engine::{EngineError, Membership, NewOrganizationInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::books::MadeBody;
use crate::api::me::visitor;
use crate::api::problem::{ApiMember, Body, Problem, id};

/// An organization that the signed-in person belongs to.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrganizationBody {
    id: String,
    name: String,
    /// `household` or `company`.
    kind: &'static str,
    /// Its currency's code.
    currency: String,
    /// The IANA name of its zone.
    time_zone: String,
    /// `owner`, `admin`, `member` or `viewer`.
    role: &'static str,
    /// The asset below which the person sees; absent where they see everything.
    sees: Option<String>,
}

impl From<&Membership> for OrganizationBody {
    fn from(membership: &Membership) -> Self {
        let organization = &membership.organization;
        Self {
            id: organization.id.to_string(),
            name: organization.name.clone(),
            kind: organization.kind.code(),
            currency: organization.currency.to_string(),
            time_zone: organization.time_zone.clone(),
            role: membership.role.code(),
            sees: membership.asker.sight().asset().map(|asset| asset.to_string()),
        }
    }
}

/// The organizations of the signed-in person.
#[utoipa::path(get, path = "/api/v1/organizations",
    responses((status = OK, body = [OrganizationBody]), (status = UNAUTHORIZED, body = Problem)))]
pub(crate) async fn organizations(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Json<Vec<OrganizationBody>>, Problem> {
    let person = visitor(&app, &headers).await?;
    let memberships = app.engine.memberships(person.id).await?;
    Ok(Json(memberships.iter().map(OrganizationBody::from).collect()))
}

/// An organization to make.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewOrganizationBody {
    name: String,
    /// `household` or `company`.
    kind: String,
    /// The code of the currency in which totals are counted.
    currency: String,
    /// The IANA name of its zone, such as `Europe/Berlin`.
    time_zone: String,
}

/// Makes an organization, which the signed-in person owns.
#[utoipa::path(post, path = "/api/v1/organizations", request_body = NewOrganizationBody,
    responses((status = CREATED, body = MadeBody), (status = UNAUTHORIZED, body = Problem), (status = CONFLICT, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn add_organization(
    State(app): State<App>,
    headers: HeaderMap,
    Body(body): Body<NewOrganizationBody>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let person = visitor(&app, &headers).await?;
    let kind = kind_of(&body.kind)?;
    let currency = body
        .currency
        .trim()
        .parse()
        .map_err(|_| EngineError::invalid("currency", "A currency has three letters, such as EUR."))?;
    let input = NewOrganizationInput { name: body.name, kind, currency, time_zone: body.time_zone.trim().to_owned() };
    let made = app.engine.add_organization(person.id, input).await.map_err(|error| match error {
        // The page calls the field otherwise.
        EngineError::Invalid { field: "organization", message } => EngineError::Invalid { field: "name", message },
        error => error,
    })?;
    Ok((StatusCode::CREATED, Json(MadeBody { id: made.to_string() })))
}

/// One organization.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}", params(("organization" = String, Path)),
    responses((status = OK, body = OrganizationBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn organization(member: ApiMember) -> Json<OrganizationBody> {
    Json(OrganizationBody::from(&member.0.membership))
}

/// What to change of an organization; what is absent stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct OrganizationChangeBody {
    name: Option<String>,
    /// The IANA name of its zone. Days and the hour of the daily import go by it.
    time_zone: Option<String>,
}

/// Renames an organization, or gives it another time zone. The hour of its daily import is set under `daily-import`.
#[utoipa::path(patch, path = "/api/v1/organizations/{organization}", params(("organization" = String, Path)),
    request_body = OrganizationChangeBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn change_organization(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<OrganizationChangeBody>,
) -> Result<StatusCode, Problem> {
    let (name, time_zone) = (body.name.as_deref(), body.time_zone.as_deref());
    app.engine.change_organization(member.asker(), name, time_zone).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn kind_of(code: &str) -> Result<OrganizationKind, EngineError> {
    OrganizationKind::from_code(code).map_err(|error| EngineError::invalid("kind", format!("{error}.")))
}

/// Whether an organization is a household or a company.
#[derive(Deserialize, ToSchema)]
pub(crate) struct OrganizationKindBody {
    /// `household` or `company`. A company has seven main categories that stay; what is there stays beside them.
    kind: String,
}

/// Makes an organization a household or a company.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/kind", params(("organization" = String, Path)),
    request_body = OrganizationKindBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn set_kind(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<OrganizationKindBody>,
) -> Result<StatusCode, Problem> {
    app.engine.set_organization_kind(member.asker(), kind_of(&body.kind)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The signed-in person leaves. The only owner makes somebody else an owner first.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/membership", params(("organization" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem)))]
pub(crate) async fn leave(State(app): State<App>, member: ApiMember) -> Result<StatusCode, Problem> {
    app.engine.leave(member.asker()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// To whom an organization is handed over.
#[derive(Deserialize, ToSchema)]
pub(crate) struct HandOverBody {
    /// The member who becomes an owner.
    to: String,
}

/// Makes another member an owner in the place of the signed-in one, who is an admin from then on.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/hand-over", params(("organization" = String, Path)),
    request_body = HandOverBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn hand_over(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<HandOverBody>,
) -> Result<StatusCode, Problem> {
    let to: PersonId = id(&body.to)?;
    app.engine.hand_over(member.asker(), to).await?;
    Ok(StatusCode::NO_CONTENT)
}
