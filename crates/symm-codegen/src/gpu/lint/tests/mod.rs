// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Broken PTX is caught: each test breaks one thing in the PTX of a kernel that is right.

mod pull;
mod push;

use super::*;
use crate::gpu::{GpuError, Target, compile};
use symm_abi::{
    DType, ReduceOp,
    gpu::{Algorithm, Reduction},
};
use symm_ir::context::create_context;

fn spec(algorithm: Algorithm, dtype: DType) -> KernelSpec {
    KernelSpec {
        algorithm,
        dtype,
        reduce_op: ReduceOp::Sum,
        world_size: 2,
        unroll: 1,
        chip: "sm_90".into(),
    }
}

/// A kernel that is right.
struct Sound {
    spec: KernelSpec,
    ptx: String,
}

impl Sound {
    fn new(algorithm: Algorithm, dtype: DType) -> Self {
        let spec = spec(algorithm, dtype);
        let image = compile(&create_context(), &spec, None).expect("it is sound");
        let ptx = image.ptx;
        Self { spec, ptx }
    }

    /// Returns the laws that some PTX of this kernel breaks, each once.
    fn laws(&self, ptx: &str) -> Vec<&'static str> {
        let violations = lint(&self.spec, ptx);
        let mut laws: Vec<_> = violations.iter().map(|violation| violation.law).collect();
        laws.sort_unstable();
        laws.dedup();
        laws
    }

    /// Returns the laws that are broken with one text in the place of another, where that first stands.
    fn with(&self, from: &str, to: &str) -> Vec<&'static str> {
        assert!(self.ptx.contains(from), "{from}");
        self.laws(&self.ptx.replacen(from, to, 1))
    }

    /// Returns the laws that are broken with one text in the place of another wherever that stands.
    fn with_all(&self, from: &str, to: &str) -> Vec<&'static str> {
        assert!(self.ptx.contains(from), "{from}");
        self.laws(&self.ptx.replace(from, to))
    }

    /// Returns the laws that are broken with one text in the place of another, where that last stands.
    fn with_last(&self, from: &str, to: &str) -> Vec<&'static str> {
        let place = self.ptx.rfind(from).expect(from);
        let (before, behind) = self.ptx.split_at(place);
        self.laws(&format!("{before}{}", behind.replacen(from, to, 1)))
    }

    /// Returns the first line that has all of some texts.
    fn line(&self, texts: &[&str]) -> &str {
        let has_all = |line: &&str| texts.iter().all(|text| line.contains(text));
        self.ptx.lines().find(has_all).expect("there is one")
    }
}

#[test]
fn kernels_of_every_form_are_sound() {
    let context = create_context();
    for (index, form) in Reduction::all().into_iter().enumerate() {
        let spec = KernelSpec {
            reduce_op: form.op,
            world_size: 2 + index as u32 % 3,
            ..spec(Algorithm::ALL[index % 4], form.dtype)
        };
        compile(&context, &spec, None).unwrap_or_else(|error| panic!("{error}"));
    }
}

/// LLVM spells the upper half of a word otherwise in the oldest PTX.
#[test]
fn kernels_in_the_oldest_ptx_of_a_chip_are_sound() {
    let context = create_context();
    let check = |chip: &str, dtype, reduce_op| {
        let spec = KernelSpec {
            reduce_op,
            chip: chip.into(),
            ..spec(Algorithm::OneShotPush, dtype)
        };
        let oldest = (70..=90).find(|version| Target::new(chip, Some(*version)).is_ok());
        compile(&context, &spec, oldest).unwrap_or_else(|error| panic!("{error}"));
    };
    for chip in Target::chips() {
        check(chip, DType::I32, ReduceOp::Sum);
    }
    for dtype in [DType::I16, DType::I64, DType::U8, DType::BF16] {
        check("sm_80", dtype, ReduceOp::Sum);
    }
    check("sm_80", DType::I8, ReduceOp::Avg);
}

#[test]
fn broken_kernels_are_not_handed_out() {
    let kernel = Sound::new(Algorithm::OneShotPull, DType::F32);
    let ptx = kernel.ptx.replacen("ld.global.v2", "ld.global.nc.v2", 1);
    let violations = lint(&kernel.spec, &ptx);
    let line = ptx
        .lines()
        .position(|line| line.contains(".nc."))
        .expect("it is there")
        + 1;
    let text = format!("line {line}: expected a coherent load, got ld.global.nc.v2.b64 (L5)");
    assert_eq!(violations[0].to_string(), text);
    let kernel = kernel.spec.name();
    let error = GpuError::Lint { kernel, violations };
    assert!(error.to_string().ends_with(&text), "{error}");
}

#[test]
fn what_is_not_known_is_refused() {
    let kernel = Sound::new(Algorithm::OneShotPush, DType::F32);
    for unknown in [
        "prefetch.global.L2 [%rd1];",
        "cp.async.bulk.wait_all 0;",
        "red.relaxed.sys.global.add.u32 [%rd1], 1;",
        "mov.b32 %r1, (1);",
        ".pragma \"nounroll\";",
        "bra $nowhere;",
        "}",
    ] {
        let ret = format!("{unknown}\n\tret;");
        assert!(kernel.with("ret;", &ret).contains(&"PTX"), "{unknown}");
    }
}

#[test]
fn loose_arithmetic_is_caught() {
    let kernel = Sound::new(Algorithm::OneShotPush, DType::F32);
    assert_eq!(kernel.with("add.rn.f32", "add.rn.ftz.f32"), ["L11"]);
    assert_eq!(kernel.with("add.rn.f32", "div.approx.f32"), ["L11"]);
    let add = kernel.line(&["add.rn.f32"]).trim();
    let fma = format!("{}, 0f3F800000;", add.trim_end_matches(';'));
    assert_eq!(kernel.with(add, &fma.replace("add", "fma")), ["L11"]);
}

#[test]
fn traps_are_caught() {
    let kernel = Sound::new(Algorithm::OneShotPush, DType::F32);
    assert_eq!(kernel.with("ret;", "@%p1 trap;\n\tret;"), ["L10"]);
    assert_eq!(kernel.with("ret;", "{ trap; }\n\tret;"), ["L10"]);
    assert_eq!(kernel.with("ret;", "brkpt;\n\tret;"), ["PTX"]);
}

#[test]
fn registers_of_two_scopes_are_two() {
    let program = ptx::parse(
        "a: { .reg .b32 t; mov.b32 t, 1; mov.b32 %r1, t; } // t\n{ .reg .b32 t; mov.b32 t, %r1; @!%p1 bra a; }\n",
    );
    assert_eq!(program.unread, []);
    let instructions = program.instructions.iter();
    let written: Vec<_> = instructions
        .flat_map(|instruction| instruction.results.iter().flatten())
        .collect();
    let lines: Vec<_> = program
        .instructions
        .iter()
        .map(|instruction| instruction.line)
        .collect();
    assert_eq!(lines, [1, 1, 2, 2]);
    assert_eq!(written.len(), 3);
    assert!(written[0] != written[2] && written[0] != written[1]);
    let jump = &program.instructions[3];
    assert_eq!(program.target(jump), Some(0));
    assert!(jump.guard.is_some_and(|(_, negated)| negated));
}
