//! Secrets: in the clear only on the way to their own provider.

use std::collections::BTreeSet;

use bankside_connect::FieldKind;
use bankside_domain::fault::FaultClass;

use super::{Miss, checks, demand};
use crate::overheard::Overheard;
use crate::simulator::{Call, Trouble};
use crate::stand::Stand;

checks! { "Secrets":
    "keys and tokens are in no log, however fine, in no error and in no record of a fault" => silent;
}

/// A shorter text may stand anywhere by chance.
const TELLING_CHARS: usize = 12;

async fn silent(stand: &Stand) -> Result<(), Miss> {
    let overheard = Overheard::default();
    let mut told = String::new();
    {
        let _listening = overheard.listen();
        live(stand, &mut told).await?;
    }
    let heard = overheard.text();
    demand(heard.contains("provider answered"), || "nothing was overheard".to_owned())?;
    let fields = stand.connector.descriptor().fields.iter().filter(|field| field.kind == FieldKind::Secret);
    let keys = fields.filter_map(|field| stand.keys.get(field.key)).map(|key| key.expose().to_owned());
    let tokens = stand.tokens.seen().into_iter().flat_map(|token| parts(&token)).collect::<BTreeSet<_>>();
    for secret in keys.chain(tokens).filter(|secret| secret.len() >= TELLING_CHARS) {
        for (place, text) in [("the log", &heard), ("a fault or a debugging text", &told)] {
            demand(!text.contains(&secret), || format!("a secret of {} characters is in {place}", secret.len()))?;
        }
    }
    Ok(())
}

/// A whole life: connecting, fetching in good and bad weather, wrong keys, ending. What is told of it is written down.
async fn live(stand: &Stand, told: &mut String) -> Result<(), Miss> {
    let mut tell = |text: String| {
        told.push_str(&text);
        told.push('\n');
    };
    let connected = stand.connect(None).await?;
    tell(format!("{:?} {:?}", stand.keys, connected));
    for name in stand.simulator.all_troubles() {
        stand.simulator.arm_by_name(name, Call::Rows, None);
        let fetched = stand.fetch(&connected).await;
        for fault in fetched.accounts.values().filter_map(|brought| brought.fault.as_ref()).chain(&fetched.fault) {
            let source = std::error::Error::source(fault).map(ToString::to_string);
            tell(format!("{fault} {fault:?} {source:?} {}", serde_json::to_string(fault.record()).unwrap_or_default()));
        }
        stand.simulator.disarm();
        stand.simulator.clock().advance_days(2);
    }
    let trouble = Trouble::Class(FaultClass::RetryLater);
    if stand.simulator.arm(trouble, Call::Revoke, None, Some(1)).is_ok()
        && let Err(fault) = stand.connector.revoke(&stand.cx(), &connected.remote).await
    {
        tell(format!("{fault:?}"));
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
