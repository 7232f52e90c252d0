// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm-c/Shims.h"

#include "mlir/CAPI/IR.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

bool symmLinalgGeneralize(MlirOperation op) {
  auto named = dyn_cast<linalg::LinalgOp>(unwrap(op));
  if (!named)
    return false;
  IRRewriter rewriter(named->getContext());
  rewriter.setInsertionPoint(named);
  return succeeded(linalg::generalizeNamedOp(rewriter, named));
}

bool symmMathApproximate(MlirOperation op) {
  RewritePatternSet patterns(unwrap(op)->getContext());
  auto all = [](StringRef) { return true; };
  populateMathF32ExpansionPatterns(patterns, all);
  populateMathPolynomialApproximationPatterns(patterns, all);
  return succeeded(applyPatternsGreedily(unwrap(op), std::move(patterns)));
}
