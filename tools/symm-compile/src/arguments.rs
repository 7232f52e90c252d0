// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The command line.

use clap::{Parser, ValueEnum, value_parser};
use std::path::PathBuf;
use symm_codegen::{compile::Stage, gpu::Target, target::Cpu};

/// The GPU to compile for where none is named.
const DEFAULT_CHIP: &str = "sm_90";

/// The largest threshold that an option of a pass can hold.
const MAX_BYTES: u64 = i64::MAX as u64;

/// Compile an MLIR program with collectives to an artifact that symm-run runs.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// The program, as MLIR text or bytecode; '-' is the standard input.
    pub input: PathBuf,

    /// Where to write what is emitted; '-' is the standard output. Default: the
    /// input's name with the ending of what is emitted.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What ranks run on.
    #[arg(long, value_enum, default_value_t = Device::Cpu)]
    device: Device,

    /// A public function to make an entry; may be repeated. Default: all of them.
    #[arg(long = "entry", value_name = "NAME")]
    entries: Vec<String>,

    /// What to emit.
    #[arg(long, value_enum, default_value_t = Emit::So)]
    pub emit: Emit,

    /// The CPU to compile for: a level of the architecture such as x86-64-v3, or
    /// native. Default: what every machine of the architecture has.
    #[arg(long, value_name = "CPU")]
    mcpu: Option<String>,

    /// With --device=cuda, the oldest GPU that is to run the program, such as
    /// sm_90, the default.
    #[arg(long, value_name = "CHIP")]
    chip: Option<String>,

    /// With --device=cuda, the version of the PTX, such as 8.3. Default: the oldest
    /// that does for the chip.
    #[arg(long, value_name = "VERSION", value_parser = ptx_version)]
    ptx_version: Option<u32>,

    /// Print what was lowered and why, and where each buffer lives.
    #[arg(short = 'v', long)]
    print_plan: bool,

    /// Let lower-comm choose algorithms; without it, every c10d op stays.
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
    auto_select: Option<bool>,

    /// The largest operand, in bytes, of a one-shot all-reduce.
    #[arg(long, value_name = "BYTES", value_parser = value_parser!(u64).range(..=MAX_BYTES))]
    one_shot_threshold_bytes: Option<u64>,

    /// The largest operand, in bytes, of a two-shot all-reduce.
    #[arg(long, value_name = "BYTES", value_parser = value_parser!(u64).range(..=MAX_BYTES))]
    two_shot_threshold_bytes: Option<u64>,

    /// Who moves the data of chosen algorithms.
    #[arg(long, value_parser = ["pull", "push"])]
    protocol: Option<String>,
}

/// What ranks run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Device {
    /// Threads or processes of this machine.
    Cpu,
    /// One NVIDIA GPU per rank.
    Cuda,
}

/// What to emit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// The lowered program in MLIR's LLVM dialect.
    Mlir,
    /// The optimized program, or its host code, in LLVM IR.
    Llvm,
    /// The PTX of every kernel.
    Ptx,
    /// An object file.
    Obj,
    /// An artifact for symm-run.
    So,
}

impl Emit {
    /// Returns the stage of the compiler that gives it.
    pub fn stage(self) -> Stage {
        match self {
            Self::Mlir => Stage::Mlir,
            Self::Llvm => Stage::Llvm,
            Self::Ptx => Stage::Ptx,
            Self::Obj => Stage::Object,
            Self::So => Stage::Artifact,
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Mlir => "lowered.mlir",
            Self::Llvm => "ll",
            Self::Ptx => "ptx",
            Self::Obj => "o",
            Self::So => "so",
        }
    }
}

