//! Members: who may give which place to whom, so that an organization always has an owner.

use crate::asker::Role;

/// For how long an invitation can be accepted.
pub const INVITATION_DAYS: i64 = 7;

/// The place that a member is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Their role.
    pub role: Role,
    /// Whether they are to see one asset and what lies below it, and nothing else.
    pub is_restricted: bool,
}

/// Why somebody does not get a place, or does not lose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceRefused {
    /// Only owners make owners, and take that back.
    OnlyOwners,
    /// Somebody has to own the organization.
    LastOwner,
    /// Whoever manages banks and people has to see all of it.
    MustSeeAll,
}

impl PlaceRefused {
    /// Why, as a sentence without its full stop.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::OnlyOwners => "only an owner makes somebody an owner, or changes the place of one",
            Self::LastOwner => "this is the only owner: make somebody else an owner first",
            Self::MustSeeAll => "owners and admins see everything: choose another group, or no restriction",
        }
    }
}

/// Whether somebody with a role may put a member from one place to another. `from` is `None` for who joins, `to` is `None` for who
/// goes; `other_owners` counts the owners beside this member.
pub fn may_place(by: Role, from: Option<Role>, to: Option<Place>, other_owners: u64) -> Result<(), PlaceRefused> {
    if to.is_some_and(|to| to.is_restricted && to.role >= Role::Admin) {
        return Err(PlaceRefused::MustSeeAll);
    }
    let is_about_owner = from == Some(Role::Owner) || to.is_some_and(|to| to.role == Role::Owner);
    if is_about_owner && by != Role::Owner {
        return Err(PlaceRefused::OnlyOwners);
    }
    may_give_up(from, to, other_owners)
}

/// Whether a member may go by themselves.
pub fn may_leave(role: Role, other_owners: u64) -> Result<(), PlaceRefused> {
    may_give_up(Some(role), None, other_owners)
}

fn may_give_up(from: Option<Role>, to: Option<Place>, other_owners: u64) -> Result<(), PlaceRefused> {
    let stays_owner = to.is_some_and(|to| to.role == Role::Owner);
    if from == Some(Role::Owner) && !stays_owner && other_owners == 0 { Err(PlaceRefused::LastOwner) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 4] = [Role::Viewer, Role::Member, Role::Admin, Role::Owner];

    fn place(role: Role) -> Place {
        Place { role, is_restricted: false }
    }

    #[test]
    fn an_organization_never_loses_its_last_owner() {
        for by in ROLES {
            for to in [None, Some(place(Role::Admin)), Some(place(Role::Viewer))] {
                let refused = may_place(by, Some(Role::Owner), to, 0).unwrap_err();
                let why = if by == Role::Owner { PlaceRefused::LastOwner } else { PlaceRefused::OnlyOwners };
                assert_eq!(refused, why);
            }
        }
        assert_eq!(may_place(Role::Owner, Some(Role::Owner), Some(place(Role::Owner)), 0), Ok(()));
        assert_eq!(may_place(Role::Owner, Some(Role::Owner), None, 1), Ok(()));
        assert_eq!(may_leave(Role::Owner, 0), Err(PlaceRefused::LastOwner));
        assert_eq!(may_leave(Role::Owner, 1), Ok(()));
        assert_eq!(may_leave(Role::Admin, 0), Ok(()));
    }

    #[test]
    fn only_owners_make_owners() {
        for from in [None, Some(Role::Viewer), Some(Role::Admin)] {
            assert_eq!(may_place(Role::Admin, from, Some(place(Role::Owner)), 1), Err(PlaceRefused::OnlyOwners));
            assert_eq!(may_place(Role::Owner, from, Some(place(Role::Owner)), 1), Ok(()));
            assert_eq!(may_place(Role::Admin, from, Some(place(Role::Admin)), 1), Ok(()));
        }
    }

    #[test]
    fn whoever_manages_sees_all() {
        for role in ROLES {
            let to = Some(Place { role, is_restricted: true });
            let refused = may_place(Role::Owner, None, to, 1);
            assert_eq!(refused.is_err(), role >= Role::Admin, "{role:?}");
        }
    }
}
