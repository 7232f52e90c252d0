// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Ranks and calls.

use super::{
    Status, Trouble, guarded, hand_out, object, program::CProgram, string, take_back, world::CWorld,
};
use crate::{Binding, Error, Program, Rank, World, cuda::Session};
use std::{
    ffi::{c_char, c_int, c_void},
    rc::Rc,
};
use symm_abi::Device;
use symm_cuda::Stream;

/// A rank that has started.
pub struct CRank {
    started: Rc<Started>,
}

/// What a rank and its calls share.
struct Started {
    on: On,
    program: Program,
    /// Last, so that the rank has finished when its GPU is given back.
    part: Part,
}

/// The part of a rank that has started; the rank has finished when this is dropped.
struct Part {
    world: World,
    number: u32,
}

impl Drop for Part {
    fn drop(&mut self) {
        self.world.finish(self.number);
    }
}

enum On {
    Cpu(Rank),
    Gpu(Box<Session>),
}

/// An entry with its buffers.
pub struct CCall {
    started: Rc<Started>,
    binding: Binding,
}

impl Started {
    fn new(world: &CWorld, program: &CProgram, number: u32, gpu: c_int) -> Result<Self, Trouble> {
        if world.joined.is_some_and(|(own, _)| own != number) {
            let size = world.world.spec().size;
            return Err(Error::NoRank { rank: number, size }.into());
        }
        world.world.spec().check(&program.program)?;
        let program = program.program.for_rank()?;
        let rank = world.world.take(number)?;
        let local = world.joined.map_or(number, |(_, local)| local);
        let local = u32::try_from(gpu).unwrap_or(local);
        let on = match program.manifest().device {
            Device::Cpu => rank.agree_on(&program).map(|()| On::Cpu(rank)),
            Device::Cuda => Session::start(rank, &program, &world.config, local)
                .map(|session| On::Gpu(Box::new(session))),
        };
        // Recorded, so that the other ranks need not wait for this one.
        let on = on.map_err(|error| failed(&world.world, &program, number, error))?;
        let part = Part {
            world: world.world.clone(),
            number,
        };
        Ok(Self { on, program, part })
    }

    fn trouble(&self, error: Error) -> Trouble {
        failed(&self.part.world, &self.program, self.part.number, error)
    }

    fn check(&self) -> Result<(), Error> {
        match &self.on {
            On::Cpu(_) if self.part.world.has_failed() => Err(Error::Aborted),
            On::Cpu(_) => Ok(()),
            On::Gpu(session) => session.poll(),
        }
    }
}

/// Tells the world of a rank's error, and the caller of what failed first.
fn failed(world: &World, program: &Program, rank: u32, error: Error) -> Trouble {
    if !matches!(error, Error::Aborted) {
        world.fail(crate::Failure::RankError {
            rank,
            message: error.to_string(),
        });
        return error.into();
    }
    let report = world.report();
    Trouble {
        status: Status::Failed,
        message: report.map_or_else(
            || error.to_string(),
            |report| report.describe(program.manifest()),
        ),
    }
}

impl CCall {
    fn bind(
        &mut self,
        (index, is_result): (u32, bool),
        buffer: *mut c_void,
        bytes: u64,
    ) -> Result<(), Trouble> {
        let (entry, _) = self.started.program.entry(self.binding.entry())?;
        let values = if is_result {
            &entry.results
        } else {
            &entry.args
        };
        let value = values.get(index as usize).ok_or_else(|| {
            let count = values.len();
            Trouble::invalid(format!("entry '{}' has {count} of these", entry.name))
        })?;
        let expected = value.bytes().unwrap_or(0) as u64;
        if bytes != expected {
            let name = &value.name;
            return Err(Trouble::invalid(format!(
                "'{name}': expected {expected} bytes, got {bytes}"
            )));
        }
        if buffer.is_null() && bytes > 0 {
            let name = &value.name;
            return Err(Trouble::invalid(format!("'{name}': the buffer is null")));
        }
        let (index, address) = (index as usize, buffer as u64);
        match is_result {
            false => self.binding.argument(index, address)?,
            true => self.binding.result(index, address)?,
        }
        Ok(())
    }

