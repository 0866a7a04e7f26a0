//! `numeric` in binary: a header of four 16-bit numbers (how many digits, the
//! weight of the first, the sign, the scale), then digits of base 10 000.

use std::fmt::Write as _;

const NEGATIVE: u16 = 0x4000;
const NOT_A_NUMBER: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// The double next to a `numeric`, or `None` if the bytes are none.
pub(super) fn decode(bytes: &[u8]) -> Option<f64> {
    let (header, digits) = bytes.split_first_chunk::<8>()?;
    let [_, _, weight_high, weight_low, sign_high, sign_low, _, _] = *header;
    let weight = i16::from_be_bytes([weight_high, weight_low]);
    let mut text = String::with_capacity(2 * digits.len() + 8);
    match u16::from_be_bytes([sign_high, sign_low]) {
        0 => {}
        NEGATIVE => text.push('-'),
        NOT_A_NUMBER => return Some(f64::NAN),
        INFINITY => return Some(f64::INFINITY),
        NEGATIVE_INFINITY => return Some(f64::NEG_INFINITY),
        _ => return None,
    }
    text.push('0');
    let (digits, odd) = digits.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    for digit in digits {
        write!(text, "{:04}", u16::from_be_bytes(*digit)).ok()?;
    }
    let after_first = i64::try_from(digits.len()).ok()? - 1;
    write!(text, "e{}", 4 * (i64::from(weight) - after_first)).ok()?;
    // Rounded once, by the parser.
    text.parse().ok()
}

/// Writes a decimal number (`-12.5`, no exponent) as a `numeric`.
pub(super) fn encode(decimal: &str, out: &mut Vec<u8>) -> Option<()> {
    let (sign, unsigned) = match decimal.strip_prefix('-') {
        Some(unsigned) => (NEGATIVE, unsigned),
        None => (0, decimal),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let padding = (4 - whole.len() % 4) % 4;
    let places = std::iter::repeat_n(b'0', padding)
        .chain(whole.bytes())
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', (4 - fraction.len() % 4) % 4))
        .collect::<Vec<_>>();
    let (groups, _) = places.as_chunks::<4>();
    let digits = groups.iter().map(base_10_000).collect::<Option<Vec<_>>>()?;
    let first = digits
        .iter()
        .position(|digit| *digit != 0)
        .unwrap_or(digits.len());
    let last = digits
        .iter()
        .rposition(|digit| *digit != 0)
        .map_or(first, |last| last + 1);
    let significant = digits.get(first..last)?;
    let weight = (whole.len() + padding) / 4;
    let weight =
        i16::try_from(i64::try_from(weight).ok()? - i64::try_from(first).ok()? - 1).ok()?;
    out.extend(i16::try_from(significant.len()).ok()?.to_be_bytes());
    out.extend(if significant.is_empty() { 0 } else { weight }.to_be_bytes());
    out.extend(sign.to_be_bytes());
    out.extend(i16::try_from(fraction.len()).ok()?.to_be_bytes());
    for digit in significant {
        out.extend(digit.to_be_bytes());
    }
    Some(())
}

fn base_10_000(places: &[u8; 4]) -> Option<u16> {
    places.iter().try_fold(0, |digit, place| {
        place
            .is_ascii_digit()
            .then(|| digit * 10 + u16::from(place - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn what_is_encoded_decodes_to_the_same_double() {
        let numbers = [
            0.0,
            1.0,
            -1.0,
            0.1,
            -12.5,
            10_000.0,
            9999.9999,
            0.000_012_3,
            123_456_789.012_345_67,
            9_007_199_254_740_993.0,
            5e-324,
            f64::MAX,
            f64::MIN,
        ];
        for number in numbers {
            let mut bytes = Vec::new();
            encode(&number.to_string(), &mut bytes).unwrap();
            assert_eq!(decode(&bytes), Some(number), "{number}");
        }
    }

    #[test]
    fn bytes_that_are_no_numeric_are_refused() {
        for bytes in [
            &[][..],
            &[0; 7],
            &[0, 1, 0, 0, 0, 0, 0, 0, 1],
            &[0, 0, 0, 0, 1, 0, 0, 0],
        ] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
