//! People: the first start, signing in, sessions, and the throttle on guessing.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use bankside_domain::text::tidy;
use bankside_domain::{Asker, CurrencyCode, FormatChoice, OrganizationId, OrganizationKind, PersonId, Secret};
use bankside_store::{Membership, NewPerson, Person, Throttle};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::members::NewOrganizationInput;
use crate::{Engine, EngineError};

/// The shortest password that is taken.
const MIN_PASSWORD_CHARS: usize = 8;
/// Longer ones only cost time to hash.
const MAX_PASSWORD_CHARS: usize = 1024;
const MAX_NAME_CHARS: usize = 100;
const SESSION_DAYS: i64 = 30;

/// Failed tries of one name before a pause, and of one address.
pub(crate) const TRIES_PER_NAME: i64 = 5;
const TRIES_PER_ADDRESS: i64 = 30;
const FIRST_PAUSE_SECS: i64 = 60;
const LONGEST_PAUSE_SECS: i64 = 3600;
/// After this long without a failure the count starts over.
const FORGET_AFTER_HOURS: i64 = 24;

/// What the first start asks for.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// The person's name, with which they sign in.
    pub name: String,
    /// Their address, if they give one.
    pub email: Option<String>,
    /// Their password, typed once.
    pub password: Secret,
    /// The name of the organization.
    pub organization: String,
    /// What it is.
    pub kind: OrganizationKind,
    /// The currency in which it counts.
    pub currency: CurrencyCode,
    /// The IANA name of its time zone.
    pub time_zone: String,
}

