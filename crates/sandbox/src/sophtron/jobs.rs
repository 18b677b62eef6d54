//! The job machine (fact sheet §6): it moves on by one step each time that a client asks about the job.
//!
//! Started, then signing in, then one prompt after the other, then the accounts are ready, then the rows are being read,
//! then it is done. A prompt stays until it was processed, and what was answered echoes back.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::banks::{ASKED_ALWAYS, Habit, Prompt};
use super::records::{Credentials, Login};
use crate::Switches;
use crate::banks::dollars::bank_date;
use crate::banks::plus_days;

mod answer;

pub(super) use answer::Answer;

/// How long a prompt is open, by the sandbox clock.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// How far back rows go where not the whole history was asked for (a switch).
const SHORT_HISTORY_DAYS: i32 = 90;

/// What a job is to fetch besides the accounts and their balances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wants {
    pub(super) rows: bool,
    pub(super) full_history: bool,
    pub(super) profile: bool,
    pub(super) full_numbers: bool,
    /// Whether an account is to be chosen whose number is verified (version 2 only).
    pub(super) choice: bool,
}

/// Which of a bank's prompts come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Round {
    /// The login is new, or its credentials are.
    Adding,
    Refreshing,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    Started,
    SigningIn,
    /// The so-many-th prompt is open.
    Asking(usize),
    /// It was answered, and has not been seen since.
    Answered(usize),
    /// It was answered and seen so.
    Processing(usize),
    AccountsReady,
    /// An account is to be chosen.
    Choosing,
    Loading,
    /// All is there, and only the flag is not.
    Completed,
    Done,
    Refused,
    TimedOut,
}

impl Stage {
    /// Whether anything more can happen.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Refused | Self::TimedOut)
    }

    /// Whether every prompt has been processed.
    pub(super) fn is_past_prompts(self) -> bool {
        matches!(self, Self::AccountsReady | Self::Choosing | Self::Loading | Self::Completed | Self::Done)
    }

    /// The prompt that is shown.
    pub(super) fn prompt(self) -> Option<usize> {
        match self {
            Self::Asking(index) | Self::Answered(index) | Self::Processing(index) => Some(index),
            _ => None,
        }
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(super) serial: u64,
    /// Its word for `JobType`.
    pub(super) word: String,
    pub(super) login: Uuid,
    /// Only this account.
    pub(super) account: Option<Uuid>,
    pub(super) round: Round,
    pub(super) wants: Wants,
    pub(super) stage: Stage,
    /// The last step that had a name.
    pub(super) last_step: Option<String>,
    /// When it last moved.
    pub(super) moved: Timestamp,
    /// Whether something was answered that the bank does not take.
    pub(super) is_answered_wrongly: bool,
    pub(super) echo: Echo,
}

/// What has been answered, as it echoes back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Echo {
    pub(super) security_answer: Option<String>,
    pub(super) token_choice: Option<String>,
    pub(super) token_input: Option<String>,
    pub(super) verify_phone_flag: Option<bool>,
    pub(super) captcha_input: Option<String>,
}

impl Job {
    pub(super) fn new(serial: u64, word: &str, login: Uuid, round: Round, wants: Wants, now: Timestamp) -> Self {
        Self {
            serial,
            word: word.to_owned(),
            login,
            account: None,
            round,
            wants,
            stage: Stage::Started,
            last_step: None,
            moved: now,
            is_answered_wrongly: false,
            echo: Echo::default(),
        }
    }

