// SPDX-FileCopyrightText: The Symm authors
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//! The Python dictionary literal in a .npy header: exactly the subset that NumPy writes.

/// The three entries of a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Dictionary {
    pub(super) descr: String,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<u64>,
}

/// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` with its keys in any order.
pub(super) fn parse(text: &str) -> Result<Dictionary, String> {
    let mut cursor = Cursor { rest: text };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    cursor.expect("{")?;
    while !cursor.accept("}") {
        let key = cursor.string()?;
        cursor.expect(":")?;
        let repeated = match key {
            "descr" => descr.replace(cursor.descr()?).is_some(),
            "fortran_order" => fortran_order.replace(cursor.boolean()?).is_some(),
            "shape" => shape.replace(cursor.tuple()?).is_some(),
            _ => return Err(format!("unknown key '{}'", key.escape_debug())),
        };
        if repeated {
            return Err(format!("key '{key}' occurs twice"));
        }
        if !cursor.accept(",") {
            cursor.expect("}")?;
            break;
        }
    }
    cursor.end()?;
    let missing = |key: &str| format!("key '{key}' is missing");
    Ok(Dictionary {
        descr: descr.ok_or_else(|| missing("descr"))?,
        fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
        shape: shape.ok_or_else(|| missing("shape"))?,
    })
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn accept(&mut self, token: &str) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.accept(token) {
            return Ok(());
        }
        let found: String = self.rest.chars().take(12).collect();
        Err(format!(
            "expected '{token}', got '{}'",
            found.escape_debug()
        ))
    }

    fn end(&mut self) -> Result<(), String> {
        self.skip_blanks();
        if self.rest.is_empty() {
            Ok(())
        } else {
            self.expect("end of header")
        }
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let quote = if self.accept("\"") {
            '"'
        } else {
            self.expect("'").map(|()| '\'')?
        };
        let (text, rest) = self.rest.split_once(quote).ok_or("string does not end")?;
        self.rest = rest;
        Ok(text)
    }

    fn descr(&mut self) -> Result<String, String> {
        if self.accept("[") {
            return Err("structured arrays are not supported: save one array per field".into());
        }
        self.string().map(str::to_owned)
    }

    fn boolean(&mut self) -> Result<bool, String> {
        if self.accept("True") {
            return Ok(true);
        }
        self.expect("False").map(|()| false)
    }

    fn tuple(&mut self) -> Result<Vec<u64>, String> {
        let mut extents = Vec::new();
        self.expect("(")?;
        while !self.accept(")") {
            extents.push(self.integer()?);
            if !self.accept(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(extents)
    }

    fn integer(&mut self) -> Result<u64, String> {
        self.skip_blanks();
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        // Python 2 wrote long integers with a suffix.
        self.rest = self.rest.strip_prefix('L').unwrap_or(self.rest);
        digits
            .parse()
            .map_err(|_| format!("expected an extent, got '{}'", digits.escape_debug()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numpy_spellings_parse() {
        let parsed =
            parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n").unwrap();
        let expected = Dictionary {
            descr: "<f4".into(),
            fortran_order: false,
            shape: vec![3, 4],
        };
        assert_eq!(parsed, expected);
        assert_eq!(
            parse("{\"shape\":(3L,4),'fortran_order':False,'descr':\"<f4\"}").unwrap(),
            expected
        );
        assert!(
            parse("{'descr':'|u1','fortran_order':True,'shape':()}")
                .unwrap()
                .shape
                .is_empty()
        );
        assert_eq!(
            parse("{'descr':'|u1','fortran_order':True,'shape':(7,)}")
                .unwrap()
                .shape,
            [7]
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "{",
            "{}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } x",
            "{'descr': '<f4', 'fortran_order': False}",
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': 3}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}",
            "{'descr': '<f4",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
