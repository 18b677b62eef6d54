//! Keyed digests: what must be compared, but not be read, by whoever sees the database.

use bankside_domain::reconcile::Digest;
use bankside_domain::{Id, OrganizationId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::derive;

/// What a digest is for. Digests of two purposes never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Match keys of bank accounts.
    BankAccount,
    /// Ids of feed rows.
    RowId,
    /// Contents of feed rows.
    Fingerprint,
    /// Feed rows, byte for byte.
    Raw,
    /// Sets of provider keys.
    Keys,
    /// Addresses to which providers post notices.
    Notice,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::BankAccount => b"bank account",
            Self::RowId => b"row id",
            Self::Fingerprint => b"fingerprint",
            Self::Raw => b"raw",
            Self::Keys => b"keys",
            Self::Notice => b"notice",
        }
    }
}

/// Makes digests of one purpose for one organization.
#[derive(Clone)]
pub struct Digester(Hmac<Sha256>);

impl Digester {
    pub(crate) fn new(identity: &[u8; 32], organization: OrganizationId, purpose: Purpose) -> Self {
        let mut label = b"bankside digest 1 ".to_vec();
        label.extend_from_slice(purpose.label());
        label.extend_from_slice(organization.uuid().as_bytes());
        // The key of an HMAC is padded to one block; shorter keys are padded with zeros by definition.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block[..32].copy_from_slice(derive(identity, &label).as_slice());
        Self(Hmac::new(&block))
    }

    /// The digest of a list of parts; where one part ends and the next begins makes a difference.
    pub fn digest(&self, parts: &[&[u8]]) -> Digest {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let full = mac.finalize().into_bytes();
        let mut digest = [0; 16];
        digest.copy_from_slice(&full[..16]);
        Digest(digest)
    }
}

impl std::fmt::Debug for Digester {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digester")
    }
}
