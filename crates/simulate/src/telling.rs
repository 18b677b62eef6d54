//! How a bank tells its rows: in the words of the story's own provider, or in those of a real one, which that provider's connector
//! reads.
//!
//! What this is for: the table of what each provider can say, and the tongues of its banks, each of which writes a row as the JSON
//! that the provider sends (facts: the sections of its fact sheet). What it is not: nothing is fetched here, no page turned, no
//! consent given. What always holds: a bank keeps to one tongue, and two rows that differ are never told alike.

mod enablebanking;
mod finapi;
mod gocardless;
mod own;
mod pluggy;
mod simplefin;
mod sophtron;

use std::fmt;
use std::sync::Arc;

use bankside_connect::{Connector, MapContext, RawRow, Registry, RowAccount, zones};
use bankside_domain::CurrencyCode;
use bankside_domain::account::AccountKind;
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::row::{MappedRow, RowId, RowIdKind, RowStatus};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::bank::ACCOUNTS;
use crate::habits::Ids;

/// A row as the bank means it, before it is written in anybody's words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Wire {
    /// Of each kind at most one.
    pub(crate) ids: Vec<RowId>,
    /// The day at the bank.
    pub(crate) day: Date,
    /// The moment of that day, where the bank gives it.
    pub(crate) at: Option<Timestamp>,
    /// The owner's view: out is negative. Minor units of a currency with two digits after the point.
    pub(crate) minor: i64,
    pub(crate) currency: &'static str,
    pub(crate) payee: String,
    pub(crate) is_pending: bool,
    /// Since when the provider has it, where it says so.
    pub(crate) since: Option<Timestamp>,
}

impl Wire {
    /// How far the bank has got with it.
    pub(crate) fn status(&self) -> RowStatus {
        if self.is_pending { RowStatus::Pending } else { RowStatus::Booked }
    }

    /// Whether it has an id that no other row has.
    pub(crate) fn has_own_id(&self) -> bool {
        self.ids.iter().any(|id| id.kind != RowIdKind::Reference)
    }

    /// The id of a kind.
    fn id(&self, kind: RowIdKind) -> Option<&str> {
        self.ids.iter().find(|id| id.kind == kind).map(|id| id.value.as_str())
    }

    fn is_out(&self) -> bool {
        self.minor < 0
    }

    /// The text for people: it says the same as the payee, and no name alone.
    fn about(&self) -> String {
        format!("about {}", self.payee)
    }
}

/// An amount as decimal text, as people type it and some providers write it.
pub(crate) fn decimal(minor: i64) -> String {
    let (sign, whole) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    format!("{sign}{}.{:02}", whole / 100, whole % 100)
}

/// An amount as a number of units, without superfluous zeros as numbers are.
fn units(minor: i64) -> Value {
    serde_json::from_str(&decimal(minor)).unwrap_or_default()
}

/// How moments are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moments {
    /// Days alone.
    Days,
    /// Days, or instants at banks that have them.
    DaysOrInstants,
    /// Instants always: a bank that knows no more than the day has its midnight.
    Midnights,
}

/// What one provider can say.
#[derive(Debug)]
pub(crate) struct Teller {
    /// Its connector's id.
    pub(crate) id: &'static str,
    name: &'static str,
    /// It tells the story of one seed in so many.
    pub(crate) every: usize,
    /// The ways of its banks with ids.
    pub(crate) ids: &'static [Ids],
    /// Which id it is that a row is told apart by.
    pub(crate) main_id: RowIdKind,
    /// Whether what is pending has an id.
    pub(crate) names_pending: bool,
    /// Whether ids are whole numbers.
    pub(crate) numbers_rows: bool,
    pub(crate) moments: Moments,
    /// Whether each row says since when the provider has it.
    pub(crate) says_since: bool,
    /// What its accounts are. The first two are of one currency.
    pub(crate) kinds: [AccountKind; ACCOUNTS],
    /// By what an account is recognised for certain; where there is nothing, its last digits have to do.
    certain_key: fn(&Tongue, usize, &str) -> Option<MatchKey>,
    /// First days that lie a fortnight before clocks change.
    pub(crate) begins_on: [Date; 2],
    /// Its banks.
    pub(crate) tongues: &'static [Tongue],
}

