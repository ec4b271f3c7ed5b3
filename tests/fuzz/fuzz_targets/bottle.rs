//! Bottles, and the slips in them: any bytes as a bottle, any bytes in one, and what was read of a slip is read again from
//! what is written of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socialnet::{
    search::bottle::{self, MAX_CONTENT},
    slip::Slip,
};

const B: [u8; 32] = [1; 32];

fuzz_target!(|data: &[u8]| {
    assert!(!matches!(bottle::open(data, &[B]), Ok(Some(_))), "nobody guesses a commitment");
    let filled = bottle::fill(&[B], |_| Ok(data.to_vec()));
    if data.len() <= MAX_CONTENT {
        let opened = bottle::open(&filled.unwrap(), &[[2; 32], B]).unwrap().unwrap();
        assert_eq!((opened.handles, opened.content.as_slice()), (vec![1], data));
    }
    if let Ok(read) = Slip::read(data) {
        assert_eq!(read.write().and_then(|written| Slip::read(&written)).as_ref(), Ok(&read));
    }
});
