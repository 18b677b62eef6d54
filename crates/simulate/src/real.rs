//! The real house: a whole engine on a database of its own, which can be killed at any moment and comes up again.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use bankside_connect::http::Http;
use bankside_connect::{Connector, Registry};
use bankside_domain::account::PendingPolicy;
use bankside_domain::merge::Chosen;
use bankside_domain::row::RowStatus;
use bankside_domain::suspicion::HeldChoice;
use bankside_domain::suspicion::pairs::in_order;
use bankside_domain::{
    AccountId, Ambient, Asker, BatchId, Clock, ConnectionId, Entropy, FeedRowId, OrganizationKind, Role, TransactionId,
};
use bankside_engine::{
    EditInput, Engine, EngineError, FeedChange, FlowPage, HeldView, LineInput, NewTransactionInput, PairDecision,
    PairView, RegisterQuery, RegisterRow, RunsQuery, SeenInput, Selection, Settings,
};
use bankside_store::{NewOrganization, NewPerson, Store};
use bankside_testkit::{SeededEntropy, TestClock, TestDatabase, database};
use bankside_vault::{MasterKey, Vault};
use futures_util::FutureExt;
use jiff::SignedDuration;
use jiff::civil::Date;
use url::Url;

use crate::bank::{ACCOUNTS, Bank, Content};
use crate::books::{Balance, BookRow, Books, HeldRow, Marks};
use crate::habits::Tale;
use crate::house::{Asked, End, House, Pair, RowChange, Undone};
use crate::provider::{PROVIDER, Provider};
use crate::telling::decimal;

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

/// An engine with one bank, whose accounts are linked.
pub(crate) struct RealHouse {
    engine: Engine,
    asker: Asker,
    connection: ConnectionId,
    accounts: [AccountId; ACCOUNTS],
    bank: Arc<Mutex<Bank>>,
    clock: Arc<TestClock>,
    fuse: Arc<Fuse>,
    /// Whether moments at which it can be killed are those at which it waits for the database, of which there is at least one in each
    /// statement, and not those at which it asks for the time or for randomness. They are not the same each time.
    pub(crate) dies_waiting: bool,
    master: MasterKey,
    ambient: Ambient,
    database: TestDatabase,
}

impl RealHouse {
    pub(crate) async fn open(tale: Tale, on: bankside_testkit::Engine) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bank = Bank::new(tale);
        let habits = bank.habits.clone();
        let clock = TestClock::at(&format!("{}T12:00:00Z", bank.today));
        let bank = Arc::new(Mutex::new(bank));
        let fuse =
            Arc::new(Fuse { clock: clock.clone(), entropy: SeededEntropy::new(tale.seed), left: AtomicI64::new(-1) });
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
            begins_with_categories: false,
        };
        let organization = store.add_organization_as_system(&organization, owner).await?;
        let asker = Asker::member(organization, owner, Role::Owner);
        let engine = engine(store, vault, &bank, &ambient)?;
        let institution = habits.telling.tongue.institution;
        let (connection, accounts) = connect(&engine, &asker, institution).await?;
        let dies_waiting = false;
        Ok(Self { engine, asker, connection, accounts, bank, clock, fuse, dies_waiting, master, ambient, database })
    }

    /// Carries out a verb, and kills the process within it at the n-th time that it asks for the time or for randomness.
    async fn within<T>(
        &mut self,
        kill_at: Option<u16>,
        verb: impl AsyncFnOnce(&Engine, &Asker) -> Result<T>,
    ) -> Result<End<T>> {
        let at_ask = kill_at.filter(|_| !self.dies_waiting);
        self.fuse.left.store(at_ask.map_or(-1, i64::from), Ordering::SeqCst);
        let verb = Box::pin(verb(&self.engine, &self.asker));
        let verb = until_it_waits(verb, kill_at.filter(|_| self.dies_waiting));
        let end = AssertUnwindSafe(verb).catch_unwind().await;
        self.fuse.left.store(-1, Ordering::SeqCst);
        match end {
            Ok(Ok(answer)) => Ok(End::Done(answer)),
            Ok(Err(error)) => match error.downcast_ref::<EngineError>() {
                Some(refused @ (EngineError::Refused(_) | EngineError::Conflict(_) | EngineError::SignStays(_))) => {
                    Ok(End::Refused(refused.to_string()))
                }
                _ => Err(error),
            },
            Err(payload) if payload.is::<Killed>() => {
                self.restart().await?;
                Ok(End::Killed)
            }
            Err(payload) => bail!("it panicked: {}", words(payload.as_ref())),
        }
    }

    /// Carries out a verb of a person. One that would be killed at a moment that does not come is killed right after it is done.
    async fn persons<T>(
        &mut self,
        kill_at: Option<u16>,
        verb: impl AsyncFnOnce(&Engine, &Asker) -> Result<T>,
    ) -> Result<End<T>> {
        let end = self.within(kill_at, verb).await?;
        if let (End::Done(_), Some(_)) = (&end, kill_at) {
            self.restart().await?;
            return Ok(End::Killed);
        }
        Ok(end)
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

    /// Carries out whatever waits to be carried out.
    async fn work(&self) -> Result<()> {
        while self.engine.work_once().await? {}
        Ok(())
    }

    async fn rows(&self, account: AccountId) -> Result<Vec<BookRow>> {
        let mut rows: Vec<BookRow> = Vec::new();
        loop {
            let offset = i64::try_from(rows.len())?;
            let query = RegisterQuery { account: Some(account), offset, limit: 500, ..RegisterQuery::default() };
            let page = self.engine.register(&self.asker, &query).await?;
            rows.extend(page.rows.into_iter().map(book_row));
            if i64::try_from(rows.len())? >= page.total {
                return Ok(rows);
            }
        }
    }
}