    fn run(&mut self, raw: *mut c_void) -> Result<(), Trouble> {
        let started = self.started.clone();
        let (function, pointers) = self.binding.ready(&started.program)?;
        let result = match &started.on {
            On::Cpu(_) if !raw.is_null() => {
                return Err(Trouble::invalid("stream: expected null on the CPU"));
            }
            On::Cpu(rank) => {
                // SAFETY: the binding's descriptors are of this entry; the caller vouches for the buffers.
                unsafe { rank.run_entry(function, pointers) }
            }
            On::Gpu(session) => {
                // SAFETY: the caller vouches that the stream is one of the rank's GPU.
                let stream = unsafe { Stream::borrow(session.device(), raw.cast()) };
                // SAFETY: the caller vouches for stream and buffers.
                unsafe { session.enqueue(&mut self.binding, &stream) }
            }
        };
        result.map_err(|error| started.trouble(error))
    }
}

/// Starts a rank.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_rank_start(
    world: *mut CWorld,
    program: *const CProgram,
    number: u32,
    gpu: c_int,
    rank: *mut *mut CRank,
) -> Status {
    // SAFETY: passed on from the caller.
    unsafe {
        hand_out(rank, || {
            let (world, program) = (object("world", world)?, object("program", program)?);
            let started = Started::new(world, program, number, gpu)?;
            Ok(CRank {
                started: Rc::new(started),
            })
        })
    }
}

/// Frees a rank.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_rank_free(rank: *mut CRank) {
    // SAFETY: passed on from the caller.
    unsafe { take_back(rank) }
}

/// Looks for a failure of any rank.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_rank_check(rank: *mut CRank) -> Status {
    guarded(|| {
        // SAFETY: passed on from the caller.
        let started = unsafe { &object("rank", rank)?.started };
        started.check().map_err(|error| started.trouble(error))
    })
}

/// Prepares an entry.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_call_create(
    rank: *mut CRank,
    entry: *const c_char,
    call: *mut *mut CCall,
) -> Status {
    // SAFETY: passed on from the caller.
    unsafe {
        hand_out(call, || {
            let started = object("rank", rank)?.started.clone();
            let binding = Binding::new(&started.program, string("entry", entry)?)?;
            Ok(CCall { started, binding })
        })
    }
}

/// Frees a call.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_call_free(call: *mut CCall) {
    // SAFETY: passed on from the caller.
    unsafe { take_back(call) }
}

/// # Safety
/// The pointer is null or to a call that nobody else uses now.
unsafe fn on_call(
    call: *mut CCall,
    work: impl FnOnce(&mut CCall) -> Result<(), Trouble>,
) -> Status {
    // SAFETY: passed on from the caller.
    guarded(|| match unsafe { call.as_mut() } {
        Some(call) => work(call),
        None => Err(Trouble::invalid("call is null")),
    })
}

/// Binds an argument.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_call_bind_argument(
    call: *mut CCall,
    index: u32,
    buffer: *mut c_void,
    bytes: u64,
) -> Status {
    // SAFETY: passed on from the caller.
    unsafe { on_call(call, |call| call.bind((index, false), buffer, bytes)) }
}

/// Binds a result.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_call_bind_result(
    call: *mut CCall,
    index: u32,
    buffer: *mut c_void,
    bytes: u64,
) -> Status {
    // SAFETY: passed on from the caller.
    unsafe { on_call(call, |call| call.bind((index, true), buffer, bytes)) }
}

/// Runs an entry.
///
/// # Safety
/// As `include/symm.h` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn symm_call_run(call: *mut CCall, stream: *mut c_void) -> Status {
    // SAFETY: passed on from the caller.
    unsafe { on_call(call, |call| call.run(stream)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WorldSpec;
    use std::time::Duration;

    #[test]
    fn a_rank_has_finished_when_it_is_freed() {
        let world = World::create(WorldSpec {
            size: 1,
            groups: Vec::new(),
            timeout: Duration::from_secs(1),
            plan_hash: String::new(),
            host_heaps: false,
        })
        .unwrap();
        let part = Part {
            world: world.clone(),
            number: 0,
        };
        assert!(!world.has_finished(0));
        drop(part);
        assert!(world.has_finished(0));
    }
}
