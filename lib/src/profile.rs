//! Profiles and invitations: what a user says of themselves. XML bodies only; who signed them is for `seal`.

use crate::{Fingerprint, Result};
use jiff::Timestamp;

/// What a user says of themselves. In XML it is the `<profile>` element of a people packet or an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What the user wants to be called.
    pub name: String,
    /// Rises with each change; a lower one than known is old.
    pub serial: u64,
    /// A few words about themselves.
    pub about: Option<String>,
    /// URIs, in order of preference.
    pub addresses: Vec<String>,
    /// Keys under which strangers' requests come.
    pub meeting: KeyOffer,
    /// Keys for everything else; only contacts get them.
    pub sealing: Option<KeyOffer>,
}

/// A pair of public keys, as certificates issued by the user's identity key (DER). Their validity says how long a
/// sender may use them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOffer {
    /// ECDH P-256.
    pub p256: Vec<u8>,
    /// ML-KEM-768.
    pub ml_kem_768: Option<Vec<u8>>,
}

/// What `sn-contact invite` prints, inside SignedData by the inviter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Who invites.
    pub from: Fingerprint,
    /// When it was made.
    pub created: Timestamp,
    /// When the code ends, at most 30 days later.
    pub expires: Timestamp,
    /// One-time code.
    pub code: [u8; 16],
    /// The public profile.
    pub profile: Profile,
}

impl Invitation {
    /// Reads the XML of an invitation.
    pub fn read(_bytes: &[u8]) -> Result<Self> {
        todo!()
    }

    /// Writes it.
    pub fn write(&self) -> Result<Vec<u8>> {
        todo!()
    }
}
