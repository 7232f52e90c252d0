// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The kernels that Symm's compiler generated, out of a bundle.

use std::{cell::RefCell, collections::HashMap, rc::Rc, time::Duration};

use anyhow::{Context, Result};
use symm_abi::gpu::{
    Algorithm as Kind, Bundle, BundleKernel, Channel, ChipTable, KernelParams, KernelSpec, Launch,
    LaunchTable, Reduction, Shape, Trigger,
};
use symm_cuda::{
    Device,
    heap::{Heap, HeapLayout},
    launch::{Arguments, LaunchShape, launch},
    memory::DeviceMemory,
    module::{Function, Module},
    watch::{Names, Watch},
};

use crate::{
    algorithm::{Algorithm, Outcome, Prepared},
    case::{Case, op_name},
    world::World,
};

/// Everything that the generated algorithms of one run share.
pub struct Library {
    bundle: Bundle,
    table: LaunchTable,
    timeout: Duration,
    loaded: RefCell<HashMap<(String, usize), Function>>,
}

impl Library {
    /// Takes the kernels of a bundle and the launch table that says how to launch them; no wait lasts longer than `timeout`.
    pub fn new(bundle: Bundle, table: LaunchTable, timeout: Duration) -> Rc<Self> {
        Rc::new(Self {
            bundle,
            table,
            timeout,
            loaded: RefCell::default(),
        })
    }

    /// Returns the launch table.
    pub fn table(&self) -> &LaunchTable {
        &self.table
    }

    /// Returns the kernel for a spec whose chip is that of the device: built for it, or for an older chip.
    pub fn find(&self, spec: &KernelSpec) -> Option<&BundleKernel> {
        let device = chip_number(&spec.chip)?;
        let fits = |kernel: &&BundleKernel| {
            let same_chip = KernelSpec {
                chip: spec.chip.clone(),
                ..kernel.spec.clone()
            };
            same_chip == *spec && chip_number(&kernel.spec.chip).is_some_and(|chip| chip <= device)
        };
        self.bundle
            .kernels()
            .iter()
            .filter(fits)
            .max_by_key(|kernel| chip_number(&kernel.spec.chip))
    }

    fn function(&self, device: &Device, kernel: &BundleKernel) -> Result<Function> {
        let key = (kernel.file.clone(), device.ordinal());
        if let Some(function) = self.loaded.borrow().get(&key) {
            return Ok(function.clone());
        }
        let image = self.bundle.load(kernel)?;
        let function = Module::from_ptx(device, &image.ptx)?.function(&image.entry)?;
        self.loaded.borrow_mut().insert(key, function.clone());
        Ok(function)
    }
}

/// Returns the number of a chip: 90 for `sm_90`.
fn chip_number(chip: &str) -> Option<u32> {
    chip.strip_prefix("sm_")?.parse().ok()
}

/// Returns the chip of a device.
pub fn chip_of(device: &Device) -> Result<String> {
    let (major, minor) = device.compute_capability()?;
    Ok(format!("sm_{major}{minor}"))
}

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
        let plan = match self.plan(&chip, world.size, case) {
            Ok(plan) => plan,
            Err(why) => return Ok(Outcome::Refused(why)),
        };
        let Some(kernel) = self.library.find(&plan.spec) else {
            return Ok(Outcome::Refused(format!(
                "the bundle has no {}",
                plan.spec.name()
            )));
        };
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

/// A prepared case: one member per rank of this process.
struct Running {
    members: Vec<Member>,
    shape: LaunchShape,
    text: String,
    kind: Kind,
    timeout: Duration,
}

struct Member {
    function: Function,
    arguments: Arguments,
    operand: Place,
    /// `None`: the operand's.
    result: Option<Place>,
    watch: Watch,
    rank: u32,
    heap: Heap,
    _state: DeviceMemory,
}

/// Where a buffer lies.
enum Place {
    /// In the symmetric heap, at an offset of the arena.
    Heap(usize),
    /// In memory of its own.
    Plain(DeviceMemory),
}

impl Place {
    fn address(&self, heap: &Heap) -> u64 {
        match self {
            Place::Heap(offset) => heap.base() + *offset as u64,
            Place::Plain(memory) => memory.address(),
        }
    }
}

