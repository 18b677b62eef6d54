//! Advanced settings and experimental features: what stands there, who may switch it, and whether it is shown.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::Side;
use crate::App;
use crate::error::PageError;
use crate::session::Member;
use crate::view::shell::Shell;

/// How much of it a person has unfolded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shown {
    Nothing,
    Advanced,
    Experimental,
}

impl Shown {
    fn code(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Advanced => "advanced",
            Self::Experimental => "experimental",
        }
    }

    fn of(code: Option<&str>) -> Self {
        [Self::Experimental, Self::Advanced]
            .into_iter()
            .find(|shown| code == Some(shown.code()))
            .unwrap_or(Self::Nothing)
    }
}

/// The section of the page.
pub(super) struct Advanced {
    pub(super) is_shown: bool,
    pub(super) is_experimental_shown: bool,
    pub(super) may_switch: bool,
    /// Who may, for whoever may not.
    pub(super) operators: String,
    pub(super) switches: Vec<SwitchView>,
}

/// A switch.
pub(super) struct SwitchView {
    pub(super) key: &'static str,
    pub(super) name: &'static str,
    pub(super) older_name: Option<&'static str>,
    pub(super) says: &'static str,
    pub(super) is_on: bool,
    /// Why it cannot be switched here.
    pub(super) fixed: Option<String>,
    pub(super) url: String,
}

impl Advanced {
    pub(super) async fn of(app: &App, member: &Member, shell: &Shell) -> Result<Self, PageError> {
        let shown = Shown::of(app.engine.remembered(&setting(member)).await?.as_deref());
        let may_switch = member.person.is_operator;
        let views = app.engine.features().await?;
        let switches = views.into_iter().map(|view| SwitchView {
            key: view.feature.key,
            name: view.feature.name,
            older_name: view.feature.older_name,
            says: view.feature.says,
            is_on: view.is_on,
            fixed: view.fixed_by.map(|place| {
                // Where files lie on the server concerns who runs it.
                if may_switch { format!("Fixed by {place}.") } else { "Fixed by the configuration.".to_owned() }
            }),
            url: shell.at(&format!("settings/features/{}", view.feature.key)),
        });
        Ok(Self {
            is_shown: shown >= Shown::Advanced,
            is_experimental_shown: shown == Shown::Experimental,
            may_switch,
            operators: app.engine.operators().await?.join(", "),
            switches: switches.collect(),
        })
    }
}

fn setting(member: &Member) -> String {
    format!("settings-shown:{}", member.person.id)
}

/// How much is to be shown.
#[derive(Deserialize)]
pub(crate) struct ShownForm {
    shown: Shown,
}

/// Unfolds or folds, and remembers it for this person.
pub(crate) async fn unfold(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<ShownForm>,
) -> Result<Redirect, PageError> {
    app.engine.remember(&setting(&member), form.shown.code()).await?;
    Ok(Redirect::to(&format!("/o/{organization}/settings#advanced")))
}

/// To which side.
#[derive(Deserialize)]
pub(crate) struct SwitchForm {
    to: Side,
}

/// Switches a feature.
pub(crate) async fn switch(
    State(app): State<App>,
    member: Member,
    Path((organization, feature)): Path<(String, String)>,
    Form(form): Form<SwitchForm>,
) -> Result<Redirect, PageError> {
    app.engine.switch_feature(&member.person, &feature, form.to == Side::On).await?;
    Ok(Redirect::to(&format!("/o/{organization}/settings#{feature}")))
}
