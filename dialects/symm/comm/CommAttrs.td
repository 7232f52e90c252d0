// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_COMM_ATTRS
#define SYMM_COMM_ATTRS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "symm/comm/CommBase.td"

class Comm_Attr<string name, string attrMnemonic> : AttrDef<Comm_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Comm_SymmMemAttr : Comm_Attr<"SymmMem", "symm_mem"> {
  let summary = "symmetric memory of a process group";
  let description = [{
    Says that a buffer lives, or must live, in the symmetric memory of `group`: at
    the same offset in the heap of every rank, mapped by all of them.

    ```mlir
    %a = memref.alloc() {comm.symm_mem = #comm.symm_mem<@tp>} : memref<8xf32>  // request
    %b = memref.alloc() : memref<8xf32, #comm.symm_mem<@tp>>                   // proof
    ```
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$group);
  let assemblyFormat = "`<` $group `>`";
}

def Comm_ReduceOpEnum : I32EnumAttr<"ReduceOp", "reduction over ranks", [
    I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"avg", 1>,
    I32EnumAttrCase<"product", 2>, I32EnumAttrCase<"min", 3>,
    I32EnumAttrCase<"max", 4>, I32EnumAttrCase<"band", 5>,
    I32EnumAttrCase<"bor", 6>, I32EnumAttrCase<"bxor", 7>]> {
  let cppNamespace = "::symm::comm";
  let genSpecializedAttr = 0;
}

def Comm_ReduceOpAttr : EnumAttr<Comm_Dialect, Comm_ReduceOpEnum, "reduce_op"> {
  let summary = "reduction over ranks";
  let description = [{
    Reductions fold the ranks' values in group-rank order, starting from rank 0's
    value. f16, bf16, f8 and f32 accumulate in fp32 and round once; f64 in f64;
    integers wrap in their own width. `avg` divides the sum by the group size
    (integers truncate toward zero). `min` and `max` of floats propagate NaN and
    order −0.0 below +0.0.

    | element types | reductions |
    |---|---|
    | f16, bf16, f32, f64 | sum, avg, product, min, max |
    | f8E4M3FN, f8E5M2 | sum, min, max |
    | `complex<f32>`, `complex<f64>` | sum, avg |
    | i8, ui8, i16, i32, i64 | all |
    | i1 | all but avg |
  }];
  let assemblyFormat = "`<` $value `>`";
}

def Comm_ProtocolEnum : I32EnumAttr<"Protocol", "who moves the data", [
    I32EnumAttrCase<"pull", 0>, I32EnumAttrCase<"push", 1>]> {
  let cppNamespace = "::symm::comm";
  let genSpecializedAttr = 0;
}

def Comm_ProtocolAttr : EnumAttr<Comm_Dialect, Comm_ProtocolEnum, "protocol"> {
  let summary = "who moves the data";
  let description = [{
    `pull` reads the peers' operands, so these must be in symmetric memory and
    nothing is copied; it is torch's contract and the default. `push` stores into
    slots of the peers' heaps, so the operand may live anywhere and the slots are
    the symmetric memory.
  }];
  let assemblyFormat = "`<` $value `>`";
}

def Comm_MemOrderEnum : I32EnumAttr<"MemOrder", "order of an access of memory", [
    I32EnumAttrCase<"Volatile", 0, "volatile">, I32EnumAttrCase<"Relaxed", 1, "relaxed">,
    I32EnumAttrCase<"Acquire", 2, "acquire">, I32EnumAttrCase<"Release", 3, "release">]> {
  let cppNamespace = "::symm::comm";
  let genSpecializedAttr = 0;
}

def Comm_MemOrderAttr : EnumAttr<Comm_Dialect, Comm_MemOrderEnum, "mem_order"> {
  let summary = "order of an access of memory";
  let description = [{
    What PTX calls the semantics of a strong access. The scope is always the
    system: every rank may be on the other side. `volatile` is `relaxed` for words
    that no peer touches, but other blocks of this GPU did.
  }];
  let assemblyFormat = "`<` $value `>`";
}

#endif // SYMM_COMM_ATTRS
