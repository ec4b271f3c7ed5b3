//! A seal taken apart for a person: the same steps as [`open`](super::open) and [`verify`](super::verify), telling
//! what each found.

use super::{Signed, find_key, guard, guard::Claim, no_key, open_inner, verify, without_padding};
use crate::{Result, identity::Keyring};

/// One layer, from the outside in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it is called in socialnet-seal(5).
    pub name: &'static str,
    /// How it is made; empty for padding.
    pub algorithms: &'static str,
    /// Bytes of it, with all that is inside.
    pub bytes: usize,
    /// What it was found to be; empty when there is nothing to say.
    pub finding: String,
}

/// What was found in a seal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// As far as they could be read.
    pub layers: Vec<Layer>,
    /// The SignedData inside, if its signature holds.
    pub signed: Option<Signed>,
}

/// Takes a sealed envelope, or SignedData alone, apart. Without a keyring it stops at the outer layer, whose form is
/// checked. The second value is the failure that [`open`](super::open) or [`verify`](super::verify) would give.
pub fn explain(der: &[u8], keyring: Option<&Keyring>) -> (Explanation, Result<()>) {
    let mut found = Explanation::default();
    let result = found.look(der, keyring);
    (found, result)
}

impl Explanation {
    fn look(&mut self, der: &[u8], keyring: Option<&Keyring>) -> Result<()> {
        if guard::claim(der) == Ok(Claim::Signed) {
            return self.look_at_signed(der);
        }
        guard::outer(der)?;
        self.add("outer layer", "AES-256-GCM, P-256 key agreement", der.len());
        let Some(keyring) = keyring else { return Ok(()) };
        let Some((pair, mut inside)) = find_key(der, keyring)? else {
            self.find("no live key opens it");
            return Err(no_key());
        };
        self.find(format!("opened by the {} key of {}", pair.purpose.name(), pair.made));
        if guard::claim(&inside)? == Claim::Encrypted {
            guard::inner(&inside)?;
            self.add("inner layer", "AES-256-GCM, ML-KEM-768", inside.len());
            inside = open_inner(&inside, pair)?;
            self.find("opened by the same pair");
        }
        let padded = inside.len();
        let signed = without_padding(inside)?;
        self.add("padding", "", padded - signed.len());
        self.look_at_signed(&signed)
    }

    fn look_at_signed(&mut self, der: &[u8]) -> Result<()> {
        let signer = guard::signed(der)?.certificate.fingerprint();
        self.add("signed data", "ECDSA P-256, SHA-256", der.len());
        self.find(format!("says that {signer} signed it"));
        self.signed = Some(verify(der)?);
        self.find(format!("signed by {signer}"));
        Ok(())
    }

    fn add(&mut self, name: &'static str, algorithms: &'static str, bytes: usize) {
        self.layers.push(Layer { name, algorithms, bytes, finding: String::new() });
    }

    /// Says it of the layer added last.
    fn find(&mut self, finding: impl Into<String>) {
        if let Some(layer) = self.layers.last_mut() {
            layer.finding = finding.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Kind,
        identity::Purpose,
        seal::{
            seal, sign,
            tests::{evening, keyring, reader},
        },
    };

    fn names(explanation: &Explanation) -> Vec<&str> {
        explanation.layers.iter().map(|layer| layer.name).collect()
    }

    #[test]
    fn all_layers_of_a_seal() {
        let (alice, bob) = (keyring(), keyring());
        let signed = sign(&alice.identity, b"<envelope/>").unwrap();
        let sealed = seal(&signed, &reader(&bob, Purpose::Sealing, true)).unwrap();
        let (found, result) = explain(&sealed, Some(&bob));
        assert_eq!(result, Ok(()));
        assert_eq!(names(&found), ["outer layer", "inner layer", "padding", "signed data"]);
        assert_eq!(found.layers[0].bytes, sealed.len());
        assert_eq!(found.layers[0].finding, format!("opened by the sealing key of {}", evening()));
        assert_eq!(found.layers[2].bytes + found.layers[3].bytes, 4096);
        assert_eq!(found.layers[3].finding, format!("signed by {}", alice.identity.fingerprint));
        assert_eq!(found.signed.unwrap().content, b"<envelope/>");
    }

    #[test]
    fn as_far_as_it_goes() {
        let (alice, bob) = (keyring(), keyring());
        let mut signed = sign(&alice.identity, b"<envelope/>").unwrap();
        let sealed = seal(&signed, &reader(&bob, Purpose::Meeting, false)).unwrap();
        let (found, result) = explain(&sealed, Some(&alice));
        assert_eq!(result.unwrap_err().kind(), Kind::NotAllowed);
        assert_eq!(found.layers[0].finding, "no live key opens it");
        let (found, result) = explain(&sealed, None);
        assert_eq!((names(&found), result), (vec!["outer layer"], Ok(())));
        let (found, result) = explain(&sealed, Some(&bob));
        assert_eq!((names(&found), result), (vec!["outer layer", "padding", "signed data"], Ok(())));

        *signed.last_mut().unwrap() ^= 1;
        let (found, result) = explain(&signed, None);
        assert_eq!(result.unwrap_err().message(), "the signature does not hold");
        let claimed = format!("says that {} signed it", alice.identity.fingerprint);
        assert_eq!((names(&found), found.layers[0].finding == claimed), (vec!["signed data"], true));
        assert_eq!(found.signed, None);
    }
}
