// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Rewrite patterns and their drivers.
//!
//! A pattern that fails or panics ends the rewrite with a diagnostic at its op;
//! melior's own patterns abort on a panic and leak their set.

use crate::{diagnostics::Failure, guard, rewriter::Rewriter, text};
use melior::{Context, ir::OperationRef};
use mlir_sys::{
    MlirFrozenRewritePatternSet, MlirLogicalResult, MlirOperation, MlirPatternRewriter,
    MlirRewritePattern, MlirRewritePatternCallbacks, MlirRewritePatternSet,
    mlirApplyPatternsAndFoldGreedilyWithOp, mlirFreezeRewritePattern,
    mlirFrozenRewritePatternSetDestroy, mlirGreedyRewriteDriverConfigCreate,
    mlirGreedyRewriteDriverConfigDestroy, mlirGreedyRewriteDriverConfigEnableConstantCSE,
    mlirGreedyRewriteDriverConfigEnableFolding,
    mlirGreedyRewriteDriverConfigSetRegionSimplificationLevel, mlirOpRewritePatternCreate,
    mlirPatternRewriterAsBase, mlirRewritePatternSetAdd, mlirRewritePatternSetCreate,
    mlirRewritePatternSetDestroy, mlirWalkAndApplyPatterns,
};
use std::{cell::RefCell, ffi::c_void, marker::PhantomData, mem, rc::Rc};

/// What a pattern returns: whether it matched and rewrote, or why it failed.
pub type PatternResult = Result<bool, Failure>;

/// A rewrite of one kind of operation.
pub trait Pattern<'c> {
    /// Returns the name of the operations that it rewrites, such as
    /// `c10d.all_reduce`.
    fn root(&self) -> &'static str;

    /// Returns how much it is preferred over others of the same root.
    fn benefit(&self) -> u16 {
        1
    }

    /// Rewrites `op`, or leaves it as it is and returns `Ok(false)`; says why with
    /// [`no_match`]. An insertion point right before `op` is set.
    ///
    /// # Errors
    ///
    /// Fails where the program is wrong, which ends the rewrite.
    fn match_and_rewrite<'a>(
        &self,
        op: OperationRef<'c, 'a>,
        rewriter: &Rewriter<'c, 'a>,
    ) -> PatternResult;
}

/// Says why a pattern does not match, for the log.
///
/// # Errors
///
/// Never fails: it is what a pattern returns.
pub fn no_match(op: OperationRef<'_, '_>, reason: &str) -> PatternResult {
    tracing::debug!(target: "symm::pattern", %op, reason, "no match");
    Ok(false)
}

/// Rewrite patterns that are applied together.
pub struct Patterns<'c, 'p> {
    raw: MlirRewritePatternSet,
    context: &'c Context,
    failure: Rc<RefCell<Option<Failure>>>,
    _patterns: PhantomData<&'p ()>,
}

struct Entry<'c, 'p> {
    pattern: Box<dyn Pattern<'c> + 'p>,
    failure: Rc<RefCell<Option<Failure>>>,
}

impl<'c, 'p> Patterns<'c, 'p> {
    /// Creates an empty set.
    pub fn new(context: &'c Context) -> Self {
        // SAFETY: the context is valid.
        let raw = unsafe { mlirRewritePatternSetCreate(context.to_raw()) };
        Self {
            raw,
            context,
            failure: Rc::default(),
            _patterns: PhantomData,
        }
    }

    /// Adds a pattern.
    #[must_use]
    pub fn with(self, pattern: impl Pattern<'c> + 'p) -> Self {
        let root = pattern.root();
        let benefit = pattern.benefit();
        let entry: Box<Entry<'c, 'p>> = Box::new(Entry {
            pattern: Box::new(pattern),
            failure: Rc::clone(&self.failure),
        });
        let callbacks = MlirRewritePatternCallbacks {
            construct: None,
            destruct: Some(destruct),
            matchAndRewrite: Some(match_and_rewrite),
        };
        // SAFETY: MLIR copies the root; the set owns the entry until `destruct`,
        // and is destroyed before 'p ends.
        unsafe {
            let pattern = mlirOpRewritePatternCreate(
                text::to_raw(root),
                benefit.into(),
                self.context.to_raw(),
                callbacks,
                Box::into_raw(entry).cast(),
                0,
                std::ptr::null_mut(),
            );
            mlirRewritePatternSetAdd(self.raw, pattern);
        }
        self
    }

