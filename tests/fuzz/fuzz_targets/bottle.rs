//! Bottles, and the slips in them: any bytes as a bottle, of which one that opens does not any more when a byte of it is
//! another; any bytes in one; and what was read of a slip is read again from what is written of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::{
    search::bottle::{self, MAX_CONTENT},
    slip::Slip,
};

/// Of those that the vectors are for, which are the first corpus; nobody guesses a commitment to them.
const OWN: [[u8; 32]; 3] = [[1; 32], [2; 32], [3; 32]];

fuzz_target!(|data: &[u8]| {
    if let Ok(Some(opened)) = bottle::open(data, &OWN) {
        let mut changed = data.to_vec();
        changed[usize::from(opened.digest[0]) << 5 | usize::from(opened.digest[1] & 31)] ^= 1;
        assert!(!matches!(bottle::open(&changed, &OWN), Ok(Some(_))));
    }
    let filled = bottle::fill(&OWN[1..2], |_| Ok(data.to_vec()));
    if data.len() <= MAX_CONTENT {
        let opened = bottle::open(&filled.unwrap(), &OWN).unwrap().unwrap();
        assert_eq!((opened.handles, opened.content.as_slice()), (vec![1], data));
    }
    if let Ok(read) = Slip::read(data) {
        assert_eq!(read.write().and_then(|written| Slip::read(&written)).as_ref(), Ok(&read));
    }
});
