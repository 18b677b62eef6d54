//! Faults as people read them: what happened, who must act, what happens by itself, and a reference to copy.

use bankside_domain::fault::{FaultClass, FaultRecord, UserAction, WhoActs};
use bankside_engine::Descriptor;
use jiff::Timestamp;

use super::day::Today;

/// A fault on a page.
#[derive(Debug, Clone, Hash)]
pub(crate) struct FaultView {
    /// How loud it is: a class of the stylesheet.
    pub(crate) tone: &'static str,
    /// Its icon.
    pub(crate) icon: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// Who must act, and what.
    pub(crate) who: String,
    /// What happens by itself.
    pub(crate) by_itself: String,
    /// What to tell somebody who helps.
    pub(crate) reference: String,
    /// When it happened, where that is known.
    at: Option<Timestamp>,
    /// The provider's name and where to find it.
    pub(crate) provider: Option<(&'static str, &'static str)>,
}

impl FaultView {
    pub(crate) fn of(fault: &FaultRecord, today: &Today) -> Self {
        let (tone, icon) = match fault.class {
            FaultClass::NeedsUser | FaultClass::Gone => ("is-act", "key"),
            FaultClass::NeedsOperator => ("is-stop", "key"),
            FaultClass::Bug => ("is-stop", "warn"),
            FaultClass::RateLimited | FaultClass::Busy => ("", "clock"),
            FaultClass::RetryLater | FaultClass::Partial | FaultClass::Unsupported => ("", "loop"),
        };
        let reference = match &fault.reference {
            Some(reference) => format!("{} {reference}", fault.code),
            None => fault.code.clone(),
        };
        Self {
            tone,
            icon,
            message: fault.message.clone(),
            who: who(fault),
            by_itself: by_itself(fault, today),
            reference,
            at: None,
            provider: None,
        }
    }

    /// Says when to try again where the reader's zone is not known.
    pub(crate) fn try_again_at(self, when: &str) -> Self {
        Self { by_itself: format!("It makes sense to try again at {when}. What has arrived is kept."), ..self }
    }

    /// Says when it happened.
    pub(crate) fn at(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Says at which provider.
    pub(crate) fn told_by(self, descriptor: Option<&'static Descriptor>) -> Self {
        Self { provider: descriptor.map(|descriptor| (descriptor.name, descriptor.dashboard_url)), ..self }
    }

    /// What somebody who helps needs, on one line to copy. Made from the record of the fault, which holds nothing secret.
    pub(crate) fn details(&self) -> String {
        let provider = self.provider.map(|(name, _)| format!(" · {name}")).unwrap_or_default();
        let at = self.at.map(|at| format!(" · {at:.0}")).unwrap_or_default();
        format!("Bankside {}{provider} · {}{at}", env!("CARGO_PKG_VERSION"), self.reference)
    }
}

fn who(fault: &FaultRecord) -> String {
    match &fault.action {
        Some(UserAction::Renew) => "Connect this bank again: access has to be given anew.".to_owned(),
        Some(UserAction::FixCredentials) => "Whoever keeps the keys should check them.".to_owned(),
        Some(UserAction::ActAtBank(what)) => what.clone(),
        Some(UserAction::Visit(url)) => format!("Go to {url}."),
        Some(UserAction::Pay(url)) => format!("Pay at {url}."),
        None if fault.class == FaultClass::Gone => {
            "You can act: unlink this account, if the bank has closed it. Its rows stay.".to_owned()
        }
        None => match fault.class.who_acts() {
            WhoActs::Person => "You can act: connect this bank again.".to_owned(),
            WhoActs::Admin => "An admin of this server should look at it.".to_owned(),
            WhoActs::Nobody => "Nobody has to do anything.".to_owned(),
        },
    }
}

fn by_itself(fault: &FaultRecord, today: &Today) -> String {
    if let Some(at) = fault.retry_at {
        return format!("It makes sense to try again at {}. What has arrived is kept.", today.until(at));
    }
    match fault.class {
        FaultClass::RetryLater | FaultClass::Busy => "Try again in a while. What has arrived is kept.".to_owned(),
        FaultClass::RateLimited => "The limit comes back by itself. What has arrived is kept.".to_owned(),
        _ => "What has arrived is kept.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_details_say_what_when_and_nothing_of_the_message() {
        let record = FaultRecord {
            class: FaultClass::NeedsOperator,
            code: "bank.keys_refused".to_owned(),
            message: "The keys of Robin were refused.".to_owned(),
            action: None,
            retry_at: None,
            reference: Some("req-7".to_owned()),
        };
        let today = Today::new(Timestamp::UNIX_EPOCH, "UTC");
        let details = FaultView::of(&record, &today).at("2026-11-20T07:12:03.5Z".parse().unwrap()).details();
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(details, format!("Bankside {version} · bank.keys_refused req-7 · 2026-11-20T07:12:03Z"));
    }
}
