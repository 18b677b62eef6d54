//! Rules of the table that several rows share, or that would hide the rows around them.

use bankside_domain::balance::BalanceKind;

use super::{Case, Condition, Field, How, Rule, Source};

use Condition::{All, Booked, In, Line, LineCount, Matches, Out, Pending};
use Field::{
    Additional, Creditor, Debtor, Party, ProprietaryCode, Remittance, Structured, TransactionId, Unstructured,
};
use How::{Append, Exactly, IfMissing, Replace};
use Rule::{Balance, Fill, First, Payee, Rewrite, When};
use Source::{Fixed, LineLike, LineUnlike, LinesUnlike, Match, StructuredLines, Text};

/// The available balance is the one that these banks' rows lead to; the expected one stands back.
pub(super) const OPENS_WITH_AVAILABLE: Rule =
    Balance(&[("interimAvailable", BalanceKind::Expected), ("expected", BalanceKind::Available)]);

/// All that German savings banks say about a payment, which they spread over several fields.
pub(super) const SAVINGS_BANK_TEXT: Rule =
    Fill(Remittance, Replace, &[Text(Unstructured), Text(Structured), StructuredLines(" ")]);

/// What is sent on top of it.
pub(super) const AND_ADDITIONAL: Rule = Fill(Remittance, Append, &[Text(Additional)]);

/// Behind a payment service the person knows the shop and not the service.
pub(super) const ULTIMATE_CREDITOR: Rule = Fill(Creditor, Replace, &[Text(Field::UltimateCreditor), Text(Creditor)]);

/// The one text that says who it was; a payer with a name keeps it.
pub(super) const ADDITIONAL_NAMES: Rule = First(&[
    (Out, &[Fill(Creditor, Replace, &[Text(Additional)])]),
    (In, &[Fill(Debtor, IfMissing, &[Text(Additional)])]),
]);

/// The order of the lines is not stable, so each form is looked for in all of them.
pub(super) const BOURSORAMA: &[Rule] = &[
    Rewrite(Field::Lines, &[(r"\\ ?", " "), (r"^Réf : .*$", "")]),
    First(&[
        (
            Line(r"^CARTE \d\d/\d\d/\d\d "),
            &[
                Payee(Replace, Case::Title, &[LineLike(r"^CARTE \d\d/\d\d/\d\d (.+?)(?: \d+)?(?: CB\*\d+)?$")]),
                Fill(Remittance, Exactly, &[LinesUnlike(r"^CARTE \d\d/\d\d/\d\d ")]),
            ],
        ),
        (
            Line(r"^(?:VIR INST|VIR SEPA|PRLV SEPA) "),
            &[
                Payee(Replace, Case::Title, &[LineLike(r"^(?:VIR INST|VIR SEPA|PRLV SEPA) (.+)$")]),
                Fill(Remittance, Exactly, &[LinesUnlike(r"^(?:VIR INST|VIR SEPA|PRLV SEPA) ")]),
            ],
        ),
        (
            All(&[Line("^VIR "), LineCount(2)]),
            &[
                Payee(Replace, Case::Title, &[LineUnlike("^VIR ")]),
                Fill(Remittance, Exactly, &[LineLike("^VIR (.+)$")]),
            ],
        ),
        (
            Line("^ECH PRET:"),
            &[
                Payee(Replace, Case::AsSent, &[Fixed("Prêt bancaire")]),
                Fill(Remittance, Exactly, &[LineLike("^ECH PRET:.*$")]),
            ],
        ),
        (
            Line(r"^RETRAIT DAB "),
            &[
                Payee(Replace, Case::AsSent, &[Fixed("Retrait DAB")]),
                Fill(Remittance, Exactly, &[LineLike(r"^RETRAIT DAB \d\d/\d\d/\d\d (.+?)(?: CB\*\d+)?$")]),
                Fill(Remittance, Append, &[LinesUnlike("^RETRAIT DAB ")]),
            ],
        ),
        (
            LineCount(1),
            &[Payee(Replace, Case::Title, &[Source::Line(0)]), Fill(Remittance, Exactly, &[Source::LinesFrom(1)])],
        ),
    ]),
];

/// What comes without an id comes without names too.
pub(super) const ING_ROMANIA: &[Rule] = &[When(
    Matches(TransactionId, "^NOTPROVIDED$"),
    &[
        Fill(Remittance, IfMissing, &[Text(ProprietaryCode)]),
        First(&[
            (
                All(&[Booked, Matches(Remittance, "(?i)card no:")]),
                &[
                    Fill(Creditor, Replace, &[Match(Remittance, "^([^,]+),"), Text(Remittance)]),
                    Fill(Debtor, IfMissing, &[Match(Remittance, "^([^,]+),"), Text(Remittance)]),
                ],
            ),
            (Booked, &[Fill(Creditor, Replace, &[Text(Remittance)]), Fill(Debtor, IfMissing, &[Text(Remittance)])]),
            (
                Pending,
                &[
                    Payee(Replace, Case::AsSent, &[Text(Remittance)]),
                    Rewrite(Party, &[("xxxx", "Xxxx ")]),
                    Fill(Remittance, Exactly, &[]),
                ],
            ),
        ]),
    ],
)];
