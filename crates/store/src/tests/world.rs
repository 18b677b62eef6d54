//! A small world for tests: an organization with an owner, one connection, one bank account that feeds one account.

use std::collections::HashMap;
use std::sync::Arc;

use bankside_domain::account::{AccountKind, OpeningSource, PendingPolicy};
use bankside_domain::amount::{Amount, Currency};
use bankside_domain::balance::{BalanceKind, BalanceMoment, StatedBalance};
use bankside_domain::bank_account::MatchKeyKind;
use bankside_domain::consent::Consent;
use bankside_domain::edit::Seen;
use bankside_domain::fault::{FaultClass, FaultRecord};
use bankside_domain::reconcile::{Arrived, Coverage, Digest, Plan, Policy, Snapshot, plan};
use bankside_domain::row::{
    Counterparty, FINGERPRINT_VERSION, MappedRow, ProviderCategory, Row, RowId, RowIdKind, RowStatus, fingerprint_text,
};
use bankside_domain::run::Trigger;
use bankside_domain::{
    AccountId, Ambient, Asker, BankAccountId, BatchId, ConnectionId, FeedRowVersionId, FlowId, Granted,
    OrganizationKind, PersonId, Role,
};
use bankside_testkit::{TestClock, TestDatabase};
use bankside_vault::{DataKey, MasterKey, Place, Purpose, Vault, WrappedKey};
use jiff::SignedDuration;
use jiff::civil::Date;

use crate::db::{on, sql};
use crate::{
    Applied, ApplyContext, Edit, FeedEffect, KeptBalance, Lease, NewAccount, NewBankAccount, NewConnection, NewFlow,
    NewLink, NewOrganization, NewPerson, OtherSide, Received, ReceivedRow, RegisterQuery, Resolve, RunAccountUpdate,
    Selection, Store, StoreError, StoredSnapshot,
};

/// What the bank sends, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) status: RowStatus,
    pub(crate) day: Date,
    pub(crate) minor: i64,
    pub(crate) payee: &'static str,
    pub(crate) id: &'static str,
    /// The account number that it names as its other side; blank is none.
    pub(crate) names: &'static str,
}

/// A booked row of November 2026.
pub(crate) fn booked(day: i8, minor: i64, payee: &'static str, id: &'static str) -> Sent {
    Sent { status: RowStatus::Booked, day: jiff::civil::date(2026, 11, day), minor, payee, id, names: "" }
}

/// A pending row of November 2026.
pub(crate) fn pending(day: i8, minor: i64, payee: &'static str) -> Sent {
    Sent { status: RowStatus::Pending, ..booked(day, minor, payee, "") }
}

/// Why the runs of a sync that is ended come to nothing.
pub(crate) fn ended() -> FaultRecord {
    FaultRecord {
        class: FaultClass::Gone,
        code: "connection.ended".to_owned(),
        message: "Ended.".to_owned(),
        action: None,
        retry_at: None,
        reference: None,
        http_status: None,
    }
}

/// Two pending rows and a booked one.
pub(crate) fn shown_with_pending() -> Vec<Sent> {
    vec![pending(19, -4_500, "Cinema"), pending(18, -2_000, "Burgers"), booked(10, -280, "Café am Kai", "a3")]
}

impl Sent {
    pub(crate) fn row(&self) -> Row {
        let ids = (!self.id.is_empty()).then(|| RowId { kind: RowIdKind::Bank, value: self.id.to_owned() });
        Row {
            status: self.status,
            ids: ids.into_iter().collect(),
            booked_on: (self.status == RowStatus::Booked).then_some(self.day),
            value_on: Some(self.day),
            transacted_on: None,
            dated_on: None,
            happened_at: None,
            amount: Amount::new(self.minor, Currency::iso("EUR").unwrap()),
            counterparty: Counterparty {
                name: Some(self.payee.to_owned()),
                account: (!self.names.is_empty()).then(|| self.names.to_owned()),
            },
            remittance: Some(format!("about {}", self.payee)),
            balance_after: None,
            original_amount: None,
            instalment: None,
            bill: None,
            end_to_end: None,
            is_placeholder: false,
            creditor: None,
            provider_category: None,
        }
    }

