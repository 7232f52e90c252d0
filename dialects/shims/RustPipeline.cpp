// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RustOptions.h"

#include "mlir/CAPI/Pass.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace {

template <typename T>
using PipelineOption = detail::PassOptions::Option<T>;

/// The options of a pipeline whose builder is a Rust function.
struct RustPipelineOptions : detail::PassOptions {
  explicit RustPipelineOptions(const SymmPipelineDesc &desc) {
    options.add<PipelineOption>(*this, {desc.options, size_t(desc.nOptions)});
  }

  symm::RustOptions options;
};

symm::RustOptions &unwrap(SymmPipelineOptionsRef options) {
  return static_cast<RustPipelineOptions *>(options.ptr)->options;
}

} // namespace

void symmRegisterPipeline(const SymmPipelineDesc *desc) {
  auto build = [desc](OpPassManager &pm, StringRef text,
                      function_ref<LogicalResult(const Twine &)> onError) {
    RustPipelineOptions options(*desc);
    if (failed(options.parseFromString(text)))
      return failure();
    auto report = [](MlirStringRef message, void *data) {
      (void)(*static_cast<function_ref<LogicalResult(const Twine &)> *>(data))(
          unwrap(message));
    };
    return success(desc->build(wrap(&pm), SymmPipelineOptionsRef{&options},
                               report, &onError, desc->userData));
  };
  auto forOptions =
      [desc](function_ref<void(const detail::PassOptions &)> handler) {
        handler(RustPipelineOptions(*desc));
      };
  registerPassPipeline(unwrap(desc->argument), unwrap(desc->description), build,
                       forOptions);
}

bool symmPipelineGetBool(SymmPipelineOptionsRef options, intptr_t index) {
  return unwrap(options).get<bool>(index);
}

int64_t symmPipelineGetInt64(SymmPipelineOptionsRef options, intptr_t index) {
  return unwrap(options).get<int64_t>(index);
}

MlirStringRef symmPipelineGetString(SymmPipelineOptionsRef options,
                                    intptr_t index) {
  return wrap(unwrap(options).get<std::string>(index));
}
