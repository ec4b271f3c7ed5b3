//! Slips in bottles: what a searcher sends, signed, to whoever knows the handles; and what that person makes of it.

use super::profile;
use crate::{
    Context, Error, Fingerprint, Kind, Result,
    identity::{Identity, Purpose, ReaderKeys},
    profile::Profile,
    seal,
    search::{Key, bottle},
    slip::{Form, Slip},
};
use jiff::Timestamp;

/// What is the same in all bottles of a search.
pub struct Search<'a> {
    identity: &'a Identity,
    bs: &'a [Key],
    slip: Form,
}

impl<'a> Search<'a> {
    /// A search by the owner of `identity`, with their public profile and a note or nothing, which lasts from the first of
    /// the two times to the second, in whole seconds. `bs` are the `B` of each handle that is looked for.
    pub fn new(
        identity: &'a Identity,
        profile: &Profile,
        note: &str,
        (created, expires): (Timestamp, Timestamp),
        bs: &'a [Key],
    ) -> Result<Self> {
        let slip = Form::new(Slip {
            from: identity.fingerprint,
            introducer: identity.fingerprint,
            created,
            expires,
            bottle: [0; 32],
            profile: profile.clone(),
            note: note.to_owned(),
        })?;
        Ok(Self { identity, bs, slip })
    }

    /// Fills a bottle that `introducer` gets first.
    pub fn fill(&self, introducer: Fingerprint) -> Result<Vec<u8>> {
        bottle::fill(self.bs, |digest| seal::sign(self.identity, &self.slip.write(introducer, digest)?))
    }
}

/// A bottle that is for the owner, with what was in it.
pub struct Found {
    /// What the searcher says.
    pub slip: Slip,
    /// The searcher's identity certificate, DER.
    pub certificate: Vec<u8>,
    /// By which of the own `B` it was opened, by their place; at least one.
    pub handles: Vec<usize>,
    /// What an answer shows the searcher.
    pub proof: Key,
}

/// Opens a bottle with any of the own `B`. `None`: it is for somebody else, of a scheme not known here, or the owner's
/// own. [`Kind::Malformed`]: it is not what its searcher filled. [`Kind::NotAllowed`]: it has ended. [`Kind::Unavailable`]: a
/// newer node would read it.
pub fn open(bytes: &[u8], own: &[Key], me: Fingerprint, now: Timestamp) -> Result<Option<Found>> {
    let Some(opened) = bottle::open(bytes, own)? else { return Ok(None) };
    let signed = seal::verify(&opened.content).context(|| "the slip in a bottle")?;
    let slip = Slip::read(&signed.content).context(|| "the slip in a bottle")?;
    if slip.from != signed.signer {
        return Err(Error::malformed("the slip in a bottle is not by who signed it"));
    }
    if slip.bottle != opened.digest {
        return Err(Error::malformed("the slip in a bottle was put into another one"));
    }
    if slip.introducer == slip.from {
        return Err(Error::malformed("a searcher introduces themselves"));
    }
    if slip.from == me {
        return Ok(None);
    }
    let ended = |why: &str| Err(Error::new(Kind::NotAllowed, why));
    if now >= slip.expires {
        return ended("the search has ended");
    }
    profile::check_keys(&slip.profile, &signed.certificate, now)?;
    if !ReaderKeys::usable(&slip.profile.meeting, Purpose::Meeting, now) {
        return ended("the searcher's keys have ended");
    }
    let proof = bottle::proof(&opened.proof, me)?;
    Ok(Some(Found { slip, certificate: signed.certificate, handles: opened.handles, proof }))
}
