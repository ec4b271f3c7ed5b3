//! Changing one's mind, whether or not one may, and in every order.

use super::Person;
use socialnet::packet::{self, About, Body, Packet};

/// A packet of `by` about `target`, in its thread.
pub fn about(by: &Person, kind: &str, body: Body, target: &[u8], edit: impl FnOnce(&mut Packet)) -> Vec<u8> {
    let target = packet::read(target).unwrap();
    by.writes(kind, body, |packet| {
        packet.thread = target.thread;
        packet.about = Some(About::Packet(target.name, None));
        edit(packet);
    })
}

pub fn edit(by: &Person, target: &[u8], version: u32, text: &str) -> Vec<u8> {
    about(by, "edit", Body::Edit { version, closes: false }, target, |packet| packet.text = Some(text.into()))
}

pub fn retract(by: &Person, target: &[u8]) -> Vec<u8> {
    about(by, "retract", Body::Retract, target, |_| {})
}

/// Every order of `0..count`.
pub fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let insert = |shorter: Vec<usize>| {
        (0..count).map(move |place| {
            let mut order = shorter.clone();
            order.insert(place, count - 1);
            order
        })
    };
    orders(count - 1).into_iter().flat_map(insert).collect()
}
