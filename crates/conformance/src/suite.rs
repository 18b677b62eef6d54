//! The suite: every check, in the order of the report.

mod connecting;
mod ending;
mod faults;
mod fetching;
mod forms;
mod keys;
mod limits;
mod logins;
mod secrets;

use std::future::Future;
use std::pin::Pin;

use bankside_connect::Fault;

use crate::report::{Line, Outcome, Report};
use crate::simulator::{Occasion, Simulators};
use crate::stand::Stand;

/// With `all` every kind of weather meets every call.
const WEATHER: &str = "BANKSIDE_WEATHER";

/// Why a check did not pass.
#[derive(Debug)]
pub(crate) enum Miss {
    /// Not as it must be.
    Failed(String),
    /// A fault that the check did not expect.
    Fault(Fault),
    /// The provider has no occasion for it.
    NotApplicable(String),
}

impl From<Fault> for Miss {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
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

/// Whether all weather at all calls is gone through, as `make proof` does, and not each kind at one call in turn.
pub(crate) fn is_everything_asked_for() -> bool {
    std::env::var(WEATHER).is_ok_and(|which| which == "all")
}

/// Of several calls the one whose turn it is, or all.
pub(crate) fn in_turn<T: Copy>(turn: usize, calls: &[T]) -> Vec<T> {
    let whole = is_everything_asked_for();
    calls.iter().enumerate().filter(|(place, _)| whole || turn % calls.len() == *place).map(|(_, call)| *call).collect()
}

/// No occasion.
pub(crate) fn without<T>(occasion: Occasion<T>) -> Result<T, Miss> {
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
    forms::CHECKS,
    logins::CHECKS,
    fetching::CHECKS,
    faults::CHECKS,
    limits::CHECKS,
    ending::CHECKS,
    secrets::CHECKS,
];

/// Runs every check, and those that concern fetching with each switch turned.
pub async fn run(simulators: &dyn Simulators) -> Report {
    let mut lines = Vec::new();
    let mut again = Vec::new();
    for check in ALL.iter().copied().flatten() {
        let line = line(check, check.name.to_owned(), check.topic, simulators, None).await;
        // What has no occasion has none with a switch turned either.
        if check.with_switches && !matches!(line.outcome, Outcome::NotApplicable(_)) {
            again.push(check);
        }
        lines.push(line);
    }
    for (turn, switch) in simulators.switches().into_iter().enumerate() {
        // Half of the checks with this one and the other half with the next; all with all in `make proof`.
        let turned = again.iter().enumerate().filter(|(place, _)| is_everything_asked_for() || (turn + place) % 2 == 0);
        for (_, check) in turned {
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
        Err(Miss::Fault(fault)) => {
            Outcome::Failed(format!("an unexpected fault of class {:?}: {fault}", fault.class()))
        }
        Err(Miss::NotApplicable(why)) => Outcome::NotApplicable(why),
    };
    Line { topic, check: name, outcome }
}
