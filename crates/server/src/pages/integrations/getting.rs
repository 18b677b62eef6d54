//! *Get accounts*: the bank accounts of one sync are listed anew, and the page says what came of it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use bankside_domain::ConnectionId;
use bankside_engine::{GotAccounts, Listed};
use serde::Deserialize;

use super::page_with;
use crate::App;
use crate::error::PageError;
use crate::session::{Member, Present};
use crate::view::counted;
use crate::view::day::Today;
use crate::view::fault::{FaultView, Occasion};
use crate::view::shell::address;

/// What came of it, in words.
pub(crate) struct GotView {
    /// The sync's name.
    pub(crate) name: String,
    pub(crate) icon: &'static str,
    pub(crate) is_loud: bool,
    /// How many there are.
    pub(crate) title: String,
    /// What is new, and what is not shown any more.
    pub(crate) says: String,
    /// Why balances could not be read, where some could not.
    pub(crate) held_back: Option<String>,
    /// Where new accounts are found, at a provider that shows none without a sign-in.
    pub(crate) hint: Option<String>,
    pub(crate) renew_url: String,
}

impl GotView {
    fn of(got: &GotAccounts, name: String, renew_url: String, today: &Today) -> Self {
        let said = |count: usize, one: &str, many: &str| counted(i64::try_from(count).unwrap_or(i64::MAX), one, many);
        let listed = got.listed;
        let mut says = Vec::new();
        match (listed.new, listed.missing) {
            (0, 0) => says.push("None is new, and none has gone.".to_owned()),
            (new, missing) => {
                if new > 0 {
                    says.push(format!("{} and can be linked below.", said(new, "is new", "are new")));
                }
                if missing > 0 {
                    says.push(format!(
                        "{} any more: links and rows stay, and nothing new comes for {}.",
                        said(missing, "is not shown", "are not shown"),
                        if missing == 1 { "it" } else { "them" }
                    ));
                }
            }
        }
        let held_back = got.held_back.as_ref().map(|fault| {
            let view = FaultView::of(fault, Occasion::Listing, today);
            format!("Not every balance could be read. {} {} {}", view.message, view.who, view.by_itself)
        });
        let hint = (!got.shows_new_accounts).then(|| {
            format!("{} shows accounts that were opened since only after another sign-in.", got.provider_name)
        });
        Self {
            title: format!("{name}: {}.", said(listed.recognised + listed.new, "account", "accounts")),
            is_loud: listed.missing > 0 || held_back.is_some(),
            icon: if listed.missing > 0 { "warn" } else { "check" },
            says: says.join(" "),
            held_back,
            hint,
            name,
            renew_url,
        }
    }
}

/// What came of it, as the address says it: whoever loads the page again does not ask the bank again.
#[derive(Default, Deserialize)]
pub(crate) struct Told {
    /// Of which sync; blank where nothing was done.
    #[serde(default)]
    got: String,
    #[serde(default)]
    recognised: usize,
    #[serde(default)]
    new: usize,
    #[serde(default)]
    missing: usize,
}

impl Told {
    /// In words, where something was done.
    pub(super) async fn view(&self, app: &App, member: &Member) -> Result<Option<GotView>, PageError> {
        if self.got.is_empty() {
            return Ok(None);
        }
        let id = self.got.parse().map_err(|_| PageError::not_found())?;
        let connection = app.engine.connection(member.asker(), id).await?;
        let provider = app.engine.descriptor(&connection.provider);
        let got = GotAccounts {
            listed: Listed { recognised: self.recognised, new: self.new, missing: self.missing },
            held_back: None,
            shows_new_accounts: provider.is_none_or(|provider| provider.shows_new_accounts),
            provider_name: provider.map_or("The provider", |provider| provider.name),
        };
        Ok(Some(told(app, member, &got, id, connection.name)))
    }
}

fn told(app: &App, member: &Member, got: &GotAccounts, id: ConnectionId, name: String) -> GotView {
    let renew_url = address(member.membership.organization.id, &format!("connections/{id}/renew"));
    GotView::of(got, name, renew_url, &crate::pages::today(app, member))
}

/// Lists the accounts of a sync anew. Where some balances could not be read, the page says why at once: that is not for an address.
pub(crate) async fn get(
    State(app): State<App>,
    member: Member,
    present: Present,
    Path((_, connection)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let id = connection.parse().map_err(|_| PageError::not_found())?;
    let got = present.asks(&app).get_accounts(member.asker(), id).await?;
    if got.held_back.is_some() {
        let name = app.engine.connection(member.asker(), id).await?.name;
        let view = told(&app, &member, &got, id, name);
        return page_with(&app, &member, Some(view), None, None).await;
    }
    let Listed { recognised, new, missing } = got.listed;
    let banks = address(member.membership.organization.id, "banks");
    let query = format!("got={id}&recognised={recognised}&new={new}&missing={missing}");
    Ok(Redirect::to(&format!("{banks}?{query}")).into_response())
}

#[cfg(test)]
mod tests {
    use bankside_domain::Formats;
    use bankside_engine::Listed;

    use super::*;

    fn said(recognised: usize, new: usize, missing: usize, shows_new_accounts: bool) -> GotView {
        let listed = Listed { recognised, new, missing };
        let got = GotAccounts { listed, held_back: None, shows_new_accounts, provider_name: "Some Provider" };
        let today = Today::new("2026-11-20T12:00:00Z".parse().unwrap(), "UTC", Formats::default());
        GotView::of(&got, "House".to_owned(), String::new(), &today)
    }

    #[test]
    fn what_is_new_and_what_has_gone_is_said() {
        let still = said(3, 0, 0, true);
        assert_eq!(
            (still.title.as_str(), still.says.as_str()),
            ("House: 3 accounts.", "None is new, and none has gone.")
        );
        assert!(still.hint.is_none() && !still.is_loud);
        let more = said(2, 1, 1, false);
        assert_eq!(more.title, "House: 3 accounts.");
        assert_eq!(
            more.says,
            "1 is new and can be linked below. 1 is not shown any more: links and rows stay, and nothing new comes for it."
        );
        assert!(more.is_loud);
        assert_eq!(
            more.hint.as_deref(),
            Some("Some Provider shows accounts that were opened since only after another sign-in.")
        );
    }
}
