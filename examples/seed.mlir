// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Every rank doubles its 128x128 matrix and adds one; the all-reduce sums the results over the
// two ranks. With ones as input, every element of the sum is 6.

comm.group @world size(2) {symm_mem}

func.func @seed(%x: tensor<128x128xf32> loc("x")) -> tensor<128x128xf32> {
  %two = arith.constant dense<2.0> : tensor<128x128xf32>
  %one = arith.constant dense<1.0> : tensor<128x128xf32>
  %doubled = arith.mulf %x, %two : tensor<128x128xf32>
  %y = arith.addf %doubled, %one : tensor<128x128xf32>
  %sum = c10d.all_reduce<sum> %y on @world : tensor<128x128xf32>
  %done = c10d.wait_tensor %sum : tensor<128x128xf32>
  return %done : tensor<128x128xf32>
}
