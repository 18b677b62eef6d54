//! The calls without Basic auth: versions, making a setup token, claiming one (fact sheet §1, §2).

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use super::problem::Problem;
use super::{DEMO, access_url, setup_token};
use crate::{Sandbox, page};

/// `GET /info`.
pub(super) async fn info(State(sandbox): State<Sandbox>) -> Json<Value> {
    let is_old = sandbox.switches().simplefin_knows_version_1_only;
    Json(json!({ "versions": if is_old { vec!["1.0"] } else { vec!["1.0", "2.0.0"] } }))
}

#[derive(Template)]
#[template(path = "simplefin_create.html")]
struct CreatePage {
    token: Option<String>,
}

/// `GET /create`.
pub(super) async fn create_page() -> Response {
    page::html(StatusCode::OK, &CreatePage { token: None })
}

/// The page's button.
pub(super) async fn create(State(sandbox): State<Sandbox>) -> Response {
    match sandbox.make_setup_token() {
        Ok(token) => page::html(StatusCode::OK, &CreatePage { token: Some(token) }),
        Err(problem) => Problem::from(problem).into_response(),
    }
}

impl Sandbox {
    /// Makes a setup token at the simulator of SimpleFIN, as its page does. It can be claimed once.
    pub fn make_setup_token(&self) -> Result<String, crate::SandboxError> {
        let token = HEXLOWER.encode(self.uuid().as_bytes());
        self.change(|state, _| {
            state.simplefin.add_token(token.clone());
            Ok::<_, crate::SandboxError>(())
        })?;
        Ok(setup_token(self, &token))
    }

    /// Makes a setup token and claims it at once; answers with the access URL.
    pub fn make_access_url(&self) -> Result<String, crate::SandboxError> {
        let token = HEXLOWER.encode(self.uuid().as_bytes());
        let (user, password) = self.new_access();
        self.change(|state, _| {
            state.simplefin.add_token(token.clone());
            // It was made just before, so it is there.
            let _ = state.simplefin.claim(&token, &user, &password);
            Ok::<_, crate::SandboxError>(())
        })?;
        Ok(access_url(self, &user, &password))
    }

    /// User and password of a new access.
    fn new_access(&self) -> (String, String) {
        let user = HEXLOWER.encode(self.uuid().as_bytes()).to_uppercase();
        // Base64, so that what an address has to escape is met now and then, and a colon so that it always is.
        let words = [BASE64.encode(self.uuid().as_bytes()), HEXLOWER.encode(self.uuid().as_bytes())];
        (user, words.join(":"))
    }
}

/// `POST /claim/:token`: once, with nothing but `Content-Length: 0`.
pub(super) async fn claim(
    State(sandbox): State<Sandbox>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match headers.get(header::CONTENT_LENGTH).map(axum::http::HeaderValue::as_bytes) {
        Some(b"0") => {}
        Some(_) => return Err(Problem::BadRequest("A claim has no body")),
        None => return Err(Problem::LengthRequired),
    }
    let access = if token == DEMO {
        access_url(&sandbox, DEMO, DEMO)
    } else {
        let (user, password) = sandbox.new_access();
        sandbox.change(|state, _| state.simplefin.claim(&token, &user, &password))?;
        access_url(&sandbox, &user, &password)
    };
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], access).into_response())
}
