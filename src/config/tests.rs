//! Settings as an operator gives them: every fault with its name, its place and what to do.

use std::collections::BTreeSet;

use super::*;

fn settings(file: &str, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let variables: Vec<Variable> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
    read(Some((Path::new("conf/aiguilleur.toml"), file)), &variables)
}

fn faults(file: &str, variables: &[(&str, &str)]) -> Vec<String> {
    match settings(file, variables) {
        Err(ConfigError::Faulty(faults)) => faults.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

const SMALL: &str = "[service]\nterritories = [\"weppes\"]\n";

#[test]
fn what_is_left_out_is_as_the_manual_says() {
    let read = settings(SMALL, &[]).unwrap();
    assert_eq!(read.service.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(read.service.territories[0].id.as_str(), "weppes");
    assert_eq!(read.security.key_files.patients, Path::new("/var/lib/aiguilleur/patients.key"));
    assert_eq!(read.policy.hold, Policy::default().hold);
    assert_eq!(read.policy.budget, Policy::default().budget);
    let limits = Limits::production();
    assert_eq!(format!("{:?}", read.limits), format!("{limits:?}"), "the manual and the service agree");
}

#[test]
fn the_manual_names_every_setting_and_no_other() {
    let mut reader = Reader::new(MANUAL, Path::new("")).unwrap();
    sections(&mut reader);
    let asked: BTreeSet<String> = reader.asked().collect();
    let mut written = BTreeSet::new();
    let mut section = "";
    for line in MANUAL.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        }
        // A setting is written at the start of its line, with a "#" before it where it has no default.
        let setting = line.strip_prefix('#').unwrap_or(line).split_once(" = ").map(|(name, _)| name);
        let is_name = |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        written.extend(setting.filter(is_name).map(|name| format!("{section}.{name}")));
    }
    assert_eq!(written, asked);
    // The one thing it cannot know is the territories.
    let unset: Vec<_> = reader.finish().into_iter().map(|fault| fault.setting).collect();
    assert_eq!(unset, ["service.territories"]);
}

#[test]
fn the_lines_the_manual_shows_as_examples_are_right() {
    let uncommented: String = MANUAL
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) && rest.contains(" = ") => rest,
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect();
    // But for the file of a territory nobody has.
    let uncommented = uncommented.replace("\"/etc/aiguilleur/alaric.json\"", "\"flandre-lys\"");
    let read = settings(&uncommented, &[]).unwrap();
    assert_eq!(read.practitioners.as_deref(), Some(Path::new("conf/praticiens")));
    assert_eq!(read.service.public_origin.as_deref(), Some("https://regulation.cpts-exemple.fr"));
}

#[test]
fn variables_override_the_file_and_are_read_as_their_setting() {
    let file = "[service]\nterritories = [\"weppes\"]\nlisten = \"127.0.0.1:1\"\n[limits]\nlive_streams = 7\n";
    let variables = [
        ("AIGUILLEUR_SERVICE_LISTEN", "0.0.0.0:9000"),
        ("AIGUILLEUR_SERVICE_TLS_TERMINATED_BY_PROXY", "true"),
        ("AIGUILLEUR_SERVICE_TERRITORIES", "flandre-lys, weppes"),
        ("AIGUILLEUR_LIMITS_LIVE_STREAMS", "12"),
        ("AIGUILLEUR_SECURITY_API_KEYS_FILE", "keys/keys.toml"),
    ];
    let read = settings(file, &variables).unwrap();
    assert_eq!(read.service.listen.to_string(), "0.0.0.0:9000");
    let ids: Vec<_> = read.service.territories.iter().map(|territory| territory.id.as_str()).collect();
    assert_eq!(ids, ["flandre-lys", "weppes"]);
    assert_eq!(read.limits.streams, 12);
    assert_eq!(read.security.access_keys, Path::new("conf/keys/keys.toml"));
}

#[test]
fn every_fault_is_told_at_once_with_its_place_and_what_to_do() {
    let file = "colour = \"red\"\n[service]\nlisten = \"8080\"\nterritories = [\"weppes\", \"weppes\", \"atlantide\"]\n\
        tls_terminated_by_proxy = \"yes\"\n[limits]\nlive_streams = 0\n[booking]\nhold_minute = 5\n[log]\nfilter = \"a=b=c\"\n";
    let said = faults(file, &[("AIGUILLEUR_LIMITS_BODY_BYTES", "many"), ("AIGUILLEUR_SERVCE_LISTEN", "x")]);
    for expected in [
        "colour (conf/aiguilleur.toml, ligne 1) : ce réglage est hors de toute section",
        "service.listen (conf/aiguilleur.toml, ligne 3) : « 8080 » : une adresse et un port",
        "service.territories (conf/aiguilleur.toml, ligne 4) : weppes y est deux fois",
        "service.territories (conf/aiguilleur.toml, ligne 4) : « atlantide »",
        "service.tls_terminated_by_proxy (conf/aiguilleur.toml, ligne 5) : true ou false",
        "limits.live_streams (conf/aiguilleur.toml, ligne 7) : un nombre entier de 1 à",
        "limits.body_bytes (variable AIGUILLEUR_LIMITS_BODY_BYTES) : un nombre entier",
        "booking.hold_minute (conf/aiguilleur.toml, ligne 9) : réglage inconnu ; vouliez-vous écrire booking.hold_minutes ?",
        "servce.listen (variable AIGUILLEUR_SERVCE_LISTEN) : réglage inconnu ; vouliez-vous écrire service.listen ?",
        "log.filter (conf/aiguilleur.toml, ligne 11) : « a=b=c »",
    ] {
        assert!(said.iter().any(|fault| fault.starts_with(expected)), "«{expected}» is missing: {said:#?}");
    }
    assert_eq!(said.len(), 10, "{said:#?}");
}

