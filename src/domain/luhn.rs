//! The Luhn key: from the right, every second digit doubled (less 9 above 9), the sum a multiple of ten.

/// Whether `digits` (ASCII digits only) carries a right Luhn key as its last digit.
pub(crate) fn holds(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            match (place % 2, digit) {
                (0, d) => d,
                (_, d) if d > 4 => 2 * d - 9,
                (_, d) => 2 * d,
            }
        })
        .sum();
    !digits.is_empty() && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn known_numbers_pass_and_their_neighbours_fail() {
        // domain.md §5.5: SIREN and SIRET of public test suites.
        for good in ["404833048", "73282932000074"] {
            assert!(holds(good), "{good}");
        }
        for bad in ["404833047", "73282932000079", ""] {
            assert!(!holds(bad), "{bad}");
        }
    }
}
