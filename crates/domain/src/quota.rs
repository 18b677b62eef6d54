//! Quotas: how often a provider may be asked, and who may spend the last call.
//!
//! A quota is a ledger in the database. A call is debited before it is made and corrected by its answer, so that a crash can
//! only make us too careful, never too bold.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What a rule counts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaScope {
    /// All calls with the same keys.
    Credentials,
    /// All calls for one connection.
    Connection,
    /// Calls of one kind (rows, balances, details) for one bank account.
    AccountAndKind,
}

/// Which calls a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Only those that brought an answer.
    Successes,
    /// All of them.
    All,
}

/// A limit as the provider documents it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaRule {
    /// What is counted together.
    pub scope: QuotaScope,
    /// Length of the window, in seconds, from its first call.
    pub per_secs: i64,
    /// Calls in a window.
    pub max: i64,
    /// Which calls count.
    pub counts: Counts,
}

/// Whether a person is waiting for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Nobody is; one call is kept back where the limit is above one.
    Unattended,
    /// Somebody is; the last call may be spent.
    PersonPresent,
}

/// A window of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaWindow {
    /// Calls allowed, as last stated by the provider or else by the rule.
    pub max: i64,
    /// Calls spent.
    pub used: i64,
    /// When the window is over.
    pub resets_at: Timestamp,
}

/// What an answer said about its quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaStatement {
    /// Calls allowed, if stated.
    pub max: Option<i64>,
    /// Calls left.
    pub remaining: i64,
    /// When the window is over, if stated.
    pub resets_at: Option<Timestamp>,
}

impl QuotaWindow {
    /// Calls left.
    pub fn remaining(&self) -> i64 {
        (self.max - self.used).max(0)
    }
}

/// More calls than any provider allows in one window; a statement of more is a mistake.
const MAX_BELIEVED: i64 = 1_000_000;

/// The window as it stands now: one that is over is as good as none.
fn current(window: Option<QuotaWindow>, rule: &QuotaRule, now: Timestamp) -> QuotaWindow {
    window.filter(|window| window.resets_at > now).unwrap_or(QuotaWindow {
        max: rule.max,
        used: 0,
        resets_at: now + SignedDuration::from_secs(rule.per_secs),
    })
}

/// What unattended calls leave to people: one call of a bank account, and a tenth of what all share.
fn kept_back(max: i64, scope: QuotaScope) -> i64 {
    match scope {
        QuotaScope::Credentials => (max / 10).max(i64::from(max > 1)),
        QuotaScope::Connection | QuotaScope::AccountAndKind => i64::from(max > 1),
    }
}

/// Debits one call, or says until when to wait.
pub fn debit(
    window: Option<QuotaWindow>,
    rule: &QuotaRule,
    presence: Presence,
    now: Timestamp,
) -> Result<QuotaWindow, Timestamp> {
    let current = current(window, rule, now);
    let kept_back = match presence {
        Presence::Unattended => kept_back(current.max, rule.scope),
        Presence::PersonPresent => 0,
    };
    if current.remaining() <= kept_back {
        return Err(current.resets_at);
    }
    Ok(QuotaWindow { used: current.used + 1, ..current })
}

/// Takes a debit back: the call failed and the rule counts successes only.
pub fn refund(window: QuotaWindow, rule: &QuotaRule) -> QuotaWindow {
    match rule.counts {
        Counts::Successes => QuotaWindow { used: (window.used - 1).max(0), ..window },
        Counts::All => window,
    }
}

