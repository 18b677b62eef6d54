//! `bankside demo`: the whole product against the sandbox, without keys, bank or internet.
//!
//! It does the main job once: connects the demo bank through its real consent pages, links its accounts, imports their rows
//! and proves their balances. Its banks' clock stands still between two runs, so a second run adds nothing, tomorrow too.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use bankside_connect::Registry;
use bankside_domain::run::{AccountStep, RunOutcome};
use bankside_domain::{Asker, ConnectionId, OrganizationKind, RunId, Secret};
use bankside_engine::{
    Engine, EngineError, Feature, FixedFeature, FlowPage, ProviderSettings, RunView, SetUp, Settings,
};
use bankside_sandbox::{Answers, ClockMode, Sandbox};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::cli::DemoOptions;
use crate::configuration::{LogFormat, default_key_file};
use crate::{compose, sandbox, serve};

const PROVIDER: &str = "gocardless";
const DEMO_BANK: &str = "NORDHAFEN_NHBKDE22";
const ORGANIZATION: &str = "Demo household";
/// The demo listens on this machine alone and holds nothing real, so its sign-in may be known to all.
const LOGIN: &str = "demo";
const PASSWORD: &str = "demo-bankside";
const PATIENCE: Duration = Duration::from_mins(2);

/// What the main job came to.
#[derive(Serialize)]
struct Report {
    connections: Vec<ConnectionReport>,
    elapsed_ms: i64,
}

#[derive(Serialize)]
struct ConnectionReport {
    name: String,
    accounts: Vec<AccountReport>,
}

#[derive(Serialize)]
struct AccountReport {
    name: String,
    currency: String,
    balance_minor: i64,
    transactions: i64,
    balance_proven: bool,
}

pub(crate) async fn run(options: &DemoOptions) -> anyhow::Result<ExitCode> {
    compose::start_log("warn", LogFormat::Text)?;
    compose::start_tls();
    let ambient = crate::ambient::system();
    let began_at = ambient.now();
    for address in [options.listen, options.sandbox_listen] {
        if !address.ip().is_loopback() {
            bail!("the demo's sign-in is known to all: it listens on this machine alone, not on {address}");
        }
    }
    let data = std::path::absolute(&options.data_folder)?;
    std::fs::create_dir_all(&data).with_context(|| format!("the demo's folder {}", data.display()))?;

    let sandbox_listener = listen(options.sandbox_listen, options.once).await?;
    let sandbox_url = Url::parse(&format!("http://{}/", sandbox_listener.local_addr()?))?;
    let banks = sandbox::open(&sandbox_url, Some(&data.join("sandbox.json")), ClockMode::Frozen)?;
    let router = banks.router();
    tokio::spawn(async move { axum::serve(sandbox_listener, router).await });

    let listener = listen(options.listen, options.once).await?;
    let public_url = Url::parse(&format!("http://{}/", listener.local_addr()?))?;
    let database_url = format!("sqlite://{}", data.join("bankside.sqlite").display());
    let store = compose::open_store(&database_url, &ambient).await?;
    let (vault, _) = compose::open_vault(&store, &default_key_file("demo.key")?, &ambient)
        .await
        .with_context(|| format!("to start the demo afresh, delete {}", data.display()))?;
    let settings = Settings {
        public_url: public_url.clone(),
        providers: simulated(&banks)?,
        trusted_proxies: Vec::new(),
        mail: None,
        features: all_on(),
        requires_subscription: false,
    };
    let engine = compose::engine(store.clone(), vault, settings, ambient)?;

    let progress = Progress;
    let asker = household(&engine).await?;
    progress.say("Organization", ORGANIZATION);
    main_job(&engine, &asker, &banks, &progress).await?;
    let report = report(&engine, &asker, began_at).await?;
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    }
    if options.once {
        if !options.json {
            summarise(&report);
        }
        store.close().await;
        return Ok(ExitCode::SUCCESS);
    }
    let told = serve::told_to_stop()?;
    println!("\nBankside is at {public_url}\n  sign in as   {LOGIN}\n  password     {PASSWORD}");
    println!("The sandbox is at {sandbox_url}\nCtrl-C ends both.");
    serve::serve_until_told(listener, engine, store, told).await?;
    Ok(ExitCode::SUCCESS)
}

/// The demo shows everything that there is.
fn all_on() -> BTreeMap<String, FixedFeature> {
    let on = || FixedFeature { is_on: true, read_from: "the demo".to_owned() };
    Feature::all(&Registry::all()).map(|feature| (feature.key.to_owned(), on())).collect()
}

