//! Members come by invitation, have a place, and go; an organization always has an owner.

use bankside_domain::{Asker, AssetId, PersonId, Right, Role};
use bankside_vault::Sealed;
use jiff::SignedDuration;

use crate::tests::on_both;
use crate::tests::world::{World, add_organization};
use crate::{MailState, NewInvitation, NewMail, NewPerson, Placing, StoreError};

fn is_not_found<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound(_))), "{result:?}");
}

fn is_denied<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Denied(_))), "{result:?}");
}

fn is_conflict<T: std::fmt::Debug>(result: &Result<T, StoreError>, says: &str) {
    assert!(matches!(result, Err(StoreError::Conflict(why)) if why.contains(says)), "{result:?}");
}

impl World {
    fn invitation(&self, email: &str, placing: Placing, token: u8) -> NewInvitation {
        NewInvitation {
            id: self.ambient.id(),
            email: email.into(),
            placing,
            token_digest: [token; 32],
            expires_at: self.ambient.now() + SignedDuration::from_hours(7 * 24),
            mail: None,
        }
    }

    fn mail(&self) -> NewMail {
        NewMail {
            id: self.ambient.id(),
            subject: "Come".into(),
            data_key: self.wrapped.clone(),
            body: Sealed::from_bytes(vec![1, 2, 3]),
        }
    }

    async fn add_person(&self, name: &str) -> PersonId {
        self.store.add_person_as_system(&person(name)).await.unwrap()
    }

    async fn as_member(&self, person: PersonId) -> Result<Asker, StoreError> {
        Ok(self.store.membership_as_system(person, self.asker.organization).await?.asker)
    }
}

fn person(name: &str) -> NewPerson {
    NewPerson {
        name: name.into(),
        email: Some(format!("{name}@example.org")),
        password_hash: "x".into(),
        is_operator: false,
    }
}

