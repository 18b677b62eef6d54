//! Connecting flows: beginning, renewing, and taking one step after the other.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::Secret;
use bankside_engine::{Answered, EngineError, FlowPage, FlowView, Form, FormField};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Body, Problem, id};
use crate::api::runs::FaultBody;
use crate::view::fault::Occasion;

/// A bank to connect.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BeginBody {
    provider: String,
    /// The institution's key; or else `login` or `name`.
    institution: Option<String>,
    /// The key of a login that is at the provider already.
    login: Option<String>,
    /// What the connection is called, where the bank is chosen on the provider's own page.
    name: Option<String>,
    /// The account that is to be linked.
    account: Option<String>,
}

/// Begins to connect a bank, or takes up a login; answers with the first step.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/flows", params(("organization" = String, Path)),
    request_body = BeginBody, responses((status = CREATED, body = FlowBody), (status = BAD_GATEWAY, body = Problem)))]
pub(crate) async fn begin(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<BeginBody>,
) -> Result<(StatusCode, Json<FlowBody>), Problem> {
    let account = body.account.as_deref().map(id).transpose()?;
    app.engine.require_provider(&body.provider).await?;
    let flow = match (&body.institution, &body.login, &body.name) {
        (Some(institution), None, None) => {
            app.engine.begin_connecting(member.asker(), &body.provider, institution, account).await?
        }
        (None, Some(login), None) => app.engine.adopt_login(member.asker(), &body.provider, login, account).await?,
        (None, None, Some(name)) => app.engine.begin_hosted(member.asker(), &body.provider, name, account).await?,
        _ => return Err(EngineError::invalid("institution", "Name an institution, a login or a name.").into()),
    };
    Ok((StatusCode::CREATED, Json(app.engine.flow(member.asker(), flow).await?.into())))
}

/// A connecting flow.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlowBody {
    id: String,
    provider: &'static str,
    bank: String,
    /// `ask`, `open`, `confirm`, `wait`, `done`, `renewed`, `cancelled`, `failed` or `expired`.
    step: &'static str,
    /// What to answer, at the step `ask`.
    form: Option<FormBody>,
    /// The page to open, at the step `open`.
    url: Option<String>,
    /// What the step says.
    message: Option<String>,
    /// The connection, at the steps `done` and `renewed`; while it is being renewed, at every step.
    connection: Option<String>,
    /// What a renewal came to, at the step `renewed`.
    renewed: Option<RenewedBody>,
    /// What went wrong, at the step `failed`.
    fault: Option<FaultBody>,
}

/// What a bank or a provider wants to know. The answers are handed on and forgotten.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormBody {
    title: String,
    message: String,
    /// Whether the bank asks, or the provider.
    is_from_bank: bool,
    /// What was wrong with the answers before.
    error: Option<String>,
    /// A PNG in base64 that the answer is read from.
    picture: Option<String>,
    /// A text to compare with another device.
    shown: Option<String>,
    fields: Vec<FormFieldBody>,
    /// When the bank does not wait any longer (RFC 3339), if it is known.
    expires_at: Option<String>,
}

/// One field of a form.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormFieldBody {
    /// What its answer is called.
    key: String,
    label: String,
    hint: String,
    /// `text`, `secret`, `code` or `choice`.
    kind: &'static str,
    /// What can be chosen.
    options: Vec<String>,
    is_optional: bool,
}

impl From<&FormField> for FormFieldBody {
    fn from(field: &FormField) -> Self {
        let (kind, options) = match &field.answered {
            Answered::Text => ("text", Vec::new()),
            Answered::Secret => ("secret", Vec::new()),
            Answered::Code => ("code", Vec::new()),
            Answered::OneOf(options) => ("choice", options.clone()),
        };
        let (key, label, hint) = (field.key.clone(), field.label.clone(), field.hint.clone());
        Self { key, label, hint, kind, options, is_optional: field.is_optional }
    }
}

impl From<Form> for FormBody {
    fn from(form: Form) -> Self {
        Self {
            fields: form.fields.iter().map(FormFieldBody::from).collect(),
            title: form.title,
            message: form.message,
            is_from_bank: form.is_from_bank,
            error: form.error,
            picture: form.picture.map(|picture| picture.png_base64),
            shown: form.shown,
            expires_at: form.expires_at.map(|end| end.to_string()),
        }
    }
}

/// What a renewal came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct RenewedBody {
    /// When access ends now (RFC 3339), if the provider says.
    valid_until: Option<String>,
    /// Bank accounts that were there before; their links stay.
    recognised: usize,
    /// Bank accounts that were not.
    new: usize,
    /// Bank accounts that are not shown any more.
    missing: usize,
    /// The sync that fetches what came meanwhile.
    run: Option<String>,
}

