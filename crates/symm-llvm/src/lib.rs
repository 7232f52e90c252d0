// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Finds the LLVM that Symm builds against, or says how to get it.
//!
//! For build scripts: it has no dependencies and its functions print what
//! cargo reads.

use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
    process::{self, Command},
};

/// The major version of LLVM that Symm is written against.
pub const MAJOR: u32 = 22;

const DEFAULT_PREFIX: &str = "/usr/lib/llvm-22";
const PREFIX_VARIABLES: [&str; 3] = [
    "MLIR_SYS_220_PREFIX",
    "TABLEGEN_220_PREFIX",
    "LLVM_SYS_221_PREFIX",
];
const SHARED_VARIABLE: &str = "MLIR_SYS_LINK_SHARED";

/// An installed LLVM with MLIR that passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Llvm {
    prefix: PathBuf,
}

/// Why an LLVM is refused. The message names the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no `llvm-config` under the prefix.
    Missing(PathBuf),
    /// LLVM is there, MLIR's library or its C API is not.
    NoMlir(PathBuf),
    /// The variables that name LLVM's prefix disagree.
    Prefixes(&'static str, PathBuf, PathBuf),
    /// MLIR would be linked statically.
    Static(Option<String>),
    /// The LLVM under the prefix has another major version.
    Version(PathBuf, String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const INSTALL: &str = "run `cargo xtask setup`, or install LLVM and MLIR 22 and set \
             MLIR_SYS_220_PREFIX, TABLEGEN_220_PREFIX and LLVM_SYS_221_PREFIX to its prefix";
        match self {
            Self::Missing(prefix) => {
                write!(
                    formatter,
                    "expected LLVM {MAJOR} in {}, got nothing; {INSTALL}",
                    prefix.display()
                )
            }
            Self::NoMlir(file) => write!(
                formatter,
                "expected MLIR {MAJOR} with its C API, got no {}; {INSTALL}",
                file.display()
            ),
            Self::Prefixes(variable, expected, actual) => write!(
                formatter,
                "expected {variable}={}, as MLIR_SYS_220_PREFIX says, got {}; give the three \
                 prefix variables one value, or unset them",
                expected.display(),
                actual.display()
            ),
            Self::Static(value) => write!(
                formatter,
                "expected {SHARED_VARIABLE}=1, got {}; a statically linked MLIR makes plugins \
                 that crash mlir-opt: unset the variable and build inside the repository, whose \
                 .cargo/config.toml sets it, then run `cargo clean -p mlir-sys`",
                value.as_deref().unwrap_or("nothing")
            ),
            Self::Version(prefix, version) => write!(
                formatter,
                "expected LLVM {MAJOR}, got {version} in {}; {INSTALL}",
                prefix.display()
            ),
        }
    }
}

impl std::error::Error for Refusal {}

impl Llvm {
    /// Checks the LLVM that the environment names.
    ///
    /// # Errors
    ///
    /// Returns why it is refused.
    pub fn from_environment() -> Result<Self, Refusal> {
        let prefix = prefix(|variable| env::var_os(variable).map(PathBuf::from))?;
        check_shared(env::var(SHARED_VARIABLE).ok())?;
        let config = prefix.join("bin/llvm-config");
        let version = version_of(&config).map_err(|_| Refusal::Missing(prefix.clone()))?;
        check_version(&prefix, &version)?;
        let llvm = Self { prefix };
        llvm.check_mlir()?;
        Ok(llvm)
    }

    /// Returns the folder of `libMLIR.so` and `libLLVM.so`.
    pub fn lib_dir(&self) -> PathBuf {
        self.prefix.join("lib")
    }

    /// Returns the folder of the headers.
    pub fn include_dir(&self) -> PathBuf {
        self.prefix.join("include")
    }

    /// Returns the folder of the programs.
    pub fn bin_dir(&self) -> PathBuf {
        self.prefix.join("bin")
    }

    /// Returns the folder of `MLIRConfig.cmake`.
    pub fn mlir_cmake_dir(&self) -> PathBuf {
        self.prefix.join("lib/cmake/mlir")
    }

    /// Returns the static archives that hold MLIR's C API, sorted.
    ///
    /// # Errors
    ///
    /// Fails where the library folder cannot be read.
    pub fn c_api_archives(&self) -> io::Result<Vec<PathBuf>> {
        let mut archives = Vec::new();
        for entry in fs::read_dir(self.lib_dir())? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| name.starts_with("libMLIRCAPI") && name.ends_with(".a")) {
                archives.push(path);
            }
        }
        archives.sort();
        Ok(archives)
    }

    fn check_mlir(&self) -> Result<(), Refusal> {
        let needed = [
            self.lib_dir().join("libMLIR.so"),
            self.lib_dir().join("libMLIRCAPIIR.a"),
            self.mlir_cmake_dir().join("MLIRConfig.cmake"),
        ];
        match needed.into_iter().find(|file| !file.exists()) {
            Some(file) => Err(Refusal::NoMlir(file)),
            None => Ok(()),
        }
    }
}

