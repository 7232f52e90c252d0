// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Messages between the host and its worker processes: length, then bytes.

use std::io::{self, Read, Write};

/// Longest message; a greater length means that the peer is no worker of ours.
const MAX_BYTES: u64 = 1 << 30;

pub(super) fn write(mut stream: impl Write, message: &[u8]) -> io::Result<()> {
    stream.write_all(&(message.len() as u64).to_le_bytes())?;
    stream.write_all(message)
}

pub(super) fn read(mut stream: impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    stream.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_BYTES {
        return Err(io::Error::other(format!("message of {length} bytes")));
    }
    // Grows with what arrives, not with what is announced.
    let mut message = Vec::new();
    stream.take(length).read_to_end(&mut message)?;
    if message.len() as u64 != length {
        Err(io::ErrorKind::UnexpectedEof.into())
    } else {
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_whole_or_not_at_all() {
        let mut stream = Vec::new();
        write(&mut stream, b"hello").unwrap();
        write(&mut stream, b"").unwrap();
        let mut reader = &stream[..];
        assert_eq!(read(&mut reader).unwrap(), b"hello");
        assert_eq!(read(&mut reader).unwrap(), b"");
        assert!(read(&mut reader).is_err());
        assert!(read(&stream[..10]).is_err());
        assert!(read(&[0xff; 16][..]).is_err());
    }
}
