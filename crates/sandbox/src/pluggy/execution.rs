//! Executions: the way of an item from its creation, or from an update, to its data (fact sheet §4, §9).
//!
//! What always holds: how an execution ends follows from what was typed. It moves on with each look at the item, or
//! with the sandbox clock where a pace in seconds was asked for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::connectors::{self, Flow};
use super::item::{Consent, Item, Standing};
use super::records::CONSENT_DAYS;

/// How long an answer is waited for, by the sandbox clock.
const ANSWER_WITHIN: SignedDuration = SignedDuration::from_mins(5);
const PASSWORD: &str = "password-ok";
pub(super) const CODE: &str = "123456";
/// The choice of the question with several answers.
pub(super) const CHOICE: &str = "app";

/// How executions move on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Pace {
    /// With each look, through the two stages that say most.
    #[default]
    Quick,
    /// With so many looks each, through every stage.
    Looks(u32),
    /// After so many seconds each, through every stage.
    Seconds(u32),
}

/// Why an execution failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) provider_message: Option<String>,
}

impl Failure {
    pub(super) fn new(code: &str, provider_message: Option<&str>) -> Self {
        let message = match code {
            "INVALID_CREDENTIALS" => "Invalid credentials.",
            "INVALID_CREDENTIALS_MFA" => "Invalid MFA token.",
            "USER_INPUT_TIMEOUT" => "The requested parameter was not sent in time.",
            "USER_AUTHORIZATION_REVOKED" => "The authorization has ended or was revoked.",
            "USER_AUTHORIZATION_NOT_GRANTED" => "The authorization was not granted.",
            "ACCOUNT_LOCKED" => "The account is locked.",
            "ALREADY_LOGGED_IN" => "The user already has an open session.",
            "SITE_NOT_AVAILABLE" => "The institution is not available.",
            _ => "The synchronization failed.",
        };
        let provider_message = provider_message.map(str::to_owned);
        Self { code: code.to_owned(), message: message.to_owned(), provider_message }
    }

    pub(super) fn wire(&self) -> Value {
        let (code, message) = (&self.code, &self.message);
        json!({ "code": code, "message": message, "providerMessage": self.provider_message, "attributes": {} })
    }
}

/// What an execution waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// A code from somewhere else.
    Token,
    /// One of several ways to be asked.
    Choice,
    /// A picture to be scanned with the bank's app.
    Qr,
    /// The bank's own consent page.
    Authorization,
}

impl Question {
    /// The parameter that answers it.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Choice => "device",
            Self::Qr => "qr",
            Self::Authorization => "oauth_code",
        }
    }
}

/// One stage of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The provider works; its execution status.
    Working(&'static str),
    /// A person is waited for.
    Asking(Question),
}

/// An execution on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pace: Pace,
    /// 0 before the first stage.
    stage: usize,
    /// Since when it is in this stage.
    since: Timestamp,
    looks: u32,
    /// What was answered to the question that it waits for, or was waiting for last.
    pub(super) answer: Option<String>,
    /// The failure that was commanded, and whether it lasts.
    doomed: Option<(String, bool)>,
}

impl Run {
    pub(super) fn new(pace: Pace, now: Timestamp) -> Self {
        Self { pace, stage: 0, since: now, looks: 0, answer: None, doomed: None }
    }

    /// The end that was commanded.
    pub(super) fn doom(&mut self, code: &str, lasts: bool) {
        self.doomed = Some((code.to_owned(), lasts));
    }

    /// Until when an answer is waited for.
    pub(super) fn answer_by(&self) -> Timestamp {
        self.since.checked_add(ANSWER_WITHIN).unwrap_or(self.since)
    }
}

/// How an execution ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) execution: &'static str,
    pub(super) provider_message: Option<&'static str>,
}

const fn ending(execution: &'static str) -> Ending {
    Ending { execution, provider_message: None }
}

/// The table of fact sheet §9.
fn of_user(user: &str) -> Ending {
    match user {
        "user-ok-account-error" => ending("PARTIAL_SUCCESS"),
        "user-logged" => ending("ALREADY_LOGGED_IN"),
        "user-locked" => ending("ACCOUNT_LOCKED"),
        "user-error" => ending("UNEXPECTED_ERROR"),
        "user-unavailable" => ending("SITE_NOT_AVAILABLE"),
        "user-account-need-actions" => ending("ACCOUNT_NEEDS_ACTION"),
        "user-account-need-actions-provider-message" => Ending {
            execution: "ACCOUNT_NEEDS_ACTION",
            provider_message: Some("Aceite os novos termos de uso no aplicativo."),
        },
        "user-connection-error" => ending("CONNECTION_ERROR"),
        "user-account-credentials-reset" => ending("ACCOUNT_CREDENTIALS_RESET"),
        "user-not-supported" => ending("USER_NOT_SUPPORTED"),
        _ if user == "user-ok" || user == "user-ok-account-warning" || times_of(user).is_some() => ending("SUCCESS"),
        _ => ending("INVALID_CREDENTIALS"),
    }
}

