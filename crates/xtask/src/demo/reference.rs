// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The block as a textbook has it: unsharded, in `f64`, with `ndarray` for the products.
//!
//! It shares nothing with the compiler, so that agreement with it says something.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use super::arguments::{Argument, HEAD, HEADS, HIDDEN, TOKENS};

const EPSILON: f64 = 1e-5;

/// Computes the block's output from its unsharded arguments.
pub fn block(arguments: &[Argument]) -> Array2<f64> {
    let matrix = |name: &str| matrix(arguments, name);
    let vector = |name: &str| matrix(name).remove_axis(Axis(0));
    let x = matrix("x");
    let normed = rms_norm(&x, &vector("attention_norm"));
    let (cos, sin) = (matrix("cos"), matrix("sin"));
    let q = rotate(&normed.dot(&matrix("wq")), &cos, &sin);
    let k = rotate(&normed.dot(&matrix("wk")), &cos, &sin);
    let v = normed.dot(&matrix("wv"));
    let residual = &x + &attention(&q, &k, &v).dot(&matrix("wo"));
    let normed = rms_norm(&residual, &vector("mlp_norm"));
    let gate = normed
        .dot(&matrix("w_gate"))
        .mapv(|g| g / (1.0 + (-g).exp()));
    let up = normed.dot(&matrix("w_up"));
    &residual + &(gate * up).dot(&matrix("w_down"))
}

/// Returns an argument in `f64`; a vector as a matrix of one row.
fn matrix(arguments: &[Argument], name: &str) -> Array2<f64> {
    let argument = arguments.iter().find(|argument| argument.name == name);
    let value = argument
        .expect("the block has this argument")
        .value
        .mapv(f64::from);
    let value = if value.ndim() == 1 {
        value.insert_axis(Axis(0))
    } else {
        value
    };
    value
        .into_dimensionality()
        .expect("arguments have one or two dimensions")
}

fn rms_norm(x: &Array2<f64>, weight: &Array1<f64>) -> Array2<f64> {
    let mean_square = x.mapv(|element| element * element).sum_axis(Axis(1)) / HIDDEN as f64;
    let scale = mean_square.mapv(|mean| 1.0 / (mean + EPSILON).sqrt());
    x * &scale.insert_axis(Axis(1)) * weight
}

/// Turns each pair of neighbours within a head by its token's angle for that pair.
fn rotate(x: &Array2<f64>, cos: &Array2<f64>, sin: &Array2<f64>) -> Array2<f64> {
    Array2::from_shape_fn(x.dim(), |(token, column)| {
        let angle = (token, column % HEAD / 2);
        let (even, odd) = (x[(token, column & !1)], x[(token, column | 1)]);
        if column % 2 == 0 {
            even * cos[angle] - odd * sin[angle]
        } else {
            odd * cos[angle] + even * sin[angle]
        }
    })
}

fn attention(q: &Array2<f64>, k: &Array2<f64>, v: &Array2<f64>) -> Array2<f64> {
    let mut out = Array2::zeros((TOKENS, HIDDEN));
    for head in 0..HEADS {
        let columns = s![.., head * HEAD..(head + 1) * HEAD];
        let mixed = attend(q.slice(columns), k.slice(columns), v.slice(columns));
        out.slice_mut(columns).assign(&mixed);
    }
    out
}

/// One head: each token looks at itself and the tokens before it.
fn attend(q: ArrayView2<f64>, k: ArrayView2<f64>, v: ArrayView2<f64>) -> Array2<f64> {
    let mut weights = q.dot(&k.t()) / (HEAD as f64).sqrt();
    for (token, mut row) in weights.outer_iter_mut().enumerate() {
        row.slice_mut(s![token + 1..]).fill(f64::NEG_INFINITY);
        let max = row.fold(f64::NEG_INFINITY, |max, &score| max.max(score));
        row.mapv_inplace(|score| (score - max).exp());
        let sum = row.sum();
        row /= sum;
    }
    weights.dot(&v)
}
