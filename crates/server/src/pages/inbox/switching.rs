//! Whether there is an inbox, and whether the one who looks wants it beside the other pages.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use crate::App;
use crate::error::PageError;
use crate::pages::settings::Side;
use crate::session::Member;

/// Which way.
#[derive(Deserialize)]
pub(crate) struct SideForm {
    to: Side,
}

/// For everybody.
pub(crate) async fn switch(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<SideForm>,
) -> Result<Redirect, PageError> {
    app.engine.switch_inbox(member.asker(), form.to == Side::On).await?;
    Ok(Redirect::to(&format!("/o/{organization}/settings#inbox")))
}

/// For the one who looks.
pub(crate) async fn want(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<SideForm>,
) -> Result<Redirect, PageError> {
    app.engine.want_inbox(member.asker(), form.to == Side::On).await?;
    Ok(Redirect::to(&format!("/o/{organization}/settings#inbox")))
}
