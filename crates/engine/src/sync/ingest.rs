//! The sink of a fetch: every event is stored before the next one is taken.

use std::collections::HashMap;

use async_trait::async_trait;
use bankside_connect::{Connector, FetchEvent, MapContext, RawRow, RowAccount, Sink, SinkClosed};
use bankside_domain::bill::Bill;
use bankside_domain::fault::FaultRecord;
use bankside_domain::reconcile::Digest;
use bankside_domain::row::{FINGERPRINT_VERSION, MappedRow, Row, RowStatus, fingerprint_text};
use bankside_domain::run::AccountStep;
use bankside_domain::text::fold;
use bankside_domain::transfer::{number_text, reference_text};
use bankside_domain::{Asker, Code, Currency, CurrencyCode, FeedRowVersionId, Id as _};
use bankside_store::{BankAccount, Connection, Lease, OtherSide, ReceivedRow, RunAccountUpdate, StatedBill};
use bankside_vault::{DataKey, Digester, Place, Purpose, Sealed};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::connecting::kept_balance;
use crate::provider::Provider;
use crate::{Engine, EngineError};

/// Rows are stored in transactions of this many, so that a long history does not hold the one writer for long.
const ROWS_AT_ONCE: usize = 500;

/// Reads raw rows of one bank account into ours.
pub(crate) struct Reader<'a> {
    pub(crate) connector: &'a dyn Connector,
    pub(crate) institution_key: &'a str,
    pub(crate) time_zone: TimeZone,
    pub(crate) today: Date,
    pub(crate) account: RowAccount,
    pub(crate) currencies: &'a HashMap<CurrencyCode, Currency>,
    pub(crate) flips_sign: bool,
}

impl Reader<'_> {
    /// The same with the signs turned round, if they are to be.
    pub(crate) fn flipped(self, flips_sign: bool) -> Self {
        Self { flips_sign, ..self }
    }

    /// Opens what is stored of a row and reads it. What is damaged is no row; it keeps no other from being one.
    pub(crate) fn open(
        &self,
        key: &DataKey,
        place: Place,
        status: RowStatus,
        raw: &Sealed,
    ) -> (Option<RawRow>, MappedRow) {
        match key.open(place, raw) {
            Ok(bytes) => {
                let raw = RawRow { status, bytes: bytes.to_vec() };
                let row = self.read(&raw);
                (Some(raw), row)
            }
            Err(error) => {
                (None, MappedRow::Unreadable { why: format!("what is stored of it cannot be opened: {error}") })
            }
        }
    }

    /// One row, with its sign as the owner sees it.
    pub(crate) fn read(&self, raw: &RawRow) -> MappedRow {
        let context = MapContext {
            institution_key: self.institution_key,
            time_zone: &self.time_zone,
            today: self.today,
            account: self.account,
            currencies: self.currencies,
        };
        match self.connector.map(&context, raw) {
            MappedRow::Readable(row) if self.flips_sign => match row.amount.checked_neg() {
                Ok(amount) => MappedRow::Readable(Box::new(Row { amount, ..*row })),
                Err(error) => MappedRow::Unreadable { why: error.to_string() },
            },
            mapped => mapped,
        }
    }
}

/// What reading rows needs to know of their bank account.
pub(crate) fn row_account(bank_account: &BankAccount) -> RowAccount {
    RowAccount { kind: bank_account.kind, currency: bank_account.currency }
}

/// The zone of a connection's bank.
pub(crate) fn zone_of(connection: &Connection) -> TimeZone {
    TimeZone::get(&connection.time_zone).unwrap_or(TimeZone::UTC)
}

/// One bank account while its rows come in.
struct Incoming {
    bank_account: BankAccount,
    key: Option<DataKey>,
    seen: HashMap<Digest, usize>,
    fault_seen: bool,
    rows_ended: bool,
}

/// Makes of raw rows what is stored of them: sealed, with keyed digests beside them.
pub(crate) struct Stamps<'a> {
    engine: &'a Engine,
    asker: Asker,
    ids: Digester,
    contents: Digester,
    raws: Digester,
    numbers: Digester,
}

