//! What is left to chance, so that nobody can count on it: drawn as keys are.

use crate::{Result, seal};

/// A number below `end`, each as likely as another but for one part in 2^32 and less; 0 if `end` is 0. `end` is below 2^32.
pub fn below(end: u64) -> Result<u64> {
    Ok(u64::from_be_bytes(seal::random()?).checked_rem(end).unwrap_or(0))
}

/// Yes, once in `times`.
pub fn once_in(times: u64) -> Result<bool> {
    Ok(below(times)? == 0)
}

/// One of them; `None` if there is none.
pub fn one_of<T: Copy>(all: &[T]) -> Result<Option<T>> {
    Ok(all.get(below(all.len() as u64)? as usize).copied())
}

/// Different ones of them, at most `count`.
pub fn some_of<T>(mut all: Vec<T>, count: usize) -> Result<Vec<T>> {
    let mut some = Vec::new();
    while some.len() < count && !all.is_empty() {
        some.push(all.swap_remove(below(all.len() as u64)? as usize));
    }
    Ok(some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_up() {
        let mut seen = [0; 6];
        for _ in 0..600 {
            seen[below(6).unwrap() as usize] += 1;
        }
        // Each fails to come up once in 10^47.
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
        assert_eq!((below(0).unwrap(), one_of::<u8>(&[]).unwrap()), (0, None));
        let mut some = some_of((0..10).collect(), 4).unwrap();
        some.sort_unstable();
        some.dedup();
        assert_eq!(some.len(), 4);
        assert_eq!(some_of(vec!['a', 'b'], 4).unwrap().len(), 2);
    }
}
