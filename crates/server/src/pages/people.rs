//! Who belongs to an organization, with which place, and who is asked to join.

mod forms;
pub(crate) mod groups;
pub(crate) mod leaving;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bankside_domain::{AssetId, GroupId, PersonId, Right, Role};
use bankside_engine::{Group, Invitation, InvitedNow, MailState, MembersView, Placing};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::{monogram, shell};
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Place, Shell};
pub(crate) use forms::{invite, place, take_back};

/// Which of the lists is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    #[default]
    Active,
    Pending,
    Groups,
}

impl Tab {
    fn of(code: &str) -> Self {
        match code {
            "pending" => Self::Pending,
            "groups" => Self::Groups,
            _ => Self::Active,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Active => "people",
            Self::Pending => "people?tab=pending",
            Self::Groups => "people?tab=groups",
        }
    }
}

/// What the address may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    tab: String,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeopleHtml {
    shell: Shell,
    tab: Tab,
    tabs: Vec<TabLink>,
    may_manage: bool,
    members: Vec<MemberView>,
    pending: Vec<PendingView>,
    groups: Vec<GroupView>,
    /// What can be chosen for whoever is invited.
    choices: Vec<Choice>,
    /// The roles of a group.
    roles: Vec<Choice>,
    assets: Vec<Choice>,
    /// The addresses that were typed.
    emails: String,
    sends_mail: bool,
    /// Links that are shown this once: address and link.
    links: Vec<(String, String)>,
    /// What has been done.
    done: Option<String>,
    /// What was wrong.
    wrong: Option<String>,
    managers: String,
}

struct TabLink {
    label: &'static str,
    count: usize,
    url: String,
    is_open: bool,
}

/// One of several to choose.
#[derive(Debug, Clone)]
struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

struct MemberView {
    monogram: String,
    name: String,
    email: String,
    is_self: bool,
    /// Their place in words.
    place: String,
    since: String,
    /// What can be chosen for them; empty where the person may not.
    choices: Vec<Choice>,
    assets: Vec<Choice>,
    place_url: String,
    /// Where they are removed; for oneself, where one leaves.
    end_url: Option<String>,
}

struct PendingView {
    email: String,
    place: String,
    invited: String,
    tone: &'static str,
    icon: &'static str,
    state: String,
    is_over: bool,
    take_back_url: String,
    again: (String, String),
}

struct GroupView {
    name: String,
    used: String,
    roles: Vec<Choice>,
    assets: Vec<Choice>,
    change_url: String,
    /// Where it is removed; only while nobody is in it.
    remove_url: Option<String>,
}

/// What a page says beside what is there.
#[derive(Default)]
struct Said {
    done: Option<String>,
    wrong: Option<String>,
    emails: String,
    chosen: Option<Placing>,
    links: Vec<InvitedNow>,
}

/// The role as people call those who have it.
pub(crate) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Admin => "Admin",
        Role::Member => "Member",
        Role::Viewer => "Viewer",
    }
}

fn path_of(assets: &[(AssetId, Vec<String>)], asset: AssetId) -> String {
    assets.iter().find(|(id, _)| *id == asset).map(|(_, path)| path.join(" ▸ ")).unwrap_or_default()
}

/// `Technicians: member, only Germany ▸ North`.
fn place_in_words(view: &MembersView, role: Role, group: Option<GroupId>, asset: Option<AssetId>) -> String {
    let group = group.and_then(|id| view.groups.iter().find(|group| group.id == id));
    let role = match group {
        Some(group) => format!("{} ({})", group.name, role_word(role).to_lowercase()),
        None => role_word(role).to_owned(),
    };
    match asset {
        Some(asset) => format!("{role}, only {}", path_of(&view.assets, asset)),
        None => role,
    }
}

/// The roles and groups that somebody may be given, and which of them holds.
fn choices(view: &MembersView, by: Role, chosen: Placing) -> Vec<Choice> {
    let roles = [Role::Owner, Role::Admin, Role::Member, Role::Viewer].into_iter();
    let roles = roles.filter(|role| *role != Role::Owner || by == Role::Owner).map(|role| Choice {
        value: bankside_domain::Code::code(role).to_owned(),
        label: role_word(role).to_owned(),
        is_chosen: chosen.group.is_none() && chosen.role == role,
    });
    let groups = view.groups.iter().map(|group| Choice {
        value: group.id.to_string(),
        label: place_in_words(view, group.role, Some(group.id), group.asset),
        is_chosen: chosen.group == Some(group.id),
    });
    roles.chain(groups).collect()
}

fn assets(view: &MembersView, chosen: Option<AssetId>) -> Vec<Choice> {
    if view.assets.is_empty() {
        return Vec::new();
    }
    let all = Choice { value: String::new(), label: "Everything".to_owned(), is_chosen: chosen.is_none() };
    let each = view.assets.iter().map(|(id, path)| Choice {
        value: id.to_string(),
        label: format!("Only {}", path.join(" ▸ ")),
        is_chosen: chosen == Some(*id),
    });
    std::iter::once(all).chain(each).collect()
}

fn group_roles(chosen: Role) -> Vec<Choice> {
    let roles = [Role::Admin, Role::Member, Role::Viewer].into_iter();
    let choice = |role: Role| Choice {
        value: bankside_domain::Code::code(role).to_owned(),
        label: role_word(role).to_owned(),
        is_chosen: role == chosen,
    };
    roles.map(choice).collect()
}

