//! The form with which the owner of a box logs in to a web server. XML only; who signed it is for `seal`.
//! socialnet-http(7), LOGGING IN.

use crate::{
    Context, Error, Fingerprint, Result,
    packet::{
        parts::{self, Parts, Vocabulary},
        spelling, tree,
        write::canonical,
    },
};
use jiff::Timestamp;

/// The namespace of version 1.
pub const BOX_LOGIN: &str = "urn:socialnet:box-login:1";
/// Bytes of a form, at most.
pub const MAX_LOGIN: usize = 4 << 10;
/// Characters of a host's name with its port, at most.
const MAX_HOST: usize = 260;

static VOCABULARY: Vocabulary = Vocabulary {
    namespace: BOX_LOGIN,
    elements: &["box-login"],
    attributes: &["box", "created", "from", "host", "nonce"],
};

/// What the owner of a box signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxLogin {
    /// Who logs in.
    pub from: Fingerprint,
    /// Where: the authority of the box's address, in lower case.
    pub host: String,
    /// To which box.
    pub name: String,
    /// When it was made; whole seconds.
    pub created: Timestamp,
    /// What the server gave for this one login.
    pub nonce: [u8; 32],
}

/// Whether a name may be a box's: 1 to 64 of a-z, 0-9 and `-`, the first not `-`.
pub fn is_box(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(allowed)
}

/// Whether a text may be a host, with or without a port: what an authority has, in lower case.
fn is_host(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    (1..=MAX_HOST).contains(&text.len()) && text.bytes().all(allowed)
}

impl BoxLogin {
    /// The form for a challenge as a driver passes it on: `HOST BOX NONCE`.
    pub fn answer(challenge: &str, from: Fingerprint, now: Timestamp) -> Result<Self> {
        let words: Vec<&str> = challenge.split(' ').collect();
        match *words.as_slice() {
            [host, name, nonce] if is_host(host) && is_box(name) => Ok(Self {
                from,
                host: host.to_owned(),
                name: name.to_owned(),
                created: Timestamp::from_second(now.as_second()).unwrap_or(now),
                nonce: spelling::hex(nonce).context(|| "nonce")?,
            }),
            _ => Err(Error::malformed("not a challenge: HOST BOX NONCE on a line")),
        }
    }

    /// Reads the XML of a form. [`crate::Kind::Unavailable`]: another version made it.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let root = tree::parse(bytes, MAX_LOGIN)?;
        parts::understood(&root, "box-login", &VOCABULARY)?;
        let mut parts = Parts::new(&root, &VOCABULARY);
        let form = Self {
            from: parts.required("from")?.parse()?,
            host: parts.required("host")?.to_owned(),
            name: parts.required("box")?.to_owned(),
            created: spelling::time(parts.required("created")?)?,
            nonce: spelling::hex(parts.required("nonce")?).context(|| "nonce")?,
        };
        parts.finish()?;
        if !is_host(&form.host) || !is_box(&form.name) {
            return Err(Error::malformed("a host or a box that can't be one"));
        }
        Ok(form)
    }

    /// Writes it.
    pub fn write(&self) -> Vec<u8> {
        let mut out = canonical();
        // Attributes alone, into memory: nothing can fail.
        let _ = out
            .create_element("box-login")
            .with_attribute(("xmlns", BOX_LOGIN))
            .with_attribute(("from", self.from.to_string().as_str()))
            .with_attribute(("host", self.host.as_str()))
            .with_attribute(("box", self.name.as_str()))
            .with_attribute(("created", self.created.to_string().as_str()))
            .with_attribute(("nonce", spelling::to_hex(&self.nonce).as_str()))
            .write_empty();
        out.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> BoxLogin {
        let now = "2026-11-22T10:15:00.5Z".parse().unwrap();
        let challenge = format!("example.net:8443 9fj3 {}", "0a".repeat(32));
        BoxLogin::answer(&challenge, Fingerprint::from_bytes([1; 32]), now).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let written = form().write();
        assert!(written.starts_with(b"<box-login xmlns=\"urn:socialnet:box-login:1\" from=\""));
        assert_eq!(BoxLogin::read(&written), Ok(form()));
    }

    #[test]
    fn a_challenge_is_three_plain_words() {
        let nonce = "0a".repeat(32);
        for wrong in [
            "".to_owned(),
            format!("example.net {nonce}"),
            format!("example.net 9fj3 {nonce} x"),
            format!("example.net ../9fj3 {nonce}"),
            format!("EXAMPLE.net 9fj3 {nonce}"),
            format!("exa\"mple.net 9fj3 {nonce}"),
            format!("example.net 9fj3 {}", &nonce[1..]),
            format!("example.net 9fj3 {}", nonce.to_uppercase()),
        ] {
            let now = Timestamp::UNIX_EPOCH;
            assert!(BoxLogin::answer(&wrong, Fingerprint::from_bytes([1; 32]), now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn boxes_are_plain_names() {
        for good in ["9fj3", "a", "alice-2", &"x".repeat(64)] {
            assert!(is_box(good), "{good}");
        }
        for wrong in ["", "-a", ".", "..", "a/b", "A", "a.b", "a b", "a%2e", "a\0", "\u{e9}", &"x".repeat(65)]
        {
            assert!(!is_box(wrong), "{wrong}");
        }
    }

    #[test]
    fn nothing_else_is_a_form() {
        let good = String::from_utf8(form().write()).unwrap();
        for (what, with) in [
            ("box-login:1", "packet:1"),
            ("box=\"9fj3\"", "box=\"../x\""),
            (" nonce=\"0a", " nonce=\"0A"),
            ("host=\"example.net:8443\" ", ""),
            ("created=\"2026-11-22T10:15:00Z\"", "created=\"2026-11-22T10:15:00.5Z\""),
        ] {
            let changed = good.replace(what, with);
            assert_ne!(changed, good);
            assert!(BoxLogin::read(changed.as_bytes()).is_err(), "{changed}");
        }
    }
}
