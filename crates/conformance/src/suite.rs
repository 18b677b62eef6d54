//! The suite: every check, in the order of the report.

mod connecting;
mod ending;
mod faults;
mod fetching;
mod keys;
mod limits;
mod secrets;

use std::future::Future;
use std::pin::Pin;

use bankside_connect::Fault;

use crate::report::{Line, Outcome, Report};
use crate::simulator::Simulators;
use crate::stand::Stand;

/// Why a check did not pass.
#[derive(Debug)]
pub(crate) enum Miss {
    /// Not as it must be.
    Failed(String),
    /// The provider has no occasion for it.
    NotApplicable(String),
}

impl From<Fault> for Miss {
    fn from(fault: Fault) -> Self {
        Self::Failed(format!("an unexpected fault of class {:?}: {fault}", fault.class()))
    }
}

/// Not as it must be.
pub(crate) fn fail(why: impl Into<String>) -> Miss {
    Miss::Failed(why.into())
}

/// Fails unless something holds.
pub(crate) fn demand(holds: bool, why: impl FnOnce() -> String) -> Result<(), Miss> {
    if holds { Ok(()) } else { Err(Miss::Failed(why())) }
}

/// No occasion.
pub(crate) fn without(occasion: crate::simulator::Occasion) -> Result<(), Miss> {
    occasion.map_err(|why| Miss::NotApplicable(why.to_owned()))
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), Miss>> + 'a>>;

/// One check.
pub(crate) struct Check {
    topic: &'static str,
    name: &'static str,
    /// Whether it is run again with each switch turned.
    with_switches: bool,
    run: for<'a> fn(&'a Stand) -> Running<'a>,
}

/// Lists checks: a sentence and the function that carries it out. `each` are run again with each switch turned.
macro_rules! checks {
    ($topic:literal: $($name:literal => $check:path $(, $each:ident)?;)*) => {
        pub(super) const CHECKS: &[crate::suite::Check] = &[$(crate::suite::Check {
            topic: $topic,
            name: $name,
            with_switches: crate::suite::checks!(@each $($each)?),
            run: |stand| Box::pin($check(stand)),
        },)*];
    };
    (@each) => { false };
    (@each each) => { true };
}
pub(crate) use checks;

const ALL: &[&[Check]] = &[
    keys::CHECKS,
    connecting::CHECKS,
    fetching::CHECKS,
    faults::CHECKS,
    limits::CHECKS,
    ending::CHECKS,
    secrets::CHECKS,
];

/// Runs every check, and those that concern fetching with each switch turned.
pub async fn run(simulators: &dyn Simulators) -> Report {
    let mut lines = Vec::new();
    for check in ALL.iter().copied().flatten() {
        lines.push(line(check, check.name.to_owned(), check.topic, simulators, None).await);
    }
    for switch in simulators.switches() {
        for check in ALL.iter().copied().flatten().filter(|check| check.with_switches) {
            let name = format!("{switch}: {}", check.name);
            lines.push(line(check, name, "With an open fact the other way round", simulators, Some(switch)).await);
        }
    }
    Report { connector: simulators.connector().descriptor().id, lines }
}

async fn line(
    check: &Check,
    name: String,
    topic: &'static str,
    simulators: &dyn Simulators,
    turned: Option<&str>,
) -> Line {
    let result = match Stand::new(simulators.connector(), simulators.open(turned).await) {
        Ok(stand) => (check.run)(&stand).await,
        Err(miss) => Err(miss),
    };
    let outcome = match result {
        Ok(()) => Outcome::Passed,
        Err(Miss::Failed(why)) => Outcome::Failed(why),
        Err(Miss::NotApplicable(why)) => Outcome::NotApplicable(why),
    };
    Line { topic, check: name, outcome }
}