impl House for RealHouse {
    fn bank(&self) -> MutexGuard<'_, Bank> {
        self.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn_to(&mut self, day: Date) -> Result<()> {
        let noon: jiff::Timestamp = format!("{day}T12:00:00Z").parse()?;
        self.clock.advance(noon.duration_since(self.clock.now()).max(SignedDuration::from_secs(1)));
        Ok(())
    }

    async fn books(&self) -> Result<Books> {
        let mut books = Books::default();
        for (index, account) in self.accounts.iter().enumerate() {
            books.rows[index] = self.rows(*account).await?;
            let view = self.engine.account(&self.asker, *account).await?.account;
            books.balances[index] = Balance {
                opening: view.opening_minor,
                now: view.balance_minor(),
                policy: view.pending_policy,
                locked_through: view.locked_through,
            };
        }
        for view in self.engine.suspicions(&self.asker).await?.held {
            let account = self.accounts.iter().position(|account| *account == view.account.id);
            let account = account.context("a row is held back for an account that there is not")?;
            books.held[account].push(held_row(&view)?);
        }
        for held in &mut books.held {
            held.sort_by_key(|row| row.feed_row);
        }
        Ok(books)
    }

    async fn sync(&mut self, kill_at: Option<u16>) -> Result<End<()>> {
        let connection = self.connection;
        let end = self
            .within(kill_at, async |engine, asker| {
                engine.sync_connection(asker, connection).await?;
                while engine.work_once().await? {}
                Ok(())
            })
            .await?;
        if let End::Killed = end {
            // Whoever starts again finishes what was begun, or begins what was only asked for.
            self.engine.sync_connection(&self.asker, connection).await?;
            self.work().await?;
        }
        Ok(end)
    }

    async fn batches_of_latest_sync(&self) -> Result<Vec<BatchId>> {
        let query = RunsQuery { connection: None, offset: 0, limit: 1 };
        let runs = self.engine.runs(&self.asker, &query).await?;
        let run = runs.first().context("there is no run")?;
        ensure!(run.run.finished_at.is_some(), "the latest run is not over");
        Ok(run.accounts.iter().filter_map(|account| account.batch).collect())
    }

    async fn renew(&mut self, kill_at: Option<u16>) -> Result<End<()>> {
        let connection = self.connection;
        let renewal = async move |engine: &Engine, asker: &Asker| {
            let flow = engine.begin_renewal(asker, connection).await?;
            match engine.poll_flow(asker, flow).await?.page {
                FlowPage::Renewed { .. } => Ok(()),
                other => bail!("a renewal came to {other:?}"),
            }
        };
        let end = self.within(kill_at, renewal).await?;
        if let End::Killed = end {
            // The person presses again, as often as it takes.
            self.within(None, renewal).await?;
        }
        self.work().await?;
        Ok(end)
    }

