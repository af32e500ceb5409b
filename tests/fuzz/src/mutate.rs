//! Changes that keep the structure: a value of a JSON tree, a segment of a token, a piece of another valid input. A
//! change by libFuzzer rarely gets past a signature or a bracket.

mod tree;

use crate::setting::setting;
use waypass_credential::base64url;

/// Numbers that follow from libFuzzer's seed.
pub(crate) struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % (most.max(1) as u64)).expect("small")
    }

    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Targets whose inputs are bytes and nothing else.
const BYTES: [&str; 13] = ["cbor", "cedar", "did", "items", "png", "jpeg", "qrpic", "qrword", "rdfc", "restore", "slot", "text", "vault"];

pub(crate) fn mutate(target: &str, data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let mut dice = Dice(u64::from(seed));
    if BYTES.contains(&target) || size == 0 || dice.below(4) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    }
    let mut changed = data[..size].to_vec();
    for _ in 0..=dice.below(2) {
        changed = once(target, &changed, &mut dice).unwrap_or(changed);
    }
    if changed.is_empty() || changed.len() > most {
        return libfuzzer_sys::fuzzer_mutate(data, size, most);
    }
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
}

/// How many bytes before the document choose what the target does with it.
fn head(target: &str, data: &[u8]) -> usize {
    match (target, data.first()) {
        ("signed" | "diff" | "vcapi", _) => 1,
        ("bitstring", Some(b'!')) => 2,
        (_, Some(b'!')) => 1,
        _ => 0,
    }
}

fn once(target: &str, data: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let (head, body) = data.split_at_checked(head(target, data))?;
    let splices = matches!(target, "step" | "credential");
    let changed = match (body.first()?, head.first()) {
        (_, Some(b'0' | b'1')) if matches!(target, "signed" | "diff") => lines(body, dice)?,
        (b'{' | b'[', _) if splices && dice.below(5) == 0 => tree::spliced(body, other(target, dice)?, dice)?,
        (b'{' | b'[', _) => tree::changed(body, dice)?,
        _ if body.contains(&b'.') && core::str::from_utf8(body).is_ok() => token(body, target, dice)?,
        _ => spliced(body, other(target, dice)?, dice),
    };
    Some([head, &changed].concat())
}

/// Another valid credential or presentation.
fn other(target: &str, dice: &mut Dice) -> Option<&'static [u8]> {
    let all = &setting().made;
    let made = &all[dice.below(all.len())];
    if target == "step" { made.presentation.as_deref() } else { Some(&made.credential) }
}

/// A JWS as lines: header, payload, disclosures.
fn lines(body: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = body.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let disclosures = lines.len().saturating_sub(2);
    match dice.below(8) {
        0 if disclosures > 0 => {
            let at = dice.below(lines.len());
            let line = lines[at].clone();
            lines.insert(at, line);
        }
        1 if disclosures > 1 => drop(lines.remove(2 + dice.below(disclosures))),
        2 if disclosures > 1 => {
            let (first, second) = (2 + dice.below(disclosures), 2 + dice.below(disclosures));
            lines.swap(first, second);
        }
        _ => {
            let at = dice.below(lines.len());
            lines[at] = tree::changed(&lines[at], dice)?;
        }
    }
    Some(lines.join(&b'\n'))
}

/// Puts a piece of `other` into `body`, at the same place or another.
fn spliced(body: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let from = dice.below(other.len());
    let piece = &other[from..(from + 1 + dice.below(200)).min(other.len())];
    let to = if dice.below(2) == 0 { from.min(body.len() - 1) } else { dice.below(body.len()) };
    let mut changed = body.to_vec();
    changed.splice(to..(to + piece.len()).min(body.len()), piece.iter().copied());
    changed
}

/// `a.b.c~d~e.f.g`: parts moved, taken from another token, or changed inside.
fn token(body: &[u8], target: &str, dice: &mut Dice) -> Option<Vec<u8>> {
    let mut parts: Vec<String> = core::str::from_utf8(body).ok()?.split('~').map(str::to_owned).collect();
    let foreign = other(target, dice).and_then(|other| core::str::from_utf8(other).ok()).filter(|other| !other.starts_with('{'));
    let foreign: Vec<&str> = foreign.unwrap_or_default().split('~').collect();
    let (at, to) = (dice.below(parts.len()), dice.below(parts.len()));
    match dice.below(10) {
        0 => parts.swap(at, to),
        1 => parts.insert(to, parts[at].clone()),
        2 => drop(parts.remove(at)),
        3 => parts[at] = dice.one(&foreign).to_owned(),
        4 => {
            parts.truncate(at);
            parts.extend(foreign[dice.below(foreign.len())..].iter().map(|part| (*part).to_owned()));
        }
        5 => {
            let mut segments: Vec<&str> = parts[at].split('.').collect();
            let theirs: Vec<&str> = dice.one(&foreign).split('.').collect();
            let place = dice.below(segments.len());
            segments[place] = dice.one(&theirs);
            parts[at] = segments.join(".");
        }
        _ => {
            let mut segments: Vec<String> = parts[at].split('.').map(str::to_owned).collect();
            let place = dice.below(segments.len());
            let mut bytes = base64url::decode(segments[place].as_str()).ok()?;
            if matches!(bytes.first()?, b'{' | b'[') {
                bytes = tree::changed(&bytes, dice)?;
            } else {
                let byte = dice.below(bytes.len());
                bytes[byte] ^= 1 << dice.below(8);
            }
            segments[place] = base64url::encode(&bytes);
            parts[at] = segments.join(".");
        }
    }
    Some(parts.join("~").into_bytes())
}