    /// The row with its sign as the owner sees it.
    fn read(&self, flips_sign: bool) -> Row {
        let minor = if flips_sign { -self.minor } else { self.minor };
        Sent { minor, ..self.clone() }.row()
    }

    fn bytes(&self) -> Vec<u8> {
        format!("{self:?}").into_bytes()
    }
}

/// What the bank says of a row beside what matching needs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    /// The account on the other side.
    pub(crate) account: Option<&'static str>,
    /// The creditor.
    pub(crate) creditor: Option<&'static str>,
    /// What the provider files it under.
    pub(crate) filed: Option<&'static str>,
}
/// Account, month, category, state, in, out, and how many lines.
type Kept = (uuid::Uuid, String, Option<uuid::Uuid>, String, i64, i64, i64);

/// A row of a transfer: itself and the other one, their accounts, their days, its month and its state, its amount, and the fee.
type Side = (uuid::Uuid, uuid::Uuid, uuid::Uuid, uuid::Uuid, String, String, String, String, i64, i64);

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) ambient: Ambient,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) vault: Vault,
    pub(crate) owner: PersonId,
    pub(crate) asker: Asker,
    pub(crate) connection: ConnectionId,
    pub(crate) bank_account: BankAccountId,
    pub(crate) account: AccountId,
    pub(crate) wrapped: WrappedKey,
    /// What the bank says beside, by payee.
    pub(crate) told: HashMap<&'static str, Told>,
    _database: TestDatabase,
}

/// Brings a database up to date, with nothing in it.
async fn empty(url: String) {
    let (ambient, _) = bankside_testkit::ambient();
    Store::open(&url, ambient).await.unwrap().close().await;
}

impl World {
    pub(crate) async fn open(engine: bankside_testkit::Engine) -> Self {
        let (ambient, clock) = bankside_testkit::ambient();
        let database = bankside_testkit::prepared(engine, empty).await;
        let store = Store::open(&database.url, ambient.clone()).await.unwrap();
        let (vault, record) = Vault::create(&MasterKey::generate(&ambient), None, &ambient);
        store.keep_key_record(&record).await.unwrap();
        let person = NewPerson { name: "Owner".into(), email: None, password_hash: "x".into(), is_operator: true };
        let owner = store.add_person_as_system(&person).await.unwrap();
        let asker = add_organization(&store, owner, "Lindenweg 8").await;
        let mut world = Self {
            connection: ambient.id(),
            bank_account: ambient.id(),
            account: ambient.id(),
            wrapped: WrappedKey::from_bytes(Vec::new()),
            store,
            ambient,
            clock,
            vault,
            owner,
            asker: asker.clone(),
            told: HashMap::new(),
            _database: database,
        };
        (world.connection, world.bank_account) = world.connect(&asker, "DE89370400440532013000", "acc-1").await;
        world.account = world.link_new(&asker, world.connection, world.bank_account, "Joint checking").await;
        world
    }

    /// Walks the connecting loop to its end for one bank account.
    pub(crate) async fn connect(&mut self, asker: &Asker, iban: &str, alias: &str) -> (ConnectionId, BankAccountId) {
        let (connection, seen) = self.connect_to(asker, &[(iban, alias)]).await;
        (connection, seen[0])
    }

    /// Connects a bank that shows accounts with these numbers side by side.
    pub(crate) async fn connect_showing(&mut self, ibans: &[&str]) -> Vec<BankAccountId> {
        let shown: Vec<(&str, &str)> = ibans.iter().map(|iban| (*iban, *iban)).collect();
        let asker = self.asker.clone();
        self.connect_to(&asker, &shown).await.1
    }