impl Running {
    fn new(
        library: &Library,
        kernel: &BundleKernel,
        plan: &Plan,
        world: &mut World,
        case: &Case,
    ) -> Result<Self> {
        let bytes = case.bytes();
        let room = bytes.next_multiple_of(symm_cuda::heap::ALIGN);
        let layout = HeapLayout::new(world.size, &[plan.channel], 2 * room)?;
        let heaps = world.heaps(&layout)?;
        let kind = plan.spec.algorithm;
        let member = |heap: Heap| -> Result<Member> {
            let device = heap.device().clone();
            let place = |symmetric: bool, offset| match symmetric {
                true => Ok(Place::Heap(layout.buffers() + offset)),
                false => DeviceMemory::zeroed(&device, bytes).map(Place::Plain),
            };
            // In place, operand and result have to be wherever either has to be.
            let symmetric =
                kind.operand_is_symmetric() || case.in_place && kind.result_is_symmetric();
            let operand = place(symmetric, 0)?;
            let result = (!case.in_place)
                .then(|| place(kind.result_is_symmetric(), room))
                .transpose()?;
            let state = DeviceMemory::zeroed(&device, plan.channel.state_bytes as usize)?;
            let watch = Watch::new(&device, heap.rank())?;
            let function = library.function(&device, kernel)?;
            let params = KernelParams {
                peers: heap.peers(layout.channels()[0].offset),
                state: state.address(),
                input: operand.address(&heap),
                output: result.as_ref().unwrap_or(&operand).address(&heap),
                count: plan.count,
                stride: plan.channel.stride,
                abort: heap.abort_word(),
                record: watch.device_address(),
                timeout_ns: library.timeout.as_nanos().try_into().unwrap_or(u64::MAX),
                rank: heap.rank(),
                op: 0,
                flags: plan.launch.trigger.flags(),
                reserved: 0,
            };
            let mut arguments = Arguments::default();
            arguments.push_params(&params);
            Ok(Member {
                function,
                arguments,
                operand,
                result,
                watch,
                rank: heap.rank(),
                heap,
                _state: state,
            })
        };
        let members = heaps.into_iter().map(member).collect::<Result<Vec<_>>>()?;
        let Launch {
            blocks,
            threads,
            unroll,
            trigger,
            ..
        } = plan.launch;
        let shape = LaunchShape::linear(blocks, threads).programmatic(trigger != Trigger::None);
        let text = format!(
            "{kind} {blocks}x{threads} u{unroll} {}",
            format!("{trigger:?}").to_lowercase()
        );
        Ok(Self {
            members,
            shape,
            text,
            kind,
            timeout: library.timeout,
        })
    }
}

impl Prepared for Running {
    fn write_operand(&self, rank: usize, bytes: &[u8]) -> Result<()> {
        let member = &self.members[rank];
        match &member.operand {
            Place::Heap(offset) => Ok(member.heap.write(*offset, bytes)?),
            Place::Plain(memory) => Ok(memory.write(0, bytes)?),
        }
    }

    fn read_result(&self, rank: usize, bytes: &mut [u8]) -> Result<()> {
        let member = &self.members[rank];
        match member.result.as_ref().unwrap_or(&member.operand) {
            Place::Heap(offset) => Ok(member.heap.read(*offset, bytes)?),
            Place::Plain(memory) => Ok(memory.read(0, bytes)?),
        }
    }

    fn enqueue(&mut self, world: &World) -> Result<()> {
        for (member, rank) in self.members.iter_mut().zip(&world.ranks) {
            // SAFETY: the kernel's one parameter is a `KernelParams`, whose addresses are of memory that the member
            // owns and that is dropped only after its heap has waited for the device.
            unsafe {
                launch(
                    &rank.stream,
                    &member.function,
                    &self.shape,
                    &mut member.arguments,
                )
            }?;
        }
        Ok(())
    }

    fn verdict(&self) -> Result<()> {
        for member in &self.members {
            let phases = self.kind.phases();
            let phase = |index: u32| {
                phases
                    .get(index as usize)
                    .copied()
                    .unwrap_or("unknown")
                    .to_owned()
            };
            let names = |record: &symm_abi::gpu::ErrorRecord| Names {
                op: self.kind.name().into(),
                phase: phase(record.phase),
            };
            member
                .watch
                .check(self.timeout, names)
                .with_context(|| format!("rank {} gave up", member.rank))?;
        }
        Ok(())
    }

    fn shape(&self) -> String {
        self.text.clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Every rank's kernels must have ended before any rank's memory goes.
        for member in &self.members {
            if let Err(error) = member.heap.device().synchronize() {
                eprintln!("# rank {}: {error}", member.rank);
            }
        }
    }
}
