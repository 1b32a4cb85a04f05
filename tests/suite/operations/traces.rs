//! Traces of a text in bytes, however it may have been written down.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::read::GzDecoder;

/// A text in one of the ways it may stand in a file.
pub(super) struct Trace {
    pub(super) how: String,
    pub(super) bytes: Vec<u8>,
}

/// Every way this text may stand in a file.
pub(super) fn traces_of(text: &str) -> Vec<Trace> {
    let mut traces = Vec::new();
    let mut add = |how: &str, bytes: Vec<u8>| traces.push(Trace { how: format!("«{text}» in {how}"), bytes });
    let utf16: Vec<u16> = text.encode_utf16().collect();
    add("UTF-8", text.as_bytes().to_vec());
    add("UTF-16, little end first", utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect());
    add("UTF-16, big end first", utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect());
    if let Some(latin) = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<Vec<u8>>>() {
        add("Latin-1", latin);
    }
    let escaped = text.chars().fold(String::new(), |mut escaped, c| {
        if c.is_ascii() {
            escaped.push(c);
        } else {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        }
        escaped
    });
    add("JSON, escaped", escaped.into_bytes());
    let percent = text.bytes().fold(String::new(), |mut percent, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            percent.push(char::from(byte));
        } else {
            let _ = write!(percent, "%{byte:02X}");
        }
        percent
    });
    add("a URL", percent.into_bytes());
    let hex = text.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    add("hexadecimal", hex.into_bytes());
    for (shift, of) in [text.as_bytes(), &utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<_>>()]
        .into_iter()
        .flat_map(|of| [(0, of), (1, of), (2, of)])
    {
        // What stands before it in the same group of three decides the first letters; the last may hang on what follows.
        let shifted = STANDARD_NO_PAD.encode([&[0_u8; 2][..shift], of].concat());
        let begin = [0, 2, 3][shift];
        let end = (shift + of.len()) / 3 * 4;
        add("base64", shifted.as_bytes()[begin..end].to_vec());
    }
    traces
}

/// Those of the traces that `bytes` hold.
pub(super) fn found_in<'a>(bytes: &[u8], traces: &'a [Trace]) -> Vec<&'a str> {
    let held = |trace: &&Trace| bytes.windows(trace.bytes.len()).any(|window| window == trace.bytes);
    traces.iter().filter(held).map(|trace| trace.how.as_str()).collect()
}

/// What the files of a folder hold, each with its name; compressed ones as they were before.
pub(super) fn files_in(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_in(&path));
            continue;
        }
        let Ok(bytes) = fs::read(&path) else { continue };
        if path.extension().is_some_and(|end| end == "gz") {
            let mut text = Vec::new();
            GzDecoder::new(&bytes[..]).read_to_end(&mut text).unwrap();
            files.push((format!("{}, unpacked", path.display()), text));
        }
        files.push((path.display().to_string(), bytes));
    }
    files
}

#[test]
fn every_way_of_writing_a_text_down_is_found() {
    let text = "Zéphyrine 06";
    let traces = traces_of(text);
    assert!(traces.len() >= 13);
    for trace in &traces {
        let hidden = [b"before ", &trace.bytes[..], b" after"].concat();
        assert!(found_in(&hidden, &traces).contains(&trace.how.as_str()), "{}", trace.how);
    }
    // Base64 of a longer text, wherever ours stands in it.
    for before in ["", "a", "ab", "abc", "{\"first_name\":\""] {
        let hidden = base64::engine::general_purpose::STANDARD.encode(format!("{before}{text}\"}}"));
        assert!(!found_in(hidden.as_bytes(), &traces).is_empty(), "{before}: {hidden}");
    }
    assert!(found_in("Zephyrine 06".as_bytes(), &traces).is_empty());
}