impl<'a> Stamps<'a> {
    /// The digest of a row's bytes and its status.
    fn raw_digest(&self, raw: &RawRow) -> Digest {
        self.raws.digest(&[raw.status.code().as_bytes(), &raw.bytes])
    }

    /// The digest of what a provider calls a bill.
    pub(crate) fn bill_digest(&self, bill: &str) -> Digest {
        self.ids.digest(&[b"bill", bill.as_bytes()])
    }

    /// The digest of an account number, by which a row that names it as its other side is recognised; `None` of what is no whole number.
    pub(crate) fn number_digest(&self, number: &str) -> Option<Digest> {
        number_text(number).map(|number| self.numbers.digest(&[b"number", number.as_bytes()]))
    }

    /// What is stored of a row's other side.
    pub(crate) fn other_side(&self, row: &Row) -> OtherSide {
        let reference = row.end_to_end.as_deref().and_then(reference_text);
        OtherSide {
            counterparty: row.counterparty.account.as_deref().and_then(|number| self.number_digest(number)),
            creditor: row.creditor.as_deref().map(|id| self.ids.digest(&[b"creditor", fold(id).as_bytes()])),
            end_to_end: reference.map(|reference| self.ids.digest(&[b"end to end", reference.as_bytes()])),
            original: row.original_amount.map(|original| (original.minor, original.currency.code)),
        }
    }

    /// The fingerprint of a content. One that cannot be read is only like itself.
    fn fingerprint(&self, raw_digest: Digest, read: &MappedRow) -> Digest {
        match read {
            MappedRow::Unreadable { .. } => raw_digest,
            MappedRow::Readable(row) => self.contents.digest(&[fingerprint_text(row).as_bytes()]),
        }
    }

    /// The fingerprint of a stored content, read again. Without its bytes it is only like itself.
    pub(crate) fn fingerprint_again(&self, id: FeedRowVersionId, raw: Option<&RawRow>, read: &MappedRow) -> Digest {
        match raw {
            Some(raw) => self.fingerprint(self.raw_digest(raw), read),
            None => self.raws.digest(&[id.uuid().as_bytes()]),
        }
    }

    pub(crate) fn new(engine: &'a Engine, asker: Asker) -> Self {
        let digester = |purpose| engine.vault.digester(asker.organization, purpose);
        let (ids, contents, raws) = (digester(Purpose::RowId), digester(Purpose::Fingerprint), digester(Purpose::Raw));
        let numbers = digester(Purpose::BankAccount);
        Self { engine, asker, ids, contents, raws, numbers }
    }

    /// What is stored of a bill.
    fn bill(&self, bill: &Bill) -> StatedBill {
        StatedBill {
            digest: self.bill_digest(&bill.id),
            closed_on: bill.closed_on,
            due_on: bill.due_on,
            owed_minor: bill.owed.minor,
            currency: bill.owed.currency.code,
        }
    }

    /// What is stored of a row. `seen` counts the rows of this fetch by their bytes.
    pub(crate) fn received(
        &self,
        reader: &Reader<'_>,
        key: &DataKey,
        seen: &mut HashMap<Digest, usize>,
        raw: &RawRow,
    ) -> ReceivedRow {
        self.stamped(key, seen, (self.raw_digest(raw), raw.status, &raw.bytes), reader.read(raw))
    }

    /// What is stored of a row of a statement file. The same bytes read in another way are another content.
    pub(crate) fn received_from_file(
        &self,
        profile: &str,
        key: &DataKey,
        seen: &mut HashMap<Digest, usize>,
        (raw, row): (&[u8], &Row),
    ) -> ReceivedRow {
        let raw_digest = self.raws.digest(&[b"statement file", profile.as_bytes(), raw]);
        self.stamped(key, seen, (raw_digest, row.status, raw), MappedRow::Readable(Box::new(row.clone())))
    }