/// The wanted port, or any that is free. What ends at once need not be found by anybody.
async fn listen(wanted: SocketAddr, any_port: bool) -> anyhow::Result<TcpListener> {
    let any = SocketAddr::new(wanted.ip(), 0);
    if any_port {
        return Ok(TcpListener::bind(any).await?);
    }
    match TcpListener::bind(wanted).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(any).await.with_context(|| format!("cannot listen on {}", wanted.ip())),
    }
}

fn provider_of(banks: &Sandbox) -> anyhow::Result<serde_json::Value> {
    let index = banks.index();
    let providers = index["providers"].as_array().cloned().unwrap_or_default();
    providers
        .into_iter()
        .find(|provider| provider["id"] == PROVIDER)
        .with_context(|| format!("the sandbox does not simulate {PROVIDER}"))
}

/// Every provider that the sandbox simulates, at its address there.
fn simulated(banks: &Sandbox) -> anyhow::Result<BTreeMap<String, ProviderSettings>> {
    let index = banks.index();
    let providers = index["providers"].as_array().cloned().unwrap_or_default();
    let settings = providers.iter().map(|provider| {
        let text = |name: &str| provider[name].as_str().unwrap_or_default();
        let base_url = Some(Url::parse(text("base_url"))?);
        anyhow::Ok((text("id").to_owned(), ProviderSettings { base_url, ..ProviderSettings::default() }))
    });
    settings.collect()
}

/// The organization and its person; made at the first run.
async fn household(engine: &Engine) -> anyhow::Result<Asker> {
    if engine.needs_set_up().await? {
        let time_zone = jiff::tz::TimeZone::system();
        let set_up = SetUp {
            name: LOGIN.to_owned(),
            email: None,
            password: Secret::new(PASSWORD),
            organization: ORGANIZATION.to_owned(),
            kind: OrganizationKind::Household,
            currency: "EUR".parse()?,
            time_zone: time_zone.iana_name().unwrap_or("Europe/Berlin").to_owned(),
        };
        engine.set_up(set_up).await?;
    }
    let signed_in = engine.sign_in(LOGIN, Secret::new(PASSWORD), "demo").await.context("the demo's own sign-in")?;
    let memberships = engine.memberships(signed_in.person).await?;
    engine.sign_out(signed_in.token.expose()).await?;
    Ok(memberships.first().context("the demo's person belongs nowhere")?.asker.clone())
}

/// Keys, bank, accounts, rows, proof: whatever of it is still to be done.
async fn main_job(engine: &Engine, asker: &Asker, banks: &Sandbox, progress: &Progress) -> anyhow::Result<()> {
    if engine.provider_view(asker, PROVIDER).await?.keys.is_none() {
        let provider = provider_of(banks)?;
        let credentials = provider["credentials"].as_object().cloned().unwrap_or_default();
        let keys = credentials
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value.as_str().unwrap_or_default())))
            .collect();
        engine.keep_keys(asker, PROVIDER, keys).await?;
        progress.say("Keys", "tested with a real call and sealed");
    }
    let connected: Vec<ConnectionId> = engine.connections(asker).await?.iter().map(|view| view.connection.id).collect();
    let runs = if connected.is_empty() {
        vec![link_all(engine, asker, connect(engine, asker, banks, progress).await?, progress).await?]
    } else {
        engine.sync_all(asker).await?
    };
    for run in runs {
        watch(engine, asker, run, progress).await?;
    }
    Ok(())
}

/// Walks the connecting loop, with a visitor at the bank's pages.
async fn connect(engine: &Engine, asker: &Asker, banks: &Sandbox, progress: &Progress) -> anyhow::Result<ConnectionId> {
    let flow = engine.begin_connecting(asker, PROVIDER, DEMO_BANK, None).await?;
    let FlowPage::Open { url, .. } = engine.flow(asker, flow).await?.page else {
        bail!("the provider gave no page to open");
    };
    let back = banks.visit(&Url::parse(&url)?, &Answers::default()).await?;
    progress.say("Consent", "given at the bank's own pages");
    engine.returned(back.query_pairs().into_owned().collect(), asker.person()).await?;
    match engine.poll_flow(asker, flow).await? {
        view if matches!(view.page, FlowPage::Done { .. }) => {
            progress.say("Connected", &view.bank);
            let FlowPage::Done { connection } = view.page else { bail!("not connected") };
            Ok(connection)
        }
        view => bail!("the bank was not connected: {:?}", view.page),
    }
}

