//! Who belongs to an organization, with which place, and who is asked to join.

mod forms;
pub(crate) mod groups;
pub(crate) mod leaving;
pub(crate) mod sees;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bankside_domain::asset::Tree;
use bankside_domain::{AssetId, GroupId, PersonId, Right, Role};
use bankside_engine::{Group, Invitation, InvitedNow, MailState, MembersView, Placing};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::{monogram, shell};
use crate::session::Member;
use crate::view::day::Today;
use crate::view::picker::Picker;
use crate::view::shell::{Place, Shell};
use forms::PlaceForm;
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
    /// What is searched for among the assets.
    #[serde(default)]
    find: String,
    /// The addresses that were typed before somebody searched.
    #[serde(default)]
    emails: String,
    /// The place that was chosen then: a role's code, or the id of a group.
    #[serde(default)]
    group: String,
    /// The asset that was chosen then.
    #[serde(default)]
    asset: String,
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
    /// What whoever is invited sees, where there are assets.
    picker: Option<Picker>,
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

/// What somebody sees, where there are assets.
struct Sees {
    /// The asset's id; blank is everything.
    asset: String,
    /// `Only Germany ▸ North`.
    words: String,
    /// Where it is changed.
    url: String,
}

impl Sees {
    fn of(asset: Option<AssetId>, shell: &Shell, path: &str) -> Option<Self> {
        (!shell.tree.is_empty()).then(|| Self {
            asset: asset.map(|id| id.to_string()).unwrap_or_default(),
            words: asset.map_or_else(|| "Everything".to_owned(), |id| format!("Only {}", shell.tree.path(id))),
            url: shell.at(path),
        })
    }
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
    sees: Option<Sees>,
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
    sees: Option<Sees>,
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
    find: String,
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

/// `Technicians: member, only Germany ▸ North`.
fn place_in_words(
    view: &MembersView,
    tree: &Tree,
    role: Role,
    group: Option<GroupId>,
    asset: Option<AssetId>,
) -> String {
    let group = group.and_then(|id| view.groups.iter().find(|group| group.id == id));
    let role = match group {
        Some(group) => format!("{} ({})", group.name, role_word(role).to_lowercase()),
        None => role_word(role).to_owned(),
    };
    match asset {
        Some(asset) => format!("{role}, only {}", tree.path(asset)),
        None => role,
    }
}

/// The roles and groups that somebody may be given, and which of them holds.
fn choices(view: &MembersView, tree: &Tree, by: Role, chosen: Placing) -> Vec<Choice> {
    let roles = [Role::Owner, Role::Admin, Role::Member, Role::Viewer].into_iter();
    let roles = roles.filter(|role| *role != Role::Owner || by == Role::Owner).map(|role| Choice {
        value: bankside_domain::Code::code(role).to_owned(),
        label: role_word(role).to_owned(),
        is_chosen: chosen.group.is_none() && chosen.role == role,
    });
    let groups = view.groups.iter().map(|group| Choice {
        value: group.id.to_string(),
        label: place_in_words(view, tree, group.role, Some(group.id), group.asset),
        is_chosen: chosen.group == Some(group.id),
    });
    roles.chain(groups).collect()
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
            place: place_in_words(view, &shell.tree, invitation.role, invitation.group, invitation.asset),
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
    fn of(group: &Group, shell: &Shell) -> Self {
        let used = crate::view::counted(group.members, "member", "members");
        let used = match group.invited {
            0 => used,
            invited => format!("{used}, {invited} invited"),
        };
        Self {
            name: group.name.clone(),
            used,
            roles: group_roles(group.role),
            sees: (group.role < Role::Admin)
                .then(|| Sees::of(group.asset, shell, &format!("people/groups/{}/sees", group.id)))
                .flatten(),
            change_url: shell.at(&format!("people/groups/{}", group.id)),
            remove_url: (group.members == 0 && group.invited == 0)
                .then(|| shell.at(&format!("people/groups/{}/remove", group.id))),
        }
    }
}

/// Below which asset a member sees by themselves; `None` where their group says what they see.
fn own_asset(view: &MembersView, member: &bankside_engine::Member) -> Option<Option<AssetId>> {
    let group = member.group.and_then(|id| view.groups.iter().find(|group| group.id == id));
    if group.is_some_and(|group| group.asset.is_some()) { None } else { Some(member.asset) }
}

fn member_view(view: &MembersView, member: &bankside_engine::Member, asker: &Member, shell: &Shell) -> MemberView {
    let may_manage = shell.asker.may(Right::ManagePeople);
    let by = shell.asker.role();
    let is_self = member.person == asker.person.id;
    let may_place = may_manage && !is_self && (member.role != Role::Owner || by == Role::Owner);
    let own = own_asset(view, member);
    let placing = Placing { role: member.role, group: member.group, asset: own.flatten() };
    let path = |what: &str| format!("people/members/{}/{what}", member.person);
    MemberView {
        monogram: monogram(&member.name),
        name: member.name.clone(),
        email: member.email.clone().filter(|_| may_manage || is_self).unwrap_or_default(),
        is_self,
        place: place_in_words(view, &shell.tree, member.role, member.group, member.asset),
        since: shell.today.day(member.joined_at.to_zoned(shell.today.zone.clone()).date()),
        choices: if may_place { choices(view, &shell.tree, by, placing) } else { Vec::new() },
        sees: own
            .filter(|_| may_place && member.role < Role::Admin)
            .and_then(|own| Sees::of(own, shell, &path("sees"))),
        place_url: shell.at(&path("place")),
        end_url: if is_self { Some(shell.at("people/leave")) } else { may_place.then(|| shell.at(&path("remove"))) },
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
        groups: view.groups.iter().map(|group| GroupView::of(group, &shell)).collect(),
        choices: choices(&view, &shell.tree, shell.asker.role(), chosen),
        roles: group_roles(Role::Member),
        picker: (!shell.tree.is_empty())
            .then(|| sees::picking(&shell, chosen.asset, said.find, "What do they see?".to_owned()))
            .map(|picker| picker.keeping(shell.at("people"))),
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
    let chosen = PlaceForm { group: asked.group, asset: asked.asset }.placing().ok();
    let said = Said { find: asked.find, emails: asked.emails, chosen, ..Said::default() };
    people_page(&app, &member, Tab::of(&asked.tab), said).await
}

fn person_id(text: &str) -> Result<PersonId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}
