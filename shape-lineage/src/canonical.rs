//! JSON in one spelling.

use std::fmt::Write;

use serde_json::Value;

/// JSON in the spelling of RFC 8785: no blanks, keys in the order of their UTF-16 code units, shortest numbers.
///
/// Integers are written with all their digits, also beyond 2^53, where RFC 8785 would round them.
pub(crate) fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) if number.is_f64() => {
            write_float(number.as_f64().unwrap_or_default(), text);
        }
        Value::Number(number) => {
            let _ = write!(text, "{number}");
        }
        // The escapes of `serde_json` are those of RFC 8785.
        Value::String(_) => {
            let _ = write!(text, "{value}");
        }
        Value::Array(items) => {
            text.push('[');
            for (item_idx, item) in items.iter().enumerate() {
                if item_idx != 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
            text.push('{');
            for (key_idx, key) in keys.into_iter().enumerate() {
                if key_idx != 0 {
                    text.push(',');
                }
                write(&Value::String(key.clone()), text);
                text.push(':');
                write(&members[key], text);
            }
            text.push('}');
        }
    }
}

/// A number as ECMAScript prints it (ECMA-262, `Number::toString`).
fn write_float(number: f64, text: &mut String) {
    if number == 0.0 {
        text.push('0');
        return;
    }
    if number < 0.0 {
        text.push('-');
    }
    // Rust's exponent form has the shortest digits that read back as the number.
    let shortest = format!("{:e}", number.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits = mantissa.replace('.', "");
    let n_digits = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // The decimal point stands after so many digits.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or_default());
    if n_digits <= point && point <= 21 {
        text.push_str(&digits);
        text.push_str(&zeros(point - n_digits));
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
        let _ = write!(text, "{whole}.{fraction}");
    } else if -6 < point && point <= 0 {
        let _ = write!(text, "0.{}{digits}", zeros(-point));
    } else {
        let (first, rest) = digits.split_at(1);
        text.push_str(first);
        if !rest.is_empty() {
            let _ = write!(text, ".{rest}");
        }
        let _ = write!(text, "e{:+}", point - 1);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Expected values are from RFC 8785, appendix B.
    #[test]
    fn floats_are_those_of_the_standard() {
        let check = |bits: u64, expected: &str| {
            let mut text = String::new();
            write_float(f64::from_bits(bits), &mut text);
            assert_eq!(text, expected);
        };
        check(0x0000_0000_0000_0000, "0");
        check(0x8000_0000_0000_0000, "0");
        check(0x0000_0000_0000_0001, "5e-324");
        check(0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308");
        check(0x4340_0000_0000_0000, "9007199254740992");
        check(0x4430_0000_0000_0000, "295147905179352830000");
        check(0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22");
        check(0x44b5_2d02_c7e1_4af6, "1e+23");
        check(0x444b_1ae4_d6e2_ef4e, "999999999999999700000");
        check(0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7");
        check(0x3eb0_c6f7_a0b5_ed8d, "0.000001");
        check(0x41b3_de43_5555_5553, "333333333.3333332");
    }

    #[test]
    fn keys_are_in_order_and_blanks_are_gone() {
        let value = json!({ "b": [1, 2.5, "é\n\u{1}"], "a": { "z": null, "\u{20ac}": true } });
        assert_eq!(
            canonical_json(&value),
            "{\"a\":{\"z\":null,\"€\":true},\"b\":[1,2.5,\"é\\n\\u0001\"]}"
        );
        // UTF-16 order: a surrogate pair sorts before U+FB33.
        let value = json!({ "\u{fb33}": 1, "\u{1f600}": 2 });
        assert_eq!(canonical_json(&value), "{\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }
}
