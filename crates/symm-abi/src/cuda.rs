// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The part of the manifest that only artifacts for CUDA have.
//!
//! Everything that a run needs from the device is named here, so that the runtime prepares it when it loads the program:
//! kernels, channels, matrix products, constants. What runs is then chosen by index, by the calls of the
//! [`RuntimeTable`](crate::RuntimeTable).

use crate::{
    DType, Group, Op,
    gpu::{Channel, KernelSpec, Trigger},
};
use serde::{Deserialize, Serialize};

/// Prefix of the names of ELF sections that hold PTX or constants.
pub const SECTION_PREFIX: &str = ".symm.";

/// Alignment in bytes that matrices of a [`Matmul`] have.
pub const MATRIX_ALIGN: u64 = 16;

/// What an artifact asks of the GPU of each rank.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Cuda {
    /// Oldest chip that runs the program, for example `sm_90`.
    pub chip: String,
    /// PTX modules; kernels name them by index.
    pub modules: Vec<PtxModule>,
    /// Kernels for [`RuntimeTable::launch`](crate::RuntimeTable::launch), by index.
    pub kernels: Vec<CudaKernel>,
    /// All-reduces for [`RuntimeTable::all_reduce`](crate::RuntimeTable::all_reduce), by index.
    pub all_reduces: Vec<AllReduce>,
    /// Matrix products for [`RuntimeTable::matmul`](crate::RuntimeTable::matmul), by index.
    pub matmuls: Vec<Matmul>,
    /// Constants for [`RuntimeTable::constant`](crate::RuntimeTable::constant), by index.
    pub constants: Vec<Constant>,
    /// Bytes that suffice for all [`RuntimeTable::host_alloc`](crate::RuntimeTable::host_alloc)s that are live at once; absent: not
    /// planned, the runtime's default applies.
    #[serde(default)]
    pub arena_bytes: Option<u64>,
}

/// A PTX module.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PtxModule {
    /// ELF section that holds the text, like `.symm.ptx.0`; zero bytes after it are ignored.
    pub section: String,
    /// PTX version times ten: 80 is PTX 8.0.
    pub ptx_version: u32,
}

/// A kernel that the compiler outlined.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CudaKernel {
    /// Index of the module.
    pub module: u32,
    /// Name of the entry point.
    pub entry: String,
    /// Source location, for traces and errors.
    pub loc: String,
}

/// One all-reduce of the program: a generated kernel with its launch shape.
///
/// The compiler decides algorithm and shape, from its launch table, so that they can't differ between ranks.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct AllReduce {
    /// Id of the op; its group is the group of the all-reduce.
    pub op: u32,
    /// What the kernel does.
    pub spec: KernelSpec,
    /// Index of the module that holds the kernel.
    pub module: u32,
    /// Name of the entry point; its only parameter is a [`KernelParams`](crate::gpu::KernelParams).
    pub entry: String,
    /// Most elements of a call, counted as the kernel counts them (complex numbers count twice).
    pub max_count: u64,
    /// Most blocks of the grid: fewer are launched, on every rank the same number, where fewer fit on the GPU of some rank.
    pub blocks: u32,
    /// Threads of a block.
    pub threads: u32,
    /// When the next kernel may start.
    pub trigger: Trigger,
    /// Number of its channel. All-reduces of one number share a channel: they are of one group, alike but for op and `max_count`,
    /// and run in one order of the stream, so that no two of them are ever live at once.
    pub channel: u32,
}

/// One matrix product, `C = A·B` or `C += A·B`, perhaps of a batch; all matrices are row-major.
///
/// Products of f16, bf16 and f32 are accumulated in f32, those of f64 in f64.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Matmul {
    /// Source location, for traces and errors.
    pub loc: String,
    /// Element type of `A` and `B`: f16, bf16, f32 or f64.
    pub dtype: DType,
    /// Element type of `C`: the same, or f32 for f16 and bf16.
    pub result_dtype: DType,
    /// Number of products, at least 1.
    pub batch: u64,
    /// Rows of `C`.
    pub m: u64,
    /// Columns of `C`.
    pub n: u64,
    /// Columns of `A` and rows of `B`.
    pub k: u64,
    /// `A` is stored as its transpose, `k` rows of `m`.
    pub transpose_a: bool,
    /// `B` is stored as its transpose, `n` rows of `k`.
    pub transpose_b: bool,
    /// Elements from a stored row of `A` to the next.
    pub lda: u64,
    /// Elements from a stored row of `B` to the next.
    pub ldb: u64,
    /// Elements from a row of `C` to the next.
    pub ldc: u64,
    /// Elements from a matrix of `A` to the next of the batch; 0: all products use the same.
    pub stride_a: u64,
    /// Elements from a matrix of `B` to the next of the batch; 0: all products use the same.
    pub stride_b: u64,
    /// Elements from a matrix of `C` to the next of the batch.
    pub stride_c: u64,
    /// Adds to what `C` holds, instead of overwriting it.
    pub accumulate: bool,
}

/// Bytes that lie in device memory from the start.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Constant {
    /// ELF section that begins with the bytes, like `.symm.const.0`.
    pub section: String,
    /// How many there are.
    pub bytes: u64,
}

impl Cuda {
    /// Returns the layout of an all-reduce's channel: it has room for the largest of those that share it.
    pub fn channel(&self, all_reduce: &AllReduce) -> Channel {
        let sharing = self.sharing(all_reduce.channel);
        let max_count = sharing.map(|other| other.max_count).max();
        let max_count = max_count.unwrap_or(all_reduce.max_count);
        Channel::new(&all_reduce.spec, max_count, all_reduce.blocks)
    }

