//! The heart of every product: some rows times some panels, the sums held in registers.

// Registers are numbered: an index says which one is meant, and where an iterator stood in its
// place the compiler did not always keep the sums in registers.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;
use std::sync::atomic::{Ordering, compiler_fence};

use crate::instructions::Arithmetic;

/// Outputs that lie side by side in a panel: two registers of AVX2, one of AVX-512.
pub(crate) const COLUMNS: usize = 16;

/// Numbers side by side: one line of a panel, or the sums of one row with it.
pub(crate) type Lanes = [f32; COLUMNS];

/// Loads as many numbers as there are into the first of these registers.
#[inline(always)]
pub(crate) fn load<A: Arithmetic>(numbers: &[f32], registers: &mut [A::Registers]) {
    let (whole, rest) = numbers.as_chunks();
    for (registers, numbers) in registers.iter_mut().zip(whole) {
        *registers = A::load(numbers);
    }
    if let Some(registers) = registers.get_mut(whole.len()) {
        *registers = A::load(&filled_up(rest));
    }
}

/// The other way round: stores as many numbers as there is room for.
#[inline(always)]
pub(crate) fn store<A: Arithmetic>(registers: &[A::Registers], place: &mut [f32]) {
    let (whole, rest) = place.as_chunks_mut();
    for (&registers, place) in registers.iter().zip(&mut *whole) {
        A::store(registers, place);
    }
    if let Some(&registers) = registers.get(whole.len()) {
        let mut lanes = [0.0; COLUMNS];
        A::store(registers, &mut lanes);
        rest.copy_from_slice(&lanes[..rest.len()]);
    }
}

/// Some numbers and zeros behind them.
#[inline(always)]
pub(crate) fn filled_up(numbers: &[f32]) -> Lanes {
    let mut lanes = [0.0; COLUMNS];
    if let Some(whole) = numbers.first_chunk() {
        return *whole; // a load, where a copy of unknown length would be a call
    }
    lanes[..numbers.len()].copy_from_slice(numbers);
    lanes
}

/// So many lines before the end of a panel it is said where the sums will go: early enough for these
/// places to come into the first cache, and not so early that they have left it again.
const LATE: usize = 64;

/// What is multiplied, and where the sums go.
pub(crate) trait Tiles {
    /// A row of the left side, as long as a panel is.
    fn row(&self, row: usize) -> &[f32];
    /// What the sums of R rows with P panels from these on begin with.
    fn start<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        row: usize,
        panel: usize,
    ) -> [[A::Registers; P]; R];
    /// Says that the sums of R rows with P panels from these on will come soon.
    fn expect<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        _row: usize,
        _panel: usize,
    ) {
    }
    /// Takes the sums of R rows with P panels from these on.
    fn finish<A: Arithmetic, const R: usize, const P: usize>(
        &mut self,
        row: usize,
        panel: usize,
        sums: [[A::Registers; P]; R],
    );
}

/// A line of a panel: sixteen numbers that meet the same input, in whatever format.
pub(crate) trait Line: Copy {
    /// As f32, in registers.
    fn load<A: Arithmetic>(&self) -> A::Registers;
}

impl Line for Lanes {
    #[inline(always)]
    fn load<A: Arithmetic>(&self) -> A::Registers {
        A::load(self)
    }
}

/// Panels of equal height, one behind the other.
#[derive(Clone, Copy)]
pub(crate) struct Panels<'a, L = Lanes> {
    lines: &'a [L],
    /// From the first line of a panel to that of the next.
    stride: usize,
    /// The lines of each that are multiplied with.
    height: usize,
    count: usize,
}

impl<'a, L: Line> Panels<'a, L> {
    /// `count` panels of `height` lines each.
    pub(crate) fn new(lines: &'a [L], height: usize, count: usize) -> Self {
        assert_eq!(lines.len(), height * count, "as many lines as panels of this height have");
        Self { lines, stride: height, height, count }
    }

    /// These panels.
    pub(crate) fn part(self, panels: Range<usize>) -> Self {
        let lines = &self.lines[panels.start * self.stride..panels.end * self.stride];
        Self { lines, count: panels.len(), ..self }
    }

    /// These lines of each panel.
    pub(crate) fn lines(self, lines: Range<usize>) -> Self {
        assert!(lines.end <= self.height, "lines of a panel");
        Self {
            lines: &self.lines[lines.start.min(self.lines.len())..],
            height: lines.len(),
            ..self
        }
    }

    pub(crate) fn count(self) -> usize {
        self.count
    }

    /// All of them as f32, in `room`.
    #[inline(always)]
    pub(crate) fn widened<A: Arithmetic>(self, room: &mut [f32]) -> Panels<'_> {
        let lines = &mut room.as_chunks_mut().0[..self.lines.len()];
        for (wide, line) in lines.iter_mut().zip(self.lines) {
            A::store(line.load::<A>(), wide);
        }
        Panels { lines, stride: self.stride, height: self.height, count: self.count }
    }

    #[inline(always)]
    fn panel(self, panel: usize) -> &'a [L] {
        &self.lines[panel * self.stride..][..self.height]
    }

    /// Where the panels begin that are read after these: those behind them, if there are any.
    #[inline(always)]
    fn next(self, panel: usize) -> *const f32 {
        self.lines[panel.min(self.count - 1) * self.stride..].as_ptr().cast()
    }
}

