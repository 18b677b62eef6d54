//! Faults as people read them: what happened, who must act, what happens by itself, and a reference to copy.

use bankside_domain::RunId;
use bankside_domain::fault::{FaultClass, FaultRecord, UserAction, WhoActs};
use bankside_engine::Descriptor;
use jiff::Timestamp;

use super::day::{Today, ahead};

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
    /// What helps at the provider, where more can be said.
    pub(crate) advice: Option<&'static str>,
    code: String,
    http_status: Option<u16>,
    /// Whether the provider gave a reference of its own.
    has_reference: bool,
}

impl FaultView {
    pub(crate) fn of(fault: &FaultRecord, today: &Today) -> Self {
        let when = fault.retry_at.map(|at| match ahead(today.now, at).as_str() {
            "now" => "now".to_owned(),
            ahead => format!("at {}, {ahead}", today.until(at)),
        });
        Self::told(fault, when)
    }

    /// The same where neither the moment nor the place is known, as on a page for errors: times are those of UTC.
    pub(crate) fn without_clock(fault: &FaultRecord) -> Self {
        Self::told(fault, fault.retry_at.map(|at| format!("after {}", at.strftime("%-d %b %H:%M UTC"))))
    }

    fn told(fault: &FaultRecord, when: Option<String>) -> Self {
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
            by_itself: by_itself(fault, when),
            reference,
            at: None,
            provider: None,
            advice: None,
            code: fault.code.clone(),
            http_status: fault.http_status,
            has_reference: fault.reference.is_some(),
        }
    }

    /// Says in which run, which names it where the provider gives no name.
    pub(crate) fn of_run(mut self, run: RunId) -> Self {
        if !self.has_reference {
            self.reference = format!("{} run {run}", self.reference);
        }
        self
    }

    /// Says when it happened.
    pub(crate) fn at(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Says at which provider.
    pub(crate) fn told_by(self, descriptor: Option<&'static Descriptor>) -> Self {
        let Some(descriptor) = descriptor else { return self };
        let advice = descriptor.advice.iter().find(|advice| advice.code == self.code).map(|advice| advice.what);
        Self { provider: Some((descriptor.name, descriptor.dashboard_url)), advice, ..self }
    }

    /// What somebody who helps needs, on one line to copy. Made from the record of the fault, which holds nothing secret.
    pub(crate) fn details(&self) -> String {
        let provider = self.provider.map(|(name, _)| format!(" · {name}")).unwrap_or_default();
        let status = self.http_status.map(|status| format!(" · HTTP {status}")).unwrap_or_default();
        let at = self.at.map(|at| format!(" · {at:.0}")).unwrap_or_default();
        format!("Bankside {}{provider} · {}{status}{at}", env!("CARGO_PKG_VERSION"), self.reference)
    }
}

fn who(fault: &FaultRecord) -> String {
    match &fault.action {
        Some(UserAction::Renew) => "You can act: Resync gives access anew. Links and rows stay.".to_owned(),
        Some(UserAction::FixCredentials) => "Whoever keeps the keys should check them.".to_owned(),
        Some(UserAction::ActAtBank(what)) => what.clone(),
        Some(UserAction::Visit(url)) => format!("Go to {url}."),
        Some(UserAction::Pay(url)) => format!("Pay at {url}."),
        None if fault.class == FaultClass::Gone => {
            "You can act: Resync, or unlink this account if the bank has closed it. Its rows stay.".to_owned()
        }
        None => match fault.class.who_acts() {
            WhoActs::Person => "You can act: Resync asks the bank anew. Links and rows stay.".to_owned(),
            WhoActs::Admin => "An admin of this server should look at it.".to_owned(),
            WhoActs::Nobody => "Nobody has to do anything.".to_owned(),
        },
    }
}

fn by_itself(fault: &FaultRecord, when: Option<String>) -> String {
    match (fault.class, when) {
        (FaultClass::RateLimited, Some(when)) => {
            return format!("The limit is over by itself: try again {when}. What has arrived is kept.");
        }
        (_, Some(when)) => return format!("It makes sense to try again {when}. What has arrived is kept."),
        (_, None) => {}
    }
    match fault.class {
        FaultClass::NeedsUser | FaultClass::NeedsOperator | FaultClass::Gone => {
            "Until then nothing new comes in; waiting does not help. What has arrived is kept.".to_owned()
        }
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
            http_status: Some(401),
        };
        let today = Today::new(Timestamp::UNIX_EPOCH, "UTC");
        let details = FaultView::of(&record, &today).at("2026-11-20T07:12:03.5Z".parse().unwrap()).details();
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(details, format!("Bankside {version} · bank.keys_refused req-7 · HTTP 401 · 2026-11-20T07:12:03Z"));
    }

    #[test]
    fn a_limit_says_when_it_is_over_here_and_how_long_that_is() {
        let record = FaultRecord {
            class: FaultClass::RateLimited,
            code: "bank.limit".to_owned(),
            message: "The limit is used up.".to_owned(),
            action: None,
            retry_at: "2026-11-20T15:20:00Z".parse().ok(),
            reference: None,
            http_status: None,
        };
        let today = Today::new("2026-11-20T12:00:00Z".parse().unwrap(), "Europe/Berlin");
        let view = FaultView::of(&record, &today);
        assert_eq!(
            view.by_itself,
            "The limit is over by itself: try again at 16:20, in 3 hours. What has arrived is kept."
        );
        assert_eq!(view.who, "Nobody has to do anything.");
        let plain = FaultView::without_clock(&record);
        assert!(plain.by_itself.contains("after 20 Nov 15:20 UTC"), "{}", plain.by_itself);
        let run: RunId = "0193aaaa-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(view.of_run(run).reference, format!("bank.limit run {run}"));
    }
}
