//! What providers file rows under, and to which category each is mapped: a table that people change.

use std::collections::HashMap;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use bankside_domain::CategoryId;
use bankside_engine::ProviderCategoryTarget;

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

/// Begins the name of the field with what a line was mapped to when the page was shown.
const WAS: &str = "was.";

/// Maps each to what was chosen for it, where that is another one than the page showed.
pub(crate) async fn save(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Redirect, PageError> {
    require(&member)?;
    let category = |id: &str| -> Result<Option<CategoryId>, PageError> {
        if id.is_empty() { Ok(None) } else { Ok(Some(id.parse().map_err(|_| PageError::not_found())?)) }
    };
    let was: HashMap<&str, &str> =
        fields.iter().filter_map(|(name, value)| Some((name.strip_prefix(WAS)?, value.as_str()))).collect();
    let mut targets = Vec::new();
    for (code, chosen) in fields.iter().filter(|(name, _)| !name.starts_with(WAS)) {
        let (category, seen) = (category(chosen)?, category(was.get(code.as_str()).copied().unwrap_or_default())?);
        if category != seen {
            targets.push(ProviderCategoryTarget { code: code.clone(), seen: Some(seen), category });
        }
    }
    app.engine.map_provider_categories(member.asker(), &targets).await?;
    Ok(Redirect::to(&format!("/o/{organization}/categories#filed")))
}
