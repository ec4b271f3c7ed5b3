//! The outer layer: AuthEnvelopedData for one P-256 key, with the key derivation of RFC 5753 set to SHA-256.
//!
//! OpenSSL's own choice there is SHA-1, and `CMS_encrypt`, all that the `openssl` crate offers, leaves no way to set
//! another. The three calls that do are declared here; this is the only file with unsafe code. Each pointer
//! that OpenSSL returns is checked, and what we own is freed by a Rust value on every path.
#![allow(unsafe_code)]

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::{cms::CmsContentInfo, error::ErrorStack, x509::X509Ref};
use openssl_sys as ffi;
use std::{
    ffi::{c_int, c_uint},
    ptr,
};

/// `CMS_RecipientInfo`, which belongs to its `CMS_ContentInfo`.
enum RecipientInfo {}

// Signatures as in OpenSSL's cms.h and ec.h of version 3.6; all three are functions there, not macros.
unsafe extern "C" {
    fn CMS_add1_recipient_cert(
        cms: *mut ffi::CMS_ContentInfo,
        recip: *mut ffi::X509,
        flags: c_uint,
    ) -> *mut RecipientInfo;
    fn CMS_RecipientInfo_get0_pkey_ctx(ri: *mut RecipientInfo) -> *mut ffi::EVP_PKEY_CTX;
    fn EVP_PKEY_CTX_set_ecdh_kdf_md(ctx: *mut ffi::EVP_PKEY_CTX, md: *const ffi::EVP_MD) -> c_int;
    fn CMS_final(
        cms: *mut ffi::CMS_ContentInfo,
        data: *mut ffi::BIO,
        dcont: *mut ffi::BIO,
        flags: c_uint,
    ) -> c_int;
}

/// A memory BIO that reads from a slice, and is freed with its owner.
struct Source<'a> {
    bio: *mut ffi::BIO,
    _bytes: &'a [u8],
}

impl<'a> Source<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, ErrorStack> {
        // A negative length would mean "as strlen says": what does not fit must not come that far.
        let length = c_int::try_from(bytes.len()).map_err(|_| ErrorStack::get())?;
        // SAFETY: `bytes` is valid for `length` bytes, is only read (BIO_new_mem_buf makes a read-only BIO) and, by the
        // lifetime of `Source`, outlives the BIO.
        let bio = unsafe { ffi::BIO_new_mem_buf(bytes.as_ptr().cast(), length) };
        if bio.is_null() { Err(ErrorStack::get()) } else { Ok(Self { bio, _bytes: bytes }) }
    }
}

impl Drop for Source<'_> {
    fn drop(&mut self) {
        // SAFETY: `bio` came from BIO_new_mem_buf, is not null, and is freed nowhere else: CMS_final only reads from it.
        unsafe { ffi::BIO_free_all(self.bio) }
    }
}

/// Encrypts `content` with AES-256-GCM for the P-256 key in `certificate`.
pub fn encrypt(certificate: &X509Ref, content: &[u8]) -> Result<CmsContentInfo, ErrorStack> {
    let source = Source::new(content)?;
    // SAFETY: CMS_encrypt takes null for no recipients yet and, with CMS_PARTIAL, null for no content yet; EVP_aes_256_gcm
    // returns a static. What it returns is ours: checked, then owned by a `CmsContentInfo`, which frees it.
    let cms = unsafe {
        let flags = ffi::CMS_BINARY | ffi::CMS_PARTIAL;
        let cms = ffi::CMS_encrypt(ptr::null_mut(), ptr::null_mut(), ffi::EVP_aes_256_gcm(), flags);
        if cms.is_null() {
            return Err(ErrorStack::get());
        }
        CmsContentInfo::from_ptr(cms)
    };
    // SAFETY: `cms` and `certificate` are live; CMS_add1_recipient_cert takes its own reference to the certificate. The
    // recipient and its key context stay owned by `cms` ("get0"), which is live until the end of this function; both are
    // checked. CMS_KEY_PARAM is what makes the context be there. EVP_sha256 returns a static.
    unsafe {
        let flags = ffi::CMS_BINARY | ffi::CMS_USE_KEYID | ffi::CMS_KEY_PARAM;
        let recipient = CMS_add1_recipient_cert(cms.as_ptr(), certificate.as_ptr(), flags);
        if recipient.is_null() {
            return Err(ErrorStack::get());
        }
        let context = CMS_RecipientInfo_get0_pkey_ctx(recipient);
        if context.is_null() || EVP_PKEY_CTX_set_ecdh_kdf_md(context, ffi::EVP_sha256()) <= 0 {
            return Err(ErrorStack::get());
        }
    }
    // SAFETY: `cms` and `source.bio` are live; null for `dcont` says that the content is not detached.
    let done = unsafe { CMS_final(cms.as_ptr(), source.bio, ptr::null_mut(), ffi::CMS_BINARY) };
    if done == 1 { Ok(cms) } else { Err(ErrorStack::get()) }
}
