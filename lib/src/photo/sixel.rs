//! A preview for terminals that draw: sixel, in which all is characters of ASCII and nothing is asked of the terminal. The
//! pixels are a stranger's; the characters are not.

use super::damaged;
use crate::{Error, Result};
use icy_sixel::SixelImage;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use std::io::Cursor;

/// Pixels of each side, at most: previews have 320, whatever a stranger's may say.
const MOST: u32 = 1024;

/// A preview as sixel. [`crate::Kind::Malformed`]: it is no JPEG, or too large.
pub fn sixel(preview: &[u8]) -> Result<String> {
    let decoder =
        ImageReader::with_format(Cursor::new(preview), ImageFormat::Jpeg).into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > MOST {
        return Err(Error::malformed(format!("a preview of {width} by {height} pixels is none")));
    }
    let pixels = DynamicImage::from_decoder(decoder).map_err(damaged)?.to_rgba8().into_raw();
    SixelImage::try_from_rgba(pixels, width as usize, height as usize)
        .and_then(|picture| picture.encode())
        .map_err(|error| Error::malformed(format!("cannot draw the preview: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use image::{RgbImage, codecs::jpeg::JpegEncoder};

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut jpeg = Vec::new();
        JpegEncoder::new(&mut jpeg).encode_image(&RgbImage::new(width, height)).unwrap();
        jpeg
    }

    #[test]
    fn a_preview_is_drawn_with_ascii_between_two_escapes() {
        let drawn = sixel(&jpeg(16, 16)).unwrap();
        let inside = drawn.strip_prefix("\u{1b}P").and_then(|rest| rest.strip_suffix("\u{1b}\\")).unwrap();
        assert!(inside.bytes().all(|byte| byte.is_ascii_graphic()), "{drawn:?}");
    }

    #[test]
    fn what_is_no_preview_is_not_drawn() {
        for bad in [jpeg(MOST + 1, 1), jpeg(16, 16)[..100].to_vec(), b"\x1b[2J".to_vec(), Vec::new()] {
            assert_eq!(sixel(&bad).unwrap_err().kind(), Kind::Malformed);
        }
    }
}
