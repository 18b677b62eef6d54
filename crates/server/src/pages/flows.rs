//! A connecting flow: whatever step comes is shown, and the page goes on by itself.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use askama::Template;
use axum::extract::{Path, Query, RawForm, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{FlowId, OrganizationId, Secret};
use bankside_engine::{EngineError, FlowPage, FlowView, Renewed, Returned, Way};
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::keys::first_step;
use crate::pages::{shell, today};
use crate::session::{self, Member};
use crate::view::asked::{ANSWER, AskedHtml};
use crate::view::counted;
use crate::view::day::Today;
use crate::view::fault::{FaultView, Occasion};
use crate::view::shell::{Place, Shell, address};

/// How often the page looks while the person is at the bank.
const LOOK_SECS: u32 = 3;

/// The step of a flow as a template shows it.
#[derive(Hash)]
enum FlowStep {
    Ask { asked: AskedHtml },
    Open { url: String, until: String, qr: String },
    Confirm,
    Wait { message: String },
    Cancelled { message: String },
    Failed { fault: FaultView },
    Done { url: String },
    Renewed { until: Option<String>, lines: Vec<(&'static str, String)>, link: Option<String>, run: Option<String> },
}

#[derive(Template)]
#[template(path = "flow.html")]
struct FlowHtml {
    shell: Shell,
    /// Where the person came from.
    came_from: (String, &'static str),
    title: String,
    step: StepHtml,
}

/// The part of a flow's page that renews itself.
#[derive(Template)]
#[template(path = "flow_step.html")]
struct StepHtml {
    provider_name: &'static str,
    bank: String,
    /// Whether everything at the bank happens on a page of the provider's.
    is_hosted: bool,
    step: FlowStep,
    look_every: Option<u32>,
    look_url: String,
    page_url: String,
    cancel_url: String,
    confirm_url: String,
    again_url: String,
    /// Whether it is a connection that is renewed; beginning again is a form then.
    renews: bool,
    /// Where the address can be pasted to which the person was led instead of here; and whether what was pasted is none.
    paste: Option<(String, bool)>,
}

impl StepHtml {
    fn of(view: &FlowView, member: &Member, today: &Today) -> Self {
        let at = |path: &str| address(member.membership.organization.id, path);
        let flow = view.id;
        let account = view.account.map(|account| format!("?account={account}")).unwrap_or_default();
        let look_every = match &view.page {
            FlowPage::Open { .. } => Some(LOOK_SECS),
            // While somebody types, nothing is asked.
            FlowPage::Ask { form } if form.fields.is_empty() => Some(LOOK_SECS),
            FlowPage::Wait { poll_after_secs, .. } => Some((*poll_after_secs).clamp(1, 60)),
            _ => None,
        };
        let step = FlowStep::of(view, &at, &account, today);
        // What was ended meanwhile cannot be renewed any more, only connected anew.
        let renews =
            view.renews.filter(|_| !matches!(&view.page, FlowPage::Failed { fault } if fault.code == "renewal.ended"));
        Self {
            provider_name: view.descriptor.name,
            bank: view.bank.clone(),
            is_hosted: view.descriptor.ways.contains(&Way::Hosted),
            look_every,
            look_url: at(&format!("flows/{flow}/look?seen={}", step.fingerprint())),
            step,
            page_url: at(&format!("flows/{flow}")),
            cancel_url: at(&format!("flows/{flow}/cancel")),
            confirm_url: at(&format!("flows/{flow}/confirm")),
            paste: view.descriptor.returns.map(|_| (at(&format!("flows/{flow}/returned")), false)),
            again_url: match renews {
                Some(connection) => at(&format!("connections/{connection}/renew")),
                None => at(&format!("{}{account}", first_step(view.descriptor))),
            },
            renews: renews.is_some(),
        }
    }
}

impl FlowStep {
    fn of(view: &FlowView, at: &impl Fn(&str) -> String, account: &str, today: &Today) -> Self {
        match &view.page {
            FlowPage::Ask { form } => {
                let flow = view.id;
                let urls = (at(&format!("flows/{flow}/answers")), at(&format!("flows/{flow}/cancel")));
                Self::Ask { asked: AskedHtml::of(form, (&view.bank, view.descriptor.name), urls, today) }
            }
            FlowPage::Open { url, expires_at } => {
                Self::Open { qr: qr(url), until: today.until(*expires_at), url: url.clone() }
            }
            FlowPage::Confirm => Self::Confirm,
            FlowPage::Wait { message, .. } => Self::Wait { message: message.clone() },
            FlowPage::Done { connection } => Self::Done { url: at(&format!("connections/{connection}/link{account}")) },
            FlowPage::Renewed { connection, valid_until, outcome } => Self::Renewed {
                until: valid_until.map(|end| today.day(end.to_zoned(today.zone.clone()).date())),
                lines: renewed_in_words(outcome),
                link: (outcome.new > 0).then(|| at(&format!("connections/{connection}/link"))),
                run: outcome.run.map(|run| at(&format!("runs/{run}"))),
            },
            FlowPage::Cancelled { message } => Self::Cancelled { message: message.clone() },
            FlowPage::Failed { fault } => {
                let occasion = if view.renews.is_some() { Occasion::Renewing } else { Occasion::Connecting };
                Self::Failed { fault: FaultView::of(fault, occasion, today).told_by(Some(view.descriptor)) }
            }
            FlowPage::Expired => Self::Cancelled {
                message: "The time to come back from the bank is over. Nothing has changed; start again.".to_owned(),
            },
        }
    }

    /// Names what is shown, so that a page that looks again says what it has. Nothing depends on it but a redraw.
    fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// What a renewal did with the bank accounts, an icon and a sentence each.
fn renewed_in_words(outcome: &Renewed) -> Vec<(&'static str, String)> {
    let said = |count: usize, one: &str, many: &str| counted(i64::try_from(count).unwrap_or(i64::MAX), one, many);
    let mut lines = Vec::new();
    if outcome.recognised > 0 {
        let known = said(outcome.recognised, "account was recognised", "accounts were recognised");
        lines.push(("link", format!("{known}. Links and rows are as they were.")));
    }
    if outcome.new > 0 {
        let new = said(outcome.new, "account is new here", "accounts are new here");
        lines.push(("plus", format!("{new}. Until it is linked only name, holder and balance are fetched.")));
    }
    if outcome.missing > 0 {
        let missing = said(outcome.missing, "account was not shown", "accounts were not shown");
        lines.push(("warn", format!("{missing} this time. Resync and choose it at the bank, or unlink it.")));
    }
    lines
}

/// The address as a QR code; where it is too long for one, nothing.
fn qr(url: &str) -> String {
    QrCode::new(url).map_or_else(
        |_| String::new(),
        |code| {
            let svg = code.render::<svg::Color<'_>>().min_dimensions(180, 180).quiet_zone(true).build();
            svg.split_once("?>").map_or(svg.clone(), |(_, rest)| rest.to_owned())
        },
    )
}

fn flow_id(flow: &str) -> Result<FlowId, PageError> {
    flow.parse().map_err(|_| PageError::not_found())
}

/// The page of a flow. It looks at the provider first, so that it also goes on without a script.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, flow)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let view = look_at(&app, &member, flow_id(&flow)?).await?;
    flow_page(&app, &member, &view, false).await
}

async fn flow_page(app: &App, member: &Member, view: &FlowView, is_wrong_address: bool) -> Result<Response, PageError> {
    if let Some(url) = done_url(member, view) {
        return Ok(Redirect::to(&url).into_response());
    }
    let place = if view.renews.is_some() { Place::Banks } else { Place::AddAccount };
    let shell = shell(app, member, place, view.account).await?;
    let mut step = StepHtml::of(view, member, &shell.today);
    if let Some((_, is_wrong)) = &mut step.paste {
        *is_wrong = is_wrong_address;
    }
    let (came_from, title) = if step.renews {
        ((shell.at("banks"), "Bank integrations"), format!("Resync {}", step.bank))
    } else {
        ((shell.at("add-account"), "Add account"), format!("Connect {}", step.bank))
    };
    let status = if is_wrong_address { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&FlowHtml { shell, came_from, title, step })?).into_response())
}

/// What a page that looks again shows already.
#[derive(Deserialize)]
pub(crate) struct Shown {
    #[serde(default)]
    seen: String,
}

/// The step alone, for a page that looks again and again. While it is the one shown there is no content, so that nothing is
/// swapped under the person's hands: an opened QR code stays open, and the focus where it is.
pub(crate) async fn look(
    State(app): State<App>,
    member: Member,
    Path((_, flow)): Path<(String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    let view = look_at(&app, &member, flow_id(&flow)?).await?;
    let step = StepHtml::of(&view, &member, &today(&app, &member));
    if step.step.fingerprint() == shown.seen {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let html = page(&step)?;
    let mut headers = HeaderMap::new();
    if let Some(url) = done_url(&member, &view)
        && let Ok(url) = HeaderValue::from_str(&url)
    {
        headers.insert(HeaderName::from_static("hx-redirect"), url);
    }
    Ok((headers, html).into_response())
}

/// Looks at the provider. One that cannot be reached at the moment changes nothing: the page waits on.
async fn look_at(app: &App, member: &Member, flow: FlowId) -> Result<FlowView, PageError> {
    match app.engine.poll_flow(member.asker(), flow).await {
        Err(EngineError::Outside(_)) => Ok(app.engine.flow(member.asker(), flow).await?),
        result => Ok(result?),
    }
}

fn done_url(member: &Member, view: &FlowView) -> Option<String> {
    let FlowPage::Done { connection } = view.page else { return None };
    let account = view.account.map(|account| format!("?account={account}")).unwrap_or_default();
    Some(address(member.membership.organization.id, &format!("connections/{connection}/link{account}")))
}

/// The person has filled in the form. What they typed is handed on and shown no more, not even to themselves.
pub(crate) async fn answer(
    State(app): State<App>,
    member: Member,
    Path((organization, flow)): Path<(String, String)>,
    RawForm(typed): RawForm,
) -> Result<Response, PageError> {
    let typed: BTreeMap<String, Secret> = url::form_urlencoded::parse(&typed)
        .filter_map(|(name, value)| Some((name.strip_prefix(ANSWER)?.to_owned(), Secret::new(value))))
        .collect();
    let id = flow_id(&flow)?;
    let view = match app.engine.answer_flow(member.asker(), id, &typed).await {
        // The page asks again how it stands.
        Err(EngineError::Outside(_)) => app.engine.flow(member.asker(), id).await?,
        result => result?,
    };
    match &view.page {
        FlowPage::Ask { form } if form.error.is_some() => flow_page(&app, &member, &view, false).await,
        _ => Ok(Redirect::to(&format!("/o/{organization}/flows/{flow}")).into_response()),
    }
}

/// The person pastes the address to which they were led: what it says is the same as if they had come here.
pub(crate) async fn returned(
    State(app): State<App>,
    member: Member,
    Path((_, flow)): Path<(String, String)>,
    RawForm(typed): RawForm,
) -> Result<Response, PageError> {
    let id = flow_id(&flow)?;
    let pasted = url::form_urlencoded::parse(&typed).find(|(name, _)| name == "address").map(|(_, value)| value);
    let address = url::Url::parse(pasted.as_deref().unwrap_or_default().trim());
    let fields: BTreeMap<String, String> =
        address.map(|address| address.query_pairs().into_owned().collect()).unwrap_or_default();
    match app.engine.returned(fields, Some(member.person.id)).await? {
        Returned::Resumed { organization, flow } => Ok(Redirect::to(&address_of(organization, flow)).into_response()),
        Returned::Parked | Returned::Unknown => {
            let view = app.engine.flow(member.asker(), id).await?;
            flow_page(&app, &member, &view, true).await
        }
    }
}

fn address_of(organization: OrganizationId, flow: FlowId) -> String {
    address(organization, &format!("flows/{flow}"))
}

/// The person says that it was them who came back.
pub(crate) async fn confirm(
    State(app): State<App>,
    member: Member,
    Path((organization, flow)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    app.engine.confirm_return(member.asker(), flow_id(&flow)?).await?;
    Ok(Redirect::to(&format!("/o/{organization}/flows/{flow}")))
}

/// Calls a flow off.
pub(crate) async fn cancel(
    State(app): State<App>,
    member: Member,
    Path((organization, flow)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    app.engine.cancel_flow(member.asker(), flow_id(&flow)?).await?;
    Ok(Redirect::to(&format!("/o/{organization}/flows/{flow}")))
}

#[derive(Template)]
#[template(path = "returned.html")]
struct ReturnedHtml {}

/// Where providers send people back.
pub(crate) async fn callback(
    State(app): State<App>,
    headers: HeaderMap,
    Query(fields): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let person = session::person(&app, &headers).await?;
    match app.engine.returned(fields, person.map(|person| person.id)).await? {
        Returned::Resumed { organization, flow } => Ok(Redirect::to(&address_of(organization, flow)).into_response()),
        Returned::Parked => Ok(page(&ReturnedHtml {})?.into_response()),
        Returned::Unknown => Err(PageError::not_found()),
    }
}
