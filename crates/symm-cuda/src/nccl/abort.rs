// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Getting out of NCCL where a peer will never come.
//!
//! An abort frees the communicator, on whatever thread it is called. So it waits for calls that are about to return, and
//! from its beginning on no call begins. A call that waits for a peer itself returns only once the abort is under way:
//! that NCCL lets a thread abort what another one is in, since version 2.19.1, is what remains to be relied on then.

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, Builder},
    time::{Duration, Instant},
};

use super::{Nccl, NcclError, library::RawComm};
use crate::Device;

/// Time that calls have to return by themselves before an abort: all that don't wait for a peer.
const RETURN: Duration = Duration::from_millis(20);

/// What the users of a communicator know of each other.
#[derive(Default)]
pub(super) struct Usage {
    /// It was destroyed or aborted, or is about to be; this happens once.
    ended: AtomicBool,
    /// Calls that have begun and not returned.
    calls: AtomicU32,
    /// NCCL has cleaned up after an abort.
    cleaned: Mutex<bool>,
    cleanup: Condvar,
}

/// A call of NCCL's that lasts until this is dropped.
pub(super) struct InCall<'a>(&'a Usage);

impl Usage {
    /// Begins a call, unless the communicator has ended.
    pub(super) fn enter(&self) -> Option<InCall<'_>> {
        // In this order on one side and the other way round on the other: either the call is seen, or the end is.
        self.calls.fetch_add(1, Ordering::SeqCst);
        let call = InCall(self);
        (!self.ended.load(Ordering::SeqCst)).then_some(call)
    }

    /// Ends the communicator's use; false if that has happened before.
    pub(super) fn end(&self) -> bool {
        !self.ended.swap(true, Ordering::SeqCst)
    }

    /// Waits until no call lasts, or the time is over.
    fn wait_for_calls(&self) {
        let begin = Instant::now();
        while self.calls.load(Ordering::SeqCst) > 0 && begin.elapsed() < RETURN {
            thread::sleep(RETURN / 20);
        }
    }
}

impl Drop for InCall<'_> {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Ends whatever a communicator is at on its rank, from any thread: a kernel that waits, or a call that does.
#[derive(Clone)]
pub struct Aborter {
    pub(super) nccl: &'static Nccl,
    pub(super) raw: RawComm,
    pub(super) rank: u32,
    pub(super) usage: Arc<Usage>,
    /// NCCL cleans up in its context, when nobody else may need that any more.
    pub(super) _device: Device,
}

// SAFETY: NCCL lets any thread abort a communicator; `usage` sees to it that this happens once, and never after it was
// destroyed.
unsafe impl Send for Aborter {}
// SAFETY: as above.
unsafe impl Sync for Aborter {}

impl Aborter {
    /// Begins to abort the communicator, which can't be used any more; does nothing if it has ended already.
    ///
    /// Whoever waits for a peer is told at once. But the last rank of a process cleans up after all of them, so a thread
    /// of its own does that, which nobody has to wait for.
    pub fn start(&self) {
        if self.raw.is_null() || !self.usage.end() {
            return;
        }
        let aborter = self.clone();
        let abort = move || {
            aborter.usage.wait_for_calls();
            if let Err(error) = aborter.call() {
                tracing::warn!(%error, "a communicator was not aborted");
            }
            *aborter
                .usage
                .cleaned
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = true;
            aborter.usage.cleanup.notify_all();
        };
        if let Err(error) = Builder::new().name("NCCL abort".into()).spawn(abort) {
            tracing::warn!(%error, "a communicator was not aborted");
        }
    }

    /// Waits until NCCL has cleaned up after an abort that was begun, or for that time; returns whether it has.
    pub fn wait(&self, bound: Duration) -> bool {
        let cleaned = self
            .usage
            .cleaned
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .usage
            .cleanup
            .wait_timeout_while(cleaned, bound, |cleaned| !*cleaned);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn call(&self) -> Result<(), NcclError> {
        // SAFETY: the communicator is alive, and is not destroyed, because its use had not ended before.
        let code = unsafe { (self.nccl.comm_abort)(self.raw) };
        self.nccl.check("ncclCommAbort", self.rank, code)
    }
}

impl fmt::Debug for Aborter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aborter({})", self.rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_begins_after_the_end_and_the_end_waits_for_calls() {
        let usage = Arc::new(Usage::default());
        let call = usage.enter().unwrap();
        assert!(usage.end());
        assert!(!usage.end());
        assert!(usage.enter().is_none());
        let begin = Instant::now();
        usage.wait_for_calls();
        assert!(begin.elapsed() >= RETURN);
        drop(call);
        let begin = Instant::now();
        usage.wait_for_calls();
        assert!(begin.elapsed() < RETURN, "{:?}", begin.elapsed());
    }
}
