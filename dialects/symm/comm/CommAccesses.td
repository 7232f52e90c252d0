// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Accesses of memory that other ranks reach: what the protocols of GPU kernels are written in.

#ifndef SYMM_COMM_ACCESSES
#define SYMM_COMM_ACCESSES

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "symm/comm/CommAttrs.td"

class Comm_Op<string mnemonic, list<Trait> traits = []> :
    Op<Comm_Dialect, mnemonic, traits>;

/// An access at an address of global memory. It both reads and writes as far as passes know, so that none is merged,
/// dropped, hoisted out of a poll loop or moved over another.
class Comm_AccessOp<string mnemonic, list<Trait> traits = []> :
    Comm_Op<mnemonic, traits # [MemoryEffects<[MemRead, MemWrite]>]> {
  let hasVerifier = 1;
}

def Comm_Word : AnyTypeOf<[I32, I64], "32- or 64-bit signless integer">;

def Comm_LoadOp : Comm_AccessOp<"load"> {
  let summary = "read words that other ranks write";
  let description = [{
    Reads 1, 2 or 4 words of one type, 16 bytes at most, by one access of global
    memory at `address` plus `offset` bytes, which must be aligned to all of them.
    Only each word is atomic: the words of one access may be of different times, so a
    poll checks every word that it uses (law L3). Never a non-coherent load (law L5).

    An `acquire` reads one word (law L1): what the writer wrote before its `release`
    of the value read is visible afterwards.

    Addresses are integers, so that no pass derives from a pointer what does not hold
    for memory that peers write.

    ```mlir
    %words:2 = comm.load<relaxed> %slot : i64, i64
    %seen = comm.load<acquire> %pad offset(4) : i32
    ```
  }];
  let arguments = (ins Comm_MemOrderAttr:$order, I64:$address,
                       DefaultValuedAttr<I64Attr, "0">:$offset);
  let results = (outs Variadic<Comm_Word>:$words);
  let assemblyFormat = [{
    `` $order $address (`offset` `(` $offset^ `)`)? attr-dict `:` type($words)
  }];
}

def Comm_StoreOp : Comm_AccessOp<"store", [AttrSizedOperandSegments]> {
  let summary = "write words that other ranks read";
  let description = [{
    Writes 1, 2 or 4 words of one type, 16 bytes at most, to each of `addresses` plus
    `offset` bytes, in their order and by one access of global memory each. Atomicity
    and alignment are those of `comm.load`.

    A `release` writes one word (law L1): who reads it by `acquire` sees what this
    thread wrote before. What other threads of its block wrote needs a block barrier
    between (law L2).

    ```mlir
    comm.store<relaxed> %low, %high to %slot0, %slot1 : i64, i64
    comm.store<release> %epoch to %pad : i32
    ```
  }];
  let arguments = (ins Comm_MemOrderAttr:$order, Variadic<Comm_Word>:$words,
                       Variadic<I64>:$addresses,
                       DefaultValuedAttr<I64Attr, "0">:$offset);
  let assemblyFormat = [{
    `` $order $words `to` $addresses (`offset` `(` $offset^ `)`)? attr-dict `:` type($words)
  }];
}

def Comm_CompareExchangeOp : Comm_AccessOp<"compare_exchange", [
    AllTypesMatch<["expected", "desired", "result"]>]> {
  let summary = "replace a word if it has a value";
  let description = [{
    Writes `desired` to the word at `address` plus `offset` bytes if it is `expected`,
    atomically at system scope and without ordering other accesses; returns the word
    as it was.

    ```mlir
    %before = comm.compare_exchange %state, %zero, %one offset(8) : i32
    ```
  }];
  let arguments = (ins I64:$address, Comm_Word:$expected, Comm_Word:$desired,
                       DefaultValuedAttr<I64Attr, "0">:$offset);
  let results = (outs Comm_Word:$result);
  let assemblyFormat = [{
    $address `,` $expected `,` $desired (`offset` `(` $offset^ `)`)? attr-dict `:` type($result)
  }];
}

#endif // SYMM_COMM_ACCESSES
