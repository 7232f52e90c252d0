// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! `cargo xtask setup`: installs what the build needs and the machine lacks.

pub mod gpu_tools;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    process,
    workspace::{llvm_prefix, llvm_tool},
};

/// The options of `cargo xtask setup`.
#[derive(clap::Args)]
pub struct Args {
    /// Also fetch ptxas, which tests assemble PTX with where there is no CUDA toolkit.
    #[arg(long)]
    gpu_tools: bool,
}

/// Installs what is missing and what was asked for.
///
/// # Errors
/// Something is missing and can't be installed.
pub fn run_with(args: &Args) -> Result<()> {
    run()?;
    if args.gpu_tools {
        gpu_tools::install()
    } else {
        Ok(())
    }
}

/// Something that the build needs.
struct Requirement {
    /// The package of Debian and Ubuntu that has it.
    package: &'static str,
    /// What it is, for the users of other systems.
    what: &'static str,
    /// Tells whether it is there.
    is_there: fn() -> bool,
}

const REQUIREMENTS: &[Requirement] = &[
    Requirement {
        package: "ca-certificates",
        what: "the certificates that cargo checks downloads with",
        is_there: || Path::new("/etc/ssl/certs").exists() || Path::new("/etc/pki/tls").exists(),
    },
    Requirement {
        package: "g++",
        what: "a C++17 compiler as c++",
        is_there: || runs("c++"),
    },
    Requirement {
        package: "cmake",
        what: "CMake 3.20 or newer",
        is_there: || runs("cmake"),
    },
    Requirement {
        package: "ninja-build",
        what: "Ninja",
        is_there: || runs("ninja"),
    },
    Requirement {
        package: "llvm-22-dev",
        what: "LLVM 22 with headers, FileCheck and lit",
        is_there: || is_llvm_22() && has_tools(&["FileCheck", "lit"]),
    },
    Requirement {
        package: "libmlir-22-dev",
        what: "MLIR 22 as a shared library, with headers",
        is_there: || has_llvm_files(&["lib/libMLIR.so", "lib/cmake/mlir/MLIRConfig.cmake"]),
    },
    Requirement {
        package: "mlir-22-tools",
        what: "the tools of MLIR 22",
        is_there: || has_tools(&["mlir-opt", "mlir-tblgen", "mlir-translate"]),
    },
    Requirement {
        package: "libpolly-22-dev",
        what: "Polly 22, which LLVM's static libraries name",
        is_there: || has_llvm_files(&["lib/libPolly.a"]),
    },
    Requirement {
        package: "libclang-22-dev",
        what: "libclang 22, for bindgen",
        is_there: || has_llvm_files(&["lib/libclang.so"]),
    },
    Requirement {
        package: "zlib1g-dev",
        what: "zlib with headers",
        is_there: || has_header("zlib.h"),
    },
    Requirement {
        package: "libzstd-dev",
        what: "zstd with headers",
        is_there: || has_header("zstd.h"),
    },
];

/// Installs what is missing where it knows how, and elsewhere says what to install.
///
/// # Errors
/// Something is missing and can't be installed.
pub fn run() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        eprintln!("setup: nothing to install");
        return Ok(());
    }
    if !has_apt() {
        bail!("{}", what_to_install(&missing));
    }
    apt_install(&missing)?;
    let still_missing = self::missing();
    if !still_missing.is_empty() {
        bail!("{}", what_to_install(&still_missing));
    }
    Ok(())
}

fn missing() -> Vec<&'static Requirement> {
    REQUIREMENTS
        .iter()
        .filter(|requirement| !(requirement.is_there)())
        .collect()
}

fn what_to_install(missing: &[&Requirement]) -> String {
    let lines = missing
        .iter()
        .map(|it| format!("\n  {} (Debian: {})", it.what, it.package));
    format!(
        "the build needs what this machine lacks; install it and try again:{}\n\
         LLVM is looked for in {}; set MLIR_SYS_220_PREFIX, TABLEGEN_220_PREFIX and \
         LLVM_SYS_221_PREFIX if it is elsewhere",
        lines.collect::<String>(),
        llvm_prefix().display()
    )
}

fn has_apt() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let is_debian = |line: &str| {
        let Some((key, value)) = line.split_once('=') else {
            return false;
        };
        matches!(key, "ID" | "ID_LIKE")
            && value
                .trim_matches('"')
                .split(' ')
                .any(|id| matches!(id, "debian" | "ubuntu"))
    };
    release.lines().any(is_debian) && runs("apt-get")
}

fn apt_install(missing: &[&Requirement]) -> Result<()> {
    let packages: Vec<_> = missing
        .iter()
        .map(|requirement| requirement.package)
        .collect();
    let install = ["install", "-y", "--no-install-recommends"];
    let is_root = process::output(Command::new("id").arg("-u"))?.trim() == "0";
    if !is_root && !runs("sudo") {
        bail!(
            "as root, run: apt-get update && apt-get {} {}",
            install.join(" "),
            packages.join(" ")
        );
    }
    let apt_get = || {
        let mut command = Command::new(if is_root { "env" } else { "sudo" });
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    };
    process::run(apt_get().arg("update"))?;
    process::run(apt_get().args(install).args(&packages)).context(
        "if this release has no LLVM 22, add LLVM's own package repository for it and try again",
    )
}

fn is_llvm_22() -> bool {
    let version = process::output(Command::new(llvm_tool("llvm-config")).arg("--version"));
    version.is_ok_and(|version| version.starts_with("22."))
}

fn has_tools(names: &[&str]) -> bool {
    names.iter().all(|name| llvm_tool(name).exists())
}

fn has_llvm_files(paths: &[&str]) -> bool {
    paths.iter().all(|path| llvm_prefix().join(path).exists())
}

fn runs(program: &str) -> bool {
    process::output(Command::new(program).arg("--version")).is_ok()
}

/// Tells whether the C++ compiler finds a header.
fn has_header(header: &str) -> bool {
    let compiler = Command::new("c++")
        .args(["-E", "-x", "c++", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut compiler) = compiler else {
        return false;
    };
    let include = format!("#include <{header}>\n");
    // A closed pipe means that the compiler has gone, which its exit status tells too.
    let written = compiler
        .stdin
        .take()
        .map(|mut stdin| stdin.write_all(include.as_bytes()));
    written.is_some_and(|result| result.is_ok())
        && compiler.wait().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_for_every_system() {
        let message = what_to_install(&[&REQUIREMENTS[3]]);
        assert!(
            message.contains("\n  Ninja (Debian: ninja-build)\n"),
            "{message}"
        );
    }

    #[test]
    fn a_header_is_found_or_not() {
        assert!(has_header("vector"));
        assert!(!has_header("no/such/header.h"));
    }
}
