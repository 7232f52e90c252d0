// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The secret that the ranks of one job share.

use std::fmt;

use sha2::{Digest, Sha256};

/// What tells the ranks of one job from another job of the same user.
///
/// Only the hash of the secret is kept and sent. A launcher that starts the ranks itself draws a random secret and
/// hands it down in `SYMM_JOB_TOKEN`; for jobs of other launchers it is the hash of what the launcher says about the job.
#[derive(Clone)]
pub struct JobToken([u8; 32]);

impl JobToken {
    /// Makes the token of a secret or of a job's description.
    pub fn new(secret: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"symm job token\0");
        hash.update(secret);
        Self(hash.finalize().into())
    }

    /// Returns whether `bytes` is this token, in a time that does not depend on where they differ.
    pub fn matches(&self, bytes: &[u8; 32]) -> bool {
        let difference = self
            .0
            .iter()
            .zip(bytes)
            .fold(0, |all, (a, b)| all | (a ^ b));
        std::hint::black_box(difference) == 0
    }

    /// Returns the bytes that are sent to a peer.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns a name for files that tells jobs apart and gives the token away to nobody.
    pub(super) fn file_name(&self) -> String {
        let digest = Sha256::digest(self.0);
        digest[..8].iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl fmt::Debug for JobToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::JobToken;

    #[test]
    fn every_bit_counts() {
        let token = JobToken::new(b"a job");
        assert!(token.matches(token.bytes()));
        for bit in 0..256 {
            let mut other = *token.bytes();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!token.matches(&other), "bit {bit}");
        }
    }

    #[test]
    fn nothing_shows_the_token() {
        let token = JobToken::new(b"a job");
        let hex: String = token.bytes().iter().map(|b| format!("{b:02x}")).collect();
        assert!(!format!("{token:?}").contains(&hex[..8]));
        assert!(!hex.contains(&token.file_name()));
        assert_ne!(token.file_name(), JobToken::new(b"another").file_name());
    }
}
