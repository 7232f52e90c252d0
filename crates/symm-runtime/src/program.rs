// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Loading of compiled programs.

use crate::{Error, cpu_features, cuda, table};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use rustix::fs::{MemfdFlags, memfd_create};
use std::{
    fs::File,
    io::Write,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    sync::Arc,
};
use symm_abi::{Device, Entry, EntryFn, Manifest, RUNTIME_SYMBOL, RuntimeTable, artifact};

/// An artifact that was read and found to be whole and fit for this machine; none of its code is mapped yet.
#[derive(Debug)]
pub struct Artifact {
    path: PathBuf,
    file: Vec<u8>,
    manifest: Manifest,
}

/// A loaded program; clones share it.
#[derive(Clone, Debug)]
pub struct Program {
    loaded: Arc<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    artifact: Artifact,
    library: Library,
    /// Outlives the library: as long as it is open, no other library can be loaded under the same name.
    _file: OwnedFd,
}

impl Artifact {
    /// Reads an artifact and checks it without loading it.
    ///
    /// # Errors
    /// When the file can't be read, is not an artifact, is damaged, or was compiled for another version of Symm or another
    /// machine.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = std::fs::read(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        let manifest = artifact::open(&file).map_err(|source| Error::Artifact {
            path: path.to_owned(),
            source,
        })?;
        let artifact = Self {
            path: path.to_owned(),
            file,
            manifest,
        };
        artifact.check_machine()?;
        Ok(artifact)
    }

    /// Returns what the artifact says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns where the artifact was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the bytes of a section that the manifest names.
    ///
    /// # Errors
    /// When the artifact lacks it.
    pub(crate) fn section(&self, name: &str) -> Result<&[u8], Error> {
        let bytes = artifact::section(&self.file, name);
        bytes.ok_or_else(|| self.bad_section(name, "is missing"))
    }

    /// Builds the error for a section that can't be used.
    pub(crate) fn bad_section(&self, name: &str, what: &'static str) -> Error {
        Error::Section {
            path: self.path.clone(),
            section: name.into(),
            what,
        }
    }

    /// Checks that the program is for a device.
    ///
    /// # Errors
    /// When it was compiled for another one.
    pub fn require(&self, device: Device) -> Result<(), Error> {
        if self.manifest.device == device {
            return Ok(());
        }
        Err(Error::Device {
            path: self.path.clone(),
            found: self.manifest.device,
            expected: device,
        })
    }

    fn check_machine(&self) -> Result<(), Error> {
        let (path, manifest) = (self.path.clone(), &self.manifest);
        if manifest.arch != std::env::consts::ARCH {
            return Err(Error::Arch {
                path,
                found: manifest.arch.clone(),
            });
        }
        match manifest
            .cpu_features
            .iter()
            .find(|feature| !cpu_features::has(feature))
        {
            Some(feature) => Err(Error::CpuFeature {
                path,
                feature: feature.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Maps a private copy of these very bytes, so that neither a change of the file nor another copy is seen.
    fn load(self) -> Result<Loaded, Error> {
        let error = |reason: String| Error::Load {
            path: self.path.clone(),
            reason,
        };
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let copy = || -> std::io::Result<File> {
            let mut file = File::from(memfd_create(name.as_ref(), MemfdFlags::CLOEXEC)?);
            file.write_all(&self.file)?;
            Ok(file)
        };
        let file = OwnedFd::from(copy().map_err(|reason| error(reason.to_string()))?);
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        // SAFETY: the artifact's seal is whole; that its initializers and code are sound, its compiler vouches for.
        let library = unsafe { Library::open(Some(link), RTLD_NOW | RTLD_LOCAL) };
        let library = library.map_err(|reason| error(reason.to_string()))?;
        // SAFETY: an artifact of this ABI version exports a pointer of this type under this name.
        let slot = unsafe { library.get::<*mut *const RuntimeTable>(RUNTIME_SYMBOL.as_bytes()) };
        let slot = *slot.map_err(|reason| error(reason.to_string()))?;
        // SAFETY: the slot is data of the library just loaded, of which no code runs yet.
        unsafe {
            if !slot.read().is_null() {
                return Err(error(format!(
                    "expected '{RUNTIME_SYMBOL}' to be null before loading"
                )));
            }
            slot.write(match self.manifest.device {
                Device::Cpu => &raw const table::TABLE,
                Device::Cuda => &raw const cuda::TABLE,
            });
        }
        Ok(Loaded {
            artifact: self,
            library,
            _file: file,
        })
    }
}

impl Program {
    /// Reads, checks and loads an artifact.
    ///
    /// # Errors
    /// As [`Artifact::read`], and when the system's loader refuses the file or an entry is missing.
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::from_artifact(Artifact::read(path)?)
    }

    /// Loads an artifact that was read before.
    ///
    /// # Errors
    /// When the system's loader refuses the file or an entry is missing.
    pub fn from_artifact(artifact: Artifact) -> Result<Self, Error> {
        let program = Self {
            loaded: Arc::new(artifact.load()?),
        };
        program
            .manifest()
            .entries
            .iter()
            .try_for_each(|entry| program.function(entry).map(drop))?;
        Ok(program)
    }

    /// Returns the program for one more rank of this process: a copy with globals of its own if the program writes any.
    ///
    /// # Errors
    /// When the copy can't be loaded.
    pub fn for_rank(&self) -> Result<Self, Error> {
        let Artifact {
            path,
            file,
            manifest,
        } = &self.loaded.artifact;
        if !manifest.mutable_globals {
            return Ok(self.clone());
        }
        let copy = Artifact {
            path: path.clone(),
            file: file.clone(),
            manifest: manifest.clone(),
        };
        Self::from_artifact(copy)
    }

    /// Returns what the program says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.loaded.artifact.manifest
    }

    /// Tells whether this is the same copy of the same program.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.loaded, &other.loaded)
    }

    /// Returns the file that the program was loaded from.
    pub fn artifact(&self) -> &Artifact {
        &self.loaded.artifact
    }

    /// Returns an entry and its function.
    pub(crate) fn entry(&self, name: &str) -> Result<(&Entry, EntryFn), Error> {
        let entry = self
            .manifest()
            .entry(name)
            .ok_or_else(|| no_entry(self.manifest(), name))?;
        Ok((entry, self.function(entry)?))
    }

    fn function(&self, entry: &Entry) -> Result<EntryFn, Error> {
        // SAFETY: the manifest of a whole artifact vouches for the type of its entries.
        let symbol = unsafe { self.loaded.library.get::<EntryFn>(entry.symbol.as_bytes()) };
        let path = || self.loaded.artifact.path.clone();
        symbol
            .map(|function| *function)
            .map_err(|error| Error::Load {
                path: path(),
                reason: error.to_string(),
            })
    }
}

/// Builds the error for an entry that a program lacks.
pub fn no_entry(manifest: &Manifest, name: &str) -> Error {
    let names: Vec<&str> = manifest
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    Error::NoEntry {
        name: name.into(),
        entries: names.join(", "),
    }
}
