//! The pages of the walk: what each of them shows.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use url::Url;

use super::super::institutions::logo_path;
use super::super::records::Scope;
use super::super::requisitions::link_path;
use super::walk::{Complaint, FAILING_USER, Outcome, REJECTED_USER, SUGGESTED_CODE, SUGGESTED_USER, Step};
use super::{Visit, link};
use crate::banks::{Card, plus_days};
use crate::{Sandbox, SandboxError, page};

/// What all pages of one visit know.
pub(super) struct Screen {
    /// The page's own address, which all forms post to.
    action: String,
    bank: &'static str,
    logo: String,
    /// The program that asks, by the host it will be returned to.
    asker: String,
    /// Whether accounts are chosen on the way.
    chooses: bool,
    reads: Vec<&'static str>,
    history_days: u16,
    access_days: u16,
    /// The day on which access ends.
    until: String,
    offered: Vec<Card>,
    chosen: Vec<Card>,
    complaint: Option<Complaint>,
}

impl Screen {
    pub(super) fn new(sandbox: &Sandbox, visit: &Visit, complaint: Option<Complaint>) -> Result<Self, SandboxError> {
        let agreement = &visit.agreement;
        let zone = visit.bank.service.map_or(crate::banks::Zone::Utc, |service| service.zone);
        let begins_on = zone.date(agreement.accepted.unwrap_or(visit.now));
        let ends_on = plus_days(begins_on, i32::from(agreement.access_valid_for_days));
        Ok(Self {
            action: link_path(&visit.requisition),
            bank: visit.bank.institution.name,
            logo: logo_path(&visit.bank.institution),
            asker: asker(visit),
            chooses: visit.requisition.account_selection,
            reads: agreement.access_scope.iter().map(|scope| in_words(*scope)).collect(),
            history_days: agreement.max_historical_days,
            access_days: agreement.access_valid_for_days,
            until: ends_on.strftime("%-d %B %Y").to_string(),
            offered: link::offered_cards(sandbox, visit)?,
            chosen: link::chosen_cards(sandbox, visit, &visit.requisition)?,
            complaint,
        })
    }

    /// The page of a step. A form that cannot be taken is an error of the client's.
    pub(super) fn draw(&self, step: Step) -> Response {
        let status = if self.complaint.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let step_word = step.word();
        match step {
            Step::Consent => page::html(status, &ConsentPage { screen: self, step_word }),
            Step::Down => page::html(status, &DownPage { screen: self, step_word }),
            Step::SignIn => page::html(status, &SignInPage { screen: self, step_word }),
            Step::Choose => page::html(status, &ChoosePage { screen: self, step_word }),
            Step::Granted => page::html(status, &GrantedPage { screen: self, step_word }),
        }
    }

    fn complains(&self, complaint: Complaint) -> bool {
        self.complaint == Some(complaint)
    }

    /// “2 of 3”.
    fn progress(&self, number: u8) -> String {
        format!("{number} of {}", if self.chooses { 4 } else { 3 })
    }

    fn last(&self) -> u8 {
        if self.chooses { 4 } else { 3 }
    }

    fn chosen_words(&self) -> String {
        let count = self.chosen.len();
        if count == 1 { "1 account".to_owned() } else { format!("{count} accounts") }
    }
}

fn asker(visit: &Visit) -> String {
    let redirect = visit.requisition.redirect.as_deref().and_then(|text| Url::parse(text).ok());
    let host = redirect.and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        url.host_str().map(|host| format!("{host}{port}"))
    });
    host.unwrap_or_else(|| "The program that sent you here".to_owned())
}

fn in_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Balances => "Balances",
        Scope::Details => "Account details: number, holder, product",
        Scope::Transactions => "Transactions, booked and pending",
    }
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    screen: &'a Screen,
    step_word: &'static str,
}

#[derive(Template)]
#[template(path = "down.html")]
struct DownPage<'a> {
    screen: &'a Screen,
    step_word: &'static str,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    screen: &'a Screen,
    step_word: &'static str,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    screen: &'a Screen,
    step_word: &'static str,
}

#[derive(Template)]
#[template(path = "granted.html")]
struct GrantedPage<'a> {
    screen: &'a Screen,
    step_word: &'static str,
}

/// The last page where a requisition has no way back.
pub(super) fn nowhere_to_go(visit: &Visit, outcome: Outcome) -> Response {
    let (title, text) = match outcome {
        Outcome::Granted => {
            ("Access granted", format!("{} has what it needs. You can close this page.", visit.bank.institution.name))
        }
        Outcome::Failed(failure) => ("Nothing was shared", format!("{} You can close this page.", failure.details())),
    };
    page::notice(StatusCode::OK, title, &text)
}

/// A link that leads nowhere.
pub(super) fn unknown_link() -> Response {
    let text = "There is no request behind this link. Start again in the program that sent you here.";
    page::notice(StatusCode::NOT_FOUND, "This link is not known", text)
}
