// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the host code of a program for GPUs can ask for: memory, and work for the stream.

use super::{
    arena::{Arena, Exhausted},
    collective,
    gpu::{Gpu, Kernel, Prepared},
    group::Group,
    lookout::Lookout,
    trace::Trace,
};
use crate::{
    Rank,
    collective::{overlap, span},
    failure::{Activity, Failure},
    rank::Failed,
};
use std::{ffi::c_void, fmt::Display};
use symm_abi::{
    AllReduceCall, CollectiveCall, CollectiveKind, GroupView, LaunchCall, Manifest, MatmulCall,
    cuda::{AllReduce, Cuda, MATRIX_ALIGN},
    gpu::KernelParams,
};
use symm_cuda::{
    Stream,
    launch::{LaunchShape, launch_raw},
    nccl::{Collective, NcclError},
    nvtx::Range,
};

/// A rank whose entry is running, with the stream that it runs in.
pub(super) struct Running<'a> {
    pub(super) rank: &'a Rank,
    pub(super) manifest: &'a Manifest,
    pub(super) cuda: &'a Cuda,
    pub(super) gpu: &'a Gpu,
    pub(super) stream: &'a Stream,
    /// The entry's place among those of the program.
    pub(super) entry: u32,
    /// The stream is captured: nothing is executed now.
    pub(super) is_captured: bool,
    pub(super) trace: Option<&'a Trace>,
    pub(super) lookout: &'a Lookout,
}