/// How many times the rows a user has that is made for speed tests.
pub(super) fn times_of(user: &str) -> Option<u32> {
    user.strip_prefix("user-ok-perf-")?.parse().ok().filter(|times| *times >= 1)
}

/// How an item stands after an execution ended so (fact sheet §4; some of it is `[?]`).
pub(super) fn standing_after(execution: &str) -> Standing {
    match execution {
        "SUCCESS" | "PARTIAL_SUCCESS" => Standing::Updated,
        "INVALID_CREDENTIALS" | "INVALID_CREDENTIALS_MFA" | "ACCOUNT_CREDENTIALS_RESET" => Standing::LoginError,
        _ => Standing::Outdated,
    }
}

/// What the institution does between login and data, in its order (fact sheet §4).
const COLLECTING: &[&str] = &[
    "ACCOUNTS_IN_PROGRESS",
    "CREDITCARDS_IN_PROGRESS",
    "TRANSACTIONS_IN_PROGRESS",
    "INVESTMENTS_IN_PROGRESS",
    "INVESTMENTS_TRANSACTIONS_IN_PROGRESS",
    "PAYMENT_DATA_IN_PROGRESS",
    "IDENTITY_IN_PROGRESS",
    "LOANS_IN_PROGRESS",
    "ACCOUNT_STATEMENTS_IN_PROGRESS",
    "MERGING",
];

