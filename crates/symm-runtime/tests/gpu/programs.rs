// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs for GPUs, linked here of host code in C and kernels out of a bundle, to be carried to where GPUs are.

#![allow(dead_code, reason = "each test binary uses a part")]

use crate::support;
use std::{
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};
use symm_abi::{
    ABI_VERSION, DType, Device, ENTRY_PREFIX, Entry, Group, Manifest, Op, ReduceOp, Value,
    cuda::{AllReduce, Constant, Cuda, CudaKernel, Matmul, PtxModule},
    gpu::{Algorithm, Bundle, KernelImage, KernelSpec, LaunchTable, MAX_WORLD_SIZE},
};

const ZOO: &str = include_str!("../programs/gpu_zoo.c");
const BLAS: &str = include_str!("../programs/gpu_blas.c");
const NCCL: &str = include_str!("../programs/gpu_nccl.c");
const AFFINE: &str = include_str!("../programs/affine.ptx");

/// Rows of every argument and result.
pub const ROWS: usize = 105;
/// Columns of every argument and result.
pub const COLUMNS: usize = 64;
/// Elements of every argument and result.
pub const COUNT: usize = ROWS * COLUMNS;

// Every number of ranks can share them out evenly.
const _: () = {
    let mut ranks = 2;
    while ranks <= MAX_WORLD_SIZE as usize {
        assert!(COUNT.is_multiple_of(ranks));
        ranks += 1;
    }
};

/// Elements of the smaller one of two all-reduces that share a channel.
pub const FEW: usize = 1000;

const CHIP: &str = "sm_90";

/// Algorithms of the zoo, by channel.
const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::OneShotPush,
    Algorithm::TwoShotPush,
    Algorithm::OneShotPull,
    Algorithm::TwoShotPull,
];

/// Element `i` of the constant.
pub fn constant(i: usize) -> f32 {
    (i % 7) as f32 - 3.0
}

/// Returns the folder of the programs, if they are there.
pub fn folder() -> Option<PathBuf> {
    let folder = env::var_os("SYMM_GPU_PROGRAMS").map(PathBuf::from);
    folder.filter(|folder| folder.join("zoo2.so").is_file())
}

/// Tells whether the programs are there for this number of ranks, and `SYMM_GPU_RANKS` does not leave it out: a list such as
/// `2,4`, and all where it is not set.
pub fn is_staged(size: u32) -> bool {
    let asked = env::var("SYMM_GPU_RANKS").ok();
    let asked = asked.is_none_or(|list| list.split(',').any(|one| one == size.to_string()));
    asked && folder().is_some_and(|folder| folder.join(format!("zoo{size}.so")).is_file())
}

/// Links every program into a folder, for each number of ranks that the bundle has kernels for.
pub fn stage(bundle: &Path, out: &Path) {
    let bundle = Bundle::open(bundle).unwrap();
    let find = |spec: &KernelSpec| bundle.find(spec);
    for size in
        (2..=MAX_WORLD_SIZE).filter(|&size| find(&spec(Algorithm::OneShotPush, size)).is_some())
    {
        link_all(out, size, &|spec| {
            let kernel = find(spec).unwrap_or_else(|| panic!("{}", spec.name()));
            bundle.load(kernel).unwrap()
        });
    }
}

/// Links every program for a number of ranks into a folder, with kernels that have a name and no code: for a driver that
/// runs none.
pub fn link_names(out: &Path, size: u32) {
    let named = |spec: &KernelSpec| KernelImage {
        entry: spec.name(),
        spec: spec.clone(),
        ptx_version: 78,
        ptx: format!("// {}", spec.name()),
    };
    link_all(out, size, &named);
    let bitwise = out.join(format!("bitwise{size}.so"));
    zoo(&named, &bitwise, size, (DType::I32, ReduceOp::BXor));
}

