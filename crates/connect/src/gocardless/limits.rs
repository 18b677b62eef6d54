//! Limits: how often GoCardless may be asked, and what an answer says about that.
//!
//! Two kinds are easily taken for each other, because both refuse with 429. The *daily* one holds for one account and one kind
//! of data and counts successes; the *general* ones hold for all calls of one kind with the keys of one company and count
//! every call. Source: section 8 of the fact sheet.

use bankside_domain::quota::{Counts, QuotaRule, QuotaScope, QuotaStatement};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;

use crate::http::Answer;

/// Successful calls of one kind for one account in 24 hours.
pub(super) const DAILY: QuotaRule =
    QuotaRule { scope: QuotaScope::AccountAndKind, per_secs: 86_400, max: 4, counts: Counts::Successes };

const MINUTE_SECS: i64 = 60;
const HOUR_SECS: i64 = 3600;
/// No limit lasts longer; who says so has made a mistake.
const LONGEST_SECS: i64 = 30 * 86_400;

/// A general limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct General {
    /// What is counted together, in the ledger.
    pub(super) subject: String,
    /// How much.
    pub(super) rule: QuotaRule,
}

impl General {
    /// The limit under which a call falls, by its label.
    pub(super) fn of(method: &Method, label: &str) -> Self {
        let kind = label.split('/').next().unwrap_or_default();
        let (subject, max, per_secs) = match kind {
            "token" => (label.to_owned(), 100, if label == "token/new" { HOUR_SECS } else { MINUTE_SECS }),
            "institutions" => (kind.to_owned(), 300, MINUTE_SECS),
            // Metadata and all data of all accounts together.
            "accounts" => (kind.to_owned(), 100, MINUTE_SECS),
            _ => (format!("{kind}:{method}"), if method == Method::GET { 300 } else { 100 }, MINUTE_SECS),
        };
        let rule = QuotaRule { scope: QuotaScope::Credentials, per_secs, max, counts: Counts::All };
        Self { subject, rule }
    }
}

/// Whose limit has refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// The general one.
    General,
    /// GoCardless's daily one for an account and a kind of data.
    Daily,
    /// The bank's own, for an account and a kind of data.
    Bank,
}

/// What a 429 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) limit: Limit,
    /// Until when to wait: the longest of what headers and text say.
    pub(super) until: Option<Timestamp>,
}

/// Reads a 429. `kind` and `about` are the error's type and its texts in lower case.
pub(super) fn refused(answer: &Answer, kind: &str, about: &str, now: Timestamp) -> Refusal {
    let limit = if kind == "RateLimitError" || about.contains("set by the institution") {
        Limit::Bank
    } else {
        // Without words, what the headers call spent is what refused.
        match period(about) {
            Some("day") => Limit::Daily,
            None if header(answer, "account_success_remaining") == Some(0) => Limit::Daily,
            _ => Limit::General,
        }
    };
    let general = header(answer, "reset");
    let (stated, longest_secs) = match limit {
        Limit::General => ([general, None], HOUR_SECS),
        // The other kind's header speaks of this limit only where it names a time that no general limit has.
        Limit::Daily | Limit::Bank => {
            ([header(answer, "account_success_reset"), general.filter(|secs| *secs > HOUR_SECS)], LONGEST_SECS)
        }
    };
    let secs = stated.into_iter().chain([seconds_in(about), retry_after_secs(answer, now)]).flatten();
    let wait = secs.filter(|secs| (0..=longest_secs).contains(secs)).max();
    Refusal { limit, until: wait.map(|secs| now + SignedDuration::from_secs(secs)) }
}

/// What the headers of a successful answer about an account say about the daily limit.
pub(super) fn daily(answer: &Answer, now: Timestamp) -> Option<QuotaStatement> {
    stated(answer, "account_success_", now)
}

/// What the headers of any answer say about the general limit.
pub(super) fn general(answer: &Answer, now: Timestamp) -> Option<QuotaStatement> {
    stated(answer, "", now)
}

fn stated(answer: &Answer, prefix: &str, now: Timestamp) -> Option<QuotaStatement> {
    let number = |name: &str| header(answer, &format!("{prefix}{name}"));
    Some(QuotaStatement {
        max: number("limit").filter(|max| *max > 0),
        remaining: number("remaining").filter(|left| *left >= 0)?,
        resets_at: number("reset").filter(|secs| is_a_wait(*secs)).map(|secs| now + SignedDuration::from_secs(secs)),
    })
}

/// A header of the limits. Its name has underscores, which what stands in between may turn into dashes.
fn header(answer: &Answer, name: &str) -> Option<i64> {
    let underscored = format!("http_x_ratelimit_{name}");
    let dashed = underscored.replace('_', "-");
    let plain = dashed.strip_prefix("http-").unwrap_or_default();
    let text = answer.header(&underscored).or(answer.header(&dashed)).or(answer.header(plain))?;
    text.trim().parse().ok()
}

/// Seconds, or a date.
fn retry_after_secs(answer: &Answer, now: Timestamp) -> Option<i64> {
    let text = answer.header("retry-after")?.trim();
    match text.parse::<i64>() {
        Ok(secs) => Some(secs),
        Err(_) => Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp().duration_since(now).as_secs()),
    }
}

fn is_a_wait(secs: i64) -> bool {
    (0..=LONGEST_SECS).contains(&secs)
}

