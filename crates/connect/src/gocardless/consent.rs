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
/// The history that banks give which give less than they are listed with.
const SHORT_HISTORY_DAYS: i64 = 89;
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
    let listed = institution.transaction_total_days.unwrap_or(DEFAULT_DAYS);
    match draw_up_for(client, institution, (days, listed), can_be_reconfirmed).await {
        // Some banks give less than the provider lists for them; which ones changes, and no list holds for long.
        Err(fault) if fault.http_status() == Some(400) && listed > SHORT_HISTORY_DAYS => {
            let shorter = draw_up_for(client, institution, (days, SHORT_HISTORY_DAYS), can_be_reconfirmed).await;
            shorter.map_err(|_| fault)
        }
        result => result,
    }
}

async fn draw_up_for(
    client: &Client<'_>,
    institution: &wire::InstitutionRow,
    (days, history_days): (i64, i64),
    can_be_reconfirmed: bool,
) -> Result<wire::Agreement, Fault> {
    // Without these the provider grants 90 days, whatever the bank allows.
    let mut wanted = json!({
        "institution_id": institution.id,
        "max_historical_days": history_days,
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

/// Asks for a page on which the person confirms an agreement. `None` where that is not the way: it is too early or
/// too late for it, and that page would be closed.
pub(super) async fn ask_to_reconfirm(
    client: &Client<'_>,
    agreement: &wire::Agreement,
    redirect: &str,
) -> Result<Option<wire::Reconfirmation>, Fault> {
    let path = ["agreements", "enduser", &agreement.id, "reconfirm"];
    match client.post(&path, "agreements/enduser/id/reconfirm", &json!({ "redirect": redirect })).await {
        Ok(asked) => Ok(Some(asked).filter(|asked: &wire::Reconfirmation| asked.is_open(client.cx.ambient.now()))),
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

/// What the person has said about an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing yet.
    Nothing,
    /// That access goes on, for some account at least.
    Confirmed(Timestamp),
    /// That it does not.
    Rejected,
}

/// What the person has said since an earlier word of theirs: they have sent the page, or have answered for every account.
/// Accounts for which they said nothing when they sent it stay as they are.
pub(super) fn said_since(asked: &wire::Reconfirmation, earlier: Option<Timestamp>) -> Said {
    let since = |at: Option<Timestamp>| at.filter(|at| Some(*at) > earlier);
    let is_answered = |account: &wire::ReconfirmedAccount| since(account.answered_at()).is_some();
    let are_answered = !asked.accounts.is_empty() && asked.accounts.values().all(is_answered);
    if since(asked.submitted_at()).is_none() && !are_answered {
        return Said::Nothing;
    }
    let confirmed = asked.accounts.values().filter_map(|account| since(account.reconfirmed_at()));
    confirmed.max().map_or(Said::Rejected, Said::Confirmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reconfirmation that was last submitted then, with the answers for two accounts.
    fn asked(submitted: &str, first: (&str, &str), second: (&str, &str)) -> wire::Reconfirmation {
        let day = |day: &str| if day.is_empty() { String::new() } else { format!("2026-03-{day}T08:00:00Z") };
        let answer = |said: (&str, &str)| json!({ "reconfirmed": day(said.0), "rejected": day(said.1) });
        let body = json!({
            "reconfirmation_url": "https://bank.example/",
            "url_valid_from": day("10"),
            "url_valid_to": day("20"),
            "last_submitted": (!submitted.is_empty()).then(|| day(submitted)),
            "accounts": { "a": answer(first), "b": answer(second) },
        });
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn the_page_is_open_in_its_time_only() {
        let asked = asked("", ("", ""), ("", ""));
        let is_open = |day: &str| asked.is_open(format!("2026-03-{day}T09:00:00Z").parse().unwrap());
        assert_eq!([is_open("09"), is_open("10"), is_open("19"), is_open("20")], [false, true, true, false]);
    }

    #[test]
    fn only_what_is_said_after_the_earlier_word_counts() {
        let at = |day: &str| Some(format!("2026-03-{day}T08:00:00Z").parse::<Timestamp>().unwrap());
        let none = ("", "");
        assert_eq!(said_since(&asked("", none, none), None), Said::Nothing);
        // An account that is left out does not keep the other one waiting.
        assert_eq!(said_since(&asked("12", ("12", ""), none), None), Said::Confirmed(at("12").unwrap()));
        assert_eq!(said_since(&asked("12", none, ("", "12")), None), Said::Rejected);
        // Answers of an earlier flow say nothing in this one.
        let old = asked("12", ("12", ""), ("12", ""));
        assert_eq!(old.last_word_at(), at("12"));
        assert_eq!(said_since(&old, at("12")), Said::Nothing);
        assert_eq!(said_since(&asked("14", ("12", ""), ("", "14")), at("12")), Said::Rejected);
        assert_eq!(said_since(&asked("14", ("14", ""), ("", "12")), at("12")), Said::Confirmed(at("14").unwrap()));
        // Where it is not told when the page was sent, the answers of all accounts are.
        assert_eq!(said_since(&asked("", ("14", ""), none), at("12")), Said::Nothing);
        assert_eq!(said_since(&asked("", ("14", ""), ("", "14")), at("12")), Said::Confirmed(at("14").unwrap()));
    }

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
