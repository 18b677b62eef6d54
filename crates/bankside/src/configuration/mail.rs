//! The section `[mail]`: the server that takes our mail.

use anyhow::bail;
use bankside_domain::Secret;
use bankside_engine::{MailSecurity, MailSettings};
use serde::Deserialize;

/// The section as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenMail {
    host: String,
    port: Option<u16>,
    #[serde(default)]
    security: Security,
    user: Option<String>,
    password: Option<String>,
    from: String,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Security {
    Tls,
    #[default]
    StartTls,
    None,
}

impl std::fmt::Debug for WrittenMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WrittenMail").field("host", &self.host).finish_non_exhaustive()
    }
}

impl WrittenMail {
    /// What the engine works with; says what is missing.
    pub(super) fn checked(self) -> anyhow::Result<MailSettings> {
        if self.host.trim().is_empty() {
            bail!("mail.host names the mail server, such as mail.example.org");
        }
        if !MailSettings::is_sender(&self.from) {
            bail!(
                "mail.from must be an address such as money@example.org, or “Bankside <money@example.org>”, not “{}”",
                self.from
            );
        }
        let login = match (self.user, self.password) {
            (Some(user), Some(password)) => Some((user, Secret::new(password))),
            (None, None) => None,
            (Some(_), None) => bail!("mail.user is set and mail.password is not"),
            (None, Some(_)) => bail!("mail.password is set and mail.user is not"),
        };
        let (security, usual_port) = match self.security {
            Security::Tls => (MailSecurity::Tls, 465),
            Security::StartTls => (MailSecurity::StartTls, 587),
            Security::None => (MailSecurity::Plain, 25),
        };
        let is_here = matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if security == MailSecurity::Plain && login.is_some() && !is_here {
            bail!("mail.security = \"none\" would send mail.password over the network in the clear");
        }
        Ok(MailSettings { host: self.host, port: self.port.unwrap_or(usual_port), security, login, from: self.from })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(host: &str, security: Security, password: Option<&str>, from: &str) -> anyhow::Result<MailSettings> {
        let password = password.map(str::to_owned);
        let user = password.as_ref().map(|_| "money".to_owned());
        WrittenMail { host: host.into(), port: None, security, user, password, from: from.into() }.checked()
    }

    #[test]
    fn the_port_follows_from_how_the_server_is_spoken_to() {
        let settings = |security| written("mail.example.org", security, None, "Bankside <money@example.org>").unwrap();
        assert_eq!(settings(Security::StartTls).port, 587);
        assert_eq!(settings(Security::Tls).port, 465);
        assert_eq!(settings(Security::None).port, 25);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        let clear = written("mail.example.org", Security::None, Some("opensesame"), "money@example.org");
        let said = clear.unwrap_err().to_string();
        assert!(said.contains("in the clear") && !said.contains("opensesame"), "{said}");
        assert!(written("127.0.0.1", Security::None, Some("opensesame"), "money@example.org").is_ok());
        assert!(written("", Security::Tls, None, "money@example.org").unwrap_err().to_string().contains("mail.host"));
        assert!(written("x", Security::Tls, None, "nobody").unwrap_err().to_string().contains("mail.from"));
    }
}
