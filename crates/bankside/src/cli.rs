//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use url::Url;

/// Connects banks to books, on your own server.
#[derive(Debug, Parser)]
#[command(name = "bankside", version, about, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the pages and the API, and carry out syncs
    Serve(ServeOptions),
    /// Try everything without keys, bank or internet: a server beside a sandbox of simulated banks
    Demo(DemoOptions),
    /// Serve simulated providers for trying and testing
    Sandbox(SandboxOptions),
    /// Give a person a new password, read from standard input
    SetPassword(PasswordOptions),
    /// List the bank accounts of a sync anew, with their balances, without a sign-in at the bank
    GetAccounts(GetAccountsOptions),
    /// Bring a CSV file of a bank into the books, or look at what would come of it
    Import(Box<ImportOptions>),
    /// See the rules of an organization, try them, apply them, and see what they did
    Rules(RulesOptions),
    /// See what waits in the inbox of an organization, and accept it
    Inbox(InboxOptions),
    /// Say which organizations may sync with banks, where the configuration asks for a subscription
    Subscription(SubscriptionOptions),
    /// Read an answer of a provider from a file, and print its rows as a sync would read them
    Normalize(NormalizeOptions),
    /// Print a new key for the vault, for servers that are given theirs as a secret
    NewKey,
    /// Check configuration, key, database and books, and say what is wrong
    Doctor(ServeOptions),
}

/// Where configuration comes from: these flags, then the environment (`BANKSIDE_…`), then the files.
#[derive(Debug, Args, Clone, Default)]
pub(crate) struct ServeOptions {
    /// The configuration file; ./config.toml is read if it is there. One that ends in .json stands for config.json
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where people reach this server, such as <https://money.example.org>
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    /// Where the database lies, unless `--database-url` says otherwise
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_folder: Option<PathBuf>,
    /// `sqlite://path` or `postgres://user@host/name`
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

/// Whose password.
#[derive(Debug, Args)]
pub(crate) struct PasswordOptions {
    /// Their name or address
    pub(crate) login: String,
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
}

/// Which sync of which organization.
#[derive(Debug, Args)]
pub(crate) struct GetAccountsOptions {
    /// The name of the sync, as Bank integrations shows it
    pub(crate) sync: String,
    /// The organization, by name or id; needed only where there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
}

/// Which file, into what, and how it is read. What is not said is as it was confirmed for the last file with these columns, else guessed.
#[derive(Debug, Args)]
#[command(
    after_help = "Ends with 0 where all is in the books or was there already, with 3 where lines or accounts stayed out, with 1 where nothing \
    was imported because something has to be said or went wrong. Lines that cannot be read are told on standard error with their columns."
)]
pub(crate) struct ImportOptions {
    /// The file
    pub(crate) file: PathBuf,
    /// The account, by name or id
    #[arg(long, value_name = "NAME", required_unless_present = "asset", conflicts_with = "asset")]
    pub(crate) account: Option<String>,
    /// The asset to which the accounts of the file belong, by name, path (`Germany > Site 1`) or id
    #[arg(long, value_name = "NAME")]
    pub(crate) asset: Option<String>,
    /// The organization, by name or id; needed only where there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    /// Only say what would come of it
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Import without the lines that cannot be read
    #[arg(long)]
    pub(crate) leave_out_unreadable: bool,
    /// With --asset: what stands in the file for an account, and that account; may be given several times
    #[arg(long, value_name = "VALUE=ACCOUNT", requires = "asset")]
    pub(crate) map: Vec<String>,
    /// With --asset: what stands in the file for an account whose rows stay out; may be given several times
    #[arg(long, value_name = "VALUE", requires = "asset")]
    pub(crate) leave_out: Vec<String>,
    /// What each column says, in their order, such as `booked_on,payee,ignore,amount`
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,
    /// `day_first`, `month_first` or `year_first`
    #[arg(long, value_name = "ORDER")]
    pub(crate) dates: Option<String>,
    /// What stands before the decimals: `comma` or `point`
    #[arg(long, value_name = "MARK")]
    pub(crate) decimals: Option<String>,
    /// `comma`, `semicolon`, `tab` or `pipe`
    #[arg(long, value_name = "NAME")]
    pub(crate) delimiter: Option<String>,
    /// `utf8`, `windows1252`, `iso885915`, `utf16_le` or `utf16_be`
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
    /// What goes out is positive in the file
    #[arg(long)]
    pub(crate) turn_signs: bool,
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
}

impl ImportOptions {
    /// Whether something is said of how the file is read.
    pub(crate) fn says_how(&self) -> bool {
        let said = [&self.dates, &self.decimals, &self.delimiter, &self.encoding];
        self.columns.is_some() || self.turn_signs || said.iter().any(|said| said.is_some())
    }
}

/// What to do with the rules of which organization.
#[derive(Debug, Args)]
pub(crate) struct RulesOptions {
    #[command(subcommand)]
    pub(crate) what: RulesCommand,
    #[command(flatten)]
    pub(crate) of: OrganizationOptions,
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
}

