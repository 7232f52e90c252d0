// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The kernel of an all-reduce and how it is launched.

use super::{Conversion, channels::Common};
use crate::{
    all_reduce_kernels::{self, Sabotage},
    group::Group,
};
use melior::ir::{BlockLike, OperationRef};
use symm_abi::{
    DType, ReduceOp,
    cuda::{AllReduce, PtxModule},
    gpu::{Algorithm, KernelSpec, Reduction},
};
use symm_ir::diagnostics::{Failure, error};

/// Prefix of the names of sections that hold PTX.
const SECTION: &str = ".symm.ptx.";

/// What an all-reduce does.
pub(super) struct Work {
    pub(super) algorithm: Algorithm,
    pub(super) dtype: DType,
    pub(super) reduce: ReduceOp,
    /// Elements of the buffer.
    pub(super) elements: u64,
}

impl<'p, 'c: 'a, 'a> Conversion<'p, 'c, 'a> {
    /// Enters an all-reduce into the tables; returns its number and how many
    /// elements its kernel sees.
    pub(super) fn enter(
        &mut self,
        op: OperationRef<'c, 'a>,
        group: &Group,
        work: &Work,
    ) -> Result<(i64, u64), Failure> {
        let Work {
            algorithm,
            dtype,
            reduce,
            elements,
        } = *work;
        let Some(reduction) = Reduction::canonical(dtype, reduce) else {
            let message = format!("has no kernel for {} of {}", reduce.name(), dtype.name());
            return Err(error(&op, message).emit());
        };
        let mut spec = KernelSpec {
            algorithm,
            dtype: reduction.dtype,
            reduce_op: reduction.op,
            world_size: group.size as u32,
            unroll: 1,
            chip: self.target.chip().to_owned(),
        };
        if let Err(reason) = spec.check() {
            let message = format!("has no kernel: {reason}; a c10d op runs in NCCL");
            return Err(error(&op, message).emit());
        }
        let count = elements.saturating_mul(reduction.parts);
        let most = spec.max_count();
        if count > most {
            let message = format!(
                "has {count} elements, {algorithm} takes at most {most}; a c10d op runs in NCCL"
            );
            return Err(error(&op, message).emit());
        }
        let table = self.shapes.entry(&spec.chip, spec.world_size);
        let Some(launch) = table.and_then(|table| table.launch(&spec, count)) else {
            let message = format!("has no launch shape for {algorithm} of {count} elements");
            return Err(error(&op, message).emit());
        };
        spec.unroll = launch.unroll;
        let phases = algorithm
            .phases()
            .iter()
            .map(|phase| (*phase).to_owned())
            .collect();
        let id = self.module.record(
            op,
            group,
            &algorithm.name().replacen("shot_", "shot ", 1),
            phases,
        );
        let number = self.cuda.all_reduces.len() as i64;
        let channel = self.channels.number(Common {
            group: group.name.clone(),
            spec: spec.clone(),
            launch,
            entries: self.entries.running(op),
        });
        let all_reduce = AllReduce {
            op: id as u32,
            module: self.module_of(&spec),
            entry: spec.name(),
            spec,
            max_count: count,
            blocks: launch.blocks,
            threads: launch.threads,
            trigger: launch.trigger,
            channel,
        };
        self.cuda.all_reduces.push(all_reduce);
        Ok((number, count))
    }

    /// Returns the PTX module of a kernel, which is built when it is first asked for.
    fn module_of(&mut self, spec: &KernelSpec) -> u32 {
        if let Some(other) = self
            .cuda
            .all_reduces
            .iter()
            .find(|other| other.spec == *spec)
        {
            return other.module;
        }
        let module = self.cuda.modules.len();
        self.cuda.modules.push(PtxModule {
            section: format!("{SECTION}{module}"),
            ptx_version: self.target.ptx_version(),
        });
        let sound = Sabotage::default();
        let kernel =
            all_reduce_kernels::module(self.module.pass.context(), spec, &self.target, sound);
        self.module.body.append_operation(kernel);
        module as u32
    }
}
