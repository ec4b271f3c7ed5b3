//! Files that go with a packet: in XML, and their labels as file names.

use super::{
    Digest, MAX_ALT, MAX_INLINE, MAX_LABEL,
    parts::{self, Parts},
    rules::VOCABULARY,
    spelling,
    tree::Element,
    write::{Xml, leaf},
};
use crate::{Context, Error, Result, base64, text};
use std::io;

/// A file that goes with a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// A label, never a path; [`safe_name`] makes a file name of it.
    pub name: String,
    /// `image/jpeg` and the like, as the author says.
    pub media_type: String,
    /// Bytes in clear.
    pub size: u64,
    /// Of the clear bytes. Nothing here compares it with them: whoever takes them out does.
    pub sha256: Digest,
    /// What is to be seen, in words.
    pub alt: Option<String>,
    /// A small JPEG.
    pub preview: Option<Vec<u8>>,
    /// Where the bytes are.
    pub content: Content,
}

/// Where an attachment's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// In the packet, at most [`MAX_INLINE`] bytes.
    Inline(Vec<u8>),
    /// In chunks beside it, encrypted with RFC 8188.
    Blob {
        /// Input keying material of `aes128gcm`.
        key: [u8; 16],
        /// SHA-256 of each chunk, in order.
        chunks: Vec<Digest>,
    },
}

impl Attachment {
    /// Reads `<attachment>`.
    pub(super) fn read(element: &Element) -> Result<Self> {
        let mut parts = Parts::new(element, &VOCABULARY);
        let name = parts.required("name")?;
        if name.is_empty() || name.len() > MAX_LABEL {
            return Err(Error::malformed(format!("name of an attachment: not 1 to {MAX_LABEL} bytes")));
        }
        let media_type = parts.required("type")?;
        if !is_media_type(media_type) {
            return Err(Error::malformed(format!("'{media_type}' is not a media type")));
        }
        let size = spelling::number(parts.required("size")?).context(|| "size")?;
        let sha256 = spelling::digest(parts.required("sha256")?).context(|| "sha256")?;
        let alt = parts.one("alt")?.map(|it| parts::text(it, &VOCABULARY, MAX_ALT)).transpose()?;
        let preview = parts.one("preview")?.map(small_bytes).transpose()?;
        let content = match (parts.one("inline")?, parts.one("blob")?) {
            (Some(inline), None) => Content::Inline(small_bytes(inline)?),
            (None, Some(blob)) => read_blob(blob)?,
            _ => return Err(Error::malformed("<attachment> has neither or both of <inline> and <blob>")),
        };
        if matches!(&content, Content::Inline(bytes) if bytes.len() as u64 != size) {
            return Err(Error::malformed("size of an attachment is not that of its <inline>"));
        }
        parts.finish()?;
        Ok(Self {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size,
            sha256,
            alt: alt.map(str::to_owned),
            preview,
            content,
        })
    }

    /// Writes `<attachment>`.
    pub(super) fn write(&self, out: &mut Xml) -> io::Result<()> {
        out.create_element("attachment")
            .with_attribute(("name", self.name.as_str()))
            .with_attribute(("type", self.media_type.as_str()))
            .with_attribute(("size", self.size.to_string().as_str()))
            .with_attribute(("sha256", spelling::to_hex(&self.sha256).as_str()))
            .write_inner_content(|out| {
                if let Some(alt) = &self.alt {
                    leaf(out, "alt", alt)?;
                }
                if let Some(preview) = &self.preview {
                    leaf(out, "preview", &base64::encode(preview))?;
                }
                match &self.content {
                    Content::Inline(bytes) => leaf(out, "inline", &base64::encode(bytes)),
                    Content::Blob { key, chunks } => write_blob(out, key, chunks),
                }
            })?;
        Ok(())
    }
}

fn read_blob(element: &Element) -> Result<Content> {
    let mut parts = Parts::new(element, &VOCABULARY);
    let key = spelling::hex(parts.required("key")?).context(|| "key of a blob")?;
    let chunks: Vec<_> = parts.many("chunk").map(chunk).collect::<Result<_>>()?;
    if chunks.is_empty() {
        return Err(Error::malformed("<blob> lacks <chunk>"));
    }
    parts.finish()?;
    Ok(Content::Blob { key, chunks })
}

fn write_blob(out: &mut Xml, key: &[u8; 16], chunks: &[Digest]) -> io::Result<()> {
    let element = out.create_element("blob").with_attribute(("key", spelling::to_hex(key).as_str()));
    element.write_inner_content(|out| chunks.iter().try_for_each(|chunk| write_chunk(out, chunk)))?;
    Ok(())
}

/// Reads `<chunk sha256='…'/>`.
pub(super) fn chunk(element: &Element) -> Result<Digest> {
    let mut parts = Parts::new(element, &VOCABULARY);
    let sha256 = spelling::digest(parts.required("sha256")?).context(|| "<chunk>")?;
    parts.finish()?;
    Ok(sha256)
}

