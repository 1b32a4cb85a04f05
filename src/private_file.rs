//! Files and folders only their owner may read: keys, passwords, the data folder. A file is judged by its permission bits;
//! nothing here changes any.

use std::fs::Metadata;

/// The permission bits of a file or folder that lets others than its owner in; none where it lets nobody.
///
/// What systemd hands a service as a credential is a file of root (mode 0440) with one more right, for the service's own
/// user, which shows as the group's: it passes where we are not root ourselves.
#[cfg(unix)]
pub(crate) fn open_to_others(file: &Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = Owner { user: file.uid(), group: file.gid() };
    let mode = file.mode() & 0o777;
    lets_others_in(mode, owner, effective_user()).then_some(mode)
}

/// Windows keeps no such bits.
#[cfg(not(unix))]
pub(crate) fn open_to_others(_file: &Metadata) -> Option<u32> {
    None
}

/// Who we act as, where the system says; 0 is root.
#[cfg(unix)]
pub(crate) fn effective_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    // The folder of our own process belongs to whom it acts as.
    std::fs::metadata("/proc/self").ok().map(|own| own.uid())
}

/// Windows has no such number.
#[cfg(not(unix))]
pub(crate) fn effective_user() -> Option<u32> {
    None
}

#[derive(Clone, Copy)]
struct Owner {
    user: u32,
    group: u32,
}

fn lets_others_in(mode: u32, owner: Owner, we_are: Option<u32>) -> bool {
    let of_root = owner.user == 0 && owner.group == 0;
    let is_credential = mode == 0o440 && of_root && we_are.is_some_and(|user| user != 0);
    mode & 0o077 != 0 && !is_credential
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Owner = Owner { user: 0, group: 0 };
    const OURS: Owner = Owner { user: 990, group: 990 };

    #[test]
    fn only_the_owner_may_read_but_for_a_credential_of_systemd() {
        for mode in [0o600, 0o400, 0o700] {
            assert!(!lets_others_in(mode, OURS, Some(990)), "{mode:o}");
        }
        for mode in [0o640, 0o440, 0o604, 0o660, 0o755] {
            assert!(lets_others_in(mode, OURS, Some(990)), "{mode:o}");
        }
        assert!(!lets_others_in(0o440, ROOT, Some(990)));
        assert!(lets_others_in(0o440, ROOT, Some(0)));
        assert!(lets_others_in(0o440, ROOT, None));
        assert!(lets_others_in(0o640, ROOT, Some(990)));
        assert!(lets_others_in(0o444, ROOT, Some(990)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_we_are_is_who_owns_what_we_make() {
        use std::os::unix::fs::MetadataExt as _;
        let made = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(effective_user(), Some(made.as_file().metadata().unwrap().uid()));
        assert_eq!(open_to_others(&made.as_file().metadata().unwrap()), None);
    }
}
