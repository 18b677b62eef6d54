//! Sealing: XChaCha20-Poly1305 with a fresh random nonce, bound to the place where the sealed text lies.

use std::fmt;

use bankside_domain::{Ambient, OrganizationId};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::VaultError;

const VERSION_PLAIN: u8 = 1;
const VERSION_COMPRESSED: u8 = 2;
const NONCE_LENGTH: usize = 24;

/// A raw row is at most this long once it is unpacked.
const MAX_UNPACKED_BYTES: usize = 4 * 1024 * 1024;

/// Where a sealed text lies. It opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The organization; `None` only for what belongs to the installation.
    pub organization: Option<OrganizationId>,
    /// The row's id.
    pub subject: Option<[u8; 16]>,
    /// The column.
    pub field: &'static str,
}

impl Place {
    /// A field of a row of an organization.
    pub fn of(organization: OrganizationId, subject: impl bankside_domain::Id, field: &'static str) -> Self {
        Self { organization: Some(organization), subject: Some(*subject.uuid().as_bytes()), field }
    }

    /// What a sealed text is bound to: its own version byte and this place.
    fn bound(&self, version: u8) -> Vec<u8> {
        use bankside_domain::Id;
        let mut bytes = Vec::with_capacity(35 + self.field.len());
        bytes.push(version);
        for part in [self.organization.map(|id| *id.uuid().as_bytes()), self.subject] {
            bytes.push(u8::from(part.is_some()));
            bytes.extend(part.unwrap_or_default());
        }
        bytes.extend_from_slice(self.field.as_bytes());
        bytes
    }
}

/// A sealed text: one version byte, the nonce, the ciphertext with its tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

/// A data key, wrapped by the master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey(Sealed);

/// A key that seals the secrets of one thing.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl Sealed {
    /// What was kept.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What to keep.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl WrappedKey {
    /// What was kept.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Sealed(bytes))
    }

    /// What to keep.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(redacted)")
    }
}

impl DataKey {
    pub(crate) fn generate(ambient: &Ambient) -> Self {
        Self(Zeroizing::new(ambient.random()))
    }

    pub(crate) fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn wrap(&self, key: &Self, place: Place, ambient: &Ambient) -> WrappedKey {
        WrappedKey(self.seal(place, key.0.as_slice(), ambient))
    }

    pub(crate) fn unwrap(&self, wrapped: &WrappedKey, place: Place) -> Result<Self, VaultError> {
        let bytes = self.open(place, &wrapped.0)?;
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| VaultError::Damaged)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Seals a text for a place.
    pub fn seal(&self, place: Place, text: &[u8], ambient: &Ambient) -> Sealed {
        self.seal_as(VERSION_PLAIN, place, text, ambient)
    }

    /// Compresses and seals: for raw rows, which are many and repeat themselves.
    pub fn seal_compressed(&self, place: Place, text: &[u8], ambient: &Ambient) -> Sealed {
        self.seal_as(VERSION_COMPRESSED, place, &lz4_flex::block::compress_prepend_size(text), ambient)
    }

    fn seal_as(&self, version: u8, place: Place, text: &[u8], ambient: &Ambient) -> Sealed {
        let nonce: [u8; NONCE_LENGTH] = ambient.random();
        let aad = place.bound(version);
        let payload = Payload { msg: text, aad: &aad };
        // Encryption fails only for texts of 256 GiB and more.
        let ciphertext = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        let mut bytes = Vec::with_capacity(1 + NONCE_LENGTH + ciphertext.len());
        bytes.push(version);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&ciphertext);
        Sealed(bytes)
    }

    /// Opens a sealed text in its place.
    pub fn open(&self, place: Place, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (version, rest) = sealed.0.split_first().ok_or(VaultError::Damaged)?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LENGTH).ok_or(VaultError::Damaged)?;
        let nonce: [u8; NONCE_LENGTH] = nonce.try_into().map_err(|_| VaultError::Damaged)?;
        let aad = place.bound(*version);
        let payload = Payload { msg: ciphertext, aad: &aad };
        let text = self.cipher().decrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError::Damaged)?;
        let text = Zeroizing::new(text);
        match *version {
            VERSION_PLAIN => Ok(text),
            VERSION_COMPRESSED => unpack(&text).map(Zeroizing::new),
            _ => Err(VaultError::Damaged),
        }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.0).into())
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let (size, _) = lz4_flex::block::uncompressed_size(packed).map_err(|_| VaultError::Damaged)?;
    if size > MAX_UNPACKED_BYTES {
        return Err(VaultError::Damaged);
    }
    lz4_flex::block::decompress_size_prepended(packed).map_err(|_| VaultError::Damaged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tests::ambient;

    const HERE: Place = Place { organization: None, subject: Some([7; 16]), field: "raw" };

    proptest! {
        #[test]
        fn what_is_sealed_opens_again_and_only_here(text in prop::collection::vec(any::<u8>(), 0..2000)) {
            let ambient = ambient();
            let key = DataKey::generate(&ambient);
            for sealed in [key.seal(HERE, &text, &ambient), key.seal_compressed(HERE, &text, &ambient)] {
                prop_assert_eq!(&*key.open(HERE, &sealed).unwrap(), &text);
                let elsewhere = Place { subject: Some([8; 16]), ..HERE };
                prop_assert!(key.open(elsewhere, &sealed).is_err());
                prop_assert!(DataKey::generate(&ambient).open(HERE, &sealed).is_err());
            }
        }

        #[test]
        fn a_changed_byte_is_noticed(at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let ambient = ambient();
            let key = DataKey::generate(&ambient);
            let mut bytes = key.seal(HERE, b"a canary sings", &ambient).as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(key.open(HERE, &Sealed::from_bytes(bytes)).is_err());
        }
    }

    #[test]
    fn raw_rows_are_stored_small() {
        let ambient = ambient();
        let key = DataKey::generate(&ambient);
        let row =
            br#"{"amount":"1.00","amount":"1.00","amount":"1.00","amount":"1.00","amount":"1.00","amount":"1.00"}"#;
        assert!(key.seal_compressed(HERE, row, &ambient).as_bytes().len() < row.len());
    }
}
