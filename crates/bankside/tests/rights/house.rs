//! A company with two plants, its people, and a neighbour: the bank feeds the account of the north, the south keeps a till.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Router;
use bankside_connect::Registry;
use bankside_connect::http::Http;
use bankside_domain::account::AccountKind;
use bankside_domain::asset::{AssetKind, AssetStage};
use bankside_domain::{AccountId, Ambient, Amount, Asker, AssetId, OrganizationKind, Role, Secret};
use bankside_engine::{
    AssetInput, EditInput, Engine, FlowPage, LineInput, NewAccountInput, NewOrganizationInput, NewTransactionInput,
    Placing, PlanBrought, ProviderSettings, RegisterQuery, RegisterRow, RunsQuery, Selection, SetUp, Settings,
};
use bankside_sandbox::{Answers, ClockMode, Sandbox, SandboxConfig, Switches};
use bankside_store::Store;
use bankside_testkit::{TestClock, TestDatabase};
use bankside_vault::{MasterKey, Vault};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    Owner,
    Admin,
    Member,
    Viewer,
    RestrictedMember,
    RestrictedViewer,
    /// The owner of another organization.
    Stranger,
    /// Nobody is signed in.
    Nobody,
}

impl Who {
    pub(crate) const ALL: [Self; 8] = [
        Self::Owner,
        Self::Admin,
        Self::Member,
        Self::Viewer,
        Self::RestrictedMember,
        Self::RestrictedViewer,
        Self::Stranger,
        Self::Nobody,
    ];

    pub(crate) fn is_restricted(self) -> bool {
        matches!(self, Self::RestrictedMember | Self::RestrictedViewer)
    }
}

/// What the parts of an address are filled with.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    pub(crate) name: &'static str,
    organization: String,
    pub(crate) account: String,
    pub(crate) transaction: String,
    batch: String,
    connection: String,
    run: String,
    person: String,
    invitation: String,
    group: String,
    pub(crate) asset: String,
    bank_account: String,
    category: String,
    rule: String,
    line: String,
    flow: String,
    file: String,
    plan: String,
    /// Two rows that may be told to be one transfer.
    suspicion: String,
    random: String,
}

impl Ids {
    /// Whether they lead nowhere for whoever is given them.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.name != "own"
    }

    pub(crate) fn fill(&self, text: &str) -> String {
        [
            ("{organization}", self.organization.as_str()),
            ("{account}", &self.account),
            ("{transaction}", &self.transaction),
            ("{batch}", &self.batch),
            ("{connection}", &self.connection),
            ("{run}", &self.run),
            ("{person}", &self.person),
            ("{invitation}", &self.invitation),
            ("{group}", &self.group),
            ("{asset}", &self.asset),
            ("{bank_account}", &self.bank_account),
            ("{category}", &self.category),
            ("{rule}", &self.rule),
            ("{line}", &self.line),
            ("{file}", &self.file),
            ("{flow}", &self.flow),
            ("{suspicion}", &self.suspicion),
            ("{plan}", &self.plan),
            // Nobody has judged a balance in this house: all of them are right.
            ("{verdict}", &self.random),
            ("{currency}", "EUR"),
            ("{provider}", "gocardless"),
            ("{feature}", "account_syncing"),
            ("{country}", "DE"),
            ("{institution}", "NORDHAFEN_NHBKDE22"),
            ("{version}", "0"),
            ("{name}", "nothing.css"),
            ("{token}", "none"),
        ]
        .iter()
        .fold(text.to_owned(), |text, (mark, with)| text.replace(mark, with))
    }
}

pub(crate) struct House {
    pub(crate) router: Router,
    pub(crate) tokens: HashMap<Who, String>,
    pub(crate) hidden: Ids,
    own: Ids,
    foreign: Ids,
    random: Ids,
    pub(crate) engine: Engine,
    pub(crate) asker: Asker,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) sandbox: Sandbox,
    _database: TestDatabase,
}

fn typed(note: &str, payee: &str, tag: &str) -> NewTransactionInput {
    let line = LineInput { note: note.to_owned(), tags: vec![tag.to_owned()], ..LineInput::default() };
    NewTransactionInput {
        dated_on: jiff::civil::date(2026, 8, 2),
        amount: "-77.13".to_owned(),
        payee: payee.to_owned(),
        is_cleared: false,
        lines: vec![line],
    }
}

