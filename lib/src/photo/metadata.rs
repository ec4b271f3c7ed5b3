//! Takes everything out of a picture file that is not needed to show the picture.
//!
//! Each format has a list of the parts that stay; whatever is not on it goes, known or not. Of Exif only the
//! orientation is written back, alone. Colour profiles stay: without them a picture looks wrong.

use super::damaged;
use crate::{Error, Result};
use image::{ImageFormat, metadata::Orientation};
use img_parts::{
    Bytes, ImageEXIF,
    jpeg::{Jpeg, JpegSegment, markers},
    png::Png,
    riff::RiffContent,
    webp::{self, WebP},
};

/// The orientation that Exif gives; a picture without one is upright.
pub fn orientation(file: &Bytes, format: ImageFormat) -> Orientation {
    let exif = match format {
        ImageFormat::Jpeg => Jpeg::from_bytes(file.clone()).ok().and_then(|jpeg| jpeg.exif()),
        ImageFormat::Png => Png::from_bytes(file.clone()).ok().and_then(|png| png.exif()),
        ImageFormat::WebP => WebP::from_bytes(file.clone()).ok().and_then(|webp| webp.exif()),
        _ => None,
    };
    exif.and_then(|exif| Orientation::from_exif_chunk(&exif)).unwrap_or(Orientation::NoTransforms)
}

/// The same picture without metadata, but with its orientation.
pub fn remove(file: Bytes, format: ImageFormat, orientation: Orientation) -> Result<Bytes> {
    let exif = (orientation != Orientation::NoTransforms).then(|| exif(orientation));
    match format {
        ImageFormat::Jpeg => jpeg(file, exif),
        ImageFormat::Png => png(file, exif),
        ImageFormat::WebP => webp(file, exif),
        _ => Ok(gif(&file)?.into()),
    }
}

/// An Exif block (TIFF 6.0, big-endian) whose one entry is tag 0x0112, Orientation, one SHORT.
fn exif(orientation: Orientation) -> Bytes {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    tiff[19] = orientation.to_exif();
    Bytes::copy_from_slice(&tiff)
}

fn cut_short() -> Error {
    Error::malformed("the picture is cut short")
}

fn jpeg(file: Bytes, exif: Option<Bytes>) -> Result<Bytes> {
    let mut jpeg = Jpeg::from_bytes(file.clone()).map_err(damaged)?;
    let mut kept = Vec::new();
    for segment in jpeg.segments() {
        let contents = segment.contents();
        match segment.marker() {
            // Without the thumbnail that may follow: it can show what was cut off the picture.
            markers::APP0 if contents.starts_with(b"JFIF\0") && contents.len() >= 14 => {
                let jfif = [&contents[..12], &[0, 0]].concat();
                kept.push(JpegSegment::new_with_contents(markers::APP0, jfif.into()));
            }
            markers::APP2 if contents.starts_with(b"ICC_PROFILE\0") => kept.push(segment.clone()),
            // How the colours are coded.
            markers::APP14 if contents.starts_with(b"Adobe") => kept.push(segment.clone()),
            // What img-parts calls the entropy of the first scan is the rest of the file.
            markers::SOS => {
                let rest = segment.len_with_entropy() - segment.len();
                let scans = scans(&file.slice(file.len() - rest..))?;
                kept.push(JpegSegment::new_with_entropy(markers::SOS, contents.clone(), scans));
            }
            marker if is_part_of_picture(marker) => kept.push(segment.clone()),
            _ => {}
        }
    }
    *jpeg.segments_mut() = kept;
    jpeg.set_exif(exif);
    Ok(jpeg.encoder().bytes())
}

/// Frame and scan headers and tables (ITU-T T.81, table B.1); not APPn, COM and what is reserved.
fn is_part_of_picture(marker: u8) -> bool {
    matches!(marker, markers::SOF0..=markers::SOF15 | markers::SOS..=markers::EXP)
}

/// Entropy-coded data and the segments between scans, up to the end of the image: cameras put further pictures, films
/// and their own notes behind it.
fn scans(data: &Bytes) -> Result<Bytes> {
    let mut kept = Vec::new();
    let (mut start, mut at) = (0, 0);
    loop {
        at += data[at..].iter().position(|byte| *byte == markers::P).ok_or_else(cut_short)?;
        match *data.get(at + 1).ok_or_else(cut_short)? {
            // A stuffed zero, and restart markers, belong to the data.
            markers::Z | markers::RST0..=markers::RST7 => at += 2,
            // Any number of 0xff may stand before a marker.
            markers::P => at += 1,
            markers::EOI if start == 0 => return Ok(data.slice(..at + 2)),
            markers::EOI => {
                kept.extend_from_slice(&data[start..at + 2]);
                return Ok(kept.into());
            }
            marker => {
                let length = data.get(at + 2..at + 4).ok_or_else(cut_short)?;
                let end = at + 2 + usize::from(u16::from_be_bytes([length[0], length[1]]));
                if end > data.len() {
                    return Err(cut_short());
                }
                if !is_part_of_picture(marker) {
                    kept.extend_from_slice(&data[start..at]);
                    start = end;
                }
                at = end;
            }
        }
    }
}

