//! Faults as people read them: what happened, who must act, what happens by itself, and a reference to copy.
//!
//! The same fault means another thing to a sync, which has rows, than to a bank that is only being connected: see [`Occasion`].

use bankside_domain::RunId;
use bankside_domain::fault::{FaultClass, FaultRecord, UserAction, WhoActs};
use bankside_engine::Descriptor;
use jiff::Timestamp;

use super::day::{Today, ahead};

/// What a fault has kept from being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A sync fetches rows.
    Sync,
    /// A bank is being connected; also what comes before that, its keys and the list of banks.
    Connecting,
    /// Access that is there is being renewed.
    Renewing,
    /// A sync has been ended here, and its access is being revoked.
    Ending,
    /// What another connection shows is fetched, to be laid beside the books.
    Moving,
    /// The bank accounts of a connection are listed anew.
    Listing,
}

/// How a sentence begins that tells its reader to act.
const YOU: &str = "You can act:";

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
    pub(crate) fn of(fault: &FaultRecord, occasion: Occasion, today: &Today) -> Self {
        let when = fault.retry_at.map(|at| match ahead(today.now, at).as_str() {
            "now" => "now".to_owned(),
            ahead => format!("at {}, {ahead}", today.until(at)),
        });
        Self::told(fault, occasion, when)
    }

    /// The same where neither the moment nor the place is known, as on a page for errors: times are those of UTC.
    pub(crate) fn without_clock(fault: &FaultRecord, occasion: Occasion) -> Self {
        Self::told(fault, occasion, fault.retry_at.map(|at| format!("after {}", at.strftime("%-d %b %H:%M UTC"))))
    }

    fn told(fault: &FaultRecord, occasion: Occasion, when: Option<String>) -> Self {
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
            who: who(fault, occasion),
            by_itself: by_itself(fault, occasion, when),
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

    /// The same for somebody who may only look: who can act is another one.
    pub(crate) fn for_onlookers(mut self, organization: &str) -> Self {
        if let Some(what) = self.who.strip_prefix(YOU) {
            self.who = format!("An owner or admin of {organization} can act:{what}");
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

fn who(fault: &FaultRecord, occasion: Occasion) -> String {
    if occasion == Occasion::Ending {
        return format!("{YOU} revoke the access in your bank's list of consents, or on the provider's portal.");
    }
    match fault.code.as_str() {
        "renewal.other_accounts" => return format!("{YOU} Resync again, and sign in at the bank as before."),
        "renewal.ended" => return format!("{YOU} connect the bank again, if you want it back."),
        "subscription.none" | "subscription.ended" => {
            return "Whoever runs this server can say how to get a subscription, and enters it.".to_owned();
        }
        // The name by which every connector calls a plan that allows no more connections.
        code if code.ends_with(".limit_reached") => {
            return "Whoever keeps the keys can ask the provider for more; otherwise wait until it allows more."
                .to_owned();
        }
        _ => {}
    }
    match &fault.action {
        Some(UserAction::Renew) => person(occasion),
        Some(UserAction::FixCredentials) => {
            "Whoever keeps the keys of this organization should check them; those from the configuration, whoever runs \
             this server."
                .to_owned()
        }
        Some(UserAction::ActAtBank(what)) => what.clone(),
        Some(UserAction::Visit(url)) => format!("Go to {url}."),
        Some(UserAction::Pay(url)) => format!("Pay at {url}."),
        None if fault.class == FaultClass::Gone && occasion == Occasion::Sync => {
            format!("{YOU} Resync, or unlink this account if the bank has closed it. Its rows stay.")
        }
        None => match fault.class.who_acts() {
            WhoActs::Person => person(occasion),
            WhoActs::Admin if fault.class == FaultClass::Bug => {
                "Whoever runs this server should report it, with the line under Help.".to_owned()
            }
            WhoActs::Admin => "Whoever runs this server should look at it.".to_owned(),
            WhoActs::Nobody => "Nobody has to do anything.".to_owned(),
        },
    }
}

/// What the person can do.
fn person(occasion: Occasion) -> String {
    match occasion {
        Occasion::Sync | Occasion::Listing => format!("{YOU} Resync gives access anew. Links and rows stay."),
        Occasion::Connecting => format!("{YOU} choose the bank again."),
        Occasion::Moving => format!("{YOU} Resync that connection, and compare again."),
        Occasion::Renewing | Occasion::Ending => format!("{YOU} Resync again."),
    }
}

/// What the fault has left as it was.
fn kept(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Sync => "What has arrived is kept.",
        Occasion::Connecting => "Nothing has been connected.",
        Occasion::Renewing => "The old access is as it was.",
        Occasion::Moving => "The account is fed as before.",
        Occasion::Listing => "Accounts and balances are listed as they were before.",
        Occasion::Ending => "Otherwise it runs on there until its end, though nobody uses it.",
    }
}

fn by_itself(fault: &FaultRecord, occasion: Occasion, when: Option<String>) -> String {
    let kept = kept(occasion);
    if occasion == Occasion::Ending {
        return kept.to_owned();
    }
    if fault.code == "renewal.ended" {
        return "The sync stays ended; its transactions stay.".to_owned();
    }
    match (fault.class, when) {
        (FaultClass::RateLimited, Some(when)) => format!("The limit is over by itself: try again {when}. {kept}"),
        (_, Some(when)) => format!("It makes sense to try again {when}. {kept}"),
        (FaultClass::NeedsUser | FaultClass::NeedsOperator | FaultClass::Gone, None) if occasion == Occasion::Sync => {
            format!("Until then nothing new comes in; waiting does not help. {kept}")
        }
        (FaultClass::RetryLater | FaultClass::Busy, None) => format!("Try again in a while. {kept}"),
        (FaultClass::RateLimited, None) => format!("The limit comes back by itself. {kept}"),
        (_, None) => kept.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use bankside_domain::Formats;

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
        let today = Today::new(Timestamp::UNIX_EPOCH, "UTC", Formats::default());
        let details =
            FaultView::of(&record, Occasion::Sync, &today).at("2026-11-20T07:12:03.5Z".parse().unwrap()).details();
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
        let today = Today::new("2026-11-20T12:00:00Z".parse().unwrap(), "Europe/Berlin", Formats::default());
        let view = FaultView::of(&record, Occasion::Sync, &today);
        assert_eq!(
            view.by_itself,
            "The limit is over by itself: try again at 16:20, in 3 hours. What has arrived is kept."
        );
        assert_eq!(view.who, "Nobody has to do anything.");
        let plain = FaultView::without_clock(&record, Occasion::Sync);
        assert!(plain.by_itself.contains("after 20 Nov 15:20 UTC"), "{}", plain.by_itself);
        let run: RunId = "0193aaaa-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(view.of_run(run).reference, format!("bank.limit run {run}"));
    }

    #[test]
    fn a_fault_says_what_it_means_where_it_happened() {
        let record = |class, code: &str, action| FaultRecord {
            class,
            code: code.to_owned(),
            message: "It did not work.".to_owned(),
            action,
            retry_at: None,
            reference: None,
            http_status: None,
        };
        let said = |fault: &FaultRecord, occasion| {
            let view = FaultView::without_clock(fault, occasion);
            format!("{} {}", view.who, view.by_itself)
        };
        let ended = record(FaultClass::NeedsUser, "bank.expired", Some(UserAction::Renew));
        assert!(said(&ended, Occasion::Sync).contains("Resync gives access anew"));
        assert_eq!(
            said(&ended, Occasion::Connecting),
            "You can act: choose the bank again. Nothing has been connected."
        );
        assert_eq!(said(&ended, Occasion::Renewing), "You can act: Resync again. The old access is as it was.");
        let down = record(FaultClass::RetryLater, "network.unreachable", None);
        assert!(said(&down, Occasion::Connecting).ends_with("Try again in a while. Nothing has been connected."));
        let ending = said(&down, Occasion::Ending);
        assert!(ending.contains("revoke the access") && !ending.contains("arrived"), "{ending}");
        let limit = said(&record(FaultClass::NeedsOperator, "bank.limit_reached", None), Occasion::Renewing);
        assert!(limit.contains("wait until it allows more") && !limit.contains("waiting does not help"), "{limit}");
        let gone = said(&record(FaultClass::NeedsUser, "renewal.ended", None), Occasion::Renewing);
        assert!(gone.contains("connect the bank again") && gone.contains("stays ended"), "{gone}");
    }

    #[test]
    fn who_may_only_look_reads_who_can_act() {
        let record = FaultRecord {
            class: FaultClass::NeedsUser,
            code: "bank.expired".to_owned(),
            message: "Access has ended.".to_owned(),
            action: Some(UserAction::Renew),
            retry_at: None,
            reference: None,
            http_status: None,
        };
        let view = FaultView::without_clock(&record, Occasion::Sync).for_onlookers("Harbour household");
        assert_eq!(
            view.who,
            "An owner or admin of Harbour household can act: Resync gives access anew. Links and rows stay."
        );
    }
}
