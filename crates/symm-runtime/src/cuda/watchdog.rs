// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A thread that gets its rank out of NCCL.
//!
//! NCCL connects the members of a group when a collective first needs it, inside the call that puts it into a stream. If a
//! member never comes, that call doesn't return, and the rank can look at nothing. So another thread looks, as long as
//! calls last, and acts where the world has failed or a call takes too long (L10).

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Time between two looks.
const PERIOD: Duration = Duration::from_millis(20);

/// Outside of calls.
const IDLE: u64 = 0;

/// The thread; it ends when this is dropped.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    origin: Instant,
    /// When the call began that lasts, in milliseconds after `origin`, and one more; or [`IDLE`].
    begun: AtomicU64,
    stopped: Mutex<bool>,
    stop: Condvar,
}

/// What is wrong with a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    /// The world has failed.
    Failed,
    /// It takes longer than it may.
    Late,
}

/// A call that lasts until this is dropped.
pub(super) struct Guarded<'a>(&'a Shared);

impl Watchdog {
    /// Starts the thread. The first call that lasts when `has_failed` gives true, or that lasts longer than `bound`, has it do
    /// `act`, after which it looks no more.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        bound: Duration,
        has_failed: impl Fn() -> bool + Send + 'static,
        act: impl FnOnce(Trouble) + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            origin: Instant::now(),
            begun: AtomicU64::new(IDLE),
            stopped: Mutex::new(false),
            stop: Condvar::new(),
        });
        let own = shared.clone();
        let watch = move || {
            if let Some(trouble) = own.watch(bound, has_failed) {
                act(trouble);
            }
        };
        let thread = thread::Builder::new()
            .name("watchdog".into())
            .spawn(watch)?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Begins a call.
    pub(super) fn guard(&self) -> Guarded<'_> {
        self.shared
            .begun
            .store(self.shared.now() + 1, Ordering::Relaxed);
        Guarded(&self.shared)
    }
}

impl Shared {
    fn now(&self) -> u64 {
        self.origin.elapsed().as_millis() as u64
    }

    fn stopped(&self) -> MutexGuard<'_, bool> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks until a call is in trouble, or the thread is stopped.
    fn watch(&self, bound: Duration, has_failed: impl Fn() -> bool) -> Option<Trouble> {
        let mut stopped = self.stopped();
        while !*stopped {
            let begun = self.begun.load(Ordering::Relaxed);
            if begun != IDLE {
                if has_failed() {
                    return Some(Trouble::Failed);
                }
                if u128::from((self.now() + 1).saturating_sub(begun)) > bound.as_millis() {
                    return Some(Trouble::Late);
                }
            }
            stopped = self
                .stop
                .wait_timeout(stopped, PERIOD)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        None
    }
}

impl Drop for Guarded<'_> {
    fn drop(&mut self) {
        self.0.begun.store(IDLE, Ordering::Relaxed);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self.shared.stopped() = true;
        self.shared.stop.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the watchdog panicked");
        }
    }
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watchdog")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{atomic::AtomicBool, mpsc};

    const BOUND: Duration = Duration::from_millis(200);
    const SOON: Duration = Duration::from_secs(10);

    /// A watchdog, the world's failure, and what it did.
    fn start() -> (Watchdog, Arc<AtomicBool>, mpsc::Receiver<Trouble>) {
        let (failed, (sender, acts)) = (Arc::new(AtomicBool::new(false)), mpsc::channel());
        let seen = failed.clone();
        let has_failed = move || seen.load(Ordering::Relaxed);
        let act = move |trouble| sender.send(trouble).unwrap();
        (
            Watchdog::start(BOUND, has_failed, act).unwrap(),
            failed,
            acts,
        )
    }

    #[test]
    fn a_call_that_lasts_when_the_world_fails_is_ended() {
        let (watchdog, failed, acts) = start();
        let _call = watchdog.guard();
        failed.store(true, Ordering::Relaxed);
        assert_eq!(acts.recv_timeout(SOON), Ok(Trouble::Failed));
    }

    #[test]
    fn a_call_that_lasts_too_long_is_ended() {
        let (watchdog, _, acts) = start();
        let begin = Instant::now();
        let _call = watchdog.guard();
        assert_eq!(acts.recv_timeout(SOON), Ok(Trouble::Late));
        assert!(begin.elapsed() >= BOUND, "{:?}", begin.elapsed());
    }

    #[test]
    fn short_calls_and_the_time_between_them_are_let_be() {
        let (watchdog, failed, acts) = start();
        for _ in 0..20 {
            let _call = watchdog.guard();
            thread::sleep(BOUND / 10);
        }
        failed.store(true, Ordering::Relaxed);
        thread::sleep(4 * PERIOD);
        drop(watchdog);
        assert!(acts.recv().is_err(), "it acted");
    }
}
