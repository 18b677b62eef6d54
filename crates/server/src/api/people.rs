//! Who belongs to an organization, with which place: members and groups.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::asset::Tree;
use bankside_domain::{AssetId, Code, Right, Role};
use bankside_engine::{EngineError, Group, Member, Placing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Body, Problem, id};

/// A place: a role or a group, and perhaps an asset below which somebody sees and nothing else.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct PlacingBody {
    /// `owner`, `admin`, `member` or `viewer`; or else `group`.
    role: Option<String>,
    /// The id of a group, whose role counts then.
    group: Option<String>,
    /// The asset; absent is everything, or what the group says.
    asset: Option<String>,
}

impl PlacingBody {
    pub(crate) fn placing(&self) -> Result<Placing, Problem> {
        let asset = self.asset.as_deref().map(id).transpose()?;
        match (self.role.as_deref(), self.group.as_deref()) {
            (Some(code), None) => Ok(Placing { role: role(code)?, group: None, asset }),
            (None, Some(group)) => Ok(Placing { role: Role::Viewer, group: Some(id(group)?), asset }),
            _ => Err(EngineError::invalid("role", "Name a role or a group.").into()),
        }
    }
}

fn role(code: &str) -> Result<Role, EngineError> {
    Role::from_code(code).map_err(|error| EngineError::invalid("role", format!("{error}.")))
}

/// The asset below which somebody sees.
fn path_of(tree: &Tree, asset: Option<AssetId>) -> (Option<String>, Option<String>) {
    (asset.map(|asset| asset.to_string()), asset.map(|asset| tree.path(asset)))
}

/// A member.
#[derive(Serialize, ToSchema)]
pub(crate) struct MemberBody {
    person: String,
    name: String,
    /// Their address, for whoever may manage people, and for themselves.
    email: Option<String>,
    /// `owner`, `admin`, `member` or `viewer`; that of their group, if they are in one.
    role: &'static str,
    group: Option<String>,
    /// The asset below which they see; absent where they see everything.
    asset: Option<String>,
    /// The names on the way to that, such as `Germany ▸ Fund C ▸ Site 1`.
    asset_path: Option<String>,
    /// Since when they belong here (RFC 3339).
    since: String,
}

impl MemberBody {
    fn of(member: Member, tree: &Tree, shows_email: bool) -> Self {
        let (asset, asset_path) = path_of(tree, member.asset);
        Self {
            person: member.person.to_string(),
            name: member.name,
            email: member.email.filter(|_| shows_email),
            role: member.role.code(),
            group: member.group.map(|group| group.to_string()),
            asset,
            asset_path,
            since: member.joined_at.to_string(),
        }
    }
}

/// Those who belong to the organization: owners first, then by name.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/members", params(("organization" = String, Path)),
    responses((status = OK, body = [MemberBody]), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn members(State(app): State<App>, member: ApiMember) -> Result<Json<Vec<MemberBody>>, Problem> {
    let view = app.engine.members(member.asker()).await?;
    let tree = app.engine.tree(member.asker()).await?;
    let may_manage = member.asker().may(Right::ManagePeople);
    let own = member.asker().person();
    let body = |one: Member| {
        let shows_email = may_manage || Some(one.person) == own;
        MemberBody::of(one, &tree, shows_email)
    };
    Ok(Json(view.members.into_iter().map(body).collect()))
}

/// Gives a member another place.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/members/{person}/place",
    params(("organization" = String, Path), ("person" = String, Path)), request_body = PlacingBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn place_member(
    State(app): State<App>,
    member: ApiMember,
    Path((_, person)): Path<(String, String)>,
    Body(body): Body<PlacingBody>,
) -> Result<StatusCode, Problem> {
    app.engine.place_member(member.asker(), id(&person)?, body.placing()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a member. What they did stays.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/members/{person}",
    params(("organization" = String, Path), ("person" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn remove_member(
    State(app): State<App>,
    member: ApiMember,
    Path((_, person)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.remove_member(member.asker(), id(&person)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A group.
#[derive(Serialize, ToSchema)]
pub(crate) struct GroupBody {
    id: String,
    name: String,
    /// `admin`, `member` or `viewer`.
    role: &'static str,
    /// The asset below which its members see; absent where each may have one of their own.
    asset: Option<String>,
    /// The names on the way to that.
    asset_path: Option<String>,
    /// How many members are in it.
    members: i64,
    /// How many are invited into it.
    invited: i64,
}

impl GroupBody {
    fn of(group: Group, tree: &Tree) -> Self {
        let (asset, asset_path) = path_of(tree, group.asset);
        let (id, role) = (group.id.to_string(), group.role.code());
        Self { id, name: group.name, role, asset, asset_path, members: group.members, invited: group.invited }
    }
}

/// The groups, by name.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/groups", params(("organization" = String, Path)),
    responses((status = OK, body = [GroupBody]), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn groups(State(app): State<App>, member: ApiMember) -> Result<Json<Vec<GroupBody>>, Problem> {
    let view = app.engine.members(member.asker()).await?;
    let tree = app.engine.tree(member.asker()).await?;
    Ok(Json(view.groups.into_iter().map(|group| GroupBody::of(group, &tree)).collect()))
}

/// A group as it is to be.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewGroupBody {
    name: String,
    /// `admin`, `member` or `viewer`.
    role: String,
    /// The asset below which its members see.
    asset: Option<String>,
}

/// Adds a group.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/groups", params(("organization" = String, Path)),
    request_body = NewGroupBody,
    responses((status = CREATED, body = MadeBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn add_group(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<NewGroupBody>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let asset = body.asset.as_deref().map(id).transpose()?;
    let made = app.engine.add_group(member.asker(), &body.name, role(&body.role)?, asset).await?;
    Ok((StatusCode::CREATED, Json(MadeBody { id: made.to_string() })))
}

/// Changes a group, and with it the place of all its members.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/groups/{group}",
    params(("organization" = String, Path), ("group" = String, Path)), request_body = NewGroupBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn change_group(
    State(app): State<App>,
    member: ApiMember,
    Path((_, group)): Path<(String, String)>,
    Body(body): Body<NewGroupBody>,
) -> Result<StatusCode, Problem> {
    let asset = body.asset.as_deref().map(id).transpose()?;
    app.engine.change_group(member.asker(), id(&group)?, &body.name, role(&body.role)?, asset).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a group in which nobody is.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/groups/{group}",
    params(("organization" = String, Path), ("group" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn remove_group(
    State(app): State<App>,
    member: ApiMember,
    Path((_, group)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.remove_group(member.asker(), id(&group)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
