//! What the simulator keeps: customers, logins with their accounts, jobs, and how many requests the month has seen.
//!
//! Version 1 of the API calls a login a `UserInstitution`, version 2 a member; it is one thing with one id (fact sheet
//! §0.3). Books are not kept: they follow from the bank, the account and the day of its last refresh. A password is never
//! kept, only what became of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::USER;
use super::banks::{Bank, Plan};
use super::jobs::Job;
use crate::banks::dollars::{Book, bank_date};

/// Jobs beyond this are forgotten, the oldest first.
const KEPT_JOBS: usize = 500;
/// The banks at which there is a login from the first start.
const FROM_THE_START: [u16; 2] = [3, 4];

/// Everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Records {
    /// Whether what is there from the start has been put in.
    furnished: bool,
    serial: u64,
    pub(super) customers: BTreeMap<Uuid, Customer>,
    pub(super) logins: BTreeMap<Uuid, Login>,
    pub(super) jobs: BTreeMap<Uuid, Job>,
    /// Institutions that a client asked for.
    pub(super) wished_for: BTreeMap<Uuid, Wish>,
    pub(super) month: Month,
}

/// A customer of version 2 (fact sheet §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub(super) serial: u64,
    pub(super) unique_id: String,
    pub(super) name: String,
}

/// An institution that does not exist, but was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wish {
    pub(super) name: String,
    pub(super) url: String,
}

/// What the bank makes of user name and password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Credentials {
    Good,
    /// Wrong from the first, or no longer right.
    Refused,
    /// The job never ends.
    Endless,
    /// The job times out.
    TooSlow,
}

impl Credentials {
    /// What was typed decides: these words are the sandbox's own.
    pub(super) fn of(user_name: &str, password: Option<&str>) -> Self {
        let either = |word: &str| user_name == word || password == Some(word);
        match () {
            () if either("wrong") => Self::Refused,
            () if either("endless") => Self::Endless,
            () if either("timeout") => Self::TooSlow,
            () => Self::Good,
        }
    }
}

/// A login at a bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(super) serial: u64,
    pub(super) institution: Uuid,
    pub(super) customer: Uuid,
    pub(super) user_name: String,
    pub(super) company_id: Option<String>,
    pub(super) credentials: Credentials,
    pub(super) has_pin: bool,
    /// Whether the bank asks for a token at each refresh, whatever it did before.
    pub(super) asks_always: bool,
    /// Whether name and address have been fetched.
    pub(super) has_profile: bool,
    pub(super) modified: Timestamp,
    /// How many jobs it has had.
    pub(super) jobs: u32,
    pub(super) last_job: Option<Uuid>,
    pub(super) accounts: BTreeMap<Uuid, Account>,
}

/// An account of a login, with what was fetched of it and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    /// Its place in the bank's list.
    pub(super) place: usize,
    /// Which of the bank's accounts it is.
    pub(super) mask: String,
    /// When its balance was fetched.
    pub(super) updated: Timestamp,
    /// When its rows were fetched; `None` before the first time.
    pub(super) rows_at: Option<Timestamp>,
    /// From which day on there are rows; `None` for all of them.
    pub(super) rows_from: Option<Date>,
    pub(super) is_tracked: bool,
    /// Whether its full number has been fetched.
    pub(super) has_full_number: bool,
}

impl Login {
    pub(super) fn bank(&self) -> Option<&'static Bank> {
        Bank::find(self.institution)
    }

    /// The accounts in the bank's order.
    pub(super) fn accounts_in_order(&self) -> Vec<(Uuid, &Account)> {
        let mut accounts: Vec<_> = self.accounts.iter().map(|(id, account)| (*id, account)).collect();
        accounts.sort_by_key(|(_, account)| account.place);
        accounts
    }

    /// Lists the bank's accounts, as far as they are not listed yet.
    pub(super) fn list_accounts(&mut self, id: Uuid, now: Timestamp) {
        for (place, plan) in self.bank().map(|bank| bank.accounts).into_iter().flatten().enumerate() {
            self.accounts.entry(guid(&[&id.to_string(), plan.mask])).or_insert_with(|| Account {
                place,
                mask: plan.mask.to_owned(),
                updated: now,
                rows_at: None,
                rows_from: None,
                is_tracked: true,
                has_full_number: false,
            });
        }
    }
}

impl Account {
    /// The bank's plan of it, and its book as it was at a moment: balances and rows may have been fetched at different ones.
    pub(super) fn book(&self, bank: &'static Bank, at: Timestamp) -> Option<(&'static Plan, Book)> {
        let plan = bank.plan(&self.mask)?;
        Some((plan, bank.household.book(plan.role, bank_date(at))))
    }
}

/// How many requests a month has seen (fact sheet §1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Month {
    since: Option<Date>,
    used: u32,
}

/// Free requests in a month (fact sheet §1).
pub(super) const REQUESTS_A_MONTH: u32 = 10_000;

