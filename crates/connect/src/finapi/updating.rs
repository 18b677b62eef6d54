//! Having a bank read anew: tasks in the background, and waiting until what they bring is there. Source: section 6 of the fact sheet.

use std::time::Duration;

use bankside_domain::fault::FaultClass;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::client::{Client, UPDATES};
use super::wire::{BankConnection, Task};
use super::{connection, problem};
use crate::connector::Visitor;
use crate::fault::Fault;

/// How long a task is waited for, and then what it brings, between one look and the next. finAPI wants to be asked no more than once a
/// second.
const PAUSES_SECS: [u64; 9] = [1, 2, 2, 4, 4, 8, 15, 15, 30];
/// A connection that is still being read is asked for again after this.
const AGAIN_MINUTES: i64 = 3;
/// How often it is looked for categories once everything else is there.
const LOOKS_FOR_CATEGORIES: u32 = 4;
/// No document takes a longer name of a browser.
const LONGEST_AGENT: usize = 1024;
/// What was read so lately is not read again.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// What banks want to know of whoever is there.
pub(super) fn metadata(visitor: &Visitor) -> Value {
    let agent = visitor.user_agent.trim();
    let systems = ["Windows", "Android", "iPhone", "iPad", "Macintosh", "CrOS", "Linux"];
    let system = systems.into_iter().find(|system| agent.contains(system)).unwrap_or("unknown");
    let agent: String = if agent.is_empty() { "unknown" } else { agent }.chars().take(LONGEST_AGENT).collect();
    json!({ "ipAddress": visitor.address.to_string(), "deviceOs": system, "userAgent": agent })
}

/// Where a task stands.
#[derive(Debug)]
pub(super) enum Stage {
    Running,
    /// The person is wanted, at this form.
    WantsForm {
        form: String,
    },
    Over,
    Failed(Fault),
}

/// What a task says. `said` is what the bank has told finAPI lately.
pub(super) fn stage(task: &Task, said: Option<&str>, bank: &str) -> Stage {
    let payload = task.payload.clone().unwrap_or_default();
    match task.status.as_deref().unwrap_or_default() {
        "COMPLETED" => Stage::Over,
        "COMPLETED_WITH_ERROR" => {
            Stage::Failed(problem::ended(payload.error_code.as_deref().unwrap_or_default(), said, bank))
        }
        "WEB_FORM_REQUIRED" => match payload.web_form {
            Some(form) => Stage::WantsForm { form: form.id },
            None => Stage::Failed(problem::unreadable()),
        },
        // A word that we do not know says nothing against it.
        _ => Stage::Running,
    }
}

/// Begins an update. One generation of the API takes a list of ids and the other one id (fact sheet §6): what is refused as wrong in one
/// shape is asked for in the other, once, and nothing has happened before that.
pub(super) async fn begin(client: &Client<'_>, id: &str, more: &Value) -> Result<Task, Fault> {
    let number: u64 = id.parse().map_err(|_| problem::unreadable())?;
    let body = |name: &str, value: Value| {
        let mut body = more.clone();
        body[name] = value;
        body
    };
    match client.update(&body("bankConnectionIds", json!([number]))).await {
        Err(fault) if fault.code() == problem::REFUSED => {
            client.update(&body("bankConnectionId", json!(number))).await.map_err(|_| fault)
        }
        result => result,
    }
}

/// What came of having a bank read anew.
pub(super) struct Reread {
    /// What keeps the connection from being up to date. Whatever that is, what finAPI has can be read.
    pub fault: Option<Fault>,
    /// Whether there was, or is, somebody at it.
    pub was_begun: bool,
}

impl Reread {
    const fn left_alone(fault: Option<Fault>) -> Self {
        Self { fault, was_begun: false }
    }

    const fn begun(fault: Option<Fault>) -> Self {
        Self { fault, was_begun: true }
    }
}

