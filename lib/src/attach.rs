//! Files as attachments: from a path into a packet, and out again.
//!
//! A small file travels inside the packet; a larger one is encrypted into `blobs/`, where [`crate::protocol::sealing`]
//! finds and syncs it. On the way out nobody sees a byte before all of them have been compared with their hash.

use crate::{
    Context, Error, Kind, Result,
    blob::{self, Blob},
    file, mailbox,
    packet::{Attachment, Content, Digest, MAX_INLINE, safe_name},
};
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

/// A file of any kind and length. Its media type is what its name suggests.
pub fn file(path: &Path, blobs: &Path) -> Result<Attachment> {
    let mut input = File::open(path).map_err(|error| Error::io("open", path, error))?;
    let mut head = Vec::with_capacity(MAX_INLINE + 1);
    let read = Read::by_ref(&mut input).take(MAX_INLINE as u64 + 1).read_to_end(&mut head);
    read.map_err(|error| Error::io("read", path, error))?;
    let media_type = mime_guess::from_path(path).first_or_octet_stream().essence_str().to_owned();
    let body = body(head, input, blobs).context(|| format!("cannot attach '{}'", path.display()))?;
    Ok(body.into_attachment(path, media_type))
}

/// Photographs with what is to be seen on them, in words, in the same order.
#[cfg(feature = "photo")]
pub fn photos(paths: &[std::path::PathBuf], alts: Vec<String>, blobs: &Path) -> Result<Vec<Attachment>> {
    if alts.len() > paths.len() {
        let message = format!("{} descriptions for {} photographs", alts.len(), paths.len());
        return Err(Error::new(Kind::Usage, message));
    }
    let said = |alt: String| Some(alt).filter(|alt| !alt.is_empty());
    let alts = alts.into_iter().map(said).chain(std::iter::repeat(None));
    paths.iter().zip(alts).map(|(path, alt)| Ok(Attachment { alt, ..photo(path, blobs)? })).collect()
}

/// A photograph without its metadata, with a preview.
#[cfg(feature = "photo")]
fn photo(path: &Path, blobs: &Path) -> Result<Attachment> {
    use crate::photo::{MAX_FILE, Photo};
    let cannot = || format!("cannot attach '{}'", path.display());
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Error::io("open", path, error))?;
    let photo = Photo::new(bytes).context(cannot)?;
    let clean_body = || {
        let clean = photo.clean()?;
        let (head, rest) = clean.split_at(clean.len().min(MAX_INLINE + 1));
        body(head.to_vec(), rest, blobs)
    };
    let (preview, body) = rayon::join(|| photo.preview(), clean_body);
    let attachment = body.context(cannot)?.into_attachment(path, photo.media_type().to_owned());
    Ok(Attachment { preview: Some(preview.context(cannot)?), ..attachment })
}

struct Body {
    size: u64,
    sha256: Digest,
    content: Content,
}

impl Body {
    fn into_attachment(self, path: &Path, media_type: String) -> Attachment {
        let name = path.file_name().unwrap_or(OsStr::new("")).to_string_lossy();
        Attachment {
            name: safe_name(&name),
            media_type,
            size: self.size,
            sha256: self.sha256,
            alt: None,
            preview: None,
            content: self.content,
        }
    }
}

/// `head` and then `rest`; `head` is longer than [`MAX_INLINE`] unless it is all.
fn body(head: Vec<u8>, rest: impl Read + Send, blobs: &Path) -> Result<Body> {
    if head.len() <= MAX_INLINE {
        return Ok(Body {
            size: head.len() as u64,
            sha256: blob::sha256(&head),
            content: Content::Inline(head),
        });
    }
    let Blob { key, size, sha256, chunks } =
        blob::encrypt(head.as_slice().chain(rest), blobs, &blobs.join("tmp"))?;
    Ok(Body { size, sha256, content: Content::Blob { key, chunks } })
}

/// The preview of a photograph as a file of its own.
pub fn preview_of(photo: &Attachment) -> Option<Attachment> {
    let bytes = photo.preview.clone()?;
    let (stem, _) = photo.name.rsplit_once('.').unwrap_or((&photo.name, ""));
    Some(Attachment {
        name: format!("preview-{stem}.jpg"),
        media_type: "image/jpeg".into(),
        size: bytes.len() as u64,
        sha256: blob::sha256(&bytes),
        alt: photo.alt.clone(),
        preview: None,
        content: Content::Inline(bytes),
    })
}

/// Whether a preview begins as a JPEG does.
#[cfg(feature = "html")]
pub(crate) fn is_jpeg(preview: &Attachment) -> bool {
    matches!(&preview.content, Content::Inline(bytes) if bytes.starts_with(&[0xff, 0xd8, 0xff]))
}

