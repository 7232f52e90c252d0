// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What the launch table of a GPU says about sizes.

use super::operand::Operand;
use melior::ir::{OperationRef, attribute::IntegerAttribute, operation::OperationLike};
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, KernelSpec, LaunchTable, Reduction},
};
use symm_ir::{
    diagnostics::Failure,
    dialect::{self, Collective},
};

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
    /// None that a released version gives.
    pub fn shipped(chip: &str) -> Result<Self, Failure> {
        let table = LaunchTable::shipped();
        let table = table.map_err(|reason| Failure::Message(reason.to_string()))?;
        Ok(Self {
            table,
            chip: chip.to_owned(),
        })
    }

    /// Returns the largest operand, in bytes, for which one-shot is the fastest
    /// algorithm that pushes; nothing where no kernel does the reduction.
    pub fn one_shot_bytes<'c: 'a, 'a>(
        &self,
        collective: Collective<'c, 'a>,
        group: OperationRef<'c, 'a>,
    ) -> Option<u64> {
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
        // The table counts what travels: packets of 16 bytes.
        Some(bytes / 16 * spec.wire().payload())
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
