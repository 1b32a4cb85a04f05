//! A reason: a code for software, a French sentence for people.

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its code.
    pub code: &'static str,
    /// Its sentence, in French.
    pub text: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// A duration as people say it: `45 min`, `1 h 10`, `2 j 3 h`.
pub fn spoken(minutes: i64) -> String {
    let (hours, rest) = (minutes / 60, minutes % 60);
    match (hours, rest) {
        (0, m) => format!("{m} min"),
        (h, 0) if h < 24 => format!("{h} h"),
        (h, m) if h < 24 => format!("{h} h {m:02}"),
        (h, _) if h % 24 == 0 => format!("{} j", h / 24),
        (h, _) => format!("{} j {} h", h / 24, h % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::spoken;

    #[test]
    fn durations_read_as_people_say_them() {
        for (minutes, text) in
            [(5, "5 min"), (60, "1 h"), (70, "1 h 10"), (125, "2 h 05"), (1_440, "1 j"), (1_650, "1 j 3 h")]
        {
            assert_eq!(spoken(minutes), text);
        }
    }
}
