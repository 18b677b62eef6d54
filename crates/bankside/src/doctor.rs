//! `bankside doctor`: checks everything that can be checked without asking a provider, and says what is wrong.

use std::process::ExitCode;

use bankside_connect::Registry;
use bankside_domain::Ambient;
use bankside_store::Store;

use crate::cli::ServeOptions;
use crate::compose::{self, KeyOrigin};
use crate::configuration::{Configuration, LogFormat};
use crate::subscription::in_words;

/// Findings, in the order in which they were made.
#[derive(Default)]
struct Findings {
    problems: usize,
}

impl Findings {
    #[expect(clippy::unused_self, reason = "reads like its sister")]
    fn good(&self, what: &str, how: impl AsRef<str>) {
        println!("  ok       {what}: {}", how.as_ref());
    }

    #[expect(clippy::unused_self, reason = "reads like its sister")]
    fn note(&self, what: &str, how: impl AsRef<str>) {
        println!("  note     {what}: {}", how.as_ref());
    }

    fn problem(&mut self, what: &str, how: impl AsRef<str>) {
        self.problems += 1;
        println!("  PROBLEM  {what}: {}", how.as_ref());
    }
}

pub(crate) async fn run(options: &ServeOptions) -> anyhow::Result<ExitCode> {
    compose::start_log("error", LogFormat::Text)?;
    let mut findings = Findings::default();
    println!("bankside {}", env!("CARGO_PKG_VERSION"));
    match Configuration::read(options) {
        Ok(configuration) => {
            findings.good("configuration", configuration.sources.join("; "));
            for note in &configuration.notes {
                findings.note("configuration", note);
            }
            check_address(&configuration, &mut findings);
            check_providers(&configuration, &mut findings);
            for (key, fixed) in &configuration.features {
                findings.note(
                    "features",
                    format!("{key} is {} by {}", if fixed.is_on { "on" } else { "off" }, fixed.read_from),
                );
            }
            check_mail(&configuration, &mut findings).await;
            check_data(&configuration, &mut findings).await;
        }
        Err(error) => findings.problem("configuration", format!("{error:#}")),
    }
    Ok(match findings.problems {
        0 => {
            println!("Nothing is wrong.");
            ExitCode::SUCCESS
        }
        1 => {
            println!("One problem.");
            ExitCode::FAILURE
        }
        many => {
            println!("{many} problems.");
            ExitCode::FAILURE
        }
    })
}

fn check_address(configuration: &Configuration, findings: &mut Findings) {
    let listen = configuration.listen;
    if configuration.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
        && configuration.trusted_proxies.is_empty()
    {
        findings.note(
            "proxy",
            "reached by https, so through a proxy, but trusted_proxies is empty: failed sign-ins of anybody count for everybody",
        );
    }
    match &configuration.public_url {
        Some(url) if url.scheme() == "http" && !listen.ip().is_loopback() => {
            findings.note("address", format!("{url} is plain http: passwords can be read on the way"));
        }
        Some(url) => findings.good("address", format!("listens on {listen}, reached at {url}")),
        None if listen.ip().is_loopback() => {
            findings.good("address", format!("listens on {listen}, reached from this machine alone"));
        }
        None => findings.problem(
            "address",
            format!("listens on {listen}, but public_url does not say where people reach it; providers could not send them back"),
        ),
    }
}

fn check_providers(configuration: &Configuration, findings: &mut Findings) {
    for descriptor in Registry::all().descriptors() {
        let name = descriptor.name;
        match configuration.providers.get(descriptor.id) {
            Some(settings) if settings.is_off => findings.note(name, "switched off"),
            Some(settings) => {
                let keys = settings.keys.as_ref();
                let keys = keys.map_or_else(own_keys, |keys| format!("keys from {}", keys.read_from));
                let place = settings.base_url.as_ref().map_or_else(String::new, |url| format!(", at {url}"));
                findings.good(name, format!("{keys}{place}"));
            }
            None => findings.good(name, own_keys()),
        }
    }
}

/// Whether the mail server lets us in, as far as that can be told without sending anything.
async fn check_mail(configuration: &Configuration, findings: &mut Findings) {
    let Some(mail) = &configuration.mail else {
        return findings.note(
            "mail",
            "none is sent, for want of a section [mail]: links of invitations are passed on by hand, and who does not look at the \
             overview does not hear of access that ends",
        );
    };
    let place = format!("{}, port {}", mail.host, mail.port);
    match mail.reach().await {
        Ok(()) if mail.login.is_some() => {
            findings.good("mail", format!("{place} answers, and takes name and password"))
        }
        Ok(()) => findings.good("mail", format!("{place} answers")),
        Err(why) => findings.problem("mail", format!("{place}: {why}")),
    }
}

fn own_keys() -> String {
    "no keys configured; organizations type their own".to_owned()
}

async fn check_data(configuration: &Configuration, findings: &mut Findings) {
    let ambient = crate::ambient::system();
    let shown = compose::shown(&configuration.database_url);
    let store = match compose::open_store(&configuration.database_url, &ambient).await {
        Ok(store) => store,
        Err(error) => return findings.problem("database", format!("{error:#}")),
    };
    findings.good("database", format!("{} at {shown}, up to date", store.engine()));
    match compose::open_vault(&store, &configuration.key_file, &ambient).await {
        Ok((_, KeyOrigin::File)) => {
            findings.good("vault", format!("opens with the key file {}", configuration.key_file.display()));
            check_key_file(configuration, findings);
        }
        Ok((_, KeyOrigin::Environment)) => findings.good("vault", "opens with the key from the environment"),
        Ok((_, KeyOrigin::Passphrase)) => findings.note("vault", "opens with a passphrase; syncs wait after a restart"),
        Err(error) => findings.problem("vault", format!("{error:#}")),
    }
    check_subscriptions(configuration, &store, &ambient, findings).await;
    match store.accounts_that_do_not_add_up_as_system().await {
        Ok(wrong) if wrong.is_empty() => findings.good("books", "every account's sums are those of its rows"),
        Ok(wrong) => {
            for account in wrong {
                findings.problem("books", format!("the sums beside account {account} are not those of its rows"));
            }
        }
        Err(error) => findings.problem("books", error.to_string()),
    }
    store.close().await;
}

/// Who may sync with banks, where that takes a subscription.
async fn check_subscriptions(configuration: &Configuration, store: &Store, ambient: &Ambient, findings: &mut Findings) {
    if !configuration.requires_subscription {
        return;
    }
    match store.subscriptions_as_system().await {
        Ok(kept) => {
            for one in kept {
                let standing = in_words(one.standing(ambient.now()));
                findings.note("subscription", format!("{}: {standing}", one.organization.name));
            }
        }
        Err(error) => findings.problem("subscription", error.to_string()),
    }
}

#[cfg(unix)]
fn check_key_file(configuration: &Configuration, findings: &mut Findings) {
    use std::os::unix::fs::PermissionsExt;
    if let Ok(data) = std::fs::metadata(&configuration.key_file)
        && data.permissions().mode() & 0o077 != 0
    {
        findings.note("vault", "others on this machine can read the key file; chmod 600 keeps it to its owner");
    }
}

#[cfg(not(unix))]
fn check_key_file(_configuration: &Configuration, _findings: &mut Findings) {}
