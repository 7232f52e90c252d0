// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef SYMM_SHIMS_RUSTOPTIONS_H
#define SYMM_SHIMS_RUSTOPTIONS_H

#include "symm-c/Shims.h"

#include "mlir/CAPI/Support.h"
#include "mlir/Pass/PassOptions.h"

#include <memory>
#include <vector>

namespace symm {

/// The options of one pass or pipeline instance, in declaration order. They
/// are MLIR's own option objects, so parsing, defaults, help and errors are
/// MLIR's own as well.
class RustOptions {
public:
  /// Adds the declared options to `owner`; `Option` is the owner's own option
  /// class.
  template <template <typename> class Option, typename Owner>
  void add(Owner &owner, llvm::ArrayRef<SymmOptionDesc> descs) {
    for (const SymmOptionDesc &desc : descs) {
      switch (desc.kind) {
      case SYMM_OPTION_BOOL:
        addOne<Option, bool>(owner, desc, desc.boolDefault);
        break;
      case SYMM_OPTION_INT64:
        addOne<Option, int64_t>(owner, desc, desc.intDefault);
        break;
      case SYMM_OPTION_STRING:
        addOne<Option, std::string>(owner, desc,
                                    unwrap(desc.stringDefault).str());
        break;
      }
    }
  }

  /// Returns the value of the option at `index`, whose type the caller knows.
  template <typename T>
  const T &get(intptr_t index) const {
    return static_cast<Storage<T> *>(values[index])->getValue();
  }

private:
  template <typename T>
  using Storage = llvm::cl::opt_storage<T, false, std::is_class_v<T>>;

  template <template <typename> class Option, typename T, typename Owner>
  void addOne(Owner &owner, const SymmOptionDesc &desc, T init) {
    auto option = std::make_shared<Option<T>>(owner, unwrap(desc.name),
                                              llvm::cl::desc(unwrap(desc.help)),
                                              llvm::cl::init(init));
    values.push_back(static_cast<Storage<T> *>(option.get()));
    owned.push_back(std::move(option));
  }

  std::vector<std::shared_ptr<void>> owned;
  std::vector<void *> values;
};

} // namespace symm

#endif // SYMM_SHIMS_RUSTOPTIONS_H
