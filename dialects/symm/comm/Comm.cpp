// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "symm/comm/Comm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace symm::comm;

#include "symm/comm/CommDialect.cpp.inc"
#include "symm/comm/CommEnums.cpp.inc"
#include "symm/comm/CommInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "symm/comm/CommAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "symm/comm/CommOps.cpp.inc"

void CommDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "symm/comm/CommAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "symm/comm/CommOps.cpp.inc"
      >();
}

//===-- Groups -----------------------------------------------------------===//

/// Asks each symbol table around `from`, the nearest first: kernels name groups
/// of the module that their gpu.module is in.
template <typename LookupIn>
static Operation *lookupOutward(Operation *from, LookupIn lookupIn) {
  Operation *table = SymbolTable::getNearestSymbolTable(from);
  while (table) {
    if (Operation *target = lookupIn(table))
      return target;
    Operation *parent = table->getParentOp();
    table = parent ? SymbolTable::getNearestSymbolTable(parent) : nullptr;
  }
  return nullptr;
}

GroupOp symm::comm::lookupGroup(Operation *from, FlatSymbolRefAttr symbol) {
  return llvm::dyn_cast_or_null<GroupOp>(lookupOutward(
      from, [&](Operation *table) { return SymbolTable::lookupSymbolIn(table, symbol); }));
}

GroupOp symm::comm::resolveGroup(Operation *op, FlatSymbolRefAttr symbol,
                                 SymbolTableCollection &symbols) {
  Operation *target = lookupOutward(
      op, [&](Operation *table) { return symbols.lookupSymbolIn(table, symbol); });
  if (auto group = llvm::dyn_cast_or_null<GroupOp>(target))
    return group;
  InFlightDiagnostic diag = op->emitOpError();
  if (target)
    diag.append("expected ", symbol, " to be a comm.group").attachNote(target->getLoc())
        << "it is this";
  else
    diag << "uses unknown group " << symbol << "; declare it: comm.group " << symbol
         << " size(N)";
  return {};
}

FlatSymbolRefAttr symm::comm::getSymmetricGroup(Type type) {
  auto memref = llvm::dyn_cast<BaseMemRefType>(type);
  auto space = memref ? llvm::dyn_cast_or_null<SymmMemAttr>(memref.getMemorySpace())
                      : SymmMemAttr();
  return space ? space.getGroup() : FlatSymbolRefAttr();
}

LogicalResult GroupOp::verify() {
  int64_t size = static_cast<int64_t>(getSize());
  if (size < 1)
    return emitOpError("expected a size of at least 1, got ") << size;
  auto world = (*this)->getParentOp()
                   ? (*this)->getParentOp()->getAttrOfType<IntegerAttr>("comm.world_size")
                   : IntegerAttr();
  if (!getRanks()) {
    if (world && size > world.getInt())
      return emitOpError("has ")
             << size << " ranks, but comm.world_size is " << world.getInt();
    return success();
  }
  if (static_cast<int64_t>(getRanks()->size()) != size)
    return emitOpError("expected ") << size << " ranks, got " << getRanks()->size();
  llvm::SmallDenseSet<int64_t> seen;
  for (IntegerAttr attr : getRanks()->getAsRange<IntegerAttr>()) {
    int64_t rank = attr.getInt();
    if (rank < 0 || (world && rank >= world.getInt()))
      return emitOpError("rank ")
             << rank << " is out of range"
             << (world ? " of comm.world_size = " + std::to_string(world.getInt()) : "");
    if (!seen.insert(rank).second)
      return emitOpError("rank ") << rank << " is repeated";
  }
  return success();
}

//===-- Primitives --------------------------------------------------------===//

static LogicalResult verifyPrimitive(Operation *op, FlatSymbolRefAttr name,
                                     SymbolTableCollection &symbols) {
  GroupOp group = resolveGroup(op, name, symbols);
  if (!group)
    return failure();
  if (!group.getSymmMem())
    return op->emitOpError("group ")
           << name << " has no symmetric memory; declare it with {symm_mem}";
  return success();
}

LogicalResult RankOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyPrimitive(*this, getGroupAttr(), symbols);
}
LogicalResult NextEpochOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyPrimitive(*this, getGroupAttr(), symbols);
}
LogicalResult SignalOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyPrimitive(*this, getGroupAttr(), symbols);
}
LogicalResult WaitOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyPrimitive(*this, getGroupAttr(), symbols);
}
LogicalResult PeerOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifyPrimitive(*this, getSymmetricGroup(getBuffer().getType()), symbols);
}
LogicalResult PeerOp::verify() {
  if (getSymmetricGroup(getBuffer().getType()))
    return success();
  return emitOpError("expected a buffer in symmetric memory, got ") << getBuffer().getType();
}

//===-- Discardable attributes ----------------------------------------------===//

static LogicalResult verifyRequest(Operation *op, NamedAttribute attr) {
  if (!llvm::isa<SymmMemAttr>(attr.getValue()))
    return op->emitError("expected '") << attr.getName().getValue() << "' to be a #comm.symm_mem, got "
                                       << attr.getValue();
  auto effects = llvm::dyn_cast<MemoryEffectOpInterface>(op);
  bool allocates = effects && op->getNumResults() == 1 &&
                   llvm::isa<BaseMemRefType>(op->getResult(0).getType()) &&
                   effects.hasEffect<MemoryEffects::Allocate>();
  if (!allocates || op->getName().getStringRef() == "memref.alloca")
    return op->emitError("'") << attr.getName().getValue()
                              << "' belongs on an allocation of the heap, such as memref.alloc";
  FlatSymbolRefAttr name = llvm::cast<SymmMemAttr>(attr.getValue()).getGroup();
  GroupOp group = lookupGroup(op, name);
  if (!group)
    return op->emitError("'") << attr.getName().getValue() << "' names unknown group " << name;
  if (!group.getSymmMem())
    return op->emitError("'") << attr.getName().getValue() << "' names group " << name
                              << ", which has no symmetric memory; declare it with {symm_mem}";
  auto type = llvm::cast<BaseMemRefType>(op->getResult(0).getType());
  if (type.getMemorySpace() && type.getMemorySpace() != attr.getValue())
    return op->emitError("'") << attr.getName().getValue() << "' asks for " << attr.getValue()
                              << ", but the memory space is " << type.getMemorySpace();
  return success();
}

LogicalResult CommDialect::verifyOperationAttribute(Operation *op, NamedAttribute attr) {
  if (attr.getName() == "comm.symm_mem")
    return verifyRequest(op, attr);
  if (attr.getName() == "comm.world_size") {
    auto value = llvm::dyn_cast<IntegerAttr>(attr.getValue());
    if (op->hasTrait<OpTrait::SymbolTable>() && value && value.getType().isInteger(64) &&
        value.getInt() > 0)
      return success();
    return op->emitError("'comm.world_size' is a positive i64 attribute of a module");
  }
  if (attr.getName() == "comm.placed") {
    if (op->hasTrait<OpTrait::SymbolTable>() && llvm::isa<UnitAttr>(attr.getValue()))
      return success();
    return op->emitError("'comm.placed' is a unit attribute of a module");
  }
  return op->emitError("unknown attribute '") << attr.getName().getValue() << "' of the comm dialect";
}
