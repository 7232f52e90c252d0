// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! What programs do with data but compute: constants of every kind, tiles, bits.

use symm_e2e::{Call, compile, run};
use symm_sim::{Buffer, DType};

const CODE: &str = include_str!("../../../test/gpu/Inputs/code.mlir");

fn run_on_one(entry: &str, shape: &[usize], x: &[f32]) -> Vec<Buffer> {
    let bytes = x.iter().flat_map(|x| x.to_le_bytes()).collect();
    let x = Buffer::new(DType::F32, shape.to_vec(), bytes).expect("as many values as elements");
    let call = Call {
        entry: entry.into(),
        inputs: vec![vec![x]],
    };
    let mut results = run(&compile(CODE, ""), 1, vec![call]);
    results.remove(0).remove(0)
}

fn values(buffer: &Buffer) -> Vec<f32> {
    buffer
        .elements()
        .map(|bits| f32::from_bits(bits as u32))
        .collect()
}

#[test]
fn constants_have_their_values_in_every_type() {
    let found = run_on_one("constants", &[4], &[1.5, 2.5, 3.5, 4.5]);
    assert_eq!(values(&found[0]), [4.5, -3.0, 1.75, 1120.0]);
    assert_eq!(values(&found[1]), [3.0, 11.0, 23.0, 15.5]);
}

#[test]
fn tiles_are_where_they_are_packed() {
    let x: Vec<f32> = (0..30).map(|x| x as f32 + 0.5).collect();
    let found = run_on_one("packed", &[5, 6], &x);
    // Columns of tiles come first; the last row of tiles has a row of padding.
    let element = |at: usize| {
        let (row, column) = (at / 6 % 3 * 2 + at / 3 % 2, at / 18 * 3 + at % 3);
        x.get(row * 6 + column).copied().unwrap_or(-1.0)
    };
    assert_eq!(values(&found[0]), (0..36).map(element).collect::<Vec<_>>());
    let twice: Vec<_> = x.iter().map(|x| 2.0 * x).collect();
    assert_eq!(values(&found[1]), twice);
    let bits: Vec<_> = found[2].elements().map(|bits| bits as u32).collect();
    assert_eq!(bits, x.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
}
