//! Profiles and invitations: what a user says of themselves. XML only; who signed it is for `seal`.
//! socialnet-packet(5), PROFILES and INVITATIONS.

use crate::{
    Context, Error, Fingerprint, Result, base64,
    packet::{
        parts::{self, Parts, Vocabulary},
        spelling,
        tree::{self, Element},
        write::{Xml, canonical, leaf},
    },
};
use jiff::Timestamp;
use std::io;

/// Characters of a name, at most.
pub const MAX_NAME: usize = 100;
/// Bytes of what somebody says about themselves, at most.
pub const MAX_BIO: usize = 4 << 10;
/// Addresses, at most.
pub const MAX_ADDRESSES: usize = 16;
/// Bytes of an address, at most.
pub const MAX_ADDRESS: usize = 512;
/// Bytes of a certificate, at most.
pub const MAX_CERTIFICATE: usize = 8 << 10;
/// Bytes of an invitation, at most.
pub const MAX_INVITATION: usize = 64 << 10;

/// The namespace of version 1 of invitations.
pub const INVITATION: &str = "urn:socialnet:invitation:1";

/// What an invitation may say: its own names and those of a profile.
static VOCABULARY: Vocabulary = Vocabulary {
    namespace: INVITATION,
    elements: &["address", "bio", "invitation", "meeting", "ml-kem-768", "p256", "profile", "sealing"],
    attributes: &["code", "created", "expires", "from", "name", "recovery", "serial"],
};

/// What a user says of themselves. In XML it is the `<profile>` element of a people packet or an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What the user wants to be called: one line, 1 to [`MAX_NAME`] characters.
    pub name: String,
    /// Rises with each change; a lower one than known is old.
    pub serial: u64,
    /// The key, kept elsewhere, that may name a new identity when this one is lost or stolen.
    pub recovery: Option<Fingerprint>,
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
    /// When it was made; whole seconds.
    pub created: Timestamp,
    /// When the code ends, at most 30 days later; whole seconds.
    pub expires: Timestamp,
    /// One-time code.
    pub code: [u8; 16],
    /// The public profile.
    pub profile: Profile,
}

impl Profile {
    /// Reads `<profile>`.
    pub(crate) fn read(element: &Element, vocabulary: &'static Vocabulary) -> Result<Self> {
        let mut parts = Parts::new(element, vocabulary);
        let name = parts.required("name")?;
        check_name(name)?;
        let serial = spelling::number(parts.required("serial")?).context(|| "serial")?;
        let recovery = parts.attribute("recovery").map(str::parse).transpose().context(|| "recovery")?;
        let about = parts.one("bio")?.map(|it| parts::text(it, vocabulary, MAX_BIO)).transpose()?;
        let addresses = parts
            .many("address")
            .map(|it| {
                let uri = parts::text(it, vocabulary, MAX_ADDRESS)?;
                address(uri).map(|()| uri.to_owned())
            })
            .collect::<Result<Vec<_>>>()?;
        if addresses.len() > MAX_ADDRESSES {
            return Err(Error::malformed(format!("more than {MAX_ADDRESSES} addresses")));
        }
        let meeting = KeyOffer::read(parts.just_one("meeting")?, vocabulary)?;
        let sealing = parts.one("sealing")?.map(|it| KeyOffer::read(it, vocabulary)).transpose()?;
        parts.finish()?;
        Ok(Self {
            name: name.to_owned(),
            serial,
            recovery,
            about: about.map(str::to_owned),
            addresses,
            meeting,
            sealing,
        })
    }

