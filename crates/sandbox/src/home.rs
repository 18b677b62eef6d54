//! The index: for a person what is simulated and what to type where, for a program the same as JSON.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::banks::{self, Bank};
use crate::provider;
use crate::{Sandbox, enablebanking, finapi, page, simplefin, sophtron};

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/", get(index_page))
        .route("/index.json", get(|State(sandbox): State<Sandbox>| async move { Json(sandbox.index()) }))
        .route("/healthz", get(|| async { Json::<Value>(json!({ "status": "ok" })) }))
        .merge(page::routes())
        .fallback(not_found)
}

async fn not_found() -> Response {
    page::notice(StatusCode::NOT_FOUND, "There is no such page", "The sandbox's index is at /.")
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    now: String,
    providers: Vec<ProviderView>,
    served: Vec<&'static Bank>,
    listed: Vec<&'static Bank>,
    by_form: Vec<BankLine>,
    by_login: Vec<BankLine>,
    by_token: Vec<BankLine>,
    by_application: Vec<BankLine>,
}

/// A bank that only one provider has.
pub(crate) struct BankLine {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: &'static str,
    /// Its country's code.
    pub(crate) country: &'static str,
    /// What is special about it.
    pub(crate) about: &'static str,
}

struct ProviderView {
    name: &'static str,
    about: &'static str,
    base_url: String,
    credentials: Vec<Shown>,
}

/// A field with what to type.
struct Shown {
    label: &'static str,
    value: String,
}

async fn index_page(State(sandbox): State<Sandbox>) -> Response {
    let view = |provider: &provider::Provider| ProviderView {
        name: provider.name,
        about: provider.about,
        base_url: sandbox.url(provider.base_path),
        credentials: provider
            .credentials
            .iter()
            .map(|field| Shown { label: field.label, value: field.value.text(&sandbox) })
            .collect(),
    };
    let (served, listed) = banks::all().partition(|bank| bank.service.is_some());
    let page = HomePage {
        now: sandbox.now().strftime("%A, %-d %B %Y, %H:%M:%S UTC").to_string(),
        providers: provider::ALL.iter().map(view).collect(),
        served,
        listed,
        by_form: finapi::bank_lines(),
        by_login: sophtron::bank_lines(),
        by_token: simplefin::bank_lines(),
        by_application: enablebanking::bank_lines(),
    };
    page::html(StatusCode::OK, &page)
}
