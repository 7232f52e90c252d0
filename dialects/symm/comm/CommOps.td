// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_COMM_OPS
#define SYMM_COMM_OPS

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "symm/comm/CommAccesses.td"
include "symm/comm/CommAttrs.td"

def Comm_GroupOp : Comm_Op<"group", [Symbol]> {
  let summary = "a process group";
  let description = [{
    Declares a process group of `size` ranks. Without `ranks` its members are the
    world's ranks 0 … size−1; with it, member i is rank `ranks[i]` of the world.
    `symm_mem` enables symmetric memory for the group: each member can address
    the others' buffers.

    An op names the group of the nearest module around it that has one of that
    name; a kernel in a `gpu.module` names those of the module outside.

    ```mlir
    comm.group @tp size(4) {symm_mem}
    comm.group @even size(2) {ranks = [0, 2]}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       OptionalAttr<StrAttr>:$sym_visibility,
                       I64Attr:$size, UnitAttr:$symm_mem,
                       OptionalAttr<I64ArrayAttr>:$ranks);
  let assemblyFormat = "$sym_name `size` `(` $size `)` attr-dict";
  let hasVerifier = 1;
}

/// A kernel primitive: it names a group, which must exist and have symmetric memory.
class Comm_Primitive<string mnemonic, list<Trait> traits = []> :
    Comm_Op<mnemonic, traits # [DeclareOpInterfaceMethods<SymbolUserOpInterface>]>;

def Comm_RankOp : Comm_Primitive<"rank", [Pure]> {
  let summary = "this rank's number in a group";
  let description = [{
    The same wherever a rank asks. All ranks run a program, also those that are not in
    the group: they get 4294967295, 2³² − 1, which is no member's number. So
    `arith.cmpi ult` with the group's size says whether this rank is a member.
  }];
  let arguments = (ins FlatSymbolRefAttr:$group);
  let results = (outs Index:$result);
  let assemblyFormat = "`on` $group attr-dict";
}

def Comm_NextEpochOp : Comm_Primitive<"next_epoch", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "begin the next epoch of a group";
  let description = [{
    Advances this rank's epoch of the group by one, modulo 2³², and returns it.
    All members execute the same sequence of epochs, so equal epochs mean the same
    point of the program. Epochs are compared wrap-safely.
  }];
  let arguments = (ins FlatSymbolRefAttr:$group);
  let results = (outs I32:$result);
  let assemblyFormat = "`on` $group attr-dict";
}

def Comm_SignalOp : Comm_Primitive<"signal", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "tell a peer that this rank has reached an epoch";
  let description = [{
    Stores `epoch` into the peer's signal pad, in the word that belongs to this
    rank, with release semantics at system scope (law L1): what this thread wrote
    before is visible to a peer that has seen the signal.
  }];
  let arguments = (ins Index:$peer, I32:$epoch, FlatSymbolRefAttr:$group);
  let assemblyFormat = "$peer `,` $epoch `on` $group attr-dict";
}

def Comm_WaitOp : Comm_Primitive<"wait", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "wait until a peer has reached an epoch";
  let description = [{
    Polls this rank's signal pad, in the word that belongs to `peer`, with acquire
    semantics at system scope until it has reached `epoch`. Every wait has a bound
    (law L10): the result is false when it ran out or the group failed; then the
    data must not be touched.
  }];
  let arguments = (ins Index:$peer, I32:$epoch, FlatSymbolRefAttr:$group);
  let results = (outs I1:$arrived);
  let assemblyFormat = "$peer `,` $epoch `on` $group attr-dict";
}

def Comm_PeerOp : Comm_Primitive<"peer", [Pure, AllTypesMatch<["buffer", "result"]>]> {
  let summary = "a peer's copy of a symmetric buffer";
  let description = [{
    Returns the buffer that lies at the same offset in the heap of group member
    `peer`. Its contents may be read only between the barriers of a protocol. `peer`
    must be less than the group's size: `--check-program` refuses another constant, and
    any other value leads to memory that is not the group's, or to none.
  }];
  let arguments = (ins AnyStridedMemRef:$buffer, Index:$peer);
  let results = (outs AnyStridedMemRef:$result);
  let assemblyFormat = "$buffer `at` $peer attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

#endif // SYMM_COMM_OPS
