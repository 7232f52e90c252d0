// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs that run: results, inputs, files, on threads and on processes alike.

mod common;

use common::{BINARY, Zoo, support};
use std::{path::Path, process::Command};
use symm_abi::{DType, Value};
use symm_runtime::{Tensor, npy};

fn value() -> Value {
    Value {
        name: "x".into(),
        dtype: DType::F32,
        shape: vec![4, 6],
    }
}

fn write(path: &str, element: impl Fn(usize) -> f32) {
    let mut tensor = Tensor::zeros(&value()).unwrap();
    for (i, bytes) in tensor.chunks_exact_mut(4).enumerate() {
        bytes.copy_from_slice(&element(i).to_ne_bytes());
    }
    npy::write(Path::new(path), &tensor).unwrap();
}

fn read(path: &str) -> Vec<f32> {
    let tensor = npy::read(Path::new(path), &value()).unwrap();
    tensor
        .chunks_exact(4)
        .map(|bytes| f32::from_ne_bytes(bytes.try_into().unwrap()))
        .collect()
}

#[test]
fn sums_of_sharded_files_at_every_world_size() {
    for size in 1..=8 {
        let zoo = Zoo::new(size);
        for rank in 0..size {
            write(&zoo.path(&format!("x{rank}.npy")), |i| {
                (rank as usize * 100 + i) as f32
            });
        }
        let expected: Vec<f32> = (0..support::COUNT)
            .map(|i| (0..size).map(|rank| (rank as usize * 100 + i) as f32).sum())
            .collect();
        for isolation in ["thread", "process"] {
            let arguments = format!(
                "-n {size} --device=cpu --isolation={isolation} --entry sum --arg x={} --save out0={}",
                zoo.path("x%r.npy"),
                zoo.path("out%r.npy")
            );
            zoo.run(&arguments).ok();
            for rank in 0..size {
                let path = zoo.path(&format!("out{rank}.npy"));
                assert_eq!(read(&path), expected, "{isolation} {size}");
                std::fs::remove_file(path).unwrap();
            }
        }
    }
}

#[test]
fn threads_and_processes_print_the_same() {
    let zoo = Zoo::new(3);
    let run = |isolation: &str, arg: &str| {
        zoo.run(&format!(
            "--isolation={isolation} --entry mixed --arg x={arg} --repeat 3"
        ))
        .ok()
        .out
    };
    let results = |out: String| out.split("time:").next().unwrap().to_owned();
    let random = run("thread", "random:1");
    assert!(
        random.contains("out0: tensor<4x6xf32>, equal on all ranks\n  ["),
        "{random}"
    );
    assert!(
        random.contains("time: median ") && random.contains(" of 3 runs\n"),
        "{random}"
    );
    let random = results(random);
    assert_eq!(random, results(run("process", "random:1")));
    assert_ne!(random, results(run("thread", "random:2")));
    assert_ne!(random, results(run("thread", "same:1")));
    let ones = run("process", "ones");
    assert!(
        ones.contains("[9, 9, 9, …, 9, 9, 9]  min 9  max 9  sha256 "),
        "{ones}"
    );
}

#[test]
fn results_that_differ_are_shown_by_rank() {
    let zoo = Zoo::new(3);
    let out = zoo.run("--entry pair --arg x=ones").ok().out;
    assert!(
        out.contains("out0: tensor<4x6xf32>, differs between ranks\n"),
        "{out}"
    );
    assert!(
        out.contains("  rank 0: [4, 4, 4, ") && out.contains("  rank 2: [1, 1, 1, "),
        "{out}"
    );
}

