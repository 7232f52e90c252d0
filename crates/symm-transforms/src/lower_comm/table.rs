// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the launch table of a GPU says about sizes.

use super::{operand::Operand, options::LAUNCH_TABLE};
use crate::gpu_target::Target;
use melior::ir::{OperationRef, attribute::IntegerAttribute, operation::OperationLike};
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, KernelSpec, LaunchTable, Reduction},
};
use symm_ir::{
    diagnostics::Failure,
    dialect::{self, Collective},
};

/// The largest message for which two-shot was measured ahead of NCCL, in bytes of packets.
const TWO_SHOT_BYTES: u64 = 16 << 20;

/// The largest operands that algorithms were measured fastest for, in bytes.
#[derive(Clone, Copy)]
pub struct Limits {
    /// Of one-shot.
    pub one_shot: u64,
    /// Of two-shot, ahead of NCCL.
    pub two_shot: u64,
}

/// The launch table, for one chip.
pub struct Table {
    table: LaunchTable,
    chip: String,
}

impl Table {
    /// Returns the table that Symm ships, for a chip.
    ///
    /// # Errors
    ///
    /// Fails where there is no such chip.
    pub fn shipped(chip: &str) -> Result<Self, Failure> {
        Target::new(chip, None)
            .map_err(|reason| Failure::Message(format!("{LAUNCH_TABLE}: {reason}")))?;
        let table = LaunchTable::shipped();
        let table = table.map_err(|reason| Failure::Message(reason.to_string()))?;
        Ok(Self {
            table,
            chip: chip.to_owned(),
        })
    }

    /// Returns up to where the algorithms that push are the fastest for a collective; nothing where no kernel does the
    /// reduction.
    pub fn limits<'c: 'a, 'a>(
        &self,
        collective: Collective<'c, 'a>,
        group: OperationRef<'c, 'a>,
    ) -> Option<Limits> {
        let size = IntegerAttribute::try_from(group.attribute("size").ok()?).ok()?;
        let reduction = Reduction::canonical(dtype(collective)?, reduce_op(collective)?)?;
        let spec = KernelSpec {
            algorithm: Algorithm::OneShotPush,
            dtype: reduction.dtype,
            reduce_op: reduction.op,
            world_size: u32::try_from(size.signed_value()).ok()?,
            unroll: 1,
            chip: self.chip.clone(),
        };
        spec.check().ok()?;
        let choices = &self.table.entry(&spec.chip, spec.world_size)?.choices;
        let one_shot = choices
            .iter()
            .take_while(|choice| choice.algorithm == spec.algorithm);
        let bytes = one_shot
            .last()
            .map_or(0, |choice| choice.up_to.unwrap_or(u64::MAX));
        // What was measured is what travels: packets of 16 bytes.
        let operand = |bytes| bytes / 16 * spec.wire().payload();
        Some(Limits {
            one_shot: operand(bytes),
            two_shot: operand(TWO_SHOT_BYTES),
        })
    }
}

fn dtype<'c: 'a, 'a>(collective: Collective<'c, 'a>) -> Option<DType> {
    DType::from_name(&Operand::of(collective).element()?.to_string())
}

fn reduce_op<'c: 'a, 'a>(collective: Collective<'c, 'a>) -> Option<ReduceOp> {
    let attribute = collective.op().attribute("reduce_op").ok()?;
    let name = dialect::ReduceOp::from_attribute(attribute)?;
    ReduceOp::ALL
        .into_iter()
        .find(|other| other.name() == name.as_str())
}
