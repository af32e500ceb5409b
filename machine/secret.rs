//! Memory for the vault key and its subkeys: `memfd_secret` where the kernel has it (not even the kernel's own `/proc/self/mem` reads
//! it), otherwise pages locked into memory and left out of core dumps. The only file of Waypass with `unsafe` in it.

use core::ptr::NonNull;
use waypass_vault::{MemoryProtection, NoMemory, Secret, SecretMemory};
use zeroize::Zeroize;

/// The best memory for keys that the kernel gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LockedMemory {
    /// No better than this, so that a test can look into memory that it could not look into otherwise.
    best: MemoryProtection,
}

impl Default for LockedMemory {
    fn default() -> Self {
        Self { best: MemoryProtection::Secret }
    }
}

impl SecretMemory for LockedMemory {
    fn secret(&self, len: usize) -> Result<Box<dyn Secret>, NoMemory> {
        Ok(Box::new(Region::new(len, self.best)?))
    }
}

/// One page-aligned mapping, wiped and unmapped when dropped.
struct Region {
    start: NonNull<u8>,
    len: usize,
    protection: MemoryProtection,
}

#[expect(
    unsafe_code,
    reason = "the mapping is exclusively ours from `new` to `drop`, `len` bytes long, and handed out only as borrows of `self`"
)]
mod mapping {
    use super::{MemoryProtection, NoMemory, NonNull, Region, Zeroize};
    use core::{ptr, slice};
    use rustix::fd::{FromRawFd as _, OwnedFd};
    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mlock, mmap, mmap_anonymous, munmap};

    // SAFETY: the mapping has one owner and no thread affinity.
    unsafe impl Send for Region {}

    impl Region {
        /// Zeroed memory of `len` bytes, as well protected as the kernel allows and no better than `best`.
        pub(super) fn new(len: usize, best: MemoryProtection) -> Result<Self, NoMemory> {
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

        pub(super) fn read(&self) -> &[u8] {
            // SAFETY: mapped for reading until drop, and initialized: the kernel gives zeroes.
            unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
        }

        pub(super) fn write(&mut self) -> &mut [u8] {
            // SAFETY: as in `read`, and `&mut self` makes the borrow the only one.
            unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
        }
    }

    impl Drop for Region {
        fn drop(&mut self) {
            self.write().zeroize();
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

impl Secret for Region {
    fn bytes(&self) -> &[u8] {
        self.read()
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self.write()
    }

    fn protection(&self) -> MemoryProtection {
        self.protection
    }
}

/// Returns how well this machine would keep secrets in memory, found by trying.
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

#[cfg(test)]
mod tests;