/// How one bank of a provider writes.
#[derive(Debug)]
pub(crate) struct Tongue {
    /// The institution as the provider lists it.
    pub(crate) institution: &'static str,
    /// Its country, whose zone is the bank's.
    pub(crate) country: &'static str,
    pub(crate) currencies: [&'static str; ACCOUNTS],
    write: fn(&Wire, AccountKind) -> Value,
}

/// A fortnight before the clocks of Europe change.
const EUROPE: [Date; 2] = [Date::constant(2026, 10, 11), Date::constant(2027, 3, 14)];
/// A fortnight before the clocks of North America change.
const NORTH_AMERICA: [Date; 2] = [Date::constant(2026, 10, 18), Date::constant(2027, 2, 28)];

/// What each provider can say: none can say everything that a story of its own provider has.
pub(crate) static TELLERS: [Teller; 7] = [
    Teller {
        id: "own",
        name: "the story",
        every: 2,
        ids: &[Ids::Stable, Ids::Reissued, Ids::Positional, Ids::Absent, Ids::Recurring],
        main_id: RowIdKind::Provider,
        names_pending: true,
        numbers_rows: false,
        moments: Moments::DaysOrInstants,
        says_since: false,
        kinds: [AccountKind::Checking; ACCOUNTS],
        certain_key: |tongue, account, _| Some(number_key(format!("DE0{account} {}", tongue.currencies[account]))),
        begins_on: EUROPE,
        tongues: own::TONGUES,
    },
    // Banks have ids of their own or none, and GoCardless adds one to what is booked, which is another after each renewal (fact sheet
    // §6.4).
    Teller {
        id: "gocardless",
        name: "GoCardless",
        every: 6,
        ids: &[Ids::Stable, Ids::Reissued, Ids::Positional, Ids::Absent, Ids::Recurring, Ids::Backed],
        main_id: RowIdKind::Bank,
        names_pending: false,
        numbers_rows: false,
        moments: Moments::DaysOrInstants,
        says_since: false,
        kinds: [AccountKind::Checking, AccountKind::CreditCard, AccountKind::Savings],
        certain_key: |tongue, account, _| {
            let currency = tongue.currencies[account];
            (account != 1).then(|| number_key(format!("{}02100100100006820{account}|{currency}", tongue.country)))
        },
        begins_on: EUROPE,
        tongues: gocardless::TONGUES,
    },
    // Every row has an id, which is another when the row was made anew; the bank's own lasts where there is one (fact sheet §0.6).
    // Dates are instants (§0.5). Brazil has left its clocks alone since 2019.
    Teller {
        id: "pluggy",
        name: "Pluggy.ai",
        every: 6,
        ids: &[Ids::Stable, Ids::Backed, Ids::Renewed],
        main_id: RowIdKind::Provider,
        names_pending: true,
        numbers_rows: false,
        moments: Moments::Midnights,
        says_since: true,
        kinds: [AccountKind::Checking, AccountKind::CreditCard, AccountKind::CreditCard],
        certain_key: |tongue, account, _| {
            let currency = tongue.currencies[account];
            (account == 0).then(|| number_key(format!("BR|1230001{account}12345|checking|{currency}")))
        },
        begins_on: EUROPE,
        tongues: pluggy::TONGUES,
    },
    // There is one id, and whether it stays when a row is posted is not documented (fact sheet §5). An account keeps its id as long as
    // its login stays.
    Teller {
        id: "sophtron",
        name: "Sophtron",
        every: 6,
        ids: &[Ids::Stable, Ids::Lasting, Ids::Renewed],
        main_id: RowIdKind::Provider,
        names_pending: true,
        numbers_rows: false,
        moments: Moments::DaysOrInstants,
        says_since: true,
        kinds: [AccountKind::Checking, AccountKind::CreditCard, AccountKind::Savings],
        certain_key: |_, _, alias| {
            Some(MatchKey { kind: MatchKeyKind::ProviderHash, value: format!("sophtron|{alias}") })
        },
        begins_on: NORTH_AMERICA,
        tongues: sophtron::TONGUES,
    },
    // There is one id, and what is pending usually has another (fact sheet §6). An account keeps its id until its bank is connected
    // anew.
    Teller {
        id: "simplefin",
        name: "SimpleFIN",
        every: 6,
        ids: &[Ids::Stable, Ids::Lasting, Ids::Renewed],
        main_id: RowIdKind::Provider,
        names_pending: true,
        numbers_rows: false,
        moments: Moments::DaysOrInstants,
        says_since: false,
        kinds: [AccountKind::Checking, AccountKind::CreditCard, AccountKind::Savings],
        certain_key: |_, _, alias| {
            Some(MatchKey { kind: MatchKeyKind::ProviderHash, value: format!("simplefin|bank.example|{alias}") })
        },
        begins_on: NORTH_AMERICA,
        tongues: simplefin::TONGUES,
    },
    // There may be an id for asking for details, which may be another at every fetch, and one that the bank repeats (fact sheet §5). An
    // account is recognised by a hash that stays.
    Teller {
        id: "enablebanking",
        name: "Enable Banking",
        every: 6,
        ids: &[Ids::Stable, Ids::Renewed, Ids::Reissued, Ids::Recurring, Ids::Absent],
        main_id: RowIdKind::Bank,
        names_pending: false,
        numbers_rows: false,
        moments: Moments::Days,
        says_since: false,
        kinds: [AccountKind::Checking, AccountKind::CreditCard, AccountKind::Savings],
        certain_key: |tongue, account, _| {
            let value = format!("enablebanking|hash-{account}|{}", tongue.currencies[account]);
            Some(MatchKey { kind: MatchKeyKind::ProviderHash, value })
        },
        begins_on: EUROPE,
        tongues: enablebanking::TONGUES,
    },
    // What is booked has a number, which is another once a bank was connected anew (fact sheet §9). A card has no IBAN, and a number
    // that its bank has given it (§8).
    Teller {
        id: "finapi",
        name: "finAPI",
        every: 6,
        ids: &[Ids::Stable, Ids::Renewed],
        main_id: RowIdKind::Provider,
        names_pending: false,
        numbers_rows: true,
        moments: Moments::Days,
        says_since: true,
        kinds: [AccountKind::Checking, AccountKind::CreditCard, AccountKind::Savings],
        certain_key: |tongue, account, _| {
            let currency = tongue.currencies[account];
            Some(match account {
                1 => MatchKey {
                    kind: MatchKeyKind::ProviderHash,
                    value: format!("finapi|{}|8201||creditcard|{currency}", tongue.institution),
                },
                _ => number_key(format!("{}02100100100006820{account}|{currency}", tongue.country)),
            })
        },
        begins_on: EUROPE,
        tongues: finapi::TONGUES,
    },
];

impl Teller {
    /// Who tells the story of a seed: every other one the story's own provider, because others take twice as long to read. The last
    /// three tell stories only where that is asked for: whose story a seed is must not change, for seeds are how stories are named.
    pub(crate) fn of(seed: usize) -> &'static Self {
        &TELLERS[[0, 1, 0, 2, 0, 3][seed % 6]]
    }
}

