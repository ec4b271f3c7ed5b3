//! Sealed envelopes as people hand them over: PEM blocks one after another, or the bare bytes of one.

use super::PemItems;
use crate::{Error, Result};
use std::io::{BufRead, Read};

/// Envelopes one after another, each of at most `max` bytes. Input that can't be read is the last of them.
pub fn sealed_items<'a>(
    mut input: impl BufRead + 'a,
    max: usize,
) -> Box<dyn Iterator<Item = Result<Vec<u8>>> + 'a> {
    let first = match input.fill_buf() {
        Ok(bytes) => bytes.first(),
        Err(error) => return Box::new(std::iter::once(Err(error.into()))),
    };
    // Every DER envelope begins with a SEQUENCE, which is the letter 0: no PEM text and no header line does.
    if first != Some(&0x30) {
        return Box::new(PemItems::new(input, max).wanted().map(|pem| pem.map(|pem| pem.der)));
    }
    let mut bytes = Vec::new();
    let whole = match input.take(max as u64 + 1).read_to_end(&mut bytes) {
        Err(error) => Err(error.into()),
        Ok(_) if bytes.len() > max => Err(Error::malformed(format!("longer than {max} bytes"))),
        Ok(_) => Ok(bytes),
    };
    Box::new(std::iter::once(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Result<Vec<u8>>> {
        sealed_items(bytes, 8).collect()
    }

    #[test]
    fn bare_bytes_are_one_envelope() {
        assert_eq!(read(b"0abc"), [Ok(b"0abc".to_vec())]);
        assert!(read(b"0abcdefgh")[0].is_err());
    }

    #[test]
    fn text_is_pem() {
        let pem = b"To: bob\n-----BEGIN CMS-----\nMGFi\n-----END CMS-----\n";
        assert_eq!(read(&pem.repeat(2)), [Ok(b"0ab".to_vec()), Ok(b"0ab".to_vec())]);
        assert!(read(b"").is_empty());
        assert!(matches!(&read(b"<packet/>\n")[..], [Err(_)]));
    }
}
