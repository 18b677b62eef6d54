//! Statuses as people see them: always an icon, a word and a colour, and for what is not healthy a cause.

use bankside_domain::balance::Proof;
use bankside_domain::fault::FaultRecord;
use bankside_domain::status::Status;
use bankside_domain::{AccountId, Currency};
use bankside_engine::{AccountStatus, Descriptor};

use super::day::Today;
use super::fault::{FaultView, Occasion};
use super::shell::Shell;

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
            Status::Partly(fault) => Self::fault("is-busy", "half", "Partly synced", fault),
            Status::WaitingForBank(fault) => {
                let word = match fault.retry_at {
                    Some(at) => format!("Waiting for bank until {}", today.until(at)),
                    None => "Waiting for bank".to_owned(),
                };
                Self::fault("is-wait", "clock", word, fault)
            }
            Status::Retrying(fault) => Self::fault("is-wait", "loop", "Try again later", fault),
            Status::RenewBy { until, days } => {
                let day = today.day(until.to_zoned(today.zone.clone()).date());
                Self::loud("is-act", "key", format!("Renew by {day}"), bankside_engine::ends_on(&day, *days))
            }
            Status::RenewNow => Self::loud("is-stop", "key", "Renew now", bankside_engine::ENDED),
            Status::AnswerNeeded(fault) => Self::fault("is-act", "shield", "Answer needed", fault),
            Status::KeysNeeded(fault) => Self::fault("is-stop", "key", "Keys needed", fault),
            Status::OperatorNeeded(fault) => Self::fault("is-stop", "warn", "Operator needed", fault),
            Status::CheckData { by_minor, since } => {
                let apart =
                    currency.map(|currency| format!("{} apart", today.amount(by_minor.saturating_abs(), currency)));
                let cause = match (since.map(|since| today.day(since)), &apart) {
                    (Some(since), Some(apart)) => format!("Bank and ledger are {apart} since {since}."),
                    (Some(since), None) => format!("Bank and ledger differ since {since}."),
                    (None, _) => OPENING_DIFFERS.to_owned(),
                };
                Self::loud("is-act", "eye", apart.unwrap_or_else(|| "Check data".to_owned()), cause)
            }
            Status::Paused => Self::quiet("is-off", "pause", "Paused"),
            Status::Unsynced => Self::quiet("is-off", "outline", "Unsynced"),
        }
    }

    fn fault(tone: &'static str, icon: &'static str, word: impl Into<String>, fault: &FaultRecord) -> Self {
        Self::loud(tone, icon, word, fault.message.clone())
    }
}

/// What stands beside a mark that is not healthy: why and since when, who must act, what happens by itself, a reference to copy, and
/// one step that leads to the remedy.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// The mark.
    pub(crate) mark: StatusView,
    /// Why, in one sentence.
    pub(crate) cause: String,
    /// Since when, where that is known.
    pub(crate) since: Option<String>,
    /// Who must act, and what happens by itself.
    pub(crate) outlook: Option<String>,
    /// What to tell somebody who helps.
    pub(crate) reference: Option<String>,
    /// The step, for those who may take it.
    pub(crate) action: Option<Action>,
}

/// A step that leads to the remedy.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    /// What it is called.
    pub(crate) label: &'static str,
    /// Where it leads.
    pub(crate) url: String,
    /// Whether it is a form that is posted.
    pub(crate) is_post: bool,
}

const OPENING_DIFFERS: &str =
    "Every row fits the bank's balances, but the opening balance is another one than the bank's.";

