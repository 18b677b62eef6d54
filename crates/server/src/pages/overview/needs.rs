//! What needs a person: every status that waits for somebody, with one step to its remedy, and rows that nobody has looked at.

use std::collections::{BTreeMap, HashMap};

use bankside_domain::ConnectionId;
use bankside_domain::balance::Proof;
use bankside_domain::schedule::NextImport;
use bankside_domain::status::Status;
use bankside_engine::{AccountStatus, AccountView, MOST_COUNTED, Overview};

use crate::App;
use crate::error::PageError;
use crate::pages::daily_import;
use crate::session::Member;
use crate::view::shell::Shell;
use crate::view::status::{Action, Note};

/// More than this many are said to be there, and found on their own page.
const MOST_LISTED: usize = 8;

/// What needs a person.
pub(super) struct Needs {
    /// How many things do.
    pub(super) count: usize,
    pub(super) listed: Vec<Need>,
    /// How many are not listed.
    pub(super) more: usize,
    /// `3 of 4 accounts proven`; nothing where no bank feeds one.
    pub(super) proven: Option<Proven>,
    /// When rows came in last, and when next.
    pub(super) syncs: Vec<String>,
}

/// One thing.
pub(super) struct Need {
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) action: Option<Action>,
}

/// How many accounts the banks' balances prove.
pub(super) struct Proven {
    pub(super) text: String,
    /// Of accounts whose balance is another one than the bank's.
    pub(super) apart: Option<String>,
    pub(super) is_all: bool,
}

impl Needs {
    pub(super) async fn of(app: &App, member: &Member, overview: &Overview, shell: &Shell) -> Result<Self, PageError> {
        let mut listed = Vec::new();
        let groups = groups(overview);
        let mut count = groups.len();
        for group in groups.into_iter().take(MOST_LISTED) {
            listed.extend(group.need(app, member, shell).await?);
        }
        let more = count - listed.len();
        if shell.may_manage_banks() {
            let asked = to_confirm(overview, shell);
            count += asked.len();
            listed.extend(asked);
        }
        if shell.suspicions > 0 {
            count += 1;
            listed.push(suspicions(shell));
        }
        if overview.new_rows > 0 {
            count += 1;
            listed.push(new_rows(overview.new_rows, shell));
        }
        let next = app.engine.next_imports(member.asker()).await?;
        Ok(Self { count, listed, more, proven: proven(overview), syncs: syncs(overview, &next, shell) })
    }
}

/// Accounts of one connection that need the same.
struct Waiting<'a> {
    accounts: Vec<&'a AccountView>,
    status: &'a AccountStatus,
}

/// What belongs to the connection is one thing, however many accounts it feeds; a balance that differs is the account's own.
fn groups(overview: &Overview) -> Vec<Waiting<'_>> {
    let mut by_connection: BTreeMap<(u8, Option<ConnectionId>), Waiting<'_>> = BTreeMap::new();
    let mut apart = Vec::new();
    for view in overview.standing.accounts.iter().filter(|view| Note::needs_somebody(&view.status.status)) {
        if matches!(view.status.status, Status::CheckData { .. }) {
            apart.push(Waiting { accounts: vec![view], status: &view.status });
            continue;
        }
        let key = (rank(&view.status.status), view.status.connection);
        let waiting = by_connection.entry(key);
        waiting.or_insert(Waiting { accounts: Vec::new(), status: &view.status }).accounts.push(view);
    }
    for status in overview.standing.unlinked.iter().filter(|status| Note::needs_somebody(&status.status)) {
        by_connection.insert((rank(&status.status), status.connection), Waiting { accounts: Vec::new(), status });
    }
    let (stopped, later): (Vec<_>, Vec<_>) = by_connection.into_iter().partition(|((rank, _), _)| *rank < RENEW_BY);
    let of = |waiting: Vec<(_, _)>| waiting.into_iter().map(|(_, waiting)| waiting);
    of(stopped).chain(apart).chain(of(later)).collect()
}

const RENEW_BY: u8 = 4;

/// What has stopped comes first.
fn rank(status: &Status) -> u8 {
    match status {
        Status::RenewNow => 0,
        Status::KeysNeeded(_) => 1,
        Status::OperatorNeeded(_) => 2,
        Status::AnswerNeeded(_) => 3,
        _ => RENEW_BY,
    }
}

impl Waiting<'_> {
    async fn need(&self, app: &App, member: &Member, shell: &Shell) -> Result<Option<Need>, PageError> {
        let provider = match self.status.connection {
            Some(connection) => {
                app.engine.descriptor(&app.engine.connection(member.asker(), connection).await?.provider)
            }
            None => None,
        };
        let alone = match self.accounts.as_slice() {
            [view] => Some(&view.account),
            _ => None,
        };
        let (id, currency) = (alone.map(|account| account.id), alone.map(|account| account.currency));
        let Some(note) = Note::of(self.status, id, provider, currency, shell) else { return Ok(None) };
        let named = |view: &&AccountView| match shell.account_path(view.account.id) {
            Some(path) => format!("{path} ▸ {}", view.account.name),
            None => view.account.name.clone(),
        };
        let names: Vec<String> = self.accounts.iter().map(named).collect();
        let of = match (alone, &self.status.bank) {
            (Some(_), _) if matches!(self.status.status, Status::CheckData { .. }) => names.join(", "),
            (_, Some(bank)) => bank.clone(),
            (_, None) => names.join(", "),
        };
        let mut text = note.cause;
        if let Some(outlook) = note.outlook.filter(|_| !matches!(self.status.status, Status::CheckData { .. })) {
            text = format!("{text} {outlook}");
        }
        if !names.is_empty() && !matches!(self.status.status, Status::CheckData { .. }) {
            text = format!("{}: {text}", names.join(", "));
        }
        // The card says already what is to be checked.
        let action = note.action.map(|action| match self.status.status {
            Status::CheckData { .. } => Action { label: "Check", ..action },
            _ => action,
        });
        let see = alone.map(|account| Action {
            label: "See",
            url: shell.at(&format!("accounts/{}", account.id)),
            is_post: false,
        });
        Ok(Some(Need {
            tone: note.mark.tone,
            icon: note.mark.icon,
            title: format!("{of}: {}", lowered(&note.mark.word)),
            text,
            action: action.or(see),
        }))
    }
}

