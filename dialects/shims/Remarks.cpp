// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm-c/Shims.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using remark::detail::InFlightRemark;
using remark::detail::Remark;

bool symmRemarksEnabled(MlirContext context) {
  return unwrap(context)->getRemarkEngine() != nullptr;
}

static InFlightRemark emit(SymmRemarkKind kind, Location loc,
                           remark::RemarkOpts opts) {
  switch (kind) {
  case SYMM_REMARK_PASSED:
    return remark::passed(loc, opts);
  case SYMM_REMARK_MISSED:
    return remark::missed(loc, opts);
  case SYMM_REMARK_FAILED:
    return remark::failed(loc, opts);
  case SYMM_REMARK_ANALYSIS:
    return remark::analysis(loc, opts);
  }
  llvm_unreachable("unknown remark kind");
}

void symmEmitRemark(const SymmRemark *raw) {
  Location loc = unwrap(raw->location);
  // The engine may keep a remark until the context dies, and it keeps
  // references: the context owns the strings.
  auto intern = [&](MlirStringRef text) {
    return StringAttr::get(loc.getContext(), unwrap(text)).getValue();
  };
  InFlightRemark remark = emit(raw->kind, loc,
                               remark::RemarkOpts::name(intern(raw->name))
                                   .category(intern(raw->category))
                                   .function(intern(raw->function)));
  for (const SymmRemarkArg &arg : llvm::ArrayRef(raw->args, raw->nArgs))
    remark << Remark::Arg(unwrap(arg.key), unwrap(arg.value));
}

namespace {

/// Hands every remark to a callback.
class CallbackStreamer : public remark::detail::MLIRRemarkStreamerBase {
public:
  using Callback = void (*)(const SymmRemark *, void *);

  CallbackStreamer(Callback callback, void *userData)
      : callback(callback), userData(userData) {}

  void streamOptimizationRemark(const Remark &remark) override {
    SmallVector<SymmRemarkArg> args;
    for (const Remark::Arg &arg : remark.getArgs())
      args.push_back({wrap(StringRef(arg.key)), wrap(StringRef(arg.val))});
    SymmRemark raw{kind(remark),
                   wrap(remark.getLocation()),
                   wrap(remark.getRemarkName()),
                   wrap(remark.getCombinedCategoryName()),
                   wrap(remark.getFunction()),
                   args.data(),
                   intptr_t(args.size())};
    callback(&raw, userData);
  }

private:
  static SymmRemarkKind kind(const Remark &remark) {
    switch (remark.getRemarkType()) {
    case llvm::remarks::Type::Passed:
      return SYMM_REMARK_PASSED;
    case llvm::remarks::Type::Missed:
      return SYMM_REMARK_MISSED;
    case llvm::remarks::Type::Failure:
      return SYMM_REMARK_FAILED;
    default:
      return SYMM_REMARK_ANALYSIS;
    }
  }

  Callback callback;
  void *userData;
};

} // namespace

bool symmContextCollectRemarks(MlirContext context, MlirStringRef categories,
                               void (*callback)(const SymmRemark *, void *),
                               void *userData) {
  MLIRContext &ctx = *unwrap(context);
  if (ctx.getRemarkEngine())
    return false;
  // `all` alone enables no kind: each kind has to be named.
  std::string filter = unwrap(categories).str();
  remark::RemarkCategories cats{std::nullopt, filter, filter, filter, filter};
  return succeeded(remark::enableOptimizationRemarks(
      ctx, std::make_unique<CallbackStreamer>(callback, userData),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), cats));
}