/// Numbers that are read soon, and asked for one by one meanwhile.
#[derive(Clone, Copy)]
struct Soon {
    from: *const f32,
    /// So many bytes further with each line.
    step: usize,
}

impl Soon {
    #[inline(always)]
    fn after(self, lines: usize) -> Self {
        Self { from: self.from.wrapping_byte_add(lines * self.step), ..self }
    }

    #[inline(always)]
    fn address(self) -> *const f32 {
        self.from
    }
}

/// Tiles of a strip that share the work of asking for the next panels. Where there are more, each
/// asks for all: the first of them has brought what the others ask for.
const SHARING: usize = 4;

/// Every row of `rows` times every panel.
///
/// Panels are the outer loop: one (or two) stays in the first cache while all rows go by.
#[inline(always)]
pub(crate) fn multiply<A: Arithmetic, L: Line>(
    tiles: &mut impl Tiles,
    rows: Range<usize>,
    panels: Panels<'_, L>,
) {
    let mut panel = 0;
    while A::PANELS == 2 && panel + 2 <= panels.count {
        strip::<A, L, 2>(tiles, rows.clone(), panels, panel);
        panel += 2;
    }
    while panel < panels.count {
        strip::<A, L, 1>(tiles, rows.clone(), panels, panel);
        panel += 1;
    }
}

/// Every row times P panels: as many rows at a time as the registers hold, then fewer.
#[inline(always)]
fn strip<A: Arithmetic, L: Line, const P: usize>(
    tiles: &mut impl Tiles,
    rows: Range<usize>,
    panels: Panels<'_, L>,
    panel: usize,
) {
    let mut these: [&[L]; P] = [&[]; P];
    for p in 0..P {
        these[p] = panels.panel(panel + p);
    }
    let (next, all) = (panels.next(panel + P), P * size_of::<L>());
    let step = match rows.len().div_ceil(A::ROWS) {
        count @ 1..=SHARING => all.div_ceil(count).min(size_of::<L>()),
        _ => size_of::<L>(),
    };
    let (mut row, mut number) = (rows.start, 0);
    while row < rows.end {
        // Each tile a part; or one of the panels, and the next time round again.
        let from = next.wrapping_byte_add(number * step % all * panels.height);
        let next = Soon { from, step };
        // What is not of this set of instructions is never true, and the compiler knows it.
        row += match rows.end - row {
            // Twice four: a tile of two has too few chains to keep the processor busy.
            8 if A::ROWS == 6 => tile::<A, L, 4, P>(tiles, row, panel, these, next),
            8.. if A::ROWS == 8 => tile::<A, L, 8, P>(tiles, row, panel, these, next),
            6.. if A::ROWS == 6 => tile::<A, L, 6, P>(tiles, row, panel, these, next),
            4.. if A::ROWS >= 4 => tile::<A, L, 4, P>(tiles, row, panel, these, next),
            2.. => tile::<A, L, 2, P>(tiles, row, panel, these, next),
            _ => tile::<A, L, 1, P>(tiles, row, panel, these, next),
        };
        number += 1;
    }
}

/// R rows times P panels. Each sum is one chain over the lines of its panel, from the first to
/// the last, whatever R and P are.
#[inline(always)]
fn tile<A: Arithmetic, L: Line, const R: usize, const P: usize>(
    tiles: &mut impl Tiles,
    row: usize,
    panel: usize,
    panels: [&[L]; P],
    next: Soon,
) -> usize {
    let sums = tiles.start::<A, R, P>(row, panel);
    let height = panels[0].len();
    let late = height.saturating_sub(LATE);
    let sums = chains::<A, L, R, P>(tiles, row, panels, next, 0..late, sums);
    tiles.expect::<A, R, P>(row, panel);
    let sums = chains::<A, L, R, P>(tiles, row, panels, next, late..height, sums);
    tiles.finish::<A, R, P>(row, panel, sums);
    R
}

#[inline(always)]
fn chains<A: Arithmetic, L: Line, const R: usize, const P: usize>(
    tiles: &impl Tiles,
    row: usize,
    panels: [&[L]; P],
    next: Soon,
    lines: Range<usize>,
    mut sums: [[A::Registers; P]; R],
) -> [[A::Registers; P]; R] {
    // Cut to one length here, so that the loop below need not check any index; and by index, for
    // closures the compiler would not always make part of this function.
    let height = lines.len();
    let mut rows: [&[f32]; R] = [&[]; R];
    for r in 0..R {
        rows[r] = &tiles.row(row + r)[lines.clone()][..height];
    }
    let mut cut: [&[L]; P] = [&[]; P];
    for p in 0..P {
        cut[p] = &panels[p][lines.clone()][..height];
    }
    let next = next.after(lines.start);
    for line in 0..height {
        A::will_read_at(next.after(line).address());
        let mut numbers = [cut[0][line].load::<A>(); P];
        for p in 1..P {
            numbers[p] = cut[p][line].load::<A>();
        }
        for r in 0..R {
            // Else the compiler loads the numbers of all rows first, and has no registers for them.
            compiler_fence(Ordering::SeqCst);
            for p in 0..P {
                sums[r][p] = A::multiply_add_each(rows[r][line], numbers[p], sums[r][p]);
            }
        }
    }
    sums
}
