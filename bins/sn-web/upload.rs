//! Photographs on their way here: `multipart/form-data` (RFC 7578) piece by piece into files, bounded in number, length
//! and time.
//!
//! The secret of the form has to come first: nothing of what follows is kept for somebody who does not have it.

use crate::{
    body::{Form, late, too_long},
    session::{Pressed, Session},
};
use http_body_util::BodyDataStream;
use hyper::{Request, body::Incoming, header::CONTENT_TYPE};
use multer::{Field, Multipart};
use socialnet::{Context, Error, Kind, Result, packet::safe_name, photo};
use std::{
    fs,
    hash::{DefaultHasher, Hasher},
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    fs::File,
    io::AsyncWriteExt,
    time::{Instant, timeout_at},
};

/// Photographs at once; the page has as many rows.
pub const MOST: usize = 4;
/// Bytes of one that is written in words.
const MAX_FIELD: usize = 128 << 10;
/// Fields, at most: a file and its words for each photograph, and what goes with all.
const MAX_FIELDS: usize = 2 * MOST + 8;
/// Time for the whole, and between two pieces.
const TIME: Duration = Duration::from_secs(900);
const IDLE: Duration = Duration::from_secs(30);

/// What was sent.
pub struct Upload {
    /// The fields that are no files.
    pub form: Form,
    /// The files, each in a folder of its own under the name that it had, and what is to be seen in it.
    pub photos: Vec<(PathBuf, String)>,
    /// Of all of it, bytes of files included.
    pub pressed: Pressed,
    /// Goes, with the files in it, when this is dropped.
    _folder: TempDir,
}

/// Takes an upload into a new folder beneath `room`.
pub async fn take(request: Request<Incoming>, session: &Session, room: &Path) -> Result<Upload> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| Error::new(Kind::Usage, "that is no upload"))?;
    let mut parts = Parts {
        parts: Multipart::new(BodyDataStream::new(request.into_body()), boundary),
        deadline: Instant::now() + TIME,
        left: MAX_FIELDS,
        room: (MOST + 1) * photo::MAX_FILE,
        bytes: DefaultHasher::new(),
    };
    let folder = TempDir::new_in(room).context(|| "cannot make a folder for what is sent")?;
    let mut form = Form::default();
    let first = parts.next().await?.filter(|field| field.name() == Some("form"));
    let first = first.ok_or_else(|| Error::new(Kind::NotAllowed, "the form is not from here"))?;
    let secret = parts.words(first).await?;
    if !session.form.is(&secret) {
        return Err(Error::new(Kind::NotAllowed, "the form is not from here"));
    }
    let (mut photos, mut too_large) = (Vec::new(), false);
    while let Some(field) = parts.next().await? {
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(safe_name) {
            None => form.add(name, parts.words(field).await?),
            Some(label) => {
                let place = folder.path().join(photos.len().to_string());
                fs::create_dir_all(&place).context(|| "cannot make a folder for what is sent")?;
                let path = place.join(label);
                // A row without a file sends an empty one.
                match parts.file(field, &path).await? {
                    0 => fs::remove_file(&path).context(|| "cannot delete what is empty")?,
                    length => {
                        too_large |= length > photo::MAX_FILE;
                        photos.push((path, name));
                    }
                }
            }
        }
    }
    // Told only now: most browsers don't listen before they have sent everything.
    if too_large {
        return Err(Error::new(
            Kind::Usage,
            format!("a photograph has at most {} MiB", photo::MAX_FILE >> 20),
        ));
    }
    if photos.len() > MOST {
        return Err(Error::new(Kind::Usage, format!("at most {MOST} photographs at once")));
    }
    // What is to be seen in `photo3` is said in `alt3`.
    let photos = photos.into_iter().map(|(path, name)| {
        let alt = form.get(&name.replacen("photo", "alt", 1)).trim().to_owned();
        (path, alt)
    });
    let pressed = Pressed::new(&(&form, parts.bytes.finish()));
    Ok(Upload { photos: photos.collect(), form, pressed, _folder: folder })
}

struct Parts {
    parts: Multipart<'static>,
    deadline: Instant,
    /// Fields, and bytes of files, that may still come.
    left: usize,
    room: usize,
    /// Of files.
    bytes: DefaultHasher,
}

impl Parts {
    fn until(&self) -> Instant {
        self.deadline.min(Instant::now() + IDLE)
    }

    async fn next(&mut self) -> Result<Option<Field<'static>>> {
        let field = timeout_at(self.until(), self.parts.next_field()).await.map_err(|_| late())?;
        let field = field.map_err(|error| broken(&error))?;
        if field.is_some() {
            self.left = self.left.checked_sub(1).ok_or_else(too_long)?;
        }
        Ok(field)
    }

    async fn words(&self, mut field: Field<'static>) -> Result<String> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece(&mut field).await? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > MAX_FIELD {
                return Err(too_long());
            }
        }
        String::from_utf8(bytes).map_err(|_| Error::new(Kind::Usage, "that is not UTF-8"))
    }

    /// Gives its length; of one that is too long nothing more is kept.
    async fn file(&mut self, mut field: Field<'static>, path: &Path) -> Result<usize> {
        let cannot = || "cannot keep what is sent";
        let mut file = File::create_new(path).await.context(cannot)?;
        let mut length = 0;
        while let Some(piece) = self.piece(&mut field).await? {
            length += piece.len();
            self.bytes.write(&piece);
            self.room = self.room.checked_sub(piece.len()).ok_or_else(too_long)?;
            if length <= photo::MAX_FILE {
                file.write_all(&piece).await.context(cannot)?;
            }
        }
        file.flush().await.context(cannot)?;
        Ok(length)
    }

    async fn piece(&self, field: &mut Field<'static>) -> Result<Option<hyper::body::Bytes>> {
        let piece = timeout_at(self.until(), field.chunk()).await.map_err(|_| late())?;
        piece.map_err(|error| broken(&error))
    }
}

fn broken(error: &multer::Error) -> Error {
    Error::new(Kind::Usage, format!("the upload broke off: {error}"))
}
