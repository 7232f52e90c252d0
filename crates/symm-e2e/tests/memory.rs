// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Programs that want more memory than there is: they come back to their caller, from wherever they are.

use std::time::Duration;
use symm_e2e::compile;
use symm_runtime::{Failure, Tensor, World, WorldSpec, launch};

/// Every rank is out of memory, in a function that a loop calls; the buffer is written to before the collective.
const SOURCE: &str = "
    comm.group @tp size(2)
    func.func private @fill(%x: memref<8xf32>, %at: index) attributes {no_inline} {
      %buffer = memref.alloc() : memref<1125899906842624xf32>
      %value = memref.load %x[%at] : memref<8xf32>
      memref.store %value, %buffer[%at] : memref<1125899906842624xf32>
      %copied = memref.load %buffer[%at] : memref<1125899906842624xf32>
      memref.store %copied, %x[%at] : memref<8xf32>
      memref.dealloc %buffer : memref<1125899906842624xf32>
      return
    }
    func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
      %from = arith.constant 0 : index
      %to = arith.constant 8 : index
      %step = arith.constant 1 : index
      %buffer = bufferization.to_buffer %x : tensor<8xf32> to memref<8xf32>
      scf.for %i = %from to %to step %step {
        func.call @fill(%buffer, %i) : (memref<8xf32>, index) -> ()
      }
      %filled = bufferization.to_tensor %buffer restrict writable : memref<8xf32> to tensor<8xf32>
      %sum = c10d.all_reduce<sum> %filled on @tp : tensor<8xf32>
      %ready = c10d.wait_tensor %sum : tensor<8xf32>
      return %ready : tensor<8xf32>
    }
";

#[test]
fn a_program_without_memory_leaves_its_entry() {
    let program = compile(SOURCE, "");
    let spec = WorldSpec::new(program.manifest(), 2, Duration::from_secs(120), None).unwrap();
    let world = World::create(spec).unwrap();
    let error = launch::threads(&world, move |rank| {
        let entry = program.manifest().entry("main").unwrap().clone();
        let mut arguments = [Tensor::zeros(&entry.args[0])?];
        let mut results = [Tensor::zeros(&entry.results[0])?];
        Ok(rank
            .start(&program)?
            .run("main", &mut arguments, &mut results)?)
    })
    .unwrap_err();
    let failure = &error.report.failure;
    assert!(
        matches!(failure, Failure::HostMemory { bytes, .. } if *bytes >= 1 << 52),
        "{failure:?}"
    );
    assert!(error.stuck.is_empty(), "{:?} are parked", error.stuck);
}
