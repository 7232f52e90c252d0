// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Verifiers of the accesses of memory that other ranks reach.

#include "symm/comm/Comm.h"

using namespace mlir;
using namespace symm::comm;

/// The widest access of a GPU, in bytes.
static constexpr int64_t kWidest = 16;

static LogicalResult verifyOffset(Operation *op, int64_t offset, int64_t bytes) {
  if (offset % bytes == 0)
    return success();
  return op->emitOpError("expected an offset that is a multiple of ")
         << bytes << " bytes, got " << offset;
}

/// Checks an access of some words that orders others only if its order is `ordering`.
static LogicalResult verifyAccess(Operation *op, MemOrder order, MemOrder ordering,
                                  TypeRange words, int64_t offset) {
  if (order != MemOrder::Volatile && order != MemOrder::Relaxed && order != ordering)
    return op->emitOpError("cannot be ") << stringifyMemOrder(order);
  if (words.size() != 1 && words.size() != 2 && words.size() != 4)
    return op->emitOpError("expected 1, 2 or 4 words, got ") << words.size();
  if (!llvm::all_equal(words))
    return op->emitOpError("expected words of one type, got ") << words;
  int64_t bytes = words.size() * words.front().getIntOrFloatBitWidth() / 8;
  if (bytes > kWidest)
    return op->emitOpError("expected at most ") << kWidest << " bytes, got " << bytes;
  if (order == ordering && words.size() != 1)
    return op->emitOpError("expected one word, for only a word is atomic, got ")
           << words.size();
  return verifyOffset(op, offset, bytes);
}

LogicalResult LoadOp::verify() {
  return verifyAccess(*this, getOrder(), MemOrder::Acquire, getWords().getTypes(),
                      static_cast<int64_t>(getOffset()));
}

LogicalResult StoreOp::verify() {
  if (getAddresses().empty())
    return emitOpError("expected an address");
  return verifyAccess(*this, getOrder(), MemOrder::Release, getWords().getTypes(),
                      static_cast<int64_t>(getOffset()));
}

LogicalResult CompareExchangeOp::verify() {
  return verifyOffset(*this, static_cast<int64_t>(getOffset()),
                      getResult().getType().getIntOrFloatBitWidth() / 8);
}
