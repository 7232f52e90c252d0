// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A word that says what a stream is at, which the host reads without asking the driver.
//!
//! The stream itself writes the word, in pinned host memory, as it comes to it, launched or in a graph. So the host can
//! tell that a piece of work lasts from that it comes again and again: it flags the word that it has seen, and a flag that
//! is still there when it looks again means that the stream has written nothing in between.

use std::sync::atomic::{AtomicU32, Ordering};

use cudarc::driver::sys;

use crate::{driver::Device, error::Result, memory::HostMapped, stream::Stream};

/// Set by the host in a word that it has seen; no value of a stream's has it.
const SEEN: u32 = 1 << 31;

/// What a stream is at.
#[derive(Debug)]
pub struct Mark {
    page: HostMapped,
}

/// What the host saw of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What the stream is at; 0 is nothing.
    pub value: u32,
    /// The stream has been at it, without a break, since the look before this one.
    pub lasts: bool,
}

impl Mark {
    /// Makes a mark for streams of a device, one of which runs at a time.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if memory cannot be pinned.
    pub fn new(device: &Device) -> Result<Self> {
        let page = HostMapped::new(device, size_of::<u32>())?;
        Ok(Self { page })
    }

    /// Has the stream say, once it comes to it, that it is at `value`, which is less than 2³¹; 0 is nothing. Waits for
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Call`](crate::Error::Call) if the driver refuses.
    pub fn set(&self, stream: &Stream, value: u32) -> Result<()> {
        let address = self.page.device_address(0, size_of::<u32>())?;
        stream.device().bind()?;
        // SAFETY: the word is pinned memory that the device may write; the stream is alive.
        let code = unsafe { sys::cuStreamWriteValue32_v2(stream.raw(), address, value & !SEEN, 0) };
        stream.device().check("cuStreamWriteValue32", code)
    }

    /// Looks at the mark, for the one thread that does.
    pub fn look(&self) -> Look {
        look(self.page.word32(0).expect("the page holds a word"))
    }
}

fn look(word: &AtomicU32) -> Look {
    let found = word.load(Ordering::Acquire);
    let (value, lasts) = (found & !SEEN, found & SEEN != 0);
    if value != 0 && !lasts {
        // Whatever the stream writes meanwhile stays: then the next look is the first at it.
        let _ = word.compare_exchange(found, found | SEEN, Ordering::AcqRel, Ordering::Relaxed);
    }
    Look { value, lasts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_from_what_comes_again() {
        let word = AtomicU32::new(0);
        let (first, again) = (
            |value| Look {
                value,
                lasts: false,
            },
            Look {
                value: 7,
                lasts: true,
            },
        );
        assert_eq!([look(&word), look(&word)], [first(0); 2]);
        word.store(7, Ordering::Release);
        assert_eq!(
            [look(&word), look(&word), look(&word)],
            [first(7), again, again]
        );
        word.store(0, Ordering::Release);
        word.store(7, Ordering::Release);
        assert_eq!([look(&word), look(&word)], [first(7), again]);
        word.store(8, Ordering::Release);
        assert_eq!(look(&word), first(8));
        word.store(0, Ordering::Release);
        assert_eq!(look(&word), first(0));
    }
}