/// Links every program for a number of ranks into a folder.
fn link_all(out: &Path, size: u32, kernel: &dyn Fn(&KernelSpec) -> KernelImage) {
    fs::create_dir_all(out).unwrap();
    let sums = (DType::F32, ReduceOp::Sum);
    zoo(kernel, &out.join(format!("zoo{size}.so")), size, sums);
    let blas = manifest(BLAS, size, vec![], cuda(vec![], matmuls(), 1));
    link(&out.join(format!("blas{size}.so")), &blas, BLAS, &modules());
    let nccl = nccl(size);
    link(&out.join(format!("nccl{size}.so")), &nccl, NCCL, &modules());
    if size > 2 {
        let mut pair = nccl;
        pair.groups.push(Group {
            name: "pair".into(),
            size: 2,
            ranks: vec![0, 1],
            symm_mem: false,
            heap_bytes: None,
        });
        pair.ops.push(Op {
            group: 1,
            ..op(5, "c10d.all_reduce", "library", &[])
        });
        link(&out.join(format!("pair{size}.so")), &pair, NCCL, &modules());
    }
}

fn nccl(size: u32) -> Manifest {
    let names = [
        "all_reduce",
        "all_gather",
        "reduce_scatter",
        "all_to_all",
        "broadcast",
    ];
    let ops = (0..)
        .zip(names)
        .map(|(id, name)| op(id, &format!("c10d.{name}"), "library", &[]));
    manifest(NCCL, size, ops.collect(), cuda(vec![], vec![], 1))
}

/// The module that every program has.
fn modules() -> Vec<String> {
    vec![AFFINE.to_owned()]
}

fn zoo(
    kernel: &dyn Fn(&KernelSpec) -> KernelImage,
    path: &Path,
    size: u32,
    (dtype, reduce_op): (DType, ReduceOp),
) {
    let table = LaunchTable::shipped().unwrap();
    let entry = table.entry(CHIP, size).unwrap();
    let mut all_reduces = Vec::new();
    let mut modules = modules();
    for (index, algorithm) in (0..).zip(ALGORITHMS) {
        let mut spec = KernelSpec {
            dtype,
            reduce_op,
            ..spec(algorithm, size)
        };
        let launch = entry.launch(&spec, COUNT as u64).unwrap();
        spec.unroll = launch.unroll;
        let image = kernel(&spec);
        modules.push(image.ptx);
        all_reduces.push(AllReduce {
            op: index,
            spec,
            module: index + 1,
            entry: image.entry,
            max_count: COUNT as u64,
            blocks: launch.blocks,
            threads: launch.threads,
            trigger: launch.trigger,
            channel: index,
        });
    }
    // A smaller one in the channel of the first.
    all_reduces.push(AllReduce {
        op: all_reduces.len() as u32,
        max_count: FEW as u64,
        ..all_reduces[0].clone()
    });
    let algorithms = ALGORITHMS.into_iter().chain([ALGORITHMS[0]]);
    let ops = (0..).zip(algorithms).map(|(id, algorithm)| {
        let name = if id % 2 == 0 {
            "one_shot_all_reduce"
        } else {
            "two_shot_all_reduce_"
        };
        op(
            id,
            &format!("symm_mem.{name}"),
            algorithm.name(),
            algorithm.phases(),
        )
    });
    let cuda = cuda(all_reduces, vec![], modules.len());
    let manifest = manifest(ZOO, size, ops.collect(), cuda);
    link(path, &manifest, ZOO, &modules);
}

fn spec(algorithm: Algorithm, world_size: u32) -> KernelSpec {
    KernelSpec {
        algorithm,
        dtype: DType::F32,
        reduce_op: ReduceOp::Sum,
        world_size,
        unroll: 1,
        chip: CHIP.into(),
    }
}

fn cuda(all_reduces: Vec<AllReduce>, matmuls: Vec<Matmul>, modules: usize) -> Cuda {
    Cuda {
        chip: CHIP.into(),
        modules: (0..modules)
            .map(|index| PtxModule {
                section: format!(".symm.ptx.{index}"),
                ptx_version: 78,
            })
            .collect(),
        kernels: vec![CudaKernel {
            module: 0,
            entry: "affine".into(),
            loc: "gpu_zoo.mlir:3:7".into(),
        }],
        all_reduces,
        matmuls,
        constants: vec![Constant {
            section: ".symm.const.0".into(),
            bytes: COUNT as u64 * 4,
        }],
        arena_bytes: None,
    }
}

