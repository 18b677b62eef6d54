//! Every part of the pages in every state, for people who change Bankside. What stands there are examples and nobody's data.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bankside_engine::{Answered, Form, FormField};

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::{Member, Visitor, formats};
use crate::view::FieldView;
use crate::view::asked::AskedHtml;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "design.html")]
struct DesignHtml {
    shell: Shell,
    right: FieldView,
    wrong: FieldView,
    asked: Vec<AskedHtml>,
    statuses: [Row; 11],
    steps: [Step; 3],
    assets: [TreeLine; 5],
    twins: [TwinLine; 4],
    icons: &'static [&'static str],
}

/// A status with who acts and what the first action is.
struct Row {
    tone: &'static str,
    icon: &'static str,
    word: &'static str,
    who: &'static str,
    action: &'static str,
}

struct Step {
    class: &'static str,
    icon: &'static str,
    word: &'static str,
}

struct TreeLine {
    depth: u8,
    label: &'static str,
    note: &'static str,
    is_chosen: bool,
    is_off: bool,
}

struct TwinLine {
    what: &'static str,
    left: &'static str,
    right: &'static str,
    differs: bool,
}

const ICONS: &[&str] = &[
    "check", "ring", "half", "clock", "loop", "key", "shield", "eye", "eye-off", "pause", "outline", "home", "rows",
    "inbox", "bank", "gear", "plus", "search", "filter", "more", "split", "pen", "close", "down", "right", "link",
    "undo", "lock", "phone", "warn", "info", "swap", "file", "help",
];

const fn row(
    tone: &'static str,
    icon: &'static str,
    word: &'static str,
    who: &'static str,
    action: &'static str,
) -> Row {
    Row { tone, icon, word, who, action }
}

const fn line(depth: u8, label: &'static str, note: &'static str) -> TreeLine {
    TreeLine { depth, label, note, is_chosen: false, is_off: false }
}

const fn twin(what: &'static str, left: &'static str, right: &'static str, differs: bool) -> TwinLine {
    TwinLine { what, left, right, differs }
}

fn asked(form: &Form, shell: &Shell) -> AskedHtml {
    let nowhere = || shell.at("design");
    AskedHtml::of(form, ("Nordhafen Bank", "Sandbox"), (nowhere(), nowhere()), &shell.today).among_others()
}

/// A sign-in that was refused, a choice, and a nod on another device.
fn examples_of_forms() -> [Form; 3] {
    let field = |key: &str, label: &str, answered: Answered, is_optional: bool| FormField {
        key: key.to_owned(),
        label: label.to_owned(),
        hint: String::new(),
        answered,
        is_optional,
    };
    let form = |title: &str, message: &str, submit: &str, fields: Vec<FormField>| Form {
        title: title.to_owned(),
        message: message.to_owned(),
        is_from_bank: true,
        error: None,
        picture: None,
        shown: None,
        fields,
        submit: submit.to_owned(),
        expires_at: None,
    };
    let sign_in = vec![
        field("user", "User ID", Answered::Text, false),
        field("password", "Password", Answered::Secret, false),
        field("pin", "PIN", Answered::Code, true),
    ];
    let ways = ["Text me at •••• 418", "Call me at •••• 418"].map(str::to_owned);
    [
        Form {
            error: Some("The bank did not accept this. Look closely before you try again.".to_owned()),
            ..form("Sign in to Nordhafen Bank", "Type what the bank asks for on its own page.", "Sign in", sign_in)
        },
        form(
            "How should the code reach you?",
            "The bank sends a code before it lets anybody in.",
            "Go on",
            vec![field("way", "Send it", Answered::OneOf(ways.into()), false)],
        ),
        Form {
            shown: Some("48".to_owned()),
            ..form(
                "Confirm at your other device",
                "Compare the number there with this one.",
                "I have done it",
                Vec::new(),
            )
        },
    ]
}

/// The page, in the shell of the first organization that the person belongs to.
pub(crate) async fn show(
    State(app): State<App>,
    Visitor(person): Visitor,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let membership = app.engine.memberships(person.id).await?.into_iter().next().ok_or_else(PageError::not_found)?;
    let member = Member { membership, formats: formats(&person, &headers), person, has_folded_side: false };
    let shell = shell(&app, &member, Place::Settings, None).await?;
    let html = DesignHtml {
        asked: examples_of_forms().iter().map(|form| asked(form, &shell)).collect(),
        shell,
        right: FieldView::of("sbx-41c7"),
        wrong: FieldView {
            value: String::new(),
            error: Some("The provider refused this pair. Type both again.".to_owned()),
        },
        statuses: [
            row("is-ok", "check", "Up to date", "nobody", "Bank sync"),
            row("is-busy", "ring", "Syncing", "wait", "Look"),
            row("is-busy", "half", "Partly synced", "nobody", "Details"),
            row("is-wait", "clock", "Waiting for bank until 14:20", "wait", "Details"),
            row("is-wait", "loop", "Try again later", "we do", "Details"),
            row("is-act", "key", "Renew by 29 Nov", "owner", "Resync"),
            row("is-stop", "key", "Renew now", "owner", "Resync"),
            row("is-act", "shield", "Answer needed", "owner, present", "Resync"),
            row("is-act", "eye", "12.40 apart", "editor", "Details"),
            row("is-off", "pause", "Paused", "nobody", "Resume"),
            row("is-off", "outline", "Not linked", "owner", "Link"),
        ],
        steps: [
            Step { class: "done", icon: "check", word: "94 rows" },
            Step { class: "now", icon: "ring", word: "Balance" },
            Step { class: "", icon: "outline", word: "Match" },
        ],
        assets: [
            line(0, "Lindenweg 8", "the whole household"),
            TreeLine { is_chosen: true, ..line(1, "Everyday", "3 accounts") },
            line(1, "Savings", ""),
            line(2, "Roof fund", "1 account"),
            TreeLine { is_off: true, ..line(1, "Let flat", "closed in 2025") },
        ],
        twins: [
            twin("Day", "18 Nov", "20 Nov", true),
            twin("Payee", "Kornblume Markt", "Kornblume Markt", false),
            twin("Amount", "\u{2212}54.20 EUR", "\u{2212}54.20 EUR", false),
            twin("From", "typed by Robin", "Nordhafen Bank", true),
        ],
        icons: ICONS,
    };
    Ok(page(&html)?.into_response())
}
