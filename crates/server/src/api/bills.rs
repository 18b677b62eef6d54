//! Bills of cards.

use axum::Json;
use axum::extract::{Path, State};
use bankside_engine::{BillDays, BillView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Problem, id};
use crate::api::transactions::decimal;

/// A bill with the transactions that stand on it: amounts are exact decimal text.
#[derive(Serialize, ToSchema)]
pub(crate) struct BillBody {
    /// Asks the list of transactions for those of this bill.
    id: String,
    /// The day from which nothing is put on it any more.
    closed: Option<String>,
    /// The day on which it has to be paid.
    due: String,
    /// What the bank says has to be paid; negative where the bank owes it.
    owed: String,
    currency: String,
    /// How many transactions stand on it.
    transactions: i64,
    /// What they come to; out is negative.
    sum: String,
    /// How much of what has to be paid no transaction of it explains.
    unexplained: String,
}

impl BillBody {
    fn of(view: &BillView) -> Self {
        let BillView { bill, currency } = view;
        Self {
            id: bill.id.to_string(),
            closed: bill.closed_on.map(|day| day.to_string()),
            due: bill.due_on.to_string(),
            owed: decimal(bill.owed_minor, *currency),
            currency: currency.code.to_string(),
            transactions: bill.rows,
            sum: decimal(bill.rows_minor, *currency),
            unexplained: decimal(view.unexplained_minor(), *currency),
        }
    }
}

/// The bill that what a bank sent stands on.
#[derive(Serialize, ToSchema)]
pub(crate) struct OnBillBody {
    id: String,
    /// The day on which it has to be paid.
    due: String,
}

impl OnBillBody {
    pub(crate) fn of(bill: &BillDays) -> Self {
        Self { id: bill.id.to_string(), due: bill.due_on.to_string() }
    }
}

/// The bills of an account, the latest first, at most 240.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts/{account}/bills",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = OK, body = Vec<BillBody>), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn bills(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<Json<Vec<BillBody>>, Problem> {
    Ok(Json(app.engine.bills(member.asker(), id(&account)?).await?.iter().map(BillBody::of).collect()))
}