    async fn connect_to(&mut self, asker: &Asker, shown: &[(&str, &str)]) -> (ConnectionId, Vec<BankAccountId>) {
        let flow_id: FlowId = self.ambient.id();
        let connection: ConnectionId = self.ambient.id();
        let place = |field| Place { organization: Some(asker.organization), subject: None, field };
        let (key, wrapped) = self.vault.new_data_key(place("test"), &self.ambient);
        self.wrapped = wrapped.clone();
        let sealed = key.seal(place("test"), b"{}", &self.ambient);
        let flow = NewFlow {
            id: flow_id,
            provider: "gocardless".into(),
            account: None,
            renews: None,
            reference_digest: flow_id.to_string().into_bytes(),
            data_key: wrapped.clone(),
            state: sealed.clone(),
            expires_at: self.ambient.now() + SignedDuration::from_mins(30),
        };
        self.store.add_flow(asker, &flow).await.unwrap();
        let flow = self.store.flow(asker, flow_id).await.unwrap();
        let new_connection = NewConnection {
            id: connection,
            provider: "gocardless".into(),
            name: "Nordhafen main".into(),
            institution_key: "NORDHAFEN_NHBKDE22".into(),
            institution_name: "Nordhafen Bank".into(),
            country: Some("DE".into()),
            time_zone: "Europe/Berlin".into(),
            data_key: wrapped.clone(),
            remote: sealed.clone(),
            login: None,
            consent: Consent { given_at: None, valid_until: None },
            max_history_days: None,
            unread_accounts: 0,
        };
        let digester = self.vault.digester(asker.organization, Purpose::BankAccount);
        let bank_account = |(iban, alias): &(&str, &str)| NewBankAccount {
            id: self.ambient.id(),
            institution_key: "NORDHAFEN_NHBKDE22".into(),
            institution_name: "Nordhafen Bank".into(),
            provider_account_id: (*alias).into(),
            name: "Girokonto".into(),
            holder: None,
            masked_number: Some("DE•• •••• 3000".into()),
            kind: AccountKind::Checking,
            currency: "EUR".parse().unwrap(),
            match_keys: vec![(MatchKeyKind::Iban, digester.digest(&[iban.as_bytes()]))],
            data_key: wrapped.clone(),
            details: sealed.clone(),
            balances: Vec::new(),
        };
        let accounts: Vec<NewBankAccount> = shown.iter().map(bank_account).collect();
        let seen = self.store.finish_flow(asker, &flow, &sealed, &new_connection, &accounts).await.unwrap();
        (connection, seen.into_iter().map(|seen| seen.id).collect())
    }

    /// Links its bank account with its account once more, after that was unlinked.
    pub(crate) async fn link_again(&self) {
        let link = NewLink {
            bank_account: self.bank_account,
            account: Ok(self.account),
            import_from: jiff::civil::date(2026, 9, 1),
            flips_sign: false,
        };
        self.store.link(&self.asker, self.connection, &[link]).await.unwrap();
    }

    /// A person writes a note on the latest row of a payee.
    pub(crate) async fn write_note(&self, payee: &str, note: &str) {
        let query = RegisterQuery { search: Some(payee.into()), limit: 1, ..RegisterQuery::default() };
        let row = self.store.register(&self.asker, &query).await.unwrap().rows.remove(0);
        let edit = Edit { note: Some(Some(note.into())), ..Edit::default() };
        let these = Selection::These(vec![row.id]);
        self.store.edit_transactions(&self.asker, &these, &edit, &Seen::default()).await.unwrap();
    }

    pub(crate) async fn link_new(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        bank_account: BankAccountId,
        name: &str,
    ) -> AccountId {
        let account = NewAccount {
            name: name.into(),
            kind: AccountKind::Checking,
            currency: "EUR".parse().unwrap(),
            opening_minor: None,
            asset: None,
        };
        let link = NewLink {
            bank_account,
            account: Err(account),
            import_from: jiff::civil::date(2026, 9, 1),
            flips_sign: false,
        };
        self.store.link(asker, connection, &[link]).await.unwrap()[0].account
    }