/// A transaction that somebody types as the bank has sent it.
pub(crate) fn typed_like(row: &RegisterRow) -> NewTransactionInput {
    NewTransactionInput {
        dated_on: row.dated_on,
        amount: Amount::new(row.amount_minor, row.currency).to_decimal_text(),
        ..typed("once more", row.payee.as_deref().unwrap_or_default(), "twin")
    }
}

/// Brings a database up to date, with nothing in it.
async fn empty(url: String) {
    let (ambient, _) = bankside_testkit::ambient();
    Store::open(&url, ambient).await.unwrap().close().await;
}

impl House {
    pub(crate) async fn open(engine: bankside_testkit::Engine) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (ambient, clock) = bankside_testkit::ambient();
        let (sandbox, base_url) = sandbox(&ambient).await;
        let database = bankside_testkit::prepared(engine, empty).await;
        let store = Store::open(&database.url, ambient.clone()).await.unwrap();
        let master = MasterKey::generate(&ambient);
        let (vault, record) = Vault::create(&master, None, &ambient);
        store.keep_key_record(&record).await.unwrap();
        let provider = ProviderSettings { base_url: Some(base_url), ..ProviderSettings::default() };
        let settings = Settings {
            public_url: Url::parse("http://127.0.0.1:5006/").unwrap(),
            providers: BTreeMap::from([("gocardless".to_owned(), provider)]),
            trusted_proxies: Vec::new(),
            mail: None,
            features: BTreeMap::new(),
            requires_subscription: false,
        };
        let http = Http::new(ambient.clone()).unwrap();
        let engine = Engine::new(store, vault, Registry::all(), http, settings, ambient.clone());
        let set_up = SetUp {
            name: "owner".into(),
            email: None,
            password: Secret::new("correct horse battery"),
            organization: "Two plants".into(),
            kind: OrganizationKind::Company,
            currency: "EUR".parse().unwrap(),
            time_zone: "Europe/Berlin".into(),
        };
        let owner = engine.set_up(set_up).await.unwrap();
        let asker = engine.memberships(owner.person).await.unwrap()[0].asker.clone();
        let mut tokens = HashMap::from([(Who::Owner, owner.token.expose().to_owned())]);

        let (connection, run, bank_account) = connect(&engine, &asker, &sandbox).await;
        let north = engine.accounts(&asker).await.unwrap()[0].account.id;
        let till = NewAccountInput {
            name: "Till of the south".into(),
            kind: AccountKind::Cash,
            currency: "EUR".parse().unwrap(),
            opening: "5".into(),
            asset: None,
        };
        let south = engine.add_account(&asker, &till).await.unwrap();
        let country = add_asset(&engine, &asker, "The country above", None).await;
        let sight = add_asset(&engine, &asker, "North", Some(country)).await;
        let out_of_sight = add_asset(&engine, &asker, "South plant", Some(country)).await;
        let hall = add_asset(&engine, &asker, "Hall", Some(sight)).await;
        // The account of the north stood in the south once.
        engine.move_account(&asker, north, Some(out_of_sight), None).await.unwrap();
        engine.move_account(&asker, north, Some(hall), Some(jiff::civil::date(2026, 8, 1))).await.unwrap();
        engine.move_account(&asker, south, Some(out_of_sight), None).await.unwrap();
        let (secret, secret_batch) = add(&engine, &asker, south, &typed("a secret note", "Undertaker", "grief")).await;
        let (coffee, batch) = add(&engine, &asker, north, &typed("coffee", "Café", "treat")).await;

        let places = [
            (Who::Admin, Placing::role(Role::Admin)),
            (Who::Member, Placing::role(Role::Member)),
            (Who::Viewer, Placing::role(Role::Viewer)),
            (Who::RestrictedMember, Placing { asset: Some(sight), ..Placing::role(Role::Member) }),
            (Who::RestrictedViewer, Placing { asset: Some(sight), ..Placing::role(Role::Viewer) }),
        ];
        let mut viewer = String::new();
        for (who, placing) in places {
            let email = format!("{who:?}@example.org").to_lowercase();
            let link = engine.invite(&asker, &email, placing).await.unwrap().remove(0).link.unwrap();
            let token = link.expose().rsplit('/').next().unwrap().to_owned();
            let password = Secret::new("correct horse battery");
            let (signed_in, _) = engine.join_as_new(&token, &format!("{who:?}"), password).await.unwrap();
            if who == Who::Viewer {
                viewer = signed_in.person.to_string();
            }
            tokens.insert(who, signed_in.token.expose().to_owned());
        }
        let group = engine.add_group(&asker, "Technicians", Role::Member, Some(sight)).await.unwrap();
        let invited = engine.invite(&asker, "late@example.org", Placing::role(Role::Viewer)).await.unwrap();

