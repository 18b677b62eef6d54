//! What providers file rows under, and to which category each is mapped: a table that people change.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use bankside_domain::CategoryId;

use super::require;
use crate::App;
use crate::error::PageError;
use crate::session::Member;
use crate::view::merchant::name_of;

/// What a provider files rows under.
pub(super) struct FiledLine {
    pub(super) code: String,
    pub(super) name: String,
    /// Whose word it is.
    pub(super) whose: String,
    /// The id of the category that it is mapped to, or nothing.
    pub(super) category: String,
}

/// All that were seen, those of one provider together.
pub(super) async fn filed(app: &App, member: &Member) -> Result<Vec<FiledLine>, PageError> {
    let seen = app.engine.provider_categories(member.asker()).await?;
    let line = |seen: bankside_engine::SeenProviderCategory| {
        let scheme = seen.code.split(':').next().unwrap_or_default().to_owned();
        FiledLine {
            whose: match app.engine.descriptor(&scheme) {
                Some(descriptor) => descriptor.name.to_owned(),
                None if scheme == "mcc" => "Card schemes".to_owned(),
                None => scheme,
            },
            name: name_of(&seen.code, &seen.name),
            code: seen.code,
            category: seen.category.map(|id| id.to_string()).unwrap_or_default(),
        }
    };
    let mut lines: Vec<FiledLine> = seen.into_iter().map(line).collect();
    lines.sort_by(|one, other| (&one.whose, &one.name).cmp(&(&other.whose, &other.name)));
    Ok(lines)
}

/// Maps each to what was chosen for it.
pub(crate) async fn save(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, PageError> {
    require(&member)?;
    let before = app.engine.provider_categories(member.asker()).await?;
    for (code, chosen) in &fields {
        let category: Option<CategoryId> = match chosen.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| PageError::not_found())?),
        };
        if before.iter().any(|seen| seen.code == *code && seen.category == category) {
            continue;
        }
        app.engine.map_provider_category(member.asker(), code, category).await?;
    }
    Ok(Redirect::to(&format!("/o/{organization}/categories#filed")))
}