    /// Writes it.
    pub(crate) fn write(&self, out: &mut Xml) -> io::Result<()> {
        let serial = self.serial.to_string();
        let recovery = self.recovery.map(|recovery| recovery.to_string());
        let mut attributes = vec![("name", self.name.as_str()), ("serial", serial.as_str())];
        attributes.extend(recovery.as_deref().map(|recovery| ("recovery", recovery)));
        out.create_element("profile").with_attributes(attributes).write_inner_content(|out| {
            if let Some(about) = &self.about {
                leaf(out, "bio", about)?;
            }
            self.addresses.iter().try_for_each(|address| leaf(out, "address", address))?;
            self.meeting.write(out, "meeting")?;
            self.sealing.iter().try_for_each(|keys| keys.write(out, "sealing"))
        })?;
        Ok(())
    }
}

impl KeyOffer {
    fn read(element: &Element, vocabulary: &'static Vocabulary) -> Result<Self> {
        let mut parts = Parts::new(element, vocabulary);
        let p256 = certificate(parts.just_one("p256")?, vocabulary)?;
        let ml_kem_768 = parts.one("ml-kem-768")?.map(|it| certificate(it, vocabulary)).transpose()?;
        parts.finish()?;
        Ok(Self { p256, ml_kem_768 })
    }

    fn write(&self, out: &mut Xml, name: &str) -> io::Result<()> {
        out.create_element(name).write_inner_content(|out| {
            leaf(out, "p256", &base64::encode(&self.p256))?;
            self.ml_kem_768.iter().try_for_each(|key| leaf(out, "ml-kem-768", &base64::encode(key)))
        })?;
        Ok(())
    }
}

fn certificate(element: &Element, vocabulary: &'static Vocabulary) -> Result<Vec<u8>> {
    let text = parts::text(element, vocabulary, usize::MAX)?;
    let der = base64::decode_spaced(text).context(|| format!("<{}>", element.name))?;
    if der.is_empty() || der.len() > MAX_CERTIFICATE {
        return Err(Error::malformed(format!("<{}>: not 1 to {MAX_CERTIFICATE} bytes", element.name)));
    }
    Ok(der)
}

/// Refuses what can't be a user's name: nothing, more than one line, more than [`MAX_NAME`] characters.
pub fn check_name(name: &str) -> Result<()> {
    let one_line = !name.contains(['\n', '\t', '\u{2028}', '\u{2029}']) && !name.contains(char::is_control);
    let count = name.chars().count();
    if one_line && count <= MAX_NAME && !name.trim().is_empty() {
        return Ok(());
    }
    Err(Error::malformed(format!("a name is one line of 1 to {MAX_NAME} characters")))
}

/// Refuses what can't be an address: a URI in printable ASCII without quotes, at most [`MAX_ADDRESS`] bytes, whose
/// scheme is `[a-z][a-z0-9]*`. What follows the scheme, with or without `//`, does not begin with `-`: a driver may
/// hand it to a program that would take it for an option.
pub fn address(uri: &str) -> Result<()> {
    let not = |why: &str| Err(Error::malformed(format!("'{uri}' is not an address: {why}")));
    if uri.len() > MAX_ADDRESS {
        return Err(Error::malformed(format!("an address is longer than {MAX_ADDRESS} bytes")));
    }
    if !uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte)) {
        return not("a space, a quote or another character that a URI does not have");
    }
    let Some((scheme, rest)) = uri.split_once(':') else { return not("no scheme") };
    let plain = |scheme: &str| scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !scheme.starts_with(|first: char| first.is_ascii_lowercase()) || !plain(scheme) {
        return not("its scheme is not lower-case letters and digits");
    }
    let body = rest.strip_prefix("//").unwrap_or(rest);
    if body.is_empty() || body.starts_with('-') {
        return not("nothing, or '-', after the scheme");
    }
    Ok(())
}

impl Invitation {
    /// Days between `created` and `expires`, at most.
    pub const MAX_DAYS: u32 = 30;
    const MAX_SECONDS: i64 = Self::MAX_DAYS as i64 * 24 * 3600;