        let (foreign, stranger) = neighbour(&engine, &asker, &sandbox).await;
        tokens.insert(Who::Stranger, stranger);
        let random = ambient.id::<AccountId>().to_string();
        let own = Ids {
            name: "own",
            organization: asker.organization.to_string(),
            account: north.to_string(),
            batch,
            connection,
            run,
            person: viewer,
            invitation: invited[0].id.to_string(),
            group: group.to_string(),
            asset: hall.to_string(),
            bank_account,
            category: category(&engine, &asker).await,
            rule: rule(&engine, &asker).await,
            line: line_of(&engine, &asker, &coffee).await,
            flow: open_flow(&engine, &asker).await,
            file: file(&engine, &asker, north).await,
            plan: plan(&engine, &asker).await,
            suspicion: format!("{coffee}_{secret}"),
            transaction: coffee,
            random: random.clone(),
        };
        let anywhere = |name| Ids {
            name,
            account: random.clone(),
            transaction: random.clone(),
            batch: random.clone(),
            connection: random.clone(),
            run: random.clone(),
            person: random.clone(),
            invitation: random.clone(),
            group: random.clone(),
            asset: random.clone(),
            bank_account: random.clone(),
            category: random.clone(),
            rule: random.clone(),
            line: random.clone(),
            flow: random.clone(),
            file: random.clone(),
            plan: random.clone(),
            suspicion: format!("{random}_{random}"),
            ..own.clone()
        };
        let random = anywhere("random");
        let hidden = Ids {
            account: south.to_string(),
            line: line_of(&engine, &asker, &secret).await,
            file: file(&engine, &asker, south).await,
            suspicion: own.suspicion.clone(),
            transaction: secret,
            batch: secret_batch,
            asset: out_of_sight.to_string(),
            ..anywhere("hidden")
        };
        let foreign = Ids { name: "foreign", organization: own.organization.clone(), ..foreign.over(&random) };
        let router = bankside_server::router(engine.clone(), CancellationToken::new());
        Self { router, tokens, hidden, own, foreign, random, engine, asker, clock, sandbox, _database: database }
    }

    /// With which ids somebody tries.
    pub(crate) fn ids_for(&self, who: Who) -> Vec<Ids> {
        match who {
            Who::Stranger | Who::Nobody => vec![self.own.clone()],
            Who::RestrictedMember | Who::RestrictedViewer => {
                vec![self.own.clone(), self.hidden.clone(), self.foreign.clone(), self.random.clone()]
            }
            Who::Owner | Who::Member => vec![self.own.clone(), self.foreign.clone(), self.random.clone()],
            Who::Admin | Who::Viewer => vec![self.own.clone(), self.foreign.clone()],
        }
    }

    /// Signs somebody in anew: a session is over after a month.
    pub(crate) async fn sign_in_again(&mut self, who: Who) {
        let name = if who == Who::Owner { "owner".to_owned() } else { format!("{who:?}@example.org").to_lowercase() };
        let password = Secret::new("correct horse battery");
        let signed_in = self.engine.sign_in(&name, password, "192.0.2.1").await.unwrap();
        self.tokens.insert(who, signed_in.token.expose().to_owned());
    }

    /// What nobody may have changed who may not.
    pub(crate) async fn fingerprint(&self) -> String {
        let accounts = self.engine.accounts(&self.asker).await.unwrap();
        let accounts: Vec<_> = accounts.iter().map(|view| (view.account.name.clone(), view.account.revision)).collect();
        let rows = self.engine.register(&self.asker, &RegisterQuery { limit: 1, ..RegisterQuery::default() }).await;
        let tree = self.engine.tree(&self.asker).await.unwrap();
        let assets: Vec<_> = tree.all().iter().map(|asset| (tree.path(asset.id), asset.closed_on)).collect();
        let people = self.engine.members(&self.asker).await.unwrap();
        let people = (&people.members, people.invitations.len(), &people.groups);
        let categories: Vec<_> =
            self.engine.categories(&self.asker).await.unwrap().into_iter().map(|one| one.path).collect();
        let rules: Vec<_> = self.engine.rules(&self.asker).await.unwrap().into_iter().map(|one| one.rule).collect();
        let kind = self.engine.memberships(self.asker.person().unwrap()).await.unwrap()[0].organization.kind;
        let connections = self.engine.connections(&self.asker).await.unwrap().len();
        let features = self.engine.features().await.unwrap().iter().filter(|feature| feature.is_on).count();
        let runs = self.engine.runs(&self.asker, &RunsQuery { connection: None, offset: 0, limit: 99 }).await;
        format!(
            "{accounts:?} {assets:?} {} {people:?} {categories:?} {rules:?} {kind:?} {connections} {features} {}",
            rows.unwrap().total,
            runs.unwrap().len()
        )
    }
}