#[test]
fn results_are_saved_as_asked() {
    let zoo = Zoo::new(2);
    let folder = zoo.path("");
    zoo.run(&format!(
        "--entry pair --arg x=ones --save out0={}",
        zoo.path("only.npy")
    ))
    .ok();
    assert_eq!(read(&zoo.path("only.npy")), [4.0; 24]);
    zoo.run(&format!("--entry pair --arg x=ones --save-dir {folder}"))
        .ok();
    assert_eq!(read(&zoo.path("out0.rank0.npy")), [4.0; 24]);
    assert_eq!(read(&zoo.path("out0.rank1.npy")), [2.0; 24]);
}

#[test]
fn a_described_program_says_where_things_live() {
    let zoo = Zoo::new(2);
    let out = zoo.run("-v --time --entry sum --arg x=zeros").ok().out;
    assert!(
        out.contains("group @pair: ranks [1, 0], symmetric memory\n"),
        "{out}"
    );
    assert!(
        out.contains("op 2: c10d.all_reduce on @tp, library (zoo.mlir:12:3)\n"),
        "{out}"
    );
    assert!(out.contains("time: "), "{out}");
}

#[test]
fn each_rank_may_have_a_folder_of_its_own() {
    let zoo = Zoo::new(2);
    let arguments = "--entry sum --arg x=ones";
    std::fs::create_dir(zoo.path("d0")).unwrap();
    for option in ["--save out0={d}/out0.rank%r.npy", "--save-dir {d}"] {
        let arguments = format!("{arguments} {}", option.replace("{d}", &zoo.path("d%r")));
        let error = zoo.run(&arguments).error(2);
        assert!(
            error.contains("d1: expected a folder to save results in"),
            "{error}"
        );
        std::fs::create_dir(zoo.path("d1")).unwrap();
        zoo.run(&arguments).ok();
        for rank in 0..2 {
            std::fs::remove_file(zoo.path(&format!("d{rank}/out0.rank{rank}.npy"))).unwrap();
        }
        std::fs::remove_dir(zoo.path("d1")).unwrap();
    }
}

#[test]
fn one_rank_file_each_may_be_given() {
    let zoo = Zoo::new(2);
    for rank in 0..2 {
        std::fs::copy(&zoo.program, zoo.path(&format!("rank{rank}.so"))).unwrap();
    }
    for isolation in ["thread", "process"] {
        let arguments = format!("--isolation={isolation} --entry sum --arg x=ones");
        common::symm_run(Path::new(&zoo.path("rank%r.so")), &arguments).ok();
    }
}

#[test]
fn a_source_is_compiled_first() {
    let zoo = Zoo::new(2);
    let script = format!(
        "test \"$*\" = \"-o - --device=cpu -- {}\" && cat {}",
        zoo.path("x.mlir"),
        zoo.program.display()
    );
    let binary = zoo.with_compiler(&script);
    for isolation in ["thread", "process"] {
        let isolation = format!("--isolation={isolation}");
        let mut command = Command::new(&binary);
        command
            .env("TMPDIR", "/nowhere/%r")
            .arg(zoo.path("x.mlir"))
            .arg(isolation)
            .args(["--entry", "sum", "--arg", "x=ones"]);
        assert!(common::said(&mut command).ok().out.contains("[2, 2, 2, "));
    }
}

#[test]
fn a_source_may_look_like_an_option() {
    let zoo = Zoo::new(2);
    let script = format!(
        "test \"$4 $5\" = \"-- -v.mlir\" && cat {}",
        zoo.program.display()
    );
    let mut command = Command::new(zoo.with_compiler(&script));
    std::fs::write(zoo.path("-v.mlir"), "module {}").unwrap();
    command.current_dir(zoo.folder.path());
    command.args(["--entry=sum", "--arg=x=ones", "--", "-v.mlir"]);
    common::said(&mut command).ok();
}

#[test]
fn no_compiler_is_linked() {
    let output = Command::new("ldd").arg(BINARY).output().unwrap();
    let libraries = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && libraries.contains("libc.so"),
        "{libraries}"
    );
    for name in ["LLVM", "MLIR", "stdc++"] {
        assert!(!libraries.contains(name), "{libraries}");
    }
}
