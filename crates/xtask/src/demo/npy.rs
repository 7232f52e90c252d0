// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Arrays of `f32` as .npy files, which is all that the demo needs of the format.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use ndarray::{Array2, ArrayViewD};

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// Writes an array.
///
/// # Errors
/// The file can't be written.
pub fn write(path: &Path, array: ArrayViewD<f32>) -> Result<()> {
    let dims: Vec<_> = array.shape().iter().map(usize::to_string).collect();
    let comma = if dims.len() == 1 { "," } else { "" };
    let shape = format!("({}{comma})", dims.join(", "));
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    // The data begins at a multiple of 64.
    let padded = (MAGIC.len() + 2 + header.len() + 1).next_multiple_of(64) - MAGIC.len() - 2;
    let mut file = MAGIC.to_vec();
    file.extend(u16::try_from(padded)?.to_le_bytes());
    file.extend(format!("{header:<width$}\n", width = padded - 1).bytes());
    // An array's iterator goes row by row, however the array is laid out.
    file.extend(array.iter().flat_map(|element| element.to_le_bytes()));
    fs::write(path, file).with_context(|| format!("cannot write {}", path.display()))
}

/// Reads a matrix of known extents.
///
/// # Errors
/// The file can't be read or holds something else.
pub fn read(path: &Path, (rows, columns): (usize, usize)) -> Result<Array2<f32>> {
    let file = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (header, data) = split(&file)
        .with_context(|| format!("{} is not a .npy file of version 1", path.display()))?;
    // Writers differ in whether a comma follows the last extent.
    let shape = format!("({rows}, {columns}");
    let shaped = [")", ",)"]
        .iter()
        .any(|end| header.contains(&(shape.clone() + end)));
    let described = header.contains("'<f4'") && header.contains("False") && shaped;
    let elements: Vec<_> = data.chunks_exact(4).filter_map(to_f32).collect();
    ensure!(
        described && data.len() % 4 == 0,
        "expected {rows}x{columns} of f32 in {}, got {header}",
        path.display()
    );
    Ok(Array2::from_shape_vec((rows, columns), elements)?)
}

fn split(file: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = file.strip_prefix(MAGIC)?.split_first_chunk()?;
    let (header, data) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    Some((str::from_utf8(header).ok()?, data))
}

fn to_f32(bytes: &[u8]) -> Option<f32> {
    Some(f32::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_row_by_row_is_what_numpy_writes() {
        let path = std::env::temp_dir().join(format!("symm-npy-{}.npy", std::process::id()));
        let array = ndarray::array![[1f32, 2.0], [3.0, 4.0]];
        write(&path, array.t().into_dyn()).expect("a folder that can be written to");
        assert_eq!(
            read(&path, (2, 2)).expect("a matrix of this shape"),
            array.t()
        );
        assert!(read(&path, (4, 1)).is_err());
        let file = fs::read(&path).expect("the file is there");
        fs::remove_file(&path).expect("the file is there");
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
        assert!(
            file.starts_with(b"\x93NUMPY\x01\x00\x76\x00")
                && file[10..].starts_with(header.as_bytes())
        );
        assert_eq!(file[127], b'\n');
        assert_eq!(
            file[128..],
            [1f32, 3.0, 2.0, 4.0].map(f32::to_le_bytes).concat()
        );
    }

    #[test]
    fn files_that_are_cut_short_are_refused() {
        assert!(split(MAGIC).is_none());
        assert!(split(b"\x93NUMPY\x01\x00\x76\x00{").is_none());
    }
}
