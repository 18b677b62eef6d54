//! Providers, keys, banks, connecting and linking.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::{Currency, Secret};
use bankside_engine::{EngineError, KeySource, LinkChoice, LinkTarget};
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

/// A login that is at the provider already.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoginBody {
    key: String,
    /// The bank's name, if the provider tells it.
    name: Option<String>,
    /// How it stands, in one short sentence.
    state: String,
    /// When the provider last read it from the bank (RFC 3339).
    updated_at: Option<String>,
    /// What keeps it from being read.
    fault: Option<FaultBody>,
    /// The connection that uses it.
    connection: Option<String>,
}

/// The logins that are at the provider already.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/providers/{provider}/logins",
    params(("organization" = String, Path), ("provider" = String, Path)),
    responses((status = OK, body = [LoginBody]), (status = BAD_GATEWAY, body = Problem)))]
pub(crate) async fn logins(
    State(app): State<App>,
    member: ApiMember,
    Path((_, provider)): Path<(String, String)>,
) -> Result<Json<Vec<LoginBody>>, Problem> {
    let logins = app.engine.logins(member.asker(), &provider).await?;
    let bodies = logins.into_iter().map(|login| LoginBody {
        key: login.key,
        name: login.name,
        state: login.state,
        updated_at: login.updated_at.map(|at| at.to_string()),
        fault: login.fault.as_ref().map(|fault| FaultBody::of(fault, Occasion::Connecting)),
        connection: login.connection.map(|id| id.to_string()),
    });
    Ok(Json(bodies.collect()))
}

/// What became of a connection that was ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnsyncedBody {
    name: String,
    /// Why the provider could not be told, if it could not: the access runs on there until its end.
    not_revoked: Option<FaultBody>,
    /// The batch in which the pending rows of its accounts have left the books, which can be undone; `null` where there were none.
    left: Option<String>,
}

/// What a connection shall be called.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RenameBody {
    /// At most 64 letters; no other connection has it.
    name: String,
}

/// Gives a connection another name, whichever its provider.
#[utoipa::path(patch, path = "/api/v1/organizations/{organization}/connections/{connection}",
    params(("organization" = String, Path), ("connection" = String, Path)), request_body = RenameBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn rename(
    State(app): State<App>,
    member: ApiMember,
    Path((_, connection)): Path<(String, String)>,
    Body(body): Body<RenameBody>,
) -> Result<StatusCode, Problem> {
    app.engine.rename_connection(member.asker(), id(&connection)?, &body.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a connection: its access is revoked at the provider, its links end; booked transactions stay, pending ones leave the books.
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
    let left = ended.left.map(|batch| batch.to_string());
    Ok(Json(UnsyncedBody { name: ended.name, not_revoked, left }))
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
    /// Whether a person has said that nothing is asked about it. Linking it takes that back.
    is_ignored: bool,
    /// The day from which importing is suggested.
    import_from: String,
    /// The accounts whose bank account this one may be, by its last digits, holder and bank. If it is one of theirs, move that account's
    /// feed here instead of linking it.
    resembles: Vec<String>,
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
            is_ignored: offered.bank_account.is_ignored,
            import_from: offered.import_from.to_string(),
            resembles: offered.resembles.iter().map(ToString::to_string).collect(),
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
    /// The asset that the new account belongs to, and that one which is there must belong to.
    asset: Option<String>,
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
            asset: link.asset.as_deref().map(id).transpose()?,
        });
    }
    let run = app.engine.link(member.asker(), id(&connection)?, &choices).await?;
    Ok((StatusCode::ACCEPTED, Json(MadeBody { id: run.to_string() })))
}

/// What unlinking an account did.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnlinkedBody {
    /// The batch in which its pending rows have left the books, which can be undone; `null` where it had none.
    batch: Option<String>,
}

/// Unlinks an account. Its booked rows stay. Pending ones leave the books, because nothing will book them any more; they stay in the history.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/accounts/{account}/link",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = OK, body = UnlinkedBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn unlink(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<Json<UnlinkedBody>, Problem> {
    let batch = app.engine.unlink(member.asker(), id(&account)?).await?;
    Ok(Json(UnlinkedBody { batch: batch.map(|batch| batch.to_string()) }))
}