impl Item {
    fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map(String::as_str).unwrap_or_default()
    }

    fn flow(&self) -> Flow {
        connectors::find(self.connector).map_or(Flow::Password, |connector| connector.flow)
    }

    /// How the execution that is on its way ends.
    pub(super) fn ending(&self) -> Ending {
        let answer = self.run.as_ref().and_then(|run| run.answer.as_deref());
        let asks = self.asks_after_login();
        let denied = match self.flow() {
            Flow::Password => None,
            Flow::TokenAtOnce => (self.parameter("token") != CODE).then_some("INVALID_CREDENTIALS_MFA"),
            Flow::TokenLater => (asks && answer != Some(CODE)).then_some("INVALID_CREDENTIALS_MFA"),
            Flow::Choice => (asks && answer != Some(CHOICE)).then_some("INVALID_CREDENTIALS_MFA"),
            Flow::Qr => (answer == Some("refused")).then_some("USER_AUTHORIZATION_NOT_GRANTED"),
            Flow::OpenFinance | Flow::Shared => {
                // Fact sheet §9: there is a tax number that is never let in. Neither is who refuses on the page.
                let is_let_in = self.parameter("cpf") != connectors::REJECTED_CPF && answer == Some("granted");
                return ending(if is_let_in { "SUCCESS" } else { "USER_AUTHORIZATION_NOT_GRANTED" });
            }
        };
        match denied {
            Some(execution) => ending(execution),
            None if self.parameter("password") == PASSWORD => of_user(self.parameter("user")),
            None => ending("INVALID_CREDENTIALS"),
        }
    }

    /// Who cannot get in is asked nothing more.
    fn asks_after_login(&self) -> bool {
        self.parameter("password") == PASSWORD && of_user(self.parameter("user")).execution != "INVALID_CREDENTIALS"
    }

    /// The stages of the execution, from the first to the last.
    pub(super) fn stages(&self, pace: Pace) -> Vec<Stage> {
        let mut stages = vec![Stage::Working("LOGIN_IN_PROGRESS")];
        let question = match self.flow() {
            Flow::TokenLater => Some(Question::Token),
            Flow::Choice => Some(Question::Choice),
            Flow::Qr => Some(Question::Qr),
            Flow::OpenFinance | Flow::Shared => Some(Question::Authorization),
            Flow::Password | Flow::TokenAtOnce => None,
        };
        // An update of what was authorised before asks nobody.
        let is_authorized = question == Some(Question::Authorization) && self.consent.is_some();
        let asks = question == Some(Question::Authorization) || self.asks_after_login();
        if let Some(question) = question.filter(|_| asks && !is_authorized) {
            stages.push(Stage::Asking(question));
            if self.parameter("cpf") == connectors::JOINT_CPF {
                // Fact sheet §9: somebody else has to agree as well.
                stages.push(Stage::Working("USER_AUTHORIZATION_PENDING"));
            } else if question != Question::Authorization {
                stages.push(Stage::Working("LOGIN_MFA_IN_PROGRESS"));
            }
        }
        let gets_in = is_authorized || matches!(self.ending().execution, "SUCCESS" | "PARTIAL_SUCCESS");
        match (gets_in, pace) {
            (false, _) => {}
            (true, Pace::Quick) => stages.push(Stage::Working("TRANSACTIONS_IN_PROGRESS")),
            (true, _) => stages.extend(COLLECTING.iter().map(|word| Stage::Working(word))),
        }
        stages
    }

    /// The stage that it is in.
    pub(super) fn stage(&self) -> Option<Stage> {
        let run = self.run.as_ref()?;
        let index = run.stage.checked_sub(1)?;
        self.stages(run.pace).get(index).copied()
    }

    /// The question that is open now.
    pub(super) fn question(&self) -> Option<Question> {
        let Some(Stage::Asking(question)) = self.stage() else { return None };
        self.run.as_ref().filter(|run| run.answer.is_none()).map(|_| question)
    }

    /// The open question has been answered.
    pub(super) fn answer(&mut self, answer: &str, now: Timestamp) {
        if let Some(run) = &mut self.run {
            run.answer = Some(answer.to_owned());
            (run.since, run.looks) = (now, 0);
        }
        (self.touched, self.updated) = (now, now);
    }

    /// Moves on because somebody has looked.
    pub(super) fn look(&mut self, now: Timestamp) {
        let waits = self.question().is_some();
        let Some(run) = &mut self.run else { return };
        let needed = match run.pace {
            Pace::Quick => 1,
            Pace::Looks(looks) => looks.max(1),
            Pace::Seconds(_) => return,
        };
        run.looks += 1;
        if !waits && run.looks >= needed {
            self.next_stage(now);
        }
    }

    /// Moves on because time has passed: answers that do not come, and stages that go by the clock.
    pub(super) fn advance_by_clock(&mut self, now: Timestamp) {
        while let Some(run) = &self.run {
            if self.question().is_some() {
                let by = run.answer_by();
                if now < by {
                    return;
                }
                self.fail("USER_INPUT_TIMEOUT", None, Standing::Outdated, by);
                return;
            }
            let Pace::Seconds(seconds) = run.pace else { return };
            let Ok(due) = run.since.checked_add(SignedDuration::from_secs(i64::from(seconds.max(1)))) else { return };
            if now < due {
                return;
            }
            self.next_stage(due);
        }
    }

    fn next_stage(&mut self, at: Timestamp) {
        let Some(run) = &mut self.run else { return };
        run.stage += 1;
        (run.since, run.looks) = (at, 0);
        let (stage, pace, doomed) = (run.stage, run.pace, run.doomed.clone());
        self.updated = at;
        if let Some((code, lasts)) = doomed {
            self.fail_by_command(&code, lasts, at);
        } else if stage > self.stages(pace).len() {
            self.finish(at);
        }
    }

    /// What was commanded. What is no matter of the login is tried again by auto-sync, where there has been one.
    pub(super) fn fail_by_command(&mut self, code: &str, lasts: bool, at: Timestamp) {
        match standing_after(code) {
            Standing::Outdated if !lasts && !self.syncs.is_empty() => self.fail_for_now(code, at),
            standing => self.fail(code, None, standing, at),
        }
    }

    /// The end of an execution.
    fn finish(&mut self, at: Timestamp) {
        let ending = if self.consent.is_some() { ending("SUCCESS") } else { self.ending() };
        let standing = standing_after(ending.execution);
        if standing != Standing::Updated {
            self.fail(ending.execution, ending.provider_message, standing, at);
            return;
        }
        if matches!(self.flow(), Flow::OpenFinance) && self.consent.is_none() {
            self.consent = Some(Consent::granted(at, CONSENT_DAYS));
        }
        self.succeed(ending.execution, at);
        self.sync_from(at);
    }

    /// `status` and `executionStatus` as they are now.
    pub(super) fn words(&self) -> (&'static str, String) {
        if self.run.is_none() {
            return (self.standing.word(), self.execution.clone());
        }
        match self.stage() {
            None => ("UPDATING", "CREATED".to_owned()),
            Some(Stage::Working(word)) => ("UPDATING", word.to_owned()),
            Some(Stage::Asking(Question::Qr)) if self.question().is_some() => {
                ("WAITING_USER_ACTION", "WAITING_USER_ACTION".to_owned())
            }
            Some(Stage::Asking(_)) if self.question().is_some() => {
                ("WAITING_USER_INPUT", "WAITING_USER_INPUT".to_owned())
            }
            Some(Stage::Asking(_)) => ("UPDATING", "LOGIN_MFA_IN_PROGRESS".to_owned()),
        }
    }
}