/// Has the bank read, unless that was so lately. Whoever is there is told of, and then it is none of the few times for which banks want
/// nobody.
pub(super) async fn in_background(client: &Client<'_>, read: &BankConnection) -> Result<Reread, Fault> {
    let now = client.cx.ambient.now();
    if let Some(fault) = connection::standing(read, now) {
        return Ok(Reread::left_alone(Some(fault)));
    }
    let is_fresh = connection::read_at(read).is_some_and(|at| now.duration_since(at) < FRESH);
    if is_fresh || !connection::is_ready(read) {
        return Ok(Reread::left_alone(None));
    }
    let id = read.id.0.as_str();
    let wish = if let Some(visitor) = client.cx.visitor {
        json!({ "userMetadata": metadata(visitor) })
    } else {
        match client.cx.quota.debit(&format!("updates {id}"), &UPDATES).await {
            // The bank takes no more of it today; what was read last is still there.
            Err(fault) if fault.class() == FaultClass::RateLimited => return Ok(Reread::left_alone(None)),
            debited => debited?,
        }
        json!({})
    };
    let task = match begin(client, id, &wish).await {
        // Somebody else has it read, and what that brings is waited for.
        Err(fault) if fault.code() == problem::LOCKED => return Ok(Reread::begun(None)),
        Err(fault) if concerns_all(&fault) => return Err(fault),
        Err(fault) => return Ok(Reread::left_alone(Some(connection::or_gone(fault)))),
        Ok(task) => task,
    };
    let bank = connection::bank_name(read);
    let fault = match follow(client, task.id, &bank).await? {
        Stage::Over => None,
        Stage::WantsForm { form } => {
            // It would be over before anybody sees it; who is asked to sign in gets one of their own.
            if let Err(fault) = client.delete_form(&form).await {
                tracing::info!(code = fault.code(), "a form that nobody fills in could not be deleted");
            }
            Some(connection::wants_person(&bank))
        }
        Stage::Failed(fault) => Some(with_words(client, id, fault).await),
        Stage::Running => {
            let message = "finAPI is still reading the bank. What it brings comes with a later sync.";
            Some(problem::later("finapi.slow_update", message))
        }
    };
    Ok(Reread::begun(fault))
}

fn concerns_all(fault: &Fault) -> bool {
    matches!(fault.class(), FaultClass::NeedsOperator | FaultClass::RateLimited)
}

/// A refusal of the bank, with what it said.
async fn with_words(client: &Client<'_>, id: &str, fault: Fault) -> Fault {
    if fault.code() != "finapi.bank_refused" {
        return fault;
    }
    match client.connection(id).await {
        Ok(read) => problem::bank_refused(connection::said(&read)).with_reference(fault.record().reference.clone()),
        Err(_) => fault,
    }
}

/// Looks at a task until it stands still, or for as long as is waited for it.
async fn follow(client: &Client<'_>, id: String, bank: &str) -> Result<Stage, Fault> {
    for secs in PAUSES_SECS {
        client.cx.http.pause(Duration::from_secs(secs)).await;
        match stage(&client.task(&id).await?, None, bank) {
            Stage::Running => {}
            still => return Ok(still),
        }
    }
    Ok(Stage::Running)
}

/// Waits until everything of a connection is there to be read. Categories are waited for only a little: rows are whole without them, and
/// who has categories switched off may never get any.
pub(super) async fn until_ready(client: &Client<'_>, id: &str) -> Result<(), Fault> {
    let mut pauses = PAUSES_SECS.iter();
    let mut looks = LOOKS_FOR_CATEGORIES;
    loop {
        let read = client.connection(id).await.map_err(connection::or_gone)?;
        let is_ready = connection::is_ready(&read);
        if is_ready && (connection::is_categorized(&read) || looks == 0) {
            return Ok(());
        }
        looks -= u32::from(is_ready);
        match pauses.next() {
            Some(secs) => client.cx.http.pause(Duration::from_secs(*secs)).await,
            None if is_ready => return Ok(()),
            None => return Err(still_reading(client)),
        }
    }
}

pub(super) fn still_reading(client: &Client<'_>) -> Fault {
    let again = client.cx.ambient.now() + SignedDuration::from_mins(AGAIN_MINUTES);
    Fault::new(FaultClass::Busy, "finapi.reading", "finAPI is still reading this bank.").with_retry_at(Some(again))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banks_are_told_who_is_there() {
        let visitor = |agent: &str| Visitor { address: "192.0.2.7".parse().unwrap(), user_agent: agent.to_owned() };
        let told = metadata(&visitor("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"));
        assert_eq!((told["ipAddress"].as_str(), told["deviceOs"].as_str()), (Some("192.0.2.7"), Some("Linux")));
        assert_eq!(metadata(&visitor(" "))["userAgent"], "unknown");
        let long = metadata(&visitor(&"x".repeat(5000)));
        assert_eq!(long["userAgent"].as_str().map(str::len), Some(LONGEST_AGENT));
    }
}