impl Note {
    /// What to say of a status; `None` for one that is healthy. `account` is the one that it is the status of, `provider` its
    /// connection's.
    pub(crate) fn of(
        standing: &AccountStatus,
        account: Option<AccountId>,
        provider: Option<&'static Descriptor>,
        currency: Option<Currency>,
        shell: &Shell,
    ) -> Option<Self> {
        let today = &shell.today;
        let mark = StatusView::of(&standing.status, currency, today);
        let cause = standing.said.clone().or_else(|| mark.cause.clone())?;
        let fault = fault_of(&standing.status).map(|fault| {
            let mut view = FaultView::of(fault, Occasion::Sync, today).told_by(provider);
            if !shell.may_manage_banks() {
                view = view.for_onlookers(&shell.organization_name);
            }
            match standing.last_run {
                Some(run) => view.of_run(run),
                None => view,
            }
        });
        let outlook = match (&standing.status, &fault) {
            (_, Some(fault)) => Some(format!("{} {}", fault.who, fault.by_itself)),
            (Status::RenewNow | Status::RenewBy { .. }, None) if !shell.may_manage_banks() => Some(format!(
                "An owner or admin of {} can renew it with Resync, which keeps all links.",
                shell.organization_name
            )),
            (Status::RenewNow, None) => Some(bankside_engine::ENDED_OUTLOOK.to_owned()),
            (Status::RenewBy { .. }, None) => Some(bankside_engine::ENDS_OUTLOOK.to_owned()),
            (Status::CheckData { since: None, .. }, None) => {
                Some("Syncs go on. Taking the bank's opening balance makes them equal; it can be undone.".to_owned())
            }
            (Status::CheckData { .. }, None) => Some(
                "Syncs go on. Rows are missing, doubled or changed since that day; look at what they brought."
                    .to_owned(),
            ),
            _ => None,
        };
        let action = action(standing, account, provider, shell);
        let since = standing.since.map(|since| today.moment(since));
        Some(Self { mark, cause, since, outlook, reference: fault.map(|fault| fault.reference), action })
    }

    /// Whether it waits for a person.
    pub(crate) fn needs_somebody(status: &Status) -> bool {
        matches!(
            status,
            Status::RenewNow
                | Status::RenewBy { .. }
                | Status::KeysNeeded(_)
                | Status::OperatorNeeded(_)
                | Status::AnswerNeeded(_)
                | Status::CheckData { .. }
        )
    }
}

fn fault_of(status: &Status) -> Option<&FaultRecord> {
    match status {
        Status::Partly(fault)
        | Status::WaitingForBank(fault)
        | Status::Retrying(fault)
        | Status::AnswerNeeded(fault)
        | Status::KeysNeeded(fault)
        | Status::OperatorNeeded(fault) => Some(fault),
        _ => None,
    }
}

fn action(
    standing: &AccountStatus,
    account: Option<AccountId>,
    provider: Option<&'static Descriptor>,
    shell: &Shell,
) -> Option<Action> {
    let connection = standing.connection?;
    let step = |label, path: String, is_post| Action { label, url: shell.at(&path), is_post };
    let details = || {
        let run = standing.last_run?;
        Some(step("Details", format!("runs/{run}"), false))
    };
    match &standing.status {
        Status::RenewNow | Status::RenewBy { .. } | Status::AnswerNeeded(_) => {
            shell.may_manage_banks().then(|| step("Resync", format!("connections/{connection}/renew"), true))
        }
        Status::KeysNeeded(_) => {
            let provider = provider.filter(|_| shell.may_manage_banks())?;
            Some(step("Edit keys", format!("providers/{}/keys", provider.id), false))
        }
        Status::CheckData { since: None, .. } if account.is_some() && shell.may_edit() => {
            Some(step("Take the bank's opening balance", format!("accounts/{}/opening", account?), true))
        }
        Status::CheckData { .. } if account.is_some() => {
            Some(step("Check the balance", format!("accounts/{}/balance", account?), false))
        }
        Status::OperatorNeeded(_)
        | Status::CheckData { .. }
        | Status::Partly(_)
        | Status::WaitingForBank(_)
        | Status::Retrying(_) => details(),
        _ => None,
    }
}

