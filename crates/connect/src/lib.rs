//! Connectors: what fetches from providers, and nothing else.
//!
//! What this crate is for: one trait ([`Connector`]), one HTTP policy ([`http::Http`]), and one folder per provider. A
//! connector turns a provider's words into ours and reports faults in nine classes.
//! What it is not: it keeps nothing (state goes in and out as values), it decides nothing about the books, and it never knows
//! whether it talks to a bank or to the sandbox: only the base address differs.
//! What always holds: every call has a time-out, a body limit and a place in the fault classes; secrets leave only to their
//! own provider.

pub mod connector;
pub mod coverage;
pub mod descriptor;
pub mod enablebanking;
mod entities;
pub mod fault;
pub mod fetch;
pub mod finapi;
pub mod gocardless;
pub mod guard;
pub mod http;
mod iso20022;
mod lenient;
mod limited;
#[cfg(test)]
mod peer;
pub mod pluggy;
pub mod saved;
pub mod simplefin;
pub mod sophtron;
pub mod step;
mod words;
pub mod zones;

pub use connector::{Checked, Connector, Cx, Intent, Keepsakes, Known, QuotaLedger, Registry, TokenStore, Visitor};
pub use descriptor::{Advice, Descriptor, Field, FieldKind, SignUps, Terms, Way};
pub use fault::Fault;
pub use fetch::{
    AccountRequest, FetchEvent, FetchPlan, FetchedBalance, MapContext, RawRow, RowAccount, Sink, SinkClosed,
};
pub use saved::{SavedAnswer, SavedRow};
pub use step::{
    AccountInfo, Answered, BankOfAccount, BankQuery, Browser, Connected, FlowState, Form, FormField, FormPicture,
    Input, Institution, Login, RemoteRef, Shown, ShownAccount, Step,
};
