// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `symm-kernels` writes bundles, adds to them, and says what it can't do.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

/// `symm-kernels` with options that blanks separate, for few kernels unless more are asked for; the bundle is in the folder.
fn command(folder: &TempDir, options: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_symm-kernels"));
    command
        .current_dir(folder.path())
        .args("-o bundle --world-size=2 --algorithm=one_shot_push --dtype=i32".split(' '))
        .args(options.split_whitespace());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn nobody_has_to_read_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let run = |out: Stdio| {
        command(&folder, "--reduce-op=sum")
            .stdout(out)
            .output()
            .unwrap()
    };
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = run(writer.into());
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(said(&output), "");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = run(full.into());
    assert_eq!(output.status.code(), Some(1));
    let words = "error: cannot write to the standard output: No space left";
    assert!(said(&output).starts_with(words), "{}", said(&output));
}

/// The PTX version of each kernel of the bundle, by name.
fn versions(folder: &TempDir) -> BTreeMap<String, u64> {
    let index = fs::read(folder.path().join("bundle/kernels.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    let kernels = index["kernels"].as_array().unwrap().iter();
    let version = |kernel: &Value| {
        let name = kernel["entry"].as_str().unwrap().to_owned();
        (name, kernel["ptx_version"].as_u64().unwrap())
    };
    kernels.map(version).collect()
}

#[test]
fn several_may_add_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = command(&folder, "--reduce-op=sum").output().unwrap();
    assert!(first.status.success(), "{}", said(&first));
    let add = |op| {
        command(&folder, &format!("--add --reduce-op={op}"))
            .spawn()
            .unwrap()
    };
    for mut adding in ["product", "min", "max", "band"].map(add) {
        assert!(adding.wait().unwrap().success());
    }
    assert_eq!(versions(&folder).len(), 5);
}

#[test]
fn what_is_there_in_another_version_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    for (options, version, new) in [
        ("", 81, 1),
        ("--add", 81, 0),
        ("--add --ptx-version=83", 83, 1),
        ("--add --ptx-version=83", 83, 0),
        ("--add", 83, 0),
    ] {
        let output = command(&folder, &format!("--reduce-op=sum {options}"))
            .output()
            .unwrap();
        let words = format!("1 kernels, {new} of them new");
        assert!(
            said(&output).contains(&words),
            "{options}: {}",
            said(&output)
        );
        let versions: Vec<_> = versions(&folder).into_values().collect();
        assert_eq!(versions, [version], "{options}");
    }
}

#[test]
fn an_index_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("bundle")).unwrap();
    let path = folder.path().join("bundle/kernels.json");
    for index in ["nonsense", "{\"version\": 0, \"abi_version\": 0}"] {
        fs::write(&path, index).unwrap();
        let output = command(&folder, "--add --reduce-op=sum").output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let words = "error: bundle/kernels.json: expected ";
        assert!(said(&output).starts_with(words), "{}", said(&output));
    }
}