    async fn change(
        &mut self,
        row: TransactionId,
        change: &RowChange,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        let edit = edit_input(change, &self.accounts);
        self.persons(kill_at, async |engine, asker| {
            let Some(edit) = edit else {
                let deleted = engine.delete_transactions(asker, &Selection::These(vec![row]), false).await?;
                // Of many rows those that may not go are told; of one, that is the answer.
                return match deleted.left.first() {
                    Some((_, why)) => Err(EngineError::Refused(*why).into()),
                    None => Ok(deleted.batch),
                };
            };
            Ok(engine.edit_transaction(asker, row, &edit, &SeenInput::default()).await?)
        })
        .await
    }

    async fn type_row(
        &mut self,
        account: usize,
        minor: i64,
        day: Date,
        payee: &str,
        kill_at: Option<u16>,
    ) -> Result<End<BatchId>> {
        let input = NewTransactionInput {
            dated_on: day,
            amount: decimal(minor),
            payee: payee.to_owned(),
            is_cleared: false,
            lines: Vec::new(),
        };
        let account = self.accounts[account];
        self.persons(kill_at, async |engine, asker| Ok(engine.add_transaction(asker, account, &input).await?.1)).await
    }

    async fn lock(
        &mut self,
        account: usize,
        through: Option<Date>,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        let account = self.accounts[account];
        self.persons(kill_at, async |engine, asker| Ok(engine.lock_period(asker, account, through).await?)).await
    }

    async fn set_policy(
        &mut self,
        account: usize,
        policy: PendingPolicy,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        let (account, change) = (self.accounts[account], FeedChange::Pending(policy));
        self.persons(kill_at, async |engine, asker| Ok(engine.change_feed(asker, account, change).await?.batch)).await
    }

    async fn turn_sign(
        &mut self,
        account: usize,
        flips_sign: bool,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        let (account, change) = (self.accounts[account], FeedChange::Sign { flips_sign });
        self.persons(kill_at, async |engine, asker| Ok(engine.change_feed(asker, account, change).await?.batch)).await
    }

    async fn decide(&mut self, held: FeedRowId, choice: HeldChoice, kill_at: Option<u16>) -> Result<End<BatchId>> {
        self.persons(kill_at, async |engine, asker| Ok(engine.decide_held(asker, held, choice, None).await?)).await
    }

    async fn pairs(&self) -> Result<Vec<Asked>> {
        let pairs = self.engine.suspicions(&self.asker).await?.pairs;
        let asked = |view: PairView| Asked {
            pair: in_order(view.stays.row.id, view.goes.row.id),
            gone: view.goes.is_gone.then(|| book_row(view.goes.row)),
        };
        Ok(pairs.into_iter().map(asked).collect())
    }

    async fn decide_pair(&mut self, pair: Pair, is_one: bool, kill_at: Option<u16>) -> Result<End<Option<BatchId>>> {
        let decision = if is_one { PairDecision::Same(Chosen::default()) } else { PairDecision::Different };
        self.persons(kill_at, async |engine, asker| Ok(engine.decide_pair(asker, pair, decision).await?)).await
    }

    async fn undo(&mut self, batch: BatchId, kill_at: Option<u16>) -> Result<End<Undone>> {
        let preview = self.engine.preview_undo(&self.asker, batch).await?;
        let end = self.persons(kill_at, async |engine, asker| Ok(engine.undo(asker, batch).await?)).await?;
        if let End::Done(outcome) = &end {
            ensure!(
                preview.write.len() == outcome.taken_back && preview.stay == outcome.stay,
                "the preview promised {} changes, and {} were taken back",
                preview.write.len(),
                outcome.taken_back
            );
        }
        Ok(end.map(|outcome| {
            let stays = outcome.stay.iter().map(|stay| format!("{stay:?}")).collect();
            Undone { batch: outcome.batch, stays }
        }))
    }

