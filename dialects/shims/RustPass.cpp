// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RustOptions.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Pass.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace {

template <typename T>
using PassOption = Pass::Option<T>;

/// A pass whose body is a Rust function.
class RustPass : public Pass {
public:
  explicit RustPass(const SymmPassDesc &desc)
      : Pass(unwrap(desc.id), desc.opName.length
                                  ? std::optional(unwrap(desc.opName))
                                  : std::nullopt),
        desc(desc) {
    options.add<PassOption>(*this, {desc.options, size_t(desc.nOptions)});
    for (const SymmStatisticDesc &s :
         llvm::ArrayRef(desc.statistics, desc.nStatistics))
      statistics.push_back(
          std::make_unique<Statistic>(this, s.name, s.description));
  }

  StringRef getName() const override { return unwrap(desc.name); }
  StringRef getArgument() const override { return unwrap(desc.argument); }
  StringRef getDescription() const override { return unwrap(desc.description); }

  void getDependentDialects(DialectRegistry &registry) const override {
    for (MlirDialectHandle dialect :
         llvm::ArrayRef(desc.dialects, desc.nDialects))
      mlirDialectHandleInsertDialect(dialect, wrap(&registry));
  }

  bool canScheduleOn(RegisteredOperationName name) const override {
    return !getOpName() || name.getStringRef() == *getOpName();
  }

  // Pass::clone copies the option values afterwards.
  std::unique_ptr<Pass> clonePass() const override {
    return std::make_unique<RustPass>(desc);
  }

  void runOnOperation() override {
    desc.run(wrap(getOperation()), SymmPassRef{this}, desc.userData);
  }

  using Pass::markAllAnalysesPreserved;
  using Pass::signalPassFailure;

  symm::RustOptions options;
  std::vector<std::unique_ptr<Statistic>> statistics;

private:
  const SymmPassDesc &desc;
};

RustPass &unwrap(SymmPassRef pass) {
  return *static_cast<RustPass *>(pass.ptr);
}

} // namespace

void symmRegisterPass(const SymmPassDesc *desc) {
  registerPass([desc] { return std::make_unique<RustPass>(*desc); });
}

MlirPass symmCreatePass(const SymmPassDesc *desc, MlirStringRef options,
                        MlirStringCallback onError, void *errorData) {
  auto pass = std::make_unique<RustPass>(*desc);
  auto report = [&](const Twine &message) {
    std::string text = message.str();
    onError(wrap(text), errorData);
    return failure();
  };
  if (failed(pass->initializeOptions(unwrap(options), report)))
    return MlirPass{nullptr};
  return wrap(pass.release());
}

bool symmPassGetBool(SymmPassRef pass, intptr_t index) {
  return unwrap(pass).options.get<bool>(index);
}

int64_t symmPassGetInt64(SymmPassRef pass, intptr_t index) {
  return unwrap(pass).options.get<int64_t>(index);
}

MlirStringRef symmPassGetString(SymmPassRef pass, intptr_t index) {
  return wrap(unwrap(pass).options.get<std::string>(index));
}

void symmPassAddStatistic(SymmPassRef pass, intptr_t index, uint64_t value) {
  *unwrap(pass).statistics[index] += value;
}

void symmPassSignalFailure(SymmPassRef pass) {
  unwrap(pass).signalPassFailure();
}

void symmPassMarkAllAnalysesPreserved(SymmPassRef pass) {
  unwrap(pass).markAllAnalysesPreserved();
}
