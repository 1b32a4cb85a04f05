//! The triage pack of a service about to start: that of its folder, or the one that is shipped. Whatever is wrong with it stops
//! the start, and says which setting to change or which field of which file.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::{ACCEPTED, ConfigError, SettingFault, TriageSettings};
use crate::domain::ComplaintId;
use crate::http::Warning;
use crate::protocol_folder;
use crate::triage::Pack;
use crate::triage::pack::GENERAL;

/// The pack, and what it may do here.
#[derive(Debug)]
pub(super) struct Protocol {
    pub(super) pack: Arc<Pack>,
    /// Whether it recommends levels.
    pub(super) in_use: bool,
    /// What it recommends nothing for.
    pub(super) switched_off: BTreeSet<ComplaintId>,
}

/// Reads the pack.
///
/// # Errors
/// [`ConfigError::Faulty`], with everything that must be put right first.
pub(super) fn read(asked: &TriageSettings) -> Result<Protocol, ConfigError> {
    let mut faults = Vec::new();
    let mut refuse = |setting: &str, detail: String| {
        faults.push(SettingFault { setting: setting.to_owned(), given: None, detail });
    };
    let (pack, named) = match &asked.pack {
        None => (Some(Pack::general().clone()), false),
        Some(folder) => {
            (protocol_folder::read(folder).map_err(|error| refuse("triage.pack", error.to_string())).ok(), true)
        }
    };
    let mut switched_off = BTreeSet::new();
    if let Some(pack) = &pack {
        match pack.unsigned().filter(|_| named && !asked.accepts_unsigned) {
            None => {}
            Some(why) => refuse(
                "triage.pack",
                format!(
                    "le protocole {} {} ({}) est {why}. Faites-le signer (« aiguilleur triage approve »), ou acceptez-le en \
                     toutes lettres : triage.unsigned_pack = \"{ACCEPTED}\"",
                    pack.id, pack.version, pack.hash
                ),
            ),
        }
        for name in &asked.off {
            match complaint(pack, name) {
                Ok(id) => {
                    switched_off.insert(id);
                }
                Err(detail) => refuse("triage.off", detail),
            }
        }
    }
    match pack {
        Some(pack) if faults.is_empty() => {
            let in_use = named || asked.accepts_unsigned;
            Ok(Protocol { pack: Arc::new(pack), in_use, switched_off })
        }
        _ => Err(ConfigError::Faulty(faults)),
    }
}

/// A complaint that may be switched off.
fn complaint(pack: &Pack, name: &str) -> Result<ComplaintId, String> {
    if name == GENERAL {
        return Err(format!("« {name} » : les questions générales sont toujours posées ; ôtez-le"));
    }
    let known = name.parse().ok().filter(|id: &ComplaintId| pack.place(id).is_some());
    known.ok_or_else(|| {
        let all = pack.complaints.iter().map(|one| one.id.as_str()).filter(|id| *id != GENERAL);
        let nearest = all.max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
        let meant = nearest.map(|id| format!(" ; vouliez-vous écrire {id} ?")).unwrap_or_default();
        format!("« {name} » n'est pas un motif du protocole {}{meant}", pack.id)
    })
}

impl Protocol {
    /// What whoever runs the service is reminded of while it runs.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        let unsigned = self.pack.unsigned().filter(|_| self.in_use);
        let unsigned = unsigned.map(|why| Warning {
            code: "unsigned_pack",
            detail: format!("le triage est en service avec un protocole {why} ({})", self.pack.hash),
        });
        let names: Vec<&str> = self.switched_off.iter().map(ComplaintId::as_str).collect();
        let off = (!names.is_empty()).then(|| Warning {
            code: "complaints_off",
            detail: format!("motifs mis hors service, pour lesquels la régulation décide : {}", names.join(", ")),
        });
        unsigned.into_iter().chain(off)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(asked: &TriageSettings) -> Vec<String> {
        match read(asked) {
            Err(ConfigError::Faulty(faults)) => faults.iter().map(ToString::to_string).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_shipped_pack_recommends_where_it_is_accepted_in_so_many_words() {
        let refused = read(&TriageSettings::default()).unwrap();
        assert!(!refused.in_use && refused.warnings().next().is_none());
        let accepted = read(&TriageSettings { accepts_unsigned: true, ..TriageSettings::default() }).unwrap();
        assert!(accepted.in_use);
        assert_eq!(accepted.warnings().map(|one| one.code).collect::<Vec<_>>(), ["unsigned_pack"]);
    }

    #[test]
    fn only_complaints_of_the_pack_are_switched_off_and_never_the_general_questions() {
        let off = |names: &[&str]| TriageSettings {
            off: names.iter().map(|name| (*name).to_owned()).collect(),
            ..TriageSettings::default()
        };
        let said = faults(&off(&["dyspnnee", "signes_vitaux"]));
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("triage.off") && said[0].contains("vouliez-vous écrire dyspnee ?"), "{said:?}");
        assert!(said[1].contains("toujours posées"), "{said:?}");
        let read = read(&off(&["dyspnee"])).unwrap();
        assert!(read.switched_off.iter().map(ComplaintId::as_str).eq(["dyspnee"]));
    }
}
