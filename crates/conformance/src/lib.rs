//! The conformance kit: what every connector must do, checked against its provider's simulator over real HTTP.
//!
//! What this crate is for: one suite for all connectors. A provider joins it by implementing [`Simulators`] for its simulator;
//! the checks know nothing of any provider. What it is not: a test of what single banks send (that is `map`'s), nor of what
//! the engine makes of it. It is a tool of the workshop: only `make` and tests run it, and nothing depends on it.
//! What always holds: each check has a simulator of its own with a clock that stands still until it is turned, so that none
//! depends on another; a check that a provider has no occasion for says why.

mod enablebanking;
mod finapi;
mod gocardless;
mod overheard;
mod pluggy;
mod report;
mod running;
mod simplefin;
mod simulator;
mod sophtron;
mod stand;
mod suite;

pub use enablebanking::EnableBankingSandbox;
pub use finapi::FinApiSandbox;
pub use gocardless::GoCardlessSandbox;
pub use pluggy::PluggySandbox;
pub use report::{Line, Outcome, Report};
pub use simplefin::SimpleFinSandbox;
pub use simulator::{Bank, Beginning, Call, Occasion, Scene, Simulator, Simulators, Trouble, Walk};
pub use sophtron::SophtronSandbox;
pub use suite::run;

/// Every provider that is checked, in the order of the report.
pub fn all() -> [&'static dyn Simulators; 6] {
    [&EnableBankingSandbox, &FinApiSandbox, &GoCardlessSandbox, &PluggySandbox, &SimpleFinSandbox, &SophtronSandbox]
}
