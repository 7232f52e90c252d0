// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_C10D
#define SYMM_C10D

include "symm/comm/Collective.td"

def C10d_Dialect : Dialect {
  let name = "c10d";
  let cppNamespace = "::symm::c10d";
  let summary = "What: functional collectives on tensors or memrefs";
  let description = [{
    Mirrors `torch.ops._c10d_functional`, op for op, with the same names. Each op
    has two forms: on tensors it returns a new tensor, on memrefs it writes `outs`,
    which is the very value of `ins` or does not overlap it.

    ```mlir
    %y = c10d.all_reduce<sum> %x on @tp : tensor<8xf32>
    c10d.all_reduce<sum> ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) on @tp
    ```

    An op has read its input when it returns, in the order of the stream that it
    runs on; only the result has to be waited for.

    The group size of torch's operands is the group's own. Every rank of the group
    must execute the same collectives in the same order.
  }];
  let dependentDialects = ["::symm::comm::CommDialect"];
}

/// One input, one result or output.
class C10d_Op<string mnemonic, Comm_ShapeRule rule, dag extra = (ins),
              string format = ""> :
    Comm_CollectiveOp<C10d_Dialect, mnemonic, rule> {
  let arguments = !con((ins Comm_TensorOrMemRef:$input,
                            Optional<AnyStridedMemRef>:$output,
                            FlatSymbolRefAttr:$group), extra);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = format # [{
    custom<Collective>($input, type($input), $output, type($output),
                       type($result), $group, attr-dict)
  }];
  let async = 1;
}

class C10d_ReduceOp<string mnemonic, Comm_ShapeRule rule> :
    C10d_Op<mnemonic, rule, (ins Comm_ReduceOpAttr:$reduce_op),
            "`` custom<ReduceOp>($reduce_op)">;

def C10d_AllReduceOp : C10d_ReduceOp<"all_reduce", Comm_SameShape> {
  let summary = "reduce over the ranks; every rank gets the result";
  let description = [{
    Mirrors `_c10d_functional.all_reduce(input, reduce_op, group_name)`.

    ```mlir
    %y = c10d.all_reduce<sum> %x on @tp : tensor<8x4096xbf16>
    ```
  }];
}

def C10d_AllGatherIntoTensorOp : C10d_Op<"all_gather_into_tensor", Comm_GatherShape> {
  let summary = "concatenate the ranks' inputs on dimension 0";
  let description = [{
    Mirrors `_c10d_functional.all_gather_into_tensor(input, group_size, group_name)`.

    ```mlir
    %y = c10d.all_gather_into_tensor %x on @tp : tensor<2x4xf32> -> tensor<8x4xf32>
    ```
  }];
}

def C10d_ReduceScatterTensorOp : C10d_ReduceOp<"reduce_scatter_tensor", Comm_ScatterShape> {
  let summary = "reduce over the ranks; rank r gets chunk r of dimension 0";
  let description = [{
    Mirrors `_c10d_functional.reduce_scatter_tensor(input, reduce_op, group_size, group_name)`.

    ```mlir
    %y = c10d.reduce_scatter_tensor<sum> %x on @tp : tensor<8x4xf32> -> tensor<2x4xf32>
    ```
  }];
}

def C10d_AllToAllSingleOp : C10d_Op<"all_to_all_single", Comm_ExchangeShape> {
  let summary = "chunk j of dimension 0 goes to rank j";
  let description = [{
    Mirrors `_c10d_functional.all_to_all_single` with equal splits, as torch does
    when no split sizes are given: chunk j of rank r's result is chunk r of rank
    j's input.

    ```mlir
    %y = c10d.all_to_all_single %x on @tp : tensor<8x4xf32>
    ```
  }];
}

def C10d_BroadcastOp : C10d_Op<"broadcast", Comm_SameShape, (ins I64Attr:$src),
                               "`src` `(` $src `)`"> {
  let summary = "every rank gets the input of one rank";
  let description = [{
    Mirrors `_c10d_functional.broadcast(input, src, group_name)`; `src` is a rank
    of the group.

    ```mlir
    %y = c10d.broadcast src(0) %x on @tp : tensor<8xf32>
    ```
  }];
}

def C10d_WaitTensorOp : Op<C10d_Dialect, "wait_tensor", [
    BufferizableOpInterface, MemoryEffectsOpInterface]> {
  let summary = "wait until the result of a collective is there";
  let description = [{
    Mirrors `_c10d_functional.wait_tensor(input)`. On a tensor it returns it; on a
    memref it has no result. A wait for something that no collective of this
    dialect made is folded away.

    ```mlir
    %z = c10d.wait_tensor %y : tensor<8xf32>
    ```
  }];
  let arguments = (ins Comm_TensorOrMemRef:$input);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = "custom<Wait>($input, type($input), type($result), attr-dict)";
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    void getEffects(::llvm::SmallVectorImpl<
        ::mlir::SideEffects::EffectInstance<::mlir::MemoryEffects::Effect>> &effects);
    bool bufferizesToMemoryRead(::mlir::OpOperand &,
                                const ::mlir::bufferization::AnalysisState &) { return true; }
    bool bufferizesToMemoryWrite(::mlir::OpOperand &,
                                 const ::mlir::bufferization::AnalysisState &) { return false; }
    ::mlir::bufferization::AliasingValueList getAliasingValues(
        ::mlir::OpOperand &, const ::mlir::bufferization::AnalysisState &);
    ::llvm::LogicalResult bufferize(
        ::mlir::RewriterBase &rewriter,
        const ::mlir::bufferization::BufferizationOptions &options,
        ::mlir::bufferization::BufferizationState &state);
  }];
}

#endif // SYMM_C10D
