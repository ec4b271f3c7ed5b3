//! How a mail looks (RFC 5322, RFC 2045): short honest words for whoever opens it by hand, then what is carried, as
//! attachments in base64.
//!
//! Subject and text are always the same, and there is no header that says anything about the network, the account or
//! this program: providers drop what they don't know, and rewrite what they do. A reader finds sealed packets by their
//! bytes, wherever a gateway has put them.

use lettre::{
    Address, Message,
    message::{
        Body, MultiPart, SinglePart,
        header::{ContentDisposition, ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use socialnet::{Error, Kind, Result, driver::Cargo, mailbox::name_of};
use uuid::Uuid;

const SUBJECT: &str = "Sealed packets";
const WORDS: &str = "\
This mail was written by a program, for a program: it carries sealed packets\r\n\
of SocialNet, in which friends keep in touch by ordinary mail. Only the\r\n\
reader's own program can open them.\r\n\
\r\n\
If you don't know what that is, you can delete this mail.\r\n";

/// Bytes of a mail beside its attachments, and of the header lines of each attachment: no less than they take.
const FRAME: usize = 2048;
const PART: usize = 384;
/// Characters, with CRLF, of a line of base64 (RFC 2045 section 6.8), and the bytes that it carries.
const LINE: usize = 78;
const LINE_BYTES: usize = 57;

/// One thing in a mail.
pub struct Part {
    /// What it is.
    pub cargo: Cargo,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Bytes that an attachment of `bytes` takes in a mail, at most.
pub fn part_size(bytes: usize) -> usize {
    PART + bytes.div_ceil(LINE_BYTES) * LINE
}

/// Bytes of a mail with attachments that take `parts`, at most.
pub fn mail_size(parts: usize) -> usize {
    FRAME + parts
}

/// Bytes of one attachment that fit in a mail of `limit` bytes for certain.
pub fn room(limit: usize) -> usize {
    limit.saturating_sub(FRAME + PART) / LINE * LINE_BYTES
}

/// A mail, ready to be sent: CRLF everywhere, and no longer lines than SMTP takes.
pub fn write(from: &Address, to: &[Address], parts: Vec<Part>) -> Result<Vec<u8>> {
    let cannot = |error: &dyn std::fmt::Display| {
        Error::new(Kind::Config, format!("cannot write a mail from '{from}': {error}"))
    };
    // Who else gets a chunk is nobody's business. RFC 5322 section 3.4 has an empty group for that.
    let to = match to {
        [one] => one.to_string(),
        _ => "undisclosed-recipients:;".to_owned(),
    };
    let mut mixed =
        MultiPart::mixed().singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(words()));
    for part in parts {
        mixed = mixed.singlepart(attachment(part).map_err(|error| cannot(&error))?);
    }
    let envelope = lettre::address::Envelope::new(Some(from.clone()), vec![from.clone()]);
    let mail = Message::builder()
        .envelope(envelope.map_err(|error| cannot(&error))?)
        .from(from.clone().into())
        .raw_header(raw("To", to))
        .subject(SUBJECT)
        .date_now()
        // Not the machine's name, which the library would take.
        .message_id(Some(format!("<{}@{}>", Uuid::new_v4().simple(), from.domain())))
        // RFC 3834: no vacation notice comes back.
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
        .multipart(mixed)
        .map_err(|error| cannot(&error))?;
    Ok(mail.formatted())
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

fn words() -> Body {
    Body::dangerous_pre_encoded(WORDS.into(), ContentTransferEncoding::SevenBit)
}

fn attachment(part: Part) -> std::result::Result<SinglePart, Box<dyn std::error::Error>> {
    let (kind, name) = match part.cargo {
        Cargo::Envelope => {
            // RFC 8551 section 3.2.
            let name = "smime.p7m".to_owned();
            (format!("application/pkcs7-mime; smime-type=authEnveloped-data; name={name}"), name)
        }
        Cargo::Blob => {
            let name = format!("{}.snblob", name_of(&part.bytes));
            (format!("application/octet-stream; name={name}"), name)
        }
    };
    let body = Body::new_with_encoding(part.bytes, ContentTransferEncoding::Base64);
    let body = body.map_err(|_| "base64 was refused")?;
    Ok(SinglePart::builder()
        .header(ContentType::parse(&kind)?)
        .header(ContentDisposition::attachment(&name))
        .body(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::parse;

    fn mail(to: &[&str], parts: &[(Cargo, &[u8])]) -> String {
        let to: Vec<_> = to.iter().map(|to| parse(to).unwrap()).collect();
        let parts = parts.iter().map(|(cargo, bytes)| Part { cargo: *cargo, bytes: bytes.to_vec() });
        let mail = write(&parse("alice@example.org").unwrap(), &to, parts.collect()).unwrap();
        String::from_utf8(mail).unwrap()
    }

    #[test]
    fn an_envelope_for_one_reader() {
        let mail = mail(&["bob@example.org"], &[(Cargo::Envelope, b"x")]);
        let unfolded = mail.replace("\r\n ", " ");
        for line in [
            "From: alice@example.org",
            "To: bob@example.org",
            "Subject: Sealed packets",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data; name=smime.p7m",
            "Content-Disposition: attachment; filename=\"smime.p7m\"",
            "Content-Transfer-Encoding: base64",
            "eA==",
        ] {
            assert!(unfolded.split("\r\n").any(|there| there == line), "{mail}");
        }
        assert!(mail.is_ascii() && !mail.replace("\r\n", "").contains(['\r', '\n']));
        assert!(mail.ends_with("\r\n") && mail.lines().all(|line| line.len() <= 78));
        let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
        let names: Vec<_> = headers.lines().filter(|line| !line.starts_with([' ', '\t'])).collect();
        assert_eq!(names.len(), 8, "{headers}");
    }

    #[test]
    fn a_chunk_for_many_names_none_of_them() {
        let mail = mail(&["bob@example.org", "carol@example.org"], &[(Cargo::Blob, b"x")]);
        assert!(mail.contains("\r\nTo: undisclosed-recipients:;\r\n"));
        // With the sign: what parts it is letters at random, three of which are somebody's name in one mail of 6000.
        assert!(!mail.contains("bob@") && !mail.contains("carol@"));
        let name = name_of(b"x");
        assert!(mail.contains(&format!("application/octet-stream;\r\n name={name}.snblob\r\n")), "{mail}");
    }

    #[test]
    fn two_mails_share_no_name() {
        let id = |mail: String| mail.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
        let to = ["bob@example.org"];
        let (one, other) = (id(mail(&to, &[])), id(mail(&to, &[])));
        assert!(one != other && one.ends_with("@example.org>"));
    }

    #[test]
    fn no_mail_is_larger_than_foretold() {
        for size in [0, 1, 56, 57, 58, 100_000] {
            let bytes = vec![7; size];
            for cargo in [Cargo::Envelope, Cargo::Blob] {
                let mail = mail(&["bob@example.org"], &[(cargo, &bytes), (cargo, &bytes)]);
                assert!(mail.len() <= mail_size(2 * part_size(size)), "{size}");
            }
            assert!(mail_size(part_size(room(size))) <= size.max(mail_size(part_size(0))));
        }
    }
}
