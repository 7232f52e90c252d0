// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Kernels: what one rank does in a collective, as a function of the module.
//!
//! An [`Algorithm`] is a list of steps. A barrier lets a rank go on once every
//! member is there; what a step computes between two barriers touches only data
//! that no other rank writes between the same two. Two rules make this hold from
//! one kernel to the next as well (law L9):
//!
//! - a rank writes into a peer's memory only after a barrier of the same kernel,
//!   so the peer has finished all that its program does before this collective;
//! - a rank reads a peer's memory only before a later barrier of the same kernel,
//!   so the peer changes it only after every reader is done.

mod barrier;
mod loops;
mod one_shot;
mod reduce;
mod tile;
mod two_shot;

pub use self::{
    one_shot::{
        COPY, COPY_STAGED, PULL as ONE_SHOT_PULL, PULL_STAGED as ONE_SHOT_PULL_STAGED,
        PUSH as ONE_SHOT_PUSH,
    },
    two_shot::{PULL as TWO_SHOT_PULL, PUSH as TWO_SHOT_PUSH},
};

use super::element::Element;
use crate::{
    builder::{Builder, Compare},
    group::Group,
    runtime,
};
use melior::ir::{BlockRef, Type, Value, ValueLike};
use std::{cell::RefCell, collections::HashSet, rc::Rc};
use symm_abi::ReduceOp;

/// What a buffer is for in an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The buffer in symmetric memory that peers read or write.
    Symmetric,
    /// The data, wherever it lives.
    Input,
    /// Where the result goes.
    Output,
    /// Private memory for the result, where the output overlaps the input.
    Staging,
    /// Symmetric memory with one slot per rank, that peers write.
    Slots,
    /// Symmetric memory with one slot per rank, for reduced shards.
    Gathered,
}

impl Role {
    /// Says whether the memory is that of one call, not an operand.
    pub fn is_temporary(self) -> bool {
        matches!(self, Self::Staging | Self::Slots | Self::Gathered)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Symmetric => "symmetric buffer",
            Self::Input => "input",
            Self::Output => "output",
            Self::Staging => "staging",
            Self::Slots => "slots",
            Self::Gathered => "gathered shards",
        })
    }
}

/// One step of an algorithm.
pub enum Step {
    /// Wait until every rank is there; what the wait is called in reports.
    Barrier(&'static str),
    /// Compute between two barriers.
    Compute(for<'c, 'a> fn(&Frame<'c, 'a>, &Builder<'c, 'a>)),
}

/// How a collective runs.
pub struct Algorithm {
    /// Its name in reports, such as `one_shot pull`.
    pub name: &'static str,
    /// Its buffers, in the order of the kernel's arguments.
    pub roles: &'static [Role],
    /// Its slots hold a shard each.
    pub shards: bool,
    /// What a rank does.
    pub steps: &'static [Step],
}

/// A barrier and nothing else.
pub const BARRIER: Algorithm = Algorithm {
    name: "barrier",
    roles: &[],
    shards: false,
    steps: &[Step::Barrier("barrier")],
};

impl Algorithm {
    /// Returns the names of its waits; a wait's `phase` is an index into them.
    pub fn phases(&self) -> impl Iterator<Item = &'static str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Barrier(name) => Some(*name),
            Step::Compute(_) => None,
        })
    }
}

/// What kernels of a module share; clones share it too.
#[derive(Clone)]
pub struct Kernels<'c, 'a> {
    body: BlockRef<'c, 'a>,
    generated: Rc<RefCell<HashSet<String>>>,
    /// Leaves out the barrier at the end of each kernel: breaks law L9, for the
    /// test that notices.
    pub without_exit_barrier: bool,
}

/// What a kernel is generated for.
pub struct Spec<'s, 'c> {
    /// How it runs.
    pub algorithm: &'static Algorithm,
    /// Over which group.
    pub group: &'s Group,
    /// What it reduces, and how.
    pub reduction: Option<(Element<'c>, ReduceOp)>,
    /// What tells the types of its arguments from those of others.
    pub layout: &'s str,
}

/// A kernel that is being generated.
pub struct Frame<'c, 'a> {
    kernels: Kernels<'c, 'a>,
    algorithm: &'static Algorithm,
    arguments: Vec<Value<'c, 'a>>,
    group: String,
    ranks: i64,
    reduction: Option<(Element<'c>, ReduceOp)>,
    accumulators: Option<Value<'c, 'a>>,
}

impl<'c: 'a, 'a> Kernels<'c, 'a> {
    /// Starts with none, for a module's body.
    pub fn new(body: BlockRef<'c, 'a>, without_exit_barrier: bool) -> Self {
        Self {
            body,
            generated: Default::default(),
            without_exit_barrier,
        }
    }

    /// Says whether a name is new, and remembers it.
    pub fn is_new(&self, name: &str) -> bool {
        self.generated.borrow_mut().insert(name.to_owned())
    }

    /// Returns a builder of functions, with the location of another builder.
    fn builder(&self, b: &Builder<'c, 'a>) -> Builder<'c, 'a> {
        Builder::at_end(b.context(), b.location(), self.body)
    }

