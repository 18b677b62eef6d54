//! Jobs: how the reading of a login at its bank stands, and what the bank wants of the person meanwhile. Pure.
//!
//! A prompt stays in the job until it is worked on, and then stands there with its answer; both are no open prompts any more.
//! Answers are never kept, only that there is one. Source: section 6 of the fact sheet.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::json::Object;
use super::texts::list_in;
use crate::entities::decoded;

/// So long an answer may take to appear in the job; a prompt that is still bare then is asked again.
const GRACE: SignedDuration = SignedDuration::from_secs(20);

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Everything was read.
    Done,
    /// Accounts are there; rows may still be coming.
    AccountsReady,
    /// It says that it is over, but not how.
    Over,
    /// It has failed.
    Failed(Failure),
    /// It goes on, or waits for an answer.
    Running,
}

/// Where a job failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The bank did not accept the sign-in.
    SignIn,
    /// Somebody did not answer in time.
    TimedOut,
    /// Later, or nobody knows where.
    Elsewhere,
}

/// What a bank wants to know, without what answers it. Texts are those of the job, because some of them go back as they came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Prompt {
    /// Questions, to be answered in this order.
    Questions(Vec<String>),
    /// How a code is to be sent.
    Method(Vec<String>),
    /// The code, by the name of its field.
    Token(Option<String>),
    /// A number to compare with another device and to confirm there.
    Read(String),
    /// What a picture says.
    Captcha,
}

/// A prompt that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) prompt: Prompt,
    /// The picture of a captcha, in base64.
    pub(super) picture: Option<String>,
}

impl Open {
    /// By what it is recognised as the same prompt.
    pub(super) fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(serde_json::to_vec(&self.prompt).unwrap_or_default());
        hasher.update(self.picture.as_deref().unwrap_or_default());
        data_encoding::HEXLOWER.encode(&hasher.finalize()[..8])
    }
}

/// A prompt that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answered {
    digest: String,
    at: Timestamp,
    is_captcha: bool,
    /// Whether it has been seen closed since.
    was_closed: bool,
}

/// The prompts that were answered, the latest last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answers(Vec<Answered>);

impl Answers {
    /// Notes that a prompt was answered.
    pub(super) fn note(&mut self, digest: String, prompt: &Prompt, at: Timestamp) {
        self.0.retain(|answered| answered.digest != digest);
        self.0.push(Answered { digest, at, is_captcha: *prompt == Prompt::Captcha, was_closed: false });
    }

    /// The prompt to ask now, and whether it is asked again because what was answered was not taken.
    pub(super) fn next(&mut self, open: Vec<Open>, now: Timestamp) -> Option<(Open, bool)> {
        let open: Vec<(String, Open)> = open.into_iter().map(|open| (open.digest(), open)).collect();
        for answered in &mut self.0 {
            answered.was_closed |= !open.iter().any(|(digest, _)| *digest == answered.digest);
        }
        let latest = self.0.last();
        let asked_again = |digest: &str| {
            let answered = self.0.iter().find(|answered| answered.digest == digest)?;
            let is_latest = latest.is_some_and(|latest| latest.digest == digest);
            Some(answered.was_closed || (is_latest && now.duration_since(answered.at) > GRACE))
        };
        let is_new = |(digest, _): &&(String, Open)| asked_again(digest).is_none();
        // One that was not asked yet comes first: what was answered before it may only be standing there still.
        if let Some((_, new)) = open.iter().find(is_new) {
            // A picture after a picture is how a bank says that the first was misread.
            let again = new.prompt == Prompt::Captcha && latest.is_some_and(|latest| latest.is_captcha);
            return Some((new.clone(), again));
        }
        open.iter().find(|(digest, _)| asked_again(digest) == Some(true)).map(|(_, open)| (open.clone(), true))
    }
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) standing: Standing,
    /// The prompts that wait for an answer, in the order in which Sophtron's own programs look at them.
    pub(super) open: Vec<Open>,
}

impl Job {
    pub(super) fn read(object: &Object<'_>) -> Self {
        let lower = |key: &str| object.text(key).unwrap_or_default().to_lowercase();
        let (status, step) = (lower("laststatus"), lower("laststep"));
        Self { standing: standing(object.flag("successflag"), &status, &step), open: open(object, &step) }
    }
}

fn standing(success: Option<bool>, status: &str, step: &str) -> Standing {
    let failure = if status.contains("timeout") {
        Failure::TimedOut
    } else if step == "loginpanel" {
        Failure::SignIn
    } else {
        Failure::Elsewhere
    };
    match (success, status) {
        (Some(true), _) => Standing::Done,
        (Some(false), _) | (None, "timeout" | "failed" | "failure" | "error") => Standing::Failed(failure),
        (None, "accountsready") => Standing::AccountsReady,
        (None, "completed") => Standing::Over,
        (None, _) => Standing::Running,
    }
}

fn open(object: &Object<'_>, step: &str) -> Vec<Open> {
    let is_bare = |answer: &str| object.is_blank(answer);
    let bare = |prompt: Prompt| Open { prompt, picture: None };
    let mut open = Vec::new();
    let questions = list_in(object.raw("securityquestion"));
    if !questions.is_empty() && is_bare("securityanswer") {
        open.push(bare(Prompt::Questions(questions)));
    }
    let methods = list_in(object.raw("tokenmethod"));
    if !methods.is_empty() && is_bare("tokenchoice") {
        open.push(bare(Prompt::Method(methods)));
    }
    let name = object.text("tokeninputname");
    let wants_token = object.flag("tokensentflag") == Some(true) || name.is_some() || step == "tokeninput";
    if wants_token && is_bare("tokeninput") {
        open.push(bare(Prompt::Token(name.map(|name| decoded(&name)))));
    }
    if let Some(shown) = object.text("tokenread").filter(|_| object.flag("verifyphoneflag") != Some(true)) {
        open.push(bare(Prompt::Read(decoded(&shown))));
    }
    if let Some(picture) = object.text("captchaimage").filter(|_| is_bare("captchainput")) {
        open.push(Open { prompt: Prompt::Captcha, picture: Some(picture) });
    }
    open
}

#[cfg(test)]
mod tests;