impl Arguments {
    /// Refuses what is well-formed and yet cannot be done.
    pub fn check(&self) -> Result<(), String> {
        if self.device == Device::Cpu {
            let of_gpus = [
                ("--chip", self.chip.is_some()),
                ("--ptx-version", self.ptx_version.is_some()),
                ("--emit=ptx", self.emit == Emit::Ptx),
            ];
            if let Some((option, _)) = of_gpus.iter().find(|(_, given)| *given) {
                return Err(format!("{option}: expected --device=cuda"));
            }
        }
        for name in &self.entries {
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return Err(format!(
                    "expected --entry to name a function with letters, digits and '_', got \
                     '{name}'"
                ));
            }
        }
        if self.input.as_os_str() == "-" && self.output.is_none() {
            return Err("expected -o FILE for a program from the standard input".to_owned());
        }
        Ok(())
    }

    /// Says whether to explain what was done.
    pub fn explains(&self) -> bool {
        self.print_plan
    }

    /// Returns the CPU to compile for.
    pub fn cpu(&self) -> Result<Cpu, String> {
        match &self.mcpu {
            Some(name) => Cpu::named(name).map_err(|error| error.to_string()),
            None => Ok(Cpu::baseline()),
        }
    }

    /// Returns the GPU to compile for, if it is for one.
    pub fn gpu(&self) -> Result<Option<Target>, String> {
        if self.device == Device::Cpu {
            return Ok(None);
        }
        let chip = self.chip.as_deref().unwrap_or(DEFAULT_CHIP);
        Target::new(chip, self.ptx_version)
            .map(Some)
            .map_err(|error| error.to_string())
    }

    /// Returns the options of the pipeline, in its textual form.
    pub fn pipeline(&self) -> String {
        let mut options = Vec::new();
        if !self.entries.is_empty() {
            options.push(format!("entries={}", self.entries.join(",")));
        }
        if let Some(value) = self.auto_select {
            options.push(format!("auto-select={value}"));
        }
        if let Some(value) = self.one_shot_threshold_bytes {
            options.push(format!("one-shot-threshold-bytes={value}"));
        }
        if let Some(value) = self.two_shot_threshold_bytes {
            options.push(format!("two-shot-threshold-bytes={value}"));
        }
        if let Some(value) = &self.protocol {
            options.push(format!("protocol={value}"));
        }
        options.join(" ")
    }

    /// Returns where to write.
    pub fn output(&self) -> PathBuf {
        self.output
            .clone()
            .unwrap_or_else(|| self.input.with_extension(self.emit.ending()))
    }
}

/// Reads a version like 8.3 as 83.
fn ptx_version(text: &str) -> Result<u32, String> {
    let expected = || format!("expected a version like 8.3, got {text}");
    let (major, minor) = text.split_once('.').ok_or_else(expected)?;
    let number = |text: &str| text.parse::<u8>().map(u32::from).map_err(|_| expected());
    match (number(major)?, number(minor)?) {
        (major, minor @ 0..10) => Ok(major * 10 + minor),
        _ => Err(expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_become_those_of_the_pipeline() {
        let arguments = Arguments::parse_from([
            "symm-compile",
            "a.mlir",
            "--entry=f",
            "--entry=g",
            "--one-shot-threshold-bytes=7",
            "--protocol=push",
        ]);
        assert_eq!(
            arguments.pipeline(),
            "entries=f,g one-shot-threshold-bytes=7 protocol=push"
        );
        assert_eq!(arguments.output(), PathBuf::from("a.so"));
        assert!(arguments.check().is_ok());
    }

    #[test]
    fn chips_and_versions_are_checked_by_name() {
        let gpu = |list: &[&str]| Arguments::parse_from(list).gpu();
        let target = gpu(&[
            "symm-compile",
            "a.mlir",
            "--device=cuda",
            "--ptx-version=8.3",
        ]);
        assert_eq!(
            target.expect("a target").map(|target| target.ptx_version()),
            Some(83)
        );
        assert_eq!(gpu(&["symm-compile", "a.mlir"]), Ok(None));
        let refusal = gpu(&["symm-compile", "a.mlir", "--device=cuda", "--chip=sm_60"]);
        assert!(refusal.expect_err("too old").contains("sm_60"));
        assert!(
            ptx_version("8").is_err()
                && ptx_version("8.x").is_err()
                && ptx_version("8.30").is_err()
        );
    }

    #[test]
    fn thresholds_are_as_large_as_options_of_passes_get() {
        let parse = |bytes: &str| {
            let option = format!("--two-shot-threshold-bytes={bytes}");
            Arguments::try_parse_from(["symm-compile", "a.mlir", &option])
        };
        assert!(parse("9223372036854775807").is_ok());
        let error = parse("9223372036854775808").expect_err("too large");
        assert!(error.to_string().contains("--two-shot-threshold-bytes"));
    }

    #[test]
    fn what_cannot_be_done_is_refused_by_name() {
        let refusal = |list: &[&str]| Arguments::parse_from(list).check().expect_err("refused");
        assert!(refusal(&["symm-compile", "a.mlir", "--chip=sm_90"]).contains("--device=cuda"));
        assert!(refusal(&["symm-compile", "a.mlir", "--emit=ptx"]).contains("--device=cuda"));
        assert!(refusal(&["symm-compile", "a.mlir", "--entry=a b"]).contains("'a b'"));
        assert!(refusal(&["symm-compile", "-"]).contains("-o FILE"));
    }
}
