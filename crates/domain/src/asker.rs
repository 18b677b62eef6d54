//! Who is asking, and what they may do.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, AssetId, OrganizationId, PersonId};

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
    /// Add, rename, move and close assets, and move accounts between them.
    ManageAssets,
    /// Add, rename and remove categories.
    ManageCategories,
    /// Add, change, order and apply rules.
    ManageRules,
    /// Invite people and change their roles.
    ManagePeople,
    /// Change what holds for every organization of this server. No role carries it; the operator has it.
    RunInstallation,
    /// Write what only syncing writes. Nobody carries it but Bankside itself.
    Work,
}

impl Role {
    /// Whether this role carries the right.
    pub fn may(self, right: Right) -> bool {
        let least = match right {
            Right::SeeBooks => Self::Viewer,
            Right::EditBooks => Self::Member,
            Right::ManageBanks
            | Right::ManageAssets
            | Right::ManageCategories
            | Right::ManageRules
            | Right::ManagePeople => Self::Admin,
            Right::RunInstallation | Right::Work => return false,
        };
        self >= least
    }
}

/// Who is asking. Every scoped method of the store takes one first and answers only for its organization. For a member, the store
/// makes it anew for each request from what is in the books then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The organization that is asked about.
    pub organization: OrganizationId,
    /// The person, or the installation itself (a run, a clean-up).
    pub actor: Actor,
}

/// The one behind an [`Asker`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A member of the organization.
    Member {
        /// Who.
        person: PersonId,
        /// Their role there.
        role: Role,
        /// How far they see.
        sight: Sight,
    },
    /// Bankside itself, working for the organization.
    System,
}

/// How far somebody sees in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// All of it.
    Whole,
    /// One asset, what lies below it, and the accounts that hang there.
    Below(Arc<Below>),
}

/// An asset below which somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Below {
    /// The asset.
    pub asset: AssetId,
    /// The accounts of it and of what lies below it.
    pub accounts: BTreeSet<AccountId>,
}

impl Sight {
    /// Below one asset, with these accounts.
    pub fn below(asset: AssetId, accounts: impl IntoIterator<Item = AccountId>) -> Self {
        Self::Below(Arc::new(Below { asset, accounts: accounts.into_iter().collect() }))
    }

    /// Whether an account is in sight. Ids of other organizations are none of its business: they lead nowhere anyway.
    pub fn has(&self, account: AccountId) -> bool {
        self.accounts().is_none_or(|accounts| accounts.contains(&account))
    }

    /// The accounts to which sight is restricted; `None` where it is not.
    pub fn accounts(&self) -> Option<&BTreeSet<AccountId>> {
        match self {
            Self::Whole => None,
            Self::Below(below) => Some(&below.accounts),
        }
    }

    /// The asset below which somebody sees; `None` where they see all.
    pub fn asset(&self) -> Option<AssetId> {
        match self {
            Self::Whole => None,
            Self::Below(below) => Some(below.asset),
        }
    }
}

/// That somebody has been asked for a right. The store opens no connection to its database without one, so that a method which
/// forgets to ask does not compile.
#[derive(Debug)]
pub struct Granted(());

impl Granted {
    /// For what belongs to the installation and to no organization, and for what reads across organizations.
    pub const fn as_system() -> Self {
        Self(())
    }
}

/// A right that the asker does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this needs the right to {}{}", right.in_words(), if *is_in_part { " of the whole organization, not of a part" } else { "" })]
pub struct Denied {
    /// Which one.
    pub right: Right,
    /// Whether they have it within their sight, and it takes it in all of the organization.
    pub is_in_part: bool,
}

impl Denied {
    /// A right that somebody has nowhere.
    pub const fn of(right: Right) -> Self {
        Self { right, is_in_part: false }
    }
}

/// Why somebody does not get at an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// They lack the right wherever it is.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It is out of their sight: to them there is no such account.
    #[error("the account was not found")]
    Hidden,
}

