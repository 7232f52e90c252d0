// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Included ahead of every file that GCC compiles.
//
// MLIR identifies an op trait by the name that the compiler gives to
// `Trait<Empty>`, where `Empty` is a class local to `TypeID::get`. Clang, which
// built Debian's libMLIR, calls it `mlir::OpTrait::SymbolTable<Empty>`; GCC spells
// out the function around `Empty`. Where the linker merges the variables of both
// this goes unnoticed, but Rust programs and plugins export no C++ symbol for it to
// merge. Without what follows, no trait of an op would be seen across the border
// between libMLIR and code that GCC compiled: a terminator would be none, a module
// no symbol table.

#ifndef SYMM_SHIMS_GCCTYPENAMES_H
#define SYMM_SHIMS_GCCTYPENAMES_H

#if defined(__GNUC__) && !defined(__clang__)

#include "mlir/Support/TypeID.h"

#include <string>

namespace symm::gcc {

/// Says whether `T` is the local class `Empty` of `mlir::TypeID::get`.
template <typename T>
constexpr bool isTraitArgument() {
  std::string_view name = __PRETTY_FUNCTION__;
  return name.find("mlir::TypeID::get<") != name.npos &&
         name.find("::Empty]") != name.npos;
}

} // namespace symm::gcc

namespace mlir::detail {

template <template <typename> class Trait, typename Empty>
class TypeIDResolver<Trait<Empty>,
                     std::enable_if_t<symm::gcc::isTraitArgument<Empty>()>>
    : public FallbackTypeIDResolver {
public:
  static TypeID resolveTypeID() {
    static const std::string name = [] {
      llvm::StringRef trait = llvm::getTypeName<Trait<Empty>>();
      llvm::StringRef argument = llvm::getTypeName<Empty>();
      return trait.drop_back(argument.size() + 2).str() + "<Empty>";
    }();
    static TypeID id = registerImplicitTypeID(name);
    return id;
  }
};

} // namespace mlir::detail

#endif // defined(__GNUC__) && !defined(__clang__)

#endif // SYMM_SHIMS_GCCTYPENAMES_H
