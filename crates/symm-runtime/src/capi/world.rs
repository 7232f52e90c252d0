// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Worlds, created or joined.

use super::{Status, Trouble, hand_out, object, program::CProgram, take_back};
use crate::{
    Failure, World, WorldSpec,
    cuda::{Config, Joined, LaunchEnv},
};
use std::{fs::File, io::Read, time::Duration};
use symm_abi::Device;

const DEFAULT_TIMEOUT_MS: u64 = 30_000;
const FALLBACK: u32 = 1;
const SHARE_GPUS: u32 = 2;

/// `symm_options`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct COptions {
    size_bytes: u32,
    ranks: u32,
    timeout_ms: u64,
    heap_bytes: u64,
    arena_bytes: u64,
    flags: u32,
    reserved: u32,
}

/// A world with what its ranks are started with.
pub struct CWorld {
    pub(super) world: World,
    pub(super) config: Config,
    /// Rank and rank on this host, in a world that was joined.
    pub(super) joined: Option<(u32, u32)>,
}

impl COptions {
    /// # Safety
    /// The pointer is null or to as many bytes of options as they say they have, at least for that number.
    unsafe fn read(pointer: *const Self) -> Result<Self, Trouble> {
        let mut options = Self {
            size_bytes: size_of::<Self>() as u32,
            ranks: 0,
            timeout_ms: 0,
            heap_bytes: 0,
            arena_bytes: 0,
            flags: 0,
            reserved: 0,
        };
        if !pointer.is_null() {
            // SAFETY: the size comes first, and is there whatever it is.
            let size = unsafe { (&raw const (*pointer).size_bytes).read() };
            if size != options.size_bytes {
                let expected = options.size_bytes;
                return Err(Trouble::invalid(format!(
                    "options: expected sizeof(symm_options), {expected}, as size_bytes, got {size}"
                )));
            }
            // SAFETY: the caller says that all of them are there.
            options = unsafe { pointer.read() };
            if options.flags & !(FALLBACK | SHARE_GPUS) != 0 || options.reserved != 0 {
                return Err(Trouble::invalid(
                    "options: expected known flags, and 0 as reserved",
                ));
            }
        }
        if options.timeout_ms == 0 {
            options.timeout_ms = DEFAULT_TIMEOUT_MS;
        }
        Ok(options)
    }

    fn config(&self) -> Result<Config, Trouble> {
        let mut secret = [0; 32];
        File::open("/dev/urandom")
            .and_then(|mut file| file.read_exact(&mut secret))
            .map_err(|error| Trouble {
                status: Status::Unusable,
                message: format!("/dev/urandom: {error}"),
            })?;
        let given = |bytes: u64| (bytes > 0).then_some(bytes);
        Ok(Config {
            heap_bytes: given(self.heap_bytes),
            arena_bytes: given(self.arena_bytes),
            secret,
            fallback: self.flags & FALLBACK != 0,
            share_gpus: self.flags & SHARE_GPUS != 0,
            trace: false,
        })
    }

    fn spec(&self, program: &CProgram, ranks: Option<u32>) -> Result<WorldSpec, Trouble> {
        let manifest = program.program.manifest();
        let ranks = ranks
            .or((self.ranks > 0).then_some(self.ranks))
            .unwrap_or_else(|| manifest.min_world_size());
        let heap_bytes = (self.heap_bytes > 0).then_some(self.heap_bytes);
        let timeout = Duration::from_millis(self.timeout_ms);
        let spec = WorldSpec::new(manifest, ranks, timeout, heap_bytes)?;
        Ok(match manifest.device {
            Device::Cpu => spec,
            Device::Cuda => spec.without_heaps(),
        })
    }
}

impl CWorld {
    fn create(program: &CProgram, options: &COptions) -> Result<Self, Trouble> {
        Ok(Self {
            world: World::create(options.spec(program, None)?)?,
            config: options.config()?,
            joined: None,
        })
    }

