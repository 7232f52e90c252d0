// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A thread that ends a rank's waits when the world has failed or NCCL takes too long (L10), wherever the rank's own
//! thread is.
//!
//! That thread may be in a call of NCCL's that does not return, or wait for a stream in which NCCL waits for a member that
//! never comes. Here nothing waits for a device or for NCCL.

use super::lookout::{Lookout, Since};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use symm_cuda::{Device, graph};

/// Looks in the time that a wait may take: what is late is noticed that much later.
const LOOKS: u32 = 16;

const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(250);

/// The thread; it ends when this is dropped.
pub(super) struct Watchdog {
    lookout: Arc<Lookout>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Starts the thread, which looks until something has failed, and then tells every kernel to leave.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(lookout: Arc<Lookout>, device: Device) -> std::io::Result<Self> {
        let stopped = Arc::new(AtomicBool::new(false));
        let (own, stop) = (lookout.clone(), stopped.clone());
        let watch = move || {
            if let Err(error) = graph::ignore_captures(&device) {
                tracing::warn!(%error, "captures may fail while a collective is late");
            }
            watch(&own, &stop);
        };
        let thread = thread::Builder::new()
            .name("watchdog".into())
            .spawn(watch)?;
        Ok(Self {
            lookout,
            stopped,
            thread: Some(thread),
        })
    }
}

fn watch(lookout: &Lookout, stopped: &AtomicBool) {
    let period = (lookout.alarm.timeout() / LOOKS).clamp(SHORTEST, LONGEST);
    let mut since = Since::default();
    let mut goes_on = true;
    while goes_on {
        lookout.alarm.wait(period, || {
            let well = lookout.check();
            if well
                .and_then(|()| lookout.check_library(&mut since))
                .is_err()
            {
                lookout.abort.start();
                goes_on = false;
            }
            goes_on &= !stopped.load(Ordering::Acquire);
            goes_on
        });
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.lookout.alarm.wake();
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
