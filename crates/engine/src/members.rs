//! Members: who belongs to an organization, with which place, and who is asked to join.

use bankside_domain::member::INVITATION_DAYS;
use bankside_domain::text::tidy;
use bankside_domain::{
    Asker, AssetId, CurrencyCode, GroupId, InvitationId, OrganizationId, OrganizationKind, PersonId, Right, Role,
    Secret,
};
use bankside_store::{Group, Invitation, Invited, Member, NewInvitation, NewOrganization, NewPerson, Placing};
use data_encoding::BASE64URL_NOPAD;
use jiff::SignedDuration;
use url::Url;

use crate::people::{SignedIn, check_password, required, token_digest};
use crate::{Engine, EngineError};

/// So many addresses are invited at once, at most.
const MOST_AT_ONCE: usize = 20;
/// One person has made so many organizations, or joined them, at most: more than anybody keeps apart.
const MOST_ORGANIZATIONS: usize = 100;

const UNKNOWN_ZONE: &str = "This time zone is not known. One is Europe/Berlin.";

/// Everybody who belongs to an organization or is asked to.
#[derive(Debug, Clone)]
pub struct MembersView {
    /// Those who belong here: owners first, then by name.
    pub members: Vec<Member>,
    /// Those who have been invited; empty for whoever may not invite.
    pub invitations: Vec<Invitation>,
    /// The groups, by name.
    pub groups: Vec<Group>,
}

/// Somebody who has just been invited.
#[derive(Debug, Clone)]
pub struct InvitedNow {
    /// Which invitation it is.
    pub id: InvitationId,
    /// Their address.
    pub email: String,
    /// The link that lets them in, where nobody mails it to them. It is shown once: only a digest of its token is kept.
    pub link: Option<Secret>,
}

/// An organization to make.
#[derive(Debug, Clone)]
pub struct NewOrganizationInput {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OrganizationKind,
    /// The currency in which it counts.
    pub currency: CurrencyCode,
    /// The IANA name of its time zone.
    pub time_zone: String,
}

impl NewOrganizationInput {
    pub(crate) fn checked(self) -> Result<NewOrganization, EngineError> {
        let name = required("organization", &self.name, "Give the organization a name.")?;
        if jiff::tz::TimeZone::get(&self.time_zone).is_err() {
            return Err(EngineError::invalid("time_zone", UNKNOWN_ZONE));
        }
        if self.currency.iso_scale().is_none() {
            return Err(EngineError::invalid("currency", "This currency is not known. One is EUR."));
        }
        let Self { kind, currency, time_zone, .. } = self;
        Ok(NewOrganization { name, kind, currency, time_zone, begins_with_categories: true })
    }
}

impl Engine {
    /// Makes another organization, which the person owns.
    pub async fn add_organization(
        &self,
        person: PersonId,
        input: NewOrganizationInput,
    ) -> Result<OrganizationId, EngineError> {
        let new = input.checked()?;
        if self.store.memberships_as_system(person).await?.len() >= MOST_ORGANIZATIONS {
            return Err(EngineError::Conflict("this is more organizations than anybody keeps apart"));
        }
        let organization = self.store.add_organization_as_system(&new, person).await?;
        let asker = Asker::member(organization, person, Role::Owner);
        self.store.audit(&asker, "organization.made", &organization.to_string(), "").await?;
        Ok(organization)
    }

    /// Gives the organization another name, or another time zone, by which its days and its daily import go.
    pub async fn change_organization(
        &self,
        asker: &Asker,
        name: Option<&str>,
        time_zone: Option<&str>,
    ) -> Result<(), EngineError> {
        asker.require(Right::ManagePeople)?;
        let before = self.store.organization(asker).await?;
        let name = required("name", name.unwrap_or(&before.name), "Give the organization a name.")?;
        let time_zone = time_zone.unwrap_or(&before.time_zone).trim();
        if jiff::tz::TimeZone::get(time_zone).is_err() {
            return Err(EngineError::invalid("time_zone", UNKNOWN_ZONE));
        }
        self.store.change_organization(asker, &name, time_zone).await?;
        self.report_progress();
        Ok(())
    }

    /// Has a person begin with one of their organizations from now on.
    pub async fn begin_with(&self, person: PersonId, organization: OrganizationId) -> Result<(), EngineError> {
        Ok(self.store.set_beginning_as_system(person, organization).await?)
    }

    /// The names of those who manage the organization: whom to ask for what one may not do.
    pub async fn manager_names(&self, asker: &Asker) -> Result<Vec<String>, EngineError> {
        Ok(self.store.manager_names(asker).await?)
    }

    /// Everybody who belongs here or is asked to.
    pub async fn members(&self, asker: &Asker) -> Result<MembersView, EngineError> {
        let may_manage = asker.may(Right::ManagePeople);
        Ok(MembersView {
            members: self.store.members(asker).await?,
            invitations: if may_manage { self.store.invitations(asker).await? } else { Vec::new() },
            groups: self.store.groups(asker).await?,
        })
    }

