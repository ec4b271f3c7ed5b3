//! RFC 8188, `aes128gcm`, one record at a time. Every record but the last is full; padding, which the RFC allows, is
//! neither written nor taken, so that a size in clear has exactly one size encrypted.

use crate::{Error, Kind, Result, seal::OpensslResult};
use openssl::{
    cipher::Cipher, cipher_ctx::CipherCtx, error::ErrorStack, md::Md, pkey::Id, pkey_ctx::PkeyCtx,
};

/// Octets that a record has more than its plaintext: delimiter and tag.
pub const OVERHEAD: usize = 1 + TAG;
/// Octets of the header: salt, record size, and the length of a key id that is not there.
pub const HEADER: usize = 16 + 4 + 1;
const TAG: usize = 16;
/// The delimiter (section 2) of the last record and of every other.
const LAST: u8 = 2;
const MORE: u8 = 1;

/// The header of section 2.1.
pub fn header(salt: &[u8; 16], record_size: u32) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..16].copy_from_slice(salt);
    header[16..20].copy_from_slice(&record_size.to_be_bytes());
    header
}

/// Where a record is in the stream.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Counted from 0.
    pub number: u64,
    /// Whether nothing follows.
    pub last: bool,
}

impl Place {
    fn delimiter(self) -> u8 {
        if self.last { LAST } else { MORE }
    }
}

/// What section 2.2 and 2.3 derive from the input keying material and the salt.
pub struct Keys {
    key: [u8; 16],
    nonce: [u8; 12],
}

impl Keys {
    pub fn derive(material: &[u8; 16], salt: &[u8]) -> Result<Self> {
        let mut keys = Self { key: [0; 16], nonce: [0; 12] };
        hkdf(material, salt, b"Content-Encoding: aes128gcm\0", &mut keys.key)
            .and_then(|()| hkdf(material, salt, b"Content-Encoding: nonce\0", &mut keys.nonce))
            .map_err(|reason| Error::new(Kind::Unavailable, format!("cannot derive a key: {reason}")))?;
        Ok(keys)
    }

    fn nonce(&self, number: u64) -> [u8; 12] {
        let mut nonce = self.nonce;
        nonce[4..].iter_mut().zip(number.to_be_bytes()).for_each(|(byte, of_number)| *byte ^= of_number);
        nonce
    }

    /// Encrypts `clear` into `record`, which is longer by [`OVERHEAD`].
    pub fn encrypt(&self, place: Place, clear: &[u8], record: &mut [u8]) -> Result<()> {
        self.try_encrypt(place, clear, record)
            .map_err(|reason| Error::new(Kind::Unavailable, format!("cannot encrypt: {reason}")))
    }

    fn try_encrypt(&self, place: Place, clear: &[u8], record: &mut [u8]) -> OpensslResult<()> {
        let (text, rest) = record.split_at_mut(clear.len());
        let (delimiter, tag) = rest.split_at_mut(1);
        let mut context = CipherCtx::new()?;
        context.encrypt_init(
            Some(Cipher::aes_128_gcm()),
            Some(&self.key),
            Some(&self.nonce(place.number)),
        )?;
        context.cipher_update(clear, Some(text))?;
        context.cipher_update(&[place.delimiter()], Some(delimiter))?;
        context.cipher_final(&mut [])?;
        context.tag(tag)
    }

    /// Decrypts `record` where it stands: of its bytes all but the last [`OVERHEAD`] are then in clear. On failure they
    /// are zeros.
    pub fn decrypt(&self, place: Place, record: &mut [u8]) -> Result<()> {
        if self.try_decrypt(place, record).is_ok_and(|delimiter| delimiter == place.delimiter()) {
            return Ok(());
        }
        record.fill(0);
        Err(Error::malformed(format!("blob: record {} is not genuine", place.number)))
    }

    fn try_decrypt(&self, place: Place, record: &mut [u8]) -> OpensslResult<u8> {
        let length = record.len().checked_sub(TAG).ok_or_else(ErrorStack::get)?;
        let (text, tag) = record.split_at_mut(length);
        let mut context = CipherCtx::new()?;
        context.decrypt_init(
            Some(Cipher::aes_128_gcm()),
            Some(&self.key),
            Some(&self.nonce(place.number)),
        )?;
        context.set_tag(tag)?;
        context.cipher_update_inplace(text, length)?;
        context.cipher_final(&mut [])?;
        text.last().copied().ok_or_else(ErrorStack::get)
    }
}

/// HKDF-SHA-256 (RFC 5869).
fn hkdf(material: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) -> OpensslResult<()> {
    let mut context = PkeyCtx::new_id(Id::HKDF)?;
    context.derive_init()?;
    context.set_hkdf_md(Md::sha256())?;
    context.set_hkdf_key(material)?;
    context.set_hkdf_salt(salt)?;
    context.add_hkdf_info(info)?;
    context.derive(Some(out)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;

    #[test]
    fn the_vector_of_rfc_8188_section_3_1() {
        let key: [u8; 16] = BASE64URL_NOPAD.decode(b"yqdlZ-tYemfogSmv7Ws5PQ").unwrap().try_into().unwrap();
        let stream = BASE64URL_NOPAD
            .decode(b"I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg")
            .unwrap();
        let clear = b"I am the walrus";
        let (start, record) = stream.split_at(HEADER);
        let salt: [u8; 16] = start[..16].try_into().unwrap();
        assert_eq!(header(&salt, 4096), start);
        let keys = Keys::derive(&key, &salt).unwrap();
        let place = Place { number: 0, last: true };
        let mut written = vec![0; clear.len() + OVERHEAD];
        keys.encrypt(place, clear, &mut written).unwrap();
        assert_eq!(written, record);
        keys.decrypt(place, &mut written).unwrap();
        assert_eq!(&written[..clear.len()], clear);
    }

    #[test]
    fn a_record_holds_in_its_own_place_only() {
        let keys = Keys::derive(&[1; 16], &[7; 16]).unwrap();
        let place = Place { number: 300, last: false };
        let mut record = [0; 5 + OVERHEAD];
        keys.encrypt(place, b"hello", &mut record).unwrap();
        for wrong in [Place { last: true, ..place }, Place { number: 301, ..place }] {
            let mut elsewhere = record;
            assert!(keys.decrypt(wrong, &mut elsewhere).is_err(), "{wrong:?}");
            assert_eq!(elsewhere, [0; 5 + OVERHEAD]);
        }
        record[3] ^= 1;
        assert!(keys.decrypt(place, &mut record).is_err());
    }
}