    pub(crate) fn place(&self) -> Place {
        Place { organization: Some(self.asker.organization), subject: None, field: "test" }
    }

    pub(crate) fn data_key(&self) -> DataKey {
        self.vault.data_key(&self.wrapped, self.place()).unwrap()
    }

    /// The digest of an account number.
    pub(crate) fn number(&self, number: &str) -> Digest {
        self.vault.digester(self.asker.organization, Purpose::BankAccount).digest(&[b"number", number.as_bytes()])
    }

    fn other_side(&self, row: &Row) -> OtherSide {
        OtherSide {
            counterparty: row.counterparty.account.as_deref().map(|number| self.number(number)),
            ..OtherSide::default()
        }
    }

    /// Asks for a run and claims it.
    pub(crate) async fn start_run(&self) -> Lease {
        self.store.enqueue_run(&self.asker, self.connection, Trigger::Person).await.unwrap();
        self.claim().await
    }

    pub(crate) async fn claim(&self) -> Lease {
        let due = self.store.claim_run_as_system("worker", SignedDuration::from_secs(60)).await.unwrap().unwrap();
        let feeds = self.store.feeds_of(&self.asker, due.connection).await.unwrap();
        let accounts: Vec<_> = feeds.into_iter().map(|feed| (feed, feed.import_from)).collect();
        self.store.begin_run_accounts(&self.asker, &due.lease, &accounts).await.unwrap();
        due.lease
    }

    /// Stores rows as a fetch would.
    pub(crate) async fn receive(&self, lease: &Lease, rows: &[Sent]) -> Result<Received, StoreError> {
        let (ids, prints, raws) = (
            self.vault.digester(self.asker.organization, Purpose::RowId),
            self.vault.digester(self.asker.organization, Purpose::Fingerprint),
            self.vault.digester(self.asker.organization, Purpose::Raw),
        );
        let key = self.data_key();
        let mut seen: HashMap<Digest, usize> = HashMap::new();
        let received: Vec<ReceivedRow> = rows
            .iter()
            .map(|sent| {
                let row = sent.row();
                let told = self.told.get(sent.payee).copied().unwrap_or_default();
                let id: FeedRowVersionId = self.ambient.id();
                let raw_digest = raws.digest(&[&sent.bytes()]);
                let counter = seen.entry(raw_digest).or_default();
                let occurrence = *counter;
                *counter += 1;
                ReceivedRow {
                    id,
                    status: sent.status,
                    amount_minor: Some(sent.minor),
                    currency: Some("EUR".parse().unwrap()),
                    day: row.day(),
                    ids: row.ids.iter().map(|id| (id.kind, ids.digest(&[id.value.as_bytes()]))).collect(),
                    bill: None,
                    provider_category: told.filed.and_then(|name| ProviderCategory::of_provider("test", name, None)),
                    fingerprint: prints.digest(&[fingerprint_text(&row).as_bytes()]),
                    fingerprint_version: FINGERPRINT_VERSION,
                    names_counterparty: true,
                    other_side: OtherSide {
                        creditor: told.creditor.map(|id| ids.digest(&[b"creditor", id.as_bytes()])),
                        counterparty: told
                            .account
                            .map(|number| self.number(number))
                            .or(self.other_side(&row).counterparty),
                        ..OtherSide::default()
                    },
                    raw_digest,
                    occurrence,
                    raw: key.seal_compressed(
                        Place::of(self.asker.organization, id, "raw"),
                        &sent.bytes(),
                        &self.ambient,
                    ),
                }
            })
            .collect();
        let received = self.store.receive_rows(&self.asker, lease, self.bank_account, &received).await?;
        let update = RunAccountUpdate { complete: Some((true, true)), is_fetched: true, ..RunAccountUpdate::default() };
        self.store.update_run_account(&self.asker, lease, self.bank_account, &update).await?;
        Ok(received)
    }

