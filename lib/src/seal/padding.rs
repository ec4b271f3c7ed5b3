//! How much a seal shows of the length of what is in it: Padmé sizes (Nikitin et al., "Reducing Metadata Leakage from
//! Encrypted Files and Communication with PURBs", 2019), at least 4096. They keep only the highest log2(log2 n) + 1 bits of a
//! length, for at most 12 % more bytes.

/// The least size of what is sealed: the short packets, which are most, all look alike.
const LEAST: usize = 4096;

/// The padded size for `length` bytes.
pub fn padded(length: usize) -> usize {
    if length <= LEAST {
        return LEAST;
    }
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1 << (exponent - kept)) - 1;
    (length + mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_that_the_page_names() {
        for (length, size) in
            [(0, 4096), (4096, 4096), (4097, 4352), (4353, 4608), (9000, 9216), (100_000, 100_352)]
        {
            assert_eq!(padded(length), size, "{length}");
        }
    }

    proptest! {
        #[test]
        fn never_less_and_at_most_an_eighth_more(length in 4096usize..1 << 40) {
            let size = padded(length);
            prop_assert!(size >= length && size - length <= length / 8);
            prop_assert_eq!(padded(size), size);
        }
    }
}