#[test]
fn plain_http_is_kept_to_this_machine() {
    let open = "[service]\nterritories = [\"weppes\"]\nlisten = \"0.0.0.0:8080\"\n";
    let said = faults(open, &[]);
    assert!(said[0].starts_with("service.listen") && said[0].contains("tls_terminated_by_proxy = true"), "{said:?}");
    assert!(settings(&format!("{open}tls_terminated_by_proxy = true\n"), &[]).is_ok());
    let said = faults(&format!("{SMALL}public_url = \"http://regulation.exemple.fr\"\n"), &[]);
    assert!(said[0].starts_with("service.public_url") && said[0].contains("https://"), "{said:?}");
    assert!(settings(&format!("{SMALL}public_url = \"http://localhost:8080/\"\n"), &[]).is_ok());
    for bad in ["regulation.exemple.fr", "https://", "https://a/b", "https://user:pass@exemple.fr"] {
        let said = faults(&format!("{SMALL}public_url = \"{bad}\"\n"), &[]);
        assert!(said[0].starts_with("service.public_url"), "{bad}: {said:?}");
    }
}

#[test]
fn a_rehearsals_clock_stays_on_this_machine() {
    let rehearsal = format!("{SMALL}clock_at = 2026-11-24T09:00:00+01:00\n");
    assert_eq!(settings(&rehearsal, &[]).unwrap().service.clock_at, "2026-11-24T08:00:00Z".parse().ok());
    let open = "[service]\nterritories = [\"weppes\"]\nlisten = \"0.0.0.0:8080\"\ntls_terminated_by_proxy = true\n\
        clock_at = \"2026-11-24T09:00:00+01:00\"\n";
    assert!(faults(open, &[])[0].starts_with("service.clock_at"));
    assert!(faults(&format!("{SMALL}clock_at = \"2026-11-24T09:00:00\"\n"), &[])[0].contains("décalage"));
}

#[test]
fn a_redis_is_named_without_its_password_and_its_risks_by_their_names() {
    let redis = |lines: &str| format!("{SMALL}[store]\nkind = \"redis\"\n{lines}\n");
    assert!(settings(&redis("url = \"redis://svc@127.0.0.1:6379/1\""), &[]).is_ok());
    for url in ["redis://svc:geheim@127.0.0.1/0", "redis://:geheim@h", "redis+unix:///s?db=1&pass=geheim"] {
        let said = faults(&redis(&format!("url = \"{url}\"")), &[]);
        assert!(said[0].starts_with("store.url") && said[0].contains("store.password_file"), "{said:?}");
        assert!(!said[0].contains("geheim"), "{said:?}");
        let said = faults(&redis(""), &[("AIGUILLEUR_STORE_URL", url)]);
        assert!(said[0].contains("variable AIGUILLEUR_STORE_URL") && !said[0].contains("geheim"), "{said:?}");
    }
    assert!(faults(&redis(""), &[])[0].contains("store.url : ce réglage manque"));
    assert!(faults(&redis("url = \"http://h\""), &[])[0].starts_with("store.url"));
    let said = faults(&redis("url = \"redis://h\"\naccept_risks = [\"late_sync\", \"eviction\"]"), &[]);
    assert!(said.len() == 1 && said[0].contains("« eviction »") && said[0].contains("late_sync"), "{said:?}");
    let password = tempfile::NamedTempFile::new().unwrap();
    let named = format!("url = \"redis://h\"\npassword_file = \"{}\"", password.path().display());
    assert!(faults(&redis(&named), &[])[0].contains("est vide"));
    fs::write(password.path(), "geheim\n").unwrap();
    let read = settings(&redis(&named), &[]).unwrap();
    let crate::service::StoreChoice::Redis { options } = &read.store.choice else { panic!("{read:?}") };
    assert_eq!(options.password.as_deref(), Some("geheim"));
    assert!(!format!("{read:?}").contains("geheim"));
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(password.path(), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(faults(&redis(&named), &[])[0].contains("chmod 600"));
    let certificate = password.path().display();
    let said = faults(&redis(&format!("url = \"redis://127.0.0.1\"\ntls_authority_file = \"{certificate}\"")), &[]);
    assert!(said[0].starts_with("store.url") && said[0].contains("rediss://"), "{said:?}");
    let said = faults(&redis(&format!("url = \"rediss://h\"\ntls_certificate_file = \"{certificate}\"")), &[]);
    assert!(said[0].starts_with("store.tls_key_file") && said[0].contains("vont ensemble"), "{said:?}");
}

#[test]
fn a_file_that_is_no_toml_is_told_with_its_line() {
    let Err(error) = settings("[service]\nlisten = \n", &[]) else { panic!("it was read") };
    assert!(error.to_string().starts_with("conf/aiguilleur.toml, ligne 2 : "), "{error}");
}