    /// Reads a snapshot and plans; `rows` stand for what opening the sealed bytes would give.
    pub(crate) async fn plan(&self, lease: &Lease, rows: &[Sent]) -> (StoredSnapshot, Plan) {
        let stored = self.store.snapshot(&self.asker, lease.run, self.bank_account, self.account).await.unwrap();
        let coverage = Some(Coverage { from: Some(stored.state.import_from), to: None });
        let plan = self.plan_of(&stored, rows, stored.state.account.pending_policy, coverage);
        (stored, plan)
    }

    /// Plans what is stored; whoever says what it covers says that the pending rows are all here, too.
    fn plan_of(
        &self,
        stored: &StoredSnapshot,
        rows: &[Sent],
        pending: PendingPolicy,
        coverage: Option<Coverage>,
    ) -> Plan {
        let key = self.data_key();
        let arrived = stored
            .versions
            .iter()
            .map(|version| {
                let place = Place::of(self.asker.organization, version.id, "raw");
                let bytes = key.open(place, &version.raw).unwrap();
                let sent = rows.iter().find(|sent| sent.bytes() == *bytes).unwrap();
                Arrived {
                    version: version.id,
                    known_as: version.known_as,
                    is_left_over: version.is_left_over,
                    row: MappedRow::Readable(Box::new(sent.read(stored.state.flips_sign))),
                    ids: version.ids.clone(),
                    fingerprint: version.fingerprint,
                }
            })
            .collect();
        let account = &stored.state.account;
        plan(&Snapshot {
            known: stored.known.clone(),
            arrived,
            typed: stored.typed.clone(),
            policy: Policy {
                currency: account.currency.code,
                start_on: Some(stored.state.import_from),
                history_from: account.opening_on,
                locked_through: account.locked_through,
                pending,
                fallback_day: jiff::civil::date(2026, 11, 20),
                booked_coverage: coverage,
                pending_complete: coverage.is_some(),
                distrusted: stored.state.distrusted.clone(),
            },
        })
    }

    /// Gives the account another policy for pending rows; `rows` are those that the bank has sent.
    pub(crate) async fn set_pending(&self, policy: PendingPolicy, rows: &[Sent], how: Resolve) -> FeedEffect {
        let stored = self.store.pending_snapshot(&self.asker, self.bank_account, self.account).await.unwrap();
        let plan = self.plan_of(&stored, rows, policy, None);
        let store = &self.store;
        let effect =
            store.set_pending_policy(&self.asker, self.bank_account, &stored, &plan, policy, how).await.unwrap();
        self.check_sums().await;
        self.check_claims().await;
        effect
    }

    pub(crate) async fn apply(
        &self,
        lease: &Lease,
        stored: &StoredSnapshot,
        plan: &Plan,
    ) -> Result<Applied, StoreError> {
        let context = ApplyContext { lease, bank_account: self.bank_account, opening_from: &[], seen_again: 0 };
        self.store.apply(&self.asker, stored, plan, context).await
    }

    /// A whole sync.
    pub(crate) async fn sync(&self, rows: &[Sent]) -> Applied {
        let lease = self.start_run().await;
        self.receive(&lease, rows).await.unwrap();
        let (stored, plan) = self.plan(&lease, rows).await;
        let applied = self.apply(&lease, &stored, &plan).await.unwrap();
        self.store.finish_run(&self.asker, &lease, bankside_domain::run::RunOutcome::Done, None).await.unwrap();
        self.check_sums().await;
        applied
    }

