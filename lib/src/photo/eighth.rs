//! A JPEG at one eighth of its size, for the preview.
//!
//! The first coefficient of each block of 8 x 8 pixels is their mean (ITU-T T.81, A.3.3), so that the picture made of
//! those alone is the whole one, each block averaged. The other coefficients, which are most of the file and nearly all
//! of the work, are only skipped: five times as fast as decoding a photograph of 12 megapixels to throw most of it
//! away. What is not an ordinary photograph (one scan of 8-bit YCbCr or grey, Huffman coded, baseline or the first scan
//! of a progressive one) is left to the image library. Cameras store colour at half the size; in the preview it is as
//! much coarser than the light.

use image::{Rgb, RgbImage};
use img_parts::jpeg::markers;

/// Bits of a code that are looked up at once.
const LOOKUP: u32 = 12;

/// The picture at one eighth, each side rounded up, or nothing when it is not such a JPEG or is damaged.
pub fn decode(file: &[u8]) -> Option<RgbImage> {
    let mut quantizers = [0; 4];
    let mut tables: [[Option<Box<Huffman>>; 4]; 2] = Default::default();
    let mut frame: Option<Frame> = None;
    let mut interval = 0;
    let mut at = 2;
    loop {
        let marker = *file.get(at + 1).filter(|_| file[at] == markers::P)?;
        if marker == markers::P {
            at += 1;
            continue;
        }
        let length = usize::from(u16_at(file, at + 2)?);
        let segment = file.get(at + 4..at + 2 + length)?;
        at += 2 + length;
        match marker {
            markers::DQT => read_quantizers(segment, &mut quantizers)?,
            markers::DHT => read_tables(segment, &mut tables)?,
            markers::DRI => interval = usize::from(u16_at(segment, 0)?),
            markers::SOF0..=markers::SOF2 => frame = Some(Frame::read(segment, marker == markers::SOF2)?),
            markers::APP14 if segment.starts_with(b"Adobe") && segment.get(11) != Some(&1) => return None,
            markers::SOS => return frame?.scan(segment, &file[at..], interval, &tables, &quantizers),
            // Other ways of coding.
            markers::SOF3 | markers::SOF5..=markers::SOF15 => return None,
            _ => {}
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|pair| u16::from_be_bytes(*pair))
}

/// Only the divisor of the first coefficient is needed of each table.
fn read_quantizers(mut segment: &[u8], quantizers: &mut [i32; 4]) -> Option<()> {
    while let Some(head) = segment.first() {
        let wide = head >> 4 != 0;
        let first = if wide { u16_at(segment, 1)? } else { u16::from(*segment.get(1)?) };
        *quantizers.get_mut(usize::from(head & 15))? = first.into();
        segment = segment.get(if wide { 129 } else { 65 }..)?;
    }
    Some(())
}

fn read_tables(mut segment: &[u8], tables: &mut [[Option<Box<Huffman>>; 4]; 2]) -> Option<()> {
    while let Some(head) = segment.first() {
        let counts: &[u8; 16] = segment.get(1..)?.first_chunk()?;
        let values: usize = counts.iter().map(|count| usize::from(*count)).sum();
        let table = Huffman::new(counts, segment.get(17..17 + values)?)?;
        *tables.get_mut(usize::from(head >> 4))?.get_mut(usize::from(head & 15))? = Some(Box::new(table));
        segment = &segment[17 + values..];
    }
    Some(())
}

/// One component of the frame: its means, one a block.
struct Plane {
    id: u8,
    horizontal: usize,
    vertical: usize,
    quantizer: usize,
    columns: usize,
    means: Vec<u8>,
}

struct Frame {
    progressive: bool,
    width: usize,
    height: usize,
    /// Blocks of a minimum coded unit.
    unit: (usize, usize),
    units: (usize, usize),
    planes: Vec<Plane>,
}

impl Frame {
    fn read(segment: &[u8], progressive: bool) -> Option<Self> {
        let (height, width) = (usize::from(u16_at(segment, 1)?), usize::from(u16_at(segment, 3)?));
        let (specs, _) = segment.get(6..)?.as_chunks::<3>();
        let ordinary = segment[0] == 8 && matches!(specs.len(), 1 | 3) && width > 0 && height > 0;
        let rgb = specs.iter().map(|spec| spec[0]).eq(*b"RGB");
        if !ordinary || rgb || usize::from(segment[5]) != specs.len() {
            return None;
        }
        let mut planes = Vec::new();
        for [id, sampling, quantizer] in specs {
            // A single component is not interleaved: its unit is one block, whatever its factors.
            let sampling = if specs.len() == 1 { 0x11 } else { *sampling };
            let (horizontal, vertical) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) {
                return None;
            }
            let quantizer = usize::from(*quantizer);
            planes.push(Plane { id: *id, horizontal, vertical, quantizer, columns: 0, means: Vec::new() });
        }
        let unit = (
            planes.iter().map(|plane| plane.horizontal).max()?,
            planes.iter().map(|plane| plane.vertical).max()?,
        );
        let units = (width.div_ceil(8 * unit.0), height.div_ceil(8 * unit.1));
        for plane in &mut planes {
            plane.columns = units.0 * plane.horizontal;
            plane.means = vec![0; plane.columns * units.1 * plane.vertical];
        }
        Some(Self { progressive, width, height, unit, units, planes })
    }

    /// Reads the scan that begins in `data`.
    fn scan(
        mut self,
        header: &[u8],
        data: &[u8],
        interval: usize,
        tables: &[[Option<Box<Huffman>>; 4]; 2],
        quantizers: &[i32; 4],
    ) -> Option<RgbImage> {
        let (specs, rest) = header.get(1..)?.split_at_checked(2 * self.planes.len())?;
        let (specs, _) = specs.as_chunks::<2>();
        let ids = self.planes.iter().map(|plane| plane.id);
        if usize::from(header[0]) != specs.len() || !specs.iter().map(|spec| spec[0]).eq(ids) {
            return None;
        }
        // A progressive scan of first coefficients may leave out their low bits.
        let low = match (self.progressive, rest) {
            (false, _) => 0,
            (true, [0, 0, low]) if *low < 14 => u32::from(*low),
            _ => return None,
        };
        let mut coders = Vec::new();
        for (plane, [_, selectors]) in self.planes.iter().zip(specs) {
            let first = tables[0].get(usize::from(selectors >> 4))?.as_deref()?;
            let others = match self.progressive {
                true => None,
                false => Some(tables[1].get(usize::from(selectors & 15))?.as_deref()?),
            };
            coders.push(Coder { first, others, scale: quantizers.get(plane.quantizer)? << low, last: 0 });
        }
        let total = self.units.0 * self.units.1;
        let mut runs = Runs { rest: data, buffer: Vec::new() };
        let mut done = 0;
        while done < total {
            let mut bits = Bits { data: runs.next(), at: 0, window: 0, count: 0 };
            coders.iter_mut().for_each(|coder| coder.last = 0);
            let end = if interval == 0 { total } else { total.min(done + interval) };
            for unit in done..end {
                let (row, column) = (unit / self.units.0, unit % self.units.0);
                for (plane, coder) in self.planes.iter_mut().zip(&mut coders) {
                    for block in 0..plane.horizontal * plane.vertical {
                        let (down, across) = (block / plane.horizontal, block % plane.horizontal);
                        let at = (row * plane.vertical + down) * plane.columns
                            + column * plane.horizontal
                            + across;
                        plane.means[at] = coder.mean(&mut bits)?;
                    }
                }
            }
            done = end;
        }
        Some(self.picture())
    }

    fn picture(&self) -> RgbImage {
        let sample = |plane: &Plane, x: usize, y: usize| {
            let (x, y) = (x * plane.horizontal / self.unit.0, y * plane.vertical / self.unit.1);
            i32::from(plane.means[y * plane.columns + x])
        };
        let (width, height) = (self.width.div_ceil(8), self.height.div_ceil(8));
        RgbImage::from_fn(width as u32, height as u32, |x, y| {
            let (x, y) = (x as usize, y as usize);
            let luma = sample(&self.planes[0], x, y);
            let [_, blue, red] = self.planes.as_slice() else { return Rgb([luma as u8; 3]) };
            // ITU-T T.871, section 7, in 65536ths.
            let (blue, red) = (sample(blue, x, y) - 128, sample(red, x, y) - 128);
            Rgb([91_881 * red, -22_554 * blue - 46_802 * red, 116_130 * blue]
                .map(|more| (luma + ((more + 32_768) >> 16)).clamp(0, 255) as u8))
        })
    }
}