/// Writes an attachment to a new file, which appears when it is whole and genuine. [`Kind::CantCreate`]: there is one of
/// that name, or no such folder. [`Kind::Again`]: parts of it have not come yet.
pub fn save(attachment: &Attachment, path: &Path, blobs: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Err(reason) = fs::metadata(folder) {
        let reason = Error::from(reason);
        return Err(Error::new(
            Kind::CantCreate,
            format!("cannot create '{}': {}", path.display(), reason.message()),
        ));
    }
    // The owner's umask decides who else may read it.
    file::create_with(path, 0o666, |out| copy(attachment, out, blobs))
}

/// Writes an attachment to `out` once it has been found genuine in a file that nobody else sees.
pub fn print(attachment: &Attachment, mut out: impl Write, blobs: &Path) -> Result<()> {
    io::copy(&mut open(attachment, blobs)?, &mut out)?;
    Ok(())
}

/// An attachment, found genuine, in a file that nobody else sees and that is gone when it is closed; to be read from its
/// beginning. [`Kind::Again`]: parts of it have not come yet.
pub fn open(attachment: &Attachment, blobs: &Path) -> Result<File> {
    let (hidden, path) = file::exclusive(&blobs.join("tmp"), OsStr::new("attachment"), 0o600)?;
    let readable = File::open(&path);
    // From here on it is gone however this process ends.
    fs::remove_file(&path).map_err(|error| Error::io("delete", &path, error))?;
    copy(attachment, &hidden, blobs)?;
    Ok(readable?)
}

fn copy(attachment: &Attachment, mut out: &File, blobs: &Path) -> Result<()> {
    let (size, sha256) = (attachment.size, attachment.sha256);
    match &attachment.content {
        Content::Inline(bytes) if blob::sha256(bytes) != sha256 => {
            Err(Error::malformed("the file is not the one that was announced"))
        }
        Content::Inline(bytes) => Ok(out.write_all(bytes)?),
        Content::Blob { key, chunks } => {
            let here = chunks.iter().filter(|chunk| blobs.join(mailbox::name_for(chunk)).exists()).count();
            if here < chunks.len() {
                return Err(Error::new(Kind::Again, format!("{here} of {} parts have come", chunks.len())));
            }
            blob::decrypt(&Blob { key: *key, size, sha256, chunks: chunks.clone() }, blobs, out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::{TempDir, tempdir};

    fn folder() -> TempDir {
        let dir = tempdir().unwrap();
        fs::create_dir_all(dir.path().join("blobs/tmp")).unwrap();
        dir
    }

    #[test]
    fn files_of_any_length_come_out_as_they_went_in() {
        let dir = folder();
        let (blobs, path) = (dir.path().join("blobs"), dir.path().join("..notes\u{202e}.txt"));
        for length in [0, MAX_INLINE, MAX_INLINE + 1, 200_000] {
            let bytes: Vec<u8> = (0..length).map(|n| n as u8).collect();
            fs::write(&path, &bytes).unwrap();
            let attachment = file(&path, &blobs).unwrap();
            assert_eq!((&*attachment.name, &*attachment.media_type), ("notes_U+202E_.txt", "text/plain"));
            assert_eq!(matches!(attachment.content, Content::Inline(_)), length <= MAX_INLINE);
            let copy = dir.path().join(format!("copy-{length}"));
            save(&attachment, &copy, &blobs).unwrap();
            assert_eq!(fs::read(&copy).unwrap(), bytes);
            let mut printed = Vec::new();
            print(&attachment, &mut printed, &blobs).unwrap();
            assert_eq!(printed, bytes);
            assert_eq!(save(&attachment, &copy, &blobs).unwrap_err().kind(), Kind::CantCreate);
            let nowhere = dir.path().join("nowhere/x");
            let error = save(&attachment, &nowhere, &blobs).unwrap_err();
            let expected = format!("cannot create '{}': No such file or directory", nowhere.display());
            assert_eq!((error.kind(), error.message()), (Kind::CantCreate, &*expected));
        }
        assert_eq!(blobs.join("tmp").read_dir().unwrap().count(), 0);
    }

    #[test]
    fn what_is_missing_or_false_never_gets_a_name() {
        let dir = folder();
        let (blobs, path) = (dir.path().join("blobs"), dir.path().join("film.mp4"));
        fs::write(&path, vec![7; 100_000]).unwrap();
        let mut attachment = file(&path, &blobs).unwrap();
        let copy = dir.path().join("copy");
        attachment.sha256[0] ^= 1;
        let mut printed = Vec::new();
        assert_eq!(save(&attachment, &copy, &blobs).unwrap_err().kind(), Kind::Malformed);
        assert_eq!(print(&attachment, &mut printed, &blobs).unwrap_err().kind(), Kind::Malformed);
        assert!(!copy.exists() && printed.is_empty());

        let Content::Blob { chunks, .. } = &attachment.content else { panic!("a blob") };
        fs::remove_file(blobs.join(mailbox::name_for(&chunks[0]))).unwrap();
        let missing = save(&attachment, &copy, &blobs).unwrap_err();
        assert_eq!(missing.kind(), Kind::Again);
        assert!(missing.message().ends_with("0 of 1 parts have come"), "{missing}");
    }
}
