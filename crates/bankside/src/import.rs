//! `bankside import`: brings a statement file into the books, as the pages do.

mod report;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use bankside_domain::statement::{AssetFileStage, FileStage};
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, AssetFileId, AssetId, SourceId};
use bankside_engine::csv::Profile;
use bankside_engine::{
    AssetFileView, Engine, EngineError, FileChoice, FileGuess, FileSaid, FileView, ShareGround, code_in_file,
};

use self::report::{Report, Said};
use crate::cli::ImportOptions;
use crate::compose;
use crate::naming::{is_called, only};

/// Another process may have the file; it is looked after again so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(crate) async fn run(options: &ImportOptions) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(&options.file).with_context(|| format!("{}", options.file.display()))?;
    let name = options.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (engine, store) = compose::engine_for_a_command(&options.serve).await?;
    let organization = compose::organization(&engine, options.organization.as_deref()).await?;
    let asker = Asker::system(organization.id);
    let work = Work { engine: &engine, asker: &asker, options };
    let report = match (&options.account, &options.asset) {
        (Some(account), _) => work.bring_to_account(account, &name, &bytes).await,
        (None, Some(asset)) => work.bring_to_asset(asset, &name, &bytes).await,
        (None, None) => bail!("say --account or --asset"),
    };
    store.close().await;
    let report = match report {
        Ok(report) => report,
        Err(error) => Report::failed(&name, format!("{error:#}")),
    };
    Ok(report.tell(options))
}

/// What all steps need.
struct Work<'a> {
    engine: &'a Engine,
    asker: &'a Asker,
    options: &'a ImportOptions,
}

