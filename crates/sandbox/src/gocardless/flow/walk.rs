//! The steps of a consent as a state machine over the requisition's status.

use url::form_urlencoded;

use super::super::records::{Records, Status};
use super::{Visit, link};
use crate::{Sandbox, SandboxError};

/// The user id that the bank refuses.
pub(super) const REJECTED_USER: &str = "reject";
/// The user id at which the bank fails.
pub(super) const FAILING_USER: &str = "down";
/// User ids at which a walk ends in the ways that are left (fact sheet §5).
const OTHER_ENDS: [(&str, Failure); 4] = [
    ("ssn", Failure::SsnRefused),
    ("limit", Failure::LimitReached),
    ("broken", Failure::ProviderDown),
    ("unknown", Failure::Unknown),
];
/// What the sign-in form is filled in with, so that a visitor need only continue.
pub(super) const SUGGESTED_USER: &str = "demo";
pub(super) const SUGGESTED_CODE: &str = "123456";

/// A page of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Consent,
    /// Instead of consent, at a bank that exists only in lists.
    Down,
    SignIn,
    Choose,
    Granted,
}

impl Step {
    /// The value of the hidden field `step`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Down => "down",
            Self::SignIn => "sign_in",
            Self::Choose => "choose",
            Self::Granted => "granted",
        }
    }

    /// The step that a requisition is at; `None` when its link is used up.
    fn of(visit: &Visit) -> Option<Self> {
        match visit.requisition.status {
            Status::Created | Status::GivingConsent if visit.bank.service.is_none() => Some(Self::Down),
            Status::Created | Status::GivingConsent => Some(Self::Consent),
            Status::UndergoingAuthentication => Some(Self::SignIn),
            Status::SelectingAccounts => Some(Self::Choose),
            // Who was sent back straight away has used up the link.
            Status::GrantingAccess if visit.requisition.redirect_immediate => None,
            Status::GrantingAccess => Some(Self::Granted),
            Status::Rejected | Status::Linked | Status::Suspended | Status::Expired => None,
        }
    }
}

/// What went wrong, in the words that the redirect carries (fact sheet §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gocardless) enum Failure {
    Cancelled,
    Rejected,
    InstitutionDown,
    LinkReused,
    SsnRefused,
    LimitReached,
    ProviderDown,
    Unknown,
}

impl Failure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "UserCancelledSession",
            Self::Rejected => "UserSessionRejected",
            Self::InstitutionDown => "InstitutionTechnicalError",
            Self::LinkReused => "RequisitionLinkReused",
            Self::SsnRefused => "SSNVerificationFailed",
            Self::LimitReached => "CompanyRequisitionLimitReached",
            Self::ProviderDown => "GoCardlessTechnicalError",
            Self::Unknown => "UnknownError",
        }
    }

    pub(super) fn details(self) -> &'static str {
        match self {
            Self::Cancelled => "User cancelled the session.",
            Self::Rejected => "User session rejected due to incorrect credentials or a business exception.",
            Self::InstitutionDown => {
                "A technical error occurred while trying to connect to the institution, please try again."
            }
            Self::LinkReused => "This link has already been used for authorization and is no longer valid.",
            Self::SsnRefused => "SSN Verification has failed",
            Self::LimitReached => "Free usage limit exceeded.",
            Self::ProviderDown => "An unexpected error occurred in the GoCardless system",
            Self::Unknown => "An unknown error occurred.",
        }
    }
}

/// How a walk ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::gocardless) enum Outcome {
    Granted,
    Failed(Failure),
}

/// What a page has to say about the form it just got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Complaint {
    UserIdMissing,
    CodeMissing,
    NothingChosen,
}

/// The answer to a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Show(Step, Option<Complaint>),
    /// The page once more, at the step that is current.
    Again,
    Away(Outcome),
}

/// The fields of a form; the same name may come several times.
pub(in crate::gocardless) struct Form(Vec<(String, String)>);

impl Form {
    pub(in crate::gocardless) fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    pub(in crate::gocardless) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    pub(in crate::gocardless) fn get<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }
}

/// Someone opens the link. The first time, the requisition moves from created to giving consent.
pub(super) fn open(visit: &Visit, records: &mut Records) -> Reply {
    let Some(step) = Step::of(visit) else { return Reply::Away(Outcome::Failed(Failure::LinkReused)) };
    if visit.requisition.status == Status::Created {
        set_status(records, visit, Status::GivingConsent);
    }
    Reply::Show(step, None)
}

