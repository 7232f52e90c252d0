// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Optimization remarks: why a pass did, or did not do, something to an op.
//!
//! They are seen with `--remarks-filter=<category>` of `symm-opt` and `mlir-opt`
//! and collected from Rust with [`collect`].

use crate::{place, text};
use melior::{
    Context,
    ir::{Location, OperationRef, operation::OperationLike},
};
use mlir_sys::{mlirAttributeIsAString, mlirOperationGetAttributeByName, mlirStringAttrGetValue};
use std::{
    ffi::c_void,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};
use symm_sys::{
    SymmRemark, SymmRemarkArg, SymmRemarkKind, symmContextCollectRemarks, symmEmitRemark,
    symmRemarksEnabled,
};

/// The outcome that a remark reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The pass did it.
    Passed,
    /// The pass could have done it and did not.
    Missed,
    /// The pass tried and failed.
    Failed,
    /// A fact, neither good nor bad.
    Analysis,
}

impl Kind {
    const fn to_raw(self) -> SymmRemarkKind {
        match self {
            Self::Passed => SymmRemarkKind::SYMM_REMARK_PASSED,
            Self::Missed => SymmRemarkKind::SYMM_REMARK_MISSED,
            Self::Failed => SymmRemarkKind::SYMM_REMARK_FAILED,
            Self::Analysis => SymmRemarkKind::SYMM_REMARK_ANALYSIS,
        }
    }

    fn from_raw(raw: SymmRemarkKind) -> Self {
        match raw {
            SymmRemarkKind::SYMM_REMARK_PASSED => Self::Passed,
            SymmRemarkKind::SYMM_REMARK_MISSED => Self::Missed,
            SymmRemarkKind::SYMM_REMARK_FAILED => Self::Failed,
            _ => Self::Analysis,
        }
    }
}

/// A remark that is being built. Nothing is formatted or stored where nobody
/// listens.
#[must_use = "a remark is seen once it is emitted"]
pub struct Remark<'c, 'a> {
    kind: Kind,
    op: OperationRef<'c, 'a>,
    name: &'static str,
    category: &'static str,
    args: Option<Vec<(&'static str, String)>>,
    _op: PhantomData<&'a ()>,
}

/// Begins a remark on `op`: `category` is what `--remarks-filter` matches, by
/// custom the pass's argument; `name` is what was decided.
pub fn on<'c, 'a>(
    op: OperationRef<'c, 'a>,
    kind: Kind,
    category: &'static str,
    name: &'static str,
) -> Remark<'c, 'a> {
    let args = enabled(op).then(Vec::new);
    Remark {
        kind,
        op,
        name,
        category,
        args,
        _op: PhantomData,
    }
}

/// Says whether anybody listens to remarks on `op`.
pub fn enabled(op: OperationRef<'_, '_>) -> bool {
    // SAFETY: the op and its context are valid.
    unsafe { symmRemarksEnabled(mlir_sys::mlirOperationGetContext(op.to_raw())) }
}

impl Remark<'_, '_> {
    /// Adds a key and its value.
    pub fn arg(mut self, key: &'static str, value: impl ToString) -> Self {
        if let Some(args) = &mut self.args {
            args.push((key, value.to_string()));
        }
        self
    }

    /// Adds the reason.
    pub fn because(self, reason: impl ToString) -> Self {
        self.arg("Reason", reason)
    }

    /// Emits the remark.
    pub fn emit(self) {
        let Some(args) = self.args else { return };
        let args: Vec<_> = args
            .iter()
            .map(|(key, value)| SymmRemarkArg {
                key: text::to_raw(key),
                value: text::to_raw(value),
            })
            .collect();
        let function = function_of(self.op);
        let remark = SymmRemark {
            kind: self.kind.to_raw(),
            location: self.op.location().to_raw(),
            name: text::to_raw(self.name),
            category: text::to_raw(self.category),
            function: text::to_raw(&function),
            args: args.as_ptr(),
            nArgs: args.len() as isize,
        };
        // SAFETY: everything that the remark points to outlives the call.
        unsafe { symmEmitRemark(&remark) }
    }
}

/// Returns the name of the function around an op, or of the op itself.
fn function_of(op: OperationRef<'_, '_>) -> String {
    let mut current = Some(op);
    while let Some(op) = current {
        if op.has_attribute("function_type")
            && let Some(name) = symbol_name(op)
        {
            return name;
        }
        current = op.parent_operation();
    }
    String::new()
}

fn symbol_name(op: OperationRef<'_, '_>) -> Option<String> {
    // SAFETY: the op is valid; the attribute is checked before it is read.
    unsafe {
        let name = mlirOperationGetAttributeByName(op.to_raw(), text::to_raw("sym_name"));
        (!name.ptr.is_null() && mlirAttributeIsAString(name))
            .then(|| text::from_raw(mlirStringAttrGetValue(name)))
    }
}

/// A remark that was collected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The outcome that it reports.
    pub kind: Kind,
    /// Where it is in the source, as [`place::of`] says it.
    pub place: String,
    /// What was decided.
    pub name: String,
    /// Who decided.
    pub category: String,
    /// The function around the op.
    pub function: String,
    /// Keys and values.
    pub args: Vec<(String, String)>,
}

impl Entry {
    /// Returns the value of a key.
    pub fn arg(&self, key: &str) -> Option<&str> {
        self.args
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

/// The remarks of a context, as they come.
#[derive(Clone, Debug, Default)]
pub struct Collection(Arc<Mutex<Vec<Entry>>>);

impl Collection {
    /// Returns the remarks so far, and forgets them.
    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Collects the remarks whose category matches the regular expression
/// `categories`. Returns `None` where the context's remarks go elsewhere already.
pub fn collect(context: &Context, categories: &str) -> Option<Collection> {
    let collection = Collection::default();
    // The context keeps the callback until it is destroyed, and says nothing
    // when it is: one count of the collection is given to it for good.
    let sink = Arc::into_raw(Arc::clone(&collection.0));
    // SAFETY: the context is valid and the sink is never freed.
    let attached = unsafe {
        symmContextCollectRemarks(
            context.to_raw(),
            text::to_raw(categories),
            Some(receive),
            sink.cast_mut().cast(),
        )
    };
    if !attached {
        // SAFETY: the pointer comes from `into_raw` and nobody else took it.
        drop(unsafe { Arc::from_raw(sink) });
    }
    attached.then_some(collection)
}

unsafe extern "C" fn receive(remark: *const SymmRemark, sink: *mut c_void) {
    // SAFETY: `collect` passes a collection that is never freed, and MLIR a
    // remark that is valid for the call.
    unsafe {
        let sink = &*sink.cast_const().cast::<Mutex<Vec<Entry>>>();
        let entry = entry_of(&*remark);
        sink.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
    }
}

/// # Safety
///
/// The remark and all that it points to must be valid.
unsafe fn entry_of(remark: &SymmRemark) -> Entry {
    let args = (0..remark.nArgs as usize)
        // SAFETY: the remark has `nArgs` arguments.
        .map(|index| unsafe { &*remark.args.add(index) })
        // SAFETY: their strings are valid.
        .map(|arg| unsafe { (text::from_raw(arg.key), text::from_raw(arg.value)) })
        .collect();
    // SAFETY: the strings and the location of the remark are valid.
    unsafe {
        Entry {
            kind: Kind::from_raw(remark.kind),
            place: place::of(Location::from_raw(remark.location)),
            name: text::from_raw(remark.name),
            category: text::from_raw(remark.category),
            function: text::from_raw(remark.function),
            args,
        }
    }
}
