//! How much memory a sync takes at its most, beside what the process had before it: a process of its own measures it, because what an
//! earlier and greater import has given back stays with a process, and would hide what a later one takes.

use std::process::Command;
use std::sync::Arc;

use bankside_connect::Connector;
use bankside_domain::{Ambient, Asker, Role, Secret};
use bankside_engine::Engine;
use bankside_store::Store;
use bankside_testkit::{SeededEntropy, TestClock};
use bankside_vault::{MasterKey, Vault};

use super::bank::{Ids, Memory, row};
use super::house::{House, engine_over};
use super::{Linked, told};

/// What the process that measures is told, in this order: where the books are, their key, whose they are, the connection, the first row
/// that comes, how many, and whether they have ids.
const VARIABLE: &str = "BANKSIDE_IMPORT_MEASURED";
const BETWEEN: char = '\n';

impl Linked {
    /// So many rows come in another process, the first of which are known. Answers with how many KiB it had at its most beside what it
    /// had before; nothing where the system does not say it.
    pub(super) fn import_measured(&mut self, rows: usize, known: usize) -> Option<u64> {
        let first = self.rows - known;
        let House { url, asker, master, .. } = &self.house;
        let master = master.to_text();
        let ids = if self.ids == Ids::Given { "given" } else { "left" };
        let said = [
            url.clone(),
            master.expose().to_owned(),
            asker.organization.to_string(),
            asker.person().unwrap().to_string(),
            self.connection.to_string(),
            first.to_string(),
            rows.to_string(),
            ids.to_owned(),
        ];
        let this = std::env::current_exe().unwrap();
        let output = Command::new(this).env(VARIABLE, said.join(&BETWEEN.to_string())).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.rows = first + rows;
        String::from_utf8(output.stdout).unwrap().trim().parse().ok()
    }
}

/// Whether this process is one that measures; then it has done so.
pub(super) fn measures() -> bool {
    let Ok(said) = std::env::var(VARIABLE) else { return false };
    let said: Vec<&str> = said.split(BETWEEN).collect();
    let [url, master, organization, person, connection, first, rows, ids] = said.try_into().unwrap();
    let kib = told::runtime().block_on(async {
        // Later than whatever the other process has done.
        let ambient = Ambient::new(TestClock::at("2026-11-20T18:00:00Z"), SeededEntropy::new(2));
        let store = Store::open(url, ambient.clone()).await.unwrap();
        let record = store.key_record().await.unwrap().unwrap();
        let vault = Vault::open(&MasterKey::from_text(&Secret::new(master), "benchmark").unwrap(), &record).unwrap();
        let bank = Arc::new(Memory::default());
        let (first, rows): (usize, usize) = (first.parse().unwrap(), rows.parse().unwrap());
        let ids = if ids == "given" { Ids::Given } else { Ids::Left };
        bank.rows.lock().unwrap().extend((first..first + rows).map(|number| row(number, ids)));
        let engine: Engine = engine_over(&store, vault, &ambient, &[bank as Arc<dyn Connector>]);
        let asker = Asker::member(organization.parse().unwrap(), person.parse().unwrap(), Role::Owner);
        let connection = connection.parse().unwrap();
        let before = forget_peak().and_then(|()| status_kib("VmRSS:"));
        engine.sync_connection(&asker, connection).await.unwrap();
        assert!(engine.work_once().await.unwrap());
        let peak = status_kib("VmHWM:");
        let count = engine.accounts(&asker).await.unwrap()[0].account.transaction_count;
        assert_eq!(usize::try_from(count).unwrap(), first + rows, "each row once");
        peak.zip(before).map(|(peak, before)| peak.saturating_sub(before))
    });
    println!("{}", kib.map_or_else(|| "-".to_owned(), |kib| kib.to_string()));
    true
}

/// The most that this process has had is what it has now. Linux alone does that.
fn forget_peak() -> Option<()> {
    std::fs::write("/proc/self/clear_refs", "5").ok()
}

/// A figure of what the system says of this process.
fn status_kib(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name))?.trim().strip_suffix(" kB")?.parse().ok()
}
