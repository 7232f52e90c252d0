// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! Functions of `math`, as GPUs compute them: how far they are from those on f64.

use super::compile_and_run;

#[link(name = "m")]
unsafe extern "C" {
    safe fn erf(x: f64) -> f64;
    safe fn erfc(x: f64) -> f64;
}

/// A function of one number: its name, the bound that the pass states, in units in the last
/// place, and what it should be.
type Unary = (&'static str, f64, fn(f64) -> f64);

const UNARY: [Unary; 24] = [
    ("acos", 1.5, f64::acos),
    ("acosh", 2.5, f64::acosh),
    ("asin", 2.0, f64::asin),
    ("asinh", 2.0, f64::asinh),
    ("atan", 2.0, f64::atan),
    ("atanh", 2.5, f64::atanh),
    ("cbrt", 1.0, f64::cbrt),
    ("cos", 2.0, f64::cos),
    ("cosh", 1.5, f64::cosh),
    ("erf", 1.5, |x| erf(x)),
    ("erfc", 3.5, |x| erfc(x)),
    ("exp", 1.0, f64::exp),
    ("exp2", 1.0, f64::exp2),
    ("expm1", 1.5, f64::exp_m1),
    ("log", 1.0, f64::ln),
    ("log10", 1.0, f64::log10),
    ("log1p", 1.5, f64::ln_1p),
    ("log2", 1.0, f64::log2),
    ("rsqrt", 1.5, |x| 1.0 / x.sqrt()),
    ("sin", 2.0, f64::sin),
    ("sinh", 2.5, f64::sinh),
    ("sqrt", 0.5, f64::sqrt),
    ("tan", 4.0, f64::tan),
    ("tanh", 2.5, f64::tanh),
];

/// Where functions do something special, or begin to.
const SPECIAL: [f32; 30] = [
    0.0,
    1.0,
    f32::INFINITY,
    f32::NAN,
    f32::MAX,
    f32::MIN_POSITIVE,
    1e-45,
    1e-40,
    0.5,
    0.99999994,
    1.0000001,
    1.5,
    2.0,
    3.0,
    4.0,
    5.0,
    8.0,
    88.72284,
    88.8,
    89.416,
    128.0,
    1e5,
    61561.0,
    8388607.5,
    16777215.0,
    16777216.0,
    33554432.0,
    1e10,
    1.4e11,
    1e30,
];

/// Numbers of all sizes: every exponent with mantissas of each kind, and what is special.
fn numbers() -> Vec<f32> {
    let spread = (0..=u32::MAX).step_by(8191).map(f32::from_bits);
    let edges = (0..512u32).flat_map(|top| {
        [u32::MAX, 0, 1].map(|beside| f32::from_bits((top << 23).wrapping_add(beside)))
    });
    let special = SPECIAL.iter().flat_map(|x| [*x, -*x]);
    spread.chain(edges).chain(special).collect()
}

/// Returns how far a result is off, in units in the last place of f32 there; infinitely where it
/// is infinite, no number or of the other sign, and should not be.
fn error(found: f32, expected: f64) -> f64 {
    if expected.is_nan() || found.is_nan() {
        return match expected.is_nan() && found.is_nan() {
            true => 0.0,
            false => f64::INFINITY,
        };
    }
    let signs_differ = found.is_sign_negative() != expected.is_sign_negative();
    // Results that begin to be infinite count as the number that would come next.
    let next = 2.0 * f64::from(2f32.powi(127));
    let bounded = |x: f64| x.clamp(-next, next);
    match signs_differ {
        true => f64::INFINITY,
        false => (bounded(found.into()) - bounded(expected)).abs() / unit(expected),
    }
}

/// The distance of the numbers of f32 around this one.
fn unit(x: f64) -> f64 {
    let exponent = x.abs().log2().floor().clamp(-126.0, 127.0);
    (exponent - 23.0).exp2()
}

/// Asserts that results are within a bound.
fn check(name: &str, bound: f64, found: &[f32], expected: impl Iterator<Item = (String, f64)>) {
    let mut worst = (0.0, String::new());
    for (found, (of, expected)) in found.iter().zip(expected) {
        let error = error(*found, expected);
        if error > worst.0 {
            worst = (
                error,
                format!("{name} of {of} is {found:e}, not {expected:e}"),
            );
        }
    }
    println!("{name}: {:.3} units, {}", worst.0, worst.1);
    assert!(worst.0 <= bound, "off by {} units: {}", worst.0, worst.1);
}

#[test]
fn functions_of_one_number_are_within_their_bounds() {
    let x = numbers();
    let tensor = format!("tensor<{}xf32>", x.len());
    let types = vec![tensor.as_str(); UNARY.len()].join(", ");
    let calls: String = UNARY
        .iter()
        .map(|(name, ..)| format!("%{name} = math.{name} %x : {tensor}\n"))
        .collect();
    let results: Vec<_> = UNARY.iter().map(|(name, ..)| format!("%{name}")).collect();
    let results = results.join(", ");
    let program =
        format!("func.func @f(%x: {tensor}) -> ({types}) {{ {calls} return {results} : {types} }}");
    let run = compile_and_run(&program, "", std::slice::from_ref(&x));
    for ((name, bound, of), found) in UNARY.iter().zip(&run.results) {
        let expected = x.iter().map(|x| (format!("{x:e}"), of(f64::from(*x))));
        check(name, *bound, found, expected);
    }
}

/// Pairs of what is special, and pairs whose power is neither 0 nor infinite.
fn pairs() -> (Vec<f32>, Vec<f32>) {
    let special: Vec<_> = SPECIAL.iter().flat_map(|x| [*x, -*x]).collect();
    let both = special
        .iter()
        .flat_map(|x| special.iter().map(|y| (*x, *y)));
    let spread = (0..400_000u32).map(|at| {
        let hash = at.wrapping_mul(0x9e37_79b9);
        let near_1 = 1.0 + (f64::from(hash >> 8) / f64::from(1 << 24) - 0.5) / 64.0;
        let x = match at % 2 {
            0 => f32::from_bits(hash >> 1),
            _ => near_1 as f32,
        };
        let power = f64::from(hash.reverse_bits()) / f64::from(u32::MAX) * 300.0 - 150.0;
        (x, (power / f64::from(x).log2()) as f32)
    });
    both.chain(spread).unzip()
}

#[test]
fn functions_of_two_numbers_are_within_their_bounds() {
    let (x, y) = pairs();
    let tensor = format!("tensor<{}xf32>", x.len());
    let program = format!(
        "func.func @f(%x: {tensor}, %y: {tensor}) -> ({tensor}, {tensor}, {tensor}) {{
           %power = math.powf %x, %y : {tensor}
           %angle = math.atan2 %y, %x : {tensor}
           %rest = arith.remf %x, %y : {tensor}
           return %power, %angle, %rest : {tensor}, {tensor}, {tensor}
         }}"
    );
    let run = compile_and_run(&program, "", &[x.clone(), y.clone()]);
    let expected = |of: fn(f64, f64) -> f64| {
        let values = x.iter().zip(&y);
        values.map(move |(x, y)| (format!("{x:e} and {y:e}"), of((*x).into(), (*y).into())))
    };
    check("powf", 1.5, &run.results[0], expected(f64::powf));
    check("atan2", 2.0, &run.results[1], expected(|x, y| y.atan2(x)));
    check("remf", 0.0, &run.results[2], expected(|x, y| x % y));
}

