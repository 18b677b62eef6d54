//! Every part of the pages in every state, for people who change Bankside. What stands there are examples and nobody's data.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use bankside_domain::AssetId;
use bankside_domain::asset::{Asset, AssetKind, AssetStage, Tree};
use bankside_engine::{Answered, Form, FormField};

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::{Member, Visitor, formats};
use crate::view::FieldView;
use crate::view::asked::AskedHtml;
use crate::view::picker::{Picker, Picking};
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
    few: Picker,
    many: Picker,
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

struct TwinLine {
    what: &'static str,
    left: &'static str,
    right: &'static str,
    differs: bool,
}

const ICONS: &[&str] = &[
    "check", "ring", "half", "clock", "loop", "key", "shield", "eye", "eye-off", "pause", "outline", "home", "rows",
    "inbox", "bank", "gear", "plus", "search", "filter", "more", "split", "pen", "close", "down", "right", "link",
    "undo", "lock", "phone", "tree", "warn", "info", "swap", "file", "help",
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

const fn twin(what: &'static str, left: &'static str, right: &'static str, differs: bool) -> TwinLine {
    TwinLine { what, left, right, differs }
}

/// A tree of names, each with the number of what it stands under, or 0 at the top; the second is chosen, the last cannot be.
fn picker(names: &[(&str, usize)], find: &str) -> Picker {
    let id = |number: usize| format!("00000000-0000-7000-8000-{number:012}").parse::<AssetId>().ok();
    let assets = names.iter().zip(1..).filter_map(|((name, under), number)| {
        Some(Asset {
            id: id(number)?,
            parent: id(*under).filter(|_| *under > 0),
            name: (*name).to_owned(),
            kind: AssetKind::Structuring,
            stage: AssetStage::Active,
            position: i64::try_from(number).unwrap_or_default(),
            closed_on: None,
        })
    });
    let last = id(names.len());
    let picking = Picking {
        tree: &Tree::new(assets.collect()),
        legend: "Which asset is it for?".to_owned(),
        none: None,
        chosen: Some(id(2)),
        find: find.to_owned(),
        off: &|asset| (Some(asset.id) == last).then(|| "conceptual: it has no accounts yet".to_owned()),
    };
    picking.make()
}

/// Two funds with sites.
fn many_assets() -> Vec<(&'static str, usize)> {
    const SITES: [&str; 15] = [
        "Site 1", "Site 2", "Site 3", "Site 4", "Site 5", "Site 6", "Site 7", "Site 8", "Site 9", "Site 10", "Site 20",
        "Site 21", "Site 22", "Site 23", "Site 24",
    ];
    let below = |fund: usize| SITES.iter().map(move |site| (*site, fund));
    [("Fund C", 0), ("Fund D", 0)].into_iter().chain(below(1)).chain(below(2)).collect()
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
        few: picker(&[("Lindenweg 8", 0), ("Everyday", 1), ("Savings", 1), ("Roof fund", 3), ("Let flat", 1)], ""),
        many: picker(&many_assets(), "site 2"),
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
