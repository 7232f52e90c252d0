// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! NumPy's .npy files, format versions 1 to 3, read into and written from [`Tensor`]s.
//!
//! The header is checked against the size of the file before anything is allocated: a file that is truncated, has
//! bytes too many or lies about its shape is an error. Arrays in Fortran order are transposed while reading.
//!
//! Element types that NumPy lacks: `bf16` is read from `V2`, `bfloat16` or its bits in `u2`; the 8-bit floats from
//! `V1`, `f1`, their `ml_dtypes` names or their bits in `u1`. They are written as `V2` and `V1`, which is what
//! `ml_dtypes` arrays become when NumPy saves them: `numpy.load(path).view(ml_dtypes.bfloat16)` reads them.

mod element;
mod literal;

use crate::Tensor;
use literal::Dictionary;
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};
use symm_abi::{DType, Value};

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Longest header that is read; NumPy's own default limit is 10,000 bytes.
const MAX_HEADER: u64 = 1 << 16;

/// Alignment of the data in a file, as NumPy writes it.
const ALIGNMENT: usize = 64;

/// Failure to read or write a .npy file; the message names the file.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}", path = .path.display())]
pub struct NpyError {
    path: PathBuf,
    reason: String,
}

/// Checks that a file holds an array of this type, without reading its data.
///
/// # Errors
/// When the file can't be read, is no valid .npy file, or holds an array of another type.
pub fn check(path: &Path, value: &Value) -> Result<(), NpyError> {
    open(path, value)
        .map(drop)
        .map_err(|reason| error(path, reason))
}

/// Reads an array of this type.
///
/// # Errors
/// As [`check`], and when there is no memory for the array.
pub fn read(path: &Path, value: &Value) -> Result<Tensor, NpyError> {
    let read = || {
        let (mut file, fortran_order) = open(path, value)?;
        let mut tensor = Tensor::zeros(value).map_err(|error| error.to_string())?;
        file.read_exact(&mut tensor)
            .map_err(|error| error.to_string())?;
        if value.dtype == DType::I1 && tensor.iter().any(|&byte| byte > 1) {
            return Err("expected booleans, got a byte other than 0 and 1".into());
        }
        if fortran_order && value.shape.len() > 1 {
            transposed(&tensor, value)
        } else {
            Ok(tensor)
        }
    };
    read().map_err(|reason| error(path, reason))
}

/// Writes an array; an existing file is replaced.
///
/// # Errors
/// When the file can't be written.
pub fn write(path: &Path, tensor: &Tensor) -> Result<(), NpyError> {
    let write = || -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(&header(tensor))?;
        file.write_all(tensor)
    };
    write().map_err(|reason| error(path, reason))
}

fn error(path: &Path, reason: impl ToString) -> NpyError {
    NpyError {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

/// Opens a file, checks it as far as its header allows, and leaves it at the first byte of the data.
fn open(path: &Path, value: &Value) -> Result<(File, bool), String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("expected a regular file".into());
    }
    let (
        Dictionary {
            descr,
            fortran_order,
            shape,
        },
        data_offset,
    ) = dictionary(&mut file, metadata.len())?;
    element::check(&descr, value.dtype)?;
    if shape != value.shape {
        return Err(format!("expected shape {:?}, got {shape:?}", value.shape));
    }
    let expected = value
        .bytes()
        .ok_or("array is larger than an address space")? as u64;
    let found = metadata.len() - data_offset;
    if found != expected {
        return Err(format!(
            "expected {expected} bytes of data, got {found}: file is truncated or damaged"
        ));
    }
    Ok((file, fortran_order))
}

/// Reads magic, version and dictionary; returns the offset of the data, which lies within the file.
fn dictionary(file: &mut File, file_size: u64) -> Result<(Dictionary, u64), String> {
    let short = |_| String::from("file is shorter than its header");
    let mut prefix = [0; 8];
    file.read_exact(&mut prefix).map_err(short)?;
    if prefix[..6] != *MAGIC {
        return Err("not a .npy file".into());
    }
    let (length, prefix_size) = match prefix[6] {
        1 => {
            let mut length = [0; 2];
            file.read_exact(&mut length).map_err(short)?;
            (u64::from(u16::from_le_bytes(length)), 10)
        }
        2 | 3 => {
            let mut length = [0; 4];
            file.read_exact(&mut length).map_err(short)?;
            (u64::from(u32::from_le_bytes(length)), 12)
        }
        version => {
            return Err(format!(
                "format version {version} is unknown, expected 1 to 3"
            ));
        }
    };
    let data_offset = prefix_size + length;
    if data_offset > file_size {
        return Err(format!(
            "header of {length} bytes does not fit a file of {file_size} bytes"
        ));
    }
    if length > MAX_HEADER {
        return Err(format!(
            "header has {length} bytes, expected at most {MAX_HEADER}"
        ));
    }
    let mut text = vec![0; length as usize];
    file.read_exact(&mut text).map_err(short)?;
    let text = str::from_utf8(&text).map_err(|_| "header is not text")?;
    let dictionary =
        literal::parse(text).map_err(|reason| format!("header is malformed: {reason}"))?;
    Ok((dictionary, data_offset))
}

/// Copies an array whose data is in Fortran order into row-major order.
fn transposed(source: &Tensor, value: &Value) -> Result<Tensor, String> {
    let mut target = Tensor::zeros(value).map_err(|error| error.to_string())?;
    let size = value.dtype.size();
    let mut index = vec![0; value.shape.len()];
    for element in target.chunks_exact_mut(size) {
        // Column-major position of the row-major index.
        let position = index
            .iter()
            .zip(&value.shape)
            .rev()
            .fold(0, |position, (i, extent)| position * extent + i) as usize;
        element.copy_from_slice(&source[position * size..][..size]);
        for (i, &extent) in index.iter_mut().zip(&value.shape).rev() {
            *i += 1;
            if *i < extent {
                break;
            }
            *i = 0;
        }
    }
    Ok(target)
}

fn header(tensor: &Tensor) -> Vec<u8> {
    let extents: String = tensor
        .shape()
        .iter()
        .map(|extent| format!("{extent}, "))
        .collect();
    let descr = element::written(tensor.dtype());
    let mut text = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}",
        extents.trim_end()
    );
    let unpadded = MAGIC.len() + 4 + text.len() + 1;
    text.extend(std::iter::repeat_n(
        ' ',
        unpadded.next_multiple_of(ALIGNMENT) - unpadded,
    ));
    text.push('\n');
    let length =
        u16::try_from(text.len()).expect("a memref has far fewer dimensions than fill 64 KiB");
    [MAGIC, &[1, 0][..], &length.to_le_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