/// The ids that a neighbour has, with random ones for what they lack.
struct Neighbour {
    connection: String,
    run: String,
    bank_account: String,
    flow: String,
    file: String,
    plan: String,
    suspicion: String,
    account: String,
    transaction: String,
    batch: String,
    person: String,
    invitation: String,
    group: String,
    asset: String,
    category: String,
    rule: String,
    line: String,
}

impl Neighbour {
    fn over(self, random: &Ids) -> Ids {
        Ids {
            connection: self.connection,
            run: self.run,
            bank_account: self.bank_account,
            flow: self.flow,
            file: self.file,
            plan: self.plan,
            suspicion: self.suspicion,
            account: self.account,
            transaction: self.transaction,
            batch: self.batch,
            person: self.person,
            invitation: self.invitation,
            group: self.group,
            asset: self.asset,
            category: self.category,
            rule: self.rule,
            line: self.line,
            ..random.clone()
        }
    }
}

/// The line of a transaction.
async fn line_of(engine: &Engine, asker: &Asker, transaction: &str) -> String {
    engine.transaction(asker, transaction.parse().unwrap()).await.unwrap().lines[0].id.to_string()
}

/// A category that may be changed.
async fn category(engine: &Engine, asker: &Asker) -> String {
    let categories = engine.categories(asker).await.unwrap();
    categories.iter().find(|category| category.parent.is_some()).unwrap().id.to_string()
}

/// A rule.
async fn rule(engine: &Engine, asker: &Asker) -> String {
    let text = "rule \"Bread\"\nif payee is \"Baker\"\nthen add tag \"bread\"";
    engine.bring_rules(asker, text).await.unwrap();
    engine.rules(asker).await.unwrap()[0].rule.id.to_string()
}

/// A bank that is being connected, and waits for the person.
async fn open_flow(engine: &Engine, asker: &Asker) -> String {
    engine.begin_connecting(asker, "gocardless", "NORDHAFEN_NHBKDE22", None).await.unwrap().to_string()
}

/// A statement file that is looked at.
async fn file(engine: &Engine, asker: &Asker, account: AccountId) -> String {
    let text = b"Date;Payee;Amount\n2026-11-05;Baker;-3.50\n";
    engine.upload_file(asker, account, "november.csv", text).await.unwrap().to_string()
}

/// A plan of the organization that is looked at.
async fn plan(engine: &Engine, asker: &Asker) -> String {
    let category = engine.categories(asker).await.unwrap().into_iter().find(|one| one.parent.is_none()).unwrap().path;
    let text = format!("month,category,amount\n2026-10,{category},-100.00\n");
    match engine.bring_plan(asker, None, "plan.csv", text.as_bytes(), None).await.unwrap() {
        PlanBrought::Draft(plan) => plan.to_string(),
        PlanBrought::Refused(problems) => panic!("{problems:?}"),
    }
}