/// Writes it.
pub(super) fn write_chunk(out: &mut Xml, sha256: &Digest) -> io::Result<()> {
    out.create_element("chunk")
        .with_attribute(("sha256", spelling::to_hex(sha256).as_str()))
        .write_empty()?;
    Ok(())
}

/// Base64 of at most [`MAX_INLINE`] bytes.
fn small_bytes(element: &Element) -> Result<Vec<u8>> {
    let text = parts::text(element, &VOCABULARY, super::MAX_BYTES)?;
    let bytes = base64::decode_spaced(text).context(|| format!("<{}>", element.name))?;
    if bytes.len() > MAX_INLINE {
        return Err(Error::malformed(format!("<{}> is longer than {MAX_INLINE} bytes", element.name)));
    }
    Ok(bytes)
}

/// `type/subtype` without parameters (RFC 6838 section 4.2).
fn is_media_type(text: &str) -> bool {
    let name = |name: &str| {
        name.len() <= 127
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/').is_some_and(|(top, sub)| name(top) && name(sub))
}

/// A file name for a label: one plain name of 1 to 255 bytes in whatever folder it is put, on any file system. What a
/// name must not have is replaced by `_`; what nobody would see, by its code point.
pub fn safe_name(label: &str) -> String {
    // A slash or a drive's colon would leave the folder; the rest is what Windows does not take in names.
    let plain = |text: &str| -> String {
        text.chars().map(|c| if r#"/\:*?"<>|"#.contains(c) { '_' } else { c }).collect()
    };
    // Before it is asked what can be seen: a selector shows in the look of a `*`, and beside a `_` nowhere.
    let plain = plain(&text::one_line(&plain(label)));
    // Hidden files, options of a command that is given `*`, and ends that Windows drops.
    let plain = plain.trim_start_matches(['.', ' ', '-']).trim_end_matches(['.', ' ']);
    let (stem, _) = plain.split_once('.').unwrap_or((plain, ""));
    let mut name = match plain {
        "" => "file".to_owned(),
        _ if is_device(stem) => format!("_{plain}"),
        _ => plain.to_owned(),
    };
    if name.len() > MAX_LABEL {
        // The extension says which program opens it: the cut is made before it.
        let extension =
            name.rfind('.').filter(|dot| name.len() - dot <= 16).map_or("", |dot| &name[dot..]).to_owned();
        let mut end = MAX_LABEL - extension.len();
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
        name.push_str(&extension);
    }
    name
}

/// Names that mean a device on Windows, whatever extension follows.
fn is_device(stem: &str) -> bool {
    let stem = stem.trim_end().to_ascii_uppercase();
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&stem.as_str()) {
        return true;
    }
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    port.is_some_and(|port| {
        port.chars().count() == 1 && port.contains(|c: char| c.is_ascii_digit() || "¹²³".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_become_plain_names() {
        for (label, name) in [
            ("ridge.jpg", "ridge.jpg"),
            ("Über die Berge.txt", "Über die Berge.txt"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("/etc/passwd", "_etc_passwd"),
            ("C:\\autoexec.bat", "C__autoexec.bat"),
            ("..", "file"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("con", "_con"),
            ("Aux.txt", "_Aux.txt"),
            ("COM1.log", "_COM1.log"),
            ("COMET.log", "COMET.log"),
            ("evil\u{202e}gpj.exe", "evil_U+202E_gpj.exe"),
            ("*\u{fe0f}", "__U+FE0F_"),
            ("a\nb", "a␊b"),
            ("name. ", "name"),
            ("", "file"),
        ] {
            assert_eq!(safe_name(label), name, "{label:?}");
        }
    }

    #[test]
    fn a_long_label_keeps_its_extension() {
        let name = safe_name(&format!("{}.jpeg", "ü".repeat(200)));
        assert!(name.len() <= 255 && name.ends_with("ü.jpeg"), "{name}");
    }

    proptest! {
        #[test]
        fn no_label_leaves_its_folder(label in any::<String>()) {
            let name = safe_name(&label);
            prop_assert!((1..=255).contains(&name.len()));
            prop_assert!(!name.starts_with(['.', '-', ' ']) && !name.contains(['/', '\\', ':', '\0', '\n']));
            prop_assert_eq!(safe_name(&name), name);
        }
    }

    #[test]
    fn media_types() {
        assert!(
            is_media_type("image/jpeg") && is_media_type("application/vnd.ms-excel.sheet.macroEnabled.12")
        );
        for wrong in ["image", "image/", "/jpeg", "image/jpeg/x", "text/plain; charset=utf-8", "image/<"] {
            assert!(!is_media_type(wrong), "{wrong}");
        }
    }
}
