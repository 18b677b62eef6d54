//! Bills of cards: what a bank charges for a period, and the rows that stand on it.

use bankside_domain::{AccountId, Asker, BillId, Currency};
use jiff::civil::Date;

use crate::{Engine, EngineError};

/// A bill of an account with its rows.
#[derive(Debug, Clone)]
pub struct BillView {
    /// The bill.
    pub bill: bankside_store::KeptBill,
    /// Its currency.
    pub currency: Currency,
}

impl BillView {
    /// How much of what has to be paid no row of the bill explains, in minor units: less than nothing where its rows come to more.
    pub fn unexplained_minor(&self) -> i64 {
        self.bill.owed_minor.saturating_add(self.bill.rows_minor)
    }
}

impl Engine {
    /// The bills of an account, the latest first.
    pub async fn bills(&self, asker: &Asker, account: AccountId) -> Result<Vec<BillView>, EngineError> {
        let account = self.account(asker, account).await?.account;
        let currencies = self.store.currencies().await?;
        let bills = self.store.bills(asker, account.id).await?;
        let view = |bill: bankside_store::KeptBill| {
            let currency = currencies.get(&bill.currency).copied().unwrap_or(account.currency);
            BillView { bill, currency }
        };
        Ok(bills.into_iter().map(view).collect())
    }

    /// The day on which a bill has to be paid; `None` where there is no such bill.
    pub async fn bill_due(&self, asker: &Asker, bill: BillId) -> Result<Option<Date>, EngineError> {
        Ok(self.store.bill_due(asker, bill).await?)
    }

    /// Whether an account has bills to show.
    pub async fn has_bills(&self, asker: &Asker, account: AccountId) -> Result<bool, EngineError> {
        Ok(self.store.has_bills(asker, account).await?)
    }
}
