//! Photographs: metadata taken out (GPS above all), orientation kept, a preview made.

use crate::Result;

/// A photograph ready to travel.
pub struct Photo {
    /// The file without its metadata; the picture itself is not encoded anew.
    pub bytes: Vec<u8>,
    /// `image/jpeg`, …
    pub media_type: &'static str,
    /// A JPEG of at most [`crate::packet::MAX_INLINE`] bytes, upright.
    pub preview: Vec<u8>,
}

/// Prepares a JPEG, PNG, WebP or GIF. [`crate::Kind::Malformed`]: not a picture it knows.
pub fn prepare(_bytes: &[u8]) -> Result<Photo> {
    todo!()
}
