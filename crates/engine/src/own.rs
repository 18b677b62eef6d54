//! What a person changes of themselves: their address and their password, each with the password that they have.

use bankside_domain::text::tidy;
use bankside_domain::{Asker, Secret};
use bankside_store::{OldAddress, Person, WantedAddress};
use data_encoding::BASE64URL_NOPAD;
use jiff::SignedDuration;

use crate::people::{TRIES_PER_NAME, check_password, token_digest};
use crate::{Engine, EngineError};

/// For so long the link to a new address works.
const LINK_HOURS: i64 = 24;

/// What became of another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressChanged {
    /// It holds.
    AtOnce,
    /// A link was sent there; it holds once that is opened.
    LinkSent,
}

impl Engine {
    /// Gives a person another address, or none if it is blank. Where this server sends mail, a new one holds once the link is opened
    /// that is sent there, and the old one is told.
    pub async fn change_address(
        &self,
        asker: &Asker,
        person: &Person,
        current: Secret,
        email: &str,
    ) -> Result<AddressChanged, EngineError> {
        let email = tidy(email);
        if email.as_deref().is_some_and(|email| !crate::mailing::is_address(email)) {
            return Err(EngineError::invalid("email", "This is no address. One looks like ada@example.org."));
        }
        self.check_own_password(person, current).await?;
        let Some(email) = email else {
            let told = self.mail_to_old_address(asker, person, "no address");
            self.store.set_address(asker, person.id, None, told.as_ref()).await?;
            self.mail_due.notify_one();
            return Ok(AddressChanged::AtOnce);
        };
        let token = BASE64URL_NOPAD.encode(&self.ambient.random::<32>());
        let link = self.settings.public_url.join(&format!("address/{token}"));
        let link = link.map_err(|error| EngineError::Inside(error.to_string()))?;
        let text = format!(
            "{} wants to be reached under this address by Bankside.\n\nThis link makes it so. It works for {LINK_HOURS} hours:\n\n\
             {link}\n\nIf you know nothing of this, leave it: nothing happens without the link.\n",
            person.name
        );
        let Some(mail) = self.new_mail(asker, "Your new address".to_owned(), &text) else {
            self.store.set_address(asker, person.id, Some(&email), None).await?;
            return Ok(AddressChanged::AtOnce);
        };
        let wanted = WantedAddress {
            person: person.id,
            email: email.clone(),
            token_digest: token_digest(&token),
            expires_at: self.ambient.now() + SignedDuration::from_hours(LINK_HOURS),
        };
        let told = self.mail_to_old_address(asker, person, &email);
        self.store.want_address(asker, &wanted, &mail, told.as_ref()).await?;
        self.mail_due.notify_one();
        Ok(AddressChanged::LinkSent)
    }

    /// Whoever reads the old address hears of the change, so that nobody loses theirs without knowing.
    fn mail_to_old_address(&self, asker: &Asker, person: &Person, new: &str) -> Option<OldAddress> {
        let email = person.email.clone()?;
        let text = format!(
            "{} has asked Bankside for {new} in the place of this address.\n\nIf that was not you, change your password, which ends this \
             as well, and tell whoever runs this server: {}\n",
            person.name, self.settings.public_url
        );
        let mail = self.new_mail(asker, "Your address at Bankside".to_owned(), &text)?;
        Some(OldAddress { email, mail })
    }

    /// The address that a person wants and has not confirmed yet.
    pub async fn address_in_waiting(&self, person: &Person) -> Result<Option<String>, EngineError> {
        Ok(self.store.address_in_waiting_as_system(person.id).await?)
    }

    /// Who wants which address by a link, as long as it counts: their name and the address.
    pub async fn wanted_address(&self, token: &str) -> Result<(String, String), EngineError> {
        Ok(self.store.wanted_address_as_system(&token_digest(token)).await?)
    }

    /// The link to a new address was opened: it holds from now on.
    pub async fn take_address(&self, token: &str) -> Result<(), EngineError> {
        Ok(self.store.take_address_as_system(&token_digest(token)).await?)
    }

    /// Gives a person another password and ends their other sessions; the one with this token goes on.
    pub async fn change_password(
        &self,
        person: &Person,
        current: Secret,
        new: Secret,
        token: &str,
    ) -> Result<(), EngineError> {
        check_password(&new)?;
        self.check_own_password(person, current).await?;
        let hash = self.hash_password(new).await?;
        Ok(self.store.set_password_as_system(person.id, &hash, Some(&token_digest(token))).await?)
    }

    /// Looks whether it is really them, as seldom as somebody who signs in may be wrong.
    async fn check_own_password(&self, person: &Person, current: Secret) -> Result<(), EngineError> {
        let bucket = format!("own:{}", person.id);
        let tries_left = self.count_attempt(&bucket, TRIES_PER_NAME).await?;
        let stored = self.store.password_hash_as_system(person.id).await?;
        if self.verify_password(current, stored).await? {
            return self.forget_attempts(&bucket).await;
        }
        let left = if tries_left == 1 { "One more try".to_owned() } else { format!("{tries_left} more tries") };
        Err(EngineError::invalid("current", format!("This is not your password. {left} before a pause.")))
    }
}
