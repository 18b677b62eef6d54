//! Whether a data call may be served, in the order in which the provider checks (fact sheet §6, §7).

use jiff::Timestamp;
use uuid::Uuid;

use super::fields::PathId;
use super::problem::Problem;
use super::quota::{self, Left, Window};
use super::records::{Account, Consent, Readiness, Records, Scope, Status};
use crate::Sandbox;
use crate::banks::{DailyLimit, SANDBOX_FINANCE, Service};

/// The provider's daily limit since March 2025 (fact sheet §8).
const PROVIDERS_DAILY_LIMIT: usize = 4;

/// The account id of a path.
pub(super) fn account_id(id: &PathId) -> Result<Uuid, Problem> {
    id.parse().ok_or_else(|| Problem::invalid_account_id(&id.0))
}

/// The account, as the data endpoints say that there is none.
pub(super) fn find(records: &Records, id: Uuid) -> Result<&Account, Problem> {
    records.accounts.get(&id).ok_or_else(|| Problem::unknown_account(&id.to_string()))
}

/// The consent under which a scope of an account may be read now. One that was revoked at the bank is only used where there
/// is no other: the provider learns of it by asking the bank.
pub(super) fn permission<'a>(
    sandbox: &Sandbox,
    records: &'a Records,
    id: Uuid,
    scope: Scope,
    now: Timestamp,
) -> Result<Consent<'a>, Problem> {
    let mut consents = records.consents_of(id);
    let Some(newest) = consents.first().copied() else { return Err(Problem::no_agreement()) };
    consents.retain(|consent| !consent.agreement.has_expired(now));
    if consents.is_empty() {
        let agreement = newest.agreement;
        let ended_at = agreement.ends_at().unwrap_or(now);
        return Err(Problem::agreement_expired(newest.agreement_id, agreement.access_valid_for_days, ended_at));
    }
    consents.retain(|consent| consent.requisition.status != Status::Suspended);
    if consents.is_empty() {
        return Err(Problem::suspended());
    }
    consents.retain(|consent| !consent.agreement.has_lapsed(id, now));
    if consents.is_empty() {
        return Err(lapsed(sandbox, newest, scope, now));
    }
    consents.retain(|consent| consent.agreement.access_scope.contains(&scope));
    let alive = consents.iter().find(|consent| !consent.requisition.revoked);
    alive.or(consents.first()).copied().ok_or_else(|| Problem::scope_missing(scope.what()))
}

/// A reconfirmation was due and did not come. The facts do not say in which words (§4).
fn lapsed(sandbox: &Sandbox, consent: Consent<'_>, scope: Scope, now: Timestamp) -> Problem {
    if sandbox.switches().lapsed_reconfirmation_is_access_expired {
        return Problem::access_expired(scope.what());
    }
    Problem::agreement_expired(consent.agreement_id, consent.agreement.access_valid_for_days, now)
}

/// Right after linking, data has to wait.
pub(super) fn readiness(readiness: Readiness, now: Timestamp) -> Result<(), Problem> {
    if readiness.is_ready(now) { Ok(()) } else { Err(Problem::processing()) }
}

/// Counts a call that is going to succeed; `None` where there is no limit.
pub(super) fn count(
    sandbox: &Sandbox,
    service: &Service,
    account: &mut Account,
    scope: Scope,
    now: Timestamp,
) -> Result<Option<Left>, Problem> {
    let switches = sandbox.switches();
    let Some(limit) = daily_limit(sandbox, service, &account.institution_id) else { return Ok(None) };
    let window = if switches.daily_window_is_fixed { Window::Fixed } else { Window::Rolling };
    let calls = account.calls.entry(scope).or_default();
    quota::take(calls, limit, now, window).map(Some).map_err(|left| {
        let mut problem = if switches.daily_limit_is_the_institutions {
            institution_limit(scope, switches.institution_limit_has_status_code)
        } else {
            Problem::rate_limited(&format!("{limit}/day"), left.reset_secs)
        };
        problem.left = switches.account_limit_headers_on_429.then_some(left);
        problem
    })
}

fn daily_limit(sandbox: &Sandbox, service: &Service, institution_id: &str) -> Option<usize> {
    let is_exempt = institution_id == SANDBOX_FINANCE && !sandbox.switches().sandbox_bank_has_daily_limit;
    match service.daily_limit {
        DailyLimit::Always(limit) => Some(limit),
        DailyLimit::WhereAsked => (sandbox.daily_limit_everywhere() && !is_exempt).then_some(PROVIDERS_DAILY_LIMIT),
    }
}

fn institution_limit(scope: Scope, with_status_code: bool) -> Problem {
    let problem = Problem::institution_limit(scope.what());
    if with_status_code { problem } else { problem.without_status_code() }
}
