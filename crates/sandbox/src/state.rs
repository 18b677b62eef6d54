//! All that the sandbox remembers, and the file it is kept in.
//!
//! What always holds: the file is the state after the last change that was answered. It is written next to its place and
//! renamed, so a crash leaves the old one or the new one. A file that cannot be read stops the start; it is never reset.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::SandboxError;
use crate::clock::ClockState;
use crate::enablebanking;
use crate::finapi;
use crate::gocardless::Records;
use crate::pluggy;
use crate::simplefin;
use crate::sophtron;

const VERSION: u32 = 1;

/// Everything that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    version: u32,
    /// The clock.
    pub(crate) clock: ClockState,
    /// What the simulator of `gocardless` keeps.
    pub(crate) gocardless: Records,
    /// What the simulator of `enablebanking` keeps.
    #[serde(default)]
    pub(crate) enablebanking: enablebanking::Records,
    /// What the simulator of `finapi` keeps.
    #[serde(default)]
    pub(crate) finapi: finapi::Records,
    /// What the simulator of `pluggy` keeps; states of earlier times have none of it.
    #[serde(default)]
    pub(crate) pluggy: pluggy::Records,
    /// What the simulator of `simplefin` keeps.
    #[serde(default)]
    pub(crate) simplefin: simplefin::Records,
    /// What the simulator of `sophtron` keeps.
    #[serde(default)]
    pub(crate) sophtron: sophtron::Records,
}

impl State {
    /// The state of a first start.
    pub(crate) fn new(clock: ClockState, gocardless: Records) -> Self {
        Self {
            version: VERSION,
            clock,
            gocardless,
            enablebanking: enablebanking::Records::default(),
            finapi: finapi::Records::default(),
            pluggy: pluggy::Records::default(),
            simplefin: simplefin::Records::default(),
            sophtron: sophtron::Records::default(),
        }
    }
}

/// Where the state is kept.
#[derive(Debug)]
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Reads the state; `None` when there is no file yet.
    pub(crate) fn load(&self) -> Result<Option<State>, SandboxError> {
        let bytes = match fs::read(&self.0) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        };
        let corrupt = |why: String| SandboxError::Corrupt { path: self.0.clone(), why };
        let state: State = serde_json::from_slice(&bytes).map_err(|error| corrupt(error.to_string()))?;
        if state.version != VERSION {
            return Err(corrupt(format!("it is of version {}, this program writes version {VERSION}", state.version)));
        }
        Ok(Some(state))
    }

    /// Writes the state.
    pub(crate) fn save(&self, state: &State) -> Result<(), SandboxError> {
        if let Some(folder) = self.0.parent().filter(|folder| *folder != Path::new("")) {
            fs::create_dir_all(folder).map_err(|error| self.failed(error))?;
        }
        let text = serde_json::to_vec_pretty(state).map_err(|error| self.failed(error.into()))?;
        let mut beside = self.0.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        fs::write(&beside, text).and_then(|()| fs::rename(&beside, &self.0)).map_err(|error| self.failed(error))
    }

    fn failed(&self, source: std::io::Error) -> SandboxError {
        SandboxError::StateFile { path: self.0.clone(), source }
    }
}
