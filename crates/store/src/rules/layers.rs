//! The rule's layer of a field, between the bank's and a person's.

use bankside_domain::batch::Entity;
use bankside_domain::rules::rule_layer_of;
use bankside_domain::{Asker, BatchId, Code, Id};
use uuid::Uuid;

use crate::db::{Session, on};
use crate::dialect::{ROWS_PER_STATEMENT, push_list};
use crate::{Store, StoreError};

impl Store {
    /// Writes or clears the rule's layer of a field. The value is absent, or the rule, `=` and the text.
    pub(crate) async fn write_rule_layers(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        (entity, field): (Entity, &str),
        value: Option<&str>,
        ids: &[Uuid],
    ) -> Result<(), StoreError> {
        let Some(value) = value else {
            on!(session, c => {
                let mut delete = sqlx::QueryBuilder::new("DELETE FROM field_layers WHERE layer = 'rule' AND organization_id = ");
                delete.push_bind(asker.organization.uuid()).push(" AND field = ").push_bind(field);
                delete.push(" AND entity_id IN ");
                push_list(&mut delete, ids.iter().copied());
                delete.build().execute(c).await?;
            });
            return Ok(());
        };
        let (rule, text) =
            rule_layer_of(value).ok_or_else(|| StoreError::Corrupt(format!("a changed value: {value}")))?;
        for chunk in ids.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO field_layers (organization_id, entity, entity_id, field, layer, value, batch_id, rule_id) ",
                );
                insert.push_values(chunk, |mut row, id| {
                    row.push_bind(asker.organization.uuid())
                        .push_bind(entity.code())
                        .push_bind(*id)
                        .push_bind(field)
                        .push_bind("rule")
                        .push_bind(text)
                        .push_bind(batch.uuid())
                        .push_bind(rule.uuid());
                });
                insert.push(
                    " ON CONFLICT (organization_id, entity_id, field, layer) \
                     DO UPDATE SET value = excluded.value, batch_id = excluded.batch_id, rule_id = excluded.rule_id",
                );
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }
}