    /// What the bank asks in this job.
    pub(super) fn prompts(&self, login: &Login) -> &'static [Prompt] {
        let Some(bank) = login.bank() else { return &[] };
        match self.round {
            Round::Adding => bank.asks,
            Round::Refreshing if login.asks_always => ASKED_ALWAYS,
            Round::Refreshing => bank.asks_on_refresh,
        }
    }

    /// One step on. `login` is `None` when it was deleted meanwhile; `id` is the login's.
    pub(super) fn poll(&mut self, login: Option<&mut Login>, switches: &Switches, now: Timestamp) {
        if self.stage.is_over() {
            return;
        }
        let Some(login) = login else { return self.go(Stage::Refused, now) };
        match self.stage {
            Stage::Started => self.step(Stage::SigningIn, "LogInPanel", now),
            Stage::SigningIn => self.sign_in(login, now),
            Stage::Asking(_) | Stage::Choosing => {
                if now.duration_since(self.moved) >= PATIENCE {
                    self.go(Stage::TimedOut, now);
                }
            }
            Stage::Answered(index) if switches.sophtron_prompts_stay_until_processed => {
                self.go(Stage::Processing(index), now);
            }
            Stage::Answered(_) | Stage::Processing(_) if self.is_answered_wrongly => self.go(Stage::Refused, now),
            Stage::Answered(index) | Stage::Processing(index) => self.ask(index + 1, login, now),
            Stage::AccountsReady if self.wants.choice => self.go(Stage::Choosing, now),
            Stage::AccountsReady => self.step(Stage::Loading, "TransactionTable", now),
            Stage::Loading => self.finish(login, switches, now),
            Stage::Completed => self.go(Stage::Done, now),
            Stage::Done | Stage::Refused | Stage::TimedOut => {}
        }
    }

    fn go(&mut self, stage: Stage, now: Timestamp) {
        self.stage = stage;
        self.moved = now;
    }

    fn step(&mut self, stage: Stage, step: &str, now: Timestamp) {
        self.last_step = Some(step.to_owned());
        self.go(stage, now);
    }

    fn sign_in(&mut self, login: &mut Login, now: Timestamp) {
        let Some(bank) = login.bank() else { return self.go(Stage::Refused, now) };
        let is_first = login.jobs <= 1;
        match login.credentials {
            Credentials::Endless => {}
            Credentials::TooSlow => self.go(Stage::TimedOut, now),
            Credentials::Good if bank.habit == Habit::FirstJobTimesOut && is_first => self.go(Stage::TimedOut, now),
            Credentials::Good if login.has_pin || !bank.form.needs_pin() => self.ask(0, login, now),
            Credentials::Good | Credentials::Refused => self.go(Stage::Refused, now),
        }
    }

    /// Opens a prompt, or goes on behind the last one.
    fn ask(&mut self, index: usize, login: &mut Login, now: Timestamp) {
        match self.prompts(login).get(index) {
            Some(Prompt::Token(_)) => {
                self.echo.token_input = None;
                self.step(Stage::Asking(index), "TokenInput", now);
            }
            Some(_) => self.step(Stage::Asking(index), "LogInPanel", now),
            None => {
                login.list_accounts(self.login, now);
                self.each_account(login, |account| account.updated = now);
                self.go(Stage::AccountsReady, now);
            }
        }
    }

    fn finish(&mut self, login: &mut Login, switches: &Switches, now: Timestamp) {
        login.has_profile |= self.wants.profile;
        login.modified = now;
        self.deliver(login, switches, now);
        self.go(if switches.sophtron_flag_comes_after_completed { Stage::Completed } else { Stage::Done }, now);
    }

    /// Puts what the bank has into the cache.
    pub(super) fn deliver(&self, login: &mut Login, switches: &Switches, now: Timestamp) {
        let wants = self.wants;
        let from = plus_days(bank_date(now), -SHORT_HISTORY_DAYS);
        let is_full = wants.full_history || switches.sophtron_refresh_has_full_history;
        self.each_account(login, |account| {
            account.updated = now;
            account.has_full_number |= wants.full_numbers;
            if wants.rows {
                account.rows_from = match (account.rows_at, account.rows_from) {
                    _ if is_full => None,
                    // What is in the cache stays there.
                    (Some(_), from) => from,
                    (None, _) => Some(from),
                };
                account.rows_at = Some(now);
            }
        });
    }

    /// Goes through the accounts that the job is about; one that is not tracked is left as it is.
    fn each_account(&self, login: &mut Login, change: impl Fn(&mut super::records::Account)) {
        let meant = login.accounts.iter_mut().filter(|(id, _)| self.account.is_none_or(|only| only == **id));
        meant.filter(|(_, account)| account.is_tracked).for_each(|(_, account)| change(account));
    }
}
