//! All banks, as one table.

use super::{Bank, Country, Dialect, Field, Form, Habit, Money, Plan, Posting, Prompt, Sort};
use crate::banks::dollars::{AMERICAN, CANADIAN, Household, Role};

const fn plan(role: Role, name: &'static str, mask: &'static str, account_type: &'static str) -> Plan {
    Plan { role, name, mask, account_type, sub_type: None, has_balance: true }
}

const fn household(seed: u64) -> Household {
    Household { seed, shops: AMERICAN, employer: "Northgate Works", power: "Ridge Power & Light" }
}

const FORM: Form = Form { user_name: "User ID", password: "Password", fields: &[] };

/// The two that most people have.
const TWO: &[Plan] = &[
    plan(Role::Checking, "Everyday Checking", "4410", "Checking"),
    plan(Role::Savings, "Rainy Day Savings", "4428", "Savings"),
];

const METHODS: &[&str] = &["Text me at xxx-xxx-1234", "Call me at xxx-xxx-1234", "Email me at s*****@bank.example"];

/// What a bank asks that has begun to ask always (an event).
pub(crate) const ASKED_ALWAYS: &[Prompt] = &[Prompt::Methods(METHODS), Prompt::Token("Token")];

/// An American bank without anything special, which the rows below differ from.
const PLAIN: Bank = Bank {
    number: 0,
    name: "",
    url: "",
    country: Country::UnitedStates,
    sort: Sort::Bank,
    about: "",
    routing_numbers: &[],
    form: FORM,
    asks: &[],
    asks_on_refresh: &[],
    habit: Habit::None,
    dialect: Dialect::PLAIN,
    household: household(0),
    accounts: TWO,
};

