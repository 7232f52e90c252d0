// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Hosts whose threads compute with floats in ways of their own: results are the same bits, and the threads stay as they were.

#![cfg(target_arch = "x86_64")]

use std::{arch::asm, time::Duration};
use symm_e2e::compile;
use symm_runtime::{Tensor, World, WorldSpec, launch};

const SOURCE: &str = "
    comm.group @tp size(2)
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %sum = c10d.all_reduce<sum> %x on @tp : tensor<2xf32>
      %ready = c10d.wait_tensor %sum : tensor<2xf32>
      return %ready : tensor<2xf32>
    }
";

/// Round up, flush subnormal results to zero, take subnormal operands as zero, trap nothing.
const OTHER: u32 = 0xdfc0;

fn set(mxcsr: u32) {
    // SAFETY: the instruction sets how this thread computes.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const mxcsr) }
}

fn get() -> u32 {
    let mut mxcsr = 0_u32;
    // SAFETY: the instruction stores into the variable.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr) }
    mxcsr
}

#[test]
fn threads_that_round_another_way_get_the_same_bits() {
    let program = compile(SOURCE, "");
    let spec = WorldSpec::new(program.manifest(), 2, Duration::from_secs(120), None).unwrap();
    let world = World::create(spec).unwrap();
    let sums = launch::threads(&world, move |rank| {
        let entry = program.manifest().entry("main").unwrap().clone();
        let is_odd = rank.number() == 1;
        let mut arguments = [Tensor::zeros(&entry.args[0])?];
        // Subnormal, and a half of what the sum of the others can hold.
        let values: [f32; 2] = [1e-40, if is_odd { 1e-9 } else { 1.0 }];
        arguments[0].copy_from_slice(&values.map(f32::to_le_bytes).concat());
        let mut results = [Tensor::zeros(&entry.results[0])?];
        let session = rank.start(&program)?;
        if is_odd {
            set(OTHER);
        }
        session.run("main", &mut arguments, &mut results)?;
        let after = get();
        // Exceptions that were raised are the six lowest bits.
        assert!(!is_odd || after & !0x3f == OTHER & !0x3f, "{after:#x}");
        set(0x1f80);
        Ok(results[0].to_vec())
    })
    .unwrap();
    let expected: [f32; 2] = [1e-40 + 1e-40, 1.0 + 1e-9];
    let expected = expected.map(f32::to_le_bytes).concat();
    assert_eq!(sums, [expected.clone(), expected]);
}
