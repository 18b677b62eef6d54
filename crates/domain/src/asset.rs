//! Assets: the nodes of an organization's tree, of any depth, to which accounts belong.
//!
//! What may be done to the tree is decided here ([`refused`]), and so is where something stood on which day ([`places`]).

pub mod places;
pub mod refused;
pub mod tree;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::places::{Earlier, Places, Stay};
pub use self::refused::AssetRefused;
pub use self::tree::{SEPARATOR, Tree};
use crate::AssetId;

/// The field of a change to the asset that an account belongs to. Its value is all of its [`Places`], absent where it has never
/// belonged to one.
pub const ASSET: &str = "asset";

/// What an asset is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    /// It gives the tree its order: a country, a fund, a project.
    Structuring,
    /// It earns: a plant, a house.
    Production,
}

impl AssetKind {
    /// Every kind, in the order in which people are offered them.
    pub const ALL: [Self; 2] = [Self::Structuring, Self::Production];

    /// The kind as people read it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Structuring => "Structuring",
            Self::Production => "Production",
        }
    }
}

/// How far an asset has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetStage {
    /// It is being looked at and does not exist yet: no account belongs to it.
    Conceptual,
    /// It is there.
    Active,
}

impl AssetStage {
    /// Every stage, in the order in which people are offered them.
    pub const ALL: [Self; 2] = [Self::Active, Self::Conceptual];

    /// The stage as people read it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Conceptual => "Conceptual",
            Self::Active => "Active",
        }
    }
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Which one.
    pub id: AssetId,
    /// What it stands under; `None` is the organization itself.
    pub parent: Option<AssetId>,
    /// Its name, which none of the open ones beside it has.
    pub name: String,
    /// What it is for.
    pub kind: AssetKind,
    /// How far it has come.
    pub stage: AssetStage,
    /// Its place among those beside it: the smaller comes first.
    pub position: i64,
    /// The day from which it is closed.
    pub closed_on: Option<Date>,
}