    /// Returns the name of the kernel; generates it where it is new. It takes the
    /// buffers of its roles and the number of the op.
    pub fn get(
        &self,
        b: &Builder<'c, 'a>,
        spec: &Spec<'_, 'c>,
        arguments: &[Value<'c, 'a>],
    ) -> String {
        let name = spec.name();
        if self.is_new(&name) {
            let b = self.builder(b);
            let types: Vec<_> = arguments.iter().map(|argument| argument.r#type()).collect();
            self.generate(&b, &name, spec, types);
        }
        name
    }

    fn generate(
        &self,
        b: &Builder<'c, 'a>,
        name: &str,
        spec: &Spec<'_, 'c>,
        mut types: Vec<Type<'c>>,
    ) {
        let steps = self.steps(spec.algorithm);
        let mut phases = Vec::new();
        for phase in 0..spec.algorithm.phases().count() {
            phases.push(barrier::get(self, b, spec.group, phase));
        }
        types.push(b.int_type(32));
        b.function(name, &types, &[], |b, arguments| {
            let (op, buffers) = arguments.split_last().expect("the number of the op");
            let frame = self.frame(b, spec, buffers);
            let group = b.i32(i64::from(spec.group.index));
            let bytes = frame.bytes(b);
            let buffer = frame.symmetric_address(b);
            let entered = runtime::ENTER.call_value(b, &[group, *op, bytes, buffer]);
            let entered = b.compare(Compare::Eq, entered, b.i32(0));
            b.if_true(entered, |b| {
                frame.run(b, steps, &phases, &mut |b| {
                    runtime::LEAVE.call(b, &[group, *op]);
                });
            });
            b.op("func.return", &[], &[], &[]);
        });
    }

    fn frame(
        &self,
        b: &Builder<'c, 'a>,
        spec: &Spec<'_, 'c>,
        arguments: &[Value<'c, 'a>],
    ) -> Frame<'c, 'a> {
        let mut frame = Frame {
            kernels: self.clone(),
            algorithm: spec.algorithm,
            arguments: arguments.to_vec(),
            group: spec.group.name.clone(),
            ranks: spec.group.size,
            reduction: spec.reduction,
            accumulators: None,
        };
        frame.allocate_accumulators(b);
        frame
    }

    fn steps(&self, algorithm: &'static Algorithm) -> &'static [Step] {
        match algorithm.steps {
            [steps @ .., Step::Barrier(_)] if self.without_exit_barrier => steps,
            steps => steps,
        }
    }
}

impl Spec<'_, '_> {
    fn name(&self) -> String {
        let algorithm = self.algorithm.name.replace(' ', "_");
        let reduction = self
            .reduction
            .map(|(element, reduce)| {
                let dtype = element.dtype.name().replace(['<', '>'], "");
                format!(".{}.{dtype}", reduce.name())
            })
            .unwrap_or_default();
        format!(
            "symm.{algorithm}{reduction}.{}{}",
            self.group.name, self.layout
        )
    }
}

impl<'c: 'a, 'a> Frame<'c, 'a> {
    /// Returns the buffer of a role.
    fn buffer(&self, role: Role) -> Value<'c, 'a> {
        let index = self.algorithm.roles.iter().position(|other| *other == role);
        self.arguments[index.expect("a role of the algorithm")]
    }

    fn reduction(&self) -> (Element<'c>, ReduceOp) {
        self.reduction.expect("the algorithm reduces")
    }

    /// Builds this rank's number in the group.
    fn rank(&self, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        b.value(
            "comm.rank",
            &[],
            b.index_type(),
            &[("group", b.symbol(&self.group))],
        )
    }

    /// Builds a loop over the members of the group, from one on.
    fn for_each_peer(
        &self,
        b: &Builder<'c, 'a>,
        from: i64,
        body: impl FnOnce(&Builder<'c, 'a>, Value<'c, 'a>),
    ) {
        b.for_each([b.index(from), b.index(self.ranks), b.index(1)], body);
    }

    /// Builds the size of this rank's data.
    fn bytes(&self, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        let wide = b.int_type(64);
        let Some((element, _)) = self.reduction else {
            return b.int(wide, 0);
        };
        let size = b.index(element.dtype.size() as i64);
        let bytes = loops::extents(b, self.arguments[0])
            .into_iter()
            .fold(size, |product, extent| b.mul(product, extent));
        b.index_cast(bytes, wide)
    }

    /// Builds the address of the operand that peers access, by which the runtime sees
    /// whether all ranks bring the same buffer; zero where there is none.
    fn symmetric_address(&self, b: &Builder<'c, 'a>) -> Value<'c, 'a> {
        let wide = b.int_type(64);
        let Some((element, _)) = self.reduction else {
            return b.int(wide, 0);
        };
        if !self.algorithm.roles.contains(&Role::Symmetric) {
            return b.int(wide, 0);
        }
        let buffer = self.buffer(Role::Symmetric);
        let size = b.index(element.dtype.size() as i64);
        let offset = b.mul(b.metadata(buffer).offset, size);
        b.add(b.address(buffer), b.index_cast(offset, wide))
    }

    /// Builds the steps; whatever follows a barrier that fails is skipped.
    fn run(
        &self,
        b: &Builder<'c, 'a>,
        steps: &'static [Step],
        barriers: &[String],
        finish: &mut dyn FnMut(&Builder<'c, 'a>),
    ) {
        match steps {
            [] => finish(b),
            [Step::Compute(compute), rest @ ..] => {
                compute(self, b);
                self.run(b, rest, barriers, finish);
            }
            [Step::Barrier(_), rest @ ..] => {
                let call = b.call(&barriers[0], &[], &[b.int_type(1)]);
                b.if_true(crate::builder::first_result(call), |b| {
                    self.run(b, rest, &barriers[1..], finish);
                });
            }
        }
    }
}