    async fn undoing_of(&self, batch: BatchId) -> Result<Option<BatchId>> {
        Ok(self.engine.undoing_of(&self.asker, batch).await?)
    }

    async fn latest_step(&self) -> Result<Option<BatchId>> {
        Ok(self.engine.steps(&self.asker).await?.undo.first().map(|step| step.batch))
    }
}

/// Goes on with something until it waits for the n-th time, and is killed then.
async fn until_it_waits<T>(mut verb: impl Future<Output = T> + Unpin, mut kill_at: Option<u16>) -> T {
    poll_fn(|context| {
        let polled = Pin::new(&mut verb).poll(context);
        if polled.is_pending() {
            if kill_at == Some(0) {
                resume_unwind(Box::new(Killed));
            }
            kill_at = kill_at.map(|left| left - 1);
        }
        polled
    })
    .await
}

fn book_row(row: RegisterRow) -> BookRow {
    BookRow {
        id: row.id,
        dated_on: row.dated_on,
        minor: row.amount_minor,
        payee: row.payee,
        note: row.note,
        status: row.status,
        lines: row.lines,
        is_from_bank: row.is_from_bank,
        is_ticked: row.is_ticked,
        marks: Marks {
            is_new: row.is_new,
            is_edited: row.is_edited,
            is_reconciled: row.is_reconciled,
            balance_minor: row.balance_minor,
        },
    }
}

fn held_row(view: &HeldView) -> Result<HeldRow> {
    let row = view.bank_row.read.as_ref().map_err(|error| anyhow::anyhow!("a held row cannot be read: {error}"))?;
    let content = Content {
        day: row.day().context("a held row has no day")?,
        minor: row.amount.minor,
        payee: row.counterparty.name.clone().unwrap_or_default(),
        is_pending: row.status == RowStatus::Pending,
    };
    Ok(HeldRow { feed_row: view.held.feed_row, content })
}

/// What a person would type for a change; `None` for a deletion.
fn edit_input(change: &RowChange, accounts: &[AccountId; ACCOUNTS]) -> Option<EditInput> {
    let blank = EditInput::default();
    let lines = |lines: &[(i64, String)]| (!lines.is_empty()).then(|| lines.iter().map(line).collect());
    Some(match change {
        RowChange::Payee(payee) => EditInput { payee: Some(payee.clone()), ..blank },
        RowChange::Note(note) => EditInput { note: Some(note.clone()), ..blank },
        RowChange::Day(day) => EditInput { dated_on: Some(*day), ..blank },
        RowChange::Amount { minor, lines: said } => {
            EditInput { amount: Some(decimal(*minor)), lines: lines(said), ..blank }
        }
        RowChange::Lines(said) => EditInput { lines: lines(said), ..blank },
        RowChange::Tick(is_ticked) => EditInput { is_cleared: Some(*is_ticked), ..blank },
        RowChange::Move(account) => EditInput { account: Some(accounts[*account]), ..blank },
        RowChange::Delete => return None,
    })
}

fn line((minor, note): &(i64, String)) -> LineInput {
    LineInput { amount: decimal(*minor), note: note.clone(), ..LineInput::default() }
}

fn words(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

fn engine(store: Store, vault: Vault, bank: &Arc<Mutex<Bank>>, ambient: &Ambient) -> Result<Engine> {
    let connectors = Registry::of([Arc::new(Provider::of(Arc::clone(bank))) as Arc<dyn Connector>]);
    let settings = Settings {
        public_url: Url::parse("http://127.0.0.1:9/")?,
        providers: BTreeMap::new(),
        trusted_proxies: Vec::new(),
        mail: None,
        features: BTreeMap::new(),
        requires_subscription: false,
    };
    Ok(Engine::new(store, vault, connectors, Http::new(ambient.clone())?, settings, ambient.clone()))
}

async fn connect(engine: &Engine, asker: &Asker, institution: &str) -> Result<(ConnectionId, [AccountId; ACCOUNTS])> {
    engine.keep_keys(asker, PROVIDER, BTreeMap::new()).await?;
    let flow = engine.begin_connecting(asker, PROVIDER, institution, None).await?;
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
