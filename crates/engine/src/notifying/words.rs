//! What a mail about banks says: which bank, which accounts, what about them and why, and where the remedy is. No amounts, and of a
//! number only how it ends.

use bankside_domain::Formats;
use bankside_domain::notice::{DueNotice, Failing, Notice};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use url::Url;

/// That access is over.
pub const ENDED: &str = "Access has ended. Nothing is lost: links and rows stay.";
/// What to do about access that is over, and what happens meanwhile.
pub const ENDED_OUTLOOK: &str =
    "Resync takes a minute, keeps all links, and fills the gap. Until then nothing new comes in.";
/// Why access ends, and what to do about it.
pub const ENDS_OUTLOOK: &str = "The limit is the bank's and the provider's. Resync takes a minute and keeps all links.";

/// That access ends on a day, in so many.
pub fn ends_on(day: &str, days_left: i64) -> String {
    let days = if days_left == 1 { "day" } else { "days" };
    format!("Access ends on {day}, {days_left} {days} left.")
}

/// How a masked number ends.
pub(super) fn last_four(masked: &str) -> Option<String> {
    let mut last: Vec<char> = masked.chars().rev().filter(char::is_ascii_alphanumeric).take(4).collect();
    last.reverse();
    (!last.is_empty()).then(|| last.into_iter().collect())
}

/// What is told of one connection.
pub(super) struct Told<'a> {
    /// Its bank.
    pub(super) bank: &'a str,
    /// What is due.
    pub(super) due: DueNotice,
    /// What is wrong with it, if something is.
    pub(super) failing: Option<&'a Failing>,
    /// The accounts that it is about.
    pub(super) accounts: Vec<FedAccountWords>,
}

/// An account, as a mail names it.
pub(super) struct FedAccountWords {
    /// Its name.
    pub(super) name: String,
    /// How the number of its bank account ends.
    pub(super) number: Option<String>,
}

/// What all of a mail has in common.
pub(super) struct Writing<'a> {
    /// The organization's name.
    pub(super) organization: &'a str,
    /// Its time zone.
    pub(super) zone: &'a TimeZone,
    /// How the recipient reads days.
    pub(super) formats: Formats,
    /// Where *Resync* is.
    pub(super) banks: &'a Url,
    /// Where such mails are switched off.
    pub(super) settings: &'a Url,
}

impl Writing<'_> {
    /// Subject and text.
    pub(super) fn mail(&self, told: &[Told<'_>]) -> (String, String) {
        let organization = self.organization;
        let subject = match told {
            [one] => format!("{}: {}", one.bank, self.in_short(&one.due)),
            several => format!("News of {} bank syncs of {organization}", several.len()),
        };
        let (banks, settings) = (self.banks, self.settings);
        let mut parts: Vec<String> = told.iter().map(|told| self.about(told)).collect();
        parts.push(format!("Resync is on the page Bank integrations of {organization}:\n{banks}\n"));
        parts.push(format!(
            "You get this as an owner or admin of {organization}. Settings has a switch for such mails:\n{settings}\n"
        ));
        (subject, parts.join("\n"))
    }

    fn in_short(&self, due: &DueNotice) -> String {
        match due.notice {
            Notice::EndsWithin14 | Notice::EndsWithin7 | Notice::EndsWithin1 => {
                format!("access ends on {}", self.day(due.about_at))
            }
            Notice::Ended => "access has ended".to_owned(),
            Notice::Failing => "syncs fail".to_owned(),
            Notice::Stuck => "nothing comes in until somebody acts".to_owned(),
        }
    }

    fn about(&self, told: &Told<'_>) -> String {
        let accounts: Vec<String> = told.accounts.iter().map(FedAccountWords::in_words).collect();
        let accounts = match accounts.as_slice() {
            [] => String::new(),
            [one] => format!("Account: {one}\n"),
            several => format!("Accounts: {}\n", several.join(", ")),
        };
        format!("{}\n{accounts}{}\n", told.bank, self.what(told))
    }

    fn what(&self, told: &Told<'_>) -> String {
        let due = &told.due;
        let wrong = told.failing.map(|failing| failing.fault.message.as_str()).unwrap_or_default();
        match due.notice {
            Notice::EndsWithin14 | Notice::EndsWithin7 | Notice::EndsWithin1 => {
                let ends = ends_on(&self.moment(due), due.days_left.unwrap_or_default());
                format!("{ends} {ENDS_OUTLOOK}")
            }
            Notice::Ended => format!("{ENDED} It ended on {}. {ENDED_OUTLOOK}", self.moment(due)),
            Notice::Failing => format!(
                "{wrong} It has been so since {}. Bankside goes on trying by itself; Bank integrations says how it stands.",
                self.day(due.about_at)
            ),
            Notice::Stuck => format!(
                "{wrong} It has been so since {}, and waiting does not help: Bank integrations says what does.",
                self.day(due.about_at)
            ),
        }
    }

    fn day(&self, at: Timestamp) -> String {
        self.formats.dates.long(at.to_zoned(self.zone.clone()).date())
    }

    /// The day that a notice is about, with the hour where hours count.
    fn moment(&self, due: &DueNotice) -> String {
        let day = self.day(due.about_at);
        match due.notice {
            Notice::EndsWithin1 => format!("{day} at {}", due.about_at.to_zoned(self.zone.clone()).strftime("%H:%M")),
            _ => day,
        }
    }
}

impl FedAccountWords {
    fn in_words(&self) -> String {
        match &self.number {
            Some(number) => format!("{} (ending in {number})", self.name),
            None => self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_number_only_the_end_is_told() {
        assert_eq!(last_four("DE•• •••• 4931").as_deref(), Some("4931"));
        assert_eq!(last_four("DE02120300000000202051").as_deref(), Some("2051"));
        assert_eq!(last_four("••••"), None);
    }
}