impl From<FlowView> for FlowBody {
    fn from(view: FlowView) -> Self {
        let (mut url, mut message, mut connection) = (None, None, view.renews.map(|id| id.to_string()));
        let (mut renewed, mut fault, mut form) = (None, None, None);
        let step = match view.page {
            FlowPage::Ask { form: asked } => {
                form = Some((*asked).into());
                "ask"
            }
            FlowPage::Open { url: page, .. } => {
                url = Some(page);
                "open"
            }
            FlowPage::Confirm => "confirm",
            FlowPage::Wait { message: says, .. } => {
                message = Some(says);
                "wait"
            }
            FlowPage::Done { connection: made } => {
                connection = Some(made.to_string());
                "done"
            }
            FlowPage::Renewed { valid_until, outcome, .. } => {
                renewed = Some(RenewedBody {
                    valid_until: valid_until.map(|end| end.to_string()),
                    recognised: outcome.recognised,
                    new: outcome.new,
                    missing: outcome.missing,
                    run: outcome.run.map(|run| run.to_string()),
                });
                "renewed"
            }
            FlowPage::Cancelled { message: says } => {
                message = Some(says);
                "cancelled"
            }
            FlowPage::Failed { fault: why } => {
                let occasion = if connection.is_some() { Occasion::Renewing } else { Occasion::Connecting };
                fault = Some(FaultBody::of(&why, occasion));
                message = Some(why.message);
                "failed"
            }
            FlowPage::Expired => "expired",
        };
        let (id, provider) = (view.id.to_string(), view.descriptor.id);
        Self { id, provider, bank: view.bank, step, form, url, message, connection, renewed, fault }
    }
}

/// How a flow stands. Asks the provider.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/flows/{flow}",
    params(("organization" = String, Path), ("flow" = String, Path)),
    responses((status = OK, body = FlowBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn flow(
    State(app): State<App>,
    member: ApiMember,
    Path((_, flow)): Path<(String, String)>,
) -> Result<Json<FlowBody>, Problem> {
    Ok(Json(app.engine.poll_flow(member.asker(), id(&flow)?).await?.into()))
}

/// Answers the form of the step `ask`, by the keys of its fields. Where the answers cannot be meant, nothing is sent and the form says
/// why. At any other step it only answers how the flow stands.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/flows/{flow}/answers",
    params(("organization" = String, Path), ("flow" = String, Path)), request_body = BTreeMap<String, String>,
    responses((status = OK, body = FlowBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn answer(
    State(app): State<App>,
    member: ApiMember,
    Path((_, flow)): Path<(String, String)>,
    Body(answers): Body<BTreeMap<String, String>>,
) -> Result<Json<FlowBody>, Problem> {
    let answers = answers.into_iter().map(|(key, text)| (key, Secret::new(text))).collect();
    Ok(Json(app.engine.answer_flow(member.asker(), id(&flow)?, &answers).await?.into()))
}

/// Says that it was the asker who came back in another browser; the flow goes on. At any other step than `confirm` it only
/// answers how the flow stands.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/flows/{flow}/confirm",
    params(("organization" = String, Path), ("flow" = String, Path)),
    responses((status = OK, body = FlowBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn confirm(
    State(app): State<App>,
    member: ApiMember,
    Path((_, flow)): Path<(String, String)>,
) -> Result<Json<FlowBody>, Problem> {
    Ok(Json(app.engine.confirm_return(member.asker(), id(&flow)?).await?.into()))
}

/// Calls a flow off. Nothing has changed.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/flows/{flow}",
    params(("organization" = String, Path), ("flow" = String, Path)), responses((status = OK, body = FlowBody)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    member: ApiMember,
    Path((_, flow)): Path<(String, String)>,
) -> Result<Json<FlowBody>, Problem> {
    Ok(Json(app.engine.cancel_flow(member.asker(), id(&flow)?).await?.into()))
}

/// Begins to renew the access of a connection in place; answers with the page to open. What is there works on until the last step is
/// done. A renewal that the asker has begun already is the answer.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/connections/{connection}/renewals",
    params(("organization" = String, Path), ("connection" = String, Path)),
    responses((status = CREATED, body = FlowBody), (status = NOT_FOUND, body = Problem), (status = BAD_GATEWAY, body = Problem)))]
pub(crate) async fn renew(
    State(app): State<App>,
    member: ApiMember,
    Path((_, connection)): Path<(String, String)>,
) -> Result<(StatusCode, Json<FlowBody>), Problem> {
    let flow = app.engine.begin_renewal(member.asker(), id(&connection)?).await?;
    Ok((StatusCode::CREATED, Json(app.engine.flow(member.asker(), flow).await?.into())))
}
