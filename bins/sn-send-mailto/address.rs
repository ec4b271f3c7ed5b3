//! `mailto:` URIs (RFC 6068) as addresses for SMTP, read strictly: they come from strangers' profiles.
//!
//! One address, without header fields, in the form that [`socialnet_mail::address`] allows.

use lettre::Address;
use percent_encoding::percent_decode_str;
use socialnet::{Error, Result};
use socialnet_mail::address::parts;

/// The address that a URI names.
pub fn from_uri(uri: &str) -> Result<Address> {
    let wrong = |why: &str| Error::malformed(format!("'{uri}' {why}"));
    let to = uri.strip_prefix("mailto:").ok_or_else(|| wrong("is no mailto: address"))?;
    if to.contains(['?', '#']) {
        return Err(wrong("has more in it than an address"));
    }
    // The library leaves a % alone that begins no escape.
    let escaped = |part: &str| part.bytes().take_while(u8::is_ascii_hexdigit).take(2).count() == 2;
    if !to.split('%').skip(1).all(escaped) {
        return Err(wrong("has a % without two hexadecimal digits"));
    }
    let decoded = percent_decode_str(to).decode_utf8().map_err(|_| wrong("is not UTF-8"))?;
    parse(&decoded).map_err(|_| wrong("is not one plain mail address"))
}

/// A bare address, `alice@example.org`.
pub fn parse(text: &str) -> Result<Address> {
    let wrong = || Error::malformed(format!("'{text}' is not a plain mail address"));
    let (user, domain) = parts(text).ok_or_else(wrong)?;
    Address::new(user, domain).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_plain_address() {
        for (uri, address) in [
            ("mailto:bob@example.org", "bob@example.org"),
            ("mailto:bob+sn@mail.example.org", "bob+sn@mail.example.org"),
            ("mailto:b%6fb%40example.org", "bob@example.org"),
            ("mailto:o%27hara@example.org", "o'hara@example.org"),
            ("mailto:50%25@xn--bcher-kva.example", "50%@xn--bcher-kva.example"),
        ] {
            assert_eq!(from_uri(uri).unwrap().to_string(), address);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = format!("mailto:{}@example.org", "a".repeat(65));
        for wrong in [
            "bob@example.org",
            "MAILTO:bob@example.org",
            "mailto:",
            "mailto:bob",
            "mailto:@example.org",
            "mailto:bob@",
            "mailto:bob@example.org?subject=x",
            "mailto:bob@example.org%3Fsubject=x",
            "mailto:bob@example.org#x",
            "mailto:bob@example.org,carol@example.org",
            "mailto:bob@example.org%2Ccarol@example.org",
            "mailto:bob@example.org%0D%0ARCPT%20TO:%3Ccarol@example.org%3E",
            "mailto:bob%0a@example.org",
            "mailto:bob%00@example.org",
            "mailto:bob@example.org%20SIZE=1",
            "mailto:%3Cbob@example.org%3E",
            "mailto:bob%3E@example.org",
            "mailto:%22bob%22@example.org",
            "mailto:bob%5C@example.org",
            "mailto:-oQ/tmp@example.org",
            "mailto:bob@-example.org",
            "mailto:bob@@example.org",
            "mailto:bob@carol@example.org",
            "mailto:.bob@example.org",
            "mailto:bob..x@example.org",
            "mailto:bob@example..org",
            "mailto:bob@[127.0.0.1]",
            "mailto:bob%@example.org",
            "mailto:bob%4@example.org",
            "mailto:bob%+1@example.org",
            "mailto:b%c3%b6b@example.org",
            "mailto:b%ff@example.org",
            &long,
        ] {
            assert!(from_uri(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_address_says_more_than_an_address(uri in "mailto:[ -~]{0,40}") {
            if let Ok(address) = from_uri(&uri) {
                let text = address.to_string();
                prop_assert!(!text.contains(|c: char| c.is_whitespace() || "<>\"\\,;:()[]".contains(c)));
                prop_assert_eq!(text.matches('@').count(), 1);
                prop_assert!(text.is_ascii() && !text.starts_with('-'));
            }
        }
    }
}
