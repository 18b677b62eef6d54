//! Secrets: in the clear only on the way to their own provider.

use std::collections::BTreeSet;

use bankside_connect::Fault;
use bankside_domain::fault::FaultClass;

use super::{Miss, checks, demand, in_turn};
use crate::overheard::Overheard;
use crate::simulator::{Call, Scene, Trouble, Walk};
use crate::stand::{Ended, Stand};

checks! { "Secrets":
    "answers and passwords are in no state of a flow, no reference, no fault and no log" => forgotten;
    "keys and tokens are in no log, however fine, in no error and in no record of a fault" => silent;
}

/// A shorter text may stand anywhere by chance.
const TELLING_CHARS: usize = 12;

/// Codes are shorter than keys; the texts are made up so that they stand nowhere else.
const TELLING_CODE_CHARS: usize = 6;

async fn forgotten(stand: &Stand) -> Result<(), Miss> {
    let overheard = Overheard::default();
    let mut told = Vec::new();
    {
        let _listening = overheard.listen();
        for walk in [Walk::Consents, Walk::Mistypes] {
            let step = stand.meet(Scene::Asked).await?;
            tell(&mut told, &stand.go_on(step, walk).await);
        }
        // Those that there are.
        let nothing = Trouble::Line("connection_closed");
        let mut calls = vec![Call::SignIn, Call::Answer];
        calls.retain(|call| stand.simulator.arm(nothing, *call, None, Some(1)).is_ok());
        stand.simulator.disarm();
        // What goes wrong while something typed is on its way.
        for (turn, name) in stand.all_troubles().into_iter().enumerate() {
            for call in in_turn(turn, &calls) {
                let step = stand.meet(Scene::Asked).await?;
                if stand.simulator.arm(Trouble::Line(name), call, None, Some(1)).is_ok() {
                    tell(&mut told, &stand.go_on(step, Walk::Consents).await);
                    stand.simulator.disarm();
                }
                stand.simulator.clock().advance(jiff::SignedDuration::from_hours(2));
            }
        }
    }
    let typed = stand.flows.typed();
    let telling: Vec<&String> = typed.iter().filter(|text| text.len() >= TELLING_CODE_CHARS).collect();
    demand(!telling.is_empty(), || "nothing was typed".to_owned())?;
    let heard = overheard.text();
    demand(heard.contains("provider answered"), || "nothing was overheard".to_owned())?;
    for text in telling {
        let places = [("what a flow keeps", &stand.flows.kept()), ("the log", &heard), ("a fault", &told.join("\n"))];
        for (place, said) in places {
            demand(!said.contains(text.as_str()), || {
                format!("something typed, of {} characters, is in {place}", text.len())
            })?;
        }
    }
    Ok(())
}

/// Writes down how a flow ended, as far as that is of interest.
fn tell(told: &mut Vec<String>, ended: &Result<Ended, Miss>) {
    match ended {
        Ok(Ended::Failed(fault)) | Err(Miss::Fault(fault)) => write_down(told, fault),
        other => told.push(format!("{other:?}")),
    }
}

/// All that can be read of a fault.
fn write_down(told: &mut Vec<String>, fault: &Fault) {
    let source = std::error::Error::source(fault).map(ToString::to_string);
    let record = serde_json::to_string(fault.record()).unwrap_or_default();
    told.push(format!("{fault} {fault:?} {source:?} {record}"));
}

async fn silent(stand: &Stand) -> Result<(), Miss> {
    let overheard = Overheard::default();
    let mut told = Vec::new();
    {
        let _listening = overheard.listen();
        live(stand, &mut told).await?;
    }
    let heard = overheard.text();
    demand(heard.contains("provider answered"), || "nothing was overheard".to_owned())?;
    let fields = stand.connector.descriptor().fields.iter().filter(|field| field.kind.is_secret());
    let keys = fields.filter_map(|field| stand.keys.get(field.key)).map(|key| key.expose().to_owned());
    let made = stand.keepsakes.all();
    let tokens = stand.tokens.seen().into_iter().chain(made).flat_map(|token| parts(&token)).collect::<BTreeSet<_>>();
    for secret in keys.chain(tokens).filter(|secret| secret.len() >= TELLING_CHARS) {
        for (place, text) in [("the log", &heard), ("a fault or a debugging text", &told.join("\n"))] {
            demand(!text.contains(&secret), || format!("a secret of {} characters is in {place}", secret.len()))?;
        }
    }
    Ok(())
}

/// A whole life: connecting, fetching in good and bad weather, wrong keys, ending. What is told of it is written down.
async fn live(stand: &Stand, told: &mut Vec<String>) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    told.push(format!("{:?} {connected:?}", stand.keys));
    for name in stand.all_troubles() {
        stand.simulator.arm_by_name(name, Call::Rows, None);
        let fetched = stand.fetch(&connected).await;
        for fault in fetched.accounts.values().filter_map(|brought| brought.fault.as_ref()).chain(&fetched.fault) {
            write_down(told, fault);
        }
        stand.simulator.disarm();
        stand.simulator.clock().advance_days(2);
    }
    let trouble = Trouble::Class(FaultClass::RetryLater);
    if stand.simulator.arm(trouble, Call::Revoke, None, Some(1)).is_ok()
        && let Err(fault) = stand.connector.revoke(&stand.cx(), &connected.remote).await
    {
        write_down(told, &fault);
    }
    if let Err(fault) = stand.connector.check(&stand.cx_with(&stand.simulator.strange_keys())).await {
        write_down(told, &fault);
    }
    Ok(stand.connector.revoke(&stand.cx(), &connected.remote).await?)
}

/// The texts within a kept token, which may be JSON.
fn parts(token: &str) -> Vec<String> {
    let mut parts = vec![token.to_owned()];
    if let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(token) {
        let texts = fields.into_iter().filter(|(name, _)| !name.ends_with("_at"));
        parts.extend(texts.filter_map(|(_, value)| value.as_str().map(str::to_owned)));
    }
    parts
}
