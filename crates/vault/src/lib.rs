//! The vault: credentials, tokens and raw rows, sealed.
//!
//! What it is for: envelope encryption. A master key, which never lies beside the data, wraps data keys; a data key seals the
//! secrets of one credential, one connection or one bank account. Each sealed text is bound to its [`Place`], so that it
//! cannot be moved to another organization, row or field.
//! What it is not: it keeps nothing; the store does. It reads no clock and makes no randomness of its own.
//! What always holds: the wrong master key is noticed before anything else happens ([`Vault::open`]).

mod digest;
pub mod key;
mod seal;

pub use digest::{Digester, Purpose};
pub use key::MasterKey;
pub use seal::{DataKey, Place, Sealed, WrappedKey};

use bankside_domain::{Ambient, OrganizationId};
use hkdf::Hkdf;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What can go wrong in the vault.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The master key is not the one that sealed this database.
    #[error(
        "this key (id {given}) did not seal this database, which needs the key with id {needed}; \
         bring back the right key file, or set BANKSIDE_VAULT_KEY"
    )]
    WrongKey {
        /// The id of the key that was given.
        given: String,
        /// The id of the key that the database names.
        needed: String,
    },
    /// A sealed text was changed, moved, or sealed with another key.
    #[error("a sealed value could not be opened: it was changed, moved or sealed with another key")]
    Damaged,
    /// The key file could not be read or written.
    #[error("the key file {path}: {source}")]
    KeyFile {
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key is not in the form that we write.
    #[error("{place} does not hold a Bankside key: expected “bankside-key-1:” and 43 characters")]
    Malformed {
        /// Where it was read.
        place: String,
    },
    /// A passphrase could not be turned into a key.
    #[error("the passphrase could not be used: {0}")]
    Passphrase(String),
}

/// What the database keeps about its keys: nothing that opens anything by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The id of the master key.
    pub key_id: Vec<u8>,
    /// What only that master key can produce.
    pub check: Vec<u8>,
    /// The key behind all digests, wrapped.
    pub identity: WrappedKey,
    /// The salt, when the master key comes from a passphrase.
    pub passphrase_salt: Option<Vec<u8>>,
}

/// An open vault.
pub struct Vault {
    wrapping: DataKey,
    identity: DataKey,
}

impl Vault {
    /// Starts a new database: makes its identity key and the record to keep with it.
    pub fn create(master: &MasterKey, passphrase_salt: Option<Vec<u8>>, ambient: &Ambient) -> (Self, KeyRecord) {
        let wrapping = wrapping_key(master);
        let identity = DataKey::generate(ambient);
        let wrapped = wrapping.wrap(&identity, identity_place(), ambient);
        let record = KeyRecord {
            key_id: master.id().to_vec(),
            check: check_value(master).to_vec(),
            identity: wrapped,
            passphrase_salt,
        };
        (Self { wrapping, identity }, record)
    }

    /// Opens the vault of an existing database; a wrong master key is an error that names both keys.
    pub fn open(master: &MasterKey, record: &KeyRecord) -> Result<Self, VaultError> {
        if !bool::from(check_value(master).as_slice().ct_eq(&record.check)) {
            return Err(VaultError::WrongKey {
                given: key::id_text(&master.id()),
                needed: key::id_text(&record.key_id),
            });
        }
        let wrapping = wrapping_key(master);
        let identity = wrapping.unwrap(&record.identity, identity_place())?;
        Ok(Self { wrapping, identity })
    }

    /// A fresh data key, and its wrapped form to keep.
    pub fn new_data_key(&self, place: Place, ambient: &Ambient) -> (DataKey, WrappedKey) {
        let key = DataKey::generate(ambient);
        let wrapped = self.wrapping.wrap(&key, place, ambient);
        (key, wrapped)
    }

    /// Unwraps a data key that was kept.
    pub fn data_key(&self, wrapped: &WrappedKey, place: Place) -> Result<DataKey, VaultError> {
        self.wrapping.unwrap(wrapped, place)
    }

    /// What makes digests of one kind for one organization; equal texts of two organizations have different digests.
    pub fn digester(&self, organization: OrganizationId, purpose: Purpose) -> Digester {
        Digester::new(self.identity.bytes(), organization, purpose)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(open)")
    }
}

fn identity_place() -> Place {
    Place { organization: None, subject: None, field: "identity-key" }
}

fn wrapping_key(master: &MasterKey) -> DataKey {
    DataKey::from_bytes(derive(master.bytes(), b"bankside wrapping key 1"))
}

fn check_value(master: &MasterKey) -> Zeroizing<[u8; 32]> {
    derive(master.bytes(), b"bankside check value 1")
}

/// Derives a key of 32 bytes. Expanding to one hash length cannot fail.
pub(crate) fn derive(key: &[u8], label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    let expanded = Hkdf::<Sha256>::new(None, key).expand(label, out.as_mut_slice());
    debug_assert!(expanded.is_ok());
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use bankside_domain::{Clock, Entropy};

    use super::*;

    struct Counter(AtomicU64);

    impl Clock for Counter {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }
    }

    impl Entropy for Counter {
        fn fill(&self, out: &mut [u8]) {
            for chunk in out.chunks_mut(8) {
                let next = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                chunk.copy_from_slice(&next[..chunk.len()]);
            }
        }
    }

    pub(crate) fn ambient() -> Ambient {
        let counter = Arc::new(Counter(AtomicU64::new(1)));
        Ambient::new(counter.clone(), counter)
    }

    #[test]
    fn the_right_key_opens_and_the_wrong_one_says_so() {
        let ambient = ambient();
        let master = MasterKey::generate(&ambient);
        let (vault, record) = Vault::create(&master, None, &ambient);
        let again = Vault::open(&master, &record).unwrap();
        let organization: OrganizationId = ambient.id();
        let text = [b"DE89".as_slice()];
        assert_eq!(
            vault.digester(organization, Purpose::BankAccount).digest(&text),
            again.digester(organization, Purpose::BankAccount).digest(&text)
        );

        let other = MasterKey::generate(&ambient);
        let error = Vault::open(&other, &record).unwrap_err();
        assert!(matches!(&error, VaultError::WrongKey { .. }), "{error}");
        assert!(error.to_string().contains(&key::id_text(&master.id())));
    }

    #[test]
    fn data_keys_cannot_be_moved_to_another_place() {
        let ambient = ambient();
        let (vault, _) = Vault::create(&MasterKey::generate(&ambient), None, &ambient);
        let organization: OrganizationId = ambient.id();
        let place = |field| Place { organization: Some(organization), subject: None, field };
        let (_, wrapped) = vault.new_data_key(place("remote"), &ambient);
        assert!(vault.data_key(&wrapped, place("remote")).is_ok());
        assert!(matches!(vault.data_key(&wrapped, place("credentials")), Err(VaultError::Damaged)));
    }
}
