//! Mails about access that ends and syncs that fail, to those who can renew it: what is due is decided anew at each look, and what is
//! sent is kept with what was told.

mod words;

use std::collections::{BTreeSet, HashMap};

use bankside_domain::fault::{FaultRecord, WhoActs};
use bankside_domain::notice::{DueNotice, Failing, Notice, NoticeFacts, due_now};
use bankside_domain::run::RunOutcome;
use bankside_domain::{AccountId, Asker, Code as _, ConnectionId, FormatChoice, Formats};
use bankside_store::{FeedFacts, NoticeConnection, NoticeMail, NoticeOrganization, NoticeRecipient};
use jiff::tz::TimeZone;
use url::Url;

use crate::features::ACCOUNT_SYNCING;
use crate::{Engine, EngineError};

pub use words::{ENDED, ENDED_OUTLOOK, ENDS_OUTLOOK, ends_on};
use words::{FedAccountWords, Told, Writing};

/// Mails about banks, as a page shows them to the one who gets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeMails {
    /// Whether they want them.
    pub are_wanted: bool,
    /// Whether this server sends mail.
    pub are_sent: bool,
}

/// What is known of a connection.
struct Known<'a> {
    connection: &'a NoticeConnection,
    facts: NoticeFacts,
    /// The accounts into which nothing comes.
    failing: BTreeSet<AccountId>,
}

impl Engine {
    /// Puts the mails on their way that are due; answers how many.
    pub async fn send_due_notices(&self) -> Result<usize, EngineError> {
        if !self.sends_mail() || !self.is_on(&ACCOUNT_SYNCING).await? {
            return Ok(0);
        }
        let mut sent = Box::pin(self.send_subscription_notices()).await?;
        for organization in self.store.to_notice_as_system().await? {
            // What is wrong with one organization keeps no other from being told.
            match self.send_notices_of(&organization).await {
                Ok(mails) => sent += mails,
                Err(error) => {
                    tracing::warn!(%error, organization = %organization.id, "what is due could not be told by mail");
                }
            }
        }
        if sent > 0 {
            self.mail_due.notify_one();
        }
        Ok(sent)
    }

    async fn send_notices_of(&self, organization: &NoticeOrganization) -> Result<usize, EngineError> {
        let asker = Asker::system(organization.id);
        let zone = TimeZone::get(&organization.time_zone).unwrap_or(TimeZone::UTC);
        let known = self.known(&asker, organization).await?;
        let facts = known.iter().map(|known| (known, &known.facts));
        let due = due_now(facts, organization.last_at, &zone, self.ambient.now());
        if due.is_empty() {
            return Ok(0);
        }
        // Where nobody can be written to, nothing counts as told: whoever gets an address hears what is due then.
        let recipients = self.store.notice_recipients(&asker).await?;
        if recipients.is_empty() {
            return Ok(0);
        }
        let mails = self.notice_mails_to(&asker, recipients, &due, &zone).await?;
        let notices: Vec<(ConnectionId, DueNotice)> =
            due.iter().map(|(known, due)| (known.connection.id, *due)).collect();
        let is_sent = self.store.send_notices(&asker, organization.sent_count, &notices, &mails).await?;
        Ok(if is_sent { mails.len() } else { 0 })
    }

