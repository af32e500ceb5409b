//! The kept inputs of a target as one file: for each its length in four bytes, little-endian, and the input itself.

use std::fs;
use std::path::Path;

/// Most bytes kept for a target: all together stay below two megabytes.
const MOST_BYTES: usize = 56 * 1024;
/// The longest input kept.
const LONGEST: usize = 12 * 1024;

/// Writes the inputs of a packed file into a folder, one file each. A target without one starts with nothing.
pub(super) fn unpack(packed: &Path, folder: &Path) -> Result<(), String> {
    super::make(folder)?;
    if !packed.is_file() {
        return Ok(());
    }
    let bytes = fs::read(packed).map_err(|error| format!("cannot read {}: {error}", packed.display()))?;
    for (number, input) in split(&bytes).ok_or_else(|| format!("{} is cut off", packed.display()))?.into_iter().enumerate() {
        let file = folder.join(format!("kept-{number:04}"));
        fs::write(&file, input).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    Ok(())
}

/// Packs a folder's inputs, the shortest first, as long as there is room. Returns how many there are, and the file's size.
pub(super) fn pack(folder: &Path, packed: &Path) -> Result<(usize, usize), String> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?.flatten() {
        inputs.push(fs::read(entry.path()).map_err(|error| format!("cannot read {}: {error}", entry.path().display()))?);
    }
    let (kept, bytes) = join(inputs);
    if let Some(folder) = packed.parent() {
        super::make(folder)?;
    }
    fs::write(packed, &bytes).map_err(|error| format!("cannot write {}: {error}", packed.display()))?;
    Ok((kept, bytes.len()))
}

fn split(mut rest: &[u8]) -> Option<Vec<&[u8]>> {
    let mut inputs = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let (input, tail) = tail.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        inputs.push(input);
        rest = tail;
    }
    rest.is_empty().then_some(inputs)
}

fn join(mut inputs: Vec<Vec<u8>>) -> (usize, Vec<u8>) {
    inputs.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let (mut kept, mut bytes) = (0, Vec::new());
    for input in inputs {
        let Ok(length) = u32::try_from(input.len()) else { break };
        if input.len() > LONGEST || bytes.len() + input.len() + 4 > MOST_BYTES {
            break;
        }
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&input);
        kept += 1;
    }
    (kept, bytes)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, join, split};

    #[test]
    fn what_is_packed_is_unpacked_and_the_shortest_are_kept() {
        let inputs = vec![vec![1; 40], Vec::new(), vec![2; LONGEST + 1], vec![3; 3]];
        let (kept, bytes) = join(inputs);
        assert_eq!(kept, 3);
        assert_eq!(split(&bytes), Some(vec![&[][..], &[3; 3], &[1; 40]]));
        assert_eq!(split(&bytes[..bytes.len() - 1]), None);
        assert_eq!(split(b""), Some(Vec::new()));
    }
}