    fn stamped(
        &self,
        key: &DataKey,
        seen: &mut HashMap<Digest, usize>,
        (raw_digest, status, bytes): (Digest, RowStatus, &[u8]),
        read: MappedRow,
    ) -> ReceivedRow {
        let id: FeedRowVersionId = self.engine.ambient.id();
        let next = seen.entry(raw_digest).or_default();
        let occurrence = *next;
        *next += 1;
        let sealed = key.seal_compressed(Place::of(self.asker.organization, id, "raw"), bytes, &self.engine.ambient);
        let blank = ReceivedRow {
            id,
            status,
            amount_minor: None,
            currency: None,
            day: None,
            ids: Vec::new(),
            bill: None,
            provider_category: None,
            fingerprint: raw_digest,
            fingerprint_version: FINGERPRINT_VERSION,
            names_counterparty: false,
            other_side: OtherSide::default(),
            raw_digest,
            occurrence,
            raw: sealed,
        };
        let fingerprint = self.fingerprint(raw_digest, &read);
        match read {
            MappedRow::Unreadable { .. } => blank,
            MappedRow::Readable(row) => ReceivedRow {
                status: row.status,
                amount_minor: Some(row.amount.minor),
                currency: Some(row.amount.currency.code),
                day: row.day(),
                ids: row.ids.iter().map(|id| (id.kind, self.ids.digest(&[id.value.as_bytes()]))).collect(),
                bill: row.bill.as_deref().map(|bill| self.bill_digest(bill)),
                provider_category: row.provider_category.clone(),
                fingerprint,
                names_counterparty: row.counterparty.name.is_some(),
                other_side: self.other_side(&row),
                ..blank
            },
        }
    }
}

/// Stores what a fetch brings.
pub(crate) struct Ingest<'a> {
    engine: &'a Engine,
    asker: Asker,
    lease: &'a Lease,
    connection: &'a Connection,
    provider: &'a Provider,
    accounts: HashMap<String, Incoming>,
    stamps: Stamps<'a>,
    trouble: Option<EngineError>,
}

