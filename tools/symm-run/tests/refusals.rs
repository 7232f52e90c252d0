// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What ends with exit code 2, before any rank starts, and what the error says.

mod common;

use common::{Zoo, command, said, support, symm_run};
use std::{path::Path, process::Command};

#[test]
fn wrong_command_lines() {
    let zoo = Zoo::new(2);
    let error = |arguments: &str| zoo.run(arguments).error(2);
    assert!(
        error("--entry sum").contains("argument 'x' (tensor<4x6xf32>) has no value: give --arg x=")
    );
    assert!(
        error("--entry sum --arg y=ones").contains("entry 'sum' has no 'y', expected one of: x")
    );
    assert!(error("--entry sum --arg x=ones --arg x=ones").contains("'x' was given before"));
    assert!(error("--entry sum --arg x").contains("expected NAME=…"));
    assert!(error("--entry sum --arg x=twos").contains("expected a .npy file, 'zeros'"));
    assert!(
        error("--entry sum --arg x=ones --save y=y.npy")
            .contains("has no 'y', expected one of: out0")
    );
    assert!(
        error("--entry sum --arg x=ones --save out0=/nowhere/y.npy")
            .contains("/nowhere: expected a folder")
    );
    assert!(
        error("--entry sum --arg x=ones --save-dir /nowhere")
            .contains("/nowhere: expected a folder")
    );
    assert!(
        error("--entry sum --arg x=ones --save out0=").contains("--save out0=: expected a file")
    );
    assert!(
        error("--entry sum --arg x=ones --save out0=/tmp")
            .contains("/tmp: expected a file to save a result in, got a folder")
    );
    assert!(
        error("--entry nothing --arg x=ones")
            .contains("no entry 'nothing', expected one of: sum, ")
    );
    assert!(error("--arg x=ones").contains("choose one with --entry"));
    assert!(error("--entry sum --arg x=ones -n 3").contains("runs on 2 ranks, got 3"));
    for bad in [
        "--timeout 0s",
        "-n 0",
        "--heap-bytes lots",
        "--device=tpu",
        "--repeat 0",
    ] {
        assert_eq!(
            zoo.run(&format!("--entry sum --arg x=ones {bad}")).code,
            Some(2),
            "{bad}"
        );
    }
}

#[test]
fn results_that_would_replace_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut manifest = support::zoo_manifest(2);
    manifest.entries.retain(|entry| entry.name == "sum");
    let mut second = manifest.entries[0].results[0].clone();
    second.name = "out1".into();
    manifest.entries[0].results.push(second);
    let program = folder.path().join("two.so");
    support::build(&program, &manifest, support::EMPTY);
    std::os::unix::fs::symlink(".", path("link")).unwrap();
    std::fs::create_dir(path("0")).unwrap();
    std::os::unix::fs::symlink("0", path("1")).unwrap();
    let one = path("one.npy");
    for (options, names) in [
        (
            format!("--save out0={one} --save out1={one}"),
            "'out0' of rank 0 and 'out1' of rank 0",
        ),
        (
            format!("--save out0={one} --save out1={}", path("link/one.npy")),
            "'out0' of rank 0 and 'out1' of rank 0",
        ),
        (
            format!(
                "--save-dir {} --save out1={}",
                path(""),
                path("out0.rank%r.npy")
            ),
            "'out0' of rank 0 and 'out1' of rank 0",
        ),
        (
            format!("--save out0={}", path("%r/one.npy")),
            "'out0' of rank 0 and 'out0' of rank 1",
        ),
    ] {
        let error = symm_run(&program, &format!("--arg x=ones {options}")).error(2);
        let expected = format!("expected a file for each result, got one for {names}");
        assert!(error.contains(&expected), "{options}: {error}");
    }
    let apart = format!(
        "--arg x=ones --save out0={one} --save out1={}",
        path("two.npy")
    );
    symm_run(&program, &apart).ok();
    assert!(Path::new(&one).exists());
}

#[test]
fn programs_and_options_of_another_device() {
    let zoo = Zoo::new(2);
    let error = |arguments: &str| {
        zoo.run(&format!("--entry sum --arg x=ones {arguments}"))
            .error(2)
    };
    assert!(error("--device=cuda").contains("compiled for --device=cpu, expected --device=cuda"));
    for option in [
        "--graph",
        "--trace=t.json",
        "--fallback",
        "--share-gpus",
        "--launcher=none",
        "--arena-bytes=1G",
    ] {
        let name = option.split('=').next().unwrap();
        assert!(error(option).contains(&format!("{name}: expected --device=cuda")));
    }
}

