//! Memory for the vault key and its subkeys: `memfd_secret` where the kernel has it (not even the kernel's own `/proc/self/mem` reads
//! it), otherwise pages locked into memory and left out of core dumps. The only file of Waypass with `unsafe` in it.

use core::{hint::black_box, ptr::NonNull};
use zeroize::Zeroize;

/// How secrets are kept in memory on this machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MemoryProtection {
    /// The kernel refused to lock memory (a limit of zero): secrets could reach swap. They are still wiped.
    Plain,
    /// Locked pages, not swapped and not dumped.
    Locked,
    /// Pages that are in no one's address space but ours.
    Secret,
}

/// One page-aligned mapping, wiped and unmapped when dropped.
pub(crate) struct Region {
    start: NonNull<u8>,
    len: usize,
    protection: MemoryProtection,
}

/// No memory could be mapped at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NoMemory;

#[expect(
    unsafe_code,
    reason = "the mapping is exclusively ours from `new` to `drop`, `len` bytes long, and handed out only as borrows of `self`"
)]
mod mapping {
    use super::{MemoryProtection, NoMemory, NonNull, Region, Zeroize};
    use core::{ptr, slice};
    use rustix::fd::{FromRawFd as _, OwnedFd};
    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mlock, mmap, mmap_anonymous, munmap};

    // SAFETY: the mapping has one owner and no thread affinity; shared borrows only read it.
    unsafe impl Send for Region {}
    // SAFETY: as above.
    unsafe impl Sync for Region {}

    impl Region {
        /// Zeroed memory of `len` bytes, as well protected as the kernel allows and no better than `best`.
        pub(crate) fn new(len: usize, best: MemoryProtection) -> Result<Self, NoMemory> {
            if best == MemoryProtection::Secret
                && let Some(start) = secret(len)
            {
                return Ok(Self { start, len, protection: MemoryProtection::Secret });
            }
            let access = ProtFlags::READ | ProtFlags::WRITE;
            // SAFETY: a fresh private mapping at an address of the kernel's choice.
            let start = unsafe { mmap_anonymous(ptr::null_mut(), len, access, MapFlags::PRIVATE) }.map_err(|_| NoMemory)?;
            // SAFETY: the range was just mapped and is ours; the advice changes dumps and forks, not content.
            let locked = unsafe {
                // Best effort: an old kernel without these still locks.
                let _ = madvise(start, len, Advice::LinuxDontDump);
                let _ = madvise(start, len, Advice::LinuxWipeOnFork);
                best >= MemoryProtection::Locked && mlock(start, len).is_ok()
            };
            let protection = if locked { MemoryProtection::Locked } else { MemoryProtection::Plain };
            Ok(Self { start: NonNull::new(start.cast()).ok_or(NoMemory)?, len, protection })
        }

        pub(crate) fn bytes(&self) -> &[u8] {
            // SAFETY: mapped for reading until drop, and initialized: the kernel gives zeroes.
            unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
        }

        pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
            // SAFETY: as in `bytes`, and `&mut self` makes the borrow the only one.
            unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
        }
    }

    impl Drop for Region {
        fn drop(&mut self) {
            self.bytes_mut().zeroize();
            // SAFETY: mapped in `new` with this length, and no borrow outlives `self`.
            let _ = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
        }
    }

    fn secret(len: usize) -> Option<NonNull<u8>> {
        // SAFETY: a system call that takes one flag and gives a new descriptor or -1; neither libc nor rustix wraps it.
        let fd = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
        let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0)?;
        // SAFETY: just opened, owned by nobody else.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        rustix::fs::ftruncate(&fd, len as u64).ok()?;
        // SAFETY: a fresh mapping; the file has no name and the descriptor closes here, so nobody can shorten it.
        let start = unsafe { mmap(ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &fd, 0) }.ok()?;
        NonNull::new(start.cast())
    }
}

impl Region {
    pub(crate) fn protection(&self) -> MemoryProtection {
        self.protection
    }
}

/// How well this machine would keep secrets in memory, found by trying.
pub fn memory_protection() -> MemoryProtection {
    Region::new(32, MemoryProtection::Secret).map_or(MemoryProtection::Plain, |region| region.protection())
}

/// Keeps this process out of core dumps and out of reach of other processes of the same user (`ptrace`, `/proc/PID/mem`).
/// For `main`, before any secret is read.
pub fn harden_process() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    // Both can only fail where a sandbox forbids the call, and then the sandbox decides about dumps.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Overwrites the stack below the caller, where key derivation and hashing left copies on frames that are no longer in use.
#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "to be on the stack is its purpose")]
pub(crate) fn scrub_stack() {
    let mut frame = [0_u8; 64 * 1024];
    frame.zeroize();
    black_box(&frame);
}

#[cfg(test)]
mod tests {
    use super::{MemoryProtection, Region};

    #[test]
    fn every_protection_gives_zeroed_writable_memory() {
        for best in [MemoryProtection::Plain, MemoryProtection::Locked, MemoryProtection::Secret] {
            let mut region = Region::new(160, best).expect("memory");
            assert!(region.protection() <= best);
            assert!(region.bytes().iter().all(|byte| *byte == 0));
            region.bytes_mut().fill(7);
            assert_eq!(region.bytes(), [7; 160]);
        }
    }
}
