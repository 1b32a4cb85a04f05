//! Whether a Redis may hold what must not be lost: what was found of its settings, against what its operator accepts.

use std::fmt::Write as _;

use anyhow::bail;

use crate::config::StoreSettings;
use crate::http::Warning;
use crate::store::{FindingCode, Survey};

/// What stays to be said of a store that may be used.
///
/// # Errors
/// Everything unsafe that nobody accepted, each with what to do.
pub(super) fn judged(survey: &Survey, accepted: &[FindingCode]) -> anyhow::Result<Vec<Warning>> {
    let refused: Vec<_> = survey.unsafe_findings().filter(|found| !accepted.contains(&found.code)).collect();
    if refused.is_empty() {
        let warning = |code: FindingCode, detail| Warning { code: code.as_str(), detail };
        return Ok(survey.findings.iter().map(|found| warning(found.code, found.to_string())).collect());
    }
    let mut said = format!("ce Redis n'est pas sûr ({} raison(s)) :", refused.len());
    for found in refused {
        let _ = write!(said, "\n- {} : {found}", found.code.as_str());
        if StoreSettings::is_acceptable(found.code) {
            let _ = write!(said, " Pour accepter ce risque : store.accept_risks = [\"{}\"].", found.code.as_str());
        }
    }
    bail!(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Finding;

    fn found(code: FindingCode) -> Finding {
        Finding { code, cause: format!("cause {}.", code.as_str()), remedy: "remède.".to_owned() }
    }

    #[test]
    fn what_is_unsafe_is_refused_unless_it_is_accepted_and_then_stays_in_sight() {
        let codes = [FindingCode::LateSync, FindingCode::Eviction, FindingCode::MemoryLow];
        let survey = Survey { findings: codes.into_iter().map(found).collect() };
        let said = judged(&survey, &[]).unwrap_err().to_string();
        assert!(said.contains("2 raison(s)") && said.contains("accept_risks = [\"late_sync\"]"), "{said}");
        assert!(said.contains("cause eviction. remède.") && !said.contains("[\"eviction\"]"), "{said}");
        let said = judged(&survey, &[FindingCode::LateSync]).unwrap_err().to_string();
        assert!(said.contains("1 raison(s)") && !said.contains("late_sync"), "{said}");
        let survey = Survey { findings: vec![found(FindingCode::LateSync), found(FindingCode::MemoryLow)] };
        let warnings = judged(&survey, &[FindingCode::LateSync]).unwrap();
        assert_eq!(warnings.iter().map(|one| one.code).collect::<Vec<_>>(), ["late_sync", "memory_low"]);
    }
}
