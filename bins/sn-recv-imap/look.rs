//! Which mails may hold something of ours, told by their structure alone: nobody wants to download five thousand
//! newsletters to find that they are none.

use imap_proto::types::{BodyContentCommon, BodyContentSinglePart, BodyStructure};
use socialnet_mail::find::is_our_name;

/// The smallest envelope takes that much in base64 (socialnet-seal(5), padding), chunks by their name alone excepted.
const SMALLEST: u32 = 5400;
/// Parts of one mail that are worth a look.
const MOST_PARTS: usize = 8;

/// What to do about one mail.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    /// Its structure says that it is for us.
    Fetch,
    /// The beginning of one of these parts tells; the one without a number is the text of the whole mail.
    Peek(Vec<Vec<u32>>),
    /// Nothing for us.
    Leave,
}

/// Judges a mail of so many bytes by its structure.
pub fn look(size: u64, structure: &BodyStructure) -> Look {
    let mut parts = Vec::new();
    let mut told = 0;
    // Numbers of parts as RFC 3501 section 6.4.5 has them: what is no multipart is part 1 of the mail it makes up.
    let mut open = vec![(Vec::new(), true, structure)];
    while let Some((number, makes_up_a_mail, structure)) = open.pop() {
        let below = |index: usize| {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            number.iter().copied().chain([index]).collect::<Vec<_>>()
        };
        let own_number = || if makes_up_a_mail { below(1) } else { number.clone() };
        match structure {
            BodyStructure::Multipart { bodies, .. } => {
                open.extend(bodies.iter().enumerate().map(|(index, body)| (below(index + 1), false, body)));
            }
            BodyStructure::Message { body, .. } => open.push((own_number(), true, body)),
            BodyStructure::Text { common, other, .. } | BodyStructure::Basic { common, other, .. } => {
                told += u64::from(other.octets);
                match part(common, other) {
                    Part::Ours => return Look::Fetch,
                    Part::Perhaps => parts.push(own_number()),
                    Part::Others => {}
                }
            }
        }
    }
    parts.truncate(MOST_PARTS);
    // A boundary that was spoilt on the way makes parts disappear, or the header is a long one.
    if parts.is_empty() && size.saturating_sub(told) >= SMALLEST.into() {
        parts.push(Vec::new());
    }
    if parts.is_empty() { Look::Leave } else { Look::Peek(parts) }
}

enum Part {
    Ours,
    Perhaps,
    Others,
}

fn part(common: &BodyContentCommon, other: &BodyContentSinglePart) -> Part {
    let disposition = common.disposition.as_ref().and_then(|disposition| disposition.params.as_ref());
    let mut named = common.ty.params.iter().chain(disposition).flatten();
    let kind = &common.ty.ty;
    // A name may come in pieces, `name*0*` and so on (RFC 2231); a piece of ours still has the end that tells.
    if named.any(|(key, value)| key.to_ascii_lowercase().contains("name") && is_our_name(value))
        || common.ty.subtype.to_ascii_lowercase().contains("pkcs7-mime")
        // What became of a mail, perhaps one of ours (RFC 3464).
        || common.ty.subtype.eq_ignore_ascii_case("delivery-status")
    {
        return Part::Ours;
    }
    let media = ["image", "audio", "video", "font"].iter().any(|media| kind.eq_ignore_ascii_case(media));
    if other.octets < SMALLEST || media { Part::Others } else { Part::Perhaps }
}

#[cfg(test)]
mod tests {
    use super::*;
    use imap_proto::types::{AttributeValue, Response};

    fn judged(structure: &str) -> Look {
        judged_of(structure, 0)
    }

    fn judged_of(structure: &str, size: u64) -> Look {
        let line = format!("* 1 FETCH (BODYSTRUCTURE {structure})\r\n");
        let (_, response) = imap_proto::parser::parse_response(line.as_bytes()).unwrap();
        let Response::Fetch(_, attributes) = response else { panic!("no FETCH") };
        let [AttributeValue::BodyStructure(structure)] = &attributes[..] else { panic!("no BODYSTRUCTURE") };
        look(size, structure)
    }

    #[test]
    fn names_and_types_tell() {
        for ours in [
            r#"("application" "pkcs7-mime" ("smime-type" "authEnveloped-data") NIL NIL "base64" 6000)"#,
            r#"("application" "octet-stream" ("name" "packet.p7m") NIL NIL "base64" 6000)"#,
            r#"("message" "delivery-status" NIL NIL "Delivery report" "7bit" 400)"#,
            r#"("x" "y" NIL NIL NIL "base64" 10 NIL ("attachment" ("filename*0*" "x.snblob")))"#,
        ] {
            assert_eq!(judged(ours), Look::Fetch, "{ours}");
            let text = r#"("text" "plain" NIL NIL NIL "7bit" 10 1)"#;
            assert_eq!(judged(&format!(r#"({text}{ours} "mixed")"#)), Look::Fetch);
        }
    }

    #[test]
    fn parts_are_numbered_as_servers_number_them() {
        let long = r#"("text" "plain" NIL NIL NIL "7bit" 9000 90)"#;
        let binary = r#"("application" "octet-stream" NIL NIL NIL "base64" 9000)"#;
        let short = r#"("text" "plain" NIL NIL NIL "7bit" 10 1)"#;
        let envelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";
        let nested =
            |body: &str| format!(r#"("message" "rfc822" NIL NIL NIL "7bit" 9999 {envelope} {body} 99)"#);
        let both = format!(r#"({short}{binary} "mixed")"#);
        for (structure, numbers) in [
            (long.to_owned(), vec![vec![1]]),
            (both.clone(), vec![vec![2]]),
            (format!(r#"({long}{both} "mixed")"#), vec![vec![2, 2], vec![1]]),
            (nested(long), vec![vec![1, 1]]),
            (format!(r#"({short}{} "mixed")"#, nested(&both)), vec![vec![2, 2]]),
        ] {
            assert_eq!(judged(&structure), Look::Peek(numbers), "{structure}");
        }
        assert_eq!(judged(short), Look::Leave);
        assert_eq!(judged_of(short, 9000), Look::Peek(vec![vec![]]));
        assert_eq!(judged(r#"("image" "png" NIL NIL NIL "base64" 90000)"#), Look::Leave);
    }
}