    fn sharing(&self, channel: u32) -> impl Iterator<Item = &AllReduce> {
        let all = self.all_reduces.iter();
        all.filter(move |all_reduce| all_reduce.channel == channel)
    }

    /// Checks that the parts name each other rightly, and fit the groups and ops of the manifest.
    pub(crate) fn check(&self, groups: &[Group], ops: &[Op]) -> Result<(), String> {
        let sections = self.modules.iter().map(|module| &module.section);
        let sections = sections.chain(self.constants.iter().map(|constant| &constant.section));
        for section in sections {
            if !section.starts_with(SECTION_PREFIX) {
                return Err(format!(
                    "section '{section}' is none of '{SECTION_PREFIX}…'"
                ));
            }
        }
        for kernel in &self.kernels {
            self.check_kernel(kernel.module, &kernel.entry)?;
        }
        for all_reduce in &self.all_reduces {
            self.check_kernel(all_reduce.module, &all_reduce.entry)?;
            all_reduce.check(groups, ops)?;
            self.check_channel(all_reduce, ops)?;
        }
        self.matmuls.iter().try_for_each(Matmul::check)
    }

    /// All that share a channel have to be like the first of them.
    fn check_channel(&self, all_reduce: &AllReduce, ops: &[Op]) -> Result<(), String> {
        let group = |other: &AllReduce| ops.get(other.op as usize).map(|op| op.group);
        let first = self.sharing(all_reduce.channel).next();
        match first.filter(|first| !first.suits(all_reduce) || group(first) != group(all_reduce)) {
            None => Ok(()),
            Some(first) => Err(format!(
                "all-reduces of ops {} and {} share channel {}, which they can't",
                first.op, all_reduce.op, all_reduce.channel
            )),
        }
    }

    fn check_kernel(&self, module: u32, entry: &str) -> Result<(), String> {
        if module as usize >= self.modules.len() {
            return Err(format!(
                "kernel '{entry}' is in module {module} of {}",
                self.modules.len()
            ));
        }
        if entry.is_empty() || entry.contains('\0') {
            return Err(format!("a kernel of module {module} has no usable name"));
        }
        Ok(())
    }
}

impl AllReduce {
    /// Tells whether another all-reduce can use the same channel.
    fn suits(&self, other: &Self) -> bool {
        let shape = |one: &Self| (one.blocks, one.threads, one.trigger);
        self.spec == other.spec && shape(self) == shape(other)
    }

    fn check(&self, groups: &[Group], ops: &[Op]) -> Result<(), String> {
        let name = self.spec.name();
        self.spec
            .check()
            .map_err(|error| format!("all-reduce {name}: {error}"))?;
        let op = ops
            .get(self.op as usize)
            .ok_or_else(|| format!("all-reduce {name} is of op {} of {}", self.op, ops.len()))?;
        let size = groups.get(op.group as usize).map_or(0, |group| group.size);
        if size != self.spec.world_size {
            return Err(format!(
                "all-reduce {name} is of a group of {size} ranks, its kernel is for {}",
                self.spec.world_size
            ));
        }
        let most = self.spec.max_threads();
        if self.blocks == 0
            || self.threads == 0
            || self.threads > most
            || !self.threads.is_multiple_of(32)
        {
            return Err(format!(
                "all-reduce {name} has {} blocks of {} threads, expected some of at most {most}, a multiple of 32",
                self.blocks, self.threads
            ));
        }
        if self.trigger.on(&self.spec) != self.trigger {
            return Err(format!(
                "all-reduce {name} lets the next grid start early, which no kernel for {} waits for",
                self.spec.chip
            ));
        }
        // What the kernel would not see of a larger call, nobody would reduce.
        let most = self.spec.max_count();
        if self.max_count > most {
            return Err(format!(
                "all-reduce {name} has {} elements, its kernel takes at most {most}",
                self.max_count
            ));
        }
        Ok(())
    }
}

impl Matmul {
    fn check(&self) -> Result<(), String> {
        use DType::{BF16, F16, F32, F64};
        let Self { loc, m, n, k, .. } = self;
        let types = (self.dtype, self.result_dtype);
        if !matches!(
            types,
            (F16, F16 | F32) | (BF16, BF16 | F32) | (F32, F32) | (F64, F64)
        ) {
            return Err(format!(
                "matmul ({loc}) makes {} of {}",
                types.1.name(),
                types.0.name()
            ));
        }
        let columns_a = if self.transpose_a { m } else { k };
        let columns_b = if self.transpose_b { k } else { n };
        let limit = i32::MAX as u64;
        let sizes = [*m, *n, *k, self.batch, self.lda, self.ldb, self.ldc];
        if sizes.iter().any(|&size| size == 0 || size > limit)
            || self.lda < *columns_a
            || self.ldb < *columns_b
            || self.ldc < *n
        {
            return Err(format!(
                "matmul ({loc}) of {} × {m}×{n}×{k} has rows of {}, {}, {} elements",
                self.batch, self.lda, self.ldb, self.ldc
            ));
        }
        let strides = [self.stride_a, self.stride_b, self.stride_c];
        if strides.iter().any(|&stride| stride > 1 << 40) || self.batch > 1 && self.stride_c == 0 {
            return Err(format!(
                "matmul ({loc}) has a batch with strides {strides:?}"
            ));
        }
        Ok(())
    }
}
