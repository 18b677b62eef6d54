//! The last step: the accounts of a consent become accounts of the API.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::records::{Account, Readiness, Records, Requisition};
use super::Visit;
use crate::banks::{Card, Numbering, Processing, SANDBOX_FINANCE};
use crate::{Sandbox, SandboxError};

/// The accounts that the bank offers to this consent.
pub(super) fn offered_cards(sandbox: &Sandbox, visit: &Visit) -> Result<Vec<Card>, SandboxError> {
    let Some(service) = visit.bank.service else { return Ok(Vec::new()) };
    // Fact sheet §9: only the provider's sandbox bank numbers its accounts by consent.
    let changes = visit.requisition.institution_id == SANDBOX_FINANCE && sandbox.switches().sandbox_bank_numbers_change;
    let numbering = if changes { Numbering::PerConsent(visit.id) } else { Numbering::Fixed };
    Ok(service.books.accounts(numbering)?)
}

/// The accounts that were chosen, or all of them where there was no choice.
pub(super) fn chosen_cards(
    sandbox: &Sandbox,
    visit: &Visit,
    requisition: &Requisition,
) -> Result<Vec<Card>, SandboxError> {
    let mut cards = offered_cards(sandbox, visit)?;
    if let Some(chosen) = &requisition.chosen {
        cards.retain(|card| chosen.contains(&card.key));
    }
    Ok(cards)
}

/// Creates or finds an account for each of them and puts their ids into the requisition.
pub(super) fn link_accounts(
    sandbox: &Sandbox,
    visit: &Visit,
    requisition: &Requisition,
    records: &mut Records,
) -> Result<(), SandboxError> {
    let Some(service) = visit.bank.service else { return Ok(()) };
    let processing = records.processing.get(&visit.requisition.institution_id).copied().unwrap_or(service.processing);
    let processing = match processing {
        Processing::Ready if requisition.redirect_immediate => Processing::Polls(1),
        other => other,
    };
    let mut ids = Vec::new();
    for card in chosen_cards(sandbox, visit, requisition)? {
        let known = records.accounts.iter().find(|(_, account)| is_same(account, visit, &card));
        let known = known.filter(|_| sandbox.switches().account_ids_survive_relink);
        let (id, before) = known.map_or_else(|| (sandbox.uuid(), None), |(id, account)| (*id, Some(account)));
        let account = Account {
            created: before.map_or(visit.now, |account| account.created),
            last_accessed: before.and_then(|account| account.last_accessed),
            institution_id: visit.requisition.institution_id.clone(),
            readiness: Readiness::start(processing, visit.now),
            ids_from: ids_from(sandbox, visit, &card),
            calls: before.map_or_else(BTreeMap::new, |account| account.calls.clone()),
            card,
            failures: 0,
            stated: None,
        };
        records.accounts.insert(id, account);
        ids.push(id);
    }
    if let Some(requisition) = records.requisitions.get_mut(&visit.id) {
        requisition.accounts = ids;
    }
    Ok(())
}

fn is_same(account: &Account, visit: &Visit, card: &Card) -> bool {
    account.institution_id == visit.requisition.institution_id
        && account.card.key == card.key
        && account.card.iban == card.iban
        && account.card.currency == card.currency
}

/// What internal transaction ids come from: the account itself, or this one consent (fact sheet §6.4).
fn ids_from(sandbox: &Sandbox, visit: &Visit, card: &Card) -> Uuid {
    if !sandbox.switches().internal_ids_survive_relink {
        return sandbox.uuid();
    }
    let digest = Sha256::new()
        .chain_update(visit.requisition.institution_id.as_bytes())
        .chain_update(card.number().as_bytes())
        .chain_update(card.currency.code.as_str().as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}
