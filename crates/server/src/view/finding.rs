//! What was found out about a bank's data, as sentences.

use bankside_engine::LostTrust;

/// That accounts of a sync are left out, where some are.
pub(crate) fn left_out(accounts: i64) -> Option<String> {
    match accounts {
        0 => None,
        1 => Some(
            "One account is left out: its currency is not known here, or the bank does not let it be read.".to_owned(),
        ),
        more => Some(format!(
            "{more} accounts are left out: their currencies are not known here, or the bank does not let them be read."
        )),
    }
}

/// A sentence for each kind of id that has lost its trust.
pub(crate) fn findings(lost: &[LostTrust], bank: &str) -> Vec<String> {
    lost.iter().map(|lost| lost.why.in_words(lost.kind, bank)).collect()
}