async fn link_all(
    engine: &Engine,
    asker: &Asker,
    connection: ConnectionId,
    progress: &Progress,
) -> anyhow::Result<RunId> {
    let choices = engine.link_offer(asker, connection, None).await?.all_as_new();
    let run = engine.link(asker, connection, &choices).await?;
    let from = choices.iter().map(|choice| choice.import_from).min().map(|day| format!(", from {day}"));
    progress.say("Linked", &format!("{} accounts{}", choices.len(), from.unwrap_or_default()));
    Ok(run)
}

/// Carries a run out and tells each step.
async fn watch(engine: &Engine, asker: &Asker, run: RunId, progress: &Progress) -> anyhow::Result<()> {
    let is_over = CancellationToken::new();
    let work = async {
        let _over = is_over.clone().drop_guard();
        let work = async {
            while !engine.run(asker, run).await?.is_finished() {
                if !engine.work_once().await? {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
            Ok::<(), EngineError>(())
        };
        tokio::time::timeout(PATIENCE, work).await
    };
    let mut steps = engine.watch_progress();
    let mut told = BTreeMap::new();
    // Ends between two looks, and not within one: a connection that is dropped while it opens is closed by nobody, and with it open
    // the store cannot put its journal away.
    let tell = async {
        while let Some(Ok(())) = is_over.run_until_cancelled(steps.changed()).await {
            if let Ok(view) = engine.run(asker, run).await {
                progress.tell(&view, &mut told);
            }
        }
    };
    let (result, ()) = tokio::join!(work, tell);
    result.context("the sync takes too long")??;
    let view = engine.run(asker, run).await?;
    progress.tell(&view, &mut told);
    let fault = view.run.fault.as_ref().or_else(|| view.accounts.iter().find_map(|account| account.run.fault.as_ref()));
    match (view.run.outcome, fault) {
        (Some(RunOutcome::Done), _) => Ok(()),
        (_, Some(fault)) => bail!("the sync did not work: {} ({})", fault.message, fault.code),
        (outcome, None) => bail!("the sync did not work: {outcome:?}"),
    }
}

async fn report(engine: &Engine, asker: &Asker, began_at: jiff::Timestamp) -> anyhow::Result<Report> {
    let mut connections = Vec::new();
    for view in engine.connections(asker).await? {
        let mut accounts = Vec::new();
        for fed in view.bank_accounts.iter().filter_map(|connected| connected.feeds.as_ref()) {
            let account = engine.account(asker, fed.id).await?;
            accounts.push(AccountReport {
                name: account.account.name.clone(),
                currency: account.account.currency.code.to_string(),
                balance_minor: account.account.balance_minor(),
                transactions: account.account.transaction_count,
                balance_proven: account.status.is_proven(),
            });
        }
        connections.push(ConnectionReport { name: view.connection.name, accounts });
    }
    let elapsed = engine.ambient().now().duration_since(began_at);
    Ok(Report { connections, elapsed_ms: i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX) })
}

fn summarise(report: &Report) {
    for connection in &report.connections {
        for account in &connection.accounts {
            let proven = if account.balance_proven { "balance proven" } else { "balance not proven" };
            println!("{} · {}: {} transactions, {proven}", connection.name, account.name, account.transactions);
        }
    }
    println!("Done in {} ms.", report.elapsed_ms);
}

/// Tells what goes on, on standard error, so that standard output stays for the result.
struct Progress;

impl Progress {
    #[expect(clippy::unused_self, reason = "one place that tells")]
    fn say(&self, what: &str, how: &str) {
        let _ = writeln!(std::io::stderr(), "  {what:<13} {how}");
    }

    /// Tells each account's step once.
    fn tell(&self, view: &RunView, told: &mut BTreeMap<String, AccountStep>) {
        for account in &view.accounts {
            let step = account.run.step;
            if told.insert(account.account.name.clone(), step) == Some(step) {
                continue;
            }
            let rows = account.run.rows_received;
            let how = match step {
                AccountStep::Waiting => continue,
                AccountStep::Rows => "asks for rows".to_owned(),
                AccountStep::Balance => format!("{rows} rows came; asks for the balance"),
                AccountStep::Match => format!("{rows} rows are matched"),
                AccountStep::Failed => "did not work".to_owned(),
                AccountStep::Done => {
                    let added = account.run.counts.map_or(0, |counts| counts.added);
                    let proven = match account.proof {
                        Some(bankside_domain::balance::Proof::Proven { since, .. }) => format!("proven since {since}"),
                        _ => "not proven".to_owned(),
                    };
                    format!("{rows} rows, {added} new; balance {proven}")
                }
            };
            self.say(&account.account.name, &how);
        }
    }
}
