//! Banks with habits of their own, as they have been seen in the wild (fact sheet §12).
//!
//! Where a reader of transactions keeps rules for a real bank, the simulated one is listed under that bank's id, because
//! rules are found by it (docs/decisions/2026-11-21-quirk-banks.md). Its name says what it does and that it is of the
//! sandbox; everything in its books is invented.

use jiff::civil::date;

use super::branch::{Branch, BranchAccount, Number, Spaces};
use super::calendar::Zone;
use super::habits::{On, Shop, ShopKind, Standing, code};
use super::ledger::BalanceKind;
use super::routine::{Monthly, Routine};
use super::{Bank, Books, DailyLimit, Dialect, Institution, Processing, ScopeRules, Service};

const fn bank(
    (id, name, bic): (&'static str, &'static str, &'static str),
    countries: &'static [&'static str],
    zone: Zone,
    dialect: Dialect,
    books: &'static dyn Books,
    about: &'static str,
) -> Bank {
    Bank {
        institution: Institution {
            id,
            name,
            bic,
            countries,
            transaction_total_days: 180,
            max_access_valid_for_days: 180,
            reconfirmation_days: None,
            features: &["card_accounts", "pending_transactions", "private_accounts"],
            scopes: ScopeRules::NONE,
        },
        about,
        service: Some(Service {
            zone,
            processing: Processing::Ready,
            daily_limit: DailyLimit::WhereAsked,
            dialect,
            books,
        }),
    }
}

const fn current(
    seed: u64,
    prefix: &'static str,
    iban: (&'static str, &'static str),
    currency: &'static str,
) -> BranchAccount {
    BranchAccount {
        key: "current",
        number: Number::Iban(iban.0, iban.1),
        currency,
        name: "Current account",
        product: "Everyday",
        kind: "CACC",
        routine: Routine { seed, prefix, ..CURRENT },
        balances: &[BalanceKind::InterimBooked, BalanceKind::InterimAvailable],
    }
}

const fn card(seed: u64, prefix: &'static str, pan: &'static str, currency: &'static str) -> BranchAccount {
    BranchAccount {
        key: "card",
        number: Number::MaskedPan(pan),
        currency,
        name: "Credit card",
        product: "Card",
        kind: "CARD",
        routine: Routine { seed, prefix, ..CARD },
        balances: &[BalanceKind::Owed, BalanceKind::NonInvoiced],
    }
}

const fn standing(on: On, code: &'static str, name: &'static str, minor: i64, text: &'static str) -> Standing {
    Standing { on, every_months: 1, code, name, minor, spread_minor: 0, text }
}

const fn shop(name: &'static str, from_minor: i64, to_minor: i64) -> Shop {
    Shop { name, weight: 1, from_minor, to_minor, step_minor: 1, kind: ShopKind::Plain }
}

/// What everybody here lives from.
const CURRENT: Routine = Routine {
    seed: 0,
    epoch: date(2025, 1, 1),
    prefix: "",
    opening_minor: 210_000,
    standing: &[
        standing(On::Last, code::SALARY, "Windrose Works", 198_000, "Salary"),
        standing(On::Business(1), code::STANDING_ORDER, "Rooftop Lettings", -84_000, "Rent"),
        standing(On::Business(4), code::DIRECT_DEBIT, "Brookside Energy", -9_150, "Instalment"),
        standing(On::Business(9), code::CREDIT, "Nora Example", 2_500, "Concert tickets"),
    ],
    shops: &[
        shop("Lantern Grocer", 450, 5_900),
        shop("Paper Kite Books", 700, 3_200),
        shop("Copper Kettle", 280, 1_150),
        shop("Tramline Garage", 1_900, 7_400),
    ],
    shops_one_day_in: 1,
    card_words: "Card payment",
    monthly: Monthly::PutAside { reserve_minor: 160_000, to: "Rainy day account" },
};

/// A card that is paid off every month.
const CARD: Routine = Routine {
    opening_minor: -31_200,
    standing: &[standing(On::Business(6), code::DIRECT_DEBIT, "Skyline Streaming", -1_290, "Subscription")],
    monthly: Monthly::PayOff { from: "Everyday account" },
    ..CURRENT
};

