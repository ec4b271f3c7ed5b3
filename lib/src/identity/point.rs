//! A meeting key as a bare point, which is all that the short form of an invitation has room for.

use super::{
    Purpose,
    certificate::{self, Algorithm, Encryption},
};
use crate::{Error, Result, profile::KeyOffer, seal::OpensslResult};
use jiff::{Timestamp, Unit};
use openssl::{
    bn::BigNumContext,
    ec::{EcGroup, EcKey, EcPoint, PointConversionForm},
    nid::Nid,
    pkey::PKey,
};

/// Bytes of a compressed point of P-256 (SEC 1 section 2.3.3).
pub const BYTES: usize = 33;

/// The point of an offer's P-256 key, compressed.
pub fn of(offer: &KeyOffer) -> Result<[u8; BYTES]> {
    let key = Encryption::read(&offer.p256)?.key;
    compressed(key)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Error::malformed("key certificate: the key is not valid"))
}

fn compressed(key: &[u8]) -> OpensslResult<Vec<u8>> {
    let key = PKey::public_key_from_der(key)?.ec_key()?;
    let mut context = BigNumContext::new()?;
    key.public_key().to_bytes(key.group(), PointConversionForm::COMPRESSED, &mut context)
}

/// An offer of nothing but this meeting key, until its owner's profile comes. OpenSSL names a recipient by a certificate,
/// so the point gets one, by an issuer who is forgotten at once: nobody vouches for it but who handed over the point.
pub fn stand_in(point: &[u8; BYTES], now: Timestamp) -> Result<KeyOffer> {
    let made = now.round(Unit::Second).unwrap_or(now);
    let p256 = issue(point, made).map_err(|_| Error::malformed("the key is no point of P-256"))?;
    Ok(KeyOffer { p256, ml_kem_768: None })
}

fn issue(point: &[u8; BYTES], made: Timestamp) -> OpensslResult<Vec<u8>> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let point = EcPoint::from_bytes(&group, point, &mut *BigNumContext::new()?)?;
    let key = EcKey::from_public_key(&group, &point)?;
    key.check_key()?;
    let issuer = PKey::from_ec_key(EcKey::generate(&group)?)?;
    let key = PKey::from_ec_key(key)?;
    certificate::issue(&issuer, &key, Algorithm::P256, Purpose::Meeting, made)?.to_der()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Keyring, ReaderKeys};

    #[test]
    fn a_point_stands_for_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-22T12:00:00.5Z".parse().unwrap();
        let alice = Keyring::create(folder.path(), now).unwrap();
        let offer = alice.newest(Purpose::Meeting).unwrap().offer();
        let point = of(offer).unwrap();
        let stand_in = stand_in(&point, now).unwrap();
        assert_eq!(Encryption::read(&stand_in.p256).unwrap().key, Encryption::read(&offer.p256).unwrap().key);
        assert!(!ReaderKeys::stored(&stand_in, Purpose::Meeting, now).unwrap().hybrid());
        assert_eq!(of(&stand_in).unwrap(), point);
    }

    #[test]
    fn what_is_no_point_is_refused() {
        let now = Timestamp::UNIX_EPOCH;
        for point in [[0; BYTES], [2; BYTES].map(|_| 0xff), [4; BYTES]] {
            assert!(stand_in(&point, now).is_err(), "{point:?}");
        }
    }
}
