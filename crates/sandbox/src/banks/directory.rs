//! Institutions that exist only in lists, so that searching makes sense. Their consent page says that the bank is down.

use super::{Bank, Institution, ScopeRules};

const fn listed(
    id: &'static str,
    name: &'static str,
    bic: &'static str,
    countries: &'static [&'static str],
    days: (u16, u16),
    features: &'static [&'static str],
) -> Bank {
    let (transaction_total_days, max_access_valid_for_days) = days;
    Bank {
        institution: Institution {
            id,
            name,
            bic,
            countries,
            transaction_total_days,
            max_access_valid_for_days,
            reconfirmation_days: None,
            features,
            scopes: ScopeRules::NONE,
        },
        about: "Only in lists; its consent page says that the bank cannot be reached.",
        service: None,
    }
}

/// All of them.
pub(super) const LISTED: &[Bank] = &[
    listed(
        "ALPENGLUEHEN_ALGLAT22",
        "Alpenglühen Bank",
        "ALGLAT22",
        &["AT", "DE", "LI"],
        (365, 180),
        &["private_accounts"],
    ),
    listed("MOORLANDER_MLKADE21", "Moorlander Landkasse", "MLKADE21", &["DE"], (90, 180), &["private_accounts"]),
    listed("SCHNUPPE_SNDBDE21", "Schnuppe Direktbank", "SNDBDE21", &["DE", "AT"], (730, 180), CARDS),
    listed("LAGUNA_LGNAES2M", "Caja Laguna Azul", "LGNAES2M", &["ES"], (90, 180), BUSINESS),
    listed("PETITPONT_PPNTFRPP", "Crédit Petit-Pont", "PPNTFRPP", &["FR", "LU"], (90, 90), BUSINESS),
    listed(
        "TORRENTE_TRRNIT2M",
        "Banca Torrente",
        "TRRNIT2M",
        &["IT"],
        (120, 180),
        &["business_accounts", "private_accounts"],
    ),
    listed("FAROL_FAROPTPL", "Banco do Farol", "FAROPTPL", &["PT"], (90, 180), &["private_accounts"]),
    listed("FJORDLYS_FJLYNOK2", "Fjordlys Bank", "FJLYNOK2", &["NO", "SE", "DK"], (365, 180), SSN),
    listed("TUHAT_TUHAFIHH", "Tuhat Järveä Pankki", "TUHAFIHH", &["FI", "EE"], (540, 180), &["private_accounts"]),
    listed("CURLEW_QUAY_CWQYIE2D", "Curlew Quay", "CWQYIE2D", &["IE"], (365, 180), CARDS),
    WISLANA,
    SPARKRUKAN,
];

const CARDS: &[&str] = &["card_accounts", "pending_transactions", "private_accounts"];
const BUSINESS: &[&str] = &["access_scopes", "business_accounts", "corporate_accounts", "private_accounts"];
const SSN: &[&str] = &["private_accounts", "ssn_verification"];

/// A bank whose scopes come in pairs, as some Polish banks have it (fact sheet §4).
const WISLANA: Bank = {
    let days = (90, 180);
    let features = &["access_scopes", "private_accounts"];
    let mut bank = listed("WISLANA_WSLNPLPW", "Bank Wiślana", "WSLNPLPW", &["PL"], days, features);
    bank.institution.scopes.together = &["details", "balances"];
    bank
};

/// A bank that shows balances and never without details (fact sheet §4).
const SPARKRUKAN: Bank = {
    let features = &["access_scopes", "private_accounts"];
    let mut bank = listed("SPARKRUKAN_SPKRSE21", "Sparkrukan", "SPKRSE21", &["SE"], (90, 180), features);
    bank.institution.scopes.mandatory = &["details"];
    bank.institution.scopes.missing = &["transactions"];
    bank
};
