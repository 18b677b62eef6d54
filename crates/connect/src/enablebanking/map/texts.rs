//! Names and texts, and what single banks do differently about them, as a table. Source: section 5 of the fact sheet, quirks.

use bankside_domain::text::tidy;

use super::super::wire::Transaction;

/// What a row says to people.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) name: Option<String>,
    pub(super) remittance: Option<String>,
}

/// What a bank does.
#[derive(Clone, Copy)]
enum Habit {
    /// Lines with a label each, of which these have the text and the name.
    Labels { text: &'static str, name: &'static str },
    /// Kinds of payment before the name of a card payment, and columns behind it.
    KindBefore(&'static [&'static str]),
    /// A number of a card where a name should be.
    CardForName,
}

/// Which banks: by country, and by a word of their name; without a word all of the country.
const HABITS: &[(&str, &str, Habit)] = &[
    ("NL", "ABN AMRO", Habit::Labels { text: "Omschrijving", name: "Naam" }),
    ("DK", "", Habit::KindBefore(&["Dankort-køb", "Visa/Dankort", "MobilePay køb", "MobilePay"])),
    ("", "Wise", Habit::CardForName),
];

/// Services that stand before the name of who was paid.
const SERVICES: [&str; 5] = ["SUMUP *", "SUMUP  *", "SQ *", "ZETTLE_*", "PAYPAL *"];

fn habit(institution_key: &str) -> Option<Habit> {
    let (country, name) = institution_key.split_once(':').unwrap_or_default();
    let fits = |row: &&(&str, &str, Habit)| (row.0.is_empty() || row.0 == country) && name.contains(row.1);
    HABITS.iter().find(fits).map(|row| row.2)
}

/// What a row says, with the name of the other party where it has one.
pub(super) fn told(institution_key: &str, wire: &Transaction, party: Option<&str>) -> Told {
    let lines: Vec<String> = wire.remittance_information.iter().flatten().filter_map(|line| tidy(line)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| !is_till(line)).collect();
    let mut told = Told { name: party.map(str::to_owned), remittance: joined(&lines) };
    match habit(institution_key) {
        Some(Habit::Labels { text, name }) => {
            told.remittance = labelled(&lines, text).or(told.remittance);
            told.name = told.name.or_else(|| labelled(&lines, name));
        }
        Some(Habit::KindBefore(kinds)) if told.name.is_none() => told.name = behind_kind(&lines, kinds),
        Some(Habit::CardForName) => told.name = told.name.filter(|name| !is_card(name)),
        _ => {}
    }
    told.name = told.name.as_deref().map(without_service).and_then(tidy);
    let description = || wire.bank_transaction_code.as_ref()?.description.as_deref().and_then(tidy);
    told.remittance = told.remittance.or_else(|| wire.note.as_deref().and_then(tidy));
    // What kind of row it is, where it says nothing else.
    if told.name.is_none() && told.remittance.is_none() {
        told.remittance = description();
    }
    told
}

/// The lines as one text, each once.
fn joined(lines: &[&str]) -> Option<String> {
    let mut once: Vec<&str> = Vec::new();
    for line in lines {
        if !once.contains(line) {
            once.push(line);
        }
    }
    (!once.is_empty()).then(|| once.join(" "))
}

/// The rest of the line with this label.
fn labelled(lines: &[&str], label: &str) -> Option<String> {
    let rest = |line: &&str| line.strip_prefix(label)?.trim_start().strip_prefix(':').and_then(tidy);
    lines.iter().find_map(rest)
}

/// The name behind a kind of payment: up to the columns, and behind an amount in another currency.
fn behind_kind(lines: &[&str], kinds: &[&str]) -> Option<String> {
    let line = lines.first()?;
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    let rest = rest.split('|').next().unwrap_or_default();
    // “GBP 8,99 Kurs 8,7 Nota nr. 123 merchant”: the name comes after the number of the note.
    let rest = match rest.split_once("Nota nr.") {
        Some((_, after)) => after.trim_start().split_once(' ').map_or("", |(_, name)| name),
        None => rest,
    };
    tidy(rest)
}

/// A line that a till has written, such as “POS 45,13 AT D6 31.07. 10:27”.
fn is_till(line: &str) -> bool {
    let mut words = line.split(' ');
    let is_number = |word: Option<&str>| {
        word.is_some_and(|word| word.contains(',') && word.starts_with(|c: char| c.is_ascii_digit()))
    };
    let has_time = line.rsplit(' ').next().is_some_and(|word| word.len() == 5 && word.as_bytes()[2] == b':');
    words.next() == Some("POS") && is_number(words.next()) && has_time
}

fn is_card(name: &str) -> bool {
    name.strip_prefix("CARD-").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn without_service(name: &str) -> &str {
    let begins = |service: &&&str| name.get(..service.len()).is_some_and(|start| start.eq_ignore_ascii_case(service));
    SERVICES.iter().find(begins).map_or(name, |service| &name[service.len()..])
}
