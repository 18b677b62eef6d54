//! Refreshing: having a login read from its bank anew before its rows are read, and waiting for that for a bounded time.
//!
//! What Sophtron has stays readable whatever becomes of it. Source: section 6 of the fact sheet.

use std::time::Duration;

use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::quota::Presence;
use jiff::Span;
use jiff::civil::Date;
use serde_json::json;

use super::client::{Client, object};
use super::job::{Failure, Job, Standing};
use super::problem;
use super::remote::Remote;
use crate::fault::Fault;

/// The pauses before each look at a job. Together four minutes, as long as other programs wait, for a sixth of their
/// requests: with ten looks and a handful of other calls a sync takes about 15 of the 10 000 requests of a month, so that ten
/// logins can be synced twice a day and a tenth is left for people.
const PAUSES_SECS: [u64; 10] = [2, 3, 5, 10, 20, 30, 30, 40, 50, 50];

/// A bank that asks every time is not spoken of again for so many days after it was last read.
const DAYS_UNTOLD: i64 = 7;

/// Why what Sophtron has is not the latest.
#[derive(Debug)]
pub(super) enum Stale {
    /// The bank wants something of the person.
    AsksPerson,
    /// The bank asks the person each time, and a sync cannot hand on what they answer. So nothing was started.
    AsksEveryTime,
    /// The bank does not accept the sign-in.
    SignInRefused,
    /// The bank did not give anything.
    Failed,
    /// It is not over yet.
    StillRunning,
    /// Sophtron could not be asked for it.
    NotAsked(Fault),
}

impl Stale {
    /// Whether rows are still coming, so that those that are there are not all.
    pub(super) fn is_partial(&self) -> bool {
        matches!(self, Self::StillRunning)
    }

    /// Whether it goes without saying: whoever has a bank that asks every time knows it, and is told when they look, or when it
    /// has been long.
    pub(super) fn is_expected(&self, presence: Presence, as_of: Option<Date>, today: Date) -> bool {
        let is_recent = as_of.is_none_or(|day| day.saturating_add(Span::new().days(DAYS_UNTOLD)) >= today);
        matches!(self, Self::AsksEveryTime) && presence == Presence::Unattended && is_recent
    }

    /// The fault of one account; its rows are those of a day, where that is known.
    pub(super) fn fault(&self, as_of: Option<Date>) -> Fault {
        let as_of = as_of.map(|day| format!(" What is here is of {day}.")).unwrap_or_default();
        let renew = |code: &str, message: &str| {
            let message = format!("{message}{as_of}");
            Fault::new(FaultClass::NeedsUser, code, message).with_action(UserAction::Renew)
        };
        match self {
            Self::AsksPerson => {
                renew("sophtron.asks_person", "The bank asks for you before it gives anything new. Press Resync.")
            }
            Self::AsksEveryTime => renew(
                "sophtron.asks_every_time",
                "The bank asks for you each time, so that only Resync brings anything new.",
            ),
            Self::SignInRefused => renew(
                "sophtron.sign_in_refused",
                "The bank does not accept the sign-in any more. Press Resync and sign in there.",
            ),
            Self::Failed => problem::later("sophtron.job_failed", &format!("The bank gave nothing new.{as_of}")),
            Self::StillRunning => {
                let message = format!("Sophtron is still reading this bank.{as_of}");
                problem::later("sophtron.job_running", &message)
            }
            Self::NotAsked(fault) => {
                let record = fault.record();
                let copy = Fault::new(record.class, record.code.clone(), format!("{}{as_of}", record.message));
                let copy = copy.with_retry_at(record.retry_at);
                match record.http_status {
                    Some(status) => copy.with_status(status),
                    None => copy,
                }
            }
        }
    }
}

/// How a job stands.
pub(super) async fn job(client: &Client<'_>, id: &str) -> Result<Job, Fault> {
    let answer = client.post("Job/GetJobInformationByID", &json!({ "JobID": id })).await?;
    Ok(Job::read(&object(&answer)?))
}

/// Has a login read anew and waits for that; `None` is what is as fresh as it can be.
pub(super) async fn refresh(client: &Client<'_>, remote: &Remote) -> Result<Option<Stale>, Fault> {
    let started = if remote.is_fresh(client.cx.ambient.now()) {
        Ok(remote.job.clone())
    } else if remote.asks_every_time {
        return Ok(Some(Stale::AsksEveryTime));
    } else {
        client.refresh(&remote.login).await
    };
    match started {
        Ok(Some(job)) => wait_for(client, &job).await,
        // Without a job there is nothing to wait for.
        Ok(None) => Ok(None),
        Err(fault) if fault.code() == problem::NOT_FOUND => Err(problem::login_gone()),
        Err(fault) if problem::concerns_all(&fault) => Err(fault),
        Err(fault) => Ok(Some(Stale::NotAsked(fault))),
    }
}

async fn wait_for(client: &Client<'_>, id: &str) -> Result<Option<Stale>, Fault> {
    for secs in PAUSES_SECS {
        client.cx.http.pause(Duration::from_secs(secs)).await;
        let job = match job(client, id).await {
            Ok(job) => job,
            Err(fault) if problem::concerns_all(&fault) => return Err(fault),
            Err(fault) if fault.code() == problem::NOT_FOUND => return Ok(Some(Stale::Failed)),
            // A look that fails is one look less.
            Err(fault) => {
                tracing::info!(code = fault.code(), "a job could not be looked at");
                continue;
            }
        };
        match job.standing {
            // It says that it is over and not how; what there is can be read.
            Standing::Done | Standing::Over => return Ok(None),
            Standing::Failed(Failure::SignIn) => return Ok(Some(Stale::SignInRefused)),
            Standing::Failed(_) => return Ok(Some(Stale::Failed)),
            Standing::Running if !job.open.is_empty() => return Ok(Some(Stale::AsksPerson)),
            // Accounts come before their rows.
            Standing::Running | Standing::AccountsReady => {}
        }
    }
    Ok(Some(Stale::StillRunning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_waited_for_four_minutes() {
        assert_eq!(PAUSES_SECS.iter().sum::<u64>(), 240);
    }

    #[test]
    fn faults_say_of_when_the_rows_are() {
        let day = jiff::civil::date(2026, 11, 18);
        for (stale, class) in [
            (Stale::AsksPerson, FaultClass::NeedsUser),
            (Stale::AsksEveryTime, FaultClass::NeedsUser),
            (Stale::SignInRefused, FaultClass::NeedsUser),
            (Stale::Failed, FaultClass::RetryLater),
            (Stale::StillRunning, FaultClass::RetryLater),
            (Stale::NotAsked(problem::later("sophtron.down", "It is down.").with_status(502)), FaultClass::RetryLater),
        ] {
            let fault = stale.fault(Some(day));
            assert_eq!(fault.class(), class, "{stale:?}");
            assert!(fault.record().message.ends_with(" What is here is of 2026-11-18."), "{fault}");
            assert_eq!(fault.record().action.is_some(), class == FaultClass::NeedsUser);
        }
    }
}
