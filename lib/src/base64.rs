//! Base64 with one spelling (RFC 4648 section 4): padded, no bits set behind the last byte, nothing after the padding.

use crate::{Error, Result};
use data_encoding::BASE64;

/// Encodes on one line.
pub fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Decodes; no white space anywhere.
pub fn decode(text: &[u8]) -> Result<Vec<u8>> {
    // data-encoding takes several padded texts one after another for one; RFC 4648 knows padding at the end only.
    let body = text.len().saturating_sub(2);
    if text[..body].contains(&b'=') {
        return Err(not_base64());
    }
    BASE64.decode(text).map_err(|_| not_base64())
}

/// Decodes text from XML, where spaces, TABs and line feeds between the characters mean nothing.
pub fn decode_spaced(text: &str) -> Result<Vec<u8>> {
    if !(text.contains(' ') || text.contains('\t') || text.contains('\n')) {
        return decode(text.as_bytes());
    }
    let dense: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\n')).collect();
    decode(&dense)
}

fn not_base64() -> Error {
    Error::malformed("not base64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
        assert_eq!(decode(b"YWxpY2U=").unwrap(), b"alice");
        for wrong in ["YWxpY2U", "YWxpY2V=", "YQ==YQ==", "YWxp Y2U=", "YWxp=", "YQ=a", "=", "YWxpY2U=\n"] {
            assert!(decode(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn white_space_in_xml_means_nothing() {
        assert_eq!(decode_spaced("\n  YWxp\n\tY2U =\n").unwrap(), b"alice");
        assert!(decode_spaced("YWxp\rY2U=").is_err());
    }
}
