//! The wire: what Sophtron sends, in our types. Everything but an id may be absent. Source: section 5 of the fact sheet.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::json::Object;

/// What Sophtron writes for a field that an institution does not have.
const NONE: &str = "none";

/// A bank as Sophtron lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InstitutionRow {
    pub(super) id: String,
    pub(super) name: String,
    /// ISO 3166, two letters.
    pub(super) country: Option<String>,
    pub(super) logo: Option<String>,
    /// Whether it is said to be no bank and no card company, but somebody who sends bills.
    pub(super) is_biller: bool,
    pub(super) sign_in: SignInDetail,
}

/// What an institution's own sign-in page asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SignInDetail {
    pub(super) user_name: Option<String>,
    pub(super) password: Option<String>,
    /// Whether it is said that there is no password.
    pub(super) has_no_password: bool,
    /// Its fields, where they are listed one by one.
    pub(super) fields: Vec<SignInRow>,
}

/// A field of a sign-in page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignInRow {
    /// Which part of a request carries it, in lower case.
    pub(super) mapped: String,
    pub(super) label: Option<String>,
    pub(super) is_optional: bool,
}

impl InstitutionRow {
    pub(super) fn read(object: &Object<'_>) -> Option<Self> {
        let detail = object.object("institutiondetail").unwrap_or_default();
        let password = detail.text("loginformpassword");
        let has_no_password = password.as_deref().is_some_and(|label| label.eq_ignore_ascii_case(NONE));
        let country = object.text("countrycode").map(|code| code.to_uppercase());
        let field = |field: &Object<'_>| {
            Some(SignInRow {
                mapped: field.text("mappedfield")?.to_lowercase(),
                label: field.text("displaytext"),
                is_optional: field.flag("optional").unwrap_or(false),
            })
        };
        Some(Self {
            id: object.id(&["institutionid", "id"])?,
            name: object.first_text(&["institutionname", "name"])?,
            country: country.filter(|code| code.len() == 2 && code.chars().all(|c| c.is_ascii_uppercase())),
            logo: object.text("logo"),
            is_biller: object.flag("isfinancial") == Some(false),
            sign_in: SignInDetail {
                user_name: detail.text("loginformusername"),
                password: password.filter(|_| !has_no_password),
                has_no_password,
                fields: detail.objects("loginformfields").iter().filter_map(field).collect(),
            },
        })
    }
}

/// A login at Sophtron: a bank's user there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoginRow {
    pub(super) id: String,
    pub(super) institution: Option<String>,
}

impl LoginRow {
    pub(super) fn read(object: &Object<'_>) -> Option<Self> {
        Some(Self { id: object.id(&["userinstitutionid", "memberid"])?, institution: object.id(&["institutionid"]) })
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountRow {
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// Masked, such as `xxx1234`.
    pub(super) number: Option<String>,
    pub(super) full_number: Option<String>,
    pub(super) routing_number: Option<String>,
    /// Free text.
    pub(super) kind: Option<String>,
    /// The literal text of an amount.
    pub(super) balance: Option<String>,
    pub(super) available: Option<String>,
    /// A sign such as `$`, or an ISO code.
    pub(super) currency: Option<String>,
    pub(super) holder: Option<String>,
    /// The day up to which its data reaches.
    pub(super) updated_on: Option<Date>,
    /// Whether Sophtron keeps it up to date.
    pub(super) is_tracked: bool,
}

impl AccountRow {
    pub(super) fn read(object: &Object<'_>) -> Option<Self> {
        Some(Self {
            id: object.id(&["accountid", "userinstitutionaccountid", "id"])?,
            name: object.text("accountname"),
            number: object.text("accountnumber"),
            full_number: object.text("fullaccountnumber"),
            routing_number: object.text("routingnumber"),
            kind: object.text("accounttype"),
            balance: object.text("balance"),
            available: object.text("availablebalance"),
            currency: object.first_text(&["balancecurrency", "currency"]),
            holder: object.text("ownername"),
            updated_on: object.first_text(&["lastupdated", "lastmodifiedutc"]).as_deref().and_then(written_day),
            // As a number it is not documented which one means what, so only the word counts.
            is_tracked: !object.text("status").is_some_and(|word| word.eq_ignore_ascii_case("untracked")),
        })
    }
}

/// A transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TransactionRow {
    pub(super) id: Option<String>,
    pub(super) is_pending: bool,
    /// Whether `Type` says that money goes out (`DEBIT`) or comes in (`CREDIT`).
    pub(super) is_out: Option<bool>,
    /// The literal text of an amount.
    pub(super) amount: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) transacted: Option<String>,
    pub(super) posted: Option<String>,
    pub(super) description: Option<String>,
    pub(super) memo: Option<String>,
    pub(super) merchant: Option<String>,
    pub(super) category: Option<String>,
    pub(super) check_number: Option<String>,
    /// The balance after it.
    pub(super) balance: Option<String>,
}