    /// A whole sync in which the bank states a booked balance, from which the opening balance is worked out the first time.
    pub(crate) async fn sync_stating(&self, rows: &[Sent], minor: i64) -> Applied {
        self.clock.advance_days(1);
        let lease = self.start_run().await;
        self.receive(&lease, rows).await.unwrap();
        let seen_at = self.ambient.now();
        let stated = StatedBalance { kind: BalanceKind::Booked, moment: BalanceMoment::Now, minor, seen_at };
        let kept = KeptBalance { stated, provider_kind: "interimBooked".into(), currency: "EUR".parse().unwrap() };
        self.store.keep_balances(&self.asker, &lease, self.bank_account, &[kept]).await.unwrap();
        let (stored, plan) = self.plan(&lease, rows).await;
        let opening_from = match stored.state.account.opening_source {
            OpeningSource::Unknown => {
                self.store.balances_of_run(&self.asker, lease.run, self.bank_account).await.unwrap()
            }
            OpeningSource::Bank | OpeningSource::Person => Vec::new(),
        };
        let context =
            ApplyContext { lease: &lease, bank_account: self.bank_account, opening_from: &opening_from, seen_again: 0 };
        let applied = self.store.apply(&self.asker, &stored, &plan, context).await.unwrap();
        self.store.finish_run(&self.asker, &lease, bankside_domain::run::RunOutcome::Done, None).await.unwrap();
        self.check_sums().await;
        applied
    }

