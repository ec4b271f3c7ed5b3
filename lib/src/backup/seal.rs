//! The seal of a backup: CMS AuthEnvelopedData (RFC 5083) for one key that Argon2id (RFC 9106) makes of a passphrase, as a
//! KEKRecipientInfo (RFC 5652 section 6.2.3). sn-backup(1), FORMAT, is the authority.
//!
//! The content is of any length, so it is written as it comes: in BER's indefinite form, OCTET STRINGs of 64 KiB after one
//! another, which is how `openssl cms -stream` writes too. OpenSSL itself is called for everything that is
//! cryptography; its CMS code has no call that gives a recipient a key of our own.

use crate::{
    Error, Kind, Result,
    seal::{self, OpensslResult},
};
use openssl::{
    aes::{AesKey, unwrap_key, wrap_key},
    cipher::Cipher,
    cipher_ctx::CipherCtx,
    kdf,
};
use std::io::{self, BufRead, Read, Write};

/// Bytes of clear content in one OCTET STRING; the last may have fewer.
const PIECE: usize = 1 << 16;
/// Bytes of content, at most: what AES-GCM allows under one key and nonce (NIST SP 800-38D section 5.2.1.1).
const MOST: u64 = (1 << 36) - 32;
const TAG: usize = 16;
const NONCE: usize = 12;
const WRAPPED: usize = 40;
/// Argon2id as RFC 9106 section 4 recommends where memory is dear: 3 passes over 64 MiB in 4 lanes.
const ARGON2ID: &str = "argon2id,v=19,m=65536,t=3,p=4,salt=";
const PASSES: u32 = 3;
const LANES: u32 = 4;
const MEMORY: u32 = 1 << 16;
/// Hexadecimal digits of the salt, which Argon2id takes as they are.
const SALT: usize = 32;

/// Up to the key identifier: ContentInfo, AuthEnvelopedData, version 0, one recipient with a key of its own, version 4.
const BEGIN: &[u8] = &[
    0x30, 0x80, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17, 0xa0, 0x80,
    0x30, 0x80, 0x02, 0x01, 0x00, 0x31, 0x81, 0x84, 0xa2, 0x81, 0x81, 0x02, 0x01, 0x04, 0x30, 0x45, 0x04,
    0x43,
];
/// Between key identifier and wrapped key: AES-256 key wrap.
const WRAP: &[u8] =
    &[0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2d, 0x04, 0x28];
/// Up to the nonce: data, AES-256-GCM.
const CONTENT: &[u8] = &[
    0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0x30, 0x1e, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e, 0x30, 0x11, 0x04, 0x0c,
];
/// After the nonce: a tag of 16 bytes, and the content in pieces.
const PIECES: &[u8] = &[0x02, 0x01, 0x10, 0xa0, 0x80];
/// A full piece.
const FULL: &[u8] = &[0x04, 0x83, 0x01, 0x00, 0x00];
/// After the pieces: their end, that of the encrypted content, and the tag.
const END: &[u8] = &[0, 0, 0, 0, 0x04, 0x10];
/// The ends of what BEGIN began.
const END_OF_ALL: &[u8] = &[0; 6];

/// The key that wraps the content's key.
pub fn from_passphrase(passphrase: &str, salt: &[u8; SALT]) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    kdf::argon2id(None, passphrase.as_bytes(), salt, None, None, PASSES, LANES, MEMORY, &mut key)
        .map_err(|reason| Error::new(Kind::Unavailable, format!("cannot derive a key: {reason}")))?;
    Ok(key)
}

/// Encrypts what is written to it. Without [`Sealing::finish`] it opens nowhere.
pub struct Sealing<W> {
    out: W,
    context: CipherCtx,
    piece: Vec<u8>,
    sealed: Vec<u8>,
    length: u64,
}

impl<W: Write> Sealing<W> {
    /// Writes the beginning. `derive` makes the key of a salt, which wraps that of the content.
    pub fn new(mut out: W, derive: impl FnOnce(&[u8; SALT]) -> Result<[u8; 32]>) -> Result<Self> {
        let mut salt = [0; SALT];
        data_encoding::HEXLOWER.encode_mut(&seal::random::<{ SALT / 2 }>()?, &mut salt);
        let (key, nonce) = (seal::random::<32>()?, seal::random::<NONCE>()?);
        let outer = derive(&salt)?;
        let mut wrapped = [0; WRAPPED];
        AesKey::new_encrypt(&outer)
            .and_then(|outer| wrap_key(&outer, None, &mut wrapped, &key))
            .map_err(|_| Error::new(Kind::Unavailable, "cannot wrap a key"))?;
        for part in [BEGIN, ARGON2ID.as_bytes(), &salt, WRAP, &wrapped, CONTENT, &nonce, PIECES] {
            out.write_all(part)?;
        }
        let context =
            begin(|context| context.encrypt_init(Some(Cipher::aes_256_gcm()), Some(&key), Some(&nonce)));
        let context = context.map_err(|reason| failed("encrypt", reason))?;
        Ok(Self { out, context, piece: Vec::with_capacity(PIECE), sealed: vec![0; PIECE], length: 0 })
    }

