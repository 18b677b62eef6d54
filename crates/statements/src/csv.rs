//! Files of values that something separates: CSV, with all that banks make of it.
//!
//! [`guess`] looks at a file and says how it may be meant, with its doubts; a person confirms or changes that; [`read`] reads the whole
//! file by it. [`Profile`] is what is confirmed, and all that is needed to read one row again.

mod balances;
mod cells;
mod dates;
mod division;
mod encoding;
mod guess;
mod header;
pub mod limits;
mod numbers;
mod problem;
mod read;
mod records;
pub mod sheet;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::balances::{Contradiction, DayBalances, day_balances};
pub use self::dates::DateOrder;
pub use self::division::{Division, divide, shares_of_all};
pub use self::encoding::Encoding;
pub use self::guess::{Column, Doubt, Guess, guess, guess_as};
pub use self::numbers::DecimalMark;
pub use self::problem::{FileProblem, LineProblem, ProfileProblem, Refusal};
pub use self::read::{ReadRow, Reading, read, read_of, read_row, text_of};

/// What separates the values of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The tab.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// Each, in the order in which they are tried.
    pub const ALL: [Self; 4] = [Self::Semicolon, Self::Comma, Self::Tab, Self::Pipe];

    /// In words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Comma => "comma ,",
            Self::Semicolon => "semicolon ;",
            Self::Tab => "tab",
            Self::Pipe => "bar |",
        }
    }

    fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

/// What a column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nothing that is wanted.
    Ignore,
    /// The day it was booked.
    BookedOn,
    /// The day it counts from.
    ValueOn,
    /// The day it happened.
    TransactedOn,
    /// Whom it was with; beside a [`Role::Payer`], whom money was paid to.
    Payee,
    /// Who paid.
    Payer,
    /// What it was for.
    Purpose,
    /// The amount, signed or with a [`Role::Direction`] beside it.
    Amount,
    /// The amount where money goes out.
    Debit,
    /// The amount where money comes in.
    Credit,
    /// Whether money goes out or comes in: S and H, D and C, Af and Bij.
    Direction,
    /// The currency of the amount.
    Currency,
    /// The balance after the row.
    Balance,
    /// A reference or an id, which stands among the texts.
    Reference,
    /// The account of the other side.
    CounterpartyAccount,
    /// Whether the row is booked, pending, or no movement at all.
    Status,
    /// The own account that the row is of: its IBAN, its number or its name. It tells the accounts of a file apart.
    OwnAccount,
}

impl Role {
    /// Each, in the order in which a person chooses among them.
    pub const ALL: [Self; 17] = [
        Self::Ignore,
        Self::BookedOn,
        Self::ValueOn,
        Self::TransactedOn,
        Self::Payee,
        Self::Payer,
        Self::Purpose,
        Self::Amount,
        Self::Debit,
        Self::Credit,
        Self::Direction,
        Self::Currency,
        Self::Balance,
        Self::Reference,
        Self::CounterpartyAccount,
        Self::Status,
        Self::OwnAccount,
    ];

    /// In words, for the one who chooses.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Ignore => "not used",
            Self::BookedOn => "booking date",
            Self::ValueOn => "value date",
            Self::TransactedOn => "date of the transaction",
            Self::Payee => "payee",
            Self::Payer => "payer",
            Self::Purpose => "purpose",
            Self::Amount => "amount",
            Self::Debit => "amount out (debit)",
            Self::Credit => "amount in (credit)",
            Self::Direction => "out or in (D/C, S/H)",
            Self::Currency => "currency",
            Self::Balance => "balance",
            Self::Reference => "reference",
            Self::CounterpartyAccount => "account of the other side",
            Self::Status => "status (booked or pending)",
            Self::OwnAccount => "own account (IBAN, number or name)",
        }
    }

    /// Whether several columns may say it.
    fn may_repeat(self) -> bool {
        matches!(self, Self::Ignore | Self::Payee | Self::Payer | Self::Purpose | Self::Reference)
    }

    fn is_date(self) -> bool {
        matches!(self, Self::BookedOn | Self::ValueOn | Self::TransactedOn)
    }

    fn is_money(self) -> bool {
        matches!(self, Self::Amount | Self::Debit | Self::Credit)
    }
}

/// How a file is to be read. It is data: kept with an account and with each import, and read again with it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// What its bytes stand for.
    pub encoding: Encoding,
    /// What separates its values.
    pub delimiter: Delimiter,
    /// The names of the columns, as they stand in the file; empty where no line names them.
    pub header: Vec<String>,
    /// What each column says.
    pub columns: Vec<Role>,
    /// The order of day, month and year.
    pub dates: DateOrder,
    /// What stands before the decimals.
    pub decimals: DecimalMark,
    /// Whether the file's signs are the other way round: what goes out is positive.
    pub turns_sign: bool,
}

impl Profile {
    /// The first column that says this.
    pub fn column(&self, role: Role) -> Option<usize> {
        self.columns.iter().position(|one| *one == role)
    }

    /// What a column is called: by its header, else by its number, counted from one.
    pub fn name_of(&self, column: usize) -> String {
        match self.header.get(column).map(|name| name.trim()) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => format!("column {}", column + 1),
        }
    }

    /// What keeps a file from being read by it, if something does.
    pub fn check(&self) -> Result<(), ProfileProblem> {
        let has = |role| self.column(role).is_some();
        for role in Role::ALL.into_iter().filter(|role| !role.may_repeat()) {
            if self.columns.iter().filter(|one| **one == role).count() > 1 {
                return Err(ProfileProblem::Twice(role));
            }
        }
        if !self.columns.iter().any(|role| role.is_date()) {
            return Err(ProfileProblem::NoDate);
        }
        match (has(Role::Amount), has(Role::Debit) || has(Role::Credit)) {
            (false, false) => Err(ProfileProblem::NoAmount),
            (true, true) => Err(ProfileProblem::TwoKindsOfAmount),
            (false, true) if has(Role::Direction) => Err(ProfileProblem::DirectionWithoutAmount),
            _ => Ok(()),
        }
    }
}
