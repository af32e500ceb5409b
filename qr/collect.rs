//! Frames gathered into the payload they carry.

use crate::carousel::Solver;
use crate::frame::{FrameError, Head, Part, Progress, Share};

/// Gathers the frames of one transfer, in any order, each as often as it is seen. The pieces of a set and the symbols of a carousel of the
/// same payload count apart: the first that is complete wins.
#[derive(Clone, Default, Debug)]
pub struct Collector {
    transfer: Option<Transfer>,
}

#[derive(Clone, Debug)]
struct Transfer {
    head: Head,
    pieces: Vec<Option<Vec<u8>>>,
    solver: Option<Solver>,
}

impl Collector {
    /// Returns an empty gathering; the first frame decides which transfer this is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the transfer that is gathered.
    pub(crate) fn head(&self) -> Option<Head> {
        self.transfer.as_ref().map(|transfer| transfer.head)
    }

    /// Returns true if a frame was taken.
    pub(crate) const fn has_begun(&self) -> bool {
        self.transfer.is_some()
    }

    /// Takes one scanned text. An error leaves what was gathered as it was.
    pub fn add(&mut self, text: &str) -> Result<Progress, FrameError> {
        let Part { head, share, data } = Part::parse(text)?;
        if self.transfer.as_ref().is_some_and(|known| known.head != head) {
            return Err(FrameError::AnotherTransfer);
        }
        let transfer = self.transfer.get_or_insert_with(|| Transfer { head, pieces: Vec::new(), solver: None });
        match share {
            Share::Piece { index, count } => transfer.piece(index.into(), count.into(), data),
            Share::Symbol(number) => transfer.solver.get_or_insert_with(|| Solver::new(head, data.len())).add(number, data),
        }
    }

    /// Returns the payload, when enough frames have arrived and together they are what was announced.
    pub fn finish(&self) -> Result<Vec<u8>, FrameError> {
        let Transfer { head, pieces, solver } = self.transfer.as_ref().ok_or(FrameError::Nothing)?;
        let solved = solver.as_ref().and_then(Solver::solved).map(|packed| head.unpacked(packed));
        let missing: Vec<usize> = pieces.iter().enumerate().filter(|(_, piece)| piece.is_none()).map(|(index, _)| index + 1).collect();
        match (solved, solver) {
            (Some(Ok(payload)), _) => Ok(payload),
            _ if !pieces.is_empty() && missing.is_empty() => {
                head.unpacked(&pieces.iter().flatten().flatten().copied().collect::<Vec<u8>>())
            }
            (Some(Err(why)), _) => Err(why),
            (None, Some(solver)) => Err(solver.too_few()),
            (None, None) => Err(FrameError::Missing { numbers: missing, count: pieces.len() }),
        }
    }
}

impl Transfer {
    fn piece(&mut self, index: usize, count: usize, data: Vec<u8>) -> Result<Progress, FrameError> {
        if self.pieces.is_empty() {
            self.pieces.resize(count, None);
        }
        if self.pieces.len() != count {
            return Err(FrameError::AnotherTransfer);
        }
        match &mut self.pieces[index] {
            place @ None => *place = Some(data),
            Some(same) if *same == data => {}
            Some(_) => return Err(FrameError::Conflict { number: index + 1 }),
        }
        Ok(Progress { have: self.pieces.iter().flatten().count(), count })
    }
}