    /// Invites people by their addresses, which are separated by commas, blanks or lines. Each gets a link that works once.
    pub async fn invite(&self, asker: &Asker, emails: &str, placing: Placing) -> Result<Vec<InvitedNow>, EngineError> {
        asker.require(Right::ManagePeople)?;
        let mut addresses: Vec<&str> = Vec::new();
        for email in emails.split([',', ';', ' ', '\n', '\r', '\t']).filter(|email| !email.is_empty()) {
            if !crate::mailing::is_address(email) {
                return Err(EngineError::invalid("emails", format!("“{email}” is no address.")));
            }
            if !addresses.iter().any(|known| known.eq_ignore_ascii_case(email)) {
                addresses.push(email);
            }
        }
        match addresses.len() {
            0 => return Err(EngineError::invalid("emails", "Type the address of whoever you invite.")),
            1..=MOST_AT_ONCE => {}
            _ => return Err(EngineError::invalid("emails", format!("Invite at most {MOST_AT_ONCE} people at once."))),
        }
        let organization = self.store.organization(asker).await?;
        let own = asker.person().ok_or(EngineError::NotFound("the member"))?;
        let by = self.store.people_names(asker).await?.remove(&own).unwrap_or_default();
        let mut invited = Vec::with_capacity(addresses.len());
        for email in addresses {
            let token = BASE64URL_NOPAD.encode(&self.ambient.random::<32>());
            let link = self.invitation_link(&token)?;
            let subject = format!("{by} invites you to {}", organization.name);
            let text = format!(
                "{by} invites you to {} on Bankside.\n\nThis link lets you in. It works once, and for {INVITATION_DAYS} days:\n\n\
                 {link}\n\nIf you know nothing of this, leave it: nothing happens without the link.\n",
                organization.name
            );
            let mail = self.new_mail(asker, subject, &text);
            let is_mailed = mail.is_some();
            let id: InvitationId = self.ambient.id();
            let new = NewInvitation {
                id,
                email: email.to_owned(),
                placing,
                token_digest: token_digest(&token),
                expires_at: self.ambient.now() + SignedDuration::from_hours(24 * INVITATION_DAYS),
                mail,
            };
            self.store.invite(asker, &new).await?;
            let link = (!is_mailed).then(|| Secret::new(link.to_string()));
            invited.push(InvitedNow { id, email: email.to_owned(), link });
        }
        self.mail_due.notify_one();
        Ok(invited)
    }

    fn invitation_link(&self, token: &str) -> Result<Url, EngineError> {
        let link = self.settings.public_url.join(&format!("invitations/{token}"));
        link.map_err(|error| EngineError::Inside(error.to_string()))
    }

    /// Those who have been invited and have not come yet.
    pub async fn invitations(&self, asker: &Asker) -> Result<Vec<Invitation>, EngineError> {
        Ok(self.store.invitations(asker).await?)
    }

    /// Takes an invitation back.
    pub async fn take_back_invitation(&self, asker: &Asker, id: InvitationId) -> Result<(), EngineError> {
        Ok(self.store.take_back_invitation(asker, id).await?)
    }

    /// The invitation behind a link, as long as it can be accepted.
    pub async fn invited(&self, token: &str) -> Result<Invited, EngineError> {
        Ok(self.store.invited_as_system(&token_digest(token)).await?)
    }

    /// A signed-in person accepts.
    pub async fn join(&self, token: &str, person: PersonId) -> Result<OrganizationId, EngineError> {
        Ok(self.store.join_as_system(&token_digest(token), person).await?)
    }

    /// Somebody new accepts: they get a name and a password, and are signed in. The address is the one that was invited.
    pub async fn join_as_new(
        &self,
        token: &str,
        name: &str,
        password: Secret,
    ) -> Result<(SignedIn, OrganizationId), EngineError> {
        let invited = self.invited(token).await?;
        let name = required("name", name, "Say who you are: you sign in with this name.")?;
        check_password(&password)?;
        let password_hash = self.hash_password(password).await?;
        let person = NewPerson { name, email: tidy(&invited.email), password_hash, is_operator: false };
        let (person, organization) = self.store.join_as_new_as_system(&token_digest(token), &person).await?;
        Ok((self.start_session(person).await?, organization))
    }

    /// Gives a member another place.
    pub async fn place_member(&self, asker: &Asker, person: PersonId, placing: Placing) -> Result<(), EngineError> {
        Ok(self.store.place_member(asker, person, placing).await?)
    }

    /// Removes a member.
    pub async fn remove_member(&self, asker: &Asker, person: PersonId) -> Result<(), EngineError> {
        Ok(self.store.remove_member(asker, person).await?)
    }

    /// Makes another member an owner in the place of the one who asks.
    pub async fn hand_over(&self, asker: &Asker, to: PersonId) -> Result<(), EngineError> {
        Ok(self.store.hand_over(asker, to).await?)
    }

    /// The one who asks leaves.
    pub async fn leave(&self, asker: &Asker) -> Result<(), EngineError> {
        Ok(self.store.leave(asker).await?)
    }

    /// Adds a group.
    pub async fn add_group(
        &self,
        asker: &Asker,
        name: &str,
        role: Role,
        asset: Option<AssetId>,
    ) -> Result<GroupId, EngineError> {
        let name = required("name", name, "Give the group a name.")?;
        Ok(self.store.add_group(asker, &name, role, asset).await?)
    }

    /// Changes a group, and with it the place of all its members.
    pub async fn change_group(
        &self,
        asker: &Asker,
        id: GroupId,
        name: &str,
        role: Role,
        asset: Option<AssetId>,
    ) -> Result<(), EngineError> {
        let name = required("name", name, "Give the group a name.")?;
        Ok(self.store.change_group(asker, id, &name, role, asset).await?)
    }

    /// Removes a group in which nobody is.
    pub async fn remove_group(&self, asker: &Asker, id: GroupId) -> Result<(), EngineError> {
        Ok(self.store.remove_group(asker, id).await?)
    }
}
