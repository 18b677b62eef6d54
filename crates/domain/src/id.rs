//! Ids: one newtype over UUID version 7 for each thing that has one, so that they cannot be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What all ids have in common.
pub trait Id: From<Uuid> + Copy + Eq + fmt::Display {
    /// The UUID behind it.
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl Id for $name {
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

ids! {
    /// A household or a company.
    OrganizationId,
    /// Someone who signs in.
    PersonId,
    /// A named place that members of an organization may have in common.
    GroupId,
    /// Somebody has been asked to join an organization.
    InvitationId,
    /// A mail on its way.
    MailId,
    /// A node of an organization's tree.
    AssetId,
    /// One of our ledger accounts.
    AccountId,
    /// An account as the bank knows it, permanent within its organization.
    BankAccountId,
    /// What a provider calls a bank account, for a while.
    AliasId,
    /// The tie between a bank account and an account.
    FeedId,
    /// Keys of one provider that an organization typed in.
    CredentialsId,
    /// One consent or login at one institution through one provider.
    ConnectionId,
    /// A bill of a card.
    BillId,
    /// One walk through the connecting loop, from its first question to its last.
    FlowId,
    /// One move of an account's feed to another connection.
    MoveId,
    /// A file that was brought at an asset and has rows of several of its accounts.
    AssetFileId,
    /// Where feed rows come from: a connection or a statement file.
    SourceId,
    /// One transaction as a source sent it, through all its versions.
    FeedRowId,
    /// One content of a feed row, as received.
    FeedRowVersionId,
    /// One row in an account.
    TransactionId,
    /// One part of a transaction.
    LineId,
    /// Whom a transaction was with.
    PayeeId,
    /// What a line was for.
    CategoryId,
    /// A word that people put on lines.
    TagId,
    /// A condition and what follows from it.
    RuleId,
    /// One attempt to sync.
    RunId,
    /// One write to the books.
    BatchId,
    /// One balance as a provider stated it.
    BalanceId,
    /// What a person has said about a difference between bank and ledger.
    VerdictId,
    /// A plan of an asset or of the organization.
    PlanId,
    /// A message to the outside.
    OutboxId,
    /// One line of the audit.
    AuditId,
}
