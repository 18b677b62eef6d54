//! The master key: from a file that never lies in the data folder, from the environment, or from a passphrase.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use bankside_domain::{Ambient, Secret};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use zeroize::Zeroizing;

use crate::{VaultError, derive};

const PREFIX: &str = "bankside-key-1:";
const SALT_LENGTH: usize = 16;

/// Memory for a passphrase, in KiB, and the number of passes over it.
const PASSPHRASE_MEMORY_KIB: u32 = 64 * 1024;
const PASSPHRASE_PASSES: u32 = 3;

/// The key above all keys. It is wiped from memory when dropped.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey(id {})", id_text(&self.id()))
    }
}

impl MasterKey {
    /// A new random key.
    pub fn generate(ambient: &Ambient) -> Self {
        Self(Zeroizing::new(ambient.random()))
    }

    /// The textual form, as it stands in a key file or in the environment.
    pub fn to_text(&self) -> Secret {
        Secret::new(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(self.bytes())))
    }

    /// Reads the textual form, as it stands in a key file or in the environment.
    pub fn from_text(text: &Secret, place: &str) -> Result<Self, VaultError> {
        let malformed = || VaultError::Malformed { place: place.to_owned() };
        let encoded = text.expose().trim().strip_prefix(PREFIX).ok_or_else(malformed)?;
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| malformed())?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| malformed())?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Stretches a passphrase with Argon2id. Runs for about a tenth of a second.
    pub fn from_passphrase(passphrase: &Secret, salt: &[u8]) -> Result<Self, VaultError> {
        let error = |error: argon2::Error| VaultError::Passphrase(error.to_string());
        let params = Params::new(PASSPHRASE_MEMORY_KIB, PASSPHRASE_PASSES, 1, Some(32)).map_err(error)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), salt, key.as_mut_slice())
            .map_err(error)?;
        Ok(Self(key))
    }

    /// A salt for a new passphrase.
    pub fn new_salt(ambient: &Ambient) -> Vec<u8> {
        ambient.random::<SALT_LENGTH>().to_vec()
    }

    /// Reads the key file, or makes it, with a new key, for its owner alone.
    pub fn from_file_or_new(path: &Path, ambient: &Ambient) -> Result<Self, VaultError> {
        match Self::from_file(path) {
            Err(VaultError::KeyFile { source, .. }) if source.kind() == ErrorKind::NotFound => {
                Self::write_new(path, ambient)
            }
            result => result,
        }
    }

    /// Reads the key file.
    pub fn from_file(path: &Path) -> Result<Self, VaultError> {
        let mut text = String::new();
        File::open(path).and_then(|mut file| file.read_to_string(&mut text)).map_err(|error| failed(path, error))?;
        Self::from_text(&Secret::new(text), &format!("the key file {}", path.display()))
    }

    fn write_new(path: &Path, ambient: &Ambient) -> Result<Self, VaultError> {
        let key = Self::generate(ambient);
        let text = Zeroizing::new(format!("{}\n", key.to_text().expose()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(path, error))?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| failed(path, error))?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| failed(path, error))?;
        Ok(key)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Names the key without telling anything about it.
    pub fn id(&self) -> [u8; 6] {
        let derived = derive(self.bytes(), b"bankside key id 1");
        let mut id = [0; 6];
        id.copy_from_slice(&derived[..6]);
        id
    }
}

/// A key id as people read it.
pub fn id_text(id: &[u8]) -> String {
    HEXLOWER.encode(id)
}

fn failed(path: &Path, source: std::io::Error) -> VaultError {
    VaultError::KeyFile { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::ambient;

    #[test]
    fn a_key_file_is_made_once_and_read_again() {
        let folder = std::env::temp_dir().join(format!("bankside-key-test-{}", std::process::id()));
        let path = folder.join("nested").join("test.key");
        let made = MasterKey::from_file_or_new(&path, &ambient()).unwrap();
        let read = MasterKey::from_file_or_new(&path, &ambient()).unwrap();
        assert_eq!(made.id(), read.id());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, "not a key").unwrap();
        let error = MasterKey::from_file_or_new(&path, &ambient()).unwrap_err();
        assert!(matches!(error, VaultError::Malformed { .. }), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_passphrase_gives_the_same_key_for_the_same_salt() {
        let salt = MasterKey::new_salt(&ambient());
        let passphrase = Secret::new("correct horse");
        let key = MasterKey::from_passphrase(&passphrase, &salt).unwrap();
        assert_eq!(key.id(), MasterKey::from_passphrase(&passphrase, &salt).unwrap().id());
        assert_ne!(key.id(), MasterKey::from_passphrase(&Secret::new("battery"), &salt).unwrap().id());
        assert!(!format!("{key:?}").contains("horse"));
    }
}
