//! Naming a connection whose bank is chosen on the provider's own page.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{AccountId, Right};
use bankside_engine::{EngineError, Way};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::{Member, Present};
use crate::view::FieldView;
use crate::view::fault::{FaultView, Occasion};
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "naming.html")]
struct NamingHtml {
    shell: Shell,
    provider_name: &'static str,
    name: FieldView,
    account: String,
    /// `banks` where the person came from the page of bank integrations.
    from: String,
    /// What is wrong at the provider, if something is.
    fault: Option<FaultView>,
    /// Where banks are looked for here.
    search_url: Option<String>,
}

/// What the person calls it, and the account that they came from.
#[derive(Default, Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    name: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    from: String,
}

/// Asks for a name.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, provider)): Path<(String, String)>,
    Query(named): Query<Named>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    naming_page(&app, &member, &provider, &named, None).await
}

async fn naming_page(
    app: &App,
    member: &Member,
    provider: &str,
    named: &Named,
    refused: Option<EngineError>,
) -> Result<Response, PageError> {
    let view = app.engine.provider_view(member.asker(), provider).await?;
    let shell = shell(app, member, Place::AddAccount, None).await?;
    let then = if named.account.is_empty() { String::new() } else { format!("?account={}", named.account) };
    if view.keys.is_none() {
        return Ok(Redirect::to(&shell.at(&format!("providers/{provider}/keys{then}"))).into_response());
    }
    if !view.descriptor.ways.contains(&Way::Hosted) {
        return Err(PageError::not_found());
    }
    let (status, error, fault) = match refused {
        None => (StatusCode::OK, None, None),
        Some(EngineError::Invalid { message, .. }) => (StatusCode::UNPROCESSABLE_ENTITY, Some(message), None),
        Some(EngineError::Outside(fault)) => {
            let told = FaultView::of(&fault, Occasion::Connecting, &shell.today).at(shell.today.now);
            (StatusCode::BAD_GATEWAY, None, Some(told.told_by(Some(view.descriptor))))
        }
        Some(other) => return Err(other.into()),
    };
    let html = NamingHtml {
        provider_name: view.descriptor.name,
        name: FieldView { value: named.name.clone(), error },
        account: named.account.clone(),
        from: named.from.clone(),
        fault,
        search_url: view
            .descriptor
            .ways
            .iter()
            .any(|way| matches!(way, Way::Name | Way::Country))
            .then(|| shell.at(&format!("providers/{provider}/banks{then}"))),
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// Begins, and leads to the page that leads to the provider's.
pub(crate) async fn begin(
    State(app): State<App>,
    member: Member,
    present: Present,
    Path((organization, provider)): Path<(String, String)>,
    Form(named): Form<Named>,
) -> Result<Response, PageError> {
    let account: Option<AccountId> = named.account.parse().ok();
    match present.asks(&app).begin_hosted(member.asker(), &provider, &named.name, account).await {
        Ok(flow) => Ok(Redirect::to(&format!("/o/{organization}/flows/{flow}")).into_response()),
        Err(error) => naming_page(&app, &member, &provider, &named, Some(error)).await,
    }
}