/// Somebody who has just signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Who.
    pub person: PersonId,
    /// The token for the cookie. Only its digest is kept.
    pub token: Secret,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Engine {
    /// Whether nobody can sign in yet, because nobody has been set up.
    pub async fn needs_set_up(&self) -> Result<bool, EngineError> {
        Ok(!self.store.has_people_as_system().await?)
    }

    /// The first start: makes the operator and their organization, and signs them in.
    pub async fn set_up(&self, input: SetUp) -> Result<SignedIn, EngineError> {
        const SET_UP_ALREADY: EngineError = EngineError::Conflict("this installation has been set up already");
        if !self.needs_set_up().await? {
            return Err(SET_UP_ALREADY);
        }
        let name = required("name", &input.name, "Say who you are: you sign in with this name.")?;
        let email = input.email.as_deref().and_then(tidy);
        if email.as_deref().is_some_and(|email| !email.contains('@')) {
            return Err(EngineError::invalid("email", "An address has an @ in it."));
        }
        check_password(&input.password)?;
        let new = NewOrganizationInput {
            name: input.organization,
            kind: input.kind,
            currency: input.currency,
            time_zone: input.time_zone,
        };
        let new = new.checked()?;
        let password_hash = self.hash_password(input.password).await?;
        let person = NewPerson { name, email, password_hash, is_operator: true };
        let (person, organization) = self.store.set_up_as_system(&person, &new).await?.ok_or(SET_UP_ALREADY)?;
        let asker = Asker::member(organization, person, bankside_domain::Role::Owner);
        self.store.audit(&asker, "installation.set_up", &organization.to_string(), "").await?;
        self.start_session(person).await
    }

    /// Signs in with name or address. `address` is where the attempt comes from; it is throttled like the name.
    ///
    /// An attempt is counted before its password is looked at and given back when it fits, so that many at once are not more
    /// than many one after the other.
    pub async fn sign_in(&self, login: &str, password: Secret, address: &str) -> Result<SignedIn, EngineError> {
        let by_name = format!("name:{}", bankside_domain::text::fold(login).chars().take(120).collect::<String>());
        let by_address = format!("address:{address}");
        self.count_attempt(&by_address, TRIES_PER_ADDRESS).await?;
        let tries_left = match self.count_attempt(&by_name, TRIES_PER_NAME).await {
            Ok(left) => left,
            Err(error) => {
                self.give_attempt_back(&by_address).await?;
                return Err(error);
            }
        };
        let found = self.store.person_by_login_as_system(login).await?;
        // An unknown name takes as long as a wrong password.
        let stored = found.as_ref().map(|found| found.password_hash.clone());
        let fits = self.verify_password(password, stored).await?;
        let Some(found) = found.filter(|_| fits) else {
            return Err(EngineError::WrongPassword { tries_left });
        };
        self.give_attempt_back(&by_address).await?;
        self.forget_attempts(&by_name).await?;
        self.start_session(found.person.id).await
    }

    /// Forgets the attempts of somebody who has turned out to be who they are.
    pub(crate) async fn forget_attempts(&self, bucket: &str) -> Result<(), EngineError> {
        let now = self.ambient.now();
        let forgotten = Throttle { failures: 0, blocked_until: now, changed_at: now };
        Ok(self.store.rewrite_throttle_as_system(bucket, |_| forgotten).await?)
    }

    /// Sets a person's password anew and ends their sessions.
    pub async fn set_password(&self, login: &str, password: Secret) -> Result<(), EngineError> {
        check_password(&password)?;
        let found = self.store.person_by_login_as_system(login).await?.ok_or(EngineError::NotFound("the person"))?;
        let password_hash = self.hash_password(password).await?;
        Ok(self.store.set_password_as_system(found.person.id, &password_hash, None).await?)
    }

    /// The person behind a session's token.
    pub async fn session(&self, token: &str) -> Result<Option<Person>, EngineError> {
        Ok(self.store.session_person_as_system(&token_digest(token)).await?)
    }

    /// Keeps how a person reads figures and days.
    pub async fn set_formats(&self, person: PersonId, formats: FormatChoice) -> Result<(), EngineError> {
        Ok(self.store.set_formats_as_system(person, formats).await?)
    }

    /// Signs out.
    pub async fn sign_out(&self, token: &str) -> Result<(), EngineError> {
        Ok(self.store.end_session_as_system(&token_digest(token)).await?)
    }

    /// Everywhere a person belongs.
    pub async fn memberships(&self, person: PersonId) -> Result<Vec<Membership>, EngineError> {
        Ok(self.store.memberships_as_system(person).await?)
    }

    /// A person's place in one organization, and them as one who asks about it.
    pub async fn membership(&self, person: PersonId, organization: OrganizationId) -> Result<Membership, EngineError> {
        Ok(self.store.membership_as_system(person, organization).await?)
    }

    pub(crate) async fn start_session(&self, person: PersonId) -> Result<SignedIn, EngineError> {
        let token = BASE64URL_NOPAD.encode(&self.ambient.random::<32>());
        let expires_at = self.ambient.now() + SignedDuration::from_hours(24 * SESSION_DAYS);
        self.store.start_session_as_system(person, &token_digest(&token), expires_at).await?;
        Ok(SignedIn { person, token: Secret::new(token), expires_at })
    }

    /// Counts an attempt as if it had failed and answers how many are left before a pause, or that there is one.
    pub(crate) async fn count_attempt(&self, bucket: &str, tries: i64) -> Result<i64, EngineError> {
        let now = self.ambient.now();
        let mut answer = Ok(0);
        let rewrite = |before: Throttle| {
            if before.blocked_until > now {
                answer = Err(EngineError::Throttled { until: before.blocked_until });
                return before;
            }
            let is_recent = before.changed_at + SignedDuration::from_hours(FORGET_AFTER_HOURS) > now;
            let failures = if is_recent { before.failures } else { 0 } + 1;
            let pause_secs = match u32::try_from(failures - tries) {
                Ok(times) => FIRST_PAUSE_SECS.saturating_mul(1_i64.checked_shl(times.min(20)).unwrap_or(i64::MAX)),
                Err(_) => 0,
            };
            answer = Ok((tries - failures).max(0));
            // Without a pause nobody is kept out, not even one whose clock was read a moment earlier.
            let blocked_until = match pause_secs {
                0 => before.blocked_until,
                secs => now + SignedDuration::from_secs(secs.min(LONGEST_PAUSE_SECS)),
            };
            Throttle { failures, blocked_until, changed_at: now }
        };
        self.store.rewrite_throttle_as_system(bucket, rewrite).await?;
        answer
    }

    async fn give_attempt_back(&self, bucket: &str) -> Result<(), EngineError> {
        let now = self.ambient.now();
        let rewrite = |before: Throttle| Throttle {
            failures: (before.failures - 1).max(0),
            blocked_until: before.blocked_until.min(now),
            ..before
        };
        Ok(self.store.rewrite_throttle_as_system(bucket, rewrite).await?)
    }

    /// Compares a password with a stored hash, or with one that nobody's password has.
    pub(crate) async fn verify_password(&self, password: Secret, stored: Option<String>) -> Result<bool, EngineError> {
        /// The hash of nothing that anybody knows, so that unknown names cost the same.
        const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$\
                              CWRmjqMdpWZXTvNZEXKkTVFI9NGnFYDjj9jPfLB4YWQ";
        self.hashing(move || {
            let text = stored.as_deref().unwrap_or(NOBODY);
            let hash = PasswordHash::new(text).map_err(|error| EngineError::Inside(error.to_string()))?;
            let fits = hasher()?.verify_password(password.expose().as_bytes(), &hash).is_ok();
            Ok(fits && stored.is_some())
        })
        .await
    }

    /// Hashes beside the threads that answer, few at a time: each takes much memory, and strangers can ask for it.
    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let _place = self.hashes.acquire().await.map_err(|error| EngineError::Inside(error.to_string()))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| EngineError::Inside(error.to_string()))?
    }

    pub(crate) async fn hash_password(&self, password: Secret) -> Result<String, EngineError> {
        let salt = self.ambient.random::<16>();
        self.hashing(move || {
            let hash: Result<PasswordHash, _> = hasher()?.hash_password_with_salt(password.expose().as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|error| EngineError::Inside(error.to_string()))
        })
        .await
    }
}

/// Argon2id with 19 MiB and two passes, as OWASP recommends.
fn hasher() -> Result<Argon2<'static>, EngineError> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| EngineError::Inside(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

pub(crate) fn token_digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

pub(crate) fn check_password(password: &Secret) -> Result<(), EngineError> {
    let length = password.expose().chars().count();
    if length < MIN_PASSWORD_CHARS {
        return Err(EngineError::invalid("password", format!("Use at least {MIN_PASSWORD_CHARS} characters.")));
    }
    if length > MAX_PASSWORD_CHARS {
        return Err(EngineError::invalid("password", format!("Use at most {MAX_PASSWORD_CHARS} characters.")));
    }
    Ok(())
}

/// A text that must be there, tidied.
pub(crate) fn required(field: &'static str, text: &str, says: &str) -> Result<String, EngineError> {
    let text = tidy(text).ok_or_else(|| EngineError::invalid(field, says))?;
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(EngineError::invalid(field, format!("Use at most {MAX_NAME_CHARS} characters.")));
    }
    Ok(text)
}
