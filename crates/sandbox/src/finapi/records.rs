//! What the simulator keeps: users, tokens, forms, tasks, and bank connections with their accounts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::banks::{Bank, CONSENT_DAYS};
use super::callbacks::Delivery;
use super::download::{AHEAD_DAYS, Download};
use super::forms::{Form, Purpose, Status};
use super::problem::Problem;
use super::tasks::Task;
use super::tokens::Token;
use super::users::User;
use crate::banks::Zone;
use crate::{Sandbox, SandboxError};

/// The first connection's number, and the first account's is a hundred times that.
const FIRST_NUMBER: u64 = 100_000;
/// How long data is downloaded after a form or a task is over (fact sheet §7).
const DOWNLOAD_SECONDS: i64 = 5;

/// An account as a connection has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(super) id: u64,
    /// Which of the bank's books it is.
    pub(super) key: String,
    /// When it was imported.
    pub(super) since: Timestamp,
}

/// A connection with a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Connection {
    pub(super) user: String,
    pub(super) bank: u64,
    pub(super) name: String,
    pub(super) login: String,
    pub(super) accounts: Vec<Account>,
    /// When access ends, where the bank says so.
    pub(super) consent_ends: Option<Timestamp>,
    /// Whether access was withdrawn at the bank.
    pub(super) is_withdrawn: bool,
    /// Whether the bank wants the person at the next update, of which nothing tells before.
    pub(super) asks: bool,
    /// What was fetched and when, the oldest first.
    pub(super) downloads: Vec<Download>,
    /// Until then the last download goes on.
    pub(super) ready_at: Timestamp,
    /// Whether a person was there at the last one.
    pub(super) was_manual: bool,
}

impl Connection {
    /// Whether only the person can let finAPI in again.
    pub(super) fn needs_person(&self, now: Timestamp) -> bool {
        self.is_withdrawn || self.consent_ends.is_some_and(|end| end <= now)
    }
}

/// Everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Records {
    serial: u64,
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) users: BTreeMap<String, User>,
    pub(super) forms: BTreeMap<Uuid, Form>,
    pub(super) tasks: BTreeMap<Uuid, Task>,
    pub(super) connections: BTreeMap<u64, Connection>,
    /// Banks at which the person has opened another account since.
    pub(super) opened: BTreeSet<u64>,
    /// What a bank says to every update, in its words, until it is well again.
    pub(super) refusing: BTreeMap<u64, String>,
    /// How many days ahead a bank announces what it will book, where that is not the usual.
    pub(super) announcing: BTreeMap<u64, i32>,
    /// How many seconds categorizing goes on once the data is there.
    pub(super) categorizing: u32,
    /// How callbacks come.
    pub(super) delivery: Delivery,
}

/// What a person has let finAPI into.
pub(super) struct Admitted<'a> {
    pub(super) user: &'a str,
    pub(super) login: &'a str,
    pub(super) bank: &'static Bank,
    /// How far back rows are wanted; 0 is all.
    pub(super) max_days: u32,
}

impl Records {
    pub(super) fn next_number(&mut self) -> u64 {
        self.serial += 1;
        FIRST_NUMBER + self.serial
    }

    /// Lets time pass: forms that nobody has filled in are over.
    pub(super) fn settle(&mut self, now: Timestamp) {
        for form in self.forms.values_mut().filter(|form| !form.status.is_final() && form.expires <= now) {
            form.status = Status::Expired;
        }
        let forms = &self.forms;
        for task in self.tasks.values_mut() {
            task.follow(forms);
        }
    }

    /// The connection of a user at a bank with this sign-in, if there is one: another cannot be made (fact sheet §5).
    pub(super) fn known(&self, admitted: &Admitted<'_>) -> Option<u64> {
        let is_same = |connection: &&Connection| {
            connection.user == admitted.user
                && connection.bank == admitted.bank.id
                && connection.login == admitted.login
        };
        self.connections.iter().find(|(_, connection)| is_same(connection)).map(|(id, _)| *id)
    }

