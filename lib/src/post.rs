//! Packets on their way: what `sn-pack | sn-seal | sn-send` does in three processes, for a program that has all three in
//! one.

use crate::{
    Error, Result, home::Home, identity::Keyring, protocol::sealing::Sealer, queue, store::Store,
    stream::Clear,
};
use jiff::Timestamp;

/// Seals packets for the readers that `to` names, as `sn-seal --to` does, or where it is empty for those they name themselves,
/// and queues the envelopes, durably. What [`queue::run`] is for is left to the caller. Gives what could not be sealed, and
/// why; the rest is queued all the same. An error means that nothing was sealed, so that the owner may say the same again: once
/// something is sealed, what can't be queued is told like what can't be sealed, and its readers will ask for it.
pub fn post(
    home: &Home,
    store: &mut Store,
    keyring: &Keyring,
    packets: Vec<Vec<u8>>,
    to: &[String],
    now: Timestamp,
) -> Result<Vec<Error>> {
    // Each round is committed before it is given out, and queued before the next one is made: memory stays at one round.
    let mut queued = Store::open(&home.database())?;
    if to.is_empty() {
        queue::forget_cancelled(home, &mut queued)?;
    }
    let (mut failures, mut sealed_any) = (Vec::new(), false);
    let packets = packets.into_iter().map(Clear::Packet).collect();
    let ended = Sealer::new(home, store, keyring, now).seal(packets, to, &mut |sealed| {
        failures.extend(sealed.failures);
        sealed_any |= !sealed.letters.is_empty();
        let blocks = sealed.letters.into_iter().map(|letter| Ok(letter.pem()));
        queue::add(home, &mut queued, blocks, now, &mut |error| failures.push(error)).map(drop)
    });
    match ended {
        Err(error) if sealed_any => failures.push(error),
        ended => drop(ended?),
    }
    match failures.is_empty() || sealed_any {
        true => Ok(failures),
        false => Err(failures.swap_remove(0)),
    }
}
