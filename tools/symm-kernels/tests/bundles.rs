// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `symm-kernels` writes bundles, adds to them, and says what it can't do.

use std::{
    fs::File,
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
