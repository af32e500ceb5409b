//! Counts the memory and CPU time of one run and catches panics. A finding goes into a file and the run goes on, so that one known fault
//! does not hide the next.

use sha2::{Digest, Sha256};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use waypass_credential::hex;

/// Most CPU time of one call. The instrumented code is several times slower than the product's.
const MOST_MICROSECONDS: u64 = 1_500_000;
/// Most bytes held at once, beyond what was held before.
const MOST_BYTES: isize = 96 << 20;
/// Examples kept of one kind of finding.
const MOST_EXAMPLES: u32 = 3;

/// The system's allocator, counted.
pub(crate) struct Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

fn count(change: isize) {
    let now = HELD.fetch_add(change, Relaxed) + change;
    PEAK.fetch_max(now, Relaxed);
}

// SAFETY: every call is the system allocator's, with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.cast_signed() - layout.size().cast_signed());
        unsafe { System.realloc(place, layout, size) }
    }
}

thread_local! {
    static PANICS: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
    static INPUT: RefCell<(&'static str, Vec<u8>)> = const { RefCell::new(("", Vec::new())) };
}

static SEEN: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

/// Keeps each panic's place and message instead of printing it: code that catches its own panics is under test too.
pub(crate) fn hook() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        let payload = info.payload();
        let message = payload.downcast_ref::<String>().cloned().or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        PANICS.with(|panics| panics.borrow_mut().push((place, message.unwrap_or_default())));
    }));
}

/// Notes that the input breaks a rule: `what` groups findings, `detail` is for the reader.
pub(crate) fn violation(what: &str, detail: &str) {
    INPUT.with(|input| {
        let (target, data) = &*input.borrow();
        let mut seen = SEEN.lock().expect("one thread");
        let number = seen.entry(what.to_owned()).or_default();
        *number += 1;
        if *number > MOST_EXAMPLES {
            return;
        }
        eprintln!("FINDING {target}: {what}: {detail:.300}");
        let folder = std::env::var_os("FUZZ_FINDINGS").map_or_else(|| PathBuf::from("findings"), PathBuf::from).join(target);
        let name = format!("{}-{number}", hex::encode(&Sha256::digest(what)[..4]));
        std::fs::create_dir_all(&folder).expect("a folder for findings");
        std::fs::write(folder.join(&name), data).expect("a finding is kept");
        std::fs::write(folder.join(format!("{name}.txt")), format!("{target}\n{what}\n{detail}\n")).expect("a finding is kept");
    });
}

/// Requires a rule to hold.
pub(crate) fn require(holds: bool, what: &str) {
    if !holds {
        violation(what, "");
    }
}

fn cpu_microseconds() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec.cast_unsigned() * 1_000_000 + time.tv_nsec.cast_unsigned() / 1000
}

/// Runs a target on one input.
pub(crate) fn run(target: &'static str, data: &[u8], work: impl FnOnce()) {
    INPUT.with(|input| *input.borrow_mut() = (target, data.to_vec()));
    let before = HELD.load(Relaxed);
    PEAK.store(before, Relaxed);
    let start = cpu_microseconds();
    let done = catch_unwind(AssertUnwindSafe(work));
    let took = cpu_microseconds() - start;
    let peak = PEAK.load(Relaxed) - before;
    for (place, message) in PANICS.with(|panics| std::mem::take(&mut *panics.borrow_mut())) {
        // Panics that the reader of pictures catches are rxing's, and an answer follows.
        if done.is_err() {
            violation(&format!("panic at {place}"), &message);
        }
    }
    if took > MOST_MICROSECONDS {
        violation("slow", &format!("{took} microseconds of CPU time"));
    }
    if peak > MOST_BYTES {
        violation("memory", &format!("{peak} bytes at once"));
    }
}