/// Amounts that fit forints.
const FORINT: Routine = Routine {
    seed: 0x4475_6e61,
    prefix: "DH",
    opening_minor: 52_000_000,
    standing: &[
        standing(On::Last, code::SALARY, "Szélrózsa Műhely", 61_200_000, "Munkabér"),
        standing(On::Business(2), code::STANDING_ORDER, "Tetőtér Lakások", -24_000_000, "Lakbér"),
        standing(On::Business(5), code::DIRECT_DEBIT, "Patak Áram", -1_845_000, "Részszámla"),
    ],
    shops: &[
        Shop { step_minor: 100, ..shop("Lámpás Élelmiszer", 150_000, 2_400_000) },
        Shop { step_minor: 100, ..shop("Rézüst Kávézó", 90_000, 420_000) },
    ],
    monthly: Monthly::PutAside { reserve_minor: 41_000_000, to: "Tartalék" },
    ..CURRENT
};

const SAVINGS: Routine = Routine {
    seed: 0x4475_6e62,
    prefix: "DL",
    opening_minor: 250_000_000,
    standing: &[standing(On::Last, code::INTEREST, "Dunahíd Bank", 640_000, "Kamat")],
    shops: &[],
    monthly: Monthly::Nothing,
    ..CURRENT
};

/// All of them.
pub(super) const QUIRKY: &[Bank] = &[
    bank(
        ("ABNAMRO_ABNANL2A", "Lines from the till (sandbox)", "ABNANL2A"),
        &["NL"],
        Zone::CentralEurope,
        Dialect::TillLines,
        &Branch(&[current(0xab01, "AB", ("NL", "ZZZZ0990002301"), "EUR")]),
        "Text only as lines, the shop between them, no names on card rows, instants for dates, a running balance.",
    ),
    bank(
        ("BELFIUS_GKCCBEBB", "Repeated ids (sandbox)", "GKCCBEBB"),
        &["BE"],
        Zone::CentralEurope,
        Dialect::RepeatedIds,
        &Branch(&[current(0xbe01, "BL", ("BE", "999000010174"), "EUR")]),
        "All rows of a month have the same transaction id.",
    ),
    bank(
        ("BNP_BE_GEBABEBB", "Keys and values (sandbox)", "GEBABEBB"),
        &["BE"],
        Zone::CentralEurope,
        Dialect::KeyValues,
        &Branch(&[current(0xbe02, "BN", ("BE", "999000010275"), "EUR")]),
        "What happened stands in one text of keys and values beside the text.",
    ),
    bank(
        ("ING_INGBROBU", "No ids (sandbox)", "INGBROBU"),
        &["RO"],
        Zone::CentralEurope,
        Dialect::IdNotProvided,
        &Branch(&[current(0x1206, "IR", ("RO", "ZZZZ0000999900001201"), "RON")]),
        "Every transaction id is NOTPROVIDED, and what is no card payment has no text.",
    ),
    bank(
        ("ING_INGDDEFF", "Labelled text (sandbox)", "INGDDEFF"),
        &["DE"],
        Zone::CentralEurope,
        Dialect::LabelledText,
        &Branch(&[current(0x12de, "ID", ("DE", "999000110001200301"), "EUR")]),
        "The text is the last of several labelled parts.",
    ),
    bank(
        ("COMMERZBANK_COBADEFF", "Broken keywords (sandbox)", "COBADEFF"),
        &["DE"],
        Zone::CentralEurope,
        Dialect::BrokenLines,
        &Branch(&[current(0xc0ba, "CB", ("DE", "999000120001200302"), "EUR")]),
        "Text as lines of 27 characters that cut keywords in two.",
    ),
    bank(
        ("BERLINER_SPARKASSE_BELADEBEXXX", "Structured text (sandbox)", "BELADEBEXXX"),
        &["DE"],
        Zone::CentralEurope,
        Dialect::StructuredText,
        &Branch(&[current(0xbe1a, "BS", ("DE", "999000130001200303"), "EUR")]),
        "Text only in structured lines and beside them, the shop behind a payment service.",
    ),
    bank(
        ("SEB_CARD_ESSESESS", "Card that shows debts (sandbox)", "ESSESESS"),
        &["SE"],
        Zone::CentralEurope,
        Dialect::OwedCard,
        &Branch(&[card(0x5eb0, "SE", "123456******9901", "SEK")]),
        "A credit card whose signs are turned, in rows and in balances, and whose shops stand beside the text.",
    ),
    bank(
        ("ENTERCARD_SWEDNOKK", "Amount in the text (sandbox)", "SWEDNOKK"),
        &["NO", "SE"],
        Zone::CentralEurope,
        Dialect::BillingAmount,
        &Branch(&[card(0xe27e, "EC", "123456******9902", "SEK")]),
        "Rows are in the shop's currency; what was charged stands in the text.",
    ),
    bank(
        ("NORWEGIAN_NO_NORWNOK1", "Pending without a day (sandbox)", "NORWNOK1"),
        &["NO"],
        Zone::CentralEurope,
        Dialect::UndatedPending,
        &Branch(&[BranchAccount {
            balances: &[BalanceKind::Expected],
            ..current(0x2020, "NN", ("NO", "99990012018"), "NOK")
        }]),
        "Pending rows have no day, or one in the text only; one balance, with what is pending.",
    ),
    bank(
        ("MBANK_RETAIL_BREXPLPW", "Swapped days (sandbox)", "BREXPLPW"),
        &["PL"],
        Zone::CentralEurope,
        Dialect::SwappedDays,
        &Branch(&[current(0x3ba2, "", ("PL", "999999990000000012010401"), "PLN")]),
        "The booking day stands where the value day should, and the other way round; ids are numbers.",
    ),
    bank(
        ("NATIONWIDE_NAIAGB21", "Restless ids (sandbox)", "NAIAGB21"),
        &["GB"],
        Zone::London,
        Dialect::RestlessIds,
        &Branch(&[current(0x4a71, "NW", ("GB", "ZZZZ99990210002848"), "GBP")]),
        "Ids of card rows are others at each fetch; pending rows are booked in the future.",
    ),
    bank(
        ("VIRGIN_NRNBGB22", "Text with commas (sandbox)", "NRNBGB22"),
        &["GB"],
        Zone::London,
        Dialect::CommaText,
        &Branch(&[current(0x5162, "VM", ("GB", "ZZZZ99990310002849"), "GBP")]),
        "Kind, name and reason in one text with commas; no names.",
    ),
    bank(
        ("AMERICAN_EXPRESS_AESUDEF1", "Masked card (sandbox)", "AESUDEF1"),
        &["AT", "DE", "FR"],
        Zone::CentralEurope,
        Dialect::MaskedCard,
        &Branch(&[BranchAccount {
            balances: &[BalanceKind::Information],
            ..card(0xaee5, "AX", "XXXX-XXXXXX-91004", "EUR")
        }]),
        "A card whose hidden number stands where an IBAN should, and whose only balance is of a kind of its own.",
    ),
    bank(
        ("SPARNORD_SPNODK22", "Text beside the text (sandbox)", "SPNODK22"),
        &["DK"],
        Zone::CentralEurope,
        Dialect::AdditionalText,
        &Branch(&[current(0x5b4d, "SN", ("DK", "99990000012015"), "DKK")]),
        "What happened stands in the additional information only.",
    ),
    bank(
        ("REVOLUT_REVOLT21", "Many currencies, one number (sandbox)", "REVOLT21"),
        &["ES", "IE", "LT"],
        Zone::CentralEurope,
        Dialect::Pockets,
        &Branch(&[
            BranchAccount { key: "eur", ..current(0x2e01, "RE", POCKETS, "EUR") },
            BranchAccount { key: "usd", ..current(0x2e02, "RU", POCKETS, "USD") },
            BranchAccount { key: "pln", ..current(0x2e03, "RP", POCKETS, "PLN") },
        ]),
        "Three currencies under one IBAN; text as lines, exchanges as one object, kinds of balances in capitals.",
    ),
    bank(
        ("N26_NTSBDEB1", "Twenty accounts (sandbox)", "NTSBDEB1"),
        &["AT", "DE", "ES", "FR", "IT"],
        Zone::CentralEurope,
        Dialect::Plain,
        &Spaces { main: current(0x2600, "N2", ("DE", "999000090001200304"), "EUR"), count: 20 },
        "A main account and nineteen spaces, which one consent opens all at once.",
    ),
    bank(
        ("NBG_ETHNGRAAXXX", "Purchases that come in (sandbox)", "ETHNGRAAXXX"),
        &["GR"],
        Zone::CentralEurope,
        Dialect::TurnedPurchases,
        &Branch(&[current(0x4b60, "NB", ("GR", "99999990000000000012016"), "EUR")]),
        "Card rows have no id and the sign of a credit.",
    ),
    bank(
        ("HYPE_HYEEIT22", "Escapes (sandbox)", "HYEEIT22"),
        &["IT"],
        Zone::CentralEurope,
        Dialect::Escapes,
        &Branch(&[current(0x4e9e, "HY", ("IT", "X9999999999000000012017"), "EUR")]),
        "Names within sentences, letters as escapes.",
    ),
    bank(
        ("SWEDBANK_HABALV22", "Day in the text (sandbox)", "HABALV22"),
        &["LV"],
        Zone::CentralEurope,
        Dialect::DayInText,
        &Branch(&[current(0x5ba1, "SL", ("LV", "ZZZZ0000999900001"), "EUR")]),
        "The day on which a card was used stands in the text; pending rows have the shop there, too.",
    ),
    bank(
        ("LHV_LHVBEE22", "Place in the text (sandbox)", "LHVBEE22"),
        &["EE"],
        Zone::CentralEurope,
        Dialect::PlaceInText,
        &Branch(&[current(0x1b5e, "LH", ("EE", "9999000000012019"), "EUR")]),
        "Card, moment, shop and place in one text.",
    ),
    bank(
        ("ABANCA_CAGLESMM", "Names in the text (sandbox)", "CAGLESMM"),
        &["ES"],
        Zone::CentralEurope,
        Dialect::NameInText,
        &Branch(&[current(0xaba0, "AA", ("ES", "99990001001200019001"), "EUR")]),
        "The other side is named in the structured text only.",
    ),
    bank(
        ("BANCSABADELL_BSABESBB", "Names in lines (sandbox)", "BSABESBB"),
        &["ES"],
        Zone::CentralEurope,
        Dialect::NameInLines,
        &Branch(&[current(0xbca0, "BA", ("ES", "99990002001200019002"), "EUR")]),
        "Kind and name as two lines, nobody named.",
    ),
    bank(
        ("BANKINTER_BKBKESMM", "Semicolons (sandbox)", "BKBKESMM"),
        &["ES"],
        Zone::CentralEurope,
        Dialect::Semicolons,
        &Branch(&[current(0xba40, "BI", ("ES", "99990003001200019003"), "EUR")]),
        "Semicolons between words, a tag before the text of a card.",
    ),
    bank(
        ("BANK_OF_IRELAND_B365_BOFIIE2D", "Days before names (sandbox)", "BOFIIE2D"),
        &["IE"],
        Zone::London,
        Dialect::KindBeforeName,
        &Branch(&[current(0xb365, "BO", ("IE", "ZZZZ99990512345678"), "EUR")]),
        "The kind of payment and its day stick to the name.",
    ),
    bank(
        ("BOURSORAMA_BOUSFRPP", "Loose lines (sandbox)", "BOUSFRPP"),
        &["FR"],
        Zone::CentralEurope,
        Dialect::LooseLines,
        &Branch(&[current(0xb005, "BR", ("FR", "99999000010000120190181"), "EUR")]),
        "Lines in no certain order, each kind of payment with a form of its own.",
    ),
    bank(
        ("FORTUNEO_FTNOFRP1XXX", "Short kinds (sandbox)", "FTNOFRP1XXX"),
        &["FR"],
        Zone::CentralEurope,
        Dialect::ShortKinds,
        &Branch(&[current(0xf047, "FO", ("FR", "99999000020000120190182"), "EUR")]),
        "One line: the kind of payment in short, and the name.",
    ),
    bank(
        ("KBC_KREDBEBB", "Names before kinds (sandbox)", "KREDBEBB"),
        &["BE"],
        Zone::CentralEurope,
        Dialect::NameBeforeKind,
        &Branch(&[current(0x4bc0, "KB", ("BE", "999000010376"), "EUR")]),
        "The name, and then the kind of payment, in one text; nobody named.",
    ),
    bank(
        ("DANSKEBANK_DABANO22", "References of nothing (sandbox)", "DABANO22"),
        &["NO"],
        Zone::CentralEurope,
        Dialect::TrailingReference,
        &Branch(&[current(0xdab4, "DB", ("NO", "99990012026"), "NOK")]),
        "Behind every text stands that there is no reference.",
    ),
    bank(
        ("DIREKT_HELADEF1822", "Structured only (sandbox)", "HELADEF1822"),
        &["DE"],
        Zone::CentralEurope,
        Dialect::StructuredOnly,
        &Branch(&[current(0x1822, "D1", ("DE", "999000140001200305"), "EUR")]),
        "All text is structured text.",
    ),
    bank(
        ("SSK_DUSSELDORF_DUSSDEDDXXX", "Pending twice (sandbox)", "DUSSDEDDXXX"),
        &["DE"],
        Zone::CentralEurope,
        Dialect::StructuredText,
        &Branch(&[current(0xd055, "DU", ("DE", "999000150001200306"), "EUR")]),
        "Structured text as at the savings bank above; readers leave its pending rows out.",
    ),
    bank(
        ("EASYBANK_BAWAATWW", "Tills in structured text (sandbox)", "BAWAATWW"),
        &["AT"],
        Zone::CentralEurope,
        Dialect::StructuredTill,
        &Branch(&[current(0xea50, "", ("AT", "9990000012019011"), "EUR")]),
        "Till, moment and shop as structured text; ids are numbers.",
    ),
    bank(
        ("RAIFFEISEN_AT_RZBAATWW", "Twelve letters (sandbox)", "RZBAATWW"),
        &["AT"],
        Zone::CentralEurope,
        Dialect::TwelveLetters,
        &Branch(&[current(0x42ba, "RA", ("AT", "9990000012019012"), "EUR")]),
        "Twelve letters of the shop, its till and the moment as structured text.",
    ),
    bank(
        ("ISYBANK_ITBBITMM", "Late bookings (sandbox)", "ITBBITMM"),
        &["IT"],
        Zone::CentralEurope,
        Dialect::UsedBefore,
        &Branch(&[current(0x1b1b, "IY", ("IT", "X9999999998000000012018"), "EUR")]),
        "A card payment counts from the day of use and is booked later.",
    ),
    bank(
        ("BPER_RETAIL_BPMOIT22", "Names between keywords (sandbox)", "BPMOIT22"),
        &["IT"],
        Zone::CentralEurope,
        Dialect::KeywordSentences,
        &Branch(&[current(0xb9e4, "BP", ("IT", "X9999999997000000012019"), "EUR")]),
        "Long sentences with the name between keywords; nobody named.",
    ),
    bank(
        ("ALIOR_ALBPPLPW", "Sentences about cards (sandbox)", "ALBPPLPW"),
        &["PL"],
        Zone::CentralEurope,
        Dialect::CardSentence,
        &Branch(&[current(0xa110, "AL", ("PL", "999999980000000012010402"), "PLN")]),
        "The shop of a card payment stands in a sentence.",
    ),
    bank(
        ("CETELEM_CETMPTP1XXX", "All signs turned (sandbox)", "CETMPTP1XXX"),
        &["PT"],
        Zone::London,
        Dialect::TurnedSigns,
        &Branch(&[BranchAccount {
            balances: &[BalanceKind::InterimBooked],
            ..card(0xce7e, "CE", "123456******9903", "EUR")
        }]),
        "A credit card whose rows have their signs turned, and whose balance has not.",
    ),
    bank(
        ("COOPERATIVE_CPBKGB22", "Labelled lines (sandbox)", "CPBKGB22"),
        &["GB"],
        Zone::London,
        Dialect::LabelledLines,
        &Branch(&[current(0xc0b4, "CO", ("GB", "ZZZZ99990612345678"), "GBP")]),
        "Lines that say what they hold.",
    ),
    bank(
        ("DUNAHID_DNHDHUHB", "Dunahíd Bank", "DNHDHUHB"),
        &["HU"],
        Zone::CentralEurope,
        Dialect::LongText,
        &Branch(&[
            BranchAccount {
                routine: FORINT,
                name: "Folyószámla",
                ..current(0, "", ("HU", "999999990000000012020018"), "HUF")
            },
            BranchAccount {
                key: "deposit",
                routine: SAVINGS,
                name: "Lekötött betét",
                kind: "SVGS",
                balances: &[],
                ..current(0, "", ("HU", "999999990000000012020025"), "HUF")
            },
        ]),
        "Forints without fillér, long texts in many scripts, and a deposit whose balance the bank does not tell.",
    ),
    bank(
        ("SELKIE_SLKEIE2D", "Selkie Bank", "SLKEIE2D"),
        &["IE"],
        Zone::London,
        Dialect::Medley,
        &Branch(&[current(0x5e1c, "SK", ("IE", "ZZZZ99990412345678"), "EUR")]),
        "No ids of any kind, bookings dated tomorrow, running balances and exchanges in every shape, days that lack, \
         kinds of balances in capitals.",
    ),
];

const POCKETS: (&str, &str) = ("LT", "9999900001201900");
