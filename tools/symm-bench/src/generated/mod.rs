// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The kernels that Symm's compiler generated, out of a bundle.

mod library;
mod running;

pub use library::{Library, chip_of};

use std::rc::Rc;

use anyhow::Result;
use symm_abi::gpu::{Algorithm as Kind, Channel, ChipTable, KernelSpec, Launch, Reduction, Shape};

use crate::{
    algorithm::{Algorithm, Outcome},
    case::{Case, op_name},
    world::World,
};
use running::Running;

/// One generated algorithm, or the table's selection among them.
pub struct Generated {
    library: Rc<Library>,
    kind: Option<Kind>,
    /// Takes the place of the table's launch shape while tuning.
    forced: Option<Shape>,
}

impl Generated {
    /// Returns one algorithm, or with `None` whichever the launch table selects.
    pub fn new(library: &Rc<Library>, kind: Option<Kind>) -> Self {
        Self {
            library: library.clone(),
            kind,
            forced: None,
        }
    }

    /// Returns one algorithm with a launch shape of its own.
    pub fn forced(library: &Rc<Library>, kind: Kind, shape: Shape) -> Self {
        Self {
            library: library.clone(),
            kind: Some(kind),
            forced: Some(shape),
        }
    }

    /// Decides algorithm, kernel and launch of a case from values that all ranks have equal.
    fn plan(&self, chip: &str, world: u32, case: &Case) -> Result<Plan, String> {
        let reduction = Reduction::canonical(case.dtype, case.op).ok_or_else(|| {
            format!(
                "{} of {} is not defined",
                op_name(case.op),
                case.dtype.name()
            )
        })?;
        let entry = self
            .library
            .table
            .entry(chip, world)
            .ok_or("the launch table is empty")?;
        let mut spec = KernelSpec {
            algorithm: self.kind.unwrap_or(Kind::OneShotPush),
            dtype: reduction.dtype,
            reduce_op: reduction.op,
            world_size: world,
            unroll: 1,
            chip: chip.to_owned(),
        };
        let count = case.count as u64 * reduction.parts;
        if self.kind.is_none() {
            let traffic = spec.packets(count) * 16;
            spec.algorithm = entry
                .choose(traffic)
                .ok_or("the launch table has no choice for the size")?;
        }
        if case.in_place && !spec.algorithm.works_in_place() {
            return Err(format!("{} does not work in place", spec.algorithm));
        }
        let launch = self
            .launch(entry, &spec, count)
            .ok_or("the launch table has no shape for the size")?;
        spec.unroll = launch.unroll;
        spec.check().map_err(|error| error.to_string())?;
        if count > spec.max_count() {
            return Err(format!(
                "expected at most {} elements, got {count}",
                spec.max_count()
            ));
        }
        Ok(Plan {
            channel: Channel::new(&spec, count, launch.blocks),
            spec,
            launch,
            count,
        })
    }

    fn launch(&self, entry: &ChipTable, spec: &KernelSpec, count: u64) -> Option<Launch> {
        let Some(shape) = self.forced else {
            return entry.launch(spec, count);
        };
        let mut entry = entry.clone();
        entry.shapes.insert(
            spec.algorithm,
            vec![Shape {
                up_to: None,
                ..shape
            }],
        );
        entry.launch(spec, count)
    }
}

impl Algorithm for Generated {
    fn name(&self) -> &str {
        self.kind.map_or("symm", Kind::name)
    }

    fn exact(&self) -> bool {
        true
    }

    fn prepare(&mut self, world: &mut World, case: &Case) -> Result<Outcome> {
        let chip = chip_of(&world.ranks[0].device)?;
        let mut plan = match self.plan(&chip, world.size, case) {
            Ok(plan) => plan,
            Err(why) => return Ok(Outcome::Refused(why)),
        };
        let Some(kernel) = self.library.find(&plan.spec) else {
            return Ok(Outcome::Refused(format!(
                "the bundle has no {}",
                plan.spec.name()
            )));
        };
        plan.launch.trigger = plan.launch.trigger.on(&kernel.spec);
        Ok(Outcome::Ready(Box::new(Running::new(
            &self.library,
            kernel,
            &plan,
            world,
            case,
        )?)))
    }
}

/// What a case comes down to.
struct Plan {
    spec: KernelSpec,
    launch: Launch,
    channel: Channel,
    count: u64,
}