on_both! {
    an_invitation_lets_one_person_in_once(world) {
        let store = &world.store;
        let invitation = world.invitation("Ada@example.org", Placing::role(Role::Member), 1);
        store.invite(&world.asker, &invitation).await.unwrap();
        assert_eq!(store.invitations(&world.asker).await.unwrap()[0].invited_by, "Owner");
        is_not_found(&store.invited_as_system(&[9; 32]).await);
        let invited = store.invited_as_system(&[1; 32]).await.unwrap();
        assert_eq!((invited.organization_name.as_str(), invited.role), ("Lindenweg 8", Role::Member));
        let (ada, organization) = store.join_as_new_as_system(&[1; 32], &person("ada")).await.unwrap();
        assert_eq!(organization, world.asker.organization);
        let asker = world.as_member(ada).await.unwrap();
        assert!(asker.may(Right::EditBooks) && !asker.may(Right::ManagePeople));
        is_not_found(&store.invited_as_system(&[1; 32]).await);
        let bert = world.add_person("bert").await;
        is_not_found(&store.join_as_system(&[1; 32], bert).await);
        assert!(store.invitations(&world.asker).await.unwrap().is_empty());
        is_conflict(&store.invite(&world.asker, &world.invitation("ADA@example.org", Placing::role(Role::Viewer), 2)).await, "member already");
        let names: Vec<String> = store.audit_entries(&world.asker).await.unwrap().into_iter().map(|line| line.action).collect();
        assert!(names.contains(&"member.invited".to_owned()) && names.contains(&"member.joined".to_owned()), "{names:?}");
    }

    an_invitation_ends_with_its_time_and_when_it_is_taken_back_or_renewed(world) {
        let store = &world.store;
        let first = world.invitation("ada@example.org", Placing::role(Role::Viewer), 1);
        store.invite(&world.asker, &first).await.unwrap();
        let second = world.invitation("ada@example.org", Placing::role(Role::Member), 2);
        store.invite(&world.asker, &second).await.unwrap();
        is_not_found(&store.invited_as_system(&[1; 32]).await);
        assert_eq!(store.invitations(&world.asker).await.unwrap().len(), 1);
        store.take_back_invitation(&world.asker, second.id).await.unwrap();
        is_not_found(&store.invited_as_system(&[2; 32]).await);
        is_not_found(&store.take_back_invitation(&world.asker, second.id).await);
        let third = world.invitation("ada@example.org", Placing::role(Role::Member), 3);
        store.invite(&world.asker, &third).await.unwrap();
        let other = add_organization(store, world.owner, "Hafenstraße 2").await;
        is_not_found(&store.take_back_invitation(&other, third.id).await);
        world.clock.advance(SignedDuration::from_hours(7 * 24 - 1));
        assert!(store.invited_as_system(&[3; 32]).await.is_ok());
        world.clock.advance(SignedDuration::from_hours(2));
        let ada = world.add_person("ada").await;
        is_not_found(&store.join_as_system(&[3; 32], ada).await);
        assert_eq!(store.invitations(&world.asker).await.unwrap().len(), 1, "it is shown as over, until it is taken back");
    }

    whoever_may_not_manage_people_invites_nobody(world) {
        let store = &world.store;
        for role in [Role::Viewer, Role::Member] {
            let asker = Asker::member(world.asker.organization, world.owner, role);
            is_denied(&store.invite(&asker, &world.invitation("a@example.org", Placing::role(Role::Viewer), 1)).await);
            is_denied(&store.invitations(&asker).await);
            is_denied(&store.place_member(&asker, world.owner, Placing::role(Role::Viewer)).await);
            is_denied(&store.remove_member(&asker, world.owner).await);
            is_denied(&store.add_group(&asker, "Mine", Role::Viewer, None).await);
        }
        let admin = Asker::member(world.asker.organization, world.owner, Role::Admin);
        let owner = world.invitation("a@example.org", Placing::role(Role::Owner), 1);
        is_conflict(&store.invite(&admin, &owner).await, "only an owner");
        is_conflict(&store.remove_member(&admin, world.owner).await, "only an owner");
    }

    an_owner_hands_over_before_they_go(world) {
        let store = &world.store;
        is_conflict(&store.leave(&world.asker).await, "only owner");
        is_conflict(&store.remove_member(&world.asker, world.owner).await, "only owner");
        is_conflict(&store.place_member(&world.asker, world.owner, Placing::role(Role::Admin)).await, "only owner");
        store.invite(&world.asker, &world.invitation("ada@example.org", Placing::role(Role::Viewer), 1)).await.unwrap();
        let (ada, _) = store.join_as_new_as_system(&[1; 32], &person("ada")).await.unwrap();
        is_conflict(&store.hand_over(&world.asker, world.owner).await, "somebody else");
        is_not_found(&store.hand_over(&world.asker, world.ambient.id()).await);
        store.hand_over(&world.asker, ada).await.unwrap();
        assert_eq!(world.as_member(ada).await.unwrap().role(), Role::Owner);
        let former = world.as_member(world.owner).await.unwrap();
        assert_eq!(former.role(), Role::Admin);
        is_conflict(&store.hand_over(&former, world.owner).await, "only an owner");
        store.invite(&former, &world.invitation("bert@example.org", Placing::role(Role::Viewer), 2)).await.unwrap();
        store.leave(&former).await.unwrap();
        is_not_found(&world.as_member(world.owner).await);
        is_not_found(&store.invited_as_system(&[2; 32]).await);
    }

    a_group_gives_its_members_their_place(world) {
        let plant: AssetId = world.add_asset(None, "Plant").await;
        let elsewhere = add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        let store = &world.store;
        is_conflict(&store.add_group(&world.asker, "Chiefs", Role::Admin, Some(plant)).await, "see everything");
        is_conflict(&store.add_group(&world.asker, "Chiefs", Role::Owner, None).await, "no owners");
        is_not_found(&store.add_group(&elsewhere, "Technicians", Role::Member, Some(plant)).await);
        let group = store.add_group(&world.asker, "Technicians", Role::Member, Some(plant)).await.unwrap();
        is_conflict(&store.add_group(&world.asker, "TECHNICIANS", Role::Viewer, None).await, "of this name");
        let placing = Placing { role: Role::Viewer, group: Some(group), asset: None };
        is_not_found(&store.invite(&elsewhere, &world.invitation("ada@example.org", placing, 8)).await);
        store.invite(&world.asker, &world.invitation("ada@example.org", placing, 1)).await.unwrap();
        is_conflict(&store.remove_group(&world.asker, group).await, "in this group");
        let (ada, _) = store.join_as_new_as_system(&[1; 32], &person("ada")).await.unwrap();
        let asker = world.as_member(ada).await.unwrap();
        assert_eq!((asker.role(), asker.sight().asset()), (Role::Member, Some(plant)));
        store.change_group(&world.asker, group, "Readers", Role::Viewer, None).await.unwrap();
        let asker = world.as_member(ada).await.unwrap();
        assert_eq!((asker.role(), asker.sight().asset()), (Role::Viewer, None));
        let member = &store.members(&world.asker).await.unwrap()[1];
        assert_eq!((member.person, member.role, member.group), (ada, Role::Viewer, Some(group)));
        let restricted = Placing { asset: Some(plant), ..placing };
        store.place_member(&world.asker, ada, restricted).await.unwrap();
        assert_eq!(world.as_member(ada).await.unwrap().sight().asset(), Some(plant));
        is_denied(&store.members(&world.as_member(ada).await.unwrap()).await);
        let chief = Placing { asset: Some(plant), ..Placing::role(Role::Admin) };
        is_conflict(&store.place_member(&world.asker, ada, chief).await, "see everything");
        store.place_member(&world.asker, ada, Placing::role(Role::Admin)).await.unwrap();
        store.remove_group(&world.asker, group).await.unwrap();
        is_not_found(&store.remove_group(&world.asker, group).await);
    }

    a_person_begins_where_they_chose(world) {
        let other = add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        let begins = async || {
            let memberships = world.store.memberships_as_system(world.owner).await.unwrap();
            memberships.into_iter().find(|one| one.is_beginning).map(|one| one.organization.id)
        };
        assert_eq!(begins().await, None);
        world.store.set_beginning_as_system(world.owner, other.organization).await.unwrap();
        assert_eq!(begins().await, Some(other.organization));
        let stranger = world.add_person("ada").await;
        is_not_found(&world.store.set_beginning_as_system(stranger, other.organization).await);
    }

    a_mail_is_sent_once_and_forgotten(world) {
        let store = &world.store;
        let mut invitation = world.invitation("ada@example.org", Placing::role(Role::Viewer), 1);
        invitation.mail = Some(world.mail());
        store.invite(&world.asker, &invitation).await.unwrap();
        let state = async || store.invitations(&world.asker).await.unwrap().remove(0).mail.unwrap();
        assert_eq!(state().await, MailState::Waiting(None));
        let lease_for = SignedDuration::from_mins(5);
        let first = store.claim_mail_as_system(lease_for).await.unwrap().unwrap();
        assert_eq!(first.recipient, "ada@example.org");
        assert!(store.claim_mail_as_system(lease_for).await.unwrap().is_none(), "another worker has it");
        world.clock.advance(SignedDuration::from_mins(6));
        let second = store.claim_mail_as_system(lease_for).await.unwrap().unwrap();
        assert!(matches!(store.mail_sent(&first.lease).await, Err(StoreError::LeaseLost)));
        let later = world.ambient.now() + SignedDuration::from_mins(1);
        store.mail_failed(&second.lease, "busy", Some(later)).await.unwrap();
        assert_eq!(state().await, MailState::Waiting(Some("busy".into())));
        assert!(store.claim_mail_as_system(lease_for).await.unwrap().is_none(), "it waits for its time");
        world.clock.advance(SignedDuration::from_mins(2));
        let third = store.claim_mail_as_system(lease_for).await.unwrap().unwrap();
        store.mail_sent(&third.lease).await.unwrap();
        assert!(matches!(state().await, MailState::Sent(_)));
        assert!(store.claim_mail_as_system(lease_for).await.unwrap().is_none());
    }

    no_mail_goes_out_for_an_invitation_that_was_taken_back(world) {
        let store = &world.store;
        let mut invitation = world.invitation("ada@example.org", Placing::role(Role::Viewer), 1);
        invitation.mail = Some(world.mail());
        store.invite(&world.asker, &invitation).await.unwrap();
        let due = store.claim_mail_as_system(SignedDuration::from_mins(5)).await.unwrap().unwrap();
        store.take_back_invitation(&world.asker, invitation.id).await.unwrap();
        assert!(matches!(store.mail_failed(&due.lease, "x", None).await, Err(StoreError::LeaseLost)));
        world.clock.advance(SignedDuration::from_hours(9));
        assert!(store.claim_mail_as_system(SignedDuration::from_mins(5)).await.unwrap().is_none());
    }
}
