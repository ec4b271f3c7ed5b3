//! Any file taken apart for a person: what it is, each layer, who signed it, what is inside, and why it would be
//! refused. The verdict is that of the code which would refuse it, never a second opinion.

use crate::{
    Context, Error, Fingerprint, Kind, Result, blob,
    envelope::Envelope,
    home::Home,
    identity::Keyring,
    mailbox, packet,
    packet::{Body, Content, Packet},
    profile::{Invitation, Profile},
    protocol::{open, senders},
    seal,
    short::{self, Short},
    store::{Store, contacts, packets},
    stream::{Clear, ClearItems, Pem, PemItems},
    text, unlock,
};
use std::io::{BufRead, Read, Write};

/// Bytes of a file that is explained, at most.
const MAX_FILE: u64 = 32 << 20;

/// How a backup begins, of all that is here: AuthEnvelopedData in BER's indefinite form; sn-backup(1), FORMAT.
const BACKUP: &[u8] = b"\x30\x80\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17\xa0\x80";

/// Explains files, with the keys and the contacts of the account if there is one.
pub struct Explainer {
    account: Option<(Keyring, Store)>,
}

impl Explainer {
    /// With the account at [`Home::locate`], or without one.
    pub fn open() -> Result<Self> {
        let home = match Home::open() {
            Ok(home) => home,
            Err(error) if error.kind() == Kind::Config && !Home::locate()?.exists() => {
                return Ok(Self { account: None });
            }
            Err(error) => return Err(error),
        };
        Ok(Self { account: Some(unlock(&home)?) })
    }

    /// Explains one file. The failure is the reason for which it would be refused, after all was said.
    pub fn explain(&self, out: &mut impl Write, name: &str, input: impl BufRead) -> Result<()> {
        let mut bytes = Vec::new();
        input
            .take(MAX_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::from(error).context(format!("cannot read '{name}'")))?;
        if bytes.starts_with(BACKUP) {
            writeln!(out, "{}: a backup of an account", text::one_line(name))?;
            writeln!(out, "  {:12} 'sn-backup verify' reads it, with its passphrase", "verdict")?;
            return Ok(());
        }
        if bytes.len() as u64 > MAX_FILE {
            return Err(Error::malformed(format!("{name}: too long to be anything of ours")));
        }
        let mut page = Page { out, account: self.account.as_ref() };
        let explained = if seal::looks_sealed(&bytes) {
            page.title(name, "a sealed envelope, DER", bytes.len())?;
            page.sealed(&bytes)
        } else if bytes.trim_ascii_start().starts_with(b"<") || has_block(&bytes) {
            page.items(name, &bytes)
        } else if bytes.trim_ascii_start().starts_with(short::SCHEME.as_bytes()) {
            page.title(name, "an invitation in its short form, not signed", bytes.len())?;
            page.short(&bytes)
        } else if seal::verify(&bytes).is_ok() {
            page.title(name, "signed, DER", bytes.len())?;
            page.signed(&bytes)
        } else {
            page.rest(name, &bytes)
        };
        explained.map_err(|error| error.context(name))
    }
}

fn has_block(bytes: &[u8]) -> bool {
    bytes.windows(10).any(|window| window == b"-----BEGIN")
}

struct Page<'a, W> {
    out: &'a mut W,
    account: Option<&'a (Keyring, Store)>,
}

