//! A bank whose books are a table: its accounts, each with a routine.

use bankside_domain::{AmountError, Currency};
use jiff::civil::Date;

use super::iban::iban;
use super::ledger::{BalanceKind, Statement};
use super::routine::Routine;
use super::{Books, Card, Numbering};

/// How an account is numbered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    /// By a country and a national number, with a bank code that no bank has.
    Iban(&'static str, &'static str),
    /// Only by a card's number, of which most is hidden.
    MaskedPan(&'static str),
}

/// An account of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct BranchAccount {
    pub(super) key: &'static str,
    pub(super) number: Number,
    pub(super) currency: &'static str,
    pub(super) name: &'static str,
    pub(super) product: &'static str,
    /// ISO 20022 kind.
    pub(super) kind: &'static str,
    pub(super) routine: Routine,
    /// None where the bank tells no balances.
    pub(super) balances: &'static [BalanceKind],
}

impl BranchAccount {
    fn card(&self) -> Result<Card, AmountError> {
        let (iban, masked_pan) = match self.number {
            Number::Iban(country, national) => (Some(iban(country, national)), None),
            Number::MaskedPan(pan) => (None, Some(pan.to_owned())),
        };
        Ok(Card {
            key: self.key.to_owned(),
            resource_id: format!("{}-{}", self.routine.prefix, self.key),
            iban,
            masked_pan,
            scan: None,
            currency: Currency::iso(self.currency)?,
            owner: "Demo Household".to_owned(),
            name: self.name.to_owned(),
            product: self.product.to_owned(),
            cash_account_type: self.kind.to_owned(),
        })
    }
}

/// Its accounts.
pub(crate) struct Branch(pub(super) &'static [BranchAccount]);

impl Books for Branch {
    fn accounts(&self, _numbering: Numbering) -> Result<Vec<Card>, AmountError> {
        self.0.iter().map(BranchAccount::card).collect()
    }

    fn statement(&self, card: &Card, today: Date) -> Statement {
        match self.0.iter().find(|account| account.key == card.key) {
            Some(account) => account.routine.statement(card.currency, today, account.balances),
            None => Statement::EMPTY,
        }
    }
}

/// One main account and so many spaces beside it, all alike.
pub(super) struct Spaces {
    pub(super) main: BranchAccount,
    pub(super) count: u8,
}

impl Spaces {
    fn key(index: u8) -> String {
        format!("space-{index:02}")
    }
}

impl Books for Spaces {
    fn accounts(&self, _numbering: Numbering) -> Result<Vec<Card>, AmountError> {
        let card = |index: u8| {
            let mut card = self.main.card()?;
            if index > 0 {
                card.key = Self::key(index);
                card.resource_id = format!("{}-{}", self.main.routine.prefix, card.key);
                card.iban = Some(iban("DE", &format!("999000092{index:09}")));
                card.name = format!("Space {index}");
            }
            Ok(card)
        };
        (0..self.count).map(card).collect()
    }

    fn statement(&self, card: &Card, today: Date) -> Statement {
        let index = (0..self.count).find(|index| card.key == Self::key(*index)).unwrap_or(0);
        let seed = self.main.routine.seed + u64::from(index);
        Routine { seed, ..self.main.routine }.statement(card.currency, today, self.main.balances)
    }
}
