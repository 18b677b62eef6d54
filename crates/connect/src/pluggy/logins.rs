//! The pasted items: each is a login that somebody has made at Pluggy (fact sheet §0.7 and §10).

use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::text::tidy;

use super::client::Client;
use super::wire::{Account, Item};
use super::{accounts, item, problem};
use crate::connector::Cx;
use crate::fault::Fault;
use crate::http::UNREACHABLE;
use crate::step::Login;

/// The items of the keys, each once, in their order. One that is no item id stays as it was typed.
fn pasted(cx: &Cx<'_>) -> Vec<String> {
    let text = cx.keys.get("item_ids").map(|ids| ids.expose().to_owned()).unwrap_or_default();
    let mut ids: Vec<String> = Vec::new();
    for id in text.split(',').map(str::trim).filter(|id| !id.is_empty()) {
        let id = item_id(id).unwrap_or_else(|| id.to_owned());
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// An item id in its one form; `None` where the text is none. They are UUIDs: 32 hexadecimal digits in five groups.
pub(super) fn item_id(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let groups: Vec<&str> = text.split('-').collect();
    let is_hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_id = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(is_hex);
    is_id.then_some(text)
}

/// Why a text is no item id, in one sentence.
pub(super) fn no_item_id(text: &str) -> String {
    let shown: String = text.trim().chars().filter(|c| !c.is_control()).take(40).collect();
    format!("“{shown}” is no item ID: one is 32 letters and digits in five groups with dashes between.")
}

fn wrong_keys(code: &str, message: String) -> Fault {
    Fault::new(FaultClass::NeedsOperator, code, message).with_action(UserAction::FixCredentials)
}

/// Checks the keys with a real call, and that each item is within their reach. How an item stands is no matter of the
/// keys.
pub(super) async fn check(client: &Client<'_>) -> Result<(), Fault> {
    let ids = pasted(client.cx);
    if let Some(bad) = ids.iter().find(|id| item_id(id).is_none()) {
        return Err(wrong_keys("pluggy.item_id_wrong", no_item_id(bad)));
    }
    client.new_key().await?;
    if ids.is_empty() {
        let message = "The keys are right, but an item ID is needed too. Copy one in the Pluggy dashboard: open the \
                       application's demo, then Copiar Item ID in the menu beside the bank.";
        return Err(wrong_keys("pluggy.item_ids_missing", message.to_owned()));
    }
    for id in ids {
        match client.item(&id).await {
            Ok(_) => {}
            Err(fault) if fault.code() == problem::ITEM_GONE => {
                let status = fault.http_status().unwrap_or_default();
                let fault = wrong_keys("pluggy.item_unknown", fault.record().message.clone());
                return Err(fault.with_status(status));
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// The items as they stand, each with what is wrong with it. Only what is wrong with the keys or the line is a fault
/// of all.
pub(super) async fn logins(client: &Client<'_>) -> Result<Vec<Login>, Fault> {
    let mut logins = Vec::new();
    for id in pasted(client.cx) {
        let login = match look(client, &id).await {
            Ok(login) => login,
            Err(fault) if concerns_all(&fault) => return Err(fault),
            Err(fault) => Login {
                key: id,
                name: None,
                state: fault.record().message.clone(),
                updated_at: None,
                fault: Some(fault),
            },
        };
        logins.push(login);
    }
    Ok(logins)
}

fn concerns_all(fault: &Fault) -> bool {
    fault.class() == FaultClass::NeedsOperator && fault.code() != "pluggy.item_id_wrong"
        || matches!(fault.code(), UNREACHABLE | problem::LIMITED | problem::KEY_REFUSED)
}

async fn look(client: &Client<'_>, id: &str) -> Result<Login, Fault> {
    if item_id(id).is_none() {
        return Err(wrong_keys("pluggy.item_id_wrong", no_item_id(id)));
    }
    let item = client.item(id).await?;
    let now = client.cx.ambient.now();
    let name = match item::bank_name(&item) {
        Some(name) => Some(name),
        // A name is worth a call, but no fault.
        None => accounts::of_item(client, id).await.ok().and_then(|(accounts, _)| bank_of(&item, &accounts)),
    };
    Ok(Login {
        key: id.to_owned(),
        name,
        state: item::state(&item, now),
        updated_at: item.last_updated_at,
        fault: item::fault(&item, now),
    })
}

/// The bank's name: that of the connector, or behind Meu Pluggy what its bank accounts are called there (fact sheet
/// §5). Cards are called by their holder there, and tell nothing.
pub(super) fn bank_of(item: &Item, accounts: &[Account]) -> Option<String> {
    let behind = || {
        let bank_accounts = accounts.iter().filter(|account| !account.is_card());
        let mut names: Vec<String> = bank_accounts.filter_map(|account| tidy(account.name.as_deref()?)).collect();
        names.dedup();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let connector = || tidy(item.connector.as_ref()?.name.as_deref()?);
    item::bank_name(item).or_else(behind).or_else(connector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_ids_are_uuids_and_the_wrong_one_is_named() {
        let id = "1b0f3cd5-c902-4836-b68b-04cbd847f99a";
        assert_eq!(item_id(&format!(" {} ", id.to_uppercase())).as_deref(), Some(id));
        for wrong in ["", "601", &id[1..], &format!("{id}0"), &id.replace('-', ""), &id.replace('f', "g"), "é-----"] {
            assert_eq!(item_id(wrong), None, "{wrong}");
        }
        assert!(no_item_id("Banco\nAzul").starts_with("“BancoAzul” is no item ID"));
    }

    #[test]
    fn behind_meu_pluggy_the_accounts_name_the_bank() {
        let item = |connector: &str| -> Item {
            serde_json::from_str(&format!(r#"{{"id":"x","connector":{connector}}}"#)).unwrap()
        };
        let accounts: Vec<Account> = serde_json::from_str(
            r#"[{"id":"1","type":"CREDIT","name":"Demo Household"},{"id":"2","type":"BANK","name":"BANCO AZUL S.A."},
                {"id":"3","type":"BANK","name":"BANCO AZUL S.A."}]"#,
        )
        .unwrap();
        assert_eq!(bank_of(&item(r#"{"id":200,"name":"MeuPluggy"}"#), &accounts).as_deref(), Some("BANCO AZUL S.A."));
        assert_eq!(bank_of(&item(r#"{"id":200,"name":"MeuPluggy"}"#), &accounts[..1]).as_deref(), Some("MeuPluggy"));
        assert_eq!(bank_of(&item(r#"{"id":601,"name":"Banco Verde"}"#), &accounts).as_deref(), Some("Banco Verde"));
        assert_eq!(bank_of(&item("null"), &[]), None);
    }
}
