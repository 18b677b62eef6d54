//! Providers, keys, banks, connecting and linking.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::{Currency, Secret};
use bankside_engine::{EngineError, FlowPage, FlowView, KeySource, LinkChoice, LinkTarget};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};
use crate::api::runs::FaultBody;
use crate::view::fault::Occasion;

/// A provider.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderBody {
    id: &'static str,
    name: &'static str,
    coverage: &'static str,
    /// The countries whose banks it lists.
    countries: &'static [&'static str],
    /// The fields of its keys.
    fields: Vec<&'static str>,
    /// Where its keys came from: `page`, `installation`, or absent.
    keys: Option<&'static str>,
    /// Whether the operator has switched it off.
    is_off: bool,
}

/// The providers that this server knows.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/providers", params(("organization" = String, Path)),
    responses((status = OK, body = [ProviderBody])))]
pub(crate) async fn providers(State(app): State<App>, member: ApiMember) -> Result<Json<Vec<ProviderBody>>, Problem> {
    let views = app.engine.providers(member.asker()).await?;
    let bodies = views.into_iter().map(|view| ProviderBody {
        id: view.descriptor.id,
        name: view.descriptor.name,
        coverage: view.descriptor.coverage,
        countries: view.descriptor.countries,
        fields: view.descriptor.fields.iter().map(|field| field.key).collect(),
        keys: view.keys.map(|keys| match keys {
            KeySource::Page { .. } => "page",
            KeySource::Installation { .. } => "installation",
        }),
        is_off: view.is_off,
    });
    Ok(Json(bodies.collect()))
}

/// Tests keys with a real call and keeps them, sealed. They are never shown again.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/providers/{provider}/keys",
    params(("organization" = String, Path), ("provider" = String, Path)),
    request_body(content = BTreeMap<String, String>, description = "The provider's fields"),
    responses((status = NO_CONTENT), (status = UNPROCESSABLE_ENTITY, body = Problem),
        (status = FAILED_DEPENDENCY, body = Problem)))]
pub(crate) async fn keep_keys(
    State(app): State<App>,
    member: ApiMember,
    Path((_, provider)): Path<(String, String)>,
    Body(fields): Body<BTreeMap<String, String>>,
) -> Result<StatusCode, Problem> {
    let keys = fields.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
    app.engine.keep_keys(member.asker(), &provider, keys).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets the keys that the organization typed. Rows and links stay.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/providers/{provider}/keys",
    params(("organization" = String, Path), ("provider" = String, Path)), responses((status = NO_CONTENT)))]
pub(crate) async fn reset_keys(
    State(app): State<App>,
    member: ApiMember,
    Path((_, provider)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.reset_keys(member.asker(), &provider).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Of which country.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CountryQuery {
    /// Two letters (ISO 3166).
    country: String,
}

/// A bank as the provider lists it.
#[derive(Serialize, ToSchema)]
pub(crate) struct InstitutionBody {
    key: String,
    name: String,
    bic: Option<String>,
    max_history_days: Option<i64>,
    max_consent_days: Option<i64>,
}

/// The banks of a country.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/providers/{provider}/institutions",
    params(("organization" = String, Path), ("provider" = String, Path), CountryQuery),
    responses((status = OK, body = [InstitutionBody]), (status = BAD_GATEWAY, body = Problem)))]
pub(crate) async fn institutions(
    State(app): State<App>,
    member: ApiMember,
    Path((_, provider)): Path<(String, String)>,
    Asked(asked): Asked<CountryQuery>,
) -> Result<Json<Vec<InstitutionBody>>, Problem> {
    let list = app.engine.institutions(member.asker(), &provider, &asked.country).await?;
    let bodies = list.iter().map(|institution| InstitutionBody {
        key: institution.key.clone(),
        name: institution.name.clone(),
        bic: institution.bic.clone(),
        max_history_days: institution.max_history_days,
        max_consent_days: institution.max_consent_days,
    });
    Ok(Json(bodies.collect()))
}

/// A bank to connect.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BeginBody {
    provider: String,
    /// The institution's key.
    institution: String,
    /// The account that is to be linked.
    account: Option<String>,
}

/// Begins to connect a bank; answers with the page to open.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/flows", params(("organization" = String, Path)),
    request_body = BeginBody, responses((status = CREATED, body = FlowBody), (status = BAD_GATEWAY, body = Problem)))]
pub(crate) async fn begin(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<BeginBody>,
) -> Result<(StatusCode, Json<FlowBody>), Problem> {
    let account = body.account.as_deref().map(id).transpose()?;
    app.engine.require_provider(&body.provider).await?;
    let flow = app.engine.begin_connecting(member.asker(), &body.provider, &body.institution, account).await?;
    Ok((StatusCode::CREATED, Json(app.engine.flow(member.asker(), flow).await?.into())))
}

/// A connecting flow.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlowBody {
    id: String,
    provider: &'static str,
    bank: String,
    /// `open`, `confirm`, `wait`, `done`, `renewed`, `cancelled`, `failed` or `expired`.
    step: &'static str,
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
        let (mut renewed, mut fault) = (None, None);
        let step = match view.page {
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
        Self { id, provider, bank: view.bank, step, url, message, connection, renewed, fault }
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

/// What became of a connection that was ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnsyncedBody {
    name: String,
    /// Why the provider could not be told, if it could not: the access runs on there until its end.
    not_revoked: Option<FaultBody>,
}

