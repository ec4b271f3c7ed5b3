//! From XML to [`Packet`].

use super::{
    About, Attachment, Body, BottleOpened, Digest, MAX_ATTACHMENTS, MAX_BOTTLE, MAX_BYTES, MAX_CHUNKS,
    MAX_HANDLES, MAX_LABEL, MAX_REACTION, MAX_SUCCESSIONS, MAX_TAGS, MAX_TEXT, MAX_TO, Name, Packet, Resend,
    Search, Type,
    parts::{self, Parts},
    rules::{self, VOCABULARY},
    spelling,
    tree::{self, Element},
};
use crate::{
    Context, Error, Fingerprint, Result, base64,
    envelope::{self, Received},
    profile::{Profile, check_name},
};
use jiff::Timestamp;

/// Reads one packet: exactly one root element, nothing around it. Anything malformed is refused
/// ([`crate::Kind::Malformed`]); anything merely unknown gives [`Body::Unknown`] with author, id, times and fallback.
pub fn read(bytes: &[u8]) -> Result<Packet> {
    let root = tree::parse(bytes, MAX_BYTES)?;
    let version = parts::version(&root, "packet", &VOCABULARY)?;
    let mut parts = Parts::new(&root, &VOCABULARY);
    let header = header(&mut parts)?;
    if version != 1 {
        return Ok(unknown(header, format!("version {version} of packets")));
    }
    // What an application's own elements mean, and must mean, is between its copies.
    let ours_only = rules::is_application(&header.kind);
    if let Some(why) = VOCABULARY.not_understood(&root, !ours_only)? {
        return Ok(unknown(header, why));
    }
    let kind = Type::named(&header.kind);
    if kind.is_none() && !ours_only {
        let why = format!("type '{}'", header.kind);
        return Ok(unknown(header, why));
    }
    let packet = understood(parts, header, kind)?;
    rules::check(&packet)?;
    Ok(packet)
}

/// What every version has.
struct Header {
    kind: String,
    name: Name,
    created: Timestamp,
    expires: Option<Timestamp>,
    fallback: Option<String>,
}

fn header(parts: &mut Parts) -> Result<Header> {
    let kind = parts.required("type")?;
    if !rules::well_formed(kind) {
        return Err(Error::malformed(format!("'{kind}' is not a type")));
    }
    let name = Name { from: parts.required("from")?.parse()?, id: spelling::id(parts.required("id")?)? };
    let created = spelling::time(parts.required("created")?)?;
    let expires = parts.attribute("expires").map(spelling::time).transpose()?;
    if expires.is_some_and(|expires| expires <= created) {
        return Err(Error::malformed("expires before it was made"));
    }
    let fallback = parts.one("fallback")?.map(words).transpose()?;
    Ok(Header { kind: kind.to_owned(), name, created, expires, fallback })
}

fn unknown(header: Header, why: String) -> Packet {
    let Header { kind, name, created, expires, fallback } = header;
    Packet { expires, fallback, ..Packet::new(name, &kind, created, Body::Unknown { why }) }
}

/// `kind` is none for an application.
fn understood(mut parts: Parts, header: Header, kind: Option<Type>) -> Result<Packet> {
    let shareable = flag(&mut parts, "share", "yes")?;
    let author_name =
        parts.attribute("as").map(|name| check_name(name).map(|()| name.to_owned())).transpose()?;
    let to = to(&mut parts)?;
    let thread = parts.one("thread")?.map(thread).transpose()?;
    let about = parts.one("about")?.map(about).transpose()?;
    let text = parts.one("text")?.map(words).transpose()?;
    let attachments: Vec<_> = parts.many("attachment").map(Attachment::read).collect::<Result<_>>()?;
    at_most("<attachment>", attachments.len(), MAX_ATTACHMENTS)?;
    let body = body(kind, &mut parts, text.as_deref())?;
    parts.finish()?;
    let Header { kind, name, created, expires, fallback } = header;
    Ok(Packet {
        name,
        kind,
        created,
        expires,
        shareable,
        author_name,
        to,
        thread,
        about,
        text,
        attachments,
        fallback,
        body,
    })
}

