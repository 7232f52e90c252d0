// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm-c/Shims.h"

#include "mlir/CAPI/IR.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

bool symmLinalgGeneralize(MlirOperation op) {
  auto named = dyn_cast<linalg::LinalgOp>(unwrap(op));
  if (!named)
    return false;
  IRRewriter rewriter(named->getContext());
  rewriter.setInsertionPoint(named);
  return succeeded(linalg::generalizeNamedOp(rewriter, named));
}

bool symmLinalgDecomposeAggregate(MlirOperation op) {
  auto aggregate = dyn_cast<linalg::AggregatedOpInterface>(unwrap(op));
  if (!aggregate)
    return false;
  IRRewriter rewriter(aggregate->getContext());
  rewriter.setInsertionPoint(aggregate);
  FailureOr<SmallVector<Value>> results = aggregate.decomposeOperation(rewriter);
  if (failed(results))
    return false;
  rewriter.replaceOp(aggregate, *results);
  return true;
}

bool symmLinalgIsAggregate(MlirOperation op) {
  return isa<linalg::AggregatedOpInterface>(unwrap(op));
}

bool symmLinalgLowerPacking(MlirOperation op) {
  IRRewriter rewriter(unwrap(op)->getContext());
  rewriter.setInsertionPoint(unwrap(op));
  if (auto pack = dyn_cast<linalg::PackOp>(unwrap(op)))
    return succeeded(linalg::lowerPack(rewriter, pack));
  auto unpack = dyn_cast<linalg::UnPackOp>(unwrap(op));
  return unpack && succeeded(linalg::lowerUnPack(rewriter, unpack));
}
