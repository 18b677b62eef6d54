//! Connections as they stand: their bank accounts, their access, their status, and what was found out about their banks.

use axum::Json;
use axum::extract::{Path, State};
use bankside_domain::Code;
use bankside_domain::status::Status;
use bankside_engine::{GotAccounts, LostTrust};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Problem, id};
use crate::api::runs::FaultBody;
use crate::view::fault::Occasion;

/// A connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectionBody {
    id: String,
    name: String,
    provider: String,
    bank: String,
    /// When access ends (RFC 3339), if the provider says.
    valid_until: Option<String>,
    /// The most pressing of its accounts: `without_bank`, `not_synced`, `up_to_date`, `syncing`, `partly`, `waiting`, `retrying`,
    /// `renew_by`, `renew_now`, `answer_needed`, `keys_needed`, `operator_needed`, `check_data`, `paused` or `unsynced`.
    status: &'static str,
    /// Since when it is so (RFC 3339), where that is known.
    since: Option<String>,
    /// What was found out about the bank's data.
    data_quality: Vec<DataQualityBody>,
    accounts: Vec<ConnectedBody>,
}

/// A kind of id that is not trusted any more, because two answers about the same rows disagreed.
#[derive(Serialize, ToSchema)]
pub(crate) struct DataQualityBody {
    /// `provider`, `bank` or `reference`.
    kind: &'static str,
    /// `reissued` or `reused`.
    why: &'static str,
    /// When it was found (RFC 3339).
    at: String,
    /// The run that found it.
    run: String,
    /// What it means, as sentences.
    message: String,
}

impl DataQualityBody {
    fn of(lost: &LostTrust, bank: &str) -> Self {
        Self {
            kind: lost.kind.code(),
            why: lost.why.code(),
            at: lost.at.to_string(),
            run: lost.run.to_string(),
            message: lost.why.in_words(lost.kind, bank),
        }
    }
}

/// A status in one stable word.
fn word(status: &Status) -> &'static str {
    match status {
        Status::WithoutBank => "without_bank",
        Status::NeverSynced => "not_synced",
        Status::UpToDate { .. } => "up_to_date",
        Status::Syncing => "syncing",
        Status::Partly(_) => "partly",
        Status::WaitingForBank(_) => "waiting",
        Status::Retrying(_) => "retrying",
        Status::RenewBy { .. } => "renew_by",
        Status::RenewNow => "renew_now",
        Status::AnswerNeeded(_) => "answer_needed",
        Status::KeysNeeded(_) => "keys_needed",
        Status::OperatorNeeded(_) => "operator_needed",
        Status::CheckData { .. } => "check_data",
        Status::Paused => "paused",
        Status::Unsynced => "unsynced",
    }
}

/// A bank account of a connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectedBody {
    bank_account: String,
    name: String,
    /// The bank that keeps it: a connection may show accounts of several.
    bank: String,
    holder: Option<String>,
    masked_number: Option<String>,
    currency: String,
    /// The account that it feeds.
    account: Option<String>,
    /// The asset that this account belongs to.
    asset: Option<String>,
    /// The names on the way to that, such as `Germany ▸ Fund C ▸ Site 1`.
    asset_path: Option<String>,
    /// Whether a person has said that nothing is asked about it.
    is_ignored: bool,
}

/// The connections of an organization.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/connections", params(("organization" = String, Path)),
    responses((status = OK, body = [ConnectionBody])))]
pub(crate) async fn connections(
    State(app): State<App>,
    member: ApiMember,
) -> Result<Json<Vec<ConnectionBody>>, Problem> {
    let views = app.engine.connections(member.asker()).await?;
    let tree = app.engine.tree(member.asker()).await?;
    let bodies = views.into_iter().map(|view| ConnectionBody {
        id: view.connection.id.to_string(),
        data_quality: view
            .lost_trust
            .iter()
            .map(|lost| DataQualityBody::of(lost, &view.connection.institution_name))
            .collect(),
        name: view.connection.name,
        provider: view.connection.provider,
        bank: view.connection.institution_name,
        valid_until: view.connection.consent.valid_until.map(|end| end.to_string()),
        status: word(&view.status.status),
        since: view.status.since.map(|since| since.to_string()),
        accounts: view
            .bank_accounts
            .into_iter()
            .map(|connected| ConnectedBody {
                bank_account: connected.bank_account.id.to_string(),
                name: connected.bank_account.name,
                bank: connected.bank_account.institution_name,
                holder: connected.bank_account.holder,
                masked_number: connected.bank_account.masked_number,
                currency: connected.bank_account.currency.to_string(),
                asset: connected.feeds.as_ref().and_then(|fed| fed.asset).map(|asset| asset.to_string()),
                asset_path: connected.feeds.as_ref().and_then(|fed| fed.asset).map(|asset| tree.path(asset)),
                is_ignored: connected.bank_account.is_ignored,
                account: connected.feeds.map(|fed| fed.id.to_string()),
            })
            .collect(),
    });
    Ok(Json(bodies.collect()))
}

/// What getting the accounts of a connection came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct GotAccountsBody {
    /// Bank accounts that were there before; their links stay.
    recognised: usize,
    /// Bank accounts that were not.
    new: usize,
    /// Bank accounts that are not shown any more.
    missing: usize,
    /// Whether the provider shows accounts that were opened since without another sign-in. Otherwise a renewal finds them.
    shows_new_accounts: bool,
    /// What kept balances from being read, where something did: those are as they were before.
    held_back: Option<FaultBody>,
}

impl From<GotAccounts> for GotAccountsBody {
    fn from(got: GotAccounts) -> Self {
        Self {
            recognised: got.listed.recognised,
            new: got.listed.new,
            missing: got.listed.missing,
            shows_new_accounts: got.shows_new_accounts,
            held_back: got.held_back.map(|fault| FaultBody::of(&fault, Occasion::Listing)),
        }
    }
}

/// Lists the bank accounts of a connection anew, with their balances, as far as the provider shows them without another sign-in. Calls
/// count as a person's do.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/connections/{connection}/accounts",
    params(("organization" = String, Path), ("connection" = String, Path)),
    responses((status = OK, body = GotAccountsBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = FAILED_DEPENDENCY, body = Problem),
        (status = TOO_MANY_REQUESTS, body = Problem), (status = BAD_GATEWAY, body = Problem)))]
pub(crate) async fn get_accounts(
    State(app): State<App>,
    member: ApiMember,
    Path((_, connection)): Path<(String, String)>,
) -> Result<Json<GotAccountsBody>, Problem> {
    Ok(Json(app.engine.get_accounts(member.asker(), id(&connection)?).await?.into()))
}
