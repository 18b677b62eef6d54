//! What a column says by its name.

mod names;

use bankside_domain::text::fold;

use self::names::{NAMES, PARTS};
use super::Role;

/// What a column of this name says, if the name is known.
pub(super) fn role_of(name: &str) -> Option<Role> {
    if name.len() > 80 {
        return None;
    }
    let folded = fold(name).replace(['"', '\u{feff}'], "").replace('_', " ").replace('’', "'");
    let folded = folded.trim().trim_end_matches(':');
    let exactly = |name: &str| NAMES.iter().find(|(_, names)| names.contains(&name)).map(|(role, _)| *role);
    // A currency stands behind many names: “Betrag (EUR)”, “Amount EUR”.
    let bare = folded.split('(').next().unwrap_or_default().trim();
    let last = bare.rsplit_once(' ').filter(|(_, code)| code.len() == 3).map(|(before, _)| before);
    exactly(folded).or_else(|| exactly(bare)).or_else(|| last.and_then(exactly)).or_else(|| {
        PARTS.iter().find(|(_, parts)| parts.iter().any(|part| folded.contains(part))).map(|(role, _)| *role)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_many_spellings() {
        for (name, role) in [
            ("Buchungstag", Role::BookedOn),
            ("BOOKING_DATE", Role::BookedOn),
            ("Wertstellung", Role::ValueOn),
            ("Betrag (€)", Role::Amount),
            ("Betrag (EUR)", Role::Amount),
            ("Amount EUR", Role::Amount),
            ("Zahlungsempfänger*in", Role::Payee),
            ("Zahlungspflichtige*r", Role::Payer),
            ("Libellé", Role::Purpose),
            ("Saldo nach Buchung", Role::Balance),
            ("Paid Out (GBP)", Role::Debit),
            ("Paid In", Role::Credit),
            ("Af Bij", Role::Direction),
            ("Währung", Role::Currency),
            ("Umsatzstatus", Role::Status),
            ("État", Role::Status),
            ("IBAN", Role::CounterpartyAccount),
            ("IBAN Auftragskonto", Role::OwnAccount),
            ("Numéro de compte", Role::OwnAccount),
            ("Account number", Role::OwnAccount),
            ("Date d’opération", Role::BookedOn),
        ] {
            assert_eq!(role_of(name), Some(role), "{name}");
        }
        assert_eq!(role_of("Girokonto DE12 3456"), None);
    }
}
