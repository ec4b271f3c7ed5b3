//! From sealed bytes to verified packets, with no database: the one way in. Either everything in an envelope holds, or
//! nothing of it leaves this file. Which of others' packets a sender may bring is judged after that, in `senders.rs`.

use super::stranger;
use crate::{
    Context, Error, Result, blob,
    envelope::Envelope,
    identity::{Keyring, Purpose},
    packet::{self, Body, Class, Content, Digest, Packet},
    seal,
};

/// A packet whose author's signature holds.
#[derive(Clone, Debug)]
pub struct Verified {
    /// As read from `xml`.
    pub packet: Packet,
    /// The exact bytes its author signed.
    pub xml: Vec<u8>,
    /// SHA-256 of `xml`.
    pub digest: Digest,
    /// SignedData by its author, DER.
    pub signed: Vec<u8>,
}

/// An envelope whose sender's signature holds. Which of others' words this sender may bring is for
/// [`super::senders`] to say.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its words; the packets in it have moved to `packets`.
    pub envelope: Envelope,
    /// The sender's identity certificate, DER.
    pub certificate: Vec<u8>,
    /// SHA-256 of the sender's SignedData: tells two envelopes under one counter apart.
    pub digest: Digest,
    /// Under which kind of key it came.
    pub under: Purpose,
    /// In their order.
    pub packets: Vec<Verified>,
}

/// Opens and verifies. [`crate::Kind::NotAllowed`]: no live key opens it. [`crate::Kind::Malformed`]: anything else.
pub fn open(sealed: &[u8], keyring: &Keyring) -> Result<Opened> {
    if !seal::looks_sealed(sealed) && stranger::verify(sealed).is_ok() {
        return Err(Error::malformed("an invitation or a profile, which is not sealed")
            .hint("'sn-contact add' takes it"));
    }
    let opened = seal::open(sealed, keyring)?;
    let outer = seal::verify(&opened.signed).context(|| "the sender's signature")?;
    let mut envelope = Envelope::read(&outer.content).context(|| "the envelope")?;
    if envelope.from != outer.signer {
        return Err(Error::malformed("the envelope names a sender who did not sign it"));
    }
    if envelope.to != keyring.identity.fingerprint {
        return Err(Error::malformed("the envelope was sealed for somebody else, whose copy this is"));
    }
    let signed = std::mem::take(&mut envelope.packets);
    let packets = signed.into_iter().map(verify).collect::<Result<Vec<_>>>()?;
    for verified in &packets {
        if verified.packet.name.from != envelope.from && !is_said(&verified.packet) {
            return Err(Error::malformed(not_to_bring(&verified.packet)));
        }
        if opened.under == Purpose::Meeting && !fits_meeting_key(&verified.packet) {
            return Err(Error::malformed(format!(
                "a {} may not come under the meeting key",
                verified.packet.kind
            )));
        }
        // Our profile offers ML-KEM; only the short form of an invitation leaves it out, and its answer is a request.
        if !opened.hybrid && !matches!(verified.packet.body, Body::ContactRequest { .. }) {
            return Err(Error::malformed("the seal lacks its ML-KEM layer"));
        }
    }
    let digest = blob::sha256(&opened.signed);
    Ok(Opened { envelope, certificate: outer.certificate, digest, under: opened.under, packets })
}

/// Verifies one author's SignedData and reads the packet in it.
pub fn verify(signed: Vec<u8>) -> Result<Verified> {
    let author = seal::verify(&signed).context(|| "the author's signature")?;
    let packet = packet::read(&author.content).context(|| "the packet")?;
    if packet.name.from != author.signer {
        return Err(Error::malformed("the packet names an author who did not sign it"));
    }
    for attachment in &packet.attachments {
        if let Content::Inline(bytes) = &attachment.content
            && blob::sha256(bytes) != attachment.sha256
        {
            return Err(Error::malformed("an attachment in the packet is not what its SHA-256 says"));
        }
    }
    Ok(Verified { digest: blob::sha256(&author.content), xml: author.content, packet, signed })
}

/// Whether a packet says something, rather than what people and nodes say of themselves or ask: it is worth the same when
/// its author has another key.
pub(super) fn is_said(packet: &Packet) -> bool {
    match packet.body.class() {
        Class::Words | Class::Sign | Class::Change | Class::Application => true,
        Class::Service | Class::Unknown => false,
    }
}

/// Whether it reaches its readers through others than its author.
pub(super) fn is_passed_on(packet: &Packet) -> bool {
    matches!(packet.body, Body::Comment | Body::Reaction | Body::Edit { .. } | Body::Retract)
}

pub(super) fn not_to_bring(packet: &Packet) -> String {
    format!("the sender may not bring another author's {}", packet.kind)
}

/// What may be sealed under a meeting key (socialnet-seal(5)).
pub(super) fn fits_meeting_key(packet: &Packet) -> bool {
    matches!(packet.body, Body::ContactRequest { .. } | Body::Profile { .. } | Body::Resend(_))
}
