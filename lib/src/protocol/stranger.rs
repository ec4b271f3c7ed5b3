//! Somebody who is no contact yet, as far as they are known: by an invitation or a public profile, which they signed, by the
//! short form of an invitation, or by a fingerprint alone.

use super::open;
use crate::{
    Error, Fingerprint, Kind, Result,
    identity::point,
    packet::{Body, BottleOpened},
    profile::{Invitation, KeyOffer, Profile},
    seal,
    short::{self, Short},
    store::contacts::{Grade, NewContact, State},
    stream::PemItems,
};
use jiff::Timestamp;
use std::io::{BufRead, Read};

/// Bytes of a short invitation, at most: 16 addresses, every character in percent-coding.
const MAX_SHORT: u64 = 32 << 10;

/// Somebody who is no contact yet.
pub struct Stranger {
    /// Who.
    pub from: Fingerprint,
    /// Their identity certificate, DER; empty when it came in the short form.
    pub certificate: Vec<u8>,
    /// Their public profile.
    pub profile: Profile,
    /// The one-time code.
    pub code: Option<[u8; 16]>,
    /// What shows that the bottle of a search was opened.
    pub opened: Option<BottleOpened>,
    /// When the code ends, if they say so.
    pub expires: Option<Timestamp>,
    /// What they say to it, or empty.
    pub note: String,
}

impl Stranger {
    /// Refuses somebody else than this fingerprint names, however it is grouped: what came from an untrusted place is
    /// worth something only if it hashes to what is known from a trusted one.
    pub fn check_is(&self, spoken: &str) -> Result<()> {
        if fingerprint_of(spoken)? == self.from {
            return Ok(());
        }
        Err(Error::new(Kind::NotAllowed, format!("it is from somebody else: {}", self.from)))
    }

    /// The contact that they become.
    pub(super) fn as_contact<'a>(
        &'a self,
        petname: &'a str,
        state: State,
        since: Timestamp,
    ) -> NewContact<'a> {
        NewContact {
            fingerprint: self.from,
            petname,
            state,
            grade: Grade::None,
            profile: &self.profile,
            certificate: &self.certificate,
            since,
        }
    }
}

/// A fingerprint as people read and write it.
pub(super) fn fingerprint_of(spoken: &str) -> Result<Fingerprint> {
    let plain: String = spoken.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    plain.parse().map_err(|error: Error| error.of_kind(Kind::Usage))
}

/// Reads what `sn-contact invite` or `sn-profile export` printed, from wherever it was pasted.
pub fn read(mut input: impl BufRead, now: Timestamp) -> Result<Stranger> {
    let mut start = Vec::new();
    input.by_ref().take(MAX_SHORT).read_to_end(&mut start)?;
    if start.trim_ascii_start().starts_with(short::SCHEME.as_bytes()) {
        let text = str::from_utf8(&start).map_err(|_| Error::malformed("a short invitation is ASCII"))?;
        return from_short(&text.trim_ascii().parse()?, now);
    }
    let mut blocks = PemItems::new(start.chain(input), seal::MAX_BYTES);
    let pem = blocks.next().transpose()?.filter(|pem| pem.label == seal::LABEL);
    let pem = pem.ok_or_else(|| {
        Error::malformed("no invitation in it")
            .hint("one is a PEM block, or a text that begins with 'socialnet:'")
    })?;
    if blocks.next().is_some() {
        return Err(Error::malformed("more than one invitation in it").hint("add them one at a time"));
    }
    verify(&pem.der)
}

/// What a short invitation says of its author: enough to write to them, and nothing that they signed.
pub fn from_short(short: &Short, now: Timestamp) -> Result<Stranger> {
    let mut them = unknown(short.from);
    them.profile.addresses.clone_from(&short.addresses);
    them.profile.meeting = point::stand_in(&short.point, now)?;
    them.code = Some(short.code);
    Ok(them)
}

/// Nothing but a fingerprint.
pub(super) fn unknown(from: Fingerprint) -> Stranger {
    let meeting = KeyOffer { p256: Vec::new(), ml_kem_768: None };
    let profile = Profile {
        name: String::new(),
        serial: 0,
        recovery: None,
        about: None,
        addresses: Vec::new(),
        meeting,
        sealing: None,
    };
    Stranger {
        from,
        certificate: Vec::new(),
        profile,
        code: None,
        opened: None,
        expires: None,
        note: String::new(),
    }
}

/// Reads an invitation or a public profile, and checks who signed it.
pub fn verify(signed: &[u8]) -> Result<Stranger> {
    let author = seal::verify(signed)?;
    let (from, profile, code, expires) = match Invitation::read(&author.content) {
        Ok(it) => (it.from, it.profile, Some(it.code), Some(it.expires)),
        Err(not_an_invitation) => match open::verify(signed.to_vec()) {
            Ok(verified) => match verified.packet.body {
                Body::Profile { profile, .. } => (verified.packet.name.from, profile, None, None),
                _ => return Err(Error::malformed("neither an invitation nor a profile")),
            },
            Err(_) => return Err(not_an_invitation),
        },
    };
    if from != author.signer {
        return Err(Error::malformed("the invitation names somebody who did not sign it"));
    }
    let certificate = author.certificate;
    Ok(Stranger { from, certificate, profile, code, opened: None, expires, note: String::new() })
}