/// Ends a connection: its access is revoked at the provider, its links end; transactions stay.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/connections/{connection}",
    params(("organization" = String, Path), ("connection" = String, Path)),
    responses((status = OK, body = UnsyncedBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn unsync(
    State(app): State<App>,
    member: ApiMember,
    Path((_, connection)): Path<(String, String)>,
) -> Result<Json<UnsyncedBody>, Problem> {
    let ended = app.engine.unsync(member.asker(), id(&connection)?).await?;
    let not_revoked = ended.not_revoked.as_ref().map(|fault| FaultBody::of(fault, Occasion::Ending));
    Ok(Json(UnsyncedBody { name: ended.name, not_revoked }))
}

/// A bank account that can be linked.
#[derive(Serialize, ToSchema)]
pub(crate) struct OfferedBody {
    bank_account: String,
    name: String,
    holder: Option<String>,
    masked_number: Option<String>,
    currency: String,
    /// The bank's balance as it would be booked: exact decimal text, less than nothing where something is owed.
    balance: Option<String>,
    /// Whether the bank's signs are turned round.
    flips_sign: bool,
    /// The account that is suggested; absent suggests a new one.
    suggested_account: Option<String>,
    /// The name that is suggested for a new one.
    suggested_name: Option<String>,
    /// Why.
    reason: &'static str,
    /// The day from which importing is suggested.
    import_from: String,
    /// The account whose bank account this one may be, by its last digits, holder and bank. If it is, move that account's feed here instead
    /// of linking it.
    resembles: Option<String>,
}

/// What linking a connection's bank accounts offers.
#[derive(Serialize, ToSchema)]
pub(crate) struct OfferBody {
    bank_accounts: Vec<OfferedBody>,
}

/// What linking a connection's bank accounts offers.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/connections/{connection}/link",
    params(("organization" = String, Path), ("connection" = String, Path)),
    responses((status = OK, body = OfferBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn link_offer(
    State(app): State<App>,
    member: ApiMember,
    Path((_, connection)): Path<(String, String)>,
) -> Result<Json<OfferBody>, Problem> {
    let offer = app.engine.link_offer(member.asker(), id(&connection)?, None).await?;
    let bank_accounts = offer.accounts.into_iter().map(|offered| {
        let code = offered.bank_account.currency;
        let currency = Currency::iso(code.as_str()).unwrap_or(Currency { code, scale: 2 });
        let (suggested_account, suggested_name) = match offered.suggestion {
            LinkTarget::Existing(account) => (Some(account.to_string()), None),
            LinkTarget::New(name) => (None, Some(name)),
            LinkTarget::Skip => (None, None),
        };
        OfferedBody {
            bank_account: offered.bank_account.id.to_string(),
            name: offered.bank_account.name,
            holder: offered.bank_account.holder,
            masked_number: offered.bank_account.masked_number,
            currency: code.to_string(),
            balance: offered
                .balance
                .map(|balance| bankside_domain::Amount::new(balance.stated.minor, currency).to_decimal_text()),
            flips_sign: offered.bank_account.flips_sign,
            suggested_account,
            suggested_name,
            reason: offered.reason,
            import_from: offered.import_from.to_string(),
            resembles: offered.resembles.map(|account| account.to_string()),
        }
    });
    Ok(Json(OfferBody { bank_accounts: bank_accounts.collect() }))
}

/// One bank account to link: with an account that is there, or with a new one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LinkBody {
    bank_account: String,
    /// The account that is there.
    account: Option<String>,
    /// The name of the new account, where none is named.
    name: Option<String>,
    /// The first day to import.
    import_from: String,
    /// Whether the bank's signs are turned round: where it counts what is owed as more than nothing, or what is spent. As they are
    /// now if it is not said.
    flips_sign: Option<bool>,
}

/// Links bank accounts and starts their first sync; answers with its run.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/connections/{connection}/link",
    params(("organization" = String, Path), ("connection" = String, Path)), request_body = [LinkBody],
    responses((status = ACCEPTED, body = MadeBody), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn link(
    State(app): State<App>,
    member: ApiMember,
    Path((_, connection)): Path<(String, String)>,
    Body(links): Body<Vec<LinkBody>>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let mut choices = Vec::with_capacity(links.len());
    for link in links {
        let target = match link.account.as_deref() {
            Some(account) => LinkTarget::Existing(id(account)?),
            None => LinkTarget::New(link.name.unwrap_or_default()),
        };
        let import_from = link
            .import_from
            .parse()
            .map_err(|_| EngineError::invalid("import_from", "A day is needed, such as 2026-11-20."))?;
        choices.push(LinkChoice {
            bank_account: id(&link.bank_account)?,
            target,
            import_from,
            flips_sign: link.flips_sign,
        });
    }
    let run = app.engine.link(member.asker(), id(&connection)?, &choices).await?;
    Ok((StatusCode::ACCEPTED, Json(MadeBody { id: run.to_string() })))
}

/// Unlinks an account. Its rows stay.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/accounts/{account}/link",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn unlink(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.unlink(member.asker(), id(&account)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
