//! The table. Each row names its line of the fact sheet's section 12.2 and the letters of its rules there.
//!
//! What a line asks for and everyone gets anyway is not repeated: a booked balance opens before an expected and that before an
//! available one, an id that says there is none is none, and an empty unstructured text gives way to the next.

use bankside_domain::balance::BalanceKind;

use super::shared::{
    ADDITIONAL_NAMES, AND_ADDITIONAL, BOURSORAMA, ING_ROMANIA, OPENS_WITH_AVAILABLE, SAVINGS_BANK_TEXT,
    ULTIMATE_CREDITOR,
};
use super::{AmountRule, Case, Condition, Day, Field, How, Named, Rule, SortKey, Source};

use Condition::{All, Any, Booked, In, Line, LineCount, Matches, Missing, Not, Out, Pending, Undated};
use Field::{
    Additional, Creditor, Debtor, Party, ProprietaryCode, Remittance, Structured, TransactionId, Unstructured,
};
use How::{IfMissing, Replace};
use Rule::{Amount, Balance, Date, Drop, Fill, First, NoBankId, Payee, Rewrite, Sort, When};
use Source::{LineLike, LineUnlike, LinesLike, Match, Part, Text};

type Ids = &'static [&'static str];

pub(super) static TABLE: &[(Ids, &[Rule])] = &[
    // Abanca: F.
    (&["ABANCA_CAGLESMM", "ABANCA_CAGLPTPL", "ABANCA_CORP_CAGLPTPL"], &[Fill(Party, Replace, &[Text(Structured)])]),
    // ABN AMRO: F P D S, and B without the running balance of the oldest row.
    (
        &["ABNAMRO_ABNANL2A"],
        &[
            Fill(Remittance, Replace, &[Source::Lines(", ")]),
            Payee(IfMissing, Case::AsSent, &[LineLike(r"^(?:.*\*)?(.+),PAS\d+$")]),
            Date(&[Day::WrittenValue]),
            Sort(&[SortKey::ValueInstant]),
            Rule::RunningBalance,
        ],
    ),
    // American Express: N B. It states one balance, of a type of its own.
    (
        &["AMERICAN_EXPRESS_AESUDEF1"],
        &[Rule::MaskedCard { shown: 5 }, Balance(&[("information", BalanceKind::Expected)])],
    ),
    // Banc Sabadell: F by sign.
    (&["BANCSABADELL_BSABESBB"], &[Fill(Party, Replace, &[Source::Lines(" ")])]),
    // Bank of Ireland: R.
    (
        &["BANK_OF_IRELAND_B365_BOFIIE2D"],
        &[Rewrite(
            Remittance,
            &[
                (r"\s+", " "),
                (r"^(?:POS)?C?\d{1,2}[A-Za-z]{3}", ""),
                (r"(?i)sepa dd$", ""),
                (r"(?i)^365 online", ""),
                (r"^CRV\*", ""),
            ],
        )],
    ),
    // Bankinter: R F.
    (
        &["BANKINTER_BKBKESMM"],
        &[
            Rewrite(Remittance, &[(r"(?i)/Txt/(?:\w\|)?", ""), (";", " ")]),
            Rewrite(Creditor, &[(";", " ")]),
            Rewrite(Debtor, &[(";", " ")]),
            Payee(IfMissing, Case::AsSent, &[Text(Remittance)]),
        ],
    ),
    // Belfius: I. It gives several rows one id.
    (&["BELFIUS_GKCCBEBB"], &[NoBankId]),
    // Berliner Sparkasse and Sparkasse Karlsruhe: F B. The line's last resort for a creditor is the debtor, who is the holder
    // of what goes out, so it is left out.
    (
        &["BERLINER_SPARKASSE_BELADEBEXXX", "SPK_KARLSRUHE_KARSDE66XXX"],
        &[SAVINGS_BANK_TEXT, AND_ADDITIONAL, ULTIMATE_CREDITOR, OPENS_WITH_AVAILABLE],
    ),
    // Fintro, Hello bank and BNP Paribas Fortis: Z P.
    (&["FINTRO_BE_GEBABEBB", "HELLO_BE_GEBABEBB", "BNP_BE_GEBABEBB"], &[Rule::Named(Named::BnpKeyValues)]),
    // Boursorama: R P.
    (&["BOURSORAMA_BOUSFRPP"], BOURSORAMA),
    // CBC: P. The name stands before the last word for the kind of payment.
    (
        &["CBC_CREGBEBB"],
        &[First(&[
            (In, &[Payee(IfMissing, Case::AsSent, &[Text(Remittance)])]),
            (
                Out,
                &[Payee(
                    IfMissing,
                    Case::AsSent,
                    &[
                        Match(Remittance, r"(?s)^(.*)(?:Paiement|Domiciliation|Transfert|Ordre permanent)"),
                        Text(Remittance),
                    ],
                )],
            ),
        ])],
    ),
    // Commerzbank: F Z R.
    (
        &["COMMERZBANK_COBADEFF"],
        &[Fill(Remittance, Replace, &[Source::Lines(" ")]), Rule::Named(Named::CommerzKeywords)],
    ),
    // Danske Bank: R B; the Danish one came later.
    (
        &["DANSKEBANK_DABANO22", "DANSKEBANK_DABADKKK"],
        &[Rewrite(Remittance, &[(r"\s*EndToEndID: NOTPROVIDED", "")]), OPENS_WITH_AVAILABLE],
    ),
    // 1822direkt: F.
    (&["DIREKT_HELADEF1822"], &[Fill(Remittance, Replace, &[Text(Unstructured), Text(Structured)])]),
    // easybank: P S. Card payments are of a fixed form; what is of none reads as it stands.
    (
        &["EASYBANK_BAWAATWW"],
        &[
            Payee(IfMissing, Case::Title, &[Match(Structured, r"\d\d\.\d\d\. \d\d:\d\d(.*)\\\\")]),
            Payee(IfMissing, Case::AsSent, &[Text(Structured)]),
            Sort(&[SortKey::ValueDay, SortKey::Number(0)]),
        ],
    ),
    // Entercard: A D, and B without its rule that the first balance counts.
    (
        &["ENTERCARD_SWEDNOKK"],
        &[
            Amount(AmountRule::From(Match(Remittance, r"^billingAmount: ([+-]?\d{1,12}(?:\.\d{1,2})?)$"), "SEK")),
            Date(&[Day::Value]),
            Rule::FirstBalance,
        ],
    ),
    // Fortuneo: R F by sign.
    (
        &["FORTUNEO_FTNOFRP1XXX"],
        &[When(
            LineCount(1),
            &[
                Fill(Party, Replace, &[Source::Lines(" ")]),
                Rewrite(Party, &[(r"\b(?:VIR INST|VIR|PRLV|ANN CARTE|CARTE \d\d/\d\d)\b", "")]),
            ],
        )],
    ),
    // HYPE: R P Z D. Payments between people and transfers name both the person and the reason, with a dash between.
    (
        &["HYPE_HYEEIT22"],
        &[
            When(
                Matches(ProprietaryCode, "^crd$"),
                &[Payee(Replace, Case::AsSent, &[Match(Remittance, r"(?i)^PAGAMENTO PRESSO (.+)$")])],
            ),
            When(
                Matches(ProprietaryCode, "^(?:bon|p2p)$"),
                &[
                    Payee(
                        IfMissing,
                        Case::AsSent,
                        &[Match(
                            Remittance,
                            r"^(?:DENARO|HAI) (?:INVIATO|RICEVUTO)(?: UN BONIFICO)? (?:A|DA) (.+?) - ",
                        )],
                    ),
                    Rewrite(Remittance, &[(r"(?s)^.*? - ", "")]),
                ],
            ),
            When(Matches(ProprietaryCode, "^p2p$"), &[Rule::Named(Named::HypeUnescape)]),
            Date(&[Day::Value, Day::Booking]),
        ],
    ),
    // ING Romania: I F R. That its id is none is so for everyone.
    (&["ING_INGBROBU"], ING_ROMANIA),
    // ING Germany: R S.
    (
        &["ING_INGDDEFF"],
        &[
            Fill(Remittance, Replace, &[Match(Remittance, r"(?s)remittanceinformation:(.*)$")]),
            Sort(&[SortKey::ValueDay, SortKey::Number(0)]),
        ],
    ),
    // ING Poland: D S, and B without the running balance of the oldest row.
    (&["ING_PL_INGBPLPW"], &[Date(&[Day::Value]), Sort(&[SortKey::Number(2)]), Rule::RunningBalance]),
    // isybank: D.
    (&["ISYBANK_ITBBITMM"], &[Date(&[Day::Value, Day::Booking])]),
    // KBC: as CBC, P.
    (
        &["KBC_KREDBEBB"],
        &[First(&[
            (In, &[Payee(IfMissing, Case::AsSent, &[Text(Remittance)])]),
            (
                Out,
                &[Payee(
                    IfMissing,
                    Case::AsSent,
                    &[Match(Remittance, r"(?s)^(.*)(?:Betaling met|Domiciliëring|Overschrijving)"), Text(Remittance)],
                )],
            ),
        ])],
    ),
    // LHV: P D. The card was used on the day in the text.
    (
        &["LHV_LHVBEE22"],
        &[
            Payee(Replace, Case::AsSent, &[Match(Remittance, r"^\(\.\.\d{4}\) \d{4}-\d\d-\d\d \d\d:\d\d ([^\\]+)")]),
            When(
                Booked,
                &[Date(&[Day::In(Match(Remittance, r"^\(\.\.\d{4}\) (\d{4}-\d\d-\d\d) \d\d:\d\d ."), "%Y-%m-%d")])],
            ),
        ],
    ),
    // mBank: D S. It swaps the two dates.
    (&["MBANK_RETAIL_BREXPLPW"], &[Date(&[Day::Value, Day::Booking]), Sort(&[SortKey::Number(0)])]),
    // Nationwide: D I. Ids of these forms are not stable; those of current accounts have 32 characters, of cards 40.
    (
        &["NATIONWIDE_NAIAGB21"],
        &[
            When(Pending, &[Date(&[Day::Booking]), Rule::NoLaterThanToday]),
            When(
                Any(&[
                    Matches(TransactionId, "^00(?:DEB|CRED)IT.+$"),
                    Not(&Matches(TransactionId, "^(?:.{32}|.{40})$")),
                ]),
                &[NoBankId],
            ),
        ],
    ),
    // National Bank of Greece: A R B.
    (
        &["NBG_ETHNGRAAXXX"],
        &[
            When(
                All(&[Missing(TransactionId), Matches(Remittance, "^ΑΓΟΡΑ ")]),
                &[Amount(AmountRule::Negate), Rewrite(Remittance, &[("^ΑΓΟΡΑ ", "")])],
            ),
            OPENS_WITH_AVAILABLE,
        ],
    ),
    // Bank Norwegian in six countries: D B. Pending rows without any day are offers that come and go.
    (
        &[
            "NORWEGIAN_NO_NORWNOK1",
            "NORWEGIAN_SE_NORWNOK1",
            "NORWEGIAN_DE_NORWNOK1",
            "NORWEGIAN_DK_NORWNOK1",
            "NORWEGIAN_ES_NORWNOK1",
            "NORWEGIAN_FI_NORWNOK1",
        ],
        &[
            First(&[
                (Booked, &[Date(&[Day::Booking])]),
                (
                    Pending,
                    &[
                        Date(&[Day::Value, Day::In(Match(Structured, r"(?:^| )(\d{4}-\d\d-\d\d)(?: |$)"), "%Y-%m-%d")]),
                        When(Undated, &[Drop]),
                    ],
                ),
            ]),
            Balance(&[("expected", BalanceKind::Expected)]),
        ],
    ),
    // Revolut: P F.
    (
        &["REVOLUT_REVOLT21"],
        &[First(&[
            (
                Line("^Bizum payment from: "),
                &[
                    Payee(Replace, Case::AsSent, &[LineLike("^Bizum payment from: (.+)$")]),
                    Fill(Remittance, Replace, &[LineUnlike("^Bizum payment from: ")]),
                ],
            ),
            (
                Line("^Bizum payment to: "),
                &[
                    Payee(IfMissing, Case::AsSent, &[LineLike("^Bizum payment to: (.+)$")]),
                    Fill(Remittance, Replace, &[LineUnlike("^Bizum payment to: ")]),
                ],
            ),
        ])],
    ),
    // The provider's test bank: B.
    (&["SANDBOXFINANCE_SFIN0000"], &[OPENS_WITH_AVAILABLE]),
    // Cards of SEB Kort under many brands: A F B.
    (&["*_SKHSFI21", "SEB_CARD_ESSESESS"], &[Amount(AmountRule::Negate), ADDITIONAL_NAMES, Rule::Owed]),
    // SEB, private: F.
    (&["SEB_ESSESESS_PRIVATE"], &[ADDITIONAL_NAMES]),
    // Banks of BEC in Denmark: F.
    (
        &["SPARNORD_SPNODK22", "LAGERNES_BANK_LAPNDKK1", "ANDELSKASSEN_FALLESKASSEN_FAELDKK1"],
        &[Fill(Remittance, Replace, &[Text(Additional)])],
    ),
    // Sparkasse Marburg-Biedenkopf and Worms-Alzey-Ried: F.
    (&["SPK_MARBURG_BIEDENKOPF_HELADEF1MAR", "SPK_WORMS_ALZEY_RIED_MALADE51WOR"], &[SAVINGS_BANK_TEXT]),
    // Stadtsparkasse Düsseldorf: X F. The same word about the debtor as in Berlin.
    (&["SSK_DUSSELDORF_DUSSDEDDXXX"], &[When(Pending, &[Drop]), SAVINGS_BANK_TEXT, AND_ADDITIONAL, ULTIMATE_CREDITOR]),
    // Swedbank Latvia: D P. The card was used on the day in the text.
    (
        &["SWEDBANK_HABALV22"],
        &[
            Date(&[Day::In(Match(Remittance, r"^PIRKUMS [\d*]+ (\d\d\.\d\d\.\d{4})"), "%d.%m.%Y")]),
            When(
                Pending,
                &[Payee(
                    IfMissing,
                    Case::AsSent,
                    &[Match(
                        Remittance,
                        r"^PIRKUMS [\d*]+ \d\d\.\d\d\.\d\d(?:\d\d)? \d\d:\d\d [\d.,]+ [A-Z]{3} \(\d+\) (.+)$",
                    )],
                )],
            ),
        ],
    ),
    // Virgin Money: P R.
    (
        &["VIRGIN_NRNBGB22"],
        &[First(&[
            (
                Matches(Remittance, "^(?:MOB|FPS)(?:,|$)"),
                &[Fill(Party, Replace, &[Part(1)]), Fill(Remittance, Replace, &[Part(2)])],
            ),
            (Matches(Remittance, r"^(?:Card|WLT)\s\d+"), &[Fill(Party, Replace, &[Part(1)])]),
            (Condition::Always, &[Fill(Party, Replace, &[Text(Remittance)])]),
        ])],
    ),
    // Later, Alior Bank: P.
    (
        &["ALIOR_ALBPPLPW"],
        &[When(Out, &[Payee(IfMissing, Case::AsSent, &[Match(Remittance, r"^Transakcja kartą [^,]+,\s*(.+)$")])])],
    ),
    // Later, BPER: P. Behind “o/c” stands who ordered a transfer, which is the holder when it goes out.
    (
        &["BPER_RETAIL_BPMOIT22"],
        &[
            When(In, &[Payee(Replace, Case::AsSent, &[Match(Remittance, r"o/c:\s*(.+?)\s+(?:ABI-CAB|BIC):")])]),
            When(
                Out,
                &[Payee(
                    Replace,
                    Case::AsSent,
                    &[
                        Match(Remittance, r"^PAGAMENTO .*?CIRCUITO \S+ (.+?) Operazione carta"),
                        Match(Remittance, r"^ADDEBITO SDD (.+?) N:"),
                        Match(Remittance, r"CREDITORE:\s*(.+)$"),
                        Match(Remittance, r" a favore di (.+?)(?: \([^)]*\))? Num\."),
                    ],
                )],
            ),
            Payee(IfMissing, Case::AsSent, &[Text(Remittance)]),
        ],
    ),
    // Later, Cetelem: A.
    (&["CETELEM_CETMPTP1XXX"], &[Amount(AmountRule::Negate)]),
    // Later, Raiffeisen Austria: P F. A card payment begins with twelve characters of the name, or with a word for itself.
    (
        &["RAIFFEISEN_AT_RZBAATWW"],
        &[
            First(&[
                (
                    Matches(Structured, r"^POS\s.*\d\d\.\d\d\. \d\d:\d\d"),
                    &[Payee(IfMissing, Case::AsSent, &[Text(Unstructured), Text(Structured)])],
                ),
                (
                    Condition::Always,
                    &[Payee(
                        IfMissing,
                        Case::AsSent,
                        &[
                            Match(Structured, r"^(.{12}).*\d\d\.\d\d\. \d\d:\d\d$"),
                            Text(Structured),
                            Text(Unstructured),
                        ],
                    )],
                ),
            ]),
            Fill(Remittance, Replace, &[Text(Unstructured), Text(Structured), Text(Field::EndToEndId)]),
        ],
    ),
    // Another project's, The Co-operative Bank: the lines say what they hold.
    (&["COOPERATIVE_CPBKGB22"], &[Fill(Remittance, Replace, &[LinesLike(r"^(?:CustRef|BankRef|AddInfo):\s*(.+)$")])]),
];