/// A program for two GPUs that does nothing, run where there are none.
struct WithoutGpus(tempfile::TempDir);

impl WithoutGpus {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manifest = support::gpu_manifest(2);
        support::build(&folder.path().join("gpu.so"), &manifest, support::EMPTY);
        Self(folder)
    }

    /// What is said with these variables set, separated by blanks, and none of a launcher besides.
    fn error(&self, variables: &str, arguments: &str) -> String {
        let path = self.0.path().join("gpu.so");
        let mut command = command(&path, &format!("--arg x=ones {arguments}"));
        for variable in [
            "RANK",
            "OMPI_COMM_WORLD_RANK",
            "SLURM_PROCID",
            "SYMM_JOB_TOKEN",
        ] {
            command.env_remove(variable);
        }
        let pairs = variables
            .split_whitespace()
            .map(|pair| pair.split_once('=').unwrap());
        said(command.envs(pairs).env("CUDA_VISIBLE_DEVICES", "")).error(2)
    }
}

/// Tells whether it is the GPUs that a run failed for, and not what precedes the search for them.
fn is_without_gpus(error: &str) -> bool {
    let without = error.contains("no CUDA driver on this machine")
        || error.contains("no CUDA device is visible");
    without && error.contains("--device=cpu")
}

#[test]
fn programs_for_gpus_without_gpus() {
    let program = WithoutGpus::new();
    let error = program.error("", "");
    assert!(
        error.contains("compiled for --device=cuda, expected --device=cpu"),
        "{error}"
    );
    let error = program.error("", "--device=cuda");
    assert!(is_without_gpus(&error), "{error}");
}

#[test]
fn the_shell_of_an_allocation_is_no_rank() {
    let program = WithoutGpus::new();
    for shell in [
        "SLURM_JOB_ID=7 SLURM_PROCID=0 SLURM_NTASKS=1",
        "SLURM_JOB_ID=7 SLURM_PROCID=0 SLURM_NTASKS=2",
        "SLURM_JOB_ID=7 SLURM_PROCID=0 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1 SLURM_NTASKS=2",
        "RANK=0 WORLD_SIZE=1 MASTER_PORT=1",
    ] {
        for ranks in ["", "-n 2"] {
            let error = program.error(shell, &format!("--device=cuda {ranks}"));
            assert!(is_without_gpus(&error), "{shell}: {error}");
        }
    }
}

#[test]
fn ranks_of_a_launcher_that_do_not_fit() {
    let program = WithoutGpus::new();
    let four = "RANK=0 WORLD_SIZE=4 MASTER_PORT=1";
    let error = program.error(four, "--device=cuda -n 2");
    let expected =
        "-n 2: torchrun started 4 ranks: leave -n out, or run without them: --launcher=none";
    assert!(error.contains(expected), "{error}");
    let nameless = "RANK=0 WORLD_SIZE=2";
    let error = program.error(nameless, "--device=cuda");
    assert!(
        error.contains("SYMM_JOB_TOKEN") && error.contains("--launcher=none"),
        "{error}"
    );
    for launched in [four, nameless] {
        let error = program.error(launched, "--device=cuda -n 2 --launcher=none");
        assert!(is_without_gpus(&error), "{error}");
    }
}

/// A .npy file.
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let length = (text.len() as u16).to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, text.as_bytes(), data].concat()
}

#[test]
fn bytes_that_are_no_booleans() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut manifest = support::zoo_manifest(2);
    manifest.entries.retain(|entry| entry.name == "sum");
    manifest.entries[0].args[0].dtype = symm_abi::DType::I1;
    let program = folder.path().join("bool.so");
    support::build(&program, &manifest, support::EMPTY);
    let arguments = format!("--arg x={}", path("x%r.npy"));
    std::fs::write(path("x0.npy"), npy("|b1", "(4, 6)", &[1; 24])).unwrap();
    std::fs::write(path("x1.npy"), npy("|b1", "(4, 6)", &[2; 24])).unwrap();
    let error = symm_run(&program, &arguments).error(2);
    assert!(error.contains("x1.npy: expected booleans"), "{error}");
}

