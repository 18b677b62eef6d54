//! Rows of the register that are known by their ids.

use std::collections::HashMap;

use bankside_domain::{Asker, Id, Right, TransactionId};
use uuid::Uuid;

use super::{RegisterQuery, RegisterRow, Window};
use crate::convert::count;
use crate::dialect::VALUES_PER_LIST;
use crate::register::prepare::Prepared;
use crate::{Store, StoreError};

impl Store {
    /// Some rows as the register shows them, each once. Those that are not in the books, or out of sight, are not among them.
    pub async fn register_rows_of(
        &self,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<HashMap<TransactionId, RegisterRow>, StoreError> {
        self.rows_of(asker, ids, Prepared::of_these).await
    }

    /// The same of pending rows that have left the books because their banks stopped showing them, as they stood then.
    pub async fn gone_rows_of(
        &self,
        asker: &Asker,
        ids: &[TransactionId],
    ) -> Result<HashMap<TransactionId, RegisterRow>, StoreError> {
        self.rows_of(asker, ids, Prepared::of_gone).await
    }

    async fn rows_of(
        &self,
        asker: &Asker,
        ids: &[TransactionId],
        prepared: fn(Vec<Uuid>) -> Prepared,
    ) -> Result<HashMap<TransactionId, RegisterRow>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let mut found = HashMap::with_capacity(ids.len());
        let request = RegisterQuery::default();
        for chunk in ids.chunks(VALUES_PER_LIST) {
            let prepared = prepared(chunk.iter().map(|id| id.uuid()).collect());
            let window = Window { is_ascending: false, offset: 0, limit: count(chunk.len()) };
            let rows = self.register_rows(&mut session, asker, &request, &prepared, window, None).await?;
            let lines: Vec<Uuid> = rows.iter().filter_map(|row| row.line_id).collect();
            let mut tags = self.tag_names(&mut session, asker, &lines).await?;
            let rows = rows.into_iter().map(|row| row.into_register_row(&mut tags));
            let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
            self.mark_transfers(&mut session, asker, &mut rows).await?;
            found.extend(rows.into_iter().map(|row| (row.id, row)));
        }
        Ok(found)
    }
}
