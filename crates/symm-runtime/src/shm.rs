// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Memory that several processes map: an anonymous file, sealed against resizing.

use rustix::{
    fs::{self, FallocateFlags, MemfdFlags, SealFlags},
    io::Errno,
    mm::{self, MapFlags, ProtFlags},
    process::{Resource, getrlimit},
};
use std::{
    io,
    ops::Range,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    ptr::NonNull,
};

/// Granularity of offsets that may be mapped or reserved.
pub(crate) const PAGE: usize = 4096;

/// A whole anonymous file, mapped readable and writable.
#[derive(Debug)]
pub(crate) struct SharedMemory {
    file: OwnedFd,
    base: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping is plain memory; whoever writes through `base` synchronizes by the protocol of that memory.
unsafe impl Send for SharedMemory {}
// SAFETY: as above; the struct itself is immutable after construction.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// Creates memory of `length` zero bytes (not 0). Pages come when they are touched or [reserved](Self::reserve).
    pub(crate) fn create(name: &str, length: usize) -> io::Result<Self> {
        // Growing a file past this limit would not fail but kill the process with SIGXFSZ.
        if getrlimit(Resource::Fsize)
            .current
            .is_some_and(|limit| limit < length as u64)
        {
            return Err(Errno::FBIG.into());
        }
        let file = fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        fs::ftruncate(&file, length as u64)?;
        fs::fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        Self::map(file, length)
    }

    /// Maps memory that another process created with this length.
    pub(crate) fn join(file: OwnedFd, length: usize) -> io::Result<Self> {
        let found = fs::fstat(&file)?.st_size;
        if found != length as i64 || !fs::fcntl_get_seals(&file)?.contains(SealFlags::SHRINK) {
            return Err(io::Error::other(format!(
                "shared memory has {found} bytes, expected {length}, sealed"
            )));
        }
        Self::map(file, length)
    }

    fn map(file: OwnedFd, length: usize) -> io::Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a fresh mapping at an address of the kernel's choice overlaps nothing.
        let base = unsafe {
            mm::mmap(
                std::ptr::null_mut(),
                length,
                protection,
                MapFlags::SHARED,
                &file,
                0,
            )?
        };
        let base = NonNull::new(base.cast()).ok_or(Errno::NOMEM)?;
        Ok(Self { file, base, length })
    }

    /// Returns the address of the first byte.
    pub(crate) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// Returns the file, to be inherited by another process.
    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Takes the pages of a range from the system now, so that touching them can't kill the process later.
    pub(crate) fn reserve(&self, range: Range<usize>) -> io::Result<()> {
        if available_memory().is_some_and(|bytes| bytes < range.len() as u64) {
            return Err(Errno::NOMEM.into());
        }
        let (start, length) = (range.start as u64, range.len() as u64);
        Ok(fs::fallocate(
            &self.file,
            FallocateFlags::empty(),
            start,
            length,
        )?)
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: this struct owns the mapping, and whatever points into it borrows or shares the struct.
        let result = unsafe { mm::munmap(self.base.as_ptr().cast(), self.length) };
        debug_assert!(result.is_ok());
    }
}

/// Estimates how many bytes this process can still get, from the machine and its control group.
pub(crate) fn available_memory() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("MemAvailable:"))?;
            line.trim()
                .strip_suffix(" kB")?
                .trim()
                .parse::<u64>()
                .ok()?
                .checked_mul(1024)
        });
    let number = |name: &str| -> Option<u64> {
        std::fs::read_to_string(format!("/sys/fs/cgroup/{name}"))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    let group = number("memory.max")
        .zip(number("memory.current"))
        .map(|(limit, used)| limit.saturating_sub(used));
    machine.into_iter().chain(group).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_mappings_show_the_same_bytes() {
        let first = SharedMemory::create("test", 2 * PAGE).unwrap();
        let second =
            SharedMemory::join(first.file().try_clone_to_owned().unwrap(), 2 * PAGE).unwrap();
        first.reserve(PAGE..2 * PAGE).unwrap();
        // SAFETY: both addresses lie in live mappings of this test.
        unsafe {
            first.base().add(PAGE).write(7);
            assert_eq!(second.base().add(PAGE).read(), 7);
        }
        assert_ne!(first.base(), second.base());
    }

    #[test]
    fn what_cannot_be_had_is_an_error() {
        assert!(SharedMemory::create("test", 1 << 60).is_err());
        let memory = SharedMemory::create("test", 1 << 45).unwrap();
        assert!(memory.reserve(0..1 << 45).is_err());
        let file = memory.file().try_clone_to_owned().unwrap();
        assert!(SharedMemory::join(file, PAGE).is_err());
    }
}