impl<'a> Ingest<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        asker: Asker,
        lease: &'a Lease,
        connection: &'a Connection,
        provider: &'a Provider,
        bank_accounts: Vec<BankAccount>,
    ) -> Self {
        let accounts = bank_accounts.into_iter().map(|bank_account| {
            let incoming =
                Incoming { key: None, seen: HashMap::new(), fault_seen: false, rows_ended: false, bank_account };
            (incoming.bank_account.provider_account_id.clone(), incoming)
        });
        Self {
            engine,
            asker: asker.clone(),
            lease,
            connection,
            provider,
            accounts: accounts.collect(),
            stamps: Stamps::new(engine, asker),
            trouble: None,
        }
    }

    /// The fetch is over. What kept the sink from storing is the answer, if something did; otherwise accounts whose rows all
    /// came go on to the books, also those of which nothing more could be learned. A provider that keeps what it has read shows that
    /// although the bank wants the person: `wants_person` says so, and then each of these accounts is only as new as what is kept.
    pub(crate) async fn end(self, wants_person: Option<&FaultRecord>) -> Result<(), EngineError> {
        if let Some(trouble) = self.trouble {
            return Err(trouble);
        }
        for incoming in self.accounts.values().filter(|incoming| incoming.rows_ended) {
            let fault = wants_person.filter(|_| !incoming.fault_seen).cloned();
            let update = RunAccountUpdate { is_fetched: true, fault, ..RunAccountUpdate::default() };
            self.engine.store.update_run_account(&self.asker, self.lease, incoming.bank_account.id, &update).await?;
        }
        Ok(())
    }

    async fn take(&mut self, provider_account_id: &str, event: FetchEvent) -> Result<(), EngineError> {
        let Some(mut incoming) = self.accounts.remove(provider_account_id) else {
            tracing::warn!("the provider told of an account that was not asked for");
            return Ok(());
        };
        let result = self.take_for(&mut incoming, event).await;
        self.accounts.insert(provider_account_id.to_owned(), incoming);
        self.engine.report_progress();
        result
    }

    async fn take_for(&self, incoming: &mut Incoming, event: FetchEvent) -> Result<(), EngineError> {
        let bank_account = incoming.bank_account.id;
        let update = match event {
            FetchEvent::Step(step) => RunAccountUpdate { step: Some(step), ..RunAccountUpdate::default() },
            FetchEvent::Rows(rows) => {
                for chunk in rows.chunks(ROWS_AT_ONCE) {
                    self.store_rows(incoming, chunk).await?;
                }
                return Ok(());
            }
            FetchEvent::RowsEnd { booked_complete, pending_complete } => {
                incoming.rows_ended = true;
                RunAccountUpdate { complete: Some((booked_complete, pending_complete)), ..RunAccountUpdate::default() }
            }
            FetchEvent::Balances(balances) => {
                let seen_at = self.engine.ambient.now();
                let currency = incoming.bank_account.currency;
                let kept: Vec<_> = balances
                    .iter()
                    .filter(|balance| balance.amount.currency.code == currency)
                    .map(|balance| kept_balance(balance, seen_at))
                    .collect();
                return Ok(self.engine.store.keep_balances(&self.asker, self.lease, bank_account, &kept).await?);
            }
            FetchEvent::Bills(bills) => {
                let stated: Vec<_> = bills.iter().map(|bill| self.stamps.bill(bill)).collect();
                return Ok(self.engine.store.keep_bills(&self.asker, self.lease, bank_account, &stated).await?);
            }
            FetchEvent::Fault(fault) if incoming.fault_seen => {
                tracing::warn!(code = fault.code(), "a further fault of the same account");
                return Ok(());
            }
            FetchEvent::Fault(fault) => {
                incoming.fault_seen = true;
                tracing::warn!(code = fault.code(), status = fault.http_status(), "an account could not be read");
                RunAccountUpdate { fault: Some(fault.into_record()), ..RunAccountUpdate::default() }
            }
        };
        Ok(self.engine.store.update_run_account(&self.asker, self.lease, bank_account, &update).await?)
    }

    async fn store_rows(&self, incoming: &mut Incoming, rows: &[RawRow]) -> Result<(), EngineError> {
        let key = match incoming.key.take() {
            Some(key) => key,
            None => self.engine.raw_row_key(&self.asker, &incoming.bank_account)?,
        };
        let (connector, currencies) = (self.provider.connector.as_ref(), self.provider.currencies());
        // What stands beside the sealed bytes is the bank's, so that it is the same row whichever way its sign is read.
        let reader = self.engine.reader(connector, self.connection, row_account(&incoming.bank_account), currencies);
        let received: Vec<ReceivedRow> =
            rows.iter().map(|raw| self.stamps.received(&reader, &key, &mut incoming.seen, raw)).collect();
        incoming.key = Some(key);
        let days: Vec<Date> = received.iter().filter_map(|row| row.day).collect();
        let bank_account = incoming.bank_account.id;
        let store = &self.engine.store;
        let came = store.receive_rows(&self.asker, self.lease, bank_account, &received).await?;
        let update = RunAccountUpdate {
            step: Some(AccountStep::Rows),
            more_rows: Some((came.stored + came.seen_again, came.seen_again)),
            served: days.iter().min().copied().zip(days.iter().max().copied()),
            ..RunAccountUpdate::default()
        };
        Ok(store.update_run_account(&self.asker, self.lease, bank_account, &update).await?)
    }
}

#[async_trait]
impl Sink for Ingest<'_> {
    async fn accept(&mut self, provider_account_id: &str, event: FetchEvent) -> Result<(), SinkClosed> {
        if self.trouble.is_some() {
            return Err(SinkClosed);
        }
        match self.take(provider_account_id, event).await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.trouble = Some(error);
                Err(SinkClosed)
            }
        }
    }
}

impl Engine {
    /// What reads the rows that a connection brings, with the bank's signs.
    pub(crate) fn reader<'a>(
        &self,
        connector: &'a dyn Connector,
        connection: &'a Connection,
        account: RowAccount,
        currencies: &'a HashMap<CurrencyCode, Currency>,
    ) -> Reader<'a> {
        Reader {
            connector,
            institution_key: &connection.institution_key,
            time_zone: zone_of(connection),
            today: self.today_at(connection),
            account,
            currencies,
            flips_sign: false,
        }
    }

    /// The key that seals a bank account's raw rows.
    pub(crate) fn raw_row_key(&self, asker: &Asker, bank_account: &BankAccount) -> Result<DataKey, EngineError> {
        let place = Place::of(asker.organization, bank_account.id, "bank-account");
        Ok(self.vault.data_key(&bank_account.data_key, place)?)
    }
}
