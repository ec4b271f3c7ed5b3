//! The short form of an invitation: one line of text that fits in a QR code. It has no signature: whoever hands it over
//! vouches for it. socialnet-packet(5), SHORT FORM.

use crate::{
    Error, Fingerprint, Result,
    packet::spelling,
    profile::{self, MAX_ADDRESSES},
};
use data_encoding::BASE64URL_NOPAD;
use form_urlencoded::Serializer;
use std::{fmt, str::FromStr};

/// How it begins.
pub const SCHEME: &str = "socialnet:";

/// Who invites, where they are reached, and the key for the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Short {
    /// Who invites.
    pub from: Fingerprint,
    /// URIs, in order of preference.
    pub addresses: Vec<String>,
    /// One-time code.
    pub code: [u8; 16],
    /// The P-256 meeting key: a compressed point (SEC 1 section 2.3.3).
    pub point: [u8; 33],
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(self.addresses.iter().map(|address| ("a", address)));
        query.append_pair("c", &spelling::to_hex(&self.code));
        query.append_pair("k", &BASE64URL_NOPAD.encode(&self.point));
        write!(f, "{SCHEME}{}?{}", self.from, query.finish())
    }
}

impl FromStr for Short {
    type Err = Error;

    /// Reads it; what version 1 does not name is skipped.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |what: &str| Error::malformed(format!("not a short invitation: {what}"));
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| wrong("it does not begin with 'socialnet:'"))?;
        let (from, query) = rest.split_once('?').ok_or_else(|| wrong("nothing follows the fingerprint"))?;
        let from = from.parse()?;
        let (mut addresses, mut code, mut point) = (Vec::new(), None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let twice = match name.as_ref() {
                "a" => {
                    profile::address(&value)?;
                    addresses.push(value.into_owned());
                    addresses.len() > MAX_ADDRESSES
                }
                "c" => code.replace(spelling::hex(&value)?).is_some(),
                "k" => {
                    let bytes = BASE64URL_NOPAD.decode(value.as_bytes()).ok();
                    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
                    point.replace(bytes.ok_or_else(|| wrong("its key has not 33 bytes"))?).is_some()
                }
                _ => false,
            };
            if twice {
                return Err(wrong(&format!("'{name}' too often")));
            }
        }
        let missing = |name: &str| wrong(&format!("it lacks '{name}'"));
        let (code, point) = (code.ok_or_else(|| missing("c"))?, point.ok_or_else(|| missing("k"))?);
        Ok(Self { from, addresses, code, point })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn short(addresses: &[&str]) -> Short {
        Short {
            from: Fingerprint::from_bytes([0xa1; 32]),
            addresses: addresses.iter().map(|it| (*it).to_owned()).collect(),
            code: [0xc0; 16],
            point: [2; 33],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let alice =
            short(&["mailto:alice+post@example.org", "https://example.net/in?a=1&c=%20", "file:/srv/post"]);
        let text = alice.to_string();
        assert_eq!(
            text,
            format!(
                "socialnet:{}?a=mailto%3Aalice%2Bpost%40example.org\
                 &a=https%3A%2F%2Fexample.net%2Fin%3Fa%3D1%26c%3D%2520&a=file%3A%2Fsrv%2Fpost&c={}&k={}",
                alice.from,
                "c0".repeat(16),
                "AgIC".repeat(11)
            )
        );
        assert_eq!(text.parse(), Ok(alice));
        assert_eq!(format!("{}&x=new", short(&[])).parse(), Ok(short(&[])), "new names are skipped");
    }

    #[test]
    fn what_is_none_is_refused() {
        let good = short(&["mailto:alice@example.org"]).to_string();
        for (bad, why) in [
            (good.replace("socialnet:", "SocialNet:"), "does not begin"),
            (good.replace('?', ""), "nothing follows"),
            (good.replacen(":", ":a", 1), "not a fingerprint"),
            (good.replace("&c=c0", "&c="), ""),
            (good.replace("&c=", "&d="), "lacks 'c'"),
            (good.replace("&k=", "&l="), "lacks 'k'"),
            (good.replace("&k=Ag", "&k="), "33 bytes"),
            (format!("{good}&c={}", "c0".repeat(16)), "'c' too often"),
            (format!("{good}{}", "&a=file:/x".repeat(16)), "'a' too often"),
            (good.replace("mailto%3A", "mailto%3A%0a"), "is not an address"),
            (good.replace("mailto%3A", "-"), "is not an address"),
            (String::new(), "does not begin"),
        ] {
            let error = bad.parse::<Short>().unwrap_err();
            assert!(error.message().contains(why), "{bad}: {error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_breaks_it(text in "(socialnet:)?[a-z2-7]{0,52}[?&ack=%+A-F0-9é-]{0,200}") {
            if let Ok(read) = text.parse::<Short>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