/// How one component's blocks are read.
struct Coder<'a> {
    first: &'a Huffman,
    others: Option<&'a Huffman>,
    scale: i32,
    last: i32,
}

impl Coder<'_> {
    /// The mean of the next block.
    #[inline]
    fn mean(&mut self, bits: &mut Bits) -> Option<u8> {
        bits.refill();
        let (length, size) = self.first.code(bits.window)?;
        if size > 15 {
            return None;
        }
        bits.skip(length);
        self.last = self.last.wrapping_add(bits.signed(size.into()));
        if let Some(others) = self.others {
            others.skip_block(bits)?;
        }
        let mean = self.last.wrapping_mul(self.scale).wrapping_add(4) >> 3;
        Some(mean.saturating_add(128).clamp(0, 255) as u8)
    }
}

/// Entropy-coded data between restart markers, without the zeros stuffed behind each 0xff.
struct Runs<'a> {
    rest: &'a [u8],
    buffer: Vec<u8>,
}

impl Runs<'_> {
    fn next(&mut self) -> &[u8] {
        self.buffer.clear();
        while let Some(at) = self.rest.iter().position(|byte| *byte == markers::P) {
            let (run, rest) = self.rest.split_at(at);
            self.buffer.extend_from_slice(run);
            self.rest = rest.get(2..).unwrap_or_default();
            match rest.get(1) {
                Some(&markers::Z) => self.buffer.push(markers::P),
                _ => break,
            }
        }
        // Bits are read eight bytes at a time.
        self.buffer.extend_from_slice(&[0; 8]);
        &self.buffer
    }
}

