// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Running other programs.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Creates a command that runs the cargo that runs us, in the root of the repository.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root());
    command
}

/// Prints a command and runs it.
///
/// # Errors
/// It can't be started or does not exit with 0.
pub fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", name(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", name(command));
    }
    Ok(())
}

/// Prints a command, runs it, passes its output on and gives each line of it to `inspect`.
///
/// # Errors
/// It can't be started or its output can't be read.
pub fn run_inspecting(command: &mut Command, mut inspect: impl FnMut(&str)) -> Result<ExitStatus> {
    announce(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", name(command)))?;
    let stdout = child
        .stdout
        .take()
        .context("the child's output is not piped")?;
    for line in BufReader::new(stdout).lines() {
        let line = line.with_context(|| format!("cannot read the output of {}", name(command)))?;
        println!("{line}");
        inspect(&line);
    }
    Ok(child.wait()?)
}

/// Runs a command silently and returns what it prints.
///
/// # Errors
/// It can't be started or does not exit with 0; then the error holds what it wrote to stderr.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run {}", name(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{} failed: {}\n{}",
            name(command),
            output.status,
            stderr.trim_end()
        );
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed no text", name(command)))
}

fn announce(command: &Command) {
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy());
    let line = arguments.fold(name(command), |line, argument| line + " " + &argument);
    eprintln!("$ {line}");
}

fn name(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    program
        .file_name()
        .unwrap_or(program.as_os_str())
        .to_string_lossy()
        .into_owned()
}
