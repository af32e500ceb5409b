use alloc::{vec, vec::Vec};
use proptest::prelude::*;

use super::{HEADER, TRAILER, compress, decompress, flag};
use crate::status::{ListError, tests::deflated_zeros};

fn member(flags: u8, optional: &[u8], data: &[u8]) -> Vec<u8> {
    let plain = compress(data);
    let mut out = plain[..HEADER].to_vec();
    out[3] = flags;
    out.extend(optional);
    out.extend(&plain[HEADER..]);
    out
}

#[test]
fn optional_header_parts_are_skipped() {
    let data = [7; 300];
    let header = [0x1f, 0x8b, 8, flag::HEADER_CRC, 0, 0, 0, 0, 2, 255];
    let crc = super::crc32(0, &header).to_le_bytes();
    let cases: [(u8, &[u8]); 7] = [
        (0, &[]),
        (1, &[]),
        (flag::EXTRA, &[3, 0, 1, 2, 3]),
        (flag::NAME, b"list\0"),
        (flag::COMMENT, b"\0"),
        (flag::NAME | flag::COMMENT | flag::EXTRA, b"\0\0a\0b\0"),
        (flag::HEADER_CRC, &crc[..2]),
    ];
    for (flags, optional) in cases {
        assert_eq!(decompress(&member(flags, optional, &data), data.len()), Ok(data.to_vec()), "{flags}");
    }
    for (flags, optional) in [(0x20, &[][..]), (0x80, &[]), (flag::HEADER_CRC, &[0, 0])] {
        assert_eq!(decompress(&member(flags, optional, &data), data.len()), Err(ListError::Compression), "{flags}");
    }
    for (flags, optional) in [(flag::EXTRA, &[255, 255][..]), (flag::NAME, b"no end")] {
        assert!(decompress(&[&member(flags, optional, &[])[..HEADER], optional].concat(), 9).is_err(), "{flags}");
    }
}

#[test]
fn nothing_follows_and_nothing_is_missing() {
    let good = compress(&[1; 200]);
    assert_eq!(decompress(&good, 200), Ok(vec![1; 200]));
    assert_eq!(decompress(&good, 199), Err(ListError::TooLarge));
    assert!(decompress(&[&good[..], &[0]].concat(), 200).is_err(), "the trailer is elsewhere");
    let (front, trailer) = good.split_at(good.len() - TRAILER);
    assert_eq!(decompress(&[front, &[0], trailer].concat(), 200), Err(ListError::Compression), "between data and trailer");
    for end in 0..good.len() {
        assert!(decompress(&good[..end], 200).is_err(), "cut at {end}");
    }
}

/// RFC 1952 §2.2: members simply follow one another.
#[test]
fn a_series_of_members_is_one_list() {
    let parts: [Vec<u8>; 4] = [vec![1; 70_000], Vec::new(), (0..=255).cycle().take(5000).collect(), vec![0; 3]];
    let series: Vec<u8> = parts.iter().flat_map(|part| compress(part)).collect();
    let whole = parts.concat();
    assert_eq!(decompress(&series, whole.len()).as_ref(), Ok(&whole));
    assert_eq!(decompress(&series, whole.len() - 1), Err(ListError::TooLarge));
    for end in 1..series.len() {
        let cut = decompress(&series[..end], whole.len());
        assert!(cut.is_err() || whole.starts_with(&cut.expect("whole members")), "cut at {end}");
    }
    let many: Vec<u8> = (0..=super::MAX_MEMBERS).flat_map(|_| compress(&[])).collect();
    assert_eq!(decompress(&many, 9), Err(ListError::TooLarge));
    assert_eq!(decompress(&[], 9), Err(ListError::Compression));
}

#[test]
fn a_flipped_bit_is_refused() {
    let data: Vec<u8> = (0..400_u32).map(|n| (n * n).to_le_bytes()[0]).collect();
    let mut damaged = compress(&data);
    for at in 0..damaged.len() {
        for bit in 0..8 {
            damaged[at] ^= 1 << bit;
            // Time, hint flag, level and system (§2.3.1) say nothing about the data, nor do the bits that fill the last byte of it.
            let is_hint = (4..HEADER).contains(&at) || (at, bit) == (3, 0);
            let is_last = at + TRAILER + 1 == damaged.len();
            let read = decompress(&damaged, data.len());
            let harmless = read.as_ref() == Ok(&data);
            assert!(if is_hint { harmless } else { read.is_err() || (is_last && harmless) }, "byte {at} bit {bit}");
            damaged[at] ^= 1 << bit;
        }
    }
}

#[test]
fn the_announced_size_binds() {
    let data = [0; 1000];
    let mut lying = compress(&data);
    let at = lying.len() - 4;
    for (size, why) in
        [(999_u32, ListError::Compression), (1001, ListError::Compression), (u32::MAX, ListError::TooLarge), (0, ListError::Compression)]
    {
        lying[at..].copy_from_slice(&size.to_le_bytes());
        assert_eq!(decompress(&lying, 2000), Err(why), "{size}");
    }
}

/// A gibibyte of zeros, announced truly or falsely.
#[test]
fn bombs_are_refused() {
    let deflated = deflated_zeros(1024, false);
    for size in [1_u32 << 30, 16_384, 0] {
        let bomb = [&compress(&[])[..HEADER], &deflated, &[0; 4], &size.to_le_bytes()].concat();
        assert_eq!(decompress(&bomb, 1 << 20), Err(ListError::TooLarge), "{size}");
        // A bomb in a bomb is bytes like any others: only one layer is ever inflated.
        assert_eq!(decompress(&compress(&bomb), bomb.len()), Ok(bomb));
    }
}

proptest! {
    #[test]
    fn bytes_round_trip(bytes: Vec<u8>) {
        prop_assert_eq!(decompress(&compress(&bytes), bytes.len()), Ok(bytes));
    }

    #[test]
    fn any_bytes_are_answered(bytes: Vec<u8>) {
        let _ = decompress(&bytes, 1000);
        let _ = decompress(&[&compress(&[])[..HEADER], &bytes].concat(), 1000);
    }
}