/// Bits from the front: `count` of them are in the high end of `window`.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    window: u64,
    count: u32,
}

impl Bits<'_> {
    /// Makes at least 56 bits ready; behind the end there are zeros.
    #[inline]
    fn refill(&mut self) {
        let bytes = self.data.get(self.at..).and_then(|rest| rest.first_chunk());
        self.window |= bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes)) >> self.count;
        self.at += (63 - self.count as usize) / 8;
        self.count |= 56;
    }

    #[inline]
    fn skip(&mut self, bits: u32) {
        self.window <<= bits;
        self.count = self.count.saturating_sub(bits);
    }

    /// A number of `size` bits; those that begin with 0 are negative (T.81, F.2.2.1).
    #[inline]
    fn signed(&mut self, size: u32) -> i32 {
        if size == 0 {
            return 0;
        }
        let value = (self.window >> (64 - size)) as i32;
        self.skip(size);
        if value >> (size - 1) == 0 { value - (1 << size) + 1 } else { value }
    }
}

/// A Huffman table (T.81, annex C).
struct Huffman {
    /// By the next bits: length of the code and its symbol; 0 where a code is longer.
    codes: [u16; 1 << LOOKUP],
    /// By the next bits: all whole codes in them at once; see [`Huffman::group`].
    groups: [u32; 1 << LOOKUP],
    /// For each length: the first code, and the number of the first symbol.
    starts: [(u32, usize); 17],
    counts: [u8; 17],
    symbols: Vec<u8>,
}