    /// The register in short, oldest first: day, amount, payee, note, status.
    pub(crate) async fn rows(&self) -> Vec<String> {
        let query = RegisterQuery { account: Some(self.account), limit: 500, ..RegisterQuery::default() };
        let page = self.store.register(&self.asker, &query).await.unwrap();
        let mut rows: Vec<String> = page
            .rows
            .iter()
            .map(|row| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                format!(
                    "{} {} {} {:?} {}",
                    row.dated_on,
                    row.amount_minor,
                    text(&row.payee),
                    row.status,
                    text(&row.note)
                )
            })
            .collect();
        rows.sort();
        rows
    }

    /// The sums beside the account are the sums of its rows.
    pub(crate) async fn check_sums(&self) {
        let account = self.store.account(&self.asker, self.account).await.unwrap();
        let mut rows = Vec::new();
        loop {
            let offset = i64::try_from(rows.len()).unwrap();
            let query = RegisterQuery { account: Some(self.account), limit: 500, offset, ..RegisterQuery::default() };
            let page = self.store.register(&self.asker, &query).await.unwrap().rows;
            if page.is_empty() {
                break;
            }
            rows.extend(page);
        }
        let sum = |status| rows.iter().filter(|row| row.status == status).map(|row| row.amount_minor).sum::<i64>();
        assert_eq!(account.booked_minor, sum(RowStatus::Booked));
        assert_eq!(account.pending_minor, sum(RowStatus::Pending));
        assert_eq!(account.transaction_count, i64::try_from(rows.len()).unwrap());
        self.check_month_sums().await;
        self.check_linked_rows().await;
    }

    /// The sums that are kept by month and category are those of the lines.
    pub(crate) async fn check_month_sums(&self) {
        let mut session = self.store.db.read(Granted::as_system()).await.unwrap();
        let text = sql!(
            "SELECT account_id, month, category_id, status, in_minor, out_minor, line_count FROM month_sums
             WHERE line_count <> 0 OR in_minor <> 0 OR out_minor <> 0"
        );
        let mut kept: Vec<Kept> = on!(session, c => sqlx::query_as(text).fetch_all(c).await.unwrap());
        for row in &mut kept {
            row.2 = row.2.filter(|id| !id.is_nil());
        }
        let text = sql!(
            "SELECT t.account_id, substr(CAST(t.dated_on AS TEXT), 1, 7), l.category_id, t.status,
                CAST(SUM(CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS BIGINT),
                CAST(SUM(CASE WHEN l.amount_minor < 0 THEN l.amount_minor ELSE 0 END) AS BIGINT), COUNT(*)
             FROM transactions t JOIN transaction_lines l ON l.organization_id = t.organization_id AND l.transaction_id = t.id
             WHERE t.deleted_at IS NULL AND t.status IN ('booked', 'pending') GROUP BY 1, 2, 3, 4"
        );
        let mut counted: Vec<Kept> = on!(session, c => sqlx::query_as(text).fetch_all(c).await.unwrap());
        kept.sort();
        counted.sort();
        assert_eq!(kept, counted, "what is kept by month, and the lines");
        let text = sql!(
            "SELECT COUNT(*) FROM (SELECT account_id, category_id, SUM(line_count) AS line_count FROM month_sums GROUP BY 1, 2) m
             FULL JOIN line_counts n ON n.account_id = m.account_id AND n.category_id = m.category_id
             WHERE n.line_count IS NULL OR n.line_count <> m.line_count OR m.line_count IS NULL"
        );
        let differ: i64 = on!(session, c => sqlx::query_scalar(text).fetch_one(c).await.unwrap());
        assert_eq!(differ, 0, "what is kept of all months, and the months");
    }

    /// The rows of transfers that are kept are the sides of those that hold.
    pub(crate) async fn check_linked_rows(&self) {
        let mut session = self.store.db.read(Granted::as_system()).await.unwrap();
        let kept = sql!(
            "SELECT transaction_id, other_id, account_id, other_account_id, CAST(dated_on AS TEXT), CAST(other_dated_on AS TEXT),
                month, status, amount_minor, lost_minor FROM linked_rows ORDER BY transaction_id"
        );
        let kept: Vec<Side> = on!(session, c => sqlx::query_as(kept).fetch_all(c).await.unwrap());
        let held = sql!(
            "SELECT transaction_id, other_id, account_id, other_account_id, CAST(dated_on AS TEXT), CAST(other_dated_on AS TEXT),
                substr(CAST(dated_on AS TEXT), 1, 7), status, amount_minor, lost_minor FROM transfer_sides ORDER BY transaction_id"
        );
        let held: Vec<Side> = on!(session, c => sqlx::query_as(held).fetch_all(c).await.unwrap());
        assert_eq!(kept, held, "what is kept of transfers, and the pairs that hold");
    }

    /// The batches, latest first.
    pub(crate) async fn latest_batches(&self) -> Vec<BatchId> {
        let mut session = self.store.db.read(Granted::as_system()).await.unwrap();
        let text = sql!("SELECT id FROM batches ORDER BY made_at DESC, id DESC LIMIT 20");
        let ids: Vec<uuid::Uuid> = on!(session, c => sqlx::query_scalar(text).fetch_all(c).await.unwrap());
        ids.into_iter().map(BatchId::from).collect()
    }

    /// Every row that a bank sent stands for exactly one feed row, and no claim speaks of a row that is gone.
    pub(crate) async fn check_claims(&self) {
        let mut session = self.store.db.read(Granted::as_system()).await.unwrap();
        let text = sql!(
            "SELECT
                (SELECT COUNT(*) FROM transactions t WHERE t.deleted_at IS NULL AND t.provider_dated_on IS NOT NULL
                    AND (SELECT COUNT(*) FROM claims k WHERE k.transaction_id = t.id
                        AND k.state IN ('applied', 'superseded')) <> 1),
                (SELECT COUNT(*) FROM claims k JOIN transactions t ON t.id = k.transaction_id
                    WHERE k.state = 'applied' AND t.deleted_at IS NOT NULL)"
        );
        let counts: (i64, i64) = on!(session, c => sqlx::query_as(text).fetch_one(c).await.unwrap());
        assert_eq!(counts, (0, 0), "rows without their one claim, claims of rows that are gone");
    }
}

pub(crate) async fn add_organization(store: &Store, owner: PersonId, name: &str) -> Asker {
    let new = NewOrganization {
        name: name.into(),
        kind: OrganizationKind::Household,
        currency: "EUR".parse().unwrap(),
        time_zone: "Europe/Berlin".into(),
        begins_with_categories: false,
    };
    let organization = store.add_organization_as_system(&new, owner).await.unwrap();
    Asker::member(organization, owner, Role::Owner)
}
