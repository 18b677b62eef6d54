//! Quirks: what banks do differently, as data. One table of institution ids and rules; three functions have names of their own.
//!
//! What this is for: an institution that tells its counterparties, dates, signs or ids elsewhere than the provider's document
//! says gets rows that read like everyone's. What it is not: it fetches nothing, and decides nothing about the books. What
//! always holds: a rule that finds nothing to work on changes nothing, so no missing field ever costs a row.
//!
//! The letters in [`table`] are those of the fact sheet's section 12.

mod apply;
mod named;
mod pattern;
mod shared;
mod table;
#[cfg(test)]
mod tests;

use bankside_domain::balance::BalanceKind;

use super::wire::{AccountMetadata, Details, Transaction};
use crate::fetch::FetchedBalance;

pub(super) use apply::Draft;

/// One rule. Rules work one after another on a draft of the row, so a later one sees what an earlier one wrote.
#[derive(Debug)]
pub(super) enum Rule {
    /// D: the day of the row is the first of these that is there.
    Date(&'static [Day]),
    /// D: the day is no later than today at the bank.
    NoLaterThanToday,
    /// F: a text is made from the first of these sources that holds something.
    Fill(Field, How, &'static [Source]),
    /// R: a text is rewritten, each pattern everywhere it occurs; in lines, each line, and lines left empty go.
    Rewrite(Field, &'static [(&'static str, &'static str)]),
    /// P: the counterparty is named by the first of these sources that holds something.
    Payee(How, Case, &'static [Source]),
    /// I: the bank's id names nothing and is left out.
    NoBankId,
    /// A: the amount is not the one in its field.
    Amount(AmountRule),
    /// X: the row is no row.
    Drop,
    /// B: what a balance of this type contains at this bank.
    Balance(&'static [(&'static str, BalanceKind)]),
    /// B: balances are what is owed; what is not invoiced yet is not in the rows.
    Owed,
    /// B: the first balance is the account's, whatever its type.
    FirstBalance,
    /// B: the balance that stands with each row holds, and says what was there before the oldest.
    RunningBalance,
    /// S: what orders rows of one day, each the greatest first.
    Sort(&'static [SortKey]),
    /// N: what stands in the place of an IBAN is a masked card number, and its last digits tell accounts apart.
    MaskedCard {
        /// How many digits the name shows.
        shown: usize,
    },
    /// Z: a function of code.
    Named(Named),
    /// Rules that hold under a condition.
    When(Condition, &'static [Rule]),
    /// The rules of the first condition that holds.
    First(&'static [(Condition, &'static [Rule])]),
}

/// A text of a row. The first five can be written, the others are as the bank sent them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Creditor,
    Debtor,
    /// The creditor of what goes out, the debtor of what comes in: never the holder.
    Party,
    /// The text for people.
    Remittance,
    /// The lines of the unstructured array.
    Lines,
    Unstructured,
    Structured,
    Additional,
    EndToEndId,
    UltimateCreditor,
    UltimateDebtor,
    ProprietaryCode,
    TransactionId,
}

/// How a text is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// With what is found, otherwise it stays.
    Replace,
    /// Only where there is none.
    IfMissing,
    /// After what is there.
    Append,
    /// With what is found, otherwise with nothing.
    Exactly,
}

/// How a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    AsSent,
    Title,
}