async fn neighbour(engine: &Engine, asker: &Asker, sandbox: &Sandbox) -> (Neighbour, String) {
    let link = engine.invite(asker, "stranger@example.org", Placing::role(Role::Viewer)).await.unwrap();
    let token = link[0].link.as_ref().unwrap().expose().rsplit('/').next().unwrap().to_owned();
    let password = Secret::new("correct horse battery");
    let (signed_in, _) = engine.join_as_new(&token, "Stranger", password).await.unwrap();
    engine.remove_member(asker, signed_in.person).await.unwrap();
    let input = NewOrganizationInput {
        name: "Next door".into(),
        kind: OrganizationKind::Household,
        currency: "EUR".parse().unwrap(),
        time_zone: "UTC".into(),
    };
    let organization = engine.add_organization(signed_in.person, input).await.unwrap();
    let there = engine.membership(signed_in.person, organization).await.unwrap().asker;
    let purse = NewAccountInput {
        name: "Purse".into(),
        kind: AccountKind::Cash,
        currency: "EUR".parse().unwrap(),
        opening: String::new(),
        asset: None,
    };
    let account = engine.add_account(&there, &purse).await.unwrap();
    let (transaction, batch) = add(engine, &there, account, &typed("theirs", "Baker", "bread")).await;
    let group = engine.add_group(&there, "Guests", Role::Viewer, None).await.unwrap();
    let asset = add_asset(engine, &there, "Shed", None).await;
    let invited = engine.invite(&there, "guest@example.org", Placing::role(Role::Viewer)).await.unwrap();
    let (other, _) = add(engine, &there, account, &typed("theirs, too", "Baker", "bread")).await;
    let (connection, run, bank_account) = connect(engine, &there, sandbox).await;
    let ids = Neighbour {
        connection,
        run,
        bank_account,
        flow: open_flow(engine, &there).await,
        file: file(engine, &there, account).await,
        plan: plan(engine, &there).await,
        suspicion: format!("{transaction}_{other}"),
        account: account.to_string(),
        line: line_of(engine, &there, &transaction).await,
        transaction,
        batch,
        // They belong to the neighbour alone.
        person: signed_in.person.to_string(),
        invitation: invited[0].id.to_string(),
        group: group.to_string(),
        asset: asset.to_string(),
        category: category(engine, &there).await,
        rule: rule(engine, &there).await,
    };
    (ids, signed_in.token.expose().to_owned())
}

async fn sandbox(ambient: &Ambient) -> (Sandbox, Url) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let public_url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let config = SandboxConfig {
        public_url: public_url.clone(),
        state_file: None,
        clock: ClockMode::Running,
        daily_limit_everywhere: true,
    };
    let sandbox = Sandbox::open_with(config, ambient.clone(), Switches::default()).unwrap();
    let router = sandbox.router();
    tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    let base_url = public_url.join("gocardless/api/v2/").unwrap();
    (sandbox, base_url)
}

/// Connects a bank, links its first account and syncs it: the connection, the run, and a bank account that is not linked.
async fn connect(engine: &Engine, asker: &Asker, sandbox: &Sandbox) -> (String, String, String) {
    let index = sandbox.index();
    let credentials = &index["providers"][0]["credentials"];
    let keys = ["secret_id", "secret_key"]
        .into_iter()
        .map(|name| (name.to_owned(), Secret::new(credentials[name].as_str().unwrap())))
        .collect();
    engine.keep_keys(asker, "gocardless", keys).await.unwrap();
    let flow = engine.begin_connecting(asker, "gocardless", "NORDHAFEN_NHBKDE22", None).await.unwrap();
    let FlowPage::Open { url, .. } = engine.flow(asker, flow).await.unwrap().page else { panic!("no page to open") };
    let back = sandbox.visit(&url.parse().unwrap(), &Answers::default()).await.unwrap();
    engine.returned(back.query_pairs().into_owned().collect(), asker.person()).await.unwrap();
    let FlowPage::Done { connection } = engine.poll_flow(asker, flow).await.unwrap().page else { panic!("not done") };
    let mut choices = engine.link_offer(asker, connection, None).await.unwrap().all_as_new();
    let unlinked = choices.split_off(1).remove(0).bank_account;
    let run = engine.link(asker, connection, &choices).await.unwrap();
    assert!(engine.work_once().await.unwrap());
    (connection.to_string(), run.to_string(), unlinked.to_string())
}

/// Adds a transaction and edits it: the transaction, and the batch of the edit.
async fn add(engine: &Engine, asker: &Asker, account: AccountId, new: &NewTransactionInput) -> (String, String) {
    let (id, _) = engine.add_transaction(asker, account, new).await.unwrap();
    let note = EditInput { note: Some(format!("{}, again", new.lines[0].note)), ..EditInput::default() };
    let edited = engine.edit_transactions(asker, &Selection::These(vec![id]), &note).await.unwrap();
    (id.to_string(), edited.batch.unwrap().to_string())
}

/// Adds an asset.
async fn add_asset(engine: &Engine, asker: &Asker, name: &str, under: Option<AssetId>) -> AssetId {
    let input = AssetInput { name: name.into(), kind: AssetKind::Production, stage: AssetStage::Active };
    engine.add_asset(asker, &input, under).await.unwrap()
}
