//! Faithful simulators of the providers' HTTP APIs, for people and programs that have no keys, no bank or no internet.
//!
//! What this crate is for: real HTTP on loopback with authentication, consent pages in the browser, quotas, paging and
//! errors in every documented shape; banks whose books follow from a seed; a clock that can be turned. Each rule names
//! its section of the provider's fact sheet, and what is open there is a switch ([`Switches`]).
//! What it is not: it shares no code with the connectors, which never know whether they talk to it.
//! What always holds: the same state, clock and randomness give the same answers; history never changes when the clock
//! is turned.
//!
//! `/` explains the sandbox to a person, `/index.json` to a program.

mod banks;
mod calls;
mod clock;
mod control;
mod enablebanking;
mod faults;
mod finapi;
mod gocardless;
mod home;
mod jwt;
mod memo;
mod page;
mod pluggy;
mod provider;
mod sandbox;
mod simplefin;
mod sophtron;
mod state;
mod switches;
mod visitor;

pub use calls::Call;
pub use clock::ClockMode;
pub use enablebanking::{EnableBankingEvent, EnableBankingEventError};
pub use faults::{ArmError, ArmedFault, FaultKind, FaultState};
pub use finapi::{FinApiDelivery, FinApiEvent, FinApiEventError};
pub use gocardless::{Event, EventError};
pub use pluggy::{Plan as PluggyPlan, PluggyEvent, PluggyEventError};
pub use sandbox::{Sandbox, SandboxConfig, SandboxError};
pub use simplefin::{SimpleFinEvent, SimpleFinEventError};
pub use sophtron::{SophtronEvent, SophtronEventError};
pub use switches::Switches;
pub use visitor::{Answers, VisitError};
