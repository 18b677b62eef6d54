//! Accounts.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::account::AccountKind;
use bankside_domain::asset::Tree;
use bankside_domain::{Amount, Code};
use bankside_engine::{AccountView, EngineError, NewAccountInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Body, Problem, id};

/// This program.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionBody {
    /// Its version.
    version: &'static str,
}

/// The version of this program.
#[utoipa::path(get, path = "/api/v1/version", responses((status = OK, body = VersionBody)))]
pub(crate) async fn version() -> Json<VersionBody> {
    Json(VersionBody { version: env!("CARGO_PKG_VERSION") })
}

/// An account.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountBody {
    id: String,
    name: String,
    /// `checking`, `savings`, `credit_card`, `loan`, `investment`, `cash` or `other`.
    kind: &'static str,
    /// Its currency's code.
    currency: String,
    /// Exact decimal text, such as `-12.40`.
    balance: String,
    /// Whole minor units.
    balance_minor: i64,
    /// How many digits after the point its currency has.
    scale: u8,
    /// Rises with every write to it.
    revision: i64,
    /// How many transactions it has.
    transactions: i64,
    /// The bank behind it.
    bank: Option<String>,
    /// The connection behind it.
    connection: Option<String>,
    /// Whether the bank's balances prove its rows.
    balance_proven: bool,
    /// Up to and including this day nothing changes any more.
    locked_through: Option<String>,
    /// The asset that it belongs to.
    asset: Option<String>,
    /// The names on the way to that, such as `Germany ▸ Fund C ▸ Site 1`.
    asset_path: Option<String>,
}

impl AccountBody {
    fn of(view: &AccountView, tree: &Tree) -> Self {
        let account = &view.account;
        Self {
            id: account.id.to_string(),
            locked_through: account.locked_through.map(|day| day.to_string()),
            asset: account.asset.map(|asset| asset.to_string()),
            asset_path: account.asset.map(|asset| tree.path(asset)),
            name: account.name.clone(),
            kind: account.kind.code(),
            currency: account.currency.code.to_string(),
            balance: Amount::new(account.balance_minor(), account.currency).to_decimal_text(),
            balance_minor: account.balance_minor(),
            scale: account.currency.scale,
            revision: account.revision,
            transactions: account.transaction_count,
            bank: view.status.bank.clone(),
            connection: view.status.connection.map(|connection| connection.to_string()),
            balance_proven: view.status.is_proven(),
        }
    }
}

/// The accounts of an organization.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts", params(("organization" = String, Path)),
    responses((status = OK, body = [AccountBody]), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn accounts(State(app): State<App>, member: ApiMember) -> Result<Json<Vec<AccountBody>>, Problem> {
    let views = app.engine.accounts(member.asker()).await?;
    let tree = app.engine.tree(member.asker()).await?;
    Ok(Json(views.iter().map(|view| AccountBody::of(view, &tree)).collect()))
}

/// An account without a bank.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewAccountBody {
    name: String,
    /// `checking`, `savings`, `credit_card`, `loan`, `investment`, `cash` or `other`.
    kind: String,
    /// A currency's code.
    currency: String,
    /// Exact decimal text; absent is zero.
    #[serde(default)]
    opening: String,
    /// The asset that it belongs to; of whoever sees one asset, that one if not said.
    asset: Option<String>,
}

/// The id of what was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeBody {
    pub(crate) id: String,
}

/// Adds an account without a bank.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/accounts", params(("organization" = String, Path)),
    request_body = NewAccountBody,
    responses((status = CREATED, body = MadeBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn add_account(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<NewAccountBody>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let kind = AccountKind::from_code(&body.kind).map_err(|error| EngineError::invalid("kind", format!("{error}.")))?;
    let currency = body.currency.parse().map_err(|error| EngineError::invalid("currency", format!("{error}.")))?;
    let asset = body.asset.as_deref().map(id).transpose()?;
    let input = NewAccountInput { name: body.name, kind, currency, opening: body.opening, asset };
    let made = app.engine.add_account(member.asker(), &input).await?;
    Ok((StatusCode::CREATED, Json(MadeBody { id: made.to_string() })))
}

/// Takes the bank's opening balance, where the movements fit and bank and ledger have been apart from the start; answers with the
/// batch, which can be undone.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/accounts/{account}/opening",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = OK, body = MadeBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem)))]
pub(crate) async fn take_bank_opening(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<Json<MadeBody>, Problem> {
    let batch = app.engine.take_bank_opening(member.asker(), id(&account)?).await?;
    Ok(Json(MadeBody { id: batch.to_string() }))
}
