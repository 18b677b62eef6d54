//! An installation with an organization, over a database of either engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use bankside_connect::http::Http;
use bankside_connect::{Connector, Registry};
use bankside_domain::{Ambient, Asker, OrganizationKind, Secret};
use bankside_engine::{Engine, SetUp, Settings};
use bankside_store::Store;
use bankside_testkit::TestDatabase;
use bankside_vault::{MasterKey, Vault};
use url::Url;

pub(super) struct House {
    pub(super) engine: Engine,
    pub(super) store: Store,
    pub(super) asker: Asker,
    pub(super) ambient: Ambient,
    pub(super) url: String,
    pub(super) master: MasterKey,
    database: TestDatabase,
    banks: Vec<Arc<dyn Connector>>,
}

pub(super) fn engine_over(store: &Store, vault: Vault, ambient: &Ambient, banks: &[Arc<dyn Connector>]) -> Engine {
    let public_url = Url::parse("http://127.0.0.1:5006/").unwrap();
    let settings = Settings {
        public_url,
        providers: BTreeMap::new(),
        trusted_proxies: Vec::new(),
        mail: None,
        features: BTreeMap::new(),
        requires_subscription: false,
    };
    let registry = Registry::of(banks.iter().cloned());
    Engine::new(store.clone(), vault, registry, Http::new(ambient.clone()).unwrap(), settings, ambient.clone())
}

/// Brings a database up to date, with nothing in it.
async fn empty(url: String) {
    let (ambient, _) = bankside_testkit::ambient();
    Store::open(&url, ambient).await.unwrap().close().await;
}

impl House {
    pub(super) async fn new(engine: bankside_testkit::Engine, banks: Vec<Arc<dyn Connector>>) -> Self {
        let database = bankside_testkit::prepared(engine, empty).await;
        let (ambient, _) = bankside_testkit::ambient();
        let store = Store::open(&database.url, ambient.clone()).await.unwrap();
        let master = MasterKey::generate(&ambient);
        let (vault, record) = Vault::create(&master, None, &ambient);
        store.keep_key_record(&record).await.unwrap();
        let engine = engine_over(&store, vault, &ambient, &banks);
        let set_up = SetUp {
            name: "owner".to_owned(),
            email: None,
            password: Secret::new("correct horse battery"),
            organization: "Demo household".to_owned(),
            kind: OrganizationKind::Household,
            currency: "EUR".parse().unwrap(),
            time_zone: "Europe/Berlin".to_owned(),
        };
        let person = engine.set_up(set_up).await.unwrap().person;
        let asker = engine.memberships(person).await.unwrap()[0].asker.clone();
        Self { engine, store, asker, ambient, url: database.url.clone(), master, database, banks }
    }

    /// Closes the database and opens it again, as a restart does.
    pub(super) async fn reopened(self) -> Self {
        self.store.close().await;
        let store = Store::open(&self.database.url, self.ambient.clone()).await.unwrap();
        let record = store.key_record().await.unwrap().unwrap();
        let vault = Vault::open(&self.master, &record).unwrap();
        Self { engine: engine_over(&store, vault, &self.ambient, &self.banks), store, ..self }
    }
}