    /// Reads the XML of an invitation. [`crate::Kind::Unavailable`]: another version made it.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let root = tree::parse(bytes, MAX_INVITATION)?;
        parts::understood(&root, "invitation", &VOCABULARY)?;
        let mut parts = Parts::new(&root, &VOCABULARY);
        let invitation = Self {
            from: parts.required("from")?.parse()?,
            created: spelling::time(parts.required("created")?)?,
            expires: spelling::time(parts.required("expires")?)?,
            code: spelling::hex(parts.required("code")?).context(|| "code")?,
            profile: Profile::read(parts.just_one("profile")?, &VOCABULARY)?,
        };
        parts.finish()?;
        let lasts = invitation.expires.as_second() - invitation.created.as_second();
        if !(1..=Self::MAX_SECONDS).contains(&lasts) {
            return Err(Error::malformed("an invitation ends within 30 days after it was made"));
        }
        Ok(invitation)
    }

    /// Writes it. Refuses what [`Invitation::read`] would refuse.
    pub fn write(&self) -> Result<Vec<u8>> {
        let mut out = canonical();
        out.create_element("invitation")
            .with_attribute(("xmlns", INVITATION))
            .with_attribute(("from", self.from.to_string().as_str()))
            .with_attribute(("created", self.created.to_string().as_str()))
            .with_attribute(("expires", self.expires.to_string().as_str()))
            .with_attribute(("code", spelling::to_hex(&self.code).as_str()))
            .write_inner_content(|out| self.profile.write(out))?;
        let bytes = out.into_inner();
        if Self::read(&bytes).context(|| "cannot write the invitation")? != *self {
            return Err(Error::malformed("cannot write the invitation: it would be read as another"));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in [
            "mailto:alice@example.org",
            "https://example.net/in/9fj3?a=b&c=%20",
            "file:///media/stick/bob",
            "file:/srv/bob",
            "maildir:inbox",
            "xmpp:bob@example.im/a-b",
            "gopher2://[::1]:70/-",
        ] {
            assert_eq!(address(good), Ok(()), "{good}");
        }
        for bad in [
            "alice@example.org",
            "Mailto:alice@example.org",
            "2x:y",
            "a-b:c",
            "../x:y",
            ":x",
            "",
            "mailto:",
            "https://",
            "ssh:-oProxyCommand=x",
            "ssh://-oProxyCommand=x",
            "mailto:a b",
            "mailto:a\nb",
            "mailto:\"a\"@b",
            "mailto:'a'@b",
            "mailto:`a`@b",
            "mailto:\u{e9}@b",
            "x:\0",
            &format!("mailto:{}", "a".repeat(MAX_ADDRESS)),
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names() {
        for good in ["Alice", "Ælfgifu von Übersee", "李", &"é".repeat(MAX_NAME)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in
            ["", " ", "Alice\nBob", "Alice\tBob", "Alice\u{2028}Bob", "\u{1b}[31m", &"é".repeat(MAX_NAME + 1)]
        {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_invitation_that_would_be_refused_is_not_written() {
        let created: Timestamp = "2026-11-22T10:15:00Z".parse().unwrap();
        let after = |seconds: i64| Timestamp::from_second(created.as_second() + seconds).unwrap();
        let keys = KeyOffer { p256: vec![1], ml_kem_768: None };
        let invitation = Invitation {
            from: Fingerprint::from_bytes([1; 32]),
            created,
            expires: after(Invitation::MAX_SECONDS),
            code: [7; 16],
            profile: Profile {
                name: "Alice".into(),
                serial: 1,
                recovery: None,
                about: None,
                addresses: Vec::new(),
                meeting: keys,
                sealing: None,
            },
        };
        assert_eq!(Invitation::read(&invitation.write().unwrap()).as_ref(), Ok(&invitation));
        let nameless = Profile { name: String::new(), ..invitation.profile.clone() };
        for wrong in [
            Invitation { expires: after(Invitation::MAX_SECONDS + 1), ..invitation.clone() },
            Invitation { expires: created, ..invitation.clone() },
            Invitation { profile: nameless, ..invitation.clone() },
        ] {
            assert!(wrong.write().is_err());
        }
    }
}
