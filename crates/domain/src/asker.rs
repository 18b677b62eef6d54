//! Who is asking, and what they may do.

use serde::{Deserialize, Serialize};

use crate::id::{AssetId, OrganizationId, PersonId};

/// What an organization is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationKind {
    /// People who keep house together.
    Household,
    /// A company, a club, an asset manager.
    Company,
}

/// The place of a person in an organization, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees.
    Viewer,
    /// Sees and books, inside what they may see.
    Member,
    /// Also manages banks, assets, categories and people.
    Admin,
    /// Also owns the organization itself.
    Owner,
}

/// Something that not everyone may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// See accounts, transactions and status.
    SeeBooks,
    /// Add and change transactions and accounts.
    EditBooks,
    /// Keep provider keys, connect and end bank connections, start syncs.
    ManageBanks,
    /// Add, rename, move and close assets, and say which account belongs to which.
    ManageAssets,
    /// Invite people and change their roles.
    ManagePeople,
    /// Change what holds for every organization of this server. No role carries it; the operator has it.
    RunInstallation,
}

impl Role {
    /// Whether this role carries the right.
    pub fn may(self, right: Right) -> bool {
        let least = match right {
            Right::SeeBooks => Self::Viewer,
            Right::EditBooks => Self::Member,
            Right::ManageBanks | Right::ManageAssets | Right::ManagePeople => Self::Admin,
            Right::RunInstallation => return false,
        };
        self >= least
    }
}

/// Who is asking. Every scoped method of the store takes one first and answers only for its organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// The organization that is asked about.
    pub organization: OrganizationId,
    /// The person, or the installation itself (a run, a clean-up).
    pub actor: Actor,
}

/// The one behind an [`Asker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A member of the organization.
    Member {
        /// Who.
        person: PersonId,
        /// Their role there.
        role: Role,
        /// Where their sight ends: one asset and what lies below it. `None` sees all.
        only_below: Option<AssetId>,
    },
    /// Bankside itself, working for the organization.
    System,
}

/// A right that the asker does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this needs the right to {}", .0.in_words())]
pub struct Denied(pub Right);

impl Right {
    /// The right as the end of a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::SeeBooks => "see the books",
            Self::EditBooks => "change the books",
            Self::ManageBanks => "manage banks",
            Self::ManageAssets => "manage assets",
            Self::ManagePeople => "manage people",
            Self::RunInstallation => "run this server",
        }
    }
}

impl Asker {
    /// Bankside itself, working for an organization.
    pub const fn system(organization: OrganizationId) -> Self {
        Self { organization, actor: Actor::System }
    }

    /// A member who sees the whole organization.
    pub const fn member(organization: OrganizationId, person: PersonId, role: Role) -> Self {
        Self { organization, actor: Actor::Member { person, role, only_below: None } }
    }

    /// The person, unless it is Bankside itself.
    pub fn person(&self) -> Option<PersonId> {
        match self.actor {
            Actor::Member { person, .. } => Some(person),
            Actor::System => None,
        }
    }

    /// Whether the right is there.
    pub fn may(&self, right: Right) -> bool {
        match self.actor {
            // Restricted sight needs every query to filter by asset; until then it sees nothing rather than too much.
            Actor::Member { only_below: Some(_), .. } => false,
            Actor::Member { role, only_below: None, .. } => role.may(right),
            Actor::System => true,
        }
    }

    /// The right, or an error that names it.
    pub fn require(&self, right: Right) -> Result<(), Denied> {
        if self.may(right) { Ok(()) } else { Err(Denied(right)) }
    }
}