/// What is particular to a type.
fn body(kind: Option<Type>, parts: &mut Parts, text: Option<&str>) -> Result<Body> {
    let Some(kind) = kind else { return Ok(Body::Application) };
    Ok(match kind {
        Type::Status => Body::Status,
        Type::Photo => Body::Photo,
        Type::Comment => Body::Comment,
        Type::Reaction => {
            if text.is_some_and(|text| text.len() > MAX_REACTION || text.contains(['\n', '\t'])) {
                return Err(Error::malformed(format!(
                    "a reaction is one line of at most {MAX_REACTION} bytes"
                )));
            }
            Body::Reaction
        }
        Type::Message => Body::Message,
        Type::Share => Body::Share { original: bytes(parts.just_one("signed")?)? },
        Type::Edit => {
            Body::Edit { version: small_number(parts, "version")?, closes: flag(parts, "thread", "closed")? }
        }
        Type::Retract => Body::Retract,
        Type::Profile => match parts.one("signed")? {
            Some(original) => Body::Introduction { original: bytes(original)? },
            None => Body::Profile { profile: profile(parts)?, want: flag(parts, "want", "profile")? },
        },
        Type::ContactRequest => {
            let code = parts.attribute("code").map(spelling::hex).transpose().context(|| "code")?;
            let successions = parts.many("succession").map(bytes).collect::<Result<Vec<_>>>()?;
            at_most("successions", successions.len(), MAX_SUCCESSIONS)?;
            let opened = parts.one("opened")?.map(opened).transpose()?;
            Body::ContactRequest { profile: profile(parts)?, code, successions, opened }
        }
        Type::ContactAccept => Body::ContactAccept { profile: profile(parts)? },
        Type::ContactBye => Body::ContactBye,
        Type::NotUnderstood => Body::NotUnderstood { understands: understands(parts)? },
        Type::Handles => {
            let serial = spelling::number(parts.required("serial")?).context(|| "serial")?;
            let handles = parts.many("handle").map(marked).collect::<Result<Vec<_>>>()?;
            at_most("<handle>", handles.len(), MAX_HANDLES)?;
            Body::Handles { serial, handles }
        }
        Type::Search => Body::Search(search(parts)?),
        Type::SearchRequest => Body::SearchRequest { bottle: bottle(parts)? },
        Type::SearchStop => Body::SearchStop,
        Type::Resend => Body::Resend(resend(parts)?),
    })
}

/// An attribute that is there with its one value, or is not there.
fn flag(parts: &mut Parts, name: &'static str, value: &str) -> Result<bool> {
    match parts.attribute(name) {
        None => Ok(false),
        Some(found) if found == value => Ok(true),
        Some(found) => Err(Error::malformed(format!("{name}='{found}', not '{value}'"))),
    }
}

/// 1 to 2^32 - 1.
fn small_number(parts: &mut Parts, name: &'static str) -> Result<u32> {
    let number = spelling::number(parts.required(name)?).ok().and_then(|number| u32::try_from(number).ok());
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| Error::malformed(format!("'{name}' is not a number from 1")))
}

fn at_most(what: &str, count: usize, max: usize) -> Result<()> {
    if count > max { Err(Error::malformed(format!("more than {max} {what}"))) } else { Ok(()) }
}

/// Text for people: some, and not too much.
fn words(element: &Element) -> Result<String> {
    let text = parts::text(element, &VOCABULARY, MAX_TEXT)?;
    if text.is_empty() {
        return Err(Error::malformed(format!("<{}> is empty", element.name)));
    }
    Ok(text.to_owned())
}

/// Base64 of at least one byte.
fn bytes(element: &Element) -> Result<Vec<u8>> {
    let text = parts::text(element, &VOCABULARY, MAX_BYTES)?;
    let bytes = base64::decode_spaced(text).context(|| format!("<{}>", element.name))?;
    if bytes.is_empty() {
        return Err(Error::malformed(format!("<{}> is empty", element.name)));
    }
    Ok(bytes)
}

