//! The pages of the hosted form: what each of them shows.

use std::fmt::Write as _;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;

use super::super::FORM_PATH;
use super::super::banks::{self, Bank, Method};
use super::super::forms::{Form, Purpose, Status, Step};
use super::{Complaint, bank_of};
use crate::banks::Draw;
use crate::page;

/// The value of the hidden field `step`.
pub(super) fn word(step: Step) -> &'static str {
    match step {
        Step::Search => "search",
        Step::Terms => "terms",
        Step::Login => "login",
        Step::Method => "method",
        Step::Code => "code",
        Step::App => "app",
        Step::Bank => "bank",
    }
}

#[derive(Template)]
#[template(path = "finapi_form.html")]
struct FormPage<'a> {
    step: Step,
    step_word: &'static str,
    /// What the connection is called, where it has a name.
    sync_name: &'a str,
    search: &'a str,
    found: Vec<&'static Bank>,
    bank: &'a str,
    is_test: bool,
    methods: Vec<Method>,
    method: Option<Method>,
    /// Where the picture to read a code from lies, where there is one.
    picture: Option<String>,
    app_url: String,
    complaint: Option<&'static str>,
}

/// The page of a form. What cannot be taken is an error of whoever sent it.
pub(super) fn draw(id: Uuid, form: &Form, complaint: Option<Complaint>) -> Response {
    let status = if complaint.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let found = banks::ALL.iter().filter(|bank| !form.search.is_empty() && bank.is_found_by(&form.search, true));
    let picture = form.method.filter(|method| matches!(method, Method::ChipQr | Method::Photo));
    let page = FormPage {
        step: form.step,
        step_word: word(form.step),
        sync_name: match &form.purpose {
            Purpose::Import { name, .. } => name,
            Purpose::Update { .. } => "",
        },
        search: &form.search,
        found: found.collect(),
        bank: bank_of(form).map(|bank| bank.name).unwrap_or_default(),
        is_test: bank_of(form).is_some_and(|bank| bank.is_strict),
        methods: Method::ALL.to_vec(),
        method: form.method,
        picture: picture.map(|_| format!("{FORM_PATH}/wf/{id}/picture.svg")),
        app_url: format!("{FORM_PATH}/wf/{id}/app"),
        complaint: complaint.map(said),
    };
    page::html(status, &page)
}

fn said(complaint: Complaint) -> &'static str {
    match complaint {
        Complaint::NothingTyped => "Type a name, a bank code, a BIC, an IBAN or a city.",
        Complaint::NoBank => "No bank fits. Try another spelling.",
        Complaint::NotAccepted => "Accept the terms, or cancel.",
        Complaint::NotLetIn => "The bank does not accept this sign-in. Try again, or cancel.",
        Complaint::NoMethod => "Choose a way to confirm.",
        Complaint::WrongCode => "The bank does not accept this code. Try again, or cancel.",
        Complaint::NotConfirmed => "The bank still waits for you to confirm in its application.",
    }
}

#[derive(Template)]
#[template(path = "finapi_app.html")]
struct AppPage {
    bank: &'static str,
}

/// The bank's application.
pub(super) fn app(bank: &Bank) -> Response {
    page::html(StatusCode::OK, &AppPage { bank: bank.name })
}

/// A form that is over and has no way back.
pub(super) fn over(form: &Form) -> Response {
    let (title, text) = match form.status {
        Status::Completed => ("Done", "Your accounts are being read. You can close this page."),
        Status::Expired => {
            ("Too late", "The time for this page is over. Start again in the program that sent you here.")
        }
        _ => ("Nothing was shared", "You can close this page."),
    };
    page::notice(StatusCode::OK, title, text)
}

/// An address that leads nowhere.
pub(super) fn unknown() -> Response {
    let text = "There is no form behind this address. Start again in the program that sent you here.";
    page::notice(StatusCode::NOT_FOUND, "This form is not known", text)
}

const CELLS: u32 = 21;

/// A pattern of squares that looks like a code to scan, and is none.
pub(super) fn picture(id: Uuid) -> String {
    let mut draw = Draw::of_text(&id.to_string());
    let mut squares = String::new();
    for (x, y) in (0..CELLS).flat_map(|y| (0..CELLS).map(move |x| (x, y))) {
        if draw.one_in(2) {
            let _ = write!(squares, "M{x} {y}h1v1h-1z");
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-2 -2 {side} {side}\" width=\"200\" height=\"200\">\
         <path fill=\"#fff\" d=\"M-2-2h{side}v{side}h-{side}z\"/><path fill=\"#17292a\" d=\"{squares}\"/></svg>",
        side = CELLS + 4
    )
}
