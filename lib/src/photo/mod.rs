//! Photographs: metadata taken out (GPS above all), orientation kept, a preview made.
//!
//! | file | knows |
//! |---|---|
//! | `metadata.rs` | where each format keeps metadata, and which parts a picture needs |
//! | `preview.rs` | the small JPEG |
//! | `sixel.rs` | how terminals draw that |
//!
//! The picture itself is not encoded anew: what its author took is what its readers get.

mod metadata;
mod preview;
#[cfg(feature = "sixel")]
mod sixel;

#[cfg(feature = "sixel")]
pub use sixel::sixel;

use crate::{Error, Result};
use image::{ImageFormat, metadata::Orientation};
use img_parts::Bytes;

/// Bytes of a file, at most.
pub const MAX_FILE: usize = 64 << 20;
/// Pixels of a picture, at most: 300 MB once it is decoded.
pub const MAX_PIXELS: u64 = 100_000_000;

/// A photograph as it came from a camera.
pub struct Photo {
    file: Bytes,
    format: ImageFormat,
    orientation: Orientation,
}

impl Photo {
    /// Recognises a JPEG, PNG, WebP or GIF of at most [`MAX_FILE`] bytes. [`crate::Kind::Malformed`]: it is none.
    pub fn new(file: Vec<u8>) -> Result<Self> {
        let Some(format) = format_of(&file) else {
            return Err(Error::malformed("not a JPEG, PNG, WebP or GIF picture")
                .hint("sn-pack status --file FILE sends any file as it is, with all that it tells, such as where it was taken"));
        };
        if file.len() > MAX_FILE {
            return Err(Error::malformed(format!("a photograph has at most {} MiB", MAX_FILE >> 20)));
        }
        let file = Bytes::from(file);
        let orientation = metadata::orientation(&file, format);
        Ok(Self { file, format, orientation })
    }

    /// `image/jpeg`, …
    pub fn media_type(&self) -> &'static str {
        self.format.to_mime_type()
    }

    /// The file without its metadata. [`crate::Kind::Malformed`]: damaged, or cut short.
    pub fn clean(&self) -> Result<Bytes> {
        metadata::remove(self.file.clone(), self.format, self.orientation)
    }

    /// A JPEG of at most [`crate::packet::MAX_INLINE`] bytes, upright. [`crate::Kind::Malformed`]: more than
    /// [`MAX_PIXELS`], or no picture after all.
    pub fn preview(&self) -> Result<Vec<u8>> {
        preview::make(&self.file, self.format, self.orientation)
    }
}

/// `image/jpeg` and so on, if a file that begins so is a JPEG, PNG, WebP or GIF, whatever it is called.
pub fn media_type(start: &[u8]) -> Option<&'static str> {
    format_of(start).map(|format| format.to_mime_type())
}

fn format_of(start: &[u8]) -> Option<ImageFormat> {
    use ImageFormat::{Gif, Jpeg, Png, WebP};
    image::guess_format(start).ok().filter(|format| matches!(format, Jpeg | Png | WebP | Gif))
}

/// Why a picture was refused, from one of the image libraries.
fn damaged(error: impl std::fmt::Display) -> Error {
    Error::malformed(format!("the picture is damaged: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::MAX_INLINE;
    use image::{GenericImageView, Rgb, RgbImage};
    use std::io::Cursor;

    /// Twice as wide as high, red on the left, blue on the right.
    fn picture(format: ImageFormat, width: u32) -> Vec<u8> {
        let image = RgbImage::from_fn(width, width / 2, |x, _| {
            if x < width / 2 { Rgb([200, 20, 20]) } else { Rgb([20, 20, 200]) }
        });
        let mut file = Cursor::new(Vec::new());
        image::DynamicImage::from(image).write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn preview(file: Vec<u8>) -> Result<Vec<u8>> {
        let photo = Photo::new(file)?;
        photo.clean()?;
        photo.preview()
    }

    #[test]
    fn every_format_gets_a_preview_that_fits() {
        use ImageFormat::{Gif, Jpeg, Png, WebP};
        for format in [Jpeg, Png, WebP, Gif] {
            for width in [3200, 640, 20] {
                let preview = preview(picture(format, width)).unwrap();
                assert!(preview.len() <= MAX_INLINE);
                let preview = image::load_from_memory(&preview).unwrap();
                assert_eq!(preview.dimensions(), (width.min(320), width.min(320) / 2), "{format:?} {width}");
                let [red, _, blue, _] = preview.get_pixel(1, 1).0;
                assert!(red > 150 && blue < 80, "{format:?} {width}: red {red}, blue {blue}");
            }
        }
    }

    #[test]
    fn a_picture_taken_sideways_has_an_upright_preview() {
        for width in [3200, 640] {
            let file = Bytes::from(picture(ImageFormat::Jpeg, width));
            let turned = metadata::remove(file, ImageFormat::Jpeg, Orientation::Rotate90).unwrap();
            let photo = Photo::new(turned.to_vec()).unwrap();
            let preview = image::load_from_memory(&photo.preview().unwrap()).unwrap();
            assert_eq!(preview.dimensions(), (160, 320));
            assert_eq!(
                metadata::orientation(&photo.clean().unwrap(), ImageFormat::Jpeg),
                Orientation::Rotate90
            );
            let [red, ..] = preview.get_pixel(80, 10).0;
            assert!(red > 150, "the left side of the sensor is the top: {red}");
        }
    }

    #[test]
    fn noise_fits_too() {
        let mut seed = 1u32;
        let image = RgbImage::from_fn(400, 400, |_, _| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgb([(seed >> 24) as u8, (seed >> 16) as u8, (seed >> 8) as u8])
        });
        let mut file = Cursor::new(Vec::new());
        image::DynamicImage::from(image).write_to(&mut file, ImageFormat::Png).unwrap();
        assert!(preview(file.into_inner()).unwrap().len() <= MAX_INLINE);
    }

    #[test]
    fn a_picture_is_known_by_its_beginning() {
        use ImageFormat::{Gif, Jpeg, Png, WebP};
        for format in [Jpeg, Png, WebP, Gif] {
            assert_eq!(media_type(&picture(format, 20)[..32]), Some(format.to_mime_type()));
        }
        for other in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"<html>", b"%PDF-1.7", b"BM", b""] {
            assert_eq!(media_type(other), None);
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let jpeg = picture(ImageFormat::Jpeg, 640);
        for file in
            [&b"hello"[..], b"", b"\xff\xd8\xff", &jpeg[..jpeg.len() / 2], b"GIF89a", b"\x89PNG\r\n\x1a\n"]
        {
            assert_eq!(preview(file.to_vec()).unwrap_err().kind(), crate::Kind::Malformed);
        }
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_decoded() {
        let mut png = picture(ImageFormat::Png, 20);
        png[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]); // 65,536 x 65,536 in IHDR
        let header_crc = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&header_crc.to_be_bytes());
        let refused = preview(png).unwrap_err();
        assert!(refused.message().contains("4294967296 pixels"), "{refused}");
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8)
                .fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
        })
    }
}