impl<W: Write> Page<'_, W> {
    fn title(&mut self, name: &str, what: &str, size: usize) -> Result<()> {
        Ok(writeln!(self.out, "{}: {what}, {size} bytes", text::one_line(name))?)
    }

    fn row(&mut self, label: &str, value: &str) -> Result<()> {
        Ok(writeln!(self.out, "  {label:12} {}", text::one_line(value))?)
    }

    fn verdict(&mut self, result: Result<()>) -> Result<()> {
        match &result {
            Ok(()) => self.row("verdict", "it holds")?,
            Err(error) => self.row("verdict", &format!("refused: {error}"))?,
        }
        result
    }

    /// A fingerprint, and who that is.
    fn who(&self, who: Fingerprint) -> String {
        let Some((keyring, store)) = self.account else { return who.to_string() };
        if who == keyring.identity.fingerprint {
            return format!("{who} (you)");
        }
        match contacts::by_fingerprint(store.read(), who) {
            Ok(Some(contact)) => format!("{who} ({}, {})", contact.petname, contact.state.as_str()),
            _ => format!("{who} (unknown)"),
        }
    }

    // Clear packets and PEM blocks in any order, as cat puts them together.
    fn items(&mut self, name: &str, mut rest: &[u8]) -> Result<()> {
        let (mut worst, mut after_clear) = (Ok(()), true);
        loop {
            rest = rest.trim_ascii_start();
            let clear = rest.starts_with(b"<") || after_clear && !has_block(rest);
            after_clear = clear;
            let explained = if clear {
                let Some(item) = ClearItems::new(&mut rest).next() else { return worst };
                self.clear(name, item)
            } else {
                // Other words between blocks are for people. Behind a cut block, the same reader knows where the next begins.
                let mut blocks = PemItems::new(&mut rest, seal::MAX_BYTES);
                loop {
                    match blocks.next() {
                        None => return worst,
                        Some(Ok(pem)) => break self.block(name, &pem),
                        Some(Err(error)) => worst = worst.and(Err(error)),
                    }
                }
            };
            if let Err(error) = explained {
                // Where a broken packet ends, nobody can tell.
                let ends = clear || error.kind() == Kind::ClosedPipe;
                worst = worst.and(Err(error));
                if ends {
                    return worst;
                }
            }
        }
    }

    fn block(&mut self, name: &str, pem: &Pem) -> Result<()> {
        let sealed = seal::looks_sealed(&pem.der);
        let what = match sealed {
            _ if pem.label != seal::LABEL => "nothing of ours, PEM",
            true => "a sealed envelope, PEM",
            false => "signed, PEM",
        };
        self.title(name, what, pem.der.len())?;
        for (label, value) in &pem.headers {
            self.row(label, value)?;
        }
        if pem.label != seal::LABEL {
            return self.verdict(Err(Error::malformed(format!(
                "a PEM block of {}, not {}",
                pem.label,
                seal::LABEL
            ))));
        }
        if sealed { self.sealed(&pem.der) } else { self.signed(&pem.der) }
    }

    fn sealed(&mut self, der: &[u8]) -> Result<()> {
        let signed = self.layers(der)?;
        if let Some(signed) = &signed
            && let Ok(envelope) = Envelope::read(&signed.content)
        {
            self.envelope(&envelope)?;
        }
        let Some((keyring, store)) = self.account else {
            return self.row("verdict", "unknown: there is no account whose keys could open it");
        };
        // All that opening checks beyond the layers: reader, sender, authors, who may bring what.
        let opened = senders::from_contact(store.read(), der, keyring).map(drop);
        self.verdict(opened)
    }

    fn layers(&mut self, der: &[u8]) -> Result<Option<seal::Signed>> {
        let (found, result) = seal::explain(der, self.account.map(|(keyring, _)| keyring));
        for layer in &found.layers {
            let algorithms = if layer.algorithms.is_empty() { "zeros" } else { layer.algorithms };
            let mut value = format!("{algorithms}, {} bytes", layer.bytes);
            if !layer.finding.is_empty() {
                value = format!("{value}: {}", layer.finding);
            }
            self.row(layer.name, &value)?;
        }
        match result {
            Ok(()) => Ok(found.signed),
            Err(error) => self.verdict(Err(error)).map(|()| None),
        }
    }

    fn envelope(&mut self, envelope: &Envelope) -> Result<()> {
        self.row("envelope", &format!("from {}", self.who(envelope.from)))?;
        self.row("", &format!("to {}", self.who(envelope.to)))?;
        let stream = data_encoding::HEXLOWER.encode(&envelope.stream);
        self.row("", &format!("sent {}, counter {} of stream {stream}", envelope.sent, envelope.counter))?;
        for (said, counters) in [("has received", &envelope.received), ("answers", &envelope.answers)] {
            for received in counters {
                let ranges: Vec<String> =
                    received.ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect();
                let stream = data_encoding::HEXLOWER.encode(&received.stream);
                self.row("", &format!("{said} {} of stream {stream}", ranges.join(",")))?;
            }
        }
        for signed in &envelope.packets {
            match open::verify(signed.clone()) {
                Ok(verified) => self.packet(&verified.packet, Some(signed.len()))?,
                Err(error) => self.row("packet", &format!("{} bytes: {error}", signed.len()))?,
            }
        }
        Ok(())
    }

    fn signed(&mut self, der: &[u8]) -> Result<()> {
        let Some(signed) = self.layers(der)? else { return Ok(()) };
        if let Ok(invitation) = Invitation::read(&signed.content) {
            self.row("invitation", &format!("from {}", self.who(invitation.from)))?;
            self.row("", &format!("made {}, holds until {}", invitation.created, invitation.expires))?;
            self.profile(&invitation.profile)?;
            let holds = if invitation.from == signed.signer {
                Ok(())
            } else {
                Err(Error::malformed("signed by another"))
            };
            return self.verdict(holds);
        }
        if let Ok(envelope) = Envelope::read(&signed.content) {
            self.envelope(&envelope)?;
            return self.verdict(Err(Error::malformed("an envelope that is not sealed")));
        }
        match open::verify(der.to_vec()) {
            Ok(verified) => {
                self.packet(&verified.packet, Some(der.len()))?;
                self.verdict(Ok(()))
            }
            Err(error) => self.verdict(Err(error)),
        }
    }

    // The code is left out: what is shown to somebody else is no invitation for them.
    fn short(&mut self, bytes: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(bytes.trim_ascii()).map_err(|_| Error::malformed("not UTF-8 text"));
        let invitation: Short = match text.and_then(str::parse) {
            Ok(invitation) => invitation,
            Err(error) => return self.verdict(Err(error)),
        };
        self.row("invitation", &format!("from {}", self.who(invitation.from)))?;
        for address in &invitation.addresses {
            self.row("", &format!("reached at {address}"))?;
        }
        self.row("", "meeting key alone")?;
        self.verdict(Ok(()))
    }

    fn clear(&mut self, name: &str, item: Result<Clear>) -> Result<()> {
        let read = match item {
            Ok(Clear::Packet(xml)) => {
                self.title(name, "a clear packet, not signed", xml.len())?;
                packet::read(&xml).map(|packet| (packet, None))
            }
            Ok(Clear::Signed(der)) => {
                self.title(name, "a clear packet, signed by its author", der.len())?;
                open::verify(der).map(|verified| (verified.packet, Some(verified.signed.len())))
            }
            Err(error) => {
                writeln!(self.out, "{}: not a clear packet", text::one_line(name))?;
                Err(error)
            }
        };
        match read {
            Ok((packet, signed)) => {
                self.packet(&packet, signed)?;
                self.verdict(Ok(()))
            }
            Err(error) => self.verdict(Err(error)),
        }
    }

    fn packet(&mut self, packet: &Packet, signed: Option<usize>) -> Result<()> {
        let size = signed.map(|size| format!(", {size} bytes signed by its author")).unwrap_or_default();
        self.row("packet", &format!("{} {}{size}", packet.kind, packet.name.id))?;
        self.row("", &format!("from {}", self.who(packet.name.from)))?;
        let expires = packet.expires.map(|expires| format!(", to be gone by {expires}")).unwrap_or_default();
        self.row("", &format!("made {}{expires}", packet.created))?;
        for reader in &packet.to {
            self.row("", &format!("to {}", self.who(*reader)))?;
        }
        if let Some(root) = packet.thread {
            self.row("", &format!("in the thread of {} by {}", root.id, self.who(root.from)))?;
        }
        if let Body::Unknown { why } = &packet.body {
            self.row("", &format!("not understood: {why}"))?;
        }
        if let Some(text) = &packet.text {
            self.row("text", &text::truncate(&text::one_line(text), 200))?;
        }
        for attachment in &packet.attachments {
            let place = match &attachment.content {
                Content::Inline(_) => "in the packet".to_owned(),
                Content::Blob { chunks, .. } => format!("in {} chunks", chunks.len()),
            };
            let (name, size) = (&attachment.name, text::bytes(attachment.size));
            self.row("attachment", &format!("{name}, {}, {size}, {place}", attachment.media_type))?;
        }
        match &packet.body {
            Body::Profile { profile, .. }
            | Body::ContactRequest { profile, .. }
            | Body::ContactAccept { profile } => self.profile(profile),
            Body::Introduction { original } => {
                let them = open::verify(original.clone()).context(|| "the introduced profile")?;
                self.row("introduces", &self.who(them.packet.name.from))?;
                match them.packet.body {
                    Body::Profile { profile, .. } => self.profile(&profile),
                    _ => Err(Error::malformed("what introduces somebody is not their public profile")),
                }
            }
            _ => Ok(()),
        }
    }

    fn profile(&mut self, profile: &Profile) -> Result<()> {
        self.row("profile", &format!("of {}, serial {}", profile.name, profile.serial))?;
        for address in &profile.addresses {
            self.row("", &format!("reached at {address}"))?;
        }
        let keys = if profile.sealing.is_some() { "meeting and sealing keys" } else { "meeting key alone" };
        self.row("", keys)
    }

    fn rest(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let digest = blob::sha256(bytes);
        let listed = match self.account {
            Some((_, store)) => packets::chunk_is_listed(store.read(), &digest)?,
            None => false,
        };
        if listed {
            self.title(name, "a chunk of an attachment", bytes.len())?;
            self.row("sha256", &mailbox::name_for(&digest))?;
            return self.verdict(Ok(()));
        }
        if !blob::may_be_chunk(bytes) {
            self.title(name, "nothing of ours", bytes.len())?;
            return self.verdict(Err(Error::malformed("neither a sealed packet nor a chunk")));
        }
        self.title(name, "nothing that says what it is", bytes.len())?;
        self.row("sha256", &mailbox::name_for(&digest))?;
        self.row("verdict", "held: perhaps a chunk that no packet has listed yet")
    }
}
