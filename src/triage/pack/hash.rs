//! The hash of what a pack says: of its forms as canonical JSON (keys in order, no spaces), so that the spelling of the TOML
//! changes nothing and a signature is of the content.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::form::{ComplaintForm, LexiconForm, PackForm};

#[derive(Serialize)]
struct Content<'a> {
    pack: &'a PackForm,
    complaints: &'a [ComplaintForm],
    lexicon: &'a LexiconForm,
}

/// SHA-256, hexadecimal. Signatures are not part of it.
pub(super) fn of(pack: &PackForm, complaints: &[ComplaintForm], lexicon: &LexiconForm) -> String {
    let content = Content { pack, complaints, lexicon };
    let mut canonical = String::new();
    // Forms hold no map with keys that are not text, and no number JSON has not: it cannot fail.
    write(&serde_json::to_value(content).unwrap_or_default(), &mut canonical);
    Sha256::digest(canonical).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write(value: &Value, to: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            for (place, name) in names.into_iter().enumerate() {
                to.push(if place == 0 { '{' } else { ',' });
                write(&Value::String(name.clone()), to);
                to.push(':');
                write(&fields[name], to);
            }
            to.push_str(if fields.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                to.push(if place == 0 { '[' } else { ',' });
                write(item, to);
            }
            to.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        simple => to.push_str(&simple.to_string()),
    }
}
