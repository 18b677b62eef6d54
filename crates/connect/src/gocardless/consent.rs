//! Consents: agreements that are drawn up, when they end, and how banks of the United Kingdom have them confirmed in between.
//!
//! Source: fact sheet, section 4. The days of an agreement count from the moment in which the person accepted it. Where a bank
//! has consents confirmed anew, that is due every 90 days; it can be done from 14 days before until 14 days after.

use bankside_domain::consent::Consent;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::client::Client;
use super::wire;
use crate::fault::Fault;

/// What the provider grants where nothing else is asked for.
const DEFAULT_DAYS: i64 = 90;
const RECONFIRM_EVERY_DAYS: i64 = 90;
const RECONFIRM_AROUND_DAYS: i64 = 14;
/// What an institution lists when its consents can be confirmed anew.
const RECONFIRMS: &str = "reconfirmation_of_consent";

/// Draws up an agreement with the longest access and history that the bank gives.
pub(super) async fn agree(client: &Client<'_>, institution: &wire::InstitutionRow) -> Result<wire::Agreement, Fault> {
    let days = institution.max_access_valid_for_days.unwrap_or(DEFAULT_DAYS);
    if institution.supported_features.iter().flatten().any(|feature| feature == RECONFIRMS) {
        let longest = institution.max_access_valid_for_days_reconfirmation.filter(|longest| *longest > days);
        for days in longest.into_iter().chain([days]) {
            match draw_up(client, institution, days, true).await {
                // It takes a permission that not every company has, and limits that no document states whole.
                Err(fault) if matches!(fault.http_status(), Some(400 | 403)) => {
                    tracing::info!(days, code = fault.code(), "no agreement that can be reconfirmed for so long");
                }
                result => return result,
            }
        }
    }
    draw_up(client, institution, days, false).await
}

async fn draw_up(
    client: &Client<'_>,
    institution: &wire::InstitutionRow,
    days: i64,
    can_be_reconfirmed: bool,
) -> Result<wire::Agreement, Fault> {
    // Without these the provider grants 90 days, whatever the bank allows.
    let mut wanted = json!({
        "institution_id": institution.id,
        "max_historical_days": institution.transaction_total_days.unwrap_or(DEFAULT_DAYS),
        "access_valid_for_days": days,
        "access_scope": ["balances", "details", "transactions"],
    });
    if can_be_reconfirmed {
        wanted["reconfirmation"] = Value::Bool(true);
    }
    client.post(&["agreements", "enduser"], "agreements/enduser", &wanted).await
}

/// An agreement.
pub(super) async fn agreement(client: &Client<'_>, id: &str) -> Result<wire::Agreement, Fault> {
    client.get(client.url(&["agreements", "enduser", id])?, "agreements/enduser/id").await
}

/// When access ends: with the agreement, or before that where it is not confirmed in time.
pub(super) fn consent(agreement: &wire::Agreement, reconfirmed_at: Option<Timestamp>) -> Consent {
    let after = |at: Timestamp, days: i64| at + SignedDuration::from_hours(24 * days.clamp(0, 3650));
    let accepted_at: Option<Timestamp> = agreement.accepted.as_deref().and_then(|text| text.parse().ok());
    let Some(accepted_at) = accepted_at else { return Consent { given_at: None, valid_until: None } };
    let mut valid_until = after(accepted_at, agreement.access_valid_for_days.unwrap_or(DEFAULT_DAYS));
    let given_at = reconfirmed_at.unwrap_or(accepted_at);
    if agreement.reconfirmation == Some(true) {
        // Whether the next one is counted from the last, or all from acceptance, no document says: the earlier day holds.
        let days_to_it = given_at.duration_since(accepted_at).as_hours() / 24 + RECONFIRM_AROUND_DAYS;
        let periods = if reconfirmed_at.is_some() { (days_to_it / RECONFIRM_EVERY_DAYS).max(1) } else { 0 };
        let from_acceptance = after(accepted_at, RECONFIRM_EVERY_DAYS * (periods + 1));
        valid_until = valid_until.min(after(given_at, RECONFIRM_EVERY_DAYS)).min(from_acceptance);
    }
    Consent { given_at: Some(given_at), valid_until: Some(valid_until) }
}

/// Asks for a page on which the person confirms an agreement. `None` where that is not the way: the agreement knows no
/// reconfirmation, or it is too early or too late for it.
pub(super) async fn ask_to_reconfirm(
    client: &Client<'_>,
    agreement: &wire::Agreement,
    redirect: &str,
) -> Result<Option<wire::Reconfirmation>, Fault> {
    if agreement.reconfirmation != Some(true) {
        return Ok(None);
    }
    let path = ["agreements", "enduser", &agreement.id, "reconfirm"];
    match client.post(&path, "agreements/enduser/id/reconfirm", &json!({ "redirect": redirect })).await {
        Ok(asked) => Ok(Some(asked)),
        Err(fault) if matches!(fault.http_status(), Some(400 | 403 | 404)) => {
            tracing::info!(code = fault.code(), "the agreement cannot be reconfirmed now; it is replaced");
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}

/// How the confirming of an agreement stands.
pub(super) async fn reconfirmation(client: &Client<'_>, agreement: &str) -> Result<wire::Reconfirmation, Fault> {
    let url = client.url(&["agreements", "enduser", agreement, "reconfirm"])?;
    client.get(url, "agreements/enduser/id/reconfirm").await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement(reconfirmation: bool) -> wire::Agreement {
        wire::Agreement {
            id: "a".to_owned(),
            access_valid_for_days: Some(180),
            accepted: Some("2026-01-01T00:00:00Z".to_owned()),
            reconfirmation: Some(reconfirmation),
        }
    }

    #[test]
    fn days_count_from_the_moment_of_acceptance() {
        let end = consent(&agreement(false), None).valid_until.unwrap();
        assert_eq!(end, "2026-06-30T00:00:00Z".parse().unwrap());
        let not_yet = wire::Agreement { accepted: None, ..agreement(false) };
        assert_eq!(consent(&not_yet, None), Consent { given_at: None, valid_until: None });
    }

    #[test]
    fn a_confirmation_carries_on_until_the_agreement_itself_ends() {
        let end = |confirmed: Option<&str>| {
            consent(&agreement(true), confirmed.map(|text| text.parse().unwrap())).valid_until.unwrap()
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(end(None), at("2026-04-01T00:00:00Z"));
        assert_eq!(end(Some("2026-03-20T00:00:00Z")), at("2026-06-18T00:00:00Z"));
        assert_eq!(
            end(Some("2026-04-10T00:00:00Z")),
            at("2026-06-30T00:00:00Z"),
            "late, and still counted from acceptance"
        );
    }
}
