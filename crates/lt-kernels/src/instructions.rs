//! Which instructions of the processor a kernel uses, found out when the program runs.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use std::fmt;
use std::sync::OnceLock;

use crate::packed::{Bf16, F16};
use crate::tile::{COLUMNS, Lanes};

/// A set of instructions that this processor has.
///
/// A value can only be had from [`best`](Self::best) and [`available`](Self::available), so that
/// whoever holds one may use it.
///
/// Results are the same to the bit within a set. [`avx2`](Self::name) and `avx512` agree with each
/// other too: both multiply and add in one rounding, in the same order.
///
/// ```
/// use lt_kernels::Instructions;
/// assert!(Instructions::available().any(|set| set == Instructions::best()));
/// assert_eq!(Instructions::portable().name(), "portable");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Instructions(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Instructions {
    /// What every processor of the target has: products are rounded before they are added.
    #[must_use]
    pub fn portable() -> Self {
        Self(Set::Portable)
    }

    /// All that this processor has, the fastest last.
    pub fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let more = {
            let [avx2, fma, f16c] = [
                is_x86_feature_detected!("avx2"),
                is_x86_feature_detected!("fma"),
                is_x86_feature_detected!("f16c"),
            ];
            let avx2 = avx2 && fma && f16c;
            let avx512 = avx2 && is_x86_feature_detected!("avx512f");
            [avx2.then_some(Self(Set::Avx2)), avx512.then_some(Self(Set::Avx512))]
        };
        #[cfg(not(target_arch = "x86_64"))]
        let more = [None; 0];
        std::iter::once(Self::portable()).chain(more.into_iter().flatten())
    }

    /// The fastest that this processor has, or the one that `LT_INSTRUCTIONS` in the environment
    /// names, if it has that one. Looked up once.
    #[must_use]
    pub fn best() -> Self {
        static BEST: OnceLock<Instructions> = OnceLock::new();
        *BEST.get_or_init(|| {
            let named = std::env::var("LT_INSTRUCTIONS").ok();
            let named = named.and_then(|name| Self::available().find(|set| set.name() == name));
            named.or_else(|| Self::available().last()).unwrap_or_else(Self::portable)
        })
    }

    /// `portable`, `avx2` (AVX2, FMA and F16C) or `avx512` (AVX-512F).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Set::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }

    /// Does the work with these instructions.
    pub(crate) fn run<W: Work>(self, work: W) -> W::Output {
        match self.0 {
            Set::Portable => portable::run(work),
            // SAFETY: the processor has these instructions, or `available` had not given this set.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { avx2::run(work) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { avx512::run(work) },
        }
    }
}

impl fmt::Debug for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instructions({})", self.name())
    }
}

/// Something to be computed, written once for all sets of instructions.
///
/// `run` must be `#[inline(always)]`, and all that it calls in its loops: only what becomes part
/// of [`avx2::run`] and [`avx512::run`] is compiled for them.
pub(crate) trait Work {
    type Output;
    fn run<A: Arithmetic>(self) -> Self::Output;
}

/// How a set of instructions multiplies and adds, and how much it does at a time.
///
/// The types that have it stay inside the file of their set, where only code for processors with
/// these instructions names them.
pub(crate) trait Arithmetic {
    /// a·b + c.
    fn multiply_add(a: f32, b: f32, c: f32) -> f32;

    /// Sixteen numbers in registers.
    ///
    /// What is computed with arrays the compiler may lay out as it likes, and it did not always
    /// keep a tile of sums in registers.
    type Registers: Copy;
    fn load(numbers: &Lanes) -> Self::Registers;
    /// The same from f16, exactly.
    fn load_f16(numbers: &[F16; COLUMNS]) -> Self::Registers;
    /// The same from bf16, exactly.
    fn load_bf16(numbers: &[Bf16; COLUMNS]) -> Self::Registers;
    fn store(numbers: Self::Registers, place: &mut Lanes);
    /// a·b + c for each number of b and c.
    fn multiply_add_each(a: f32, b: Self::Registers, c: Self::Registers) -> Self::Registers;
    /// a·b for each number of b.
    fn multiply_each(a: f32, b: Self::Registers) -> Self::Registers;

    /// Says that these numbers will be written soon.
    fn will_write(_soon: &mut [f32]) {}
    /// Says that these numbers will be read soon.
    fn will_read(_soon: &[f32]) {}
    /// Says that what lies at this address, if anything does, will be read soon.
    fn will_read_at(_address: *const f32) {}

    /// Rows and panels of the tile that stays in registers.
    const ROWS: usize;
    const PANELS: usize;
    /// Up to so many rows, weights of 16 bits are widened on their way into the registers, anew for
    /// each tile; for more rows in memory, once.
    const WIDENS_ROWS: usize;
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch<const HINT: i32>(soon: &[f32]) {
    for line in soon.chunks(64 / size_of::<f32>()) {
        prefetch_at::<HINT>(line.as_ptr());
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch_at<const HINT: i32>(address: *const f32) {
    // SAFETY: a hint: it reads and writes nothing, and faults at no address.
    unsafe { std::arch::x86_64::_mm_prefetch::<HINT>(address.cast()) };
}