fn number_key(value: String) -> MatchKey {
    MatchKey { kind: MatchKeyKind::Iban, value }
}

/// Who tells a story, and in which tongue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telling {
    pub(crate) teller: &'static Teller,
    pub(crate) tongue: &'static Tongue,
}

impl Telling {
    /// The zone in which the bank counts its days.
    pub(crate) fn zone(&self) -> &'static str {
        zones::of_country(self.tongue.country)
    }

    /// By what an account is recognised under a name that it has for now, the strongest first.
    pub(crate) fn match_keys(&self, account: usize, alias: &str) -> Vec<MatchKey> {
        let Tongue { institution, currencies, .. } = self.tongue;
        let value = format!("820{account}|{}|demo household|{institution}", currencies[account]);
        let certain = (self.teller.certain_key)(self.tongue, account, alias);
        certain.into_iter().chain([MatchKey { kind: MatchKeyKind::Mask, value }]).collect()
    }

    /// The currency of an account. All have two digits after the point.
    pub(crate) fn currency(&self, account: usize) -> CurrencyCode {
        let code = self.tongue.currencies[account];
        code.parse().unwrap_or_else(|_| unreachable!("the currencies of a story are codes"))
    }

    /// On what the reading of an account's rows depends.
    pub(crate) fn row_account(&self, account: usize) -> RowAccount {
        RowAccount { kind: self.teller.kinds[account], currency: self.currency(account) }
    }

    /// A row as it is sent.
    pub(crate) fn raw(&self, account: usize, wire: &Wire) -> RawRow {
        let value = (self.tongue.write)(wire, self.teller.kinds[account]);
        RawRow { status: wire.status(), bytes: value.to_string().into_bytes() }
    }
}

impl fmt::Display for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "told by {} as {} would", self.teller.name, self.tongue.institution)
    }
}

/// Reads what a bank has told.
#[derive(Clone)]
pub(crate) struct Reader {
    telling: Telling,
    /// The real one, unless the story's own provider tells it.
    connector: Option<Arc<dyn Connector>>,
}

impl Reader {
    pub(crate) fn of(telling: Telling) -> Self {
        Self { telling, connector: Registry::all().get(telling.teller.id).cloned() }
    }

    /// A row that was sent.
    pub(crate) fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
        match &self.connector {
            Some(connector) => connector.map(context, raw),
            None => own::map(context, raw),
        }
    }

    /// A row that is still to be sent. What the story's own provider would send needs not be written first to be read.
    pub(crate) fn read(&self, context: &MapContext<'_>, account: usize, wire: &Wire) -> MappedRow {
        match &self.connector {
            Some(connector) => connector.map(context, &self.telling.raw(account, wire)),
            None => own::read(context, wire),
        }
    }
}

#[cfg(test)]
mod tests;