/// Corrects a window by what the answer said: the provider's word beats our count, unless it cannot be meant. A limit that
/// all calls share never stops them for longer than an hour or its own window: so long lasts no such limit, and a mistake in one
/// answer must not keep everything waiting.
pub fn correct(
    window: Option<QuotaWindow>,
    rule: &QuotaRule,
    statement: QuotaStatement,
    now: Timestamp,
) -> QuotaWindow {
    let window = current(window, rule, now);
    let longest = match rule.scope {
        QuotaScope::Credentials => SignedDuration::from_secs(rule.per_secs.max(3600)),
        QuotaScope::Connection | QuotaScope::AccountAndKind => SignedDuration::from_hours(24 * 31),
    };
    let max = statement.max.filter(|max| (1..=MAX_BELIEVED).contains(max)).unwrap_or(window.max);
    let used = match statement.remaining {
        remaining if (0..=MAX_BELIEVED).contains(&remaining) => (max - remaining).max(0),
        _ => window.used,
    };
    let resets_at = statement.resets_at.filter(|at| *at >= now && at.duration_since(now) <= longest);
    QuotaWindow { max, used, resets_at: resets_at.unwrap_or(window.resets_at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: QuotaRule =
        QuotaRule { scope: QuotaScope::AccountAndKind, per_secs: 86_400, max: 4, counts: Counts::Successes };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn unattended_calls_leave_one_for_the_person() {
        let now = at("2026-11-20T07:00:00Z");
        let mut window = None;
        for _ in 0..3 {
            window = Some(debit(window, &RULE, Presence::Unattended, now).unwrap());
        }
        let resets_at = at("2026-11-21T07:00:00Z");
        assert_eq!(debit(window, &RULE, Presence::Unattended, now), Err(resets_at));
        let last = debit(window, &RULE, Presence::PersonPresent, now).unwrap();
        assert_eq!(last.remaining(), 0);
        assert_eq!(debit(Some(last), &RULE, Presence::PersonPresent, now), Err(resets_at));
        assert!(debit(Some(last), &RULE, Presence::Unattended, resets_at).is_ok());
    }

    #[test]
    fn the_answer_beats_our_count() {
        let now = at("2026-11-20T07:00:00Z");
        let window = debit(None, &RULE, Presence::PersonPresent, now).unwrap();
        assert_eq!(refund(window, &RULE).used, 0);
        let stated = QuotaStatement { max: Some(10), remaining: 3, resets_at: Some(at("2026-11-20T20:00:00Z")) };
        assert_eq!(
            correct(Some(window), &RULE, stated, now),
            QuotaWindow { max: 10, used: 7, resets_at: at("2026-11-20T20:00:00Z") }
        );
    }

    #[test]
    fn what_cannot_be_meant_changes_nothing() {
        let now = at("2026-11-20T07:00:00Z");
        let window = debit(None, &RULE, Presence::PersonPresent, now).unwrap();
        for (max, remaining, resets_at) in [
            (Some(-4), -1, Some(at("2026-11-19T07:00:00Z"))),
            (Some(0), i64::MIN, Some(at("2027-11-20T07:00:00Z"))),
            (Some(i64::MAX), i64::MAX, Some(Timestamp::MAX)),
        ] {
            let statement = QuotaStatement { max, remaining, resets_at };
            assert_eq!(correct(Some(window), &RULE, statement, now), window, "{statement:?}");
        }
    }

    #[test]
    fn a_limit_that_all_share_stops_them_for_a_bounded_time_and_spares_the_person() {
        let rule = QuotaRule { scope: QuotaScope::Credentials, per_secs: 60, max: 100, counts: Counts::All };
        let now = at("2026-11-20T07:00:00Z");
        let spent = |resets_at| QuotaStatement { max: None, remaining: 0, resets_at };
        let stopped = correct(None, &rule, spent(Some(at("2026-11-21T07:00:00Z"))), now);
        assert_eq!(stopped.resets_at, at("2026-11-20T07:01:00Z"), "a day is no answer of such a limit");
        assert_eq!(debit(Some(stopped), &rule, Presence::PersonPresent, now), Err(stopped.resets_at));
        let left = |remaining| correct(None, &rule, QuotaStatement { remaining, ..spent(None) }, now);
        assert!(debit(Some(left(10)), &rule, Presence::Unattended, now).is_err());
        assert!(debit(Some(left(10)), &rule, Presence::PersonPresent, now).is_ok());
        assert!(debit(Some(left(11)), &rule, Presence::Unattended, now).is_ok());
    }

    #[test]
    fn a_limit_of_one_is_never_kept_back() {
        let rule = QuotaRule { max: 1, ..RULE };
        assert!(debit(None, &rule, Presence::Unattended, at("2026-11-20T07:00:00Z")).is_ok());
    }
}
