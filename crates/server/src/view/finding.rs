//! What was found out about a bank's data, as sentences.

use bankside_engine::LostTrust;

/// A sentence for each kind of id that has lost its trust.
pub(crate) fn findings(lost: &[LostTrust], bank: &str) -> Vec<String> {
    lost.iter().map(|lost| lost.why.in_words(lost.kind, bank)).collect()
}