impl TransactionRow {
    pub(super) fn read(object: &Object<'_>) -> Self {
        let is_out = match object.text("type").unwrap_or_default().to_lowercase().as_str() {
            "debit" => Some(true),
            "credit" => Some(false),
            _ => None,
        };
        Self {
            id: object.id(&["transactionid", "id"]),
            is_pending: object.text("status").is_some_and(|word| word.eq_ignore_ascii_case("pending")),
            is_out,
            amount: object.text("amount"),
            currency: object.text("currency"),
            transacted: object.first_text(&["transactiondate", "date"]),
            posted: object.text("postdate"),
            description: object.text("description"),
            memo: object.text("memo"),
            merchant: object.text("merchant"),
            category: object.text("category"),
            check_number: object.text("checknum"),
            balance: object.text("balance"),
        }
    }

    /// The day that orders it, and the day it happened: the days as written, or those of an instant in a zone.
    pub(super) fn days(&self, zone: &TimeZone) -> (Option<Date>, Option<Date>) {
        let day = |text: &Option<String>| text.as_deref().and_then(|text| day(text, zone));
        (day(&self.posted), day(&self.transacted))
    }
}

/// The day of a date, of a date with a time, or of an instant. A time that is midnight was put there by a computer, whatever
/// zone it says: it is a date.
pub(super) fn day(text: &str, zone: &TimeZone) -> Option<Date> {
    let written = written_day(text);
    match instant(text) {
        Some(instant) if !is_midnight(text) => Some(instant.to_zoned(zone.clone()).date()),
        _ => written,
    }
}

/// The instant that a text names, where it says its zone and a time of the day.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

/// Whether the time of the day is midnight as written.
pub(super) fn is_midnight(text: &str) -> bool {
    let time = text.trim().get(..19).and_then(|text| text.parse::<DateTime>().ok());
    time.is_some_and(|written| written.time() == Time::midnight())
}

/// The first ten characters, which are the date.
fn written_day(text: &str) -> Option<Date> {
    text.trim().get(..10)?.replace('/', "-").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_bank() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for (text, expected) in [
            ("2026-10-08T00:00:00", Some("2026-10-08")),
            ("2026-10-08T23:59:59", Some("2026-10-08")),
            ("2026-10-08", Some("2026-10-08")),
            ("2026/10/08", Some("2026-10-08")),
            ("2026-10-08T00:00:00Z", Some("2026-10-08")),
            ("2026-10-08T00:00:00.000-07:00", Some("2026-10-08")),
            ("2026-10-08T02:30:00Z", Some("2026-10-07")),
            ("2026-10-08T23:30:00-07:00", Some("2026-10-09")),
            ("0001-01-01T00:00:00", Some("0001-01-01")),
            ("08.10.2026", None),
            ("Okt\u{f6}\u{f6}ber 8", None),
            ("", None),
        ] {
            assert_eq!(day(text, &zone).map(|day| day.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_institution_without_details_is_one() {
        let read = |text: &str| InstitutionRow::read(&Object::read(text.as_bytes()).unwrap());
        let plain =
            read(r#"{"institutionID":"a1","InstitutionName":"Prairie","CountryCode":"us","InstitutionDetail":null}"#);
        assert_eq!(plain.as_ref().unwrap().country.as_deref(), Some("US"));
        assert_eq!(plain.unwrap().sign_in, SignInDetail::default());
        assert_eq!(read(r#"{"InstitutionID":"00000000-0000-0000-0000-000000000000","InstitutionName":"x"}"#), None);
    }

    #[test]
    fn only_the_word_untracked_hides_an_account() {
        let read = |status: &str| {
            let text = format!(r#"{{"AccountID":"a1","Status":{status}}}"#);
            AccountRow::read(&Object::read(text.as_bytes()).unwrap()).unwrap().is_tracked
        };
        assert!(read("\"Tracked\"") && read("0") && read("1") && read("null"));
        assert!(!read("\"untracked\""));
    }
}