fn matmuls() -> Vec<Matmul> {
    let (rows, columns) = (ROWS as u64, COLUMNS as u64);
    let product = Matmul {
        loc: "gpu_blas.mlir:1:1".into(),
        dtype: DType::F32,
        result_dtype: DType::F32,
        batch: 1,
        m: rows,
        n: columns,
        k: columns,
        transpose_a: false,
        transpose_b: false,
        lda: columns,
        ldb: columns,
        ldc: columns,
        stride_a: 0,
        stride_b: 0,
        stride_c: 0,
        accumulate: false,
    };
    let gram = Matmul {
        m: columns,
        k: rows,
        transpose_a: true,
        accumulate: true,
        ..product.clone()
    };
    let batch = Matmul {
        batch: 3,
        m: 2,
        n: 5,
        transpose_b: true,
        ldc: 8,
        stride_a: 2 * columns,
        stride_c: 16,
        ..product.clone()
    };
    vec![product, gram, batch]
}

fn op(id: u32, name: &str, algorithm: &str, phases: &[&str]) -> Op {
    Op {
        id,
        name: name.into(),
        loc: format!("gpu_zoo.mlir:{}:3", 10 + id),
        group: 0,
        algorithm: algorithm.into(),
        phases: phases.iter().map(|&phase| phase.into()).collect(),
    }
}

fn manifest(source: &str, size: u32, ops: Vec<Op>, cuda: Cuda) -> Manifest {
    let value = |name: &str| Value {
        name: name.into(),
        dtype: DType::F32,
        shape: vec![ROWS as u64, COLUMNS as u64],
    };
    let entries = source.lines().filter_map(|line| {
        let name = line.strip_prefix("void symm_entry_")?.split_once('(')?.0;
        Some(Entry {
            name: name.into(),
            symbol: format!("{ENTRY_PREFIX}{name}"),
            args: vec![value("x")],
            results: vec![value("out0")],
        })
    });
    Manifest {
        abi_version: ABI_VERSION,
        device: Device::Cuda,
        arch: env::consts::ARCH.into(),
        cpu_features: vec![],
        producer: "test".into(),
        plan_hash: format!("{size:02x}").repeat(32),
        world_size: Some(size),
        groups: vec![Group {
            name: "tp".into(),
            size,
            // Backwards, so that group ranks differ from world ranks.
            ranks: (0..size).rev().collect(),
            symm_mem: true,
            heap_bytes: Some(4 << 20),
        }],
        ops,
        entries: entries.collect(),
        buffers: vec![],
        mutable_globals: false,
        cuda: Some(cuda),
    }
}

/// Adds the sections with PTX and the constant to a program, and links it.
fn link(path: &Path, manifest: &Manifest, source: &str, modules: &[String]) {
    let mut body = String::new();
    for (index, ptx) in modules.iter().enumerate() {
        let file = path.with_extension(format!("{index}.ptx"));
        fs::write(&file, ptx).unwrap();
        writeln!(
            body,
            "__asm__(\".section .symm.ptx.{index},\\\"a\\\"\\n.incbin \\\"{}\\\"\\n.byte 0\\n.previous\");",
            file.display()
        )
        .unwrap();
    }
    body.push_str("__attribute__((section(\".symm.const.0\"), used)) const float weights[] = {");
    (0..COUNT).for_each(|i| write!(body, "{:.1}f,", constant(i)).unwrap());
    body.push_str("};\n");
    body.push_str(source);
    support::build(path, manifest, &body);
    for index in 0..modules.len() {
        fs::remove_file(path.with_extension(format!("{index}.ptx"))).unwrap();
    }
    fs::remove_file(path.with_extension("c")).unwrap();
}