pub(crate) const ALL: &[Bank] = &[
    Bank {
        number: 1,
        name: "Sophtron Bank",
        url: "https://sophtron-bank.example",
        about: "The provider's own test bank: a captcha, a question, a way to be sent a token, and the token. Any answers \
                do.",
        routing_numbers: &["990000011"],
        asks: &[
            Prompt::Captcha,
            Prompt::Questions(&["What is your favorite color?"]),
            Prompt::Methods(METHODS),
            Prompt::Token("Token"),
        ],
        habit: Habit::AnythingGoes,
        household: household(11),
        accounts: &[
            plan(Role::Checking, "Primary Checking", "1234", "Checking"),
            plan(Role::Savings, "Primary Savings", "5678", "Savings"),
        ],
        ..PLAIN
    },
    Bank {
        number: 2,
        name: "Sophtron Bank NoMFA",
        url: "https://sophtron-bank-nomfa.example",
        about: "The provider's own test bank that asks nothing. Pending rows keep their id when they post.",
        routing_numbers: &["990000022"],
        habit: Habit::AnythingGoes,
        dialect: Dialect { names_merchants: true, posting: Posting::Keeps, ..Dialect::PLAIN },
        household: household(22),
        accounts: &[
            plan(Role::Checking, "Primary Checking", "1234", "Checking"),
            plan(Role::Card, "Primary Card", "9012", "CreditCard"),
        ],
        ..PLAIN
    },
    Bank {
        number: 3,
        name: "Harborlight Bank",
        url: "https://harborlight.example",
        about: "The login that is there from the start: checking, savings and a credit card whose debt is negative.",
        routing_numbers: &["990000033", "990000034"],
        asks: &[Prompt::Token("Token")],
        household: household(33),
        accounts: &[
            plan(Role::Checking, "Harbor Checking", "3301", "Checking"),
            Plan { sub_type: Some("Money Market"), ..plan(Role::Savings, "Lighthouse Savings", "3302", "Savings") },
            plan(Role::Card, "Beacon Rewards Card", "3303", "Credit Card"),
        ],
        ..PLAIN
    },
    Bank {
        number: 4,
        name: "Larkspur National",
        url: "https://larkspur.example",
        about: "The other login that is there from the start: a card whose debt is positive. Refreshing one account \
                answers a blank job id and is done at once. Ids are under `TransactionId`; pending rows get a new one \
                when they post.",
        routing_numbers: &["990000044"],
        habit: Habit::BlankJob,
        dialect: Dialect {
            id_key: "TransactionId",
            debt_is_positive: true,
            has_running_balance: false,
            posting: Posting::Changes,
            ..Dialect::PLAIN
        },
        household: household(44),
        accounts: &[
            plan(Role::Checking, "Meadow Checking", "4401", "Checking"),
            plan(Role::Card, "Larkspur Platinum", "4402", "CREDIT_CARD"),
        ],
        ..PLAIN
    },
    Bank {
        number: 5,
        name: "Copper Fern Credit Union",
        url: "https://copperfern.example",
        about: "A number is to be confirmed on the phone. Amounts are text; rows have no status, and what is pending is \
                not listed.",
        routing_numbers: &["990000055"],
        asks: &[Prompt::Read("47")],
        dialect: Dialect { amounts_are_text: true, has_status: false, has_running_balance: false, ..Dialect::PLAIN },
        household: household(55),
        ..PLAIN
    },
    Bank {
        number: 6,
        name: "Thistle & Rye Bank",
        url: "https://thistleandrye.example",
        about: "Two questions at once, in single quotes and with HTML entities. Rows have no type.",
        routing_numbers: &["990000066"],
        asks: &[Prompt::QuotedQuestions(&[
            "What is your mother&#39;s favorite dish?",
            "Which street is &quot;home&quot; &amp; where?",
        ])],
        dialect: Dialect { has_types: false, ..Dialect::PLAIN },
        household: household(66),
        ..PLAIN
    },
    Bank {
        number: 7,
        name: "Slowwater Bank",
        url: "https://slowwater.example",
        about: "The first job of a login times out; trying again goes through. Rows name no currency, and accounts none \
                either; the balance of one is not told.",
        routing_numbers: &["990000077"],
        habit: Habit::FirstJobTimesOut,
        dialect: Dialect { currency: Money::Missing, ..Dialect::PLAIN },
        household: household(77),
        accounts: &[
            plan(Role::Checking, "Stillwater Checking", "7701", "Checking"),
            Plan {
                has_balance: false,
                ..plan(Role::Savings, "Deep Pool Certificate", "7702", "Certificate of Deposit")
            },
        ],
        ..PLAIN
    },
    Bank {
        number: 8,
        name: "Millrace Savings",
        url: "https://millrace.example",
        about: "Asks for a token every time, at each refresh too. Debits have positive amounts.",
        routing_numbers: &["990000088"],
        asks: ASKED_ALWAYS,
        asks_on_refresh: ASKED_ALWAYS,
        dialect: Dialect { amounts_are_unsigned: true, ..Dialect::PLAIN },
        household: household(88),
        ..PLAIN
    },
    Bank {
        number: 9,
        name: "Maple Ferry Trust",
        url: "https://mapleferry.example",
        country: Country::Canada,
        about: "A Canadian bank: “$” means Canadian dollars, and nothing says so but the country.",
        asks: &[Prompt::Questions(&["What was the name of your first school?"])],
        household: Household { seed: 99, shops: CANADIAN, employer: "Atelier du Fleuve", power: "Hydro des Rapides" },
        accounts: &[
            plan(Role::Checking, "Compte chèques", "9901", "Chequing"),
            plan(Role::Savings, "Compte épargne", "9902", "Savings"),
            plan(Role::Card, "Carte Érable", "9903", "CreditCard"),
        ],
        ..PLAIN
    },
    Bank {
        number: 10,
        name: "Gullwing Card Services",
        url: "https://gullwing.example",
        sort: Sort::Card,
        about: "No password: a user name, and a PIN that is sent. One card, with ISO codes for the currency.",
        form: Form { user_name: "Card member ID", password: "None", fields: &[] },
        asks: &[Prompt::Token("PIN")],
        dialect: Dialect { currency: Money::Iso, ..Dialect::PLAIN },
        household: household(1010),
        accounts: &[plan(Role::Card, "Gullwing Travel Card", "1001", "Credit")],
        ..PLAIN
    },
    Bank {
        number: 11,
        name: "Three Gates Credit Union",
        url: "https://threegates.example",
        about: "A form of its own with three fields, and nobody gets in without the PIN.",
        routing_numbers: &["990000111"],
        form: Form {
            user_name: "Member number",
            password: "Passphrase",
            fields: &[
                Field { maps_to: "UserName", display_text: "Member number", optional: false },
                Field { maps_to: "Password", display_text: "Passphrase", optional: false },
                Field { maps_to: "PIN", display_text: "Branch PIN", optional: false },
            ],
        },
        household: household(1111),
        ..PLAIN
    },
];