impl Huffman {
    fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            codes: [0; 1 << LOOKUP],
            groups: [0; 1 << LOOKUP],
            starts: [(0, 0); 17],
            counts: [0; 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut number) = (0u32, 0);
        for length in 1..=16 {
            let count = counts[length as usize - 1];
            table.counts[length as usize] = count;
            table.starts[length as usize] = (code, number);
            for _ in 0..count {
                if length <= LOOKUP {
                    let free = LOOKUP - length;
                    let entry = (length as u16) << 8 | u16::from(symbols[number]);
                    table.codes.get_mut((code << free) as usize..((code + 1) << free) as usize)?.fill(entry);
                }
                code += 1;
                number += 1;
            }
            code <<= 1;
        }
        for window in 0..1 << LOOKUP {
            table.groups[window as usize] = table.group(window);
        }
        Some(table)
    }

    /// What the codes do that are whole within `window`: bits to skip, with those that belong to the last code behind the
    /// window; from bit 8 on, by how many coefficients to go on; bit 16, that the block ends there.
    fn group(&self, window: u32) -> u32 {
        let (mut used, mut advance) = (0, 0);
        while used < LOOKUP {
            let entry = self.codes[((window << used) & ((1 << LOOKUP) - 1)) as usize];
            let (length, symbol) = (u32::from(entry >> 8), entry as u8);
            if length == 0 || used + length > LOOKUP {
                break;
            }
            if ends_block(symbol) {
                return 1 << 16 | advance << 8 | (used + length);
            }
            used += length + u32::from(symbol & 15);
            advance += u32::from(symbol >> 4) + 1;
        }
        advance << 8 | used
    }

    /// Skips the coefficients of a block after the first.
    #[inline]
    fn skip_block(&self, bits: &mut Bits) -> Option<()> {
        let mut position = 1;
        while position < 64 {
            if bits.count < 32 {
                bits.refill();
            }
            let group = self.groups[(bits.window >> (64 - LOOKUP)) as usize];
            let (used, advance, ends) = (group & 0xff, group >> 8 & 0xff, group >> 16);
            // A block may be full before the group is at its end: then the rest belongs to the next one.
            if used > 0 && position + advance + ends <= 64 {
                bits.skip(used);
                position += advance;
                if ends == 1 {
                    return Some(());
                }
            } else {
                let (length, symbol) = self.code(bits.window)?;
                bits.skip(length + u32::from(symbol & 15));
                if ends_block(symbol) {
                    return Some(());
                }
                position += u32::from(symbol >> 4) + 1;
            }
        }
        (position == 64).then_some(())
    }

    /// The code at the front of `window`: its length and its symbol.
    #[inline]
    fn code(&self, window: u64) -> Option<(u32, u8)> {
        match self.codes[(window >> (64 - LOOKUP)) as usize] {
            0 => self.long_code(window),
            entry => Some((u32::from(entry >> 8), entry as u8)),
        }
    }

    fn long_code(&self, window: u64) -> Option<(u32, u8)> {
        for length in LOOKUP + 1..=16 {
            let (first, number) = self.starts[length as usize];
            let offset = ((window >> (64 - length)) as u32).wrapping_sub(first);
            if offset < u32::from(self.counts[length as usize]) {
                return Some((length, *self.symbols.get(number + offset as usize)?));
            }
        }
        None
    }
}

/// Whether a symbol says that all further coefficients are zero; 0xf0 says that only the next 16 are.
fn ends_block(symbol: u8) -> bool {
    symbol & 15 == 0 && symbol != 0xf0
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, imageops};
    use proptest::prelude::*;
    use std::io::Cursor;

    /// Colours that change, and grain in which every code occurs.
    fn jpeg(width: u32, height: u32, grain: u32) -> Vec<u8> {
        let mut seed = 1u32;
        let image = RgbImage::from_fn(width, height, |x, y| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (seed >> 24) * grain / 100;
            Rgb([x * 150 / width + noise / 3, y * 150 / height + noise / 3, 60 + noise / 3].map(|v| v as u8))
        });
        let mut file = Cursor::new(Vec::new());
        DynamicImage::from(image).write_to(&mut file, ImageFormat::Jpeg).unwrap();
        file.into_inner()
    }

    fn is_average_of_whole(file: &[u8]) {
        let small = decode(file).unwrap();
        let whole = image::load_from_memory(file).unwrap().to_rgb8();
        // Blocks at the right and lower edge reach beyond the picture.
        let (width, height) = (whole.width() / 8, whole.height() / 8);
        let whole = imageops::crop_imm(&whole, 0, 0, width * 8, height * 8).to_image();
        let expected = imageops::thumbnail(&whole, width, height);
        for (x, y, pixel) in expected.enumerate_pixels() {
            for (a, b) in pixel.0.iter().zip(small.get_pixel(x, y).0) {
                assert!(a.abs_diff(b) <= 6, "{x},{y}: {pixel:?} and {:?}", small.get_pixel(x, y));
            }
        }
    }

    #[test]
    fn it_is_the_whole_picture_averaged() {
        for (width, height) in [(64, 64), (333, 201), (7, 9), (1, 1)] {
            for grain in [0, 30, 100] {
                is_average_of_whole(&jpeg(width, height, grain));
            }
        }
    }

    #[test]
    fn what_it_does_not_know_is_left_to_others() {
        let file = jpeg(64, 64, 30);
        let at = file.windows(2).position(|pair| pair == [0xff, markers::SOF0]).unwrap();
        for (offset, byte) in [(1, markers::SOF9), (4, 12), (9, 4)] {
            let mut other = file.clone();
            other[at + offset] = byte;
            assert!(decode(&other).is_none());
        }
    }

    proptest! {
        #[test]
        fn damage_never_panics(at in 2usize..2000, byte in any::<u8>(), end in 0usize..4000) {
            let mut file = jpeg(40, 24, 60);
            let length = file.len();
            file[at % length] = byte;
            file.truncate(length.min(end.max(2)));
            let _ = decode(&file);
        }
    }
}