    /// Makes a connection, and begins its first download.
    pub(super) fn import(&mut self, admitted: &Admitted<'_>, name: &str, now: Timestamp) -> Result<u64, SandboxError> {
        let id = self.next_number();
        let day = Zone::CentralEurope.date(now);
        let connection = Connection {
            user: admitted.user.to_owned(),
            bank: admitted.bank.id,
            name: name.to_owned(),
            login: admitted.login.to_owned(),
            accounts: Vec::new(),
            consent_ends: None,
            is_withdrawn: false,
            asks: false,
            downloads: vec![Download::first(now, day, self.ahead_days(admitted.bank.id), admitted.max_days)],
            ready_at: now,
            was_manual: true,
        };
        self.connections.insert(id, connection);
        self.admit(id, admitted.bank, now)?;
        Ok(id)
    }

    /// The person has signed in: access begins anew, and accounts that are new are imported.
    pub(super) fn admit(&mut self, id: u64, bank: &'static Bank, now: Timestamp) -> Result<(), SandboxError> {
        let cards = bank.cards(self.opened.contains(&bank.id))?;
        let Some(connection) = self.connections.get(&id) else { return Ok(()) };
        let known: BTreeSet<String> = connection.accounts.iter().map(|account| account.key.clone()).collect();
        let new = cards.into_iter().map(|card| card.key).filter(|key| !known.contains(key));
        let new: Vec<Account> = new.map(|key| Account { id: self.next_number(), key, since: now }).collect();
        let Some(connection) = self.connections.get_mut(&id) else { return Ok(()) };
        connection.accounts.extend(new);
        connection.is_withdrawn = false;
        connection.asks = false;
        let lasts = SignedDuration::from_hours(24 * CONSENT_DAYS);
        connection.consent_ends = (bank.approach != super::banks::Approach::FinTs).then(|| now + lasts);
        connection.ready_at = now + SignedDuration::from_secs(DOWNLOAD_SECONDS);
        connection.was_manual = true;
        Ok(())
    }

    fn ahead_days(&self, bank: u64) -> i32 {
        self.announcing.get(&bank).copied().unwrap_or(AHEAD_DAYS)
    }

    /// Reads the bank anew.
    pub(super) fn download(&mut self, id: u64, is_manual: bool, now: Timestamp) {
        let Some(ahead_days) = self.connections.get(&id).map(|connection| self.ahead_days(connection.bank)) else {
            return;
        };
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.downloads.push(Download::later(now, Zone::CentralEurope.date(now), ahead_days));
        connection.ready_at = now + SignedDuration::from_secs(DOWNLOAD_SECONDS);
        connection.was_manual = is_manual;
    }

    /// A user's connection.
    pub(super) fn connection(&self, id: u64, user: &str) -> Result<&Connection, Problem> {
        let own = self.connections.get(&id).filter(|connection| connection.user == user);
        own.ok_or_else(|| Problem::unknown("Bank connection", &id.to_string()))
    }

    /// A user's account, with its connection.
    pub(super) fn account(&self, id: u64, user: &str) -> Option<(u64, &Connection, &Account)> {
        let own = self.connections.iter().filter(|(_, connection)| connection.user == user);
        own.flat_map(|(number, connection)| {
            connection.accounts.iter().map(move |account| (*number, connection, account))
        })
        .find(|(_, _, account)| account.id == id)
    }
}

impl Sandbox {
    /// How many connections the simulator of finAPI has, of all users.
    pub fn finapi_connections(&self) -> usize {
        self.read(|state, _| state.finapi.connections.len())
    }

    /// The sign-in that a hosted form at this address waits for; `None` where any will do, or there is no form.
    pub fn finapi_sign_in_wanted(&self, path: &str) -> Option<String> {
        let id = path.rsplit('/').next().and_then(|id| Uuid::try_parse(id).ok())?;
        self.read(|state, _| match state.finapi.forms.get(&id)?.purpose {
            Purpose::Update { connection } => Some(state.finapi.connections.get(&connection)?.login.clone()),
            Purpose::Import { .. } => None,
        })
    }
}
