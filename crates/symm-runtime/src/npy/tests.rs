// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

use super::*;
use proptest::prelude::*;

fn value(dtype: DType, shape: &[u64]) -> Value {
    Value {
        name: "x".into(),
        dtype,
        shape: shape.to_vec(),
    }
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn with_header(version: u8, text: &str, data: &[u8]) -> Vec<u8> {
    let length = match version {
        1 => (text.len() as u16).to_le_bytes().to_vec(),
        _ => (text.len() as u32).to_le_bytes().to_vec(),
    };
    [MAGIC, &[version, 0][..], &length, text.as_bytes(), data].concat()
}

fn refusal(bytes: &[u8], value: &Value) -> String {
    let file = file(bytes);
    let error = read(file.path(), value).unwrap_err();
    assert_eq!(
        error.to_string(),
        check(file.path(), value).unwrap_err().to_string()
    );
    error.to_string()
}

#[test]
fn arrays_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    for dtype in DType::ALL {
        for shape in [&[][..], &[0], &[5], &[2, 3, 4]] {
            let value = value(dtype, shape);
            let mut tensor = Tensor::zeros(&value).unwrap();
            tensor
                .iter_mut()
                .enumerate()
                .for_each(|(i, byte)| *byte = i as u8 % 2);
            write(&path, &tensor).unwrap();
            let data_offset = std::fs::metadata(&path).unwrap().len() - tensor.len() as u64;
            assert_eq!(data_offset % 64, 0);
            assert_eq!(read(&path, &value).unwrap()[..], tensor[..]);
        }
    }
}

#[test]
fn every_version_and_order_is_read() {
    let value = value(DType::U8, &[2, 3]);
    for version in 1..=3 {
        let bytes = with_header(
            version,
            "{'descr':'|u1','fortran_order':False,'shape':(2,3)}",
            b"abcdef",
        );
        assert_eq!(read(file(&bytes).path(), &value).unwrap()[..], *b"abcdef");
    }
    let bytes = with_header(
        1,
        "{'descr':'|u1','fortran_order':True,'shape':(2,3)}",
        b"adbecf",
    );
    assert_eq!(read(file(&bytes).path(), &value).unwrap()[..], *b"abcdef");
}

#[test]
fn lies_are_refused_before_allocation() {
    let good = "{'descr':'|u1','fortran_order':False,'shape':(4,)}";
    let four = value(DType::U8, &[4]);
    assert!(refusal(b"", &four).contains("shorter than its header"));
    assert!(refusal(b"PK\x03\x04 and more", &four).contains("not a .npy file"));
    assert!(refusal(&with_header(4, good, b"abcd"), &four).contains("version 4"));
    assert!(
        refusal(&with_header(1, good, b"abc"), &four).contains("expected 4 bytes of data, got 3")
    );
    assert!(
        refusal(&with_header(1, good, b"abcde"), &four).contains("expected 4 bytes of data, got 5")
    );
    assert!(
        refusal(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", &four)
            .contains("does not fit a file of 13 bytes")
    );
    let huge = "{'descr':'|u1','fortran_order':False,'shape':(1152921504606846976,)}";
    assert!(refusal(&with_header(1, huge, b"abcd"), &four).contains("got [1152921504606846976]"));
    assert!(
        refusal(&with_header(1, huge, b""), &value(DType::U8, &[1 << 60])).contains("truncated")
    );
    let long = format!("{good}{}", " ".repeat(1 << 17));
    assert!(refusal(&with_header(2, &long, b"abcd"), &four).contains("at most 65536"));
    assert!(refusal(&with_header(1, "{'descr':'\\xff", b""), &four).contains("malformed"));
    assert!(
        check(Path::new("/"), &four)
            .unwrap_err()
            .to_string()
            .contains("regular file")
    );
    assert!(
        check(Path::new("/nowhere/x.npy"), &four)
            .unwrap_err()
            .to_string()
            .starts_with("/nowhere/x.npy: ")
    );
}

#[test]
fn booleans_are_zero_or_one() {
    let bytes = with_header(
        1,
        "{'descr':'|b1','fortran_order':False,'shape':(2,)}",
        &[1, 2],
    );
    let error = read(file(&bytes).path(), &value(DType::I1, &[2])).unwrap_err();
    assert!(error.to_string().contains("other than 0 and 1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_an_array_or_an_error(
        version in 0u8..5,
        length in any::<u32>(),
        text in "[{}()',:<f48 Ldescrshapefortran_order0-9TrueFals\\[\\]]{0,80}",
        data in prop::collection::vec(any::<u8>(), 0..32),
    ) {
        let four = value(DType::F32, &[4]);
        let lying = [MAGIC, &[version, 0][..], &length.to_le_bytes(), text.as_bytes(), &data].concat();
        prop_assert!(read(file(&lying).path(), &four).is_err());
        let honest = with_header(version, &text, &data);
        prop_assert!(read(file(&honest).path(), &four).is_err());
    }

    #[test]
    fn every_truncation_and_flip_is_survived(cut in 0usize..144, flip in 0usize..1152) {
        let value = value(DType::F32, &[4]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        write(&path, &Tensor::zeros(&value).unwrap()).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        prop_assert_eq!(bytes.len(), 144);
        prop_assert!(read(file(&bytes[..cut]).path(), &value).is_err());
        bytes[flip / 8] ^= 1 << (flip % 8);
        // Whatever a damaged file gives, it has the type that was asked for.
        if let Ok(tensor) = read(file(&bytes).path(), &value) {
            prop_assert!(tensor.has_type_of(&value));
        }
    }
}