    fn join(program: &CProgram, options: &COptions) -> Result<Self, Trouble> {
        program.program.artifact().require(Device::Cuda)?;
        let env = LaunchEnv::from_process().map_err(crate::Error::from)?;
        let env = env.ok_or_else(|| {
            Trouble::invalid(
                "no launcher has started this process: expected RANK and WORLD_SIZE, or mpirun's or srun's variables",
            )
        })?;
        let spec = options.spec(program, Some(env.world))?;
        let joined = Joined::new(&env, spec, options.config()?)?;
        if let Err(error) = joined.world.spec().check(&program.program) {
            // The others have rank 0's program, and need not wait for this rank.
            joined.world.fail(Failure::DifferentPrograms {
                rank: joined.number,
                other: 0,
                hash: program.program.manifest().plan_hash.clone(),
                other_hash: joined.world.spec().plan_hash.clone(),
            });
            return Err(error.into());
        }
        Ok(Self {
            joined: Some((joined.number, joined.local_rank)),
            world: joined.world,
            config: joined.config,
        })
    }
}

/// Creates a world of threads.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_world_create(
    program: *const CProgram,
    options: *const COptions,
    world: *mut *mut CWorld,
) -> Status {
    // SAFETY: passed on from the caller.
    unsafe {
        hand_out(world, || {
            CWorld::create(object("program", program)?, &COptions::read(options)?)
        })
    }
}

/// Joins a world of processes.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_world_join(
    program: *const CProgram,
    options: *const COptions,
    world: *mut *mut CWorld,
) -> Status {
    // SAFETY: passed on from the caller.
    unsafe {
        hand_out(world, || {
            CWorld::join(object("program", program)?, &COptions::read(options)?)
        })
    }
}

/// Frees a world.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_world_free(world: *mut CWorld) {
    // SAFETY: passed on from the caller.
    unsafe { take_back(world) }
}

/// Returns the number of ranks.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_world_size(world: *const CWorld) -> u32 {
    // SAFETY: passed on from the caller.
    unsafe { world.as_ref() }.map_or(0, |world| world.world.spec().size)
}

/// Returns the rank of this process.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_world_rank(world: *const CWorld) -> u32 {
    // SAFETY: passed on from the caller.
    let joined = unsafe { world.as_ref() }.and_then(|world| world.joined);
    joined.map_or(0, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
    use std::ptr;

    const PAGE: usize = 4096;

    #[test]
    fn no_more_is_read_of_options_than_they_have() {
        // SAFETY: fresh pages, of which the second can't be read; they are used here only.
        unsafe {
            let rights = ProtFlags::READ | ProtFlags::WRITE;
            let pages =
                mmap_anonymous(ptr::null_mut(), 2 * PAGE, rights, MapFlags::PRIVATE).unwrap();
            mprotect(pages.byte_add(PAGE), PAGE, MprotectFlags::empty()).unwrap();
            let short = pages.byte_add(PAGE - 8).cast::<u32>();
            short.write(8);
            let trouble = COptions::read(short.cast()).unwrap_err();
            assert!(
                trouble.message.contains("as size_bytes, got 8"),
                "{}",
                trouble.message
            );
            munmap(pages, 2 * PAGE).unwrap();
        }
    }

    #[test]
    fn options_of_this_version_are_read() {
        // SAFETY: null stands for the defaults.
        let mut options = unsafe { COptions::read(ptr::null()) }.unwrap();
        assert_eq!(options.timeout_ms, DEFAULT_TIMEOUT_MS);
        options.flags = SHARE_GPUS;
        // SAFETY: the options are there.
        let read = unsafe { COptions::read(&options) }.unwrap();
        assert_eq!(read.flags, SHARE_GPUS);
        options.flags = 1 << 31;
        // SAFETY: the options are there.
        assert!(unsafe { COptions::read(&options) }.is_err());
    }
}
