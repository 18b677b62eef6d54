//! Errors beside good data: which account each is about, and what it means. Source: section 4 of the fact sheet.
//!
//! A code that is not known means what its beginning means. Version 1 has texts only; one of them names its bank.

use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::text::fold;

use super::accounts::bank_of;
use super::problem;
use super::wire::{Account, Answer, Error};
use crate::entities::plain;
use crate::fault::Fault;
use crate::words::quoted;

/// What an error says, the most pressing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The access is not taken any more.
    Access,
    /// The bank wants the person, at SimpleFIN.
    Person,
    /// The bank could not be read.
    Bank,
    /// The account could not be read.
    Account,
    /// Rows of it are missing.
    Missing,
    /// Our request was wrong.
    Request,
    /// Something else about everything.
    General,
}

/// The texts of version 1 that say what is the matter.
const ATTENTION: (&str, &str) = ("connection to ", " may need attention");
const SIGN_IN: &str = "reauthenticate";

fn kind(error: &Error) -> Kind {
    let Some(code) = error.code.as_deref().map(str::trim).filter(|code| !code.is_empty()) else {
        return kind_of_text(error.msg.as_deref().unwrap_or_default());
    };
    match code {
        "gen.auth" => Kind::Access,
        "con.auth" => Kind::Person,
        "gen.api" => Kind::Request,
        "act.missingdata" => Kind::Missing,
        _ if code.starts_with("con.") => Kind::Bank,
        _ if code.starts_with("act.") => Kind::Account,
        _ => Kind::General,
    }
}

fn kind_of_text(text: &str) -> Kind {
    let text = fold(text);
    if text.contains(ATTENTION.1) || text.contains(SIGN_IN) {
        Kind::Person
    } else if capped_days(&text).is_some() {
        Kind::Request
    } else {
        Kind::General
    }
}

/// The bank that a text of version 1 names.
fn bank_in(text: &str) -> Option<String> {
    let text = fold(text);
    let (_, rest) = text.split_once(ATTENTION.0)?;
    let (bank, _) = rest.split_once(ATTENTION.1)?;
    Some(bank.trim().to_owned()).filter(|bank| !bank.is_empty())
}

/// To how many days a range was cut, in words such as “Requested date range exceeds limit of 90 days and was capped.”
fn capped_days(text: &str) -> Option<i64> {
    let text = text.to_lowercase();
    let (_, rest) = text.split_once("exceeds limit of ")?;
    if !rest.contains("capped") {
        return None;
    }
    rest.split_whitespace().next()?.parse().ok()
}

/// To how many days the range of an answer was cut, if it was.
pub(super) fn capped(answer: &Answer<'_>) -> Option<i64> {
    answer.errors.iter().find_map(|error| capped_days(error.msg.as_deref()?))
}

/// Whether the server does not take the access any more, although it answers.
pub(super) fn access(answer: &Answer<'_>) -> Option<Fault> {
    answer.errors.iter().any(|error| kind(error) == Kind::Access).then(problem::access_refused)
}

/// The most pressing error that an account has to do with.
pub(super) fn of_account(answer: &Answer<'_>, account: &Account<'_>) -> Option<(Kind, Error)> {
    let own = answer.errors.iter().filter(|error| is_about(answer, error, account));
    let told = own.map(|error| (kind(error), error));
    told.filter(|(kind, _)| *kind != Kind::Access)
        .min_by_key(|(kind, _)| *kind)
        .map(|(kind, error)| (kind, error.clone()))
}

fn is_about(answer: &Answer<'_>, error: &Error, account: &Account<'_>) -> bool {
    if let Some(id) = &error.account_id {
        // An id is unique within its connection only.
        return *id == account.id && (error.conn_id.is_none() || error.conn_id == account.conn_id);
    }
    if error.conn_id.is_some() {
        return error.conn_id == account.conn_id;
    }
    match bank_in(error.msg.as_deref().unwrap_or_default()) {
        Some(bank) => fold(&bank_of(answer, account).name) == bank,
        None => true,
    }
}

