//! The subscription to bank syncing, where this server asks for one.

use axum::Json;
use axum::extract::State;
use bankside_domain::subscription::Subscription;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Problem};

/// Whether an organization may sync with banks.
#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriptionBody {
    /// Whether this server asks for a subscription.
    is_required: bool,
    /// `not_required`, `none`, `active` or `ended`. Where it is `none` or `ended`, whatever links or syncs answers with
    /// `subscription.none` or `subscription.ended`.
    state: &'static str,
    /// The last day of the subscription that there is, or was.
    through: Option<String>,
}

impl From<Option<Subscription>> for SubscriptionBody {
    fn from(subscription: Option<Subscription>) -> Self {
        let (state, through) = match subscription {
            None => ("not_required", None),
            Some(Subscription::None) => ("none", None),
            Some(Subscription::Active { through }) => ("active", Some(through)),
            Some(Subscription::Ended { through }) => ("ended", Some(through)),
        };
        Self { is_required: subscription.is_some(), state, through: through.map(|day| day.to_string()) }
    }
}

/// Whether the organization may sync with banks. Whoever runs the server enters that.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/subscription",
    params(("organization" = String, Path)),
    responses((status = OK, body = SubscriptionBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn subscription(State(app): State<App>, member: ApiMember) -> Result<Json<SubscriptionBody>, Problem> {
    Ok(Json(app.engine.subscription(member.asker()).await?.into()))
}