/// What the balances prove, as a mark and a sentence.
pub(crate) fn proof(proof: Option<Proof>, currency: Currency, today: &Today) -> StatusView {
    let apart = |by_minor: i64| today.amount(by_minor.saturating_abs(), currency);
    match proof {
        Some(Proof::Proven { since, .. }) => StatusView {
            cause: Some(format!("Every movement since {} fits the bank's balances.", today.day(since))),
            ..StatusView::quiet("is-ok", "check", "Proven")
        },
        Some(Proof::Accepted { since, by_minor, .. }) => StatusView {
            cause: Some(format!(
                "Every movement since {} fits the bank's balances, beside a difference that somebody has accepted.",
                today.day(since)
            )),
            ..StatusView::quiet("is-ok", "check", format!("{} accepted", apart(by_minor)))
        },
        Some(Proof::Ignored { since, by_minor }) => StatusView {
            cause: Some(match since {
                Some(since) => format!("Bank and ledger differ since {}; somebody ignores that.", today.day(since)),
                None => "The opening balance is another one than the bank's; somebody ignores that.".to_owned(),
            }),
            ..StatusView::quiet("is-off", "eye-off", format!("{} apart, ignored", apart(by_minor)))
        },
        Some(Proof::Diverged { since, by_minor }) => {
            let day = today.day(since);
            StatusView::loud("is-act", "eye", format!("{} apart", apart(by_minor)), format!("since {day}"))
        }
        Some(Proof::OpeningDiffers { by_minor }) => {
            StatusView::loud("is-act", "eye", format!("{} apart", apart(by_minor)), OPENING_DIFFERS)
        }
        Some(Proof::NotProvable { because }) => StatusView {
            cause: Some(format!("Not provable: {}.", because.in_words())),
            ..StatusView::quiet("is-off", "outline", "Not provable")
        },
        None => StatusView::quiet("is-off", "outline", "Not proven yet"),
    }
}

#[cfg(test)]
mod tests {
    use bankside_domain::fault::{FaultClass, UserAction};
    use bankside_domain::{Asker, Formats, OrganizationId, PersonId, Role};

    use super::*;
    use crate::view::shell::Place;

    #[test]
    fn a_difference_is_said_with_and_without_an_amount() {
        let today = Today::new("2026-11-20T12:00:00Z".parse().unwrap(), "UTC", Formats::default());
        let status = Status::CheckData { by_minor: -1240, since: Some(jiff::civil::date(2026, 11, 17)) };
        let plain = StatusView::of(&status, None, &today);
        assert_eq!(plain.word, "Check data");
        assert_eq!(plain.cause.as_deref(), Some("Bank and ledger differ since 17 Nov."));
        let euro = StatusView::of(&status, Currency::iso("EUR").ok(), &today);
        assert!(euro.word.contains("12.40") && euro.word.ends_with("apart"), "{}", euro.word);
        assert!(euro.cause.is_some_and(|cause| cause.contains("12.40 apart since 17 Nov")));
    }

    fn shell(role: Role) -> Shell {
        let organization: OrganizationId = "0193aaaa-0000-7000-8000-000000000001".parse().unwrap();
        let person: PersonId = "0193aaaa-0000-7000-8000-000000000002".parse().unwrap();
        Shell {
            organization,
            organization_name: "Harbour household".to_owned(),
            kind_and_role: String::new(),
            place: Place::Banks,
            side: crate::view::side::Side::default(),
            accounts: Vec::new(),
            total: String::new(),
            total_currency: String::new(),
            left_out: 0,
            suspicions: 0,
            inbox: None,
            version: "",
            zone: "UTC".to_owned(),
            is_plain_http: false,
            is_syncing_on: true,
            subscription: None,
            today: Today::new("2026-11-20T12:00:00Z".parse().unwrap(), "UTC", Formats::default()),
            asker: Asker::member(organization, person, role),
            tree: std::sync::Arc::default(),
            belongs: std::sync::Arc::default(),
            has_assets: false,
        }
    }

    #[test]
    fn who_may_only_look_is_told_who_can_act() {
        let dead = FaultRecord {
            class: FaultClass::NeedsUser,
            code: "bank.suspended".to_owned(),
            message: "The bank has suspended this account.".to_owned(),
            action: Some(UserAction::Renew),
            retry_at: None,
            reference: None,
            http_status: None,
        };
        for status in [Status::RenewNow, Status::AnswerNeeded(dead)] {
            let standing = AccountStatus {
                status,
                since: None,
                said: None,
                last_success_at: None,
                last_run: None,
                connection: "0193aaaa-0000-7000-8000-000000000003".parse().ok(),
                bank: None,
                bank_account: None,
                is_to_confirm: false,
                proof: None,
            };
            let outlook = |role| Note::of(&standing, None, None, None, &shell(role)).unwrap().outlook.unwrap();
            for role in [Role::Owner, Role::Admin] {
                assert!(!outlook(role).contains("Harbour household"), "{}", outlook(role));
            }
            for role in [Role::Member, Role::Viewer] {
                let said = outlook(role);
                assert!(said.starts_with("An owner or admin of Harbour household can"), "{said}");
                assert!(!said.contains("You can"), "{said}");
            }
        }
    }
}
