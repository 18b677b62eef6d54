//! The house under test: a whole engine on a database of its own, which can be killed at any moment and comes up again.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use bankside_connect::http::Http;
use bankside_connect::{Connector, Registry};
use bankside_domain::{AccountId, Ambient, Asker, Clock, ConnectionId, Entropy, OrganizationKind, Role};
use bankside_engine::{Engine, FlowPage, Settings};
use bankside_store::{NewOrganization, NewPerson, Store};
use bankside_testkit::{SeededEntropy, TestClock, TestDatabase, database};
use bankside_vault::{MasterKey, Vault};
use futures_util::FutureExt;
use jiff::SignedDuration;
use jiff::civil::Date;
use url::Url;

use crate::bank::{ACCOUNTS, Bank};
use crate::provider::{INSTITUTION, PROVIDER, Provider};

/// What a killed process leaves: nothing.
struct Killed;

/// Clock and randomness that kill the process at the n-th time that it asks for either. It asks before nearly every write, and
/// the same story always asks the same number of times.
struct Fuse {
    clock: Arc<TestClock>,
    entropy: Arc<SeededEntropy>,
    /// How often it may still ask; negative is for ever.
    left: AtomicI64,
}

impl Fuse {
    fn burn(&self) {
        if self.left.load(Ordering::SeqCst) >= 0 && self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            // No panic: nobody is to hear of it but who waits for it.
            resume_unwind(Box::new(Killed));
        }
    }
}

impl Clock for Fuse {
    fn now(&self) -> jiff::Timestamp {
        self.burn();
        self.clock.now()
    }
}

impl Entropy for Fuse {
    fn fill(&self, out: &mut [u8]) {
        self.burn();
        self.entropy.fill(out);
    }
}

/// How a verb ended.
pub(crate) enum End<T> {
    /// With its answer.
    Done(T),
    /// The process was killed within it, and has started again.
    Killed,
}

/// An engine with one bank, whose accounts are linked.
pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) asker: Asker,
    pub(crate) connection: ConnectionId,
    pub(crate) accounts: [AccountId; ACCOUNTS],
    bank: Arc<Mutex<Bank>>,
    clock: Arc<TestClock>,
    fuse: Arc<Fuse>,
    master: MasterKey,
    ambient: Ambient,
    database: TestDatabase,
}

impl House {
    pub(crate) async fn open(seed: u64, on: bankside_testkit::Engine) -> Result<Self> {
        let bank = Bank::new(seed);
        let clock = TestClock::at(&format!("{}T12:00:00Z", bank.today));
        let bank = Arc::new(Mutex::new(bank));
        let fuse = Arc::new(Fuse { clock: clock.clone(), entropy: SeededEntropy::new(seed), left: AtomicI64::new(-1) });
        let ambient = Ambient::new(fuse.clone(), fuse.clone());
        let database = database(on).await;
        let master = MasterKey::generate(&ambient);
        let store = Store::open(&database.url, ambient.clone()).await?;
        let (vault, record) = Vault::create(&master, None, &ambient);
        store.keep_key_record(&record).await?;
        let person = NewPerson { name: "owner".into(), email: None, password_hash: String::new(), is_operator: true };
        let owner = store.add_person_as_system(&person).await?;
        let organization = NewOrganization {
            name: "Household".into(),
            kind: OrganizationKind::Household,
            currency: "EUR".parse()?,
            time_zone: "Pacific/Auckland".into(),
        };
        let organization = store.add_organization_as_system(&organization, owner).await?;
        let asker = Asker::member(organization, owner, Role::Owner);
        let engine = engine(store, vault, &bank, &ambient)?;
        let (connection, accounts) = connect(&engine, &asker).await?;
        Ok(Self { engine, asker, connection, accounts, bank, clock, fuse, master, ambient, database })
    }

    pub(crate) fn bank(&self) -> MutexGuard<'_, Bank> {
        self.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn turn_to(&self, day: Date) -> Result<()> {
        let noon: jiff::Timestamp = format!("{day}T12:00:00Z").parse()?;
        self.clock.advance(noon.duration_since(self.clock.now()).max(SignedDuration::from_secs(1)));
        Ok(())
    }

    /// Carries out a verb, and kills the process within it at the n-th time that it asks for the time or for randomness.
    pub(crate) async fn within<T>(
        &mut self,
        kill_at: Option<u16>,
        verb: impl AsyncFnOnce(&Engine, &Asker) -> Result<T>,
    ) -> Result<End<T>> {
        self.fuse.left.store(kill_at.map_or(-1, i64::from), Ordering::SeqCst);
        let end = AssertUnwindSafe(verb(&self.engine, &self.asker)).catch_unwind().await;
        self.fuse.left.store(-1, Ordering::SeqCst);
        match end {
            Ok(answer) => Ok(End::Done(answer?)),
            Err(payload) if payload.is::<Killed>() => {
                self.restart().await?;
                Ok(End::Killed)
            }
            Err(payload) => bail!("it panicked: {}", words(payload.as_ref())),
        }
    }

    /// Everything but the database is new, and the lease of whoever died runs out.
    async fn restart(&mut self) -> Result<()> {
        let store = Store::open(&self.database.url, self.ambient.clone()).await?;
        let record = store.key_record().await?.context("the record of the key is gone")?;
        let vault = Vault::open(&self.master, &record)?;
        self.engine = engine(store, vault, &self.bank, &self.ambient)?;
        self.clock.advance(SignedDuration::from_mins(1));
        Ok(())
    }

    /// Renews the access to the bank: its accounts get other names.
    pub(crate) async fn renew(&mut self, kill_at: Option<u16>) -> Result<End<()>> {
        let connection = self.connection;
        self.within(kill_at, async move |engine, asker| {
            let flow = engine.begin_renewal(asker, connection).await?;
            match engine.poll_flow(asker, flow).await?.page {
                FlowPage::Renewed { .. } => Ok(()),
                other => bail!("a renewal came to {other:?}"),
            }
        })
        .await
    }
}

fn words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

fn engine(store: Store, vault: Vault, bank: &Arc<Mutex<Bank>>, ambient: &Ambient) -> Result<Engine> {
    let connectors = Registry::of([Arc::new(Provider { bank: Arc::clone(bank) }) as Arc<dyn Connector>]);
    let settings = Settings {
        public_url: Url::parse("http://127.0.0.1:9/")?,
        providers: BTreeMap::new(),
        trusted_proxies: Vec::new(),
        features: BTreeMap::new(),
    };
    Ok(Engine::new(store, vault, connectors, Http::new(ambient.clone())?, settings, ambient.clone()))
}

async fn connect(engine: &Engine, asker: &Asker) -> Result<(ConnectionId, [AccountId; ACCOUNTS])> {
    engine.keep_keys(asker, PROVIDER, BTreeMap::new()).await?;
    let flow = engine.begin_connecting(asker, PROVIDER, INSTITUTION, None).await?;
    let FlowPage::Done { connection } = engine.poll_flow(asker, flow).await?.page else {
        bail!("the bank was not connected")
    };
    let choices = engine.link_offer(asker, connection, None).await?.all_as_new();
    engine.link(asker, connection, &choices).await?;
    engine.work_once().await?;
    let mut accounts = Vec::new();
    for account in 0..ACCOUNTS {
        let views = engine.accounts(asker).await?;
        let view = views.iter().find(|view| view.account.name == format!("Account {account}"));
        accounts.push(view.context("an account is missing")?.account.id);
    }
    let accounts = accounts.try_into().map_err(|_| anyhow::anyhow!("an account is missing"))?;
    Ok((connection, accounts))
}
