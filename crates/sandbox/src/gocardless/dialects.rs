//! How single banks' rows differ from the documented shape (fact sheet §12): each dialect rewrites rows that are right.
//!
//! What always holds: a dialect changes how a row is written, never what has happened. The amounts of a bank's rows still
//! lead to the balances that it states, for whoever reads both as that bank means them.

mod ids;
mod medley;
mod more;
mod texts;

use serde_json::{Map, Value, json};

use super::wire::Ids;
use crate::banks::{Dialect, Entry, Pending};

/// A row on its way to the wire.
type Row = Map<String, Value>;

/// How a bank writes.
pub(super) struct Shape {
    /// Whether amounts lose superfluous zeros.
    pub(super) trims_amounts: bool,
    /// Whether there is a list of pending rows at all.
    pub(super) sends_pending: bool,
    /// Whether rows carry the balance after them.
    pub(super) sends_running_balance: bool,
    /// Whether kinds of balances begin with a capital.
    pub(super) capital_balance_types: bool,
    /// What becomes of a booked row.
    pub(super) booked: fn(&mut Row, &Entry, Ids),
    /// What becomes of a pending row; with its place in the list.
    pub(super) pending: fn(&mut Row, &Pending, usize),
}

const PLAIN: Shape = Shape {
    trims_amounts: false,
    sends_pending: true,
    sends_running_balance: true,
    capital_balance_types: false,
    booked: |_, _, _| {},
    pending: |_, _, _| {},
};

/// Without running balance, as most banks are.
const BARE: Shape = Shape { sends_running_balance: false, ..PLAIN };

/// The shape of a dialect.
pub(super) fn shape(dialect: Dialect) -> &'static Shape {
    match dialect {
        // A card that is masked differs in its details only.
        Dialect::Plain => &PLAIN,
        Dialect::MaskedCard => &BARE,
        Dialect::Terse => &Shape { trims_amounts: true, sends_pending: false, booked: texts::terse, ..BARE },
        Dialect::TillLines => &Shape { booked: texts::till_lines, pending: texts::till_lines_pending, ..PLAIN },
        Dialect::RepeatedIds => &Shape { booked: ids::repeated, ..BARE },
        Dialect::KeyValues => &Shape { booked: texts::key_values, ..BARE },
        Dialect::IdNotProvided => &Shape { booked: ids::not_provided, pending: ids::not_provided_pending, ..BARE },
        Dialect::LabelledText => &Shape { booked: texts::labelled, ..BARE },
        Dialect::BrokenLines => &Shape { booked: texts::broken_lines, ..BARE },
        Dialect::StructuredText => &Shape { booked: texts::structured, pending: texts::structured_pending, ..BARE },
        Dialect::OwedCard => &Shape { booked: ids::owed, pending: ids::owed_pending, ..BARE },
        Dialect::BillingAmount => {
            &Shape { booked: texts::billing_amount, pending: texts::billing_amount_pending, ..BARE }
        }
        Dialect::UndatedPending => &Shape { pending: texts::undated, ..BARE },
        Dialect::SwappedDays => &Shape { booked: ids::swapped_days, ..BARE },
        Dialect::RestlessIds => &Shape { booked: ids::restless, pending: ids::booked_tomorrow, ..BARE },
        Dialect::CommaText => &Shape { booked: texts::commas, pending: texts::commas_pending, ..BARE },
        Dialect::AdditionalText => &Shape { booked: texts::additional, pending: texts::additional_pending, ..BARE },
        Dialect::Pockets => &Shape { booked: medley::pockets, capital_balance_types: true, ..PLAIN },
        Dialect::TurnedPurchases => &Shape { booked: ids::turned_purchases, ..BARE },
        Dialect::Escapes => &Shape { booked: texts::escapes, pending: texts::escapes_pending, ..BARE },
        Dialect::DayInText => &Shape { booked: texts::day_in_text, pending: texts::day_in_text_pending, ..BARE },
        Dialect::PlaceInText => &Shape { booked: texts::place_in_text, ..BARE },
        Dialect::NameInText => &Shape { booked: more::name_in_text, ..BARE },
        Dialect::NameInLines => &Shape { booked: more::name_in_lines, ..BARE },
        Dialect::KindBeforeName => &Shape { booked: more::kind_before_name, ..BARE },
        Dialect::Semicolons => &Shape { booked: more::semicolons, ..BARE },
        Dialect::LooseLines => &Shape { booked: more::loose_lines, ..BARE },
        Dialect::NameBeforeKind => &Shape { booked: more::name_before_kind, ..BARE },
        Dialect::TrailingReference => &Shape { booked: more::trailing_reference, ..BARE },
        Dialect::StructuredOnly => &Shape { booked: more::structured_only, pending: texts::structured_pending, ..BARE },
        Dialect::StructuredTill => &Shape { booked: more::structured_till, ..BARE },
        Dialect::ShortKinds => &Shape { booked: more::short_kinds, ..BARE },
        Dialect::UsedBefore => &Shape { booked: more::used_before, ..BARE },
        Dialect::CardSentence => &Shape { booked: more::card_sentence, ..BARE },
        Dialect::KeywordSentences => &Shape { booked: more::keyword_sentences, ..BARE },
        Dialect::TurnedSigns => &Shape { booked: more::turned, pending: more::turned_pending, ..BARE },
        Dialect::TwelveLetters => &Shape { booked: more::twelve_letters, ..BARE },
        Dialect::LabelledLines => &Shape { booked: more::labelled_lines, ..BARE },
        Dialect::LongText => &Shape { trims_amounts: true, booked: medley::long_text, ..BARE },
        Dialect::Medley => {
            &Shape { booked: medley::row, pending: medley::pending, capital_balance_types: true, ..PLAIN }
        }
    }
}

const TEXT: &str = "remittanceInformationUnstructured";
const LINES: &str = "remittanceInformationUnstructuredArray";

fn put(row: &mut Row, name: &str, value: impl Into<Value>) {
    row.insert(name.to_owned(), value.into());
}

/// Takes away what names the other side.
fn unname(row: &mut Row) {
    for name in ["creditorName", "debtorName", "creditorAccount", "debtorAccount"] {
        row.remove(name);
    }
}

/// The text as lines, and no other.
fn put_lines(row: &mut Row, lines: &[String]) {
    row.remove(TEXT);
    put(row, LINES, lines.to_vec());
}

/// Turns the sign of the row's amount.
fn turn(row: &mut Row) {
    let Some(amount) = row.get_mut("transactionAmount") else { return };
    let text = amount["amount"].as_str().unwrap_or_default();
    amount["amount"] = text.strip_prefix('-').map_or_else(|| json!(format!("-{text}")), |rest| json!(rest));
}

fn is_card(entry: &Entry) -> bool {
    entry.code == crate::banks::CARD_CODE
}

/// The name of the other side, in capitals, as tills print it.
fn shop(entry: &Entry) -> String {
    name(entry).to_uppercase()
}

fn name(entry: &Entry) -> &str {
    entry.party.as_ref().map_or("", |party| party.name.as_str())
}

fn pending_name(row: &Pending) -> &str {
    row.party.as_deref().unwrap_or_default()
}