    /// What is known of each connection. Feeds are looked at only where a run was not complete.
    async fn known<'a>(
        &self,
        asker: &Asker,
        organization: &'a NoticeOrganization,
    ) -> Result<Vec<Known<'a>>, EngineError> {
        let connections = &organization.connections;
        let is_unwell = connections.iter().any(|connection| connection.unwell_since.is_some());
        let feeds = if is_unwell { self.store.feed_facts(asker).await? } else { Vec::new() };
        connections.iter().map(|connection| Known::of(connection, &feeds)).collect()
    }

    /// One mail for each recipient, with all that is due.
    async fn notice_mails_to(
        &self,
        asker: &Asker,
        recipients: Vec<NoticeRecipient>,
        due: &[(&Known<'_>, DueNotice)],
        zone: &TimeZone,
    ) -> Result<Vec<NoticeMail>, EngineError> {
        let accounts = self.store.accounts(asker).await?;
        let names: HashMap<AccountId, String> =
            accounts.into_iter().map(|account| (account.id, account.name)).collect();
        let mut told = Vec::with_capacity(due.len());
        for (known, due) in due {
            told.push(self.told(asker, known, *due, &names).await?);
        }
        let name = self.store.organization(asker).await?.name;
        let (banks, settings) = (self.page_of(asker, "banks")?, self.page_of(asker, "settings#mails")?);
        let mail = |to: NoticeRecipient| {
            let FormatChoice { numbers, dates } = to.formats;
            let formats = Formats { numbers: numbers.unwrap_or_default(), dates: dates.unwrap_or_default() };
            let writing = Writing { organization: &name, zone, formats, banks: &banks, settings: &settings };
            let (subject, text) = writing.mail(&told);
            self.new_mail(asker, subject, &text).map(|mail| NoticeMail { to, mail })
        };
        Ok(recipients.into_iter().filter_map(mail).collect())
    }

    /// What is told of a connection, with the accounts that it is about.
    async fn told<'a>(
        &self,
        asker: &Asker,
        known: &'a Known<'_>,
        due: DueNotice,
        names: &HashMap<AccountId, String>,
    ) -> Result<Told<'a>, EngineError> {
        let is_of_some = matches!(due.notice, Notice::Failing | Notice::Stuck);
        let mut accounts = Vec::new();
        for bank_account in self.store.bank_accounts(asker, known.connection.id).await? {
            let Some((id, _)) = bank_account.feeds.filter(|(id, _)| !is_of_some || known.failing.contains(id)) else {
                continue;
            };
            let number = bank_account.masked_number.as_deref().and_then(words::last_four);
            accounts.push(FedAccountWords { name: names.get(&id).cloned().unwrap_or(bank_account.name), number });
        }
        let bank = known.connection.institution_name.as_str();
        Ok(Told { bank, due, failing: known.facts.failing.as_ref(), accounts })
    }

    pub(crate) fn page_of(&self, asker: &Asker, page: &str) -> Result<Url, EngineError> {
        let url = self.settings.public_url.join(&format!("o/{}/{page}", asker.organization));
        url.map_err(|error| EngineError::Inside(error.to_string()))
    }

    /// Mails about banks to the one who asks.
    pub async fn notice_mails(&self, asker: &Asker) -> Result<NoticeMails, EngineError> {
        Ok(NoticeMails { are_wanted: self.store.wants_notices(asker).await?, are_sent: self.sends_mail() })
    }

    /// Sets whether the one who asks wants mails about banks.
    pub async fn set_notice_mails(&self, asker: &Asker, are_wanted: bool) -> Result<(), EngineError> {
        Ok(self.store.set_wants_notices(asker, are_wanted).await?)
    }
}

impl<'a> Known<'a> {
    fn of(connection: &'a NoticeConnection, feeds: &[FeedFacts]) -> Result<Self, EngineError> {
        let mut known = Self {
            connection,
            facts: NoticeFacts { consent: connection.consent, failing: None, sent: connection.sent.clone() },
            failing: BTreeSet::new(),
        };
        let (Some(latest_at), Some(unwell_since)) = (connection.latest_at, connection.unwell_since) else {
            return Ok(known);
        };
        for feed in feeds.iter().filter(|feed| feed.connection == connection.id) {
            let Some(fault) = feed.last_fault.as_deref() else { continue };
            let fault: FaultRecord = serde_json::from_str(fault)?;
            let is_partly = feed.last_outcome.as_deref() != Some(RunOutcome::Failed.code());
            // Rows have come in, and what is missing beside them passes: the status says so, and no mail.
            if is_partly && fault.class.who_acts() == WhoActs::Nobody {
                continue;
            }
            let since = if is_partly { unwell_since } else { feed.failing_since.unwrap_or(unwell_since) };
            known.failing.insert(feed.account);
            known.take(Failing { since, latest_at, fault });
        }
        Ok(known)
    }

    /// Of several accounts that fail, the one counts that needs somebody, and then the one that began first.
    fn take(&mut self, failing: Failing) {
        let rank = |failing: &Failing| (!failing.needs_somebody(), failing.since);
        if self.facts.failing.as_ref().is_none_or(|kept| rank(&failing) < rank(kept)) {
            self.facts.failing = Some(failing);
        }
    }
}