fn png(file: Bytes, exif: Option<Bytes>) -> Result<Bytes> {
    let mut png = Png::from_bytes(file).map_err(damaged)?;
    if png.chunks().last().is_none_or(|chunk| chunk.kind() != *b"IEND") {
        return Err(cut_short());
    }
    // The picture, its colours, its transparency, its frames (PNG, third edition, section 11).
    const KEPT: [&[u8; 4]; 17] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP",
        b"mDCV", b"cLLI", b"pHYs", b"acTL", b"fcTL", b"fdAT",
    ];
    png.chunks_mut().retain(|chunk| KEPT.contains(&&chunk.kind()));
    png.set_exif(exif);
    Ok(png.encoder().bytes())
}

fn webp(file: Bytes, exif: Option<Bytes>) -> Result<Bytes> {
    let mut webp = WebP::from_bytes(file).map_err(damaged)?;
    const KEPT: [[u8; 4]; 7] = [
        webp::CHUNK_VP8X,
        webp::CHUNK_ICCP,
        webp::CHUNK_ANIM,
        webp::CHUNK_ANMF,
        webp::CHUNK_ALPH,
        webp::CHUNK_VP8,
        webp::CHUNK_VP8L,
    ];
    webp.chunks_mut().retain(|chunk| KEPT.contains(&chunk.id()));
    // img-parts sets the flag of Exif in the header (RFC 9649 section 2.7), and leaves that of XMP as it was.
    const XMP_FLAG: u8 = 0x04;
    for chunk in webp.chunks_mut().iter_mut().filter(|chunk| chunk.id() == webp::CHUNK_VP8X) {
        if let RiffContent::Data(header) = chunk.content_mut() {
            let mut cleared = header.to_vec();
            cleared.first_mut().into_iter().for_each(|flags| *flags &= !XMP_FLAG);
            *header = cleared.into();
        }
    }
    webp.set_exif(exif);
    Ok(webp.encoder().bytes())
}

/// GIF89a: blocks one after another. Comments go, and what applications keep for themselves, except how often an
/// animation is repeated.
fn gif(file: &[u8]) -> Result<Vec<u8>> {
    let mut blocks = Blocks { file, at: 0 };
    let mut out = Vec::with_capacity(file.len());
    let header = blocks.take(13)?;
    out.extend_from_slice(header);
    out.extend_from_slice(blocks.take(colour_table(header[10]))?);
    loop {
        let start = blocks.at;
        let kept = match blocks.take(1)?[0] {
            0x21 => {
                let label = blocks.take(1)?[0];
                let data = blocks.sub_blocks()?;
                let repeats = data.starts_with(b"\x0bNETSCAPE2.0") || data.starts_with(b"\x0bANIMEXTS1.0");
                label == 0xf9 || (label == 0xff && repeats)
            }
            0x2c => {
                let descriptor = blocks.take(9)?;
                blocks.take(colour_table(descriptor[8]))?;
                blocks.take(1)?;
                blocks.sub_blocks()?;
                true
            }
            0x3b => {
                out.push(0x3b);
                return Ok(out);
            }
            unknown => return Err(damaged(format!("a GIF has no block 0x{unknown:02x}"))),
        };
        if kept {
            out.extend_from_slice(&file[start..blocks.at]);
        }
    }
}

/// Bytes of the colour table that the packed fields of a descriptor announce.
fn colour_table(packed: u8) -> usize {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) }
}