impl Right {
    /// The right as the end of a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::SeeBooks => "see the books",
            Self::EditBooks => "change the books",
            Self::ManageBanks => "manage banks",
            Self::ManageAssets => "manage assets",
            Self::ManageCategories => "manage categories",
            Self::ManageRules => "manage rules",
            Self::ManagePeople => "manage people",
            Self::RunInstallation => "run this server",
            Self::Work => "do what Bankside itself does",
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
        Self { organization, actor: Actor::Member { person, role, sight: Sight::Whole } }
    }

    /// The person, unless it is Bankside itself.
    pub fn person(&self) -> Option<PersonId> {
        match self.actor {
            Actor::Member { person, .. } => Some(person),
            Actor::System => None,
        }
    }

    /// Their role; Bankside itself does what an owner may.
    pub fn role(&self) -> Role {
        match self.actor {
            Actor::Member { role, .. } => role,
            Actor::System => Role::Owner,
        }
    }

    /// How far they see.
    pub fn sight(&self) -> &Sight {
        match &self.actor {
            Actor::Member { sight, .. } => sight,
            Actor::System => &Sight::Whole,
        }
    }

    /// Whether there is anything that they do not see.
    pub fn is_restricted(&self) -> bool {
        self.sight().accounts().is_some()
    }

    /// Whether an account is in their sight.
    pub fn sees(&self, account: AccountId) -> bool {
        self.sight().has(account)
    }

    /// Whether the right is there, for all that they see. Whoever does not see all manages nothing that belongs to all.
    pub fn may(&self, right: Right) -> bool {
        match &self.actor {
            Actor::Member { role, sight, .. } => {
                role.may(right) && (*sight == Sight::Whole || matches!(right, Right::SeeBooks | Right::EditBooks))
            }
            Actor::System => true,
        }
    }

    /// The right in the whole organization, or an error that names it. Whoever does not see all has none of these: what asks in
    /// this way need not filter.
    pub fn require(&self, right: Right) -> Result<Granted, Denied> {
        let has_it = self.may(right);
        if has_it && !self.is_restricted() { Ok(Granted(())) } else { Err(Denied { right, is_in_part: has_it }) }
    }

    /// The right to one account.
    pub fn require_account(&self, right: Right, account: AccountId) -> Result<Granted, Barred> {
        let (granted, sight) = self.require_within(right)?;
        if sight.has(account) { Ok(granted) } else { Err(Barred::Hidden) }
    }

    /// The right within their sight, with that sight: whatever is read or written must be held against it.
    pub fn require_within(&self, right: Right) -> Result<(Granted, &Sight), Denied> {
        if self.may(right) { Ok((Granted(()), self.sight())) } else { Err(Denied::of(right)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Right; 9] = [
        Right::SeeBooks,
        Right::EditBooks,
        Right::ManageBanks,
        Right::ManageAssets,
        Right::ManageCategories,
        Right::ManageRules,
        Right::ManagePeople,
        Right::RunInstallation,
        Right::Work,
    ];

    fn restricted(role: Role) -> Asker {
        let sight = Sight::below(AssetId::from(uuid::Uuid::from_u128(1)), [account(1)]);
        let person = PersonId::from(uuid::Uuid::from_u128(2));
        Asker {
            organization: OrganizationId::from(uuid::Uuid::from_u128(3)),
            actor: Actor::Member { person, role, sight },
        }
    }

    fn account(number: u128) -> AccountId {
        AccountId::from(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn roles_carry_each_what_the_weaker_one_carries_and_more() {
        let rights = |role: Role| ALL.iter().filter(|right| role.may(**right)).count();
        assert_eq!([Role::Viewer, Role::Member, Role::Admin, Role::Owner].map(rights), [1, 2, 7, 7]);
    }

    #[test]
    fn whoever_is_restricted_has_no_right_in_the_whole_organization() {
        for role in [Role::Viewer, Role::Member, Role::Admin, Role::Owner] {
            for right in ALL {
                let denied = Denied {
                    right,
                    is_in_part: matches!(right, Right::SeeBooks | Right::EditBooks) && role.may(right),
                };
                assert_eq!(restricted(role).require(right).map(|_| ()), Err(denied), "{role:?} {right:?}");
            }
            assert!(!restricted(role).may(Right::ManagePeople));
        }
    }

    #[test]
    fn whoever_has_a_right_in_part_is_told_that_it_takes_the_whole() {
        let says = |right| restricted(Role::Member).require(right).map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            says(Right::SeeBooks),
            "this needs the right to see the books of the whole organization, not of a part"
        );
        assert_eq!(says(Right::ManageBanks), "this needs the right to manage banks");
    }

    #[test]
    fn an_account_out_of_sight_is_not_there_and_a_missing_right_is_told_first() {
        let viewer = restricted(Role::Viewer);
        assert!(viewer.require_account(Right::SeeBooks, account(1)).is_ok());
        assert_eq!(viewer.require_account(Right::SeeBooks, account(2)).map(|_| ()), Err(Barred::Hidden));
        let denied = Err(Barred::Denied(Denied::of(Right::EditBooks)));
        assert_eq!(viewer.require_account(Right::EditBooks, account(1)).map(|_| ()), denied);
        assert_eq!(viewer.require_account(Right::EditBooks, account(2)).map(|_| ()), denied);
        let system = Asker::system(viewer.organization);
        assert!(system.require_account(Right::Work, account(2)).is_ok());
    }
}