impl Month {
    /// Takes so many requests; whether there were any left.
    pub(super) fn take(&mut self, requests: u32, now: Timestamp) -> bool {
        let first = now.to_zoned(jiff::tz::TimeZone::UTC).date().first_of_month();
        if self.since != Some(first) {
            *self = Self { since: Some(first), used: 0 };
        }
        let had_any = self.used < REQUESTS_A_MONTH;
        self.used = self.used.saturating_add(requests).min(REQUESTS_A_MONTH);
        had_any
    }
}

impl Records {
    /// Puts in what is there from the start, once: one customer with two logins that were made at the provider.
    pub(crate) fn furnish(&mut self, now: Timestamp) {
        if self.furnished {
            return;
        }
        self.furnished = true;
        let serial = self.next();
        let customer = Customer { serial, unique_id: "sandbox".into(), name: "Demo Household".into() };
        self.customers.insert(USER, customer);
        for bank in super::banks::ALL.iter().filter(|bank| FROM_THE_START.contains(&bank.number)) {
            let id = guid(&["login", bank.name]);
            let mut login = self.draft(bank.id(), USER, "demo", Credentials::Good, now);
            login.has_profile = true;
            login.list_accounts(id, now);
            for account in login.accounts.values_mut() {
                account.rows_at = Some(now);
            }
            self.logins.insert(id, login);
        }
    }

    /// The next number in the order of making.
    pub(super) fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// A login that has not been put in yet.
    pub(super) fn draft(
        &mut self,
        institution: Uuid,
        customer: Uuid,
        user_name: &str,
        credentials: Credentials,
        now: Timestamp,
    ) -> Login {
        Login {
            serial: self.next(),
            institution,
            customer,
            user_name: user_name.to_owned(),
            company_id: None,
            credentials,
            has_pin: false,
            asks_always: false,
            has_profile: false,
            modified: now,
            jobs: 0,
            last_job: None,
            accounts: BTreeMap::new(),
        }
    }

    /// The customer to whom logins of version 1 belong, made anew where it was deleted.
    pub(super) fn own_customer(&mut self) -> Uuid {
        if !self.customers.contains_key(&USER) {
            let serial = self.next();
            let customer = Customer { serial, unique_id: "sandbox".into(), name: "Demo Household".into() };
            self.customers.insert(USER, customer);
        }
        USER
    }

    /// The logins that fit, oldest first.
    pub(super) fn logins_in_order(&self, fits: impl Fn(&Login) -> bool) -> Vec<(Uuid, &Login)> {
        let mut logins: Vec<_> =
            self.logins.iter().filter(|(_, login)| fits(login)).map(|(id, login)| (*id, login)).collect();
        logins.sort_by_key(|(_, login)| login.serial);
        logins
    }

    /// An account with its login.
    pub(super) fn account(&self, id: Uuid) -> Option<(Uuid, &Login, &Account)> {
        self.logins.iter().find_map(|(login_id, login)| Some((*login_id, login, login.accounts.get(&id)?)))
    }

    /// The login that an account is of.
    pub(super) fn login_of(&self, account: Uuid) -> Option<Uuid> {
        self.account(account).map(|(login, ..)| login)
    }

    /// Puts a job in, and notes it at its login.
    pub(super) fn start(&mut self, id: Uuid, job: Job) {
        if let Some(login) = self.logins.get_mut(&job.login) {
            login.jobs += 1;
            login.last_job = Some(id);
        }
        self.jobs.insert(id, job);
        while self.jobs.len() > KEPT_JOBS {
            let oldest = self.jobs.iter().min_by_key(|(_, job)| job.serial).map(|(id, _)| *id);
            let Some(oldest) = oldest else { return };
            self.jobs.remove(&oldest);
        }
    }
}

/// The id that always belongs to these words.
pub(super) fn guid(words: &[&str]) -> Uuid {
    let hash = Sha256::digest(words.join("\n"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_ten_thousand_requests_and_the_next_one_too() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut month = Month::default();
        for _ in 0..REQUESTS_A_MONTH {
            assert!(month.take(1, at("2026-11-20T12:00:00Z")));
        }
        assert!(!month.take(1, at("2026-11-30T23:59:59Z")));
        assert!(month.take(1, at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn what_is_there_from_the_start_is_put_in_once() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut records = Records::default();
        records.furnish(now);
        assert_eq!((records.customers.len(), records.logins.len()), (1, 2));
        let kept = serde_json::to_string(&records).unwrap();
        records.logins.clear();
        records.furnish(now);
        assert!(records.logins.is_empty(), "what was deleted stays deleted");
        assert_eq!(serde_json::from_str::<Records>(&kept).unwrap().logins.len(), 2);
    }

    #[test]
    fn what_is_typed_decides() {
        assert_eq!(Credentials::of("me", Some("secret")), Credentials::Good);
        assert_eq!(Credentials::of("me", Some("wrong")), Credentials::Refused);
        assert_eq!(Credentials::of("endless", None), Credentials::Endless);
        assert_eq!(Credentials::of("timeout", None), Credentials::TooSlow);
    }
}