/// Where a text comes from. Patterns give their first group, or all that matched where they have none.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    Text(Field),
    /// The lines of the unstructured array with this between them.
    Lines(&'static str),
    /// The lines of the structured array with this between them.
    StructuredLines(&'static str),
    /// One line of the unstructured array.
    Line(usize),
    /// The lines from this one on.
    LinesFrom(usize),
    /// From the first line that matches.
    LineLike(&'static str),
    /// From every line that matches.
    LinesLike(&'static str),
    /// The first line that does not match.
    LineUnlike(&'static str),
    /// The lines that do not match.
    LinesUnlike(&'static str),
    Match(Field, &'static str),
    /// One of the parts between commas; the third part is all that follows the second comma.
    Part(usize),
    Fixed(&'static str),
}

/// Where a day comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Day {
    Booking,
    Value,
    /// The day as it is written in the instant of value, whatever zone that is in.
    WrittenValue,
    /// A day in a text, written like this.
    In(Source, &'static str),
}

/// Where an amount comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum AmountRule {
    /// The field, with the other sign.
    Negate,
    /// A text that is an exact decimal number, in this currency.
    From(Source, &'static str),
}

/// Orders rows of one day.
#[derive(Debug, Clone, Copy)]
pub(super) enum SortKey {
    ValueInstant,
    ValueDay,
    /// The number in the bank's id, after so many characters.
    Number(usize),
}

/// What is code because no table says it better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    BnpKeyValues,
    CommerzKeywords,
    HypeUnescape,
}

/// What has to hold.
#[derive(Debug)]
pub(super) enum Condition {
    Always,
    Booked,
    Pending,
    In,
    Out,
    /// No rule and no field gave a day.
    Undated,
    Missing(Field),
    Matches(Field, &'static str),
    /// One of the lines matches.
    Line(&'static str),
    /// So many lines at least.
    LineCount(usize),
    All(&'static [Condition]),
    Any(&'static [Condition]),
    Not(&'static Condition),
}

/// The rules of an institution; none for one that is not in the table.
pub(super) fn of(institution_key: &str) -> &'static [Rule] {
    let named = |ids: &[&str]| ids.iter().any(|id| names(id, institution_key));
    table::TABLE.iter().find(|(ids, _)| named(ids)).map_or(&[], |(_, rules)| rules)
}

/// An id of the table that begins with a star stands for all that end like it: one issuer's cards under many brands.
fn names(id: &str, institution_key: &str) -> bool {
    id.strip_prefix('*').map_or(id == institution_key, |end| institution_key.ends_with(end))
}

/// What the rows of one day are ordered by, the greatest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Text(String),
    Number(u128),
}

/// The ranks of a row, one for each sort key of its bank; a missing one is the least.
pub(super) fn ranks(institution_key: &str, wire: &Transaction) -> Vec<Option<Rank>> {
    let keys = of(institution_key).iter().find_map(|rule| match rule {
        Rule::Sort(keys) => Some(*keys),
        _ => None,
    });
    let text =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let rank = |key: &SortKey| match *key {
        SortKey::ValueInstant => text(&wire.value_date_time).map(Rank::Text),
        SortKey::ValueDay => text(&wire.value_date).or_else(|| text(&wire.booking_date)).map(Rank::Text),
        SortKey::Number(skip) => {
            let id = wire.transaction_id.as_deref()?.trim();
            let digits: String = id.chars().skip(skip).take_while(char::is_ascii_digit).collect();
            digits.parse().ok().map(Rank::Number)
        }
    };
    keys.unwrap_or_default().iter().map(rank).collect()
}

/// What a type of balance contains at this bank, where that is not what the provider's document says.
pub(super) fn balance_kind(institution_key: &str, word: &str) -> Option<BalanceKind> {
    let meanings = of(institution_key).iter().find_map(|rule| match rule {
        Rule::Balance(meanings) => Some(*meanings),
        _ => None,
    });
    let found = meanings?.iter().find(|(type_, _)| type_.eq_ignore_ascii_case(word));
    found.map(|(_, kind)| *kind)
}

/// Whether the balances that stand with this bank's rows are known to hold.
pub(super) fn running_balances_hold(institution_key: &str) -> bool {
    of(institution_key).iter().any(|rule| matches!(rule, Rule::RunningBalance))
}

/// The balances as the owner sees them. Where a bank states what is owed, the one balance that fits the rows is what is owed
/// less what is not invoiced, with the sign turned; the others fit nothing and stay for people alone.
pub(super) fn balances(institution_key: &str, mut balances: Vec<FetchedBalance>) -> Vec<FetchedBalance> {
    if of(institution_key).iter().any(|rule| matches!(rule, Rule::FirstBalance))
        && let Some(first) = balances.first_mut().filter(|first| first.kind == BalanceKind::Other)
    {
        first.kind = BalanceKind::Expected;
    }
    if !of(institution_key).iter().any(|rule| matches!(rule, Rule::Owed)) {
        return balances;
    }
    let is = |balance: &FetchedBalance, word: &str| balance.provider_kind.as_str().eq_ignore_ascii_case(word);
    let not_invoiced = balances.iter().find(|balance| is(balance, "nonInvoiced")).map(|balance| balance.amount);
    for balance in &mut balances {
        balance.kind = BalanceKind::Other;
        if is(balance, "expected")
            && let Ok(owed) = balance.amount.checked_neg()
            && let Ok(amount) = not_invoiced.map_or(Ok(owed), |more| owed.checked_add(more))
        {
            balance.amount = amount;
            balance.kind = BalanceKind::Expected;
        }
    }
    balances
}

/// An account as its bank means it: a masked card number is no IBAN, and the name shows its last digits.
pub(super) fn account(institution_key: &str, details: &mut Details, metadata: &mut AccountMetadata) {
    let shown = of(institution_key).iter().find_map(|rule| match rule {
        Rule::MaskedCard { shown } => Some(*shown),
        _ => None,
    });
    let Some(shown) = shown else { return };
    let number = details.iban.take().or_else(|| metadata.iban.take()).or_else(|| details.masked_pan.take());
    metadata.iban = None;
    let Some(number) = number else { return };
    let digits: Vec<char> = number.chars().filter(char::is_ascii_alphanumeric).collect();
    let last: String = digits[digits.len().saturating_sub(shown)..].iter().collect();
    let words = details.details.take().or_else(|| details.name.take()).or_else(|| details.product.take());
    details.name = Some(words.map_or_else(|| format!("({last})"), |words| format!("{words} ({last})")));
    details.masked_pan = Some(number);
}