#[test]
fn wrong_inputs_of_any_rank() {
    let zoo = Zoo::new(3);
    let error = || {
        let arguments = format!(
            "--isolation=process --entry sum --arg x={}",
            zoo.path("x%r.npy")
        );
        zoo.run(&arguments).error(2)
    };
    let header = |descr: &str, shape: &str, data: usize| npy(descr, shape, &vec![0; data]);
    let write = |rank: u32, bytes: Vec<u8>| {
        std::fs::write(zoo.path(&format!("x{rank}.npy")), bytes).unwrap()
    };
    (0..2).for_each(|rank| write(rank, header("<f4", "(4, 6)", 96)));
    assert!(error().contains("argument 'x': ") && error().contains("x2.npy: No such file"));
    write(2, header("<f4", "(6, 4)", 96));
    assert!(error().contains("x2.npy: expected shape [4, 6], got [6, 4]"));
    write(2, header("<f8", "(4, 6)", 192));
    assert!(error().contains("x2.npy: expected elements of type f32 ('<f4'), got '<f8'"));
    write(2, header("<f4", "(4, 6)", 95));
    assert!(error().contains("x2.npy: expected 96 bytes of data, got 95: file is truncated"));
    write(2, header("<f4", "(4611686018427387904, 6)", 96));
    assert!(error().contains("got [4611686018427387904, 6]"));
    write(2, b"\x93NUMPY\x03\x00\xff\xff\xff\x7f{'descr'".to_vec());
    assert!(error().contains("does not fit a file of"));
}

#[test]
fn unusable_programs() {
    let zoo = Zoo::new(2);
    let error = |path: &str| symm_run(Path::new(path), "--entry sum --arg x=ones").error(2);
    assert!(error("/nowhere/x.so").contains("/nowhere/x.so: No such file"));
    let path = zoo.path("bad.so");
    let mut bytes = std::fs::read(&zoo.program).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(error(&path).contains("bad.so: file is damaged"));
    std::fs::write(&path, "module {}").unwrap();
    assert!(error(&path).contains("bad.so: file is not an ELF shared object"));
}

#[test]
fn sources_that_can_not_be_compiled() {
    let zoo = Zoo::new(2);
    let binary = zoo.with_compiler("exit 3");
    let compile = |name: &str| said(Command::new(&binary).arg(zoo.path(name))).error(2);
    assert!(compile("x.mlir").contains("x.mlir: symm-compile failed with exit status: 3"));
    assert!(compile("y.mlir").contains("y.mlir: no such file"));
    let binary = zoo.with_compiler("echo nonsense");
    let compile = |name: &str| said(Command::new(&binary).arg(zoo.path(name))).error(2);
    assert!(compile("x.mlir").contains("x.mlir: file is not an ELF shared object"));
    std::fs::remove_file(zoo.path("symm-compile")).unwrap();
    assert!(compile("x.mlir").contains("x.mlir: expected symm-compile at "));
}

#[test]
fn heaps_that_can_not_be_had() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("planned.so");
    let mut manifest = support::zoo_manifest(2);
    manifest.groups[0].heap_bytes = Some(1 << 20);
    support::build(
        &program,
        &manifest,
        include_str!("../../../crates/symm-runtime/tests/programs/zoo.c"),
    );
    let arguments = "--entry sum --arg x=ones";
    symm_run(&program, arguments).ok();
    let error = symm_run(&program, &format!("{arguments} --heap-bytes 64K")).error(2);
    assert!(
        error.contains(
            "@tp has 65536 bytes per rank, the program needs 1048576: raise --heap-bytes"
        ),
        "{error}"
    );
    let error = symm_run(&program, &format!("{arguments} --heap-bytes 8000000000G")).error(2);
    assert!(
        error.contains("heap of @tp can't be had: 8589934592000000000 bytes for each of 2 ranks"),
        "{error}"
    );
    for limit in ["ulimit -f 2000", "ulimit -v 800000"] {
        let script = format!(
            "{limit}; exec {} {} {arguments} --heap-bytes 1G",
            common::BINARY,
            program.display()
        );
        let error = said(Command::new("sh").args(["-c", &script])).error(2);
        assert!(
            error.contains("heap of @tp can't be had: 1073741824 bytes for each of 2 ranks"),
            "{limit}: {error}"
        );
    }
}
