//! Room for templates that are nested deeply.

use std::io;
use std::thread;

/// The parser calls itself for each level, and a byte may be a level: some hundred bytes for each
/// of [`LONGEST`], several times that if nothing is optimised. Only what is used is taken.
const STACK: usize = 256 << 20;
/// The longest template that is read, in bytes. Published ones have some tens of thousands.
pub(super) const LONGEST: usize = 64 << 10;

/// What a function returns, called where there is much room on the stack.
pub(super) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("chat template".to_owned()).stack_size(STACK);
        let running = thread.spawn_scoped(scope, work)?;
        running.join().map_err(|_| io::Error::other("the template's interpreter gave up"))
    })
}