/// Returns the LLVM that the environment names; ends the build script with the
/// cure where it is refused.
pub fn find_or_exit() -> Llvm {
    Llvm::from_environment().unwrap_or_else(|refusal| {
        println!("cargo::error={refusal}");
        process::exit(1);
    })
}

/// Has cargo run the build script again when a variable that names LLVM changes.
pub fn watch_environment() {
    for variable in PREFIX_VARIABLES {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    println!("cargo::rerun-if-env-changed={SHARED_VARIABLE}");
}

/// Writes the path of LLVM's libraries into the program, the plugin or the
/// tests of the package whose build script calls this: the folder is not one
/// that the loader searches.
pub fn emit_rpath() {
    watch_environment();
    println!("cargo::rerun-if-changed=build.rs");
    let lib_dir = find_or_exit().lib_dir();
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", lib_dir.display());
}

fn prefix(lookup: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, Refusal> {
    let prefix = lookup(PREFIX_VARIABLES[0]).unwrap_or_else(|| DEFAULT_PREFIX.into());
    for variable in &PREFIX_VARIABLES[1..] {
        if let Some(other) = lookup(variable)
            && other != prefix
        {
            return Err(Refusal::Prefixes(variable, prefix, other));
        }
    }
    Ok(prefix)
}

fn check_shared(value: Option<String>) -> Result<(), Refusal> {
    match value.as_deref() {
        Some("1") => Ok(()),
        _ => Err(Refusal::Static(value)),
    }
}

fn check_version(prefix: &Path, version: &str) -> Result<(), Refusal> {
    let major = version.split('.').next().and_then(|part| part.parse().ok());
    if major == Some(MAJOR) {
        Ok(())
    } else {
        Err(Refusal::Version(prefix.into(), version.into()))
    }
}

fn version_of(config: &Path) -> io::Result<String> {
    let output = Command::new(config).arg("--version").output()?;
    if !output.status.success() {
        return Err(io::Error::other(output.status.to_string()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_prefix_is_debians() {
        assert_eq!(prefix(|_| None), Ok(PathBuf::from(DEFAULT_PREFIX)));
    }

    #[test]
    fn prefixes_that_disagree_are_refused() {
        let refusal =
            prefix(|variable| Some(PathBuf::from("/").join(variable))).expect_err("they disagree");
        assert!(
            refusal.to_string().contains("TABLEGEN_220_PREFIX"),
            "{refusal}"
        );
    }

    #[test]
    fn a_static_link_is_refused_with_the_cure() {
        for value in [None, Some("0".to_owned()), Some("yes".to_owned())] {
            let refusal = check_shared(value).expect_err("only 1 is shared");
            assert!(
                refusal.to_string().contains(".cargo/config.toml"),
                "{refusal}"
            );
        }
        assert_eq!(check_shared(Some("1".to_owned())), Ok(()));
    }

    #[test]
    fn another_major_version_is_refused_with_the_cure() {
        let prefix = Path::new("/opt/llvm");
        assert_eq!(check_version(prefix, "22.1.8"), Ok(()));
        for version in ["21.1.0", "23.0.0git", "2", "220.0", ""] {
            let refusal = check_version(prefix, version).expect_err("only 22 will do");
            assert!(
                refusal.to_string().contains("cargo xtask setup"),
                "{refusal}"
            );
        }
    }

    #[test]
    fn a_missing_llvm_is_an_error() {
        assert!(version_of(Path::new("/nonexistent/llvm-config")).is_err());
    }

    #[test]
    fn a_prefix_without_mlir_is_refused_with_the_cure() {
        let llvm = Llvm {
            prefix: "/nonexistent".into(),
        };
        let refusal = llvm.check_mlir().expect_err("nothing is there");
        assert!(refusal.to_string().contains("libMLIR.so"), "{refusal}");
    }

    #[test]
    fn the_installed_llvm_passes_and_has_a_c_api() {
        let llvm = Llvm::from_environment().expect("this crate was built");
        let archives = llvm.c_api_archives().expect("the library folder is there");
        assert!(
            archives
                .iter()
                .any(|path| path.ends_with("libMLIRCAPIIR.a"))
        );
    }
}
