//! Statuses as people see them: always an icon, a word and a colour, and for what is not healthy a cause.

use bankside_domain::Currency;
use bankside_domain::balance::Proof;
use bankside_domain::fault::FaultRecord;
use bankside_domain::status::Status;

use super::day::Today;
use super::money::amount;

/// A status mark.
#[derive(Debug, Clone)]
pub(crate) struct StatusView {
    /// Its colour: a class of the stylesheet.
    pub(crate) tone: &'static str,
    /// Its icon.
    pub(crate) icon: &'static str,
    /// Its word.
    pub(crate) word: String,
    /// Why, where it is not healthy: one sentence.
    pub(crate) cause: Option<String>,
    /// Whether it is healthy, so that the sidebar shows the mark alone.
    pub(crate) is_quiet: bool,
}

impl StatusView {
    fn quiet(tone: &'static str, icon: &'static str, word: impl Into<String>) -> Self {
        Self { tone, icon, word: word.into(), cause: None, is_quiet: true }
    }

    fn loud(tone: &'static str, icon: &'static str, word: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { tone, icon, word: word.into(), cause: Some(cause.into()), is_quiet: false }
    }

    pub(crate) fn of(status: &Status, currency: Option<Currency>, today: &Today) -> Self {
        match status {
            Status::WithoutBank => Self::quiet("is-off", "file", "Without a bank"),
            Status::UpToDate { .. } => Self::quiet("is-ok", "check", "Up to date"),
            Status::NeverSynced => {
                Self::loud("is-off", "outline", "Not synced yet", "Linked, but nothing has come in yet.")
            }
            Status::Syncing => Self { is_quiet: false, ..Self::quiet("is-busy", "ring", "Syncing") },
            Status::Partly(fault) => Self::fault("is-busy", "half", "Partly synced", fault, today),
            Status::WaitingForBank(fault) => {
                let word = match fault.retry_at {
                    Some(at) => format!("Waiting for bank until {}", today.until(at)),
                    None => "Waiting for bank".to_owned(),
                };
                Self::fault("is-wait", "clock", word, fault, today)
            }
            Status::Retrying(fault) => Self::fault("is-wait", "loop", "Try again later", fault, today),
            Status::RenewBy { until, days } => {
                let day = today.day(until.to_zoned(today.zone.clone()).date());
                let left = super::counted(*days, "day", "days");
                Self::loud("is-act", "key", format!("Renew by {day}"), format!("Access ends on {day}, {left} left."))
            }
            Status::RenewNow => {
                Self::loud("is-stop", "key", "Renew now", "Access has ended. Nothing is lost: the rows stay.")
            }
            Status::AnswerNeeded(fault) => Self::fault("is-act", "shield", "Answer needed", fault, today),
            Status::KeysNeeded(fault) => Self::fault("is-stop", "key", "Keys needed", fault, today),
            Status::CheckData { by_minor, since } => {
                let apart = match currency {
                    Some(currency) => amount(by_minor.saturating_abs(), currency),
                    None => "Bank and ledger".to_owned(),
                };
                let day = today.day(*since);
                Self::loud("is-act", "eye", format!("{apart} apart"), format!("{apart} apart since {day}"))
            }
            Status::Paused => Self::quiet("is-off", "pause", "Paused"),
            Status::Unsynced => Self::quiet("is-off", "outline", "Unsynced"),
        }
    }

    fn fault(
        tone: &'static str,
        icon: &'static str,
        word: impl Into<String>,
        fault: &FaultRecord,
        _today: &Today,
    ) -> Self {
        Self::loud(tone, icon, word, fault.message.clone())
    }
}

/// What the balances prove, as a mark and a sentence.
pub(crate) fn proof(proof: Option<Proof>, currency: Currency, today: &Today) -> StatusView {
    match proof {
        Some(Proof::Proven { since, .. }) => StatusView {
            cause: Some(format!("Every movement since {} fits the bank's balances.", today.day(since))),
            ..StatusView::quiet("is-ok", "check", "Proven")
        },
        Some(Proof::Diverged { since, by_minor }) => {
            let apart = amount(by_minor.saturating_abs(), currency);
            let day = today.day(since);
            StatusView::loud("is-act", "eye", format!("{apart} apart"), format!("since {day}"))
        }
        Some(Proof::NotProvable { because }) => StatusView {
            cause: Some(format!("Not provable: {}.", because.in_words())),
            ..StatusView::quiet("is-off", "outline", "Not provable")
        },
        None => StatusView::quiet("is-off", "outline", "Not proven yet"),
    }
}