/// The period in “the rate limit for this resource is 4/day”.
fn period(about: &str) -> Option<&str> {
    let rest = about.split("rate limit for this resource is ").nth(1)?;
    let (count, rest) = rest.split_once('/')?;
    let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    (count.bytes().all(|byte| byte.is_ascii_digit()) && !word.is_empty()).then_some(word)
}

/// The seconds in “please try again in 85092 seconds”.
fn seconds_in(about: &str) -> Option<i64> {
    let rest = about.split("again in ").nth(1)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    /// Type, texts, headers; whose limit, until when.
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Limit, Option<Timestamp>);

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn answer(headers: &[(&str, &str)]) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        Answer { status: 429, headers: map, body: Vec::new() }
    }

    fn after(secs: i64) -> Timestamp {
        now() + SignedDuration::from_secs(secs)
    }

    #[test]
    fn a_refusal_says_whose_limit_it_is_and_the_longest_wait_holds() {
        const GENERAL: &str =
            "rate limit exceeded the rate limit for this resource is 100/min. please try again in 47 seconds";
        const DAILY: &str =
            "rate limit exceeded the rate limit for this resource is 4/day. please try again in 85092 seconds";
        const BANK: &str = "daily request limit set by the institution has been exceeded.";
        // Right after a burst both kinds of headers stand on one answer.
        let both = [("http_x_ratelimit_reset", "50"), ("http_x_ratelimit_account_success_reset", "86307")];
        let cases: [Case<'_>; 16] = [
            ("", GENERAL, &[], Limit::General, Some(after(47))),
            ("", GENERAL, &both, Limit::General, Some(after(50))),
            ("", GENERAL, &[("retry-after", "85092")], Limit::General, Some(after(47))),
            ("", DAILY, &[], Limit::Daily, Some(after(85_092))),
            ("", DAILY, &both, Limit::Daily, Some(after(86_307))),
            ("", DAILY, &[("retry-after", "90000")], Limit::Daily, Some(after(90_000))),
            ("", GENERAL, &[("retry-after", "Fri, 20 Nov 2026 12:02:00 GMT")], Limit::General, Some(after(120))),
            ("RateLimitError", BANK, &[], Limit::Bank, None),
            ("", BANK, &[("http_x_ratelimit_reset", "59")], Limit::Bank, None),
            ("RateLimitError", BANK, &both, Limit::Bank, Some(after(86_307))),
            ("", "", &[("http_x_ratelimit_account_success_remaining", "0")], Limit::Daily, None),
            ("", "the rate limit for this resource is 4/day.", &[("http_x_ratelimit_reset", "59")], Limit::Daily, None),
            (
                "",
                "the rate limit for this resource is 4/day.",
                &[("http_x_ratelimit_reset", "85092")],
                Limit::Daily,
                Some(after(85_092)),
            ),
            ("", "", &[("http-x-ratelimit-reset", "12")], Limit::General, Some(after(12))),
            ("", "", &[("x-ratelimit-reset", "13"), ("retry-after", "soon")], Limit::General, Some(after(13))),
            ("", "the rate limit for this resource is high/day", &[("retry-after", "-1")], Limit::General, None),
        ];
        for (kind, about, headers, limit, until) in cases {
            let refusal = refused(&answer(headers), kind, about, now());
            assert_eq!(refusal, Refusal { limit, until }, "{kind} {about} {headers:?}");
        }
    }

    #[test]
    fn what_is_left_is_read_and_absurd_statements_are_not() {
        let full = |limit, remaining, reset| {
            let [a, b, c] =
                ["limit", "remaining", "reset"].map(|name| format!("http_x_ratelimit_account_success_{name}"));
            daily(&answer(&[(&a, limit), (&b, remaining), (&c, reset)]), now())
        };
        let stated = QuotaStatement { max: Some(4), remaining: 1, resets_at: Some(after(86_307)) };
        assert_eq!(full("4", "1", "86307"), Some(stated));
        assert_eq!(full("-4", " 1 ", "99999999999"), Some(QuotaStatement { max: None, remaining: 1, resets_at: None }));
        for remaining in ["-1", "some", "", "99999999999999999999"] {
            assert_eq!(full("4", remaining, "86307"), None, "{remaining}");
        }
        let general =
            general(&answer(&[("http_x_ratelimit_remaining", "99"), ("http_x_ratelimit_reset", "59")]), now());
        assert_eq!(general, Some(QuotaStatement { max: None, remaining: 99, resets_at: Some(after(59)) }));
    }

    #[test]
    fn each_call_has_its_general_limit() {
        let of = |method, label| {
            let General { subject, rule } = General::of(&method, label);
            (subject, rule.max, rule.per_secs)
        };
        assert_eq!(of(Method::POST, "token/new"), ("token/new".to_owned(), 100, 3600));
        assert_eq!(of(Method::POST, "token/refresh"), ("token/refresh".to_owned(), 100, 60));
        assert_eq!(of(Method::GET, "accounts/transactions"), of(Method::GET, "accounts/id"));
        assert_eq!(of(Method::GET, "institutions/id"), ("institutions".to_owned(), 300, 60));
        assert_eq!(of(Method::GET, "requisitions/id"), ("requisitions:GET".to_owned(), 300, 60));
        assert_eq!(of(Method::POST, "agreements/enduser"), ("agreements:POST".to_owned(), 100, 60));
    }
}