    /// Writes the end, and gives back what was written to.
    pub fn finish(mut self) -> Result<W> {
        self.flush_piece()?;
        let mut tag = [0; TAG];
        self.context
            .cipher_final(&mut [])
            .and_then(|_| self.context.tag(&mut tag))
            .map_err(|reason| failed("encrypt", reason))?;
        for part in [END, &tag, END_OF_ALL] {
            self.out.write_all(part)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn flush_piece(&mut self) -> Result<()> {
        let length = self.piece.len();
        if length == 0 {
            return Ok(());
        }
        self.length += length as u64;
        if self.length > MOST {
            return Err(
                Error::new(Kind::Unavailable, "a backup has at most 64 GiB").hint("leave the blobs out")
            );
        }
        self.context
            .cipher_update(&self.piece, Some(&mut self.sealed))
            .map_err(|reason| failed("encrypt", reason))?;
        self.out.write_all(&head(length))?;
        self.out.write_all(&self.sealed[..length])?;
        self.piece.clear();
        Ok(())
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE {
            self.flush_piece().map_err(io::Error::other)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The tag and length of a piece, in their shortest form.
fn head(length: usize) -> Vec<u8> {
    let bytes = length.to_be_bytes();
    let long = &bytes[bytes.len() - 2..];
    match length {
        PIECE => FULL.to_vec(),
        0..=0x7f => vec![0x04, long[1]],
        0x80..=0xff => vec![0x04, 0x81, long[1]],
        _ => [&[0x04, 0x82], long].concat(),
    }
}

/// Decrypts what is read from it. The content counts only once its end was read without an error: then the tag holds, and
/// nothing follows.
pub struct Opening<R> {
    from: R,
    context: CipherCtx,
    piece: Vec<u8>,
    at: usize,
    last: bool,
    done: bool,
}

impl<R: BufRead> Opening<R> {
    /// Reads the beginning; `derive` as for [`Sealing::new`]. [`Kind::NotAllowed`]: the passphrase is another one.
    pub fn new(mut from: R, derive: impl FnOnce(&[u8; SALT]) -> Result<[u8; 32]>) -> Result<Self> {
        expect(&mut from, BEGIN)?;
        expect(&mut from, ARGON2ID.as_bytes())?;
        let salt: [u8; SALT] = hole(&mut from)?;
        expect(&mut from, WRAP)?;
        let wrapped: [u8; WRAPPED] = hole(&mut from)?;
        expect(&mut from, CONTENT)?;
        let nonce: [u8; NONCE] = hole(&mut from)?;
        expect(&mut from, PIECES)?;
        let outer = derive(&salt)?;
        let mut key = [0; 32];
        AesKey::new_decrypt(&outer).and_then(|outer| unwrap_key(&outer, None, &mut key, &wrapped)).map_err(
            |_| {
                Error::new(Kind::NotAllowed, "the passphrase is wrong, or the backup's beginning was changed")
            },
        )?;
        let context =
            begin(|context| context.decrypt_init(Some(Cipher::aes_256_gcm()), Some(&key), Some(&nonce)));
        let context = context.map_err(|reason| failed("decrypt", reason))?;
        Ok(Self { from, context, piece: Vec::with_capacity(PIECE), at: 0, last: false, done: false })
    }

    fn next_piece(&mut self) -> Result<()> {
        let [tag, first] = hole(&mut self.from)?;
        if (tag, first) == (0, 0) {
            return self.end();
        }
        let length = match first {
            _ if tag != 0x04 || self.last => return Err(not_a_backup()),
            0..=0x7f => usize::from(first),
            0x81 => usize::from(hole::<_, 1>(&mut self.from)?[0]),
            0x82 => usize::from(u16::from_be_bytes(hole(&mut self.from)?)),
            _ => {
                expect(&mut self.from, &FULL[2..])?;
                PIECE
            }
        };
        if length == 0 || !head(length).starts_with(&[tag, first]) {
            return Err(not_a_backup());
        }
        self.last = length < PIECE;
        self.at = 0;
        self.piece.resize(length, 0);
        self.from.read_exact(&mut self.piece).map_err(cut)?;
        self.context
            .cipher_update_inplace(&mut self.piece, length)
            .map_err(|reason| failed("decrypt", reason))?;
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        expect(&mut self.from, &END[2..])?;
        let tag: [u8; TAG] = hole(&mut self.from)?;
        expect(&mut self.from, END_OF_ALL)?;
        let holds = self.context.set_tag(&tag).and_then(|()| self.context.cipher_final(&mut []));
        if holds.is_err() || !self.from.fill_buf()?.is_empty() {
            return Err(Error::malformed("the backup was changed: its tag does not hold"));
        }
        self.piece.clear();
        self.at = 0;
        self.done = true;
        Ok(())
    }
}

impl<R: BufRead> Read for Opening<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.done {
            self.next_piece().map_err(io::Error::other)?;
        }
        let ready = &self.piece[self.at..];
        let taken = ready.len().min(out.len());
        out[..taken].copy_from_slice(&ready[..taken]);
        self.at += taken;
        Ok(taken)
    }
}

fn begin(init: impl FnOnce(&mut CipherCtx) -> OpensslResult<()>) -> OpensslResult<CipherCtx> {
    let mut context = CipherCtx::new()?;
    init(&mut context)?;
    Ok(context)
}

fn expect(from: &mut impl Read, form: &[u8]) -> Result<()> {
    let mut bytes = vec![0; form.len()];
    from.read_exact(&mut bytes).map_err(cut)?;
    if bytes == form { Ok(()) } else { Err(not_a_backup()) }
}

fn hole<R: Read, const N: usize>(from: &mut R) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map_err(cut)?;
    Ok(bytes)
}

fn cut(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::malformed("the backup ends too early"),
        _ => error.into(),
    }
}

fn not_a_backup() -> Error {
    Error::malformed("not a backup of this form, or it was changed")
}

fn failed(what: &str, reason: openssl::error::ErrorStack) -> Error {
    Error::new(Kind::Unavailable, format!("cannot {what}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(content: &[u8]) -> Vec<u8> {
        let mut sealing = Sealing::new(Vec::new(), |salt| from_passphrase("correct horse", salt)).unwrap();
        sealing.write_all(content).unwrap();
        sealing.finish().unwrap()
    }

    fn opened(sealed: &[u8], passphrase: &str) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        Opening::new(sealed, |salt| from_passphrase(passphrase, salt))?.read_to_end(&mut content)?;
        Ok(content)
    }

    #[test]
    fn any_length_is_opened_again() {
        for length in [0, 1, 127, 128, 255, 256, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE] {
            let content: Vec<u8> = (0..length).map(|at| at as u8).collect();
            assert_eq!(opened(&sealed(&content), "correct horse").unwrap(), content, "{length}");
        }
    }

    #[test]
    fn another_passphrase_opens_nothing() {
        let refused = opened(&sealed(b"x"), "battery staple").unwrap_err();
        assert_eq!(refused.kind(), Kind::NotAllowed, "{refused}");
    }

    #[test]
    fn whatever_is_changed_cut_or_added_is_refused() {
        let whole = sealed(&[7; 300]);
        // Beginning, salt, wrapped key, nonce, content, tag and end; each that fits the form costs an Argon2id.
        for at in [0, 40, 80, 130, 190, 250, whole.len() - 15, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(opened(&changed, "correct horse").is_err(), "changed at {at}");
        }
        for length in [0, 10, 200, whole.len() - 40, whole.len() - 6, whole.len() - 1] {
            let refused = opened(&whole[..length], "correct horse").unwrap_err();
            assert_eq!(refused.message(), "the backup ends too early", "{length}");
        }
        assert!(opened(&[whole.as_slice(), &[0]].concat(), "correct horse").is_err());
    }

    #[test]
    fn pieces_in_another_order_are_refused() {
        let mut content = vec![1; PIECE];
        content.resize(2 * PIECE, 2);
        let mut swapped = sealed(&content);
        let start = swapped.windows(FULL.len()).position(|window| window == FULL).unwrap();
        let (first, second) = swapped[start..].split_at_mut(PIECE + FULL.len());
        first.swap_with_slice(&mut second[..PIECE + FULL.len()]);
        assert!(opened(&swapped, "correct horse").is_err());
    }
}
