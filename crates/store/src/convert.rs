//! Between our types and what both databases can keep.

use bankside_domain::reconcile::Digest;
use bankside_domain::{Code, CurrencyCode, Id};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use uuid::Uuid;

use crate::error::StoreError;

/// A civil date as both engines keep it.
pub(crate) type SqlDate = jiff_sqlx::Date;

pub(crate) fn date(date: Date) -> SqlDate {
    date.to_sqlx()
}

pub(crate) fn dates(value: Option<Date>) -> Option<SqlDate> {
    value.map(date)
}

/// Instants are whole microseconds UTC, because that sorts alike everywhere.
pub(crate) fn micros(instant: Timestamp) -> i64 {
    instant.as_microsecond()
}

pub(crate) fn instant(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|error| StoreError::Corrupt(format!("an instant: {error}")))
}

pub(crate) fn instants(micros: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    micros.map(instant).transpose()
}

pub(crate) fn ids<I: Id>(uuid: Option<Uuid>) -> Option<I> {
    uuid.map(I::from)
}

pub(crate) fn uuids<I: Id>(id: Option<I>) -> Option<Uuid> {
    id.map(Id::uuid)
}

pub(crate) fn code<C: Code>(text: &str) -> Result<C, StoreError> {
    Ok(C::from_code(text)?)
}

pub(crate) fn currency(text: &str) -> Result<CurrencyCode, StoreError> {
    text.parse().map_err(|error| StoreError::Corrupt(format!("a currency: {error}")))
}

pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, StoreError> {
    bytes.try_into().map(Digest).map_err(|_| StoreError::Corrupt("a digest has the wrong length".to_owned()))
}

pub(crate) fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
