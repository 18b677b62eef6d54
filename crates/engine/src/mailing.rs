//! Mail: sealed into the database with what it tells about, and sent by the worker until the mail server has taken it.

use std::str::FromStr as _;
use std::time::Duration;

use bankside_domain::{Asker, MailId, Secret};
use bankside_store::{DueMail, NewMail, StoreError};
use bankside_vault::Place;
use jiff::SignedDuration;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio_util::sync::CancellationToken;

use crate::{Engine, EngineError};

/// A mail server that says nothing for so long is not waited for.
const TIMEOUT: Duration = Duration::from_secs(20);
/// A worker that is silent for so long has lost its mail: longer than sending can take with all its answers.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// A worker looks this often even if nothing has been reported: another machine may have written a mail.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// After each try that passes by itself, how long to wait before the next. After the last the mail is given up.
const WAITS_MINS: [i64; 7] = [1, 5, 15, 60, 180, 360, 720];

/// How the mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte, usually on port 465.
    Tls,
    /// TLS from the command `STARTTLS` on, without which nothing is sent; usually on port 587.
    StartTls,
    /// In the clear: for a mail server on the same machine.
    Plain,
}

/// The mail server, as the operator has configured it.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub security: MailSecurity,
    /// Name and password, where it asks for them.
    pub login: Option<(String, Secret)>,
    /// From whom mails are: `Bankside <money@example.org>`, or an address alone.
    pub from: String,
}

impl MailSettings {
    /// Whether a sender can be read as one.
    pub fn is_sender(text: &str) -> bool {
        Mailbox::from_str(text).is_ok()
    }

    /// Connects, signs in where that is asked for, and takes leave without sending anything. Answers why it did not work.
    pub async fn reach(&self) -> Result<(), String> {
        let transport = self.transport().map_err(|error| error.to_string())?;
        match transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("it answers, but does not say that all is well".to_owned()),
            Err(error) => Err(in_words(&error)),
        }
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, EngineError> {
        let tls = || {
            TlsParameters::new(self.host.clone()).map_err(|error| EngineError::Inside(format!("TLS for mail: {error}")))
        };
        let security = match self.security {
            MailSecurity::Tls => Tls::Wrapper(tls()?),
            MailSecurity::StartTls => Tls::Required(tls()?),
            MailSecurity::Plain => Tls::None,
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .tls(security)
            .timeout(Some(TIMEOUT));
        Ok(match &self.login {
            Some((name, password)) => {
                builder.credentials(Credentials::new(name.clone(), password.expose().to_owned())).build()
            }
            None => builder.build(),
        })
    }
}

/// Why a mail was not sent.
struct Unsent {
    /// For people.
    why: String,
    /// Whether trying again may help.
    may_pass: bool,
}

impl Unsent {
    fn for_good(why: impl Into<String>) -> Self {
        Self { why: why.into(), may_pass: false }
    }
}

/// An error with what lies behind it.
fn in_words(error: &lettre::transport::smtp::Error) -> String {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{source}")
}

/// Whether somebody can be written to under this address, as far as its form tells.
pub(crate) fn is_address(text: &str) -> bool {
    lettre::Address::from_str(text).is_ok()
}

impl Engine {
    /// Whether this server sends mail.
    pub fn sends_mail(&self) -> bool {
        self.settings.mail.is_some()
    }

    /// A mail, sealed, where this server sends any.
    pub(crate) fn new_mail(&self, asker: &Asker, subject: String, text: &str) -> Option<NewMail> {
        self.settings.mail.as_ref()?;
        let id: MailId = self.ambient.id();
        let place = Place::of(asker.organization, id, "mail");
        let (key, data_key) = self.vault.new_data_key(place, &self.ambient);
        Some(NewMail { id, subject, data_key, body: key.seal(place, text.as_bytes(), &self.ambient) })
    }

    /// Sends what waits, until it is told to stop.
    pub(crate) async fn carry_mail(&self, stop: &CancellationToken) {
        while self.sends_mail() && !stop.is_cancelled() {
            match self.send_once().await {
                Ok(true) => {}
                Ok(false) => {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = self.mail_due.notified() => {}
                        () = tokio::time::sleep(LOOK_EVERY) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "mail that waits cannot be read");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
    }

    /// Sends the mail that is due longest. Answers whether there was one.
    pub async fn send_once(&self) -> Result<bool, EngineError> {
        let Some(settings) = &self.settings.mail else { return Ok(false) };
        let Some(due) = self.store.claim_mail_as_system(LEASE).await? else { return Ok(false) };
        let kept = match self.send(settings, &due).await {
            Ok(()) => self.store.mail_sent(&due.lease).await,
            Err(unsent) => {
                let tries = usize::try_from(due.lease.attempt).unwrap_or(usize::MAX).saturating_sub(1);
                let wait = WAITS_MINS.get(tries).filter(|_| unsent.may_pass);
                tracing::warn!(mail = %due.lease.id, why = unsent.why, again = wait.is_some(), "a mail was not sent");
                let next_at = wait.map(|minutes| self.ambient.now() + SignedDuration::from_mins(*minutes));
                self.store.mail_failed(&due.lease, &unsent.why, next_at).await
            }
        };
        match kept {
            // Somebody has taken back meanwhile what it tells about, or another worker has it.
            Err(StoreError::LeaseLost) | Ok(()) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&self, settings: &MailSettings, due: &DueMail) -> Result<(), Unsent> {
        let place = Place::of(due.lease.organization, due.lease.id, "mail");
        let text = self.vault.data_key(&due.data_key, place).and_then(|key| key.open(place, &due.body));
        let text = text.map_err(|error| Unsent::for_good(error.to_string()))?;
        let mailbox =
            |text: &str| Mailbox::from_str(text).map_err(|error| Unsent::for_good(format!("{text}: {error}")));
        // The same each time it is tried, so that a mail that was taken twice can be told for one.
        let id = format!("<{}@{}>", due.lease.id, self.settings.public_url.host_str().unwrap_or("bankside"));
        let message = Message::builder()
            .from(mailbox(&settings.from)?)
            .to(mailbox(&due.recipient)?)
            .subject(&due.subject)
            .message_id(Some(id))
            .date(std::time::SystemTime::from(self.ambient.now()))
            .header(ContentType::TEXT_PLAIN)
            .body(String::from_utf8_lossy(&text).into_owned())
            .map_err(|error| Unsent::for_good(error.to_string()))?;
        let transport = settings.transport().map_err(|error| Unsent::for_good(error.to_string()))?;
        match transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(Unsent { why: in_words(&error), may_pass: !error.is_permanent() }),
        }
    }
}