#[test]
fn whole_powers_are_within_their_bounds() {
    let (x, y) = pairs();
    let y: Vec<_> = y
        .iter()
        .map(|y| y.round().clamp(-2147483600.0, 2147483500.0))
        .map(|y| if y.is_nan() { 7.0 } else { y })
        .collect();
    let tensor = format!("tensor<{}xf32>", x.len());
    let whole = format!("tensor<{}xi32>", x.len());
    let program = format!(
        "func.func @f(%x: {tensor}, %y: {tensor}) -> ({tensor}, {tensor}, {tensor}) {{
           %n = arith.fptosi %y : {tensor} to {whole}
           %three = arith.constant dense<3> : {whole}
           %half = arith.constant dense<-0.5> : {tensor}
           %power = math.fpowi %x, %n : {tensor}, {whole}
           %cube = math.fpowi %x, %three : {tensor}, {whole}
           %root = math.powf %x, %half : {tensor}
           return %power, %cube, %root : {tensor}, {tensor}, {tensor}
         }}"
    );
    let run = compile_and_run(&program, "", &[x.clone(), y.clone()]);
    let power = |x: &f32, y: &f32| {
        let expected = f64::from(*x).powf(f64::from(*y));
        (format!("{x:e} and {y:e}"), expected)
    };
    let powers = x.iter().zip(&y).map(|(x, y)| power(x, y));
    check("fpowi", 1.5, &run.results[0], powers);
    check(
        "a cube",
        2.0,
        &run.results[1],
        x.iter().map(|x| power(x, &3.0)),
    );
    check(
        "a root",
        2.0,
        &run.results[2],
        x.iter().map(|x| power(x, &-0.5)),
    );
}
