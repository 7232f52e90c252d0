// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! A folder of kernels, to be carried to a machine that has GPUs but no compiler.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use super::{KernelImage, KernelSpec};

/// File that lists the kernels of a bundle.
pub const INDEX_FILE: &str = "kernels.json";

/// Version of the index's form; a bundle of another version is refused.
const VERSION: u32 = 2;

/// A kernel of a bundle, without its code.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct BundleKernel {
    /// What it does.
    pub spec: KernelSpec,
    /// Name of the entry point.
    pub entry: String,
    /// PTX version times ten.
    pub ptx_version: u32,
    /// Name of the file in the bundle.
    pub file: String,
    /// SHA-256 of the file in lower-case hexadecimal.
    pub sha256: String,
}

#[derive(Deserialize, Serialize)]
struct Index {
    version: u32,
    abi_version: u32,
    soundness: Soundness,
    kernels: Vec<BundleKernel>,
}

/// What an index of any version begins with.
#[derive(Deserialize)]
struct Versions {
    version: u32,
    abi_version: u32,
}

/// Whether a bundle's kernels are what their names say.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Soundness {
    /// They are.
    #[default]
    Sound,
    /// Something is wrong with them on purpose, for tests that have to see it; entries and files are named as ever.
    Sabotaged,
}

impl fmt::Display for Soundness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sound => "sound",
            Self::Sabotaged => "sabotaged",
        })
    }
}

/// An opened bundle.
#[derive(Clone, Debug)]
pub struct Bundle {
    folder: PathBuf,
    kernels: Vec<BundleKernel>,
}

/// Why a bundle cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A file cannot be written or read.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The index is not JSON of this form.
    #[error("expected the index of a kernel bundle: {0}")]
    Json(#[from] serde_json::Error),
    /// The bundle was written by another version of Symm.
    #[error("expected a kernel bundle of version {VERSION} for ABI {expected}, got version {version} for ABI {abi}", expected = crate::ABI_VERSION)]
    Version {
        /// Version of the index.
        version: u32,
        /// ABI version.
        abi: u32,
    },
    /// The bundle was made for another purpose.
    #[error("{path}: expected a bundle of {expected} kernels, got one of {got} kernels")]
    Soundness {
        /// The bundle.
        path: PathBuf,
        /// What was asked for.
        expected: Soundness,
        /// What it has.
        got: Soundness,
    },
    /// A file is not the one that was written.
    #[error(
        "{0}: expected the kernel that the index lists, got other bytes; the bundle is damaged"
    )]
    Damaged(PathBuf),
}

impl BundleError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }
}

impl Bundle {
    /// Writes sound kernels into a folder, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// Fails where a file cannot be written.
    pub fn write(folder: &Path, images: &[KernelImage]) -> Result<Self, BundleError> {
        Self::write_as(folder, images, Soundness::Sound)
    }

    /// Writes kernels as [`Bundle::write`] does, and says what they are.
    ///
    /// # Errors
    ///
    /// Fails where a file cannot be written.
    pub fn write_as(
        folder: &Path,
        images: &[KernelImage],
        soundness: Soundness,
    ) -> Result<Self, BundleError> {
        fs::create_dir_all(folder).map_err(BundleError::io(folder))?;
        let mut kernels = Vec::with_capacity(images.len());
        for image in images {
            let file = format!("{}.ptx", image.spec.name());
            let path = folder.join(&file);
            fs::write(&path, &image.ptx).map_err(BundleError::io(&path))?;
            kernels.push(BundleKernel {
                spec: image.spec.clone(),
                entry: image.entry.clone(),
                ptx_version: image.ptx_version,
                file,
                sha256: digest(image.ptx.as_bytes()),
            });
        }
        let index = Index {
            version: VERSION,
            abi_version: crate::ABI_VERSION,
            soundness,
            kernels,
        };
        let path = folder.join(INDEX_FILE);
        fs::write(&path, serde_json::to_vec(&index)?).map_err(BundleError::io(&path))?;
        Ok(Self {
            folder: folder.to_owned(),
            kernels: index.kernels,
        })
    }

    /// Opens a bundle of sound kernels; the kernels themselves are read by [`Bundle::load`].
    ///
    /// # Errors
    ///
    /// Fails where the index cannot be read, is one of another version, or lists sabotaged kernels.
    pub fn open(folder: &Path) -> Result<Self, BundleError> {
        Self::open_as(folder, Soundness::Sound)
    }