/// A word within a sentence: `Renew now` is `renew now` there.
fn lowered(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// Feeds whose sign and opening balance nobody has confirmed yet: one thing for each connection, which leads to the first of its accounts and
/// from that one to the next.
fn to_confirm(overview: &Overview, shell: &Shell) -> Vec<Need> {
    let mut by_connection: BTreeMap<Option<ConnectionId>, Vec<&AccountView>> = BTreeMap::new();
    let waiting = |view: &&AccountView| view.status.is_to_confirm && !view.account.is_closed;
    for view in overview.standing.accounts.iter().filter(waiting) {
        by_connection.entry(view.status.connection).or_default().push(view);
    }
    let need = |views: Vec<&AccountView>| {
        let first = views.first()?;
        let names: Vec<String> = views.iter().map(|view| shell.named(view.account.id, &view.account.name)).collect();
        let of = first.status.bank.clone().unwrap_or_else(|| names.join(", "));
        Some(Need {
            tone: "is-act",
            icon: "help",
            title: format!("{of}: is this right?"),
            text: format!("{}: look once at how the bank's amounts are booked.", names.join(", ")),
            action: Some(Action {
                label: "Look",
                url: shell.at(&format!("accounts/{}/feed", first.account.id)),
                is_post: false,
            }),
        })
    };
    by_connection.into_values().filter_map(need).collect()
}

fn suspicions(shell: &Shell) -> Need {
    let label = if shell.may_edit() { "Decide" } else { "Look" };
    Need {
        tone: "is-act",
        icon: "help",
        title: shell.today.counted(shell.suspicions, "suspicion", "suspicions"),
        text: "No rule decides about these rows. They wait until somebody does.".to_owned(),
        action: Some(Action { label, url: shell.at("suspicions"), is_post: false }),
    }
}

fn new_rows(count: i64, shell: &Shell) -> Need {
    let title = if count > MOST_COUNTED {
        format!("More than {} new rows", shell.today.grouped(MOST_COUNTED))
    } else {
        shell.today.counted(count, "new row", "new rows")
    };
    let they = if count == 1 { "A bank has brought it" } else { "Banks have brought them" };
    Need {
        tone: "is-act",
        icon: "inbox",
        title,
        text: format!("{they}, and nobody has looked yet."),
        action: Some(Action { label: "Look", url: Needs::new_rows_url(shell), is_post: false }),
    }
}

fn proven(overview: &Overview) -> Option<Proven> {
    let open = || overview.standing.accounts.iter().filter(|view| !view.account.is_closed);
    let fed = open().filter(|view| view.status.bank_account.is_some()).count();
    if fed == 0 {
        return None;
    }
    let proven = open().filter(|view| view.status.bank_account.is_some() && view.status.is_proven()).count();
    let is_apart =
        |view: &&AccountView| matches!(view.status.proof, Some(Proof::Diverged { .. } | Proof::OpeningDiffers { .. }));
    let apart = match open().filter(is_apart).count() {
        0 => None,
        1 => Some("One balance is apart.".to_owned()),
        many => Some(format!("{many} balances are apart.")),
    };
    let nouns = if fed == 1 { "account with a bank proven" } else { "accounts with a bank proven" };
    Some(Proven { text: format!("{proven} of {fed} {nouns}"), apart, is_all: proven == fed })
}

/// When rows came in last, and when the next import is, in the words of the page of bank integrations.
fn syncs(overview: &Overview, next: &HashMap<ConnectionId, NextImport>, shell: &Shell) -> Vec<String> {
    let views = || overview.standing.accounts.iter().filter(|view| view.status.connection.is_some());
    if views().next().is_none() {
        return Vec::new();
    }
    let last = views().filter_map(|view| view.status.last_success_at).max();
    let mut lines = vec![match last {
        Some(at) => format!("Last sync: {}.", shell.today.moment(at)),
        None => "Last sync: not yet.".to_owned(),
    }];
    if !shell.is_syncing_on {
        let why =
            if shell.unsubscribed().is_some() { "syncing takes a subscription" } else { "account syncing is off" };
        lines.push(format!("Next import: none, {why}."));
        return lines;
    }
    let is_running = views().any(|view| matches!(view.status.status, Status::Syncing));
    let soonest = Some(NextImport::UnderWay).filter(|_| is_running);
    let soonest = soonest.or_else(|| daily_import::soonest(next.values().copied()));
    lines.extend(match soonest {
        Some(NextImport::UnderWay) => Some("An import is going on right now.".to_owned()),
        Some(NextImport::NeedsPerson) => Some("Next import: once what is said above is done.".to_owned()),
        _ => daily_import::next(soonest, &shell.today).map(|next| format!("{next}.")),
    });
    lines
}
