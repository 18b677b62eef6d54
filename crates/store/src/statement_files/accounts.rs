//! The bank account that stands for the files of an account: its rows are those of all of them.

use bankside_domain::account::AccountKind;
use bankside_domain::{AccountId, Asker, BankAccountId, CurrencyCode, Id, Right, SourceId};
use bankside_vault::{Sealed, WrappedKey};
use uuid::Uuid;

use crate::bank_accounts::NewBankAccount;
use crate::convert::currency;
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// The bank account that stands for the files of an account.
#[derive(Debug, Clone)]
pub struct StatementAccount {
    /// It.
    pub bank_account: BankAccountId,
    /// The data key that seals its raw rows.
    pub data_key: WrappedKey,
    /// How its files were read last, as JSON.
    pub profile: Option<String>,
}

/// By what the rows of a file are read again.
#[derive(Debug, Clone)]
pub struct FileReading {
    /// The file's name.
    pub name: String,
    /// The bank account that its rows are of.
    pub bank_account: BankAccountId,
    /// The data key that seals them.
    pub data_key: WrappedKey,
    /// The currency of its amounts.
    pub currency: CurrencyCode,
    /// How it is read, as JSON.
    pub profile: String,
}

impl Store {
    /// The bank account that stands for the files of an account, made on first use. `new_key` is asked for its key then.
    pub async fn statement_account(
        &self,
        asker: &Asker,
        account: AccountId,
        new_key: impl FnOnce(BankAccountId) -> (WrappedKey, Sealed) + Send,
    ) -> Result<StatementAccount, StoreError> {
        let mut session = self.db.write(asker.require_account(Right::EditBooks, account)?).await?;
        self.lock_account(&mut session, asker, account).await?;
        if let Some(known) = self.statement_account_within(&mut session, asker, account).await? {
            return Ok(known);
        }
        let ledger = self.account_within(&mut session, asker, account).await?;
        let id: BankAccountId = self.ambient.id();
        let (data_key, details) = new_key(id);
        let new = NewBankAccount {
            id,
            institution_key: String::new(),
            institution_name: "Statement files".to_owned(),
            provider_account_id: String::new(),
            name: "Statement files".to_owned(),
            holder: None,
            masked_number: None,
            kind: AccountKind::Other,
            currency: ledger.currency.code,
            match_keys: Vec::new(),
            data_key: data_key.clone(),
            details,
            balances: Vec::new(),
        };
        self.add_bank_account(&mut session, asker, &new).await?;
        let text =
            sql!("INSERT INTO statement_accounts (organization_id, account_id, bank_account_id) VALUES ($1, $2, $3)");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(account.uuid()).bind(id.uuid()));
        session.commit().await?;
        Ok(StatementAccount { bank_account: id, data_key, profile: None })
    }

    pub(crate) async fn statement_account_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
    ) -> Result<Option<StatementAccount>, StoreError> {
        let text = sql!(
            "SELECT s.bank_account_id, b.data_key, s.profile FROM statement_accounts s
             JOIN bank_accounts b ON b.organization_id = s.organization_id AND b.id = s.bank_account_id
             WHERE s.organization_id = $1 AND s.account_id = $2"
        );
        let row: Option<(Uuid, Vec<u8>, Option<String>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_optional(c)
            .await?);
        Ok(row.map(|(id, key, profile)| StatementAccount {
            bank_account: id.into(),
            data_key: WrappedKey::from_bytes(key),
            profile,
        }))
    }

    /// By what the rows of a file are read again. Only whoever sees the account that it was brought for may.
    pub async fn file_reading(&self, asker: &Asker, source: SourceId) -> Result<FileReading, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!(
            "SELECT f.name, f.account_id, s.bank_account_id, b.data_key, b.currency, f.profile FROM statement_files f
             JOIN statement_accounts s ON s.organization_id = f.organization_id AND s.account_id = f.account_id
             JOIN bank_accounts b ON b.organization_id = s.organization_id AND b.id = s.bank_account_id
             WHERE f.organization_id = $1 AND f.id = $2"
        );
        let row: Option<(String, Uuid, Uuid, Vec<u8>, String, String)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(source.uuid())
            .fetch_optional(c)
            .await?);
        let row = row.filter(|(_, account, ..)| asker.sees((*account).into()));
        let (name, _, bank_account, key, code, profile) = row.ok_or(StoreError::NotFound("the file"))?;
        Ok(FileReading {
            name,
            bank_account: bank_account.into(),
            data_key: WrappedKey::from_bytes(key),
            currency: currency(&code)?,
            profile,
        })
    }
}
