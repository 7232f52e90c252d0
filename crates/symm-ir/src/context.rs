// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Contexts and dialect registries.

use crate::dialect;
use melior::{Context, dialect::DialectRegistry, ir::operation::OperationLike};
use mlir_sys::{
    MlirContext, MlirDialectRegistry, mlirContextLoadAllAvailableDialects, mlirOperationGetContext,
    mlirRegisterAllDialects, mlirRegisterAllLLVMTranslations,
};
use std::{
    cell::Cell,
    collections::HashMap,
    mem::transmute,
    sync::{Mutex, PoisonError},
};
use symm_sys::symmRegisterGpuTranslations;

/// Creates a context with every dialect of MLIR and Symm loaded, ready to
/// parse, to run passes and to translate to LLVM IR.
pub fn create_context() -> Context {
    let registry = DialectRegistry::new();
    register_all(&registry);
    let context = Context::new_with_registry(&registry, true);
    // SAFETY: the context is valid.
    unsafe {
        mlirRegisterAllLLVMTranslations(context.to_raw());
        mlirContextLoadAllAvailableDialects(context.to_raw());
    }
    context
}

/// Adds every dialect of MLIR and of Symm, and the translations that
/// `gpu-module-to-binary` needs, to a registry.
pub fn register_all(registry: &DialectRegistry) {
    // SAFETY: the registry is valid.
    unsafe { register_all_raw(registry.to_raw()) }
}

/// # Safety
///
/// The registry must be valid.
pub(crate) unsafe extern "C" fn register_all_raw(registry: MlirDialectRegistry) {
    // SAFETY: the caller promises a valid registry.
    unsafe {
        mlirRegisterAllDialects(registry);
        symmRegisterGpuTranslations(registry);
        dialect::register(registry);
    }
}

/// Returns the context of an operation.
///
/// `ContextRef::to_ref` of melior points to the `ContextRef` itself and dangles
/// with it; this reference lives as long as the context does.
pub fn context_of<'c: 'a, 'a>(op: &impl OperationLike<'c, 'a>) -> &'c Context {
    // SAFETY: the operation is valid, and so is its context for 'c.
    unsafe { context_ref(mlirOperationGetContext(op.to_raw())) }
}

/// Returns a stable reference to a context.
///
/// # Safety
///
/// The context must live for 'c.
pub(crate) unsafe fn context_ref<'c>(raw: MlirContext) -> &'c Context {
    thread_local! {
        static LAST: Cell<Option<(usize, &'static MlirContext)>> = const { Cell::new(None) };
    }
    let key = raw.ptr as usize;
    let slot = match LAST.get() {
        Some((last, slot)) if last == key => slot,
        _ => {
            let slot = slot_of(raw);
            LAST.set(Some((key, slot)));
            slot
        }
    };
    // SAFETY: `Context` holds a `MlirContext` and nothing else, the slot is never
    // freed, and the caller promises that the context lives for 'c.
    unsafe { transmute::<&'static MlirContext, &'c Context>(slot) }
}

/// Returns the one slot that holds a context's pointer: as many slots exist as
/// addresses that ever held a context.
fn slot_of(raw: MlirContext) -> &'static MlirContext {
    static SLOTS: Mutex<Option<HashMap<usize, &'static Slot>>> = Mutex::new(None);
    let mut slots = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
    let slots = slots.get_or_insert_with(HashMap::new);
    &slots
        .entry(raw.ptr as usize)
        .or_insert_with(|| Box::leak(Box::new(Slot(raw))))
        .0
}

struct Slot(MlirContext);

// SAFETY: a slot is an address that is never written again.
unsafe impl Send for Slot {}
// SAFETY: as above.
unsafe impl Sync for Slot {}