    /// Visits each operation inside `root` once, in post-order, and applies the
    /// patterns to it: the fast driver, for rewrites whose products need no
    /// further rewrite. A pattern may change only the operation that it is given
    /// and what is inside it.
    ///
    /// # Errors
    ///
    /// Fails where a pattern failed; its diagnostic is out.
    pub fn walk(self, root: OperationRef<'c, '_>) -> Result<(), Failure> {
        let failure = Rc::clone(&self.failure);
        let frozen = self.freeze();
        // SAFETY: the operation and the set are valid.
        unsafe { mlirWalkAndApplyPatterns(root.to_raw(), frozen.0) }
        drop(frozen);
        failure.take().map_or(Ok(()), Err)
    }

    /// Applies the patterns inside `root` until none matches. Nothing is folded
    /// and no region is simplified: that is `canonicalize`.
    ///
    /// # Errors
    ///
    /// Fails where a pattern failed, whose diagnostic is out, or where the
    /// patterns never come to an end.
    pub fn apply_greedily(self, root: OperationRef<'c, '_>) -> Result<(), Failure> {
        let failure = Rc::clone(&self.failure);
        let frozen = self.freeze();
        // SAFETY: the operation, the set and the configuration are valid.
        let result = unsafe {
            let config = mlirGreedyRewriteDriverConfigCreate();
            mlirGreedyRewriteDriverConfigEnableFolding(config, false);
            mlirGreedyRewriteDriverConfigEnableConstantCSE(config, false);
            mlirGreedyRewriteDriverConfigSetRegionSimplificationLevel(
                config,
                mlir_sys::MlirGreedySimplifyRegionLevel_MLIR_GREEDY_SIMPLIFY_REGION_LEVEL_DISABLED,
            );
            let result = mlirApplyPatternsAndFoldGreedilyWithOp(root.to_raw(), frozen.0, config);
            mlirGreedyRewriteDriverConfigDestroy(config);
            result
        };
        drop(frozen);
        match failure.take() {
            Some(failure) => Err(failure),
            None if result.value == 0 => Err(Failure::Message(
                "rewrite patterns did not come to an end".into(),
            )),
            None => Ok(()),
        }
    }

    fn freeze(self) -> Frozen {
        let raw = self.raw;
        mem::forget(self);
        // SAFETY: the frozen set takes the set over.
        Frozen(unsafe { mlirFreezeRewritePattern(raw) })
    }
}

impl Drop for Patterns<'_, '_> {
    fn drop(&mut self) {
        // SAFETY: the set is valid and was not frozen.
        unsafe { mlirRewritePatternSetDestroy(self.raw) }
    }
}

struct Frozen(MlirFrozenRewritePatternSet);

impl Drop for Frozen {
    fn drop(&mut self) {
        // SAFETY: the set is valid.
        unsafe { mlirFrozenRewritePatternSetDestroy(self.0) }
    }
}

unsafe extern "C" fn destruct(entry: *mut c_void) {
    // SAFETY: `with` gave the entry to the set.
    drop(unsafe { Box::from_raw(entry.cast::<Entry<'_, '_>>()) });
}

unsafe extern "C" fn match_and_rewrite(
    _pattern: MlirRewritePattern,
    op: MlirOperation,
    rewriter: MlirPatternRewriter,
    entry: *mut c_void,
) -> MlirLogicalResult {
    // SAFETY: `with` passes an entry that the set owns.
    let entry = unsafe { &*entry.cast::<Entry<'_, '_>>() };
    let no = MlirLogicalResult { value: 0 };
    if entry.failure.borrow().is_some() {
        return no;
    }
    // SAFETY: MLIR passes a valid operation and rewriter.
    let (op, rewriter) = unsafe {
        (
            OperationRef::from_raw(op),
            Rewriter::borrow(mlirPatternRewriterAsBase(rewriter)),
        )
    };
    let result = guard::at(&op, || entry.pattern.match_and_rewrite(op, &rewriter))
        .unwrap_or(Err(Failure::Emitted));
    match result {
        Ok(matched) => MlirLogicalResult {
            value: matched.into(),
        },
        Err(failure) => {
            failure.emit_at(&op);
            entry.failure.replace(Some(Failure::Emitted));
            no
        }
    }
}
