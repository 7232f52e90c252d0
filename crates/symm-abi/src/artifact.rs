// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Reading and sealing of artifacts as files, without loading them.
//!
//! The compiler links a shared object whose [`DIGEST_SECTION`] is all zeros and then [seals](seal) it; the
//! runtime [opens](open) it, which finds every damage to the file before any of its code is mapped.

use crate::{DIGEST_BYTES, DIGEST_SECTION, MANIFEST_SECTION, Manifest, ManifestError};
use object::{Object, ObjectSection, read::elf::ElfFile64};
use sha2::{Digest, Sha256};
use std::ops::Range;

/// Reason why a file is not a usable artifact.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The file does not have the digest that it was sealed with.
    #[error("file is damaged: its digest does not match its content: compile the program again")]
    Damaged,
    /// The manifest can't be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The file is not an ELF shared object.
    #[error("file is not an ELF shared object ({0}): expected the output of symm-compile")]
    NotElf(#[from] object::Error),
    /// A section of an artifact is missing or has the wrong size.
    #[error(
        "file is not a Symm program (no valid section '{0}'): expected the output of symm-compile"
    )]
    Section(&'static str),
}

/// Checks the digest of an artifact's bytes and returns the manifest.
///
/// # Errors
/// When the bytes are no artifact, are damaged, or hold a manifest that can't be used.
pub fn open(file: &[u8]) -> Result<Manifest, ArtifactError> {
    let elf = ElfFile64::<object::Endianness>::parse(file)?;
    let manifest = range(&elf, MANIFEST_SECTION).ok_or(ArtifactError::Section(MANIFEST_SECTION))?;
    let seal = digest_range(&elf)?;
    // The version is looked at first: an artifact of another version may be sealed in another way.
    let manifest = Manifest::parse(
        file.get(manifest)
            .ok_or(ArtifactError::Section(MANIFEST_SECTION))?,
    );
    if matches!(manifest, Err(ManifestError::AbiVersion { .. })) {
        return Ok(manifest?);
    }
    if file[seal.clone()] != digest(file, &seal) {
        return Err(ArtifactError::Damaged);
    }
    Ok(manifest?)
}

/// Returns the bytes of a section of an artifact, if it is there.
pub fn section<'a>(file: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let elf = ElfFile64::<object::Endianness>::parse(file).ok()?;
    file.get(range(&elf, name)?)
}

/// Writes the digest of a linked artifact into its [`DIGEST_SECTION`].
///
/// # Errors
/// When the bytes are no ELF file or lack the section.
pub fn seal(file: &mut [u8]) -> Result<(), ArtifactError> {
    let elf = ElfFile64::<object::Endianness>::parse(&*file)?;
    let seal = digest_range(&elf)?;
    let value = digest(file, &seal);
    file[seal].copy_from_slice(&value);
    Ok(())
}

/// Hashes the file as if the seal itself were not in it.
fn digest(file: &[u8], seal: &Range<usize>) -> [u8; DIGEST_BYTES] {
    let mut hasher = Sha256::new();
    hasher.update(&file[..seal.start]);
    hasher.update(&file[seal.end..]);
    hasher.finalize().into()
}

fn digest_range(elf: &ElfFile64<'_>) -> Result<Range<usize>, ArtifactError> {
    range(elf, DIGEST_SECTION)
        .filter(|range| range.len() == DIGEST_BYTES && range.end <= elf.data().len())
        .ok_or(ArtifactError::Section(DIGEST_SECTION))
}

fn range(elf: &ElfFile64<'_>, section: &str) -> Option<Range<usize>> {
    let (offset, size) = elf.section_by_name(section)?.file_range()?;
    let start = usize::try_from(offset).ok()?;
    Some(start..start.checked_add(usize::try_from(size).ok()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_bytes_are_refused() {
        assert!(matches!(open(b""), Err(ArtifactError::NotElf(_))));
        assert!(matches!(open(&[0x7f; 4096]), Err(ArtifactError::NotElf(_))));
        let own_test_binary = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(matches!(
            open(&own_test_binary),
            Err(ArtifactError::Section(_))
        ));
    }
}