fn to(parts: &mut Parts) -> Result<Vec<Fingerprint>> {
    let mut to: Vec<Fingerprint> = Vec::new();
    for element in parts.many("to") {
        to.push(parts::text(element, &VOCABULARY, Fingerprint::TEXT_LENGTH)?.parse().context(|| "<to>")?);
    }
    at_most("<to>", to.len(), MAX_TO)?;
    let mut sorted = to.clone();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::malformed("<to> names somebody twice"));
    }
    Ok(to)
}

fn thread(element: &Element) -> Result<Name> {
    let mut parts = Parts::new(element, &VOCABULARY);
    let name = Name { from: parts.required("from")?.parse()?, id: spelling::id(parts.required("id")?)? };
    parts.finish()?;
    Ok(name)
}

fn about(element: &Element) -> Result<About> {
    let mut parts = Parts::new(element, &VOCABULARY);
    let from = parts.required("from")?.parse()?;
    let about = match parts.attribute("id") {
        Some(id) => {
            let sha256 = parts.attribute("sha256").map(spelling::digest).transpose()?;
            About::Packet(Name { from, id: spelling::id(id)? }, sha256)
        }
        None => About::Person(from),
    };
    parts.finish()?;
    Ok(about)
}

fn profile(parts: &mut Parts) -> Result<Profile> {
    Profile::read(parts.just_one("profile")?, &VOCABULARY)
}

fn understands(parts: &mut Parts) -> Result<Vec<String>> {
    let understands: Vec<String> = parts
        .many("understands")
        .map(|element| {
            let text = parts::text(element, &VOCABULARY, MAX_LABEL)?;
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(Error::malformed("<understands> is not a namespace or type"));
            }
            Ok(text.to_owned())
        })
        .collect::<Result<_>>()?;
    at_most("<understands>", understands.len(), MAX_TAGS)?;
    Ok(understands)
}

fn search(parts: &mut Parts) -> Result<Search> {
    let token = spelling::hex(parts.required("token")?).context(|| "token")?;
    let further = flag(parts, "further", "yes")?;
    let tags: Vec<_> = parts.many("tag").map(marked).collect::<Result<_>>()?;
    at_most("<tag>", tags.len(), MAX_TAGS)?;
    if tags.is_empty() {
        return Err(Error::malformed("a search needs <tag>"));
    }
    Ok(Search { token, further, tags, bottle: bottle(parts)? })
}

/// 32 bytes, and by which scheme they were made.
fn marked(element: &Element) -> Result<(u32, Digest)> {
    let mut parts = Parts::new(element, &VOCABULARY);
    let scheme = small_number(&mut parts, "scheme")?;
    let digest = spelling::digest(parts.text(MAX_LABEL)?).context(|| format!("<{}>", element.name))?;
    Ok((scheme, digest))
}

fn bottle(parts: &mut Parts) -> Result<Vec<u8>> {
    let bottle = bytes(parts.just_one("bottle")?)?;
    at_most("bytes in <bottle>", bottle.len(), MAX_BOTTLE)?;
    Ok(bottle)
}

fn opened(element: &Element) -> Result<BottleOpened> {
    let mut parts = Parts::new(element, &VOCABULARY);
    let bottle = spelling::digest(parts.required("bottle")?).context(|| "bottle")?;
    let proof = spelling::digest(parts.required("proof")?).context(|| "proof")?;
    parts.finish()?;
    Ok(BottleOpened { bottle, proof })
}

fn resend(parts: &mut Parts) -> Result<Resend> {
    let gaps: Vec<Received> = parts
        .many("gap")
        .map(|element| parts::text(element, &VOCABULARY, envelope::MAX_RECEIVED)?.parse())
        .collect::<Result<_>>()?;
    envelope::check_received(&gaps)?;
    let blobs: Vec<_> = parts.many("chunk").map(super::attachment::chunk).collect::<Result<_>>()?;
    at_most("<chunk>", blobs.len(), MAX_CHUNKS)?;
    if gaps.is_empty() && blobs.is_empty() {
        return Err(Error::malformed("a resend needs <gap> or <chunk>"));
    }
    Ok(Resend { gaps, blobs })
}
