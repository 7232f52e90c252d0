// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Copies of buffers.

use super::compile_and_run;

/// Integers whose elements take more bytes than their bits need, and a copy that is changed.
fn program(element: &str) -> String {
    format!(
        "
        func.func @f(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {{
          %short = arith.fptosi %x : tensor<8xf32> to tensor<8x{element}>
          %copy = bufferization.alloc_tensor() copy(%short) : tensor<8x{element}>
          %one = arith.constant 1 : {element}
          %next = linalg.generic {{
            indexing_maps = [affine_map<(i) -> (i)>], iterator_types = [\"parallel\"]
          }} outs(%copy : tensor<8x{element}>) {{
          ^bb0(%out: {element}):
            %more = arith.addi %out, %one : {element}
            linalg.yield %more : {element}
          }} -> tensor<8x{element}>
          %0 = arith.sitofp %next : tensor<8x{element}> to tensor<8xf32>
          %1 = arith.sitofp %short : tensor<8x{element}> to tensor<8xf32>
          return %0, %1 : tensor<8xf32>, tensor<8xf32>
        }}"
    )
}

#[test]
fn copies_have_all_bytes_of_the_elements() {
    let x: Vec<f32> = (0..8).map(|value| value as f32 * 3.0 - 9.0).collect();
    let more: Vec<f32> = x.iter().map(|x| x + 1.0).collect();
    for element in ["i24", "i48"] {
        let run = compile_and_run(&program(element), "", std::slice::from_ref(&x));
        assert_eq!(run.results, [more.clone(), x.clone()], "{element}");
        assert_eq!(run.leaked, 0);
    }
}
