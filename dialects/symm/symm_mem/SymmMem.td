// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_SYMM_MEM
#define SYMM_SYMM_MEM

include "symm/comm/Collective.td"

def SymmMem_Dialect : Dialect {
  let name = "symm_mem";
  let cppNamespace = "::symm::symm_mem";
  let summary = "How: one algorithm per op, over symmetric memory";
  let description = [{
    Mirrors `torch.ops.symm_mem`, with the same names. Which operands must be in
    symmetric memory is part of each op's definition and follows from its
    protocol; `--place-symmetric-buffers` puts them there. Ops written by hand are
    never second-guessed: they are lowered as written. On memrefs, the output does
    not overlap the other operands.

    ```mlir
    %y = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>        // pull
    %z = symm_mem.one_shot_all_reduce<sum, push> %x on @tp : tensor<8xf32>
    ```
  }];
  let dependentDialects = ["::symm::comm::CommDialect"];
}

def SymmMem_OneShotAllReduceOp :
    Comm_CollectiveOp<SymmMem_Dialect, "one_shot_all_reduce", Comm_SameShape> {
  let summary = "all-reduce in one step: every rank reads or gets all inputs";
  let description = [{
    Mirrors `symm_mem.one_shot_all_reduce(input, reduce_op, group_name)` and its
    `_out` form. Every rank reduces all N inputs itself, in rank order, so all
    ranks have the same bits. With protocol `pull` the input must be in symmetric
    memory; with `push` it may live anywhere.

    ```mlir
    %y = symm_mem.one_shot_all_reduce<sum> %x on @tp : tensor<8xf32>
    symm_mem.one_shot_all_reduce<sum> ins(%x : memref<8xf32, #comm.symm_mem<@tp>>)
        outs(%y : memref<8xf32>) on @tp
    ```
  }];
  let arguments = (ins Comm_TensorOrMemRef:$input, Optional<AnyStridedMemRef>:$output,
                       FlatSymbolRefAttr:$group, Comm_ReduceOpAttr:$reduce_op,
                       DefaultValuedAttr<Comm_ProtocolAttr, "::symm::comm::Protocol::pull">:$protocol);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `` custom<Algorithm>($reduce_op, $protocol)
    custom<Collective>($input, type($input), $output, type($output),
                       type($result), $group, attr-dict)
  }];
  let symmetricOperands = [{
    if (getProtocol() == ::symm::comm::Protocol::pull) out.push_back(&getInputMutable());
  }];
}

def SymmMem_OneShotAllReduceCopyOp :
    Comm_CollectiveOp<SymmMem_Dialect, "one_shot_all_reduce_copy", Comm_SameShape> {
  let summary = "one-shot all-reduce through a symmetric staging buffer";
  let description = [{
    Mirrors `symm_mem.one_shot_all_reduce_copy(symm_buffer, local_input, reduce_op,
    group_name)` and its `_out` form: copies `input` into `symm_buffer`, which must
    be in symmetric memory and is overwritten, and reduces from there.

    ```mlir
    %y = symm_mem.one_shot_all_reduce_copy<sum> %buf, %x on @tp : tensor<8xf32>
    ```
  }];
  let arguments = (ins Comm_TensorOrMemRef:$symm_buffer, Comm_TensorOrMemRef:$input,
                       Optional<AnyStridedMemRef>:$output,
                       FlatSymbolRefAttr:$group, Comm_ReduceOpAttr:$reduce_op);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `` custom<ReduceOp>($reduce_op)
    custom<StagedCollective>($symm_buffer, type($symm_buffer), $input, type($input),
                             $output, type($output), type($result), $group, attr-dict)
  }];
  let symmetricOperands = "out.push_back(&getSymmBufferMutable());";
  let overwrittenOperands = "out.push_back(&getSymmBufferMutable());";
}

def SymmMem_TwoShotAllReduceOp :
    Comm_CollectiveOp<SymmMem_Dialect, "two_shot_all_reduce_", Comm_SameShape> {
  let summary = "all-reduce in place, in two steps: reduce-scatter, then all-gather";
  let description = [{
    Mirrors `symm_mem.two_shot_all_reduce_(input, reduce_op, group_name)`: rank r
    reduces shard r of all inputs, in rank order, and gives it to the others. The
    input is overwritten; on tensors the result takes its place. With protocol
    `pull` it must be in symmetric memory; with `push` it may live anywhere.

    ```mlir
    %y = symm_mem.two_shot_all_reduce_<sum> %x on @tp : tensor<8xf32>
    symm_mem.two_shot_all_reduce_<sum> inout(%x : memref<8xf32, #comm.symm_mem<@tp>>) on @tp
    ```
  }];
  let arguments = (ins Comm_TensorOrMemRef:$input, FlatSymbolRefAttr:$group,
                       Comm_ReduceOpAttr:$reduce_op,
                       DefaultValuedAttr<Comm_ProtocolAttr, "::symm::comm::Protocol::pull">:$protocol);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `` custom<Algorithm>($reduce_op, $protocol)
    custom<InPlaceCollective>($input, type($input), type($result), $group, attr-dict)
  }];
  let inPlace = 1;
  let outputBuffer = "::mlir::Value()";
  let symmetricOperands = [{
    if (getProtocol() == ::symm::comm::Protocol::pull) out.push_back(&getInputMutable());
  }];
}

def SymmMem_BarrierOp : Op<SymmMem_Dialect, "barrier", [
    MemoryEffects<[MemRead, MemWrite]>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "wait until every rank of the group is here";
  let description = [{
    Mirrors the handle method `barrier(channel)`: writes to symmetric memory by any
    rank before its barrier are visible to every rank after it.

    ```mlir
    symm_mem.barrier on @tp
    symm_mem.barrier on @tp channel(1)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$group,
                       DefaultValuedAttr<I64Attr, "0">:$channel);
  let assemblyFormat = "`on` $group (`channel` `(` $channel^ `)`)? attr-dict";
  let hasVerifier = 1;
}

#endif // SYMM_SYMM_MEM