impl PendingView {
    fn of(view: &MembersView, invitation: &Invitation, shell: &Shell) -> Self {
        let today: &Today = &shell.today;
        let is_over = invitation.expires_at <= today.now;
        let until = today.moment(invitation.expires_at);
        let (tone, icon, state) = match &invitation.mail {
            _ if is_over => ("is-off", "clock", format!("Over since {until}")),
            None => ("is-off", "link", format!("Link works until {until}")),
            Some(MailState::Sent(_)) => ("is-ok", "check", format!("Mailed; works until {until}")),
            Some(MailState::Waiting(None)) => ("is-run", "ring", "Being mailed".to_owned()),
            Some(MailState::Waiting(Some(_))) => ("is-act", "loop", "Not mailed yet; it is tried again".to_owned()),
            Some(MailState::GivenUp(_)) => ("is-act", "warn", "Could not be mailed: invite again".to_owned()),
        };
        let group = invitation
            .group
            .map_or_else(|| bankside_domain::Code::code(invitation.role).to_owned(), |group| group.to_string());
        Self {
            email: invitation.email.clone(),
            place: place_in_words(view, invitation.role, invitation.group, invitation.asset),
            invited: format!("by {}, {}", invitation.invited_by, today.moment(invitation.created_at)),
            tone,
            icon,
            state,
            is_over,
            take_back_url: shell.at(&format!("people/invitations/{}/take-back", invitation.id)),
            again: (group, invitation.asset.map(|asset| asset.to_string()).unwrap_or_default()),
        }
    }
}

impl GroupView {
    fn of(view: &MembersView, group: &Group, shell: &Shell) -> Self {
        let used = crate::view::counted(group.members, "member", "members");
        let used = match group.invited {
            0 => used,
            invited => format!("{used}, {invited} invited"),
        };
        Self {
            name: group.name.clone(),
            used,
            roles: group_roles(group.role),
            assets: assets(view, group.asset),
            change_url: shell.at(&format!("people/groups/{}", group.id)),
            remove_url: (group.members == 0 && group.invited == 0)
                .then(|| shell.at(&format!("people/groups/{}/remove", group.id))),
        }
    }
}

fn member_view(view: &MembersView, member: &bankside_engine::Member, asker: &Member, shell: &Shell) -> MemberView {
    let may_manage = shell.asker.may(Right::ManagePeople);
    let by = shell.asker.role();
    let is_self = member.person == asker.person.id;
    let may_place = may_manage && !is_self && (member.role != Role::Owner || by == Role::Owner);
    let group_asset = member.group.and_then(|id| view.groups.iter().find(|group| group.id == id)?.asset);
    let own_asset = if group_asset.is_some() { None } else { member.asset };
    let placing = Placing { role: member.role, group: member.group, asset: own_asset };
    let path = |what: &str| shell.at(&format!("people/members/{}/{what}", member.person));
    MemberView {
        monogram: monogram(&member.name),
        name: member.name.clone(),
        email: member.email.clone().filter(|_| may_manage || is_self).unwrap_or_default(),
        is_self,
        place: place_in_words(view, member.role, member.group, member.asset),
        since: shell.today.day(member.joined_at.to_zoned(shell.today.zone.clone()).date()),
        choices: if may_place { choices(view, by, placing) } else { Vec::new() },
        assets: if may_place { assets(view, own_asset) } else { Vec::new() },
        place_url: path("place"),
        end_url: if is_self { Some(shell.at("people/leave")) } else { may_place.then(|| path("remove")) },
    }
}

async fn people_page(app: &App, member: &Member, tab: Tab, said: Said) -> Result<Response, PageError> {
    let view = app.engine.members(member.asker()).await?;
    let shell = shell(app, member, Place::Settings, None).await?;
    let may_manage = shell.asker.may(Right::ManagePeople);
    let tab = if may_manage { tab } else { Tab::Active };
    let link = |of: Tab, label, count| TabLink { label, count, url: shell.at(of.path()), is_open: of == tab };
    let mut tabs = vec![link(Tab::Active, "Active", view.members.len())];
    if may_manage {
        tabs.push(link(Tab::Pending, "Pending", view.invitations.len()));
        tabs.push(link(Tab::Groups, "Groups", view.groups.len()));
    }
    let chosen = said.chosen.unwrap_or(Placing::role(Role::Member));
    let managers = view.members.iter().filter(|one| one.role >= Role::Admin).map(|one| one.name.as_str());
    let status = if said.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let links = said.links.iter().filter_map(|one| Some((one.email.clone(), one.link.as_ref()?.expose().to_owned())));
    let html = PeopleHtml {
        tab,
        tabs,
        may_manage,
        members: view.members.iter().map(|one| member_view(&view, one, member, &shell)).collect(),
        pending: view.invitations.iter().map(|one| PendingView::of(&view, one, &shell)).collect(),
        groups: view.groups.iter().map(|group| GroupView::of(&view, group, &shell)).collect(),
        choices: choices(&view, shell.asker.role(), chosen),
        roles: group_roles(Role::Member),
        assets: assets(&view, chosen.asset),
        emails: said.emails,
        sends_mail: app.engine.sends_mail(),
        links: links.collect(),
        done: said.done,
        wrong: said.wrong,
        managers: managers.collect::<Vec<_>>().join(", "),
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// The page.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    people_page(&app, &member, Tab::of(&asked.tab), Said::default()).await
}

fn person_id(text: &str) -> Result<PersonId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}