/// What an error means for an account.
pub(super) fn fault((kind, error): &(Kind, Error), bank: &str, server: &str) -> Fault {
    let words = quoted(&plain(error.msg.as_deref().unwrap_or_default()));
    let words = if words.is_empty() { String::new() } else { format!(" In its words: “{words}”") };
    let bank = quoted(bank);
    match kind {
        Kind::Access => problem::access_refused(),
        Kind::Person => {
            let message = format!("{bank} wants you to sign in again at SimpleFIN.{words}");
            Fault::new(FaultClass::NeedsUser, "simplefin.bank_needs_you", message)
                .with_action(UserAction::Visit(server.to_owned()))
        }
        Kind::Bank => problem::later("simplefin.bank_failed", &format!("SimpleFIN could not read {bank}.{words}")),
        Kind::Account => {
            problem::later("simplefin.account_failed", &format!("SimpleFIN could not read this account.{words}"))
        }
        Kind::Missing => {
            let message = format!("SimpleFIN does not have all transactions of this account yet.{words}");
            Fault::new(FaultClass::Partial, "simplefin.rows_missing", message)
        }
        Kind::Request => {
            let message = format!("SimpleFIN found something wrong with how it was asked.{words}");
            Fault::new(FaultClass::Bug, "simplefin.request", message)
        }
        Kind::General => {
            let message = format!("SimpleFIN says that something may be missing.{words}");
            Fault::new(FaultClass::Partial, "simplefin.says", message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> Vec<Option<(Kind, String)>> {
        let answer = Answer::read(body.as_bytes()).unwrap();
        let of = |account: &Account<'_>| {
            let error = of_account(&answer, account)?;
            let fault = fault(&error, &bank_of(&answer, account).name, "https://example.org/");
            Some((error.0, fault.record().message.clone()))
        };
        answer.accounts.iter().map(of).collect()
    }

    fn kinds(body: &str) -> Vec<Option<Kind>> {
        told(body).into_iter().map(|told| told.map(|(kind, _)| kind)).collect()
    }

    /// Case E 11 of the connector model: a list of errors with HTTP 200.
    #[test]
    fn errors_are_told_at_the_accounts_that_they_are_about() {
        let accounts = r#""accounts":[{"id":"1","conn_id":"A"},{"id":"2","conn_id":"A"},{"id":"1","conn_id":"B"}]"#;
        let of = |errors: &str| kinds(&format!(r#"{{"errlist":[{errors}],{accounts}}}"#));
        assert_eq!(of(""), [None, None, None]);
        assert_eq!(of(r#"{"code":"con.auth","conn_id":"A"}"#), [Some(Kind::Person), Some(Kind::Person), None]);
        assert_eq!(of(r#"{"code":"con.slow","conn_id":"B"}"#), [None, None, Some(Kind::Bank)]);
        assert_eq!(of(r#"{"code":"act.failed","conn_id":"A","account_id":"1"}"#), [Some(Kind::Account), None, None]);
        assert_eq!(of(r#"{"code":"act.failed","account_id":"2"}"#), [None, Some(Kind::Account), None]);
        assert_eq!(of(r#"{"code":"act.new","account_id":"2"}"#), [None, Some(Kind::Account), None]);
        assert_eq!(of(r#"{"code":"gen.new"}"#), [Some(Kind::General); 3]);
        let both = r#"{"code":"act.missingdata","account_id":"2"},{"code":"con.auth","conn_id":"A"}"#;
        assert_eq!(of(both)[1], Some(Kind::Person), "the most pressing one");
        assert_eq!(of(r#"{"code":"gen.auth"}"#), [None; 3], "that one is told once");
    }

    #[test]
    fn texts_of_version_1_name_their_bank() {
        let body = r#"{"errors":["Connection to First  Bank may need attention"],"accounts":[
            {"id":"1","org":{"name":"First Bank"}},{"id":"2","org":{"name":"Second Bank","domain":"second.example"}}]}"#;
        assert_eq!(kinds(body), [Some(Kind::Person), None]);
        let body = r#"{"errors":["You must reauthenticate."],"accounts":[{"id":"1","org":{"name":"First Bank"}}]}"#;
        assert_eq!(kinds(body), [Some(Kind::Person)]);
        let body = r#"{"errors":["Planned work on Sunday"],"accounts":[{"id":"1"}]}"#;
        assert_eq!(kinds(body), [Some(Kind::General)]);
    }

    #[test]
    fn texts_are_fit_to_be_shown() {
        let body = r#"{"errlist":[{"code":"con.auth","conn_id":"A",
            "msg":"<a href='https://evil.example'>Fix</a>\u0007 it &amp; see\u202e token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x"}],
            "connections":[{"conn_id":"A","name":"First <b>Bank</b>"}],"accounts":[{"id":"1","conn_id":"A"}]}"#;
        let (_, message) = told(body).remove(0).unwrap();
        assert_eq!(message, "First Bank wants you to sign in again at SimpleFIN. In its words: “Fix it & see token …”");
    }

    #[test]
    fn a_range_that_was_cut_says_to_how_much() {
        let of = |text: &str| {
            capped(&Answer { errors: vec![Error { msg: Some(text.into()), ..Error::default() }], ..Answer::default() })
        };
        assert_eq!(of("Requested date range exceeds limit of 90 days and was capped."), Some(90));
        assert_eq!(of("Requested date range exceeds limit of 45 days and was capped."), Some(45));
        for other in ["Connection to X may need attention", "exceeds limit of many days and was capped", ""] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
