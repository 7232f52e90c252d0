// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs written by hand in C, made into artifacts with the system's C compiler.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};
use symm_abi::{
    ABI_VERSION, DType, Device, ENTRY_PREFIX, Entry, Group, Manifest, Op, Value, artifact,
    cuda::Cuda,
};

const HEADER: &str = include_str!("symm_abi.h");
const ZOO: &str = include_str!("../programs/zoo.c");

/// Elements of every argument and result of the zoo's entries.
pub const COUNT: usize = 24;

/// Describes a program for GPUs on `size` ranks, with one entry, called `sum` in its code, that does nothing: [`EMPTY`] is its
/// source.
pub fn gpu_manifest(size: u32) -> Manifest {
    let mut manifest = zoo_manifest(size);
    manifest.device = Device::Cuda;
    manifest.entries.retain(|entry| entry.name == "sum");
    manifest.cuda = Some(Cuda {
        chip: "sm_90".into(),
        modules: vec![],
        kernels: vec![],
        all_reduces: vec![],
        matmuls: vec![],
        constants: vec![],
        arena_bytes: None,
    });
    manifest
}

/// What [`gpu_manifest`] describes.
pub const EMPTY: &str = "void symm_entry_sum(void **args) { (void)args; }\n";

/// Describes the entries of `zoo.c` on `size` ranks.
pub fn zoo_manifest(size: u32) -> Manifest {
    let value = |name: &str| Value {
        name: name.into(),
        dtype: DType::F32,
        shape: vec![4, 6],
    };
    let entries = ZOO.lines().filter_map(|line| {
        let name = line.strip_prefix("void symm_entry_")?.split_once('(')?.0;
        Some(Entry {
            name: name.into(),
            symbol: format!("{ENTRY_PREFIX}{name}"),
            args: vec![value("x")],
            results: vec![value("out0")],
        })
    });
    let op = |id: u32, name: &str, group, algorithm: &str| Op {
        id,
        name: name.into(),
        loc: format!("zoo.mlir:{}:3", 10 + id),
        group,
        algorithm: algorithm.into(),
        phases: vec!["entry barrier".into(), "exit barrier".into()],
    };
    let group = |name: &str, ranks: Vec<u32>| Group {
        name: name.into(),
        size: ranks.len() as u32,
        ranks,
        symm_mem: true,
        heap_bytes: None,
    };
    Manifest {
        abi_version: ABI_VERSION,
        device: Device::Cpu,
        arch: std::env::consts::ARCH.into(),
        cpu_features: vec![],
        producer: "test".into(),
        plan_hash: format!("{size:064x}"),
        world_size: Some(size),
        groups: vec![
            group("tp", (0..size).collect()),
            group("pair", (0..size.min(2)).rev().collect()),
        ],
        ops: vec![
            op(0, "symm_mem.one_shot_all_reduce", 0, "one_shot pull"),
            op(1, "symm_mem.one_shot_all_reduce", 0, "one_shot pull"),
            op(2, "c10d.all_reduce", 0, "library"),
            op(3, "symm_mem.one_shot_all_reduce", 1, "one_shot pull"),
        ],
        entries: entries.collect(),
        buffers: vec![],
        mutable_globals: true,
        cuda: None,
    }
}

/// Returns the zoo for a number of ranks, compiled once per test binary and run.
pub fn zoo(size: u32) -> PathBuf {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path();
    let path = folder.join(format!("zoo{size}-{:?}.so", std::thread::current().id()));
    build(&path, &zoo_manifest(size), ZOO);
    path
}

/// Compiles a program and seals it.
pub fn build(path: &Path, manifest: &Manifest, body: &str) {
    link(path, &manifest.to_json(), body);
    let mut file = std::fs::read(path).unwrap();
    artifact::seal(&mut file).unwrap();
    std::fs::write(path, file).unwrap();
}

/// Compiles a program with these bytes as its manifest, and leaves it unsealed.
pub fn link(path: &Path, manifest: &[u8], body: &str) {
    let mut source = String::from(HEADER);
    source.push_str(
        "__attribute__((section(\".symm.manifest\"), used)) const char symm_manifest[] = {",
    );
    manifest
        .iter()
        .for_each(|byte| write!(source, "{byte},").unwrap());
    source.push_str("};\n");
    source.push_str(body);
    let input = path.with_extension("c");
    std::fs::write(&input, source).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args([
        "-std=gnu11",
        "-Wall",
        "-Werror",
        "-O1",
        "-shared",
        "-fPIC",
        "-ffp-contract=off",
        "-o",
    ]);
    let status = compiler.arg(path).arg(&input).status().unwrap();
    assert!(status.success(), "cc failed on {}", input.display());
}