struct Blocks<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Blocks<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let taken = self.file.get(self.at..self.at + length).ok_or_else(cut_short)?;
        self.at += length;
        Ok(taken)
    }

    /// Data in sub-blocks, each with its length before it, up to an empty one.
    fn sub_blocks(&mut self) -> Result<&'a [u8]> {
        let start = self.at;
        loop {
            let length = self.take(1)?[0];
            if length == 0 {
                return Ok(&self.file[start..self.at]);
            }
            self.take(length.into())?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, RgbImage};
    use std::io::Cursor;

    const SECRET: &[u8] = b"GPS 47.5 N";

    fn picture(format: ImageFormat) -> Vec<u8> {
        let image = RgbImage::from_fn(40, 20, |x, y| image::Rgb([x as u8 * 6, y as u8 * 12, 99]));
        let mut file = Cursor::new(Vec::new());
        DynamicImage::from(image).write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
        let length = (contents.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], &length[..], contents].concat()
    }

    /// The secret is gone, the pixels are the same, the orientation too.
    fn check(with_secret: &[u8], format: ImageFormat, expected: Orientation) -> Bytes {
        let file = Bytes::copy_from_slice(with_secret);
        assert!(file.windows(SECRET.len()).any(|window| window == SECRET), "a test without a secret");
        let clean = remove(file.clone(), format, orientation(&file, format)).unwrap();
        assert!(!clean.windows(SECRET.len()).any(|window| window == SECRET), "the secret stayed");
        let pixels = |file: &[u8]| image::load_from_memory(file).unwrap().to_rgba8();
        assert_eq!(pixels(&clean), pixels(with_secret));
        assert_eq!(orientation(&clean, format), expected);
        clean
    }

    fn exif_with_secret() -> Vec<u8> {
        [&exif(Orientation::Rotate90)[..], SECRET].concat()
    }

    #[test]
    fn jpeg_keeps_the_picture_and_which_side_is_up() {
        let plain = picture(ImageFormat::Jpeg);
        let mut file = plain[..2].to_vec();
        file.extend(segment(0xe0, b"JFXX\0\x10GPS 47.5 N"));
        file.extend(segment(0xe1, &[b"Exif\0\0", &exif_with_secret()[..]].concat()));
        file.extend(segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0GPS 47.5 N"));
        file.extend(segment(0xe2, b"MPF\0GPS 47.5 N"));
        file.extend(segment(0xed, b"Photoshop 3.0\0GPS 47.5 N"));
        file.extend(segment(0xfe, b"GPS 47.5 N"));
        file.extend(segment(0xf7, b"GPS 47.5 N"));
        file.extend_from_slice(&plain[2..]);
        // Another picture behind the first, as phones do it.
        file.extend_from_slice(SECRET);
        check(&file, ImageFormat::Jpeg, Orientation::Rotate90);
    }

    #[test]
    fn jpeg_loses_a_thumbnail_and_what_stands_between_scans() {
        let plain = picture(ImageFormat::Jpeg);
        assert_eq!(&plain[2..4], b"\xff\xe0");
        let mut jfif = segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x04GPS 47.5 N\0\0");
        jfif.splice(..0, plain[..2].to_vec());
        jfif.extend_from_slice(&plain[20..]);
        check(&jfif, ImageFormat::Jpeg, Orientation::NoTransforms);

        let mut scans = plain.clone();
        scans.truncate(plain.len() - 2);
        scans.extend(segment(0xfe, SECRET));
        scans.extend_from_slice(b"\xff\xd9");
        check(&scans, ImageFormat::Jpeg, Orientation::NoTransforms);
    }

    #[test]
    fn png_keeps_the_picture_and_which_side_is_up() {
        let mut png = Png::from_bytes(picture(ImageFormat::Png).into()).unwrap();
        png.set_exif(Some(exif_with_secret().into()));
        for kind in [b"tEXt", b"iTXt", b"tIME", b"prVt"] {
            png.chunks_mut().insert(1, img_parts::png::PngChunk::new(*kind, SECRET.into()));
        }
        let mut file = png.encoder().bytes().to_vec();
        file.extend_from_slice(SECRET);
        check(&file, ImageFormat::Png, Orientation::Rotate90);
    }

    #[test]
    fn webp_keeps_the_picture_and_which_side_is_up() {
        use img_parts::riff::RiffChunk;
        let mut webp = WebP::from_bytes(picture(ImageFormat::WebP).into()).unwrap();
        webp.chunks_mut().push(RiffChunk::new(webp::CHUNK_XMP, RiffContent::Data(SECRET.into())));
        webp.chunks_mut().push(RiffChunk::new(*b"PRVT", RiffContent::Data(SECRET.into())));
        webp.set_exif(Some(exif_with_secret().into()));
        let mut file = webp.encoder().bytes().to_vec();
        file.extend_from_slice(SECRET);
        let clean = check(&file, ImageFormat::WebP, Orientation::Rotate90);
        let flags = clean[20];
        assert_eq!((&clean[12..16], flags & 0x0c), (&b"VP8X"[..], 0x08), "Exif is announced, XMP is not");
    }

    #[test]
    fn gif_loses_its_comments() {
        let plain = picture(ImageFormat::Gif);
        let tables = 13 + colour_table(plain[10]);
        let mut file = plain[..tables].to_vec();
        file.extend_from_slice(b"\x21\xfe\x0aGPS 47.5 N\0");
        file.extend_from_slice(b"\x21\xff\x0bXMP DataXMP\x0aGPS 47.5 N\0");
        file.extend_from_slice(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0");
        file.extend_from_slice(&plain[tables..]);
        file.extend_from_slice(SECRET);
        let clean = check(&file, ImageFormat::Gif, Orientation::NoTransforms);
        assert!(clean.windows(11).any(|window| window == b"NETSCAPE2.0"));
    }

    #[test]
    fn cut_at_any_point_is_refused() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
            let file = Bytes::from(picture(format));
            for end in 0..file.len() {
                assert!(
                    remove(file.slice(..end), format, Orientation::NoTransforms).is_err(),
                    "{format:?} {end}"
                );
            }
        }
    }
}
