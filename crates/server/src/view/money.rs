//! Amounts and counts as the person reads them: grouped in their format, with a real minus, in tabular figures.

use bankside_domain::Currency;

use super::day::Today;

impl Today {
    /// A count: `1,204`.
    pub(crate) fn grouped(&self, number: i64) -> String {
        self.formats.numbers.count(number)
    }

    /// A count with its noun: `1 row`, `1,204 rows`.
    pub(crate) fn counted(&self, count: i64, one: &str, many: &str) -> String {
        format!("{} {}", self.grouped(count), if count == 1 { one } else { many })
    }

    /// An amount without its currency: `−1,204.10`.
    pub(crate) fn amount(&self, minor: i64, currency: Currency) -> String {
        self.formats.numbers.amount(minor, currency)
    }

    /// An amount of a register: money in carries its plus.
    pub(crate) fn signed(&self, minor: i64, currency: Currency) -> String {
        let text = self.amount(minor, currency);
        if minor > 0 { format!("+{text}") } else { text }
    }

    /// What a bank states and what that means: `The bank says −120.50: you owe 120.50.` `minor` is as it is booked.
    pub(crate) fn stated(&self, minor: i64, flips_sign: bool, currency: Currency) -> String {
        let said = self.amount(if flips_sign { minor.saturating_neg() } else { minor }, currency);
        let abs = self.amount(minor.saturating_abs(), currency);
        match minor.signum() {
            -1 => format!("The bank says {said}: you owe {abs}."),
            0 => format!("The bank says {said}."),
            _ => format!("The bank says {said}: you have {abs}."),
        }
    }

    /// How a row is booked: `We book REWE 12.30 as money out.`
    pub(crate) fn booked_as(&self, payee: &str, minor: i64, currency: Currency) -> String {
        let way = if minor < 0 { "out" } else { "in" };
        format!("We book {payee} {} as money {way}.", self.amount(minor.saturating_abs(), currency))
    }
}

#[cfg(test)]
mod tests {
    use bankside_domain::{Formats, NumberFormat};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn amounts_are_signed_and_counts_have_their_noun() {
        let eur = Currency::iso("EUR").unwrap();
        let numbers = NumberFormat::PointComma;
        let today = Today::new(Timestamp::UNIX_EPOCH, "UTC", Formats { numbers, ..Formats::default() });
        assert_eq!(today.signed(284_000, eur), "+2.840,00");
        assert_eq!(today.signed(-31_245, eur), "\u{2212}312,45");
        assert_eq!(today.signed(0, eur), "0,00");
        assert_eq!(today.counted(1284, "row", "rows"), "1.284 rows");
        assert_eq!(today.counted(1, "row", "rows"), "1 row");
    }

    #[test]
    fn a_balance_says_who_owes_whom_whichever_way_the_bank_counts() {
        let eur = Currency::iso("EUR").unwrap();
        let numbers = NumberFormat::CommaPoint;
        let today = Today::new(Timestamp::UNIX_EPOCH, "UTC", Formats { numbers, ..Formats::default() });
        assert_eq!(today.stated(-12_050, false, eur), "The bank says \u{2212}120.50: you owe 120.50.");
        assert_eq!(today.stated(-12_050, true, eur), "The bank says 120.50: you owe 120.50.");
        assert_eq!(today.stated(12_050, true, eur), "The bank says \u{2212}120.50: you have 120.50.");
        assert_eq!(today.booked_as("REWE", -1230, eur), "We book REWE 12.30 as money out.");
    }
}
