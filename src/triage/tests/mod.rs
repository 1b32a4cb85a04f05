//! The engine and the pack that is shipped.

use super::pack::Pack;
use super::shipped;

#[test]
fn the_pack_that_is_shipped_keeps_every_rule() {
    match Pack::read(&shipped::files()) {
        Ok(pack) => assert_eq!((pack.complaints.len(), pack.complaints[0].id.as_str()), (60, super::pack::GENERAL)),
        Err(faults) => {
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            panic!("{} faults:\n{}", told.len(), told.join("\n"));
        }
    }
}