impl Work<'_> {
    async fn bring_to_account(&self, wanted: &str, name: &str, bytes: &[u8]) -> anyhow::Result<Report> {
        let account = self.account(wanted).await?;
        if self.engine.file_offer(self.asker, account).await?.open.is_some() {
            bail!("somebody has begun with another file of this account; import it or let it go first");
        }
        let id = self.engine.upload_file(self.asker, account, name, bytes).await?;
        let done = self.finish_account(account, id, name).await;
        // What has not come into the books is not left lying about.
        if self.engine.statement_file(self.asker, account, id).await?.stage != FileStage::Done {
            self.engine.discard_file(self.asker, account, id).await?;
        }
        done
    }

    async fn finish_account(&self, account: AccountId, id: SourceId, name: &str) -> anyhow::Result<Report> {
        // A file that leaves nothing open is read at once, and until that is done nothing else can be said of it.
        let mut view = self.settled(account, id).await?;
        let mut is_said = !self.options.says_how() && view.stage != FileStage::Open;
        while !is_said {
            let asked = |error| asked(error, &view.profile, view.asks());
            let choice = self.choice(&view.profile, view.asks()).map_err(asked)?;
            self.engine.choose_columns(self.asker, account, id, &choice).await.map_err(asked)?;
            is_said = is_of(&choice, &view.profile);
            view = self.engine.statement_file(self.asker, account, id).await?;
        }
        let view = self.settled(account, id).await?;
        if view.stage == FileStage::Open {
            bail!("it has to be said how this file is read");
        }
        if let Some(problem) = &view.problem {
            bail!("{problem}");
        }
        let would = Report::of(name, vec![Said::of(&view)], 0);
        if !self.goes_on(&would) {
            return Ok(would);
        }
        self.engine.import_file(self.asker, account, id, None, self.options.leave_out_unreadable).await?;
        let done = self.settled(account, id).await?;
        Ok(would.after(&[done]))
    }

    async fn bring_to_asset(&self, wanted: &str, name: &str, bytes: &[u8]) -> anyhow::Result<Report> {
        let asset = self.asset(wanted).await?;
        if self.engine.asset_file_offer(self.asker, asset).await?.open.is_some() {
            bail!("somebody has begun with another file of this asset; import it or let it go first");
        }
        let id = self.engine.upload_asset_file(self.asker, asset, name, bytes).await?;
        let done = self.finish_asset(asset, id, name).await;
        if self.engine.asset_file(self.asker, asset, id).await?.stage != AssetFileStage::Done {
            self.engine.discard_asset_file(self.asker, asset, id).await?;
        }
        done
    }

    async fn finish_asset(&self, asset: AssetId, id: AssetFileId, name: &str) -> anyhow::Result<Report> {
        let mut view = self.engine.asset_file(self.asker, asset, id).await?;
        let mut is_said = !self.options.says_how() && !view.shares.is_empty();
        while !is_said {
            let asked = |error| asked(error, &view.profile, view.asks());
            let choice = self.choice(&view.profile, view.asks()).map_err(asked)?;
            self.engine.choose_asset_columns(self.asker, asset, id, &choice).await.map_err(asked)?;
            is_said = is_of(&choice, &view.profile);
            view = self.engine.asset_file(self.asker, asset, id).await?;
        }
        let chosen = self.chosen(&view)?;
        let begun = view.accounts.iter().filter(|one| view.begun.contains(&one.id) && chosen.contains(&Some(one.id)));
        let begun: Vec<&str> = begun.map(|account| account.name.as_str()).collect();
        if !begun.is_empty() {
            let names = begun.join(", ");
            bail!("somebody has begun with another file of {names}; import it or let it go first");
        }
        self.engine.divide_asset_file(self.asker, asset, id, &chosen).await?;
        let view = self.settled_at(asset, id).await?;
        if let Some((part, problem)) = view.parts.iter().find_map(|part| Some((part, part.problem.as_ref()?))) {
            bail!("{}: {problem}", part.account.account.name);
        }
        let would = Report::of(name, view.parts.iter().map(Said::of).collect(), view.left_out_lines());
        if !self.goes_on(&would) {
            return Ok(would);
        }
        self.engine.import_asset_file(self.asker, asset, id, None, self.options.leave_out_unreadable).await?;
        let done = self.settled_at(asset, id).await?;
        Ok(would.after(&done.parts))
    }

    /// Whether what would come of it is to be done.
    fn goes_on(&self, would: &Report) -> bool {
        !self.options.dry_run
            && would.brings_anything()
            && (would.unreadable() == 0 || self.options.leave_out_unreadable)
    }

    /// Works until nothing is to be done about a file, or another process has done it.
    async fn settled(&self, account: AccountId, id: SourceId) -> anyhow::Result<FileView> {
        loop {
            self.engine.work_off_files().await?;
            self.engine.wait_for_file(self.asker, account, id, LOOK_EVERY).await?;
            let view = self.engine.statement_file(self.asker, account, id).await?;
            if !view.stage.is_due() {
                return Ok(view);
            }
        }
    }

    async fn settled_at(&self, asset: AssetId, id: AssetFileId) -> anyhow::Result<AssetFileView> {
        loop {
            self.engine.work_off_files().await?;
            self.engine.wait_for_asset_file(self.asker, asset, id, LOOK_EVERY).await?;
            let view = self.engine.asset_file(self.asker, asset, id).await?;
            if !view.is_busy() {
                return Ok(view);
            }
        }
    }

    /// How the file is read: as it was guessed or remembered, but for what is said.
    fn choice(&self, known: &Profile, asks: Option<&FileGuess>) -> Result<FileChoice, EngineError> {
        let options = self.options;
        let said = FileSaid {
            encoding: options.encoding.as_deref(),
            delimiter: options.delimiter.as_deref(),
            columns: options.columns.as_deref(),
            dates: options.dates.as_deref(),
            decimals: options.decimals.as_deref(),
            turns_sign: options.turn_signs.then_some(true),
        };
        FileChoice::said(&said, known, asks)
    }

    /// The account of each value: as it is said, else as it was matched. What is matched with none has to be said.
    fn chosen(&self, view: &AssetFileView) -> anyhow::Result<Vec<Option<AccountId>>> {
        let mut said: Vec<(&str, Option<AccountId>)> = Vec::new();
        for pair in &self.options.map {
            let (value, wanted) = pair.rsplit_once('=').context("--map needs VALUE=ACCOUNT")?;
            let found = view.accounts.iter().filter(|one| is_called(wanted, one.id, &one.name));
            said.push((value, Some(only("account of this asset", wanted, found.map(|one| one.id))?)));
        }
        said.extend(self.options.leave_out.iter().map(|value| (value.as_str(), None)));
        if let Some((value, _)) = said.iter().find(|(value, _)| view.shares.iter().all(|share| share.named != *value)) {
            bail!("“{value}” does not stand in the column that names the account");
        }
        let mut open = Vec::new();
        let chosen = view.shares.iter().map(|share| {
            if let Some((_, account)) = said.iter().find(|(value, _)| *value == share.named) {
                return *account;
            }
            if share.account.is_none() && share.ground == ShareGround::Nothing {
                open.push(format!("“{}” ({} lines)", share.named, share.lines));
            }
            share.account
        });
        let chosen = chosen.collect();
        if open.is_empty() {
            return Ok(chosen);
        }
        bail!(
            "say which account these are (--map VALUE=ACCOUNT), or that they stay out (--leave-out VALUE): {}",
            open.join(", ")
        )
    }

    async fn account(&self, wanted: &str) -> anyhow::Result<AccountId> {
        let accounts = self.engine.accounts(self.asker).await?;
        let found = accounts.iter().map(|view| &view.account).filter(|one| is_called(wanted, one.id, &one.name));
        only("account", wanted, found.map(|one| one.id))
    }

    /// By id, by name, or by its path.
    async fn asset(&self, wanted: &str) -> anyhow::Result<AssetId> {
        let tree = self.engine.tree(self.asker).await?;
        let found = tree.all().iter().filter(|one| {
            is_called(wanted, one.id, &one.name) || fold(&tree.path(one.id)) == fold(&wanted.replace('>', "▸"))
        });
        only("asset", wanted, found.map(|one| one.id))
    }
}

/// What the file leaves open, with the option that says it, and the columns that there are.
fn asked(error: EngineError, profile: &Profile, asks: Option<&FileGuess>) -> anyhow::Error {
    let EngineError::Invalid { field, message } = &error else { return error.into() };
    let columns = profile.columns.iter().enumerate();
    let columns: Vec<String> =
        columns.map(|(at, role)| format!("{}: {}", profile.name_of(at), code_in_file(role))).collect();
    let samples = asks.into_iter().flat_map(|guess| &guess.columns).filter(|(_, samples)| !samples.is_empty());
    let samples: Vec<String> = samples.map(|(name, samples)| format!("{name}: {}", samples.join(" · "))).collect();
    anyhow::anyhow!("{message} (--{field})\nIts columns: {}\n{}", columns.join(", "), samples.join("\n"))
}

/// Whether a choice is about columns that were read in its own letters and with its own separator. Where it is not, they are guessed anew by
/// it, and what else it says is said of those.
fn is_of(choice: &FileChoice, known: &Profile) -> bool {
    (choice.encoding, choice.delimiter) == (known.encoding, known.delimiter)
}
