//! What a field holds again once a layer of it is cleared.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{LAYER, Line, lines_value};
use crate::Id as _;
use crate::batch::{Change, Entity, FieldKey};
use crate::rules::{RULE_LAYER, rule_layer_of};

/// Gives fields whose person's or rule's layer an undoing clears to what lies below: they get what a rule or the bank says now, which
/// may no longer be what it said before, and nothing where neither says anything: what a rule has written does not become a
/// person's word by that. `now` holds what the fields hold at this moment.
pub fn give_back(write: &mut [Change], now: &BTreeMap<FieldKey, Option<String>>) {
    /// Of each field with layers where the bank's word stands; of categories and tags banks say nothing.
    const LAYERED: [(&str, Option<&str>); 5] = [
        ("dated_on", Some("provider_dated_on")),
        ("payee_id", Some("provider_payee_id")),
        ("note", Some("provider_note")),
        ("category_id", None),
        ("tags", None),
    ];
    let cleared: BTreeSet<(Uuid, &str, Option<&str>)> = write
        .iter()
        .filter(|change| change.after.is_none())
        .filter_map(|change| {
            let field = change.field.strip_prefix(LAYER).or_else(|| change.field.strip_prefix(RULE_LAYER))?;
            LAYERED.iter().find(|(name, _)| *name == field).map(|(name, provider)| (change.id, *name, *provider))
        })
        .collect();
    for (id, name, provider) in cleared {
        let layer = format!("{RULE_LAYER}{name}");
        // What the undoing itself makes of the rule's layer holds before what stands there now.
        let written = write.iter().rfind(|change| change.id == id && change.field == layer);
        let written = written.map(|change| change.after.clone());
        let below = |entity: Entity| {
            let now_at = |field: &str| now.get(&(entity, id, field.to_owned())).cloned().flatten();
            let rule = written.clone().unwrap_or_else(|| now_at(&layer));
            match rule.as_deref().and_then(rule_layer_of) {
                Some((_, value)) => value.map(str::to_owned),
                None => provider.and_then(now_at),
            }
        };
        let says = below(Entity::Line);
        for change in write.iter_mut().filter(|change| change.field == "lines") {
            give_line_back(change, id, name, says.as_deref());
        }
        for change in write.iter_mut().filter(|change| change.id == id && change.field == name) {
            let says = below(change.entity);
            // Days are never blank: a row without a bank keeps the one that it had.
            if says.is_some() || name != "dated_on" {
                change.after = says;
            }
        }
    }
}

/// The same where a field of a line goes back with all the lines.
fn give_line_back(change: &mut Change, line: Uuid, field: &str, says: Option<&str>) {
    let lines: Option<Vec<Line>> = change.after.as_deref().and_then(|value| serde_json::from_str(value).ok());
    let Some(mut lines) = lines else { return };
    for one in lines.iter_mut().filter(|one| one.id.uuid() == line) {
        match field {
            "note" => one.note = says.map(str::to_owned),
            "category_id" => one.category = says.and_then(|id| id.parse().ok()),
            "tags" => {
                one.tags = says.into_iter().flat_map(|ids| ids.split(',')).filter_map(|id| id.parse().ok()).collect()
            }
            _ => return,
        }
    }
    change.after = Some(lines_value(&lines));
}