    /// Opens a bundle as [`Bundle::open`] does, of kernels that are sound or, for tests, are not.
    ///
    /// # Errors
    ///
    /// Fails where the index cannot be read, is one of another version, or lists kernels of the other sort.
    pub fn open_as(folder: &Path, expected: Soundness) -> Result<Self, BundleError> {
        let path = folder.join(INDEX_FILE);
        let json = fs::read(&path).map_err(BundleError::io(&path))?;
        // By itself: an index of another version may have another form.
        let Versions {
            version,
            abi_version: abi,
        } = serde_json::from_slice(&json)?;
        if version != VERSION || abi != crate::ABI_VERSION {
            return Err(BundleError::Version { version, abi });
        }
        let index: Index = serde_json::from_slice(&json)?;
        let got = index.soundness;
        if got != expected {
            let path = folder.to_owned();
            return Err(BundleError::Soundness {
                path,
                expected,
                got,
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            kernels: index.kernels,
        })
    }

    /// Returns the kernels.
    pub fn kernels(&self) -> &[BundleKernel] {
        &self.kernels
    }

    /// Returns the kernel of this name, if the bundle has it.
    pub fn find(&self, spec: &KernelSpec) -> Option<&BundleKernel> {
        self.kernels.iter().find(|kernel| kernel.spec == *spec)
    }

    /// Reads the code of a kernel of this bundle.
    ///
    /// # Errors
    ///
    /// Fails where the file cannot be read or is not the one that was written.
    pub fn load(&self, kernel: &BundleKernel) -> Result<KernelImage, BundleError> {
        let path = self.folder.join(&kernel.file);
        let bytes = fs::read(&path).map_err(BundleError::io(&path))?;
        if digest(&bytes) != kernel.sha256 {
            return Err(BundleError::Damaged(path));
        }
        let ptx = String::from_utf8(bytes).map_err(|_| BundleError::Damaged(path))?;
        Ok(KernelImage {
            spec: kernel.spec.clone(),
            entry: kernel.entry.clone(),
            ptx_version: kernel.ptx_version,
            ptx,
        })
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, ReduceOp, gpu::Algorithm};
    use std::{env, process};

    fn image() -> KernelImage {
        let spec = KernelSpec {
            algorithm: Algorithm::TwoShotPush,
            dtype: DType::F8E4M3FN,
            reduce_op: ReduceOp::Max,
            world_size: 2,
            unroll: 4,
            chip: "sm_90".into(),
        };
        KernelImage {
            entry: spec.name(),
            spec,
            ptx_version: 80,
            ptx: ".version 8.0\n".into(),
        }
    }

    fn folder(test: &str) -> PathBuf {
        env::temp_dir().join(format!("symm-bundle-{test}-{}", process::id()))
    }

    #[test]
    fn what_was_written_is_read_and_damage_is_found() {
        let folder = folder("damage");
        let image = image();
        Bundle::write(&folder, std::slice::from_ref(&image)).expect("it is written");
        let bundle = Bundle::open(&folder).expect("it is read");
        let kernel = bundle.find(&image.spec).expect("it is there").clone();
        assert_eq!(bundle.load(&kernel).expect("it is whole"), image);
        assert!(
            bundle
                .find(&KernelSpec {
                    unroll: 1,
                    ..image.spec
                })
                .is_none()
        );
        fs::write(folder.join(&kernel.file), ".version 8.1\n").expect("it is written");
        assert!(matches!(bundle.load(&kernel), Err(BundleError::Damaged(_))));
        fs::remove_dir_all(&folder).expect("it is there");
    }

    #[test]
    fn an_index_of_another_version_is_refused_whatever_else_it_says() {
        let folder = folder("version");
        Bundle::write(&folder, &[]).expect("it is written");
        let index = r#"{"version":1,"abi_version":1,"kernels":[]}"#;
        fs::write(folder.join(INDEX_FILE), index).expect("it is written");
        assert!(matches!(
            Bundle::open(&folder),
            Err(BundleError::Version { version: 1, abi: 1 })
        ));
        fs::remove_dir_all(&folder).expect("it is there");
    }

    #[test]
    fn sabotaged_kernels_are_opened_by_none_but_those_who_ask_for_them() {
        let folder = folder("sabotaged");
        let asked = |soundness| Bundle::open_as(&folder, soundness);
        Bundle::write_as(&folder, &[image()], Soundness::Sabotaged).expect("it is written");
        assert!(asked(Soundness::Sabotaged).is_ok());
        let error = Bundle::open(&folder).expect_err("they are not sound");
        let expected = "expected a bundle of sound kernels, got one of sabotaged kernels";
        assert_eq!(
            error.to_string(),
            format!("{}: {expected}", folder.display())
        );
        Bundle::write(&folder, &[image()]).expect("it is written");
        assert!(Bundle::open(&folder).is_ok());
        asked(Soundness::Sabotaged).expect_err("a test would see nothing in them");
        fs::remove_dir_all(&folder).expect("it is there");
    }
}
