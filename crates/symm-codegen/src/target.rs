// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The machine that host code is compiled for.

use crate::error::{Error, Result};
use inkwell::{
    OptimizationLevel,
    targets::{CodeModel, InitializationConfig, RelocMode, Target, TargetMachine, TargetTriple},
};

/// What `native` stands for: the machine that compiles.
pub const NATIVE: &str = "native";

/// Features of each level of x86-64 beyond the one before, as LLVM names them.
const X86_LEVELS: [(&str, &[&str]); 4] = [
    ("x86-64", &[]),
    (
        "x86-64-v2",
        &["cx16", "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3"],
    ),
    (
        "x86-64-v3",
        &[
            "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave",
        ],
    ),
    (
        "x86-64-v4",
        &["avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"],
    ),
];

/// A CPU and its features.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpu {
    name: String,
    features: Vec<String>,
}

impl Cpu {
    /// Returns the CPU of a name: `native`, or a level of the architecture.
    ///
    /// # Errors
    ///
    /// Fails for any other name.
    pub fn named(name: &str) -> Result<Self> {
        if name == NATIVE {
            return Ok(Self::native());
        }
        let levels = levels();
        let Some(level) = levels.iter().position(|(level, _)| *level == name) else {
            let known: Vec<_> = levels
                .iter()
                .map(|(level, _)| *level)
                .chain([NATIVE])
                .collect();
            return Err(Error::Cpu {
                cpu: name.to_owned(),
                known: known.join(", "),
            });
        };
        let features = levels[..=level]
            .iter()
            .flat_map(|(_, features)| features.iter());
        let features = features.map(|feature| (*feature).to_owned()).collect();
        Ok(Self {
            name: name.to_owned(),
            features,
        })
    }

    /// Returns a CPU that every machine of the architecture has.
    pub fn baseline() -> Self {
        Self {
            name: levels()[0].0.to_owned(),
            features: Vec::new(),
        }
    }

    /// Takes of this machine's features those that the runtime can check.
    fn native() -> Self {
        let has = TargetMachine::get_host_cpu_features().to_string();
        let has: Vec<_> = has
            .split(',')
            .filter_map(|one| one.strip_prefix('+'))
            .collect();
        let features = levels()
            .iter()
            .flat_map(|(_, features)| features.iter())
            .filter(|feature| has.contains(*feature))
            .map(|feature| (*feature).to_owned())
            .collect();
        Self {
            name: levels()[0].0.to_owned(),
            features,
        }
    }

    /// Returns the features beyond the architecture's baseline, as the manifest
    /// spells them.
    pub fn manifest_features(&self) -> Vec<String> {
        let spelled = |feature: &String| match feature.as_str() {
            "bmi" => "bmi1".to_owned(),
            "cx16" => "cmpxchg16b".to_owned(),
            other => other.to_owned(),
        };
        let mut features: Vec<_> = self.features.iter().map(spelled).collect();
        features.sort();
        features
    }

    /// Creates LLVM's description of the machine.
    ///
    /// # Errors
    ///
    /// Fails where this LLVM cannot generate code for the machine it runs on.
    pub(crate) fn machine(&self) -> Result<(TargetTriple, TargetMachine)> {
        Target::initialize_native(&InitializationConfig::default()).map_err(Error::Llvm)?;
        let triple = TargetMachine::get_default_triple();
        let target =
            Target::from_triple(&triple).map_err(|message| Error::Llvm(message.to_string()))?;
        let features: Vec<_> = self
            .features
            .iter()
            .map(|feature| format!("+{feature}"))
            .collect();
        let machine = target
            .create_target_machine(
                &triple,
                &self.name,
                &features.join(","),
                OptimizationLevel::Aggressive,
                RelocMode::PIC,
                CodeModel::Default,
            )
            .ok_or_else(|| Error::Llvm(format!("no code generator for {triple}")))?;
        Ok((triple, machine))
    }
}

fn levels() -> &'static [(&'static str, &'static [&'static str])] {
    if cfg!(target_arch = "x86_64") {
        &X86_LEVELS
    } else {
        &[("generic", &[])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_include_those_below() {
        if cfg!(target_arch = "x86_64") {
            let cpu = Cpu::named("x86-64-v3").expect("a level");
            let features = cpu.manifest_features();
            assert!(features.contains(&"avx2".into()) && features.contains(&"sse4.2".into()));
            assert!(!features.contains(&"avx512f".into()));
        }
        assert_eq!(Cpu::baseline().manifest_features(), Vec::<String>::new());
    }

    #[test]
    fn unknown_cpus_are_refused_with_those_there_are() {
        let error = Cpu::named("z80").expect_err("no such level").to_string();
        assert!(error.contains("'z80'") && error.contains(NATIVE), "{error}");
    }
}