/// Someone sends a form. What is no button's value counts as the page's main button.
pub(super) fn submit(
    sandbox: &Sandbox,
    visit: &Visit,
    records: &mut Records,
    form: &Form,
) -> Result<Reply, SandboxError> {
    let Some(step) = Step::of(visit) else { return Ok(Reply::Away(Outcome::Failed(Failure::LinkReused))) };
    if form.get("step") != step.word() {
        return Ok(Reply::Again);
    }
    if step == Step::Down {
        return Ok(Reply::Away(Outcome::Failed(Failure::InstitutionDown)));
    }
    if form.get("action") == "cancel" && step != Step::Granted {
        // The status stays, so the link can be opened again; the facts say nothing else.
        return Ok(Reply::Away(Outcome::Failed(Failure::Cancelled)));
    }
    match step {
        Step::Consent | Step::Down => {
            if let Some(agreement) = records.agreements.get_mut(&visit.requisition.agreement) {
                agreement.accepted = Some(visit.now);
            }
            set_status(records, visit, Status::UndergoingAuthentication);
            Ok(Reply::Again)
        }
        Step::SignIn => sign_in(sandbox, visit, records, form),
        Step::Choose => choose(sandbox, visit, records, form),
        Step::Granted => {
            link::link_accounts(sandbox, visit, &visit.requisition, records)?;
            set_status(records, visit, Status::Linked);
            Ok(Reply::Away(Outcome::Granted))
        }
    }
}

/// The sandbox's banks accept anyone, but both fields must be filled.
fn sign_in(sandbox: &Sandbox, visit: &Visit, records: &mut Records, form: &Form) -> Result<Reply, SandboxError> {
    let user = form.get("user_id");
    Ok(match (user, form.get("code")) {
        ("", _) => Reply::Show(Step::SignIn, Some(Complaint::UserIdMissing)),
        (_, "") => Reply::Show(Step::SignIn, Some(Complaint::CodeMissing)),
        (REJECTED_USER, _) => {
            set_status(records, visit, Status::Rejected);
            Reply::Away(Outcome::Failed(Failure::Rejected))
        }
        (FAILING_USER, _) => Reply::Away(Outcome::Failed(Failure::InstitutionDown)),
        _ => {
            if let Some((_, failure)) = OTHER_ENDS.iter().find(|(word, _)| *word == user) {
                if *failure == Failure::SsnRefused {
                    set_status(records, visit, Status::Rejected);
                }
                return Ok(Reply::Away(Outcome::Failed(*failure)));
            }
            if visit.requisition.account_selection {
                set_status(records, visit, Status::SelectingAccounts);
                return Ok(Reply::Again);
            }
            return granting(sandbox, visit, records);
        }
    })
}

/// The last page, or straight back where that was asked for: the accounts are known by then, their data is not ready, and
/// the requisition is linked once somebody has looked (fact sheet §5, `redirect_immediate`).
fn granting(sandbox: &Sandbox, visit: &Visit, records: &mut Records) -> Result<Reply, SandboxError> {
    set_status(records, visit, Status::GrantingAccess);
    let Some(requisition) = records.requisitions.get(&visit.id).filter(|one| one.redirect_immediate).cloned() else {
        return Ok(Reply::Again);
    };
    link::link_accounts(sandbox, visit, &requisition, records)?;
    Ok(Reply::Away(Outcome::Granted))
}

fn choose(sandbox: &Sandbox, visit: &Visit, records: &mut Records, form: &Form) -> Result<Reply, SandboxError> {
    let offered = link::offered_cards(sandbox, visit)?;
    let is_chosen = |key: &String| form.all("account").any(|chosen| chosen == key);
    let chosen: Vec<_> = offered.into_iter().map(|card| card.key).filter(is_chosen).collect();
    if chosen.is_empty() {
        return Ok(Reply::Show(Step::Choose, Some(Complaint::NothingChosen)));
    }
    if let Some(requisition) = records.requisitions.get_mut(&visit.id) {
        requisition.chosen = Some(chosen);
    }
    granting(sandbox, visit, records)
}

fn set_status(records: &mut Records, visit: &Visit, status: Status) {
    if let Some(requisition) = records.requisitions.get_mut(&visit.id) {
        requisition.status = status;
    }
}
