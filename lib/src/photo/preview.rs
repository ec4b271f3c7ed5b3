//! The small JPEG that is seen before the photograph has come.

use super::{MAX_PIXELS, damaged};
use crate::{Error, Result, packet::MAX_INLINE};
use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, RgbImage, RgbaImage,
    codecs::jpeg::JpegEncoder, imageops, metadata::Orientation,
};
use jpeg_decoder::PixelFormat;
use std::io::Cursor;

/// Pixels of the longer side, at most.
const SIDE: u32 = 320;

/// A JPEG of at most [`MAX_INLINE`] bytes, upright.
pub fn make(file: &[u8], format: ImageFormat, orientation: Orientation) -> Result<Vec<u8>> {
    let mut small = shrunk(&decode(file, format)?, SIDE);
    small.apply_orientation(orientation);
    fit(&on_white(small))
}

/// The picture, or where that is large enough, one eighth of it.
fn decode(file: &[u8], format: ImageFormat) -> Result<DynamicImage> {
    // The reader's own limit of 512 MiB stays: a picture of 16 bits a colour has fewer pixels.
    let decoder = ImageReader::with_format(Cursor::new(file), format).into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        return Err(Error::malformed(format!("the picture has {pixels} pixels, {MAX_PIXELS} are allowed")));
    }
    let large = format == ImageFormat::Jpeg && width.max(height) >= 8 * SIDE;
    if let Some(eighth) = large.then(|| eighth(file, width, height)).flatten() {
        return Ok(eighth);
    }
    DynamicImage::from_decoder(decoder).map_err(damaged)
}

/// A JPEG at one eighth of its size, which skips most of the work on its pixels; nothing when it is not of the usual two
/// kinds, or damaged, which the other decoder may bear.
fn eighth(file: &[u8], width: u32, height: u32) -> Option<DynamicImage> {
    let side = |full: u32| u16::try_from(full.div_ceil(8)).ok();
    let mut decoder = jpeg_decoder::Decoder::new(file);
    let (width, height) = decoder.scale(side(width)?, side(height)?).ok()?;
    let pixels = decoder.decode().ok()?;
    match decoder.info()?.pixel_format {
        PixelFormat::L8 => Some(GrayImage::from_raw(width.into(), height.into(), pixels)?.into()),
        PixelFormat::RGB24 => Some(RgbImage::from_raw(width.into(), height.into(), pixels)?.into()),
        PixelFormat::L16 | PixelFormat::CMYK32 => None,
    }
}

/// The same picture, its longer side at most `side`.
fn shrunk(picture: &DynamicImage, side: u32) -> DynamicImage {
    if picture.width().max(picture.height()) <= side {
        picture.clone()
    } else {
        picture.thumbnail(side, side)
    }
}

/// JPEG knows no transparency.
fn on_white(picture: DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return picture;
    }
    let mut white = RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
    imageops::overlay(&mut white, &picture.to_rgba8(), 0, 0);
    white.into()
}

/// The best quality that fits; noise that fits at none is made smaller.
fn fit(picture: &DynamicImage) -> Result<Vec<u8>> {
    let picture = picture.to_rgb8();
    for quality in [80, 70, 60, 50, 40, 30, 20] {
        let mut jpeg = Vec::with_capacity(MAX_INLINE);
        JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(&picture).map_err(damaged)?;
        if jpeg.len() <= MAX_INLINE {
            return Ok(jpeg);
        }
    }
    fit(&shrunk(&DynamicImage::from(picture.clone()), picture.width().max(picture.height()) / 2))
}
