//! From [`Packet`] to XML.

use super::{About, Body, Digest, Name, Packet, Resend, Search, attachment::write_chunk, spelling};
use crate::{Context, Error, Result, base64, profile::Profile};
use quick_xml::{
    Writer,
    escape::partial_escape,
    events::{BytesStart, BytesText, Event},
};
use std::io;

/// Canonical XML under way: one element a line, two spaces a level.
pub(crate) type Xml = Writer<Vec<u8>>;

/// Begins canonical XML.
pub(crate) fn canonical() -> Xml {
    Writer::new_with_indent(Vec::new(), b' ', 2)
}

/// Writes a packet in the form that socialnet-packet(5) calls canonical; `application` is the XML of an application's
/// own elements. Refuses what [`super::read`] would refuse, and what it would not understand.
pub fn write(packet: &Packet, application: Option<&[u8]>) -> Result<Vec<u8>> {
    let mut out = canonical();
    root(&mut out, packet, application)?;
    let bytes = out.into_inner();
    // The reader has all the rules already; what it reads differently was not a packet, or not this one.
    let read = super::read(&bytes).context(|| "cannot write the packet")?;
    if read != *packet {
        return Err(Error::malformed("cannot write the packet: it would be read as another"));
    }
    Ok(bytes)
}

/// An element that holds text alone.
pub(crate) fn leaf(out: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    out.create_element(name).write_text_content(BytesText::from_escaped(partial_escape(text)))?;
    Ok(())
}

fn root(out: &mut Xml, packet: &Packet, application: Option<&[u8]>) -> io::Result<()> {
    let mut start = BytesStart::new("packet");
    start.push_attribute(("xmlns", super::NAMESPACE));
    start.push_attribute(("id", packet.name.id.to_string().as_str()));
    start.push_attribute(("type", packet.kind.as_str()));
    start.push_attribute(("from", packet.name.from.to_string().as_str()));
    start.push_attribute(("created", packet.created.to_string().as_str()));
    if let Some(expires) = packet.expires {
        start.push_attribute(("expires", expires.to_string().as_str()));
    }
    if packet.shareable {
        start.push_attribute(("share", "yes"));
    }
    if let Some(name) = &packet.author_name {
        start.push_attribute(("as", name.as_str()));
    }
    own_attributes(&mut start, &packet.body);
    let end = start.to_end().into_owned();
    out.write_event(Event::Start(start))?;
    for to in &packet.to {
        leaf(out, "to", &to.to_string())?;
    }
    if let Some(thread) = &packet.thread {
        named(out, "thread", thread).write_empty()?;
    }
    match &packet.about {
        Some(About::Packet(name, sha256)) => {
            let element = named(out, "about", name);
            match sha256 {
                Some(sha256) => {
                    element.with_attribute(("sha256", spelling::to_hex(sha256).as_str())).write_empty()?
                }
                None => element.write_empty()?,
            };
        }
        Some(About::Person(from)) => {
            out.create_element("about").with_attribute(("from", from.to_string().as_str())).write_empty()?;
        }
        None => {}
    }
    if let Some(text) = &packet.text {
        leaf(out, "text", text)?;
    }
    own_elements(out, &packet.body)?;
    for attachment in &packet.attachments {
        attachment.write(out)?;
    }
    if let Some(application) = application {
        out.write_indent()?;
        out.get_mut().extend_from_slice(application);
    }
    if let Some(fallback) = &packet.fallback {
        leaf(out, "fallback", fallback)?;
    }
    out.write_event(Event::End(end))
}

/// The attributes that are particular to a type.
fn own_attributes(start: &mut BytesStart, body: &Body) {
    match body {
        Body::Edit { version, closes } => {
            start.push_attribute(("version", version.to_string().as_str()));
            if *closes {
                start.push_attribute(("thread", "closed"));
            }
        }
        Body::Profile { want: true, .. } => start.push_attribute(("want", "profile")),
        Body::ContactRequest { code: Some(code), .. } => {
            start.push_attribute(("code", spelling::to_hex(code).as_str()));
        }
        Body::Handles { serial, .. } => start.push_attribute(("serial", serial.to_string().as_str())),
        Body::Search(Search { token, further, .. }) => {
            start.push_attribute(("token", spelling::to_hex(token).as_str()));
            if *further {
                start.push_attribute(("further", "yes"));
            }
        }
        _ => {}
    }
}

/// The elements that are particular to a type.
fn own_elements(out: &mut Xml, body: &Body) -> io::Result<()> {
    match body {
        Body::Share { original } | Body::Introduction { original } => {
            leaf(out, "signed", &base64::encode(original))
        }
        Body::Profile { profile, .. } | Body::ContactAccept { profile } => Profile::write(profile, out),
        Body::ContactRequest { profile, successions, opened, .. } => {
            Profile::write(profile, out)?;
            successions.iter().try_for_each(|signed| leaf(out, "succession", &base64::encode(signed)))?;
            opened.iter().try_for_each(|opened| {
                let element = out.create_element("opened");
                element
                    .with_attribute(("bottle", spelling::to_hex(&opened.bottle).as_str()))
                    .with_attribute(("proof", spelling::to_hex(&opened.proof).as_str()))
                    .write_empty()
                    .map(drop)
            })
        }
        Body::NotUnderstood { understands } => {
            understands.iter().try_for_each(|known| leaf(out, "understands", known))
        }
        Body::Handles { handles, .. } => handles.iter().try_for_each(|handle| marked(out, "handle", handle)),
        Body::Search(Search { tags, bottle, .. }) => {
            tags.iter().try_for_each(|tag| marked(out, "tag", tag))?;
            leaf(out, "bottle", &base64::encode(bottle))
        }
        Body::SearchRequest { bottle } => leaf(out, "bottle", &base64::encode(bottle)),
        Body::Resend(Resend { gaps, blobs }) => {
            gaps.iter().try_for_each(|gap| leaf(out, "gap", &gap.to_string()))?;
            blobs.iter().try_for_each(|chunk| write_chunk(out, chunk))
        }
        Body::Status
        | Body::Photo
        | Body::Comment
        | Body::Reaction
        | Body::Message
        | Body::Edit { .. }
        | Body::Retract
        | Body::ContactBye
        | Body::SearchStop
        | Body::Application
        | Body::Unknown { .. } => Ok(()),
    }
}

fn marked(out: &mut Xml, name: &str, (scheme, digest): &(u32, Digest)) -> io::Result<()> {
    let element = out.create_element(name).with_attribute(("scheme", scheme.to_string().as_str()));
    element.write_text_content(BytesText::new(&spelling::to_hex(digest))).map(drop)
}

fn named<'a>(
    out: &'a mut Xml,
    element: &'a str,
    name: &Name,
) -> quick_xml::writer::ElementWriter<'a, Vec<u8>> {
    out.create_element(element)
        .with_attribute(("id", name.id.to_string().as_str()))
        .with_attribute(("from", name.from.to_string().as_str()))
}
