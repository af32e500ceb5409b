//! A picture as one byte of brightness a pixel, shrunk while it arrives: a photograph of any size costs a few megabytes.

/// Most pixels kept. A code of 97 modules that fills a sixth of such a picture's height still has four pixels a module.
const MOST_KEPT: u64 = 6 * 1024 * 1024;
/// Fewer grey levels between dark and light than this are noise.
const LEAST_CONTRAST: u8 = 12;

/// Rows of brightness, 0 is black.
#[derive(Clone)]
pub(super) struct Luma {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixels: Vec<u8>,
}

/// Returns by how much both sides must be divided so that at most [`MOST_KEPT`] of `pixels` are left.
pub(super) fn factor(pixels: u64) -> u32 {
    factor_to(pixels, MOST_KEPT)
}

/// Returns the least number by which both sides of a picture are divided so that at most `kept` of its pixels are left.
pub(super) fn factor_to(pixels: u64, kept: u64) -> u32 {
    // At most 24 million pixels were let in, so that 64 is never reached.
    (1..64).find(|factor| pixels / u64::from(factor * factor) <= kept).unwrap_or(64)
}

/// Takes rows from top to bottom and keeps the averages of blocks. A rest of less than a block at the right or lower edge is left out.
pub(super) struct Shrinker {
    factor: u32,
    columns: u32,
    sums: Vec<u32>,
    rows: u32,
    kept: Vec<u8>,
}

impl Shrinker {
    pub(super) fn new(width: u32, height: u32, factor: u32) -> Self {
        let columns = width / factor;
        let kept = Vec::with_capacity(columns as usize * (height / factor) as usize);
        Self { factor, columns, sums: vec![0; columns as usize], rows: 0, kept }
    }

    /// Takes the next row.
    pub(super) fn row(&mut self, row: &[u8]) {
        if self.factor == 1 {
            self.kept.extend_from_slice(row);
            return;
        }
        for (sum, block) in self.sums.iter_mut().zip(row.chunks_exact(self.factor as usize)) {
            *sum += block.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
        }
        self.rows += 1;
        if self.rows == self.factor {
            let area = self.factor * self.factor;
            self.kept.extend(self.sums.iter().map(|sum| (sum / area).to_le_bytes()[0]));
            self.sums.fill(0);
            self.rows = 0;
        }
    }

    /// Returns the picture so far.
    pub(super) fn finish(self) -> Luma {
        let height = u32::try_from(self.kept.len() / (self.columns.max(1) as usize)).unwrap_or(0);
        Luma { width: self.columns, height, pixels: self.kept }
    }
}

impl Luma {
    /// Divides both sides.
    pub(super) fn shrunk(&self, factor: u32) -> Self {
        let mut shrinker = Shrinker::new(self.width, self.height, factor);
        self.pixels.chunks_exact(self.width as usize).for_each(|row| shrinker.row(row));
        shrinker.finish()
    }

    /// Spreads what is there over all grey levels, so that a faint code is as dark as a fresh one. `None` if all is of one grey.
    pub(super) fn stretched(mut self) -> Option<Self> {
        let mut counts = [0_usize; 256];
        for pixel in &self.pixels {
            counts[usize::from(*pixel)] += 1;
        }
        // One pixel in 256 may be darker or lighter than all that counts: dirt and glare.
        let few = self.pixels.len() / 256;
        let reach = |levels: &[u8]| {
            let mut seen = 0;
            levels.iter().copied().find(|level| {
                seen += counts[usize::from(*level)];
                seen > few
            })
        };
        let mut levels: Vec<u8> = (0..=255).collect();
        let low = reach(&levels)?;
        levels.reverse();
        let range = u32::from(reach(&levels)?.checked_sub(low).filter(|range| *range >= LEAST_CONTRAST)?);
        let stretch: Vec<u8> =
            (0..=255_u32).map(|level| (level.saturating_sub(u32::from(low)).min(range) * 255 / range).to_le_bytes()[0]).collect();
        for pixel in &mut self.pixels {
            *pixel = stretch[usize::from(*pixel)];
        }
        Some(self)
    }
}