impl Running<'_> {
    /// Records that generated code asked for something that can't be.
    pub(super) fn bad_call(&self, message: String) -> Failed {
        self.rank.bad_call(message)
    }

    fn bad_op(&self, op: u32, message: String) -> Failed {
        self.rank.fail(Failure::BadCall {
            rank: self.rank.number(),
            op: Some(op),
            message,
        })
    }

    /// Records that a library refused something.
    fn refused(&self, what: &str, error: impl Display) -> Failed {
        self.rank.fail(Failure::RankError {
            rank: self.rank.number(),
            message: format!("{what}: {error}"),
        })
    }

    fn healthy(&self) -> Result<(), Failed> {
        if self.rank.has_failed() {
            Err(Failed)
        } else {
            Ok(())
        }
    }

    pub(super) fn group(&self, index: u32) -> Option<&Group> {
        self.gpu.groups.get(index as usize)?.as_ref()
    }

    pub(super) fn view(&self, index: u32) -> *mut GroupView {
        let view = self.gpu.views.get(index as usize);
        view.map_or(std::ptr::null_mut(), super::group::View::get)
    }

    /// Allocates symmetric memory; for a rank outside the group, ordinary memory, which nobody else sees either.
    pub(super) fn alloc(&self, index: u32, bytes: u64, align: u64) -> u64 {
        let Some(group) = self.group(index) else {
            return self.device_alloc(bytes, align);
        };
        group.arena.alloc(bytes, align).unwrap_or_else(|none| {
            let Exhausted { free, capacity } = none;
            self.rank.fail(Failure::HeapExhausted {
                rank: self.rank.number(),
                group: index,
                bytes,
                free,
                capacity,
            });
            group.arena.base()
        })
    }

    pub(super) fn free(&self, index: u32, address: u64) {
        match self.group(index) {
            Some(group) => self.free_in(&group.arena, address),
            None => self.device_free(address),
        }
    }

    /// Allocates ordinary memory. Without any, nothing will run any more: any address will do.
    pub(super) fn device_alloc(&self, bytes: u64, align: u64) -> u64 {
        self.gpu.arena.alloc(bytes, align).unwrap_or_else(|none| {
            let Exhausted { free, capacity } = none;
            self.rank.fail(Failure::ArenaExhausted {
                rank: self.rank.number(),
                bytes,
                free,
                capacity,
            });
            self.gpu.arena.base()
        })
    }

    pub(super) fn device_free(&self, address: u64) {
        self.free_in(&self.gpu.arena, address);
    }

    fn free_in(&self, arena: &Arena, address: u64) {
        if address != 0 && !arena.free(address) && self.healthy().is_ok() {
            self.bad_call(format!("freed {address:#x}, where nothing is allocated"));
        }
    }

    pub(super) fn constant(&self, index: u32) -> u64 {
        let address = self.gpu.constants.get(index as usize).copied();
        address.unwrap_or_else(|| {
            self.bad_call(format!("there is no constant {index}"));
            0
        })
    }

    pub(super) fn launch(&self, call: &LaunchCall) -> Result<(), Failed> {
        self.healthy()?;
        let index = call.kernel as usize;
        let kernels = self
            .gpu
            .kernels
            .get(index)
            .zip(self.cuda.kernels.get(index));
        let (function, kernel) =
            kernels.ok_or_else(|| self.bad_call(format!("there is no kernel {index}")))?;
        let shape = LaunchShape {
            grid: call.grid,
            block: call.block,
            shared_bytes: call.shared_bytes,
            cluster: None,
            programmatic: false,
        };
        self.timed("kernel", &kernel.entry, &kernel.loc, || {
            // SAFETY: generated code passes the parameters that its own kernel has, with addresses of buffers that are
            // valid in the order of the stream.
            unsafe { launch_raw(self.stream, function, &shape, call.params) }
        })
    }

    pub(super) fn matmul(&self, call: &MatmulCall) -> Result<(), Failed> {
        self.healthy()?;
        let index = call.matmul as usize;
        let plan = self.gpu.blas.as_ref().and_then(|products| {
            Some((
                &products.blas,
                products.plans.get(index)?,
                self.cuda.matmuls.get(index)?,
            ))
        });
        let (blas, plan, matmul) =
            plan.ok_or_else(|| self.bad_call(format!("there is no matrix product {index}")))?;
        let addresses = (call.a as u64, call.b as u64, call.c as u64);
        if [addresses.0, addresses.1, addresses.2]
            .iter()
            .any(|a| a % MATRIX_ALIGN != 0)
        {
            return Err(self.bad_call(format!(
                "matmul ({}): expected matrices aligned to {MATRIX_ALIGN} bytes, got {addresses:x?}",
                matmul.loc
            )));
        }
        self.timed("matmul", "matmul", &matmul.loc, || {
            // SAFETY: generated code passes the matrices that its manifest describes.
            unsafe { plan.run(blas, self.stream, addresses) }
        })
    }

    pub(super) fn copy(&self, to: u64, from: u64, bytes: u64) -> Result<(), Failed> {
        self.healthy()?;
        if bytes == 0 || to == from {
            return Ok(());
        }
        self.timed("copy", "copy", "", || {
            // SAFETY: generated code copies between buffers that it allocated or was given.
            unsafe { self.stream.copy(to, from, bytes as usize) }
        })
    }

    pub(super) fn all_reduce(&self, call: &AllReduceCall) -> Result<(), Failed> {
        self.healthy()?;
        let index = call.all_reduce as usize;
        let Some((prepared, all_reduce)) = self
            .gpu
            .all_reduces
            .get(index)
            .zip(self.cuda.all_reduces.get(index))
        else {
            return Err(self.bad_call(format!("there is no all-reduce {index}")));
        };
        let Some(prepared) = prepared else {
            return Err(self.not_a_member(all_reduce.op));
        };
        if call.count > all_reduce.max_count {
            let (count, most) = (call.count, all_reduce.max_count);
            let message = format!("expected at most {most} elements, got {count}");
            return Err(self.bad_op(all_reduce.op, message));
        }
        self.check_apart(call, all_reduce)?;
        match &prepared.kernel {
            _ if call.count == 0 => Ok(()),
            Some(kernel) => self.launch_all_reduce(call, all_reduce, prepared, kernel),
            None => self.stand_in(call, all_reduce, prepared),
        }
    }

    /// Refuses buffers that overlap in part: in every kernel, and in NCCL's, some threads write results while others have
    /// operands still to read.
    fn check_apart(&self, call: &AllReduceCall, all_reduce: &AllReduce) -> Result<(), Failed> {
        let bytes = call.count as usize * all_reduce.spec.dtype.size();
        let input = span(call.input as usize, bytes);
        let output = span(call.output as usize, bytes);
        if input != output && overlap(&input, &output) {
            return Err(self.bad_op(all_reduce.op, collective::OVERLAP.into()));
        }
        Ok(())
    }

    fn launch_all_reduce(
        &self,
        call: &AllReduceCall,
        all_reduce: &AllReduce,
        prepared: &Prepared,
        kernel: &Kernel,
    ) -> Result<(), Failed> {
        let (input, output) = (call.input as u64, call.output as u64);
        let spec = &all_reduce.spec;
        let bytes = call.count * spec.dtype.size() as u64;
        let is_symmetric = |address| {
            let group = self.group(prepared.group);
            group.is_some_and(|group| group.arena.contains(address, bytes))
        };
        if spec.algorithm.operand_is_symmetric() && !is_symmetric(input)
            || spec.algorithm.result_is_symmetric() && !is_symmetric(output)
        {
            let message = format!("{} needs buffers in symmetric memory", spec.algorithm);
            return Err(self.bad_op(all_reduce.op, message));
        }
        if input == output && !spec.algorithm.works_in_place() {
            let message = format!("{} does not work in place", spec.algorithm);
            return Err(self.bad_op(all_reduce.op, message));
        }
        let read = spec.algorithm.operand_is_symmetric().then_some(input);
        let written = spec.algorithm.result_is_symmetric().then_some(output);
        self.announce(prepared.group, all_reduce.op, bytes, (read, written))?;
        let mut params = KernelParams {
            input,
            output,
            count: call.count,
            ..kernel.params
        };
        let mut pointers: [*mut c_void; 1] = [(&raw mut params).cast()];
        let op = &self.manifest.ops[all_reduce.op as usize];
        self.timed(spec.algorithm.name(), &op.name, &op.loc, || {
            // SAFETY: the kernel has one parameter, of this type; its addresses are of memory that the GPU's owner keeps
            // until the device was waited for, and of generated code's buffers, which are valid in the order of the stream.
            unsafe {
                launch_raw(
                    self.stream,
                    &kernel.function,
                    &kernel.shape,
                    pointers.as_mut_ptr(),
                )
            }
        })
    }

    /// Runs a generated all-reduce by NCCL, where the GPUs don't reach each other.
    fn stand_in(
        &self,
        call: &AllReduceCall,
        all_reduce: &AllReduce,
        prepared: &Prepared,
    ) -> Result<(), Failed> {
        let collective = Collective {
            kind: CollectiveKind::AllReduce,
            dtype: all_reduce.spec.dtype,
            op: Some(all_reduce.spec.reduce_op),
            root: 0,
            input: call.input as u64,
            input_count: call.count as usize,
            output: call.output as u64,
            output_count: call.count as usize,
        };
        self.by_nccl(all_reduce.op, prepared.group, &collective)
    }

    pub(super) fn collective(&self, call: &CollectiveCall) -> Result<(), Failed> {
        self.healthy()?;
        let group = self.group(call.group);
        let group = group.ok_or_else(|| self.not_a_member(call.op_id))?;
        let collective = collective::read(call, group.ranks.len())
            .map_err(|why| self.bad_op(call.op_id, why))?;
        if collective.input_count == 0 && collective.output_count == 0 {
            return Ok(());
        }
        self.by_nccl(call.op_id, call.group, &collective)
    }

    fn by_nccl(&self, op_id: u32, index: u32, collective: &Collective) -> Result<(), Failed> {
        let group = self.group(index).ok_or_else(|| self.not_a_member(op_id))?;
        let library = group.library.as_ref().ok_or_else(|| {
            self.bad_op(
                op_id,
                "the manifest names a kernel for it, not the library".into(),
            )
        })?;
        let Some(op) = self.manifest.ops.get(op_id as usize) else {
            return Err(self.bad_call(format!("there is no op {op_id}")));
        };
        let bytes = collective.input_count as u64 * collective.dtype.size() as u64;
        self.announce(index, op_id, bytes, (None, None))?;
        self.rank.record().set(Activity::Collective { op: op_id });
        let busy = (!self.is_captured).then_some(self.stream);
        let _call = self.lookout.call(op_id, busy);
        let mark = &self.lookout.mark;
        self.timed("nccl", &op.name, &op.loc, || {
            mark.set(self.stream, op_id + 1)?;
            // SAFETY: generated code passes buffers of these counts.
            unsafe { library.collective(self.stream, collective) }?;
            Ok::<_, NcclError>(mark.set(self.stream, 0)?)
        })
    }

    pub(super) fn not_a_member(&self, op: u32) -> Failed {
        let group = self
            .manifest
            .ops
            .get(op as usize)
            .map_or(u32::MAX, |op| op.group);
        self.rank.fail(Failure::NotAMember {
            rank: self.rank.number(),
            group,
            op,
        })
    }

    /// Puts work into the stream, between two points in time if these are wanted.
    fn timed<E: Display>(
        &self,
        category: &'static str,
        name: &str,
        loc: &str,
        work: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), Failed> {
        let what = || {
            if loc.is_empty() {
                name.to_owned()
            } else {
                format!("{name} ({loc})")
            }
        };
        let _range = Range::begin(what);
        let done = match self.trace {
            None => work(),
            Some(trace) => {
                let begun = trace.begin(self.stream);
                let done = work();
                trace
                    .end(self.stream, begun, category, what())
                    .map_err(|error| self.refused("trace", error))?;
                done
            }
        };
        done.map_err(|error| self.refused(&what(), error))
    }
}
