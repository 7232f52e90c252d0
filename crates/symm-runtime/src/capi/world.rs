// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Worlds, created or joined.

use super::{Status, Trouble, hand_out, object, program::CProgram, take_back};
use crate::{
    World, WorldSpec,
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
    /// The pointer is null or to options.
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
        // SAFETY: passed on from the caller.
        if let Some(given) = unsafe { pointer.as_ref() } {
            let known = given.flags & !(FALLBACK | SHARE_GPUS) == 0 && given.reserved == 0;
            if given.size_bytes != options.size_bytes || !known {
                return Err(Trouble::invalid(
                    "options: expected sizeof(symm_options) as size, and known flags",
                ));
            }
            options = *given;
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
