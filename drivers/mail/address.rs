//! Mail addresses, read strictly: many come from strangers' profiles.
//!
//! Of what RFC 5321 allows, quoted local parts, address literals and letters beyond ASCII are refused: nobody has such a
//! mailbox by accident, and careless programs on the way take them for options, commands or lists. So there is nothing to
//! escape later, in commands or in headers.

/// The parts of a bare address, `alice@example.org`, before and behind the `@`.
pub fn parts(text: &str) -> Option<(&str, &str)> {
    let (user, domain) = text.split_once('@')?;
    let plain = is_dot_atom(user, |byte| b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        && is_dot_atom(domain, |byte| byte == b'-');
    // A program that is given the address as an argument would take it for an option.
    (plain && !user.starts_with('-') && !domain.starts_with('-')).then_some((user, domain))
}

/// RFC 5322 section 3.2.3, with so many special characters.
fn is_dot_atom(text: &str, special: impl Fn(u8) -> bool) -> bool {
    let atom = |atom: &str| {
        !atom.is_empty() && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || special(byte))
    };
    text.split('.').all(atom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_addresses() {
        assert_eq!(parts("alice+x@example.org"), Some(("alice+x", "example.org")));
        for wrong in [
            "alice",
            "@example.org",
            "alice@",
            "-o@example.org",
            "a@-x",
            "a b@c",
            "a@b@c",
            "\"a\"@b",
            "a@[::1]",
        ] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
