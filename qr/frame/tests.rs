use super::{CHECK, FrameError, MAX_PAYLOAD, PREFIX, SHORT, base45, pack};
use crate::{Collector, Progress};
use sha2::{Digest, Sha256};

/// The text of a frame as another program could write it: its checksum holds, whatever it says.
fn written(id: [u8; 8], (index, count): (u8, u8), total: usize, data: &[u8]) -> String {
    let total = u32::try_from(total).expect("small").to_be_bytes();
    let rest = [&id[..], &[index, count], &total[1..], data].concat();
    let mut text = PREFIX.to_owned();
    base45::encode_into(&[&Sha256::digest(&rest)[..CHECK], &rest].concat(), &mut text);
    text
}

/// Every one of these frames is whole in itself.
#[test]
fn frames_that_do_not_make_one_payload_are_refused() {
    let payload = b"a payload";
    let packed = pack::pack(payload);
    let (first, second) = packed.split_at(4);
    let id: [u8; 8] = Sha256::digest(payload)[..8].try_into().expect("eight");
    let total = packed.len();
    let mut collector = Collector::new();
    assert_eq!(collector.add(&written(id, (0, 2), total, first)), Ok(Progress { have: 1, count: 2 }));
    assert_eq!(collector.add(&written(id, (0, 2), total, first)), Ok(Progress { have: 1, count: 2 }), "seen twice");
    assert_eq!(collector.add(&written(id, (0, 2), total, second)), Err(FrameError::Conflict { number: 1 }));
    assert_eq!(collector.add(&written([7; 8], (1, 2), total, second)), Err(FrameError::AnotherTransfer));
    assert_eq!(collector.add(&written(id, (1, 2), total + 1, second)), Err(FrameError::AnotherTransfer));
    assert_eq!(collector.add(&written(id, (1, 3), total, second)), Err(FrameError::AnotherTransfer));
    assert_eq!(collector.add(&written(id, (1, 2), total, second)), Ok(Progress { have: 2, count: 2 }));
    assert_eq!(collector.finish().as_deref(), Ok(&payload[..]));

    // Of another payload than the one that is announced.
    let mut other = Collector::new();
    assert_eq!(other.add(&written([7; 8], (0, 1), total, &packed)), Ok(Progress { have: 1, count: 1 }));
    assert_eq!(other.finish(), Err(FrameError::WrongWhole));
}

#[test]
fn a_frame_keeps_its_own_bounds() {
    let taken = |text: &str| Collector::new().add(text).map(drop);
    assert_eq!(taken(&written([1; 8], (0, 1), 2, b"ab")), Ok(()));
    for (place, total, data) in
        [((1, 1), 2, &b"ab"[..]), ((0, 0), 2, b"ab"), ((0, 1), 2, b""), ((0, 1), 1, b"ab"), ((0, 1), MAX_PAYLOAD + 2, b"ab")]
    {
        assert_eq!(taken(&written([1; 8], place, total, data)), Err(FrameError::Damaged), "{place:?} {total}");
    }
}

#[test]
fn a_short_frame_holds_a_cose_message() {
    let taken = |payload: &[u8]| {
        let mut text = SHORT.to_owned();
        base45::encode_into(&[&Sha256::digest(payload)[..CHECK], payload].concat(), &mut text);
        Collector::new().add(&text).map(drop)
    };
    assert_eq!((taken(&[0xd2, 1]), taken(&[0xd0, 1])), (Ok(()), Ok(())));
    for other in [&b"{}"[..], &[0x84, 1], &[]] {
        assert_eq!(taken(other), Err(FrameError::Damaged), "{other:?}");
    }
}
