// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Running the binary on the runtime's test programs.

#![allow(dead_code, reason = "each test binary uses a part")]

#[path = "../../../../crates/symm-runtime/tests/support/mod.rs"]
pub mod support;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

pub const BINARY: &str = env!("CARGO_BIN_EXE_symm-run");

/// What a finished `symm-run` said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    pub time: Duration,
}

impl Said {
    pub fn new(output: &Output, begin: Instant) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
            time: begin.elapsed(),
        }
    }

    /// Checks for success.
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.err, "");
        self
    }

    /// Checks for one error with this exit code, and returns it.
    pub fn error(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.err.matches("error: ").count(), 1, "{}", self.err);
        assert!(self.err.starts_with("error: "), "{}", self.err);
        assert_eq!(self.out, "");
        self.err
    }
}

/// Runs the binary on a program, with arguments separated by blanks.
pub fn symm_run(program: &Path, arguments: &str) -> Said {
    said(&mut command(program, arguments))
}

/// Runs a command to its end.
pub fn said(command: &mut Command) -> Said {
    let begin = Instant::now();
    Said::new(&command.output().unwrap(), begin)
}

pub fn command(program: &Path, arguments: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.arg(program).args(arguments.split_whitespace());
    command
}

/// A folder with the zoo for a number of ranks in it.
pub struct Zoo {
    pub folder: tempfile::TempDir,
    pub program: PathBuf,
}

impl Zoo {
    pub fn new(size: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("zoo.so");
        std::fs::copy(support::zoo(size), &program).unwrap();
        Self { folder, program }
    }

    pub fn run(&self, arguments: &str) -> Said {
        symm_run(&self.program, arguments)
    }

    /// Puts a copy of the binary into the folder, beside a `symm-compile` that is this shell script.
    ///
    /// Other programs write the files: a file that this process has open for writing while another test forks can't be
    /// executed for a moment.
    pub fn with_compiler(&self, script: &str) -> PathBuf {
        let binary = self.path("symm-run");
        let install =
            "cp \"$0\" \"$1\" && printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$3\" && chmod +x \"$3\"";
        let mut command = Command::new("sh");
        command.args([
            "-c",
            install,
            BINARY,
            &binary,
            script,
            &self.path("symm-compile"),
        ]);
        assert!(command.status().unwrap().success());
        std::fs::write(self.path("x.mlir"), "module {}").unwrap();
        binary.into()
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}