/// Of which organization, and how it is told.
#[derive(Debug, Args)]
pub(crate) struct OrganizationOptions {
    /// The organization, by name or id; needed only where there are several
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) organization: Option<String>,
    /// Print one JSON object on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// One thing to do with rules.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Show all rules as text, in the order in which they have their turn
    List,
    /// Say what rules would do to the books, and change nothing
    Test {
        /// A rule that is there, by name or id
        #[arg(required_unless_present_any = ["file", "all"], conflicts_with_all = ["file", "all"])]
        rule: Option<String>,
        /// Rules as text, each tried by itself; one takes the place of the rule of its name
        #[arg(long, value_name = "FILE", conflicts_with = "all")]
        file: Option<PathBuf>,
        /// All rules that are on, together
        #[arg(long)]
        all: bool,
    },
    /// Apply a rule, or all that are on, to all of the books, as one change
    Apply {
        /// The rule, by name or id
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        rule: Option<String>,
        /// All rules that are on
        #[arg(long)]
        all: bool,
        /// What `test --all` told as seen; if they would do anything else by now, nothing changes
        #[arg(long, value_name = "WORD", requires = "all")]
        seen: Option<String>,
    },
    /// Show what rules did, the latest first
    History {
        /// Only what this rule did, by name or id
        rule: Option<String>,
        /// How many to skip
        #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        offset: i64,
        /// How many to show, at most 500
        #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=500))]
        limit: i64,
    },
}

/// What to do with the inbox of which organization.
#[derive(Debug, Args)]
pub(crate) struct InboxOptions {
    #[command(subcommand)]
    pub(crate) what: InboxCommand,
    #[command(flatten)]
    pub(crate) of: OrganizationOptions,
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
}

/// One thing to do with the inbox.
#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// Show the rows that wait, the latest first
    List {
        /// Show those that were hidden instead
        #[arg(long)]
        hidden: bool,
        /// How many to skip
        #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        offset: i64,
        /// How many to show, at most 100
        #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=100))]
        limit: i64,
    },
    /// Accept rows, as one change: one without a category gets the one that is suggested, unless that is hardly more than a guess
    #[command(
        after_help = "Ends with 0 where all are accepted, with 3 where some stayed as they were, and with 1 where nothing was done."
    )]
    Accept {
        /// The rows, by id
        #[arg(value_name = "ROW", required_unless_present = "strong", conflicts_with = "strong")]
        rows: Vec<String>,
        /// All that need no thought
        #[arg(long)]
        strong: bool,
        /// The category that they get, by path (`Food > Supermarket`), name or id
        #[arg(long, value_name = "NAME", conflicts_with = "strong")]
        category: Option<String>,
    },
}

/// What to do with subscriptions.
#[derive(Debug, Args)]
pub(crate) struct SubscriptionOptions {
    #[command(subcommand)]
    pub(crate) what: SubscriptionCommand,
    #[command(flatten)]
    pub(crate) serve: ServeOptions,
}

/// One thing to do with subscriptions.
#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// Show every organization with its subscription
    List,
    /// Let an organization sync with banks up to and including a day
    Set {
        /// The organization, by name or id
        organization: String,
        /// The last day, such as 2027-12-31
        #[arg(long, value_name = "DAY")]
        through: jiff::civil::Date,
    },
    /// End an organization's subscription at once; its syncs pause, and what is there stays
    End {
        /// The organization, by name or id
        organization: String,
    },
}

/// What to read, and as whose.
#[derive(Debug, Args)]
pub(crate) struct NormalizeOptions {
    /// Whose answer it is, such as `gocardless`
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: String,
    /// Which bank the provider had it from, by the provider's own id, where reading its rows depends on that
    #[arg(long, value_name = "ID", default_value = "")]
    pub(crate) institution: String,
    /// The answer with transactions; `-` reads standard input
    pub(crate) file: PathBuf,
}

/// Options of the demo.
#[derive(Debug, Args)]
pub(crate) struct DemoOptions {
    /// Do the main job once and end, instead of serving on
    #[arg(long)]
    pub(crate) once: bool,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Where the demo's data lies; it may be deleted at any time
    #[arg(long, value_name = "FOLDER", default_value = "demo-data")]
    pub(crate) data_folder: PathBuf,
    /// The address of the pages; another port is taken where this one is not free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5006")]
    pub(crate) listen: SocketAddr,
    /// The address of the sandbox; another port is taken where this one is not free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5007")]
    pub(crate) sandbox_listen: SocketAddr,
}

/// Options of the sandbox.
#[derive(Debug, Args)]
pub(crate) struct SandboxOptions {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5007")]
    pub(crate) listen: SocketAddr,
    /// Where it is reached, if not at the address it listens on
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    /// Keep its state in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Stop its clock; it moves only on command then
    #[arg(long)]
    pub(crate) frozen: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
