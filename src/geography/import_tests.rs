//! What a CPTS that makes its territory relies on.

use super::*;

const GEO: &str = "code,type,nom,dep,codes_postaux,pop2023,lat,lon,src_pt,surf_km2,dens7,mg\n\
    59653,COM,Wavrin,59,59136,7758,50.5724,2.933,P,13.55,4,8\n\
    59670,COM,Don,59,59272,1387,50.5445,2.9156,P,2.32,4,1\n\
    62338,COM,Fleurbaix,62,62840,2947,50.6386,2.8308,P,12.86,4,4\n\
    21231,COM,Dijon,21,21000,161830,47.3229,5.0375,P,40.41,1,200\n\
    97411,COM,Saint-Denis,974,97400|97417,150000,-20.92,55.45,P,142.79,1,100\n";
const POINTS: &str = "code,nom,dep,codes_postaux,pop2023,epci,lat,lon,src\n\
    59653,Wavrin,59,59136,7758,200093201,50.5739,2.9363,geonames\n\
    59670,Don,59,59272,1387,200093201,50.5491,2.9182,geonames\n";

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn options(&self, communes: &str, data: &str) -> ImportOptions {
        ImportOptions {
            communes: communes.into(),
            data: Some(data.into()),
            out: self.folder.path().join("mon-territoire.json"),
            id: None,
            name: None,
            overwrite: false,
        }
    }

    /// Names of the files lying there.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn a_list_of_codes_and_a_table_give_a_territory_that_loads() {
    let desk = Desk::new();
    let geo = desk.file("communes.csv", GEO);
    let report = import(desk.options("59653, 62338,59670,59653", &geo)).await.unwrap();
    let territory = territory_file::read(&report.out).unwrap();
    assert_eq!(territory, report.territory);
    assert_eq!(
        (territory.id.as_str(), territory.communes.len(), territory.population()),
        ("mon-territoire", 3, 12_092)
    );
    let departements: Vec<&str> = territory.search_radius.iter().map(|r| r.departement.as_str()).collect();
    assert_eq!(departements, ["59", "62"]);
    assert_eq!(territory.communes[0].surface_km2, Some(13.55));
    assert!(report.to_string().contains("comptées une fois : 59653"), "{report}");
    assert!(!report.to_string().contains("classe 5"));
}

#[tokio::test]
async fn the_commune_api_gives_the_same_as_a_table_but_for_density() {
    let server = wiremock::MockServer::start().await;
    let body = r#"[{"nom":"Don","code":"59670","codesPostaux":["59272"],"population":1387,"surface":232.4,
        "centre":{"type":"Point","coordinates":[2.9156,50.5445]}}]"#;
    wiremock::Mock::given(wiremock::matchers::path("/communes"))
        .respond_with(wiremock::ResponseTemplate::new(200).set_body_raw(body, "application/json"))
        .mount(&server)
        .await;
    let desk = Desk::new();
    let report = import(desk.options("59670", &server.uri())).await.unwrap();
    let don = &territory_file::read(&report.out).unwrap().communes[0];
    assert_eq!((don.name.as_str(), don.surface_km2, don.density.level()), ("Don", Some(2.32), 5));
    assert!(report.to_string().contains("classe 5"), "{report}");
    // Known in France, but not to this server.
    let mut options = desk.options("59670,59653", &server.uri());
    options.overwrite = true;
    let error = import(options).await.unwrap_err();
    assert!(matches!(error, ImportError::Codes { missing, .. } if missing[0].as_str() == "59653"));
}

#[tokio::test]
async fn a_table_without_surface_or_density_is_taken_and_said() {
    let desk = Desk::new();
    let points = desk.file("communes_points.csv", POINTS);
    let list = desk.file("codes.txt", "# les deux\n59653\n59670\n");
    let report = import(desk.options(&list, &points)).await.unwrap();
    assert!(report.territory.communes.iter().all(|c| c.density.level() == 5 && c.surface_km2.is_none()));
    let said = report.to_string();
    assert!(said.contains("classe 5") && said.contains("surface absente pour 2"), "{said}");
}

#[tokio::test]
async fn all_unusable_codes_are_named_at_once_and_nothing_is_written() {
    let desk = Desk::new();
    let points = desk.file("communes.csv", POINTS);
    let error = import(desk.options("59653,5967,59999,abc", &points)).await.unwrap_err().to_string();
    for word in ["5967, abc", "59999"] {
        assert!(error.contains(word), "{error}");
    }
    let error = import(desk.options("59653,59281,21231", &points)).await.unwrap_err().to_string();
    assert!(error.contains("les données ne disent rien de ces communes : 21231, 59281"), "{error}");
    let error = import(desk.options("codes-oublies.txt", &points)).await.unwrap_err();
    assert!(matches!(error, ImportError::NeitherCodesNorFile(_)));
    assert!(matches!(import(desk.options(" , ", &points)).await, Err(ImportError::NoCode)));
    assert_eq!(desk.files(), ["communes.csv"]);
}

#[tokio::test]
async fn faults_in_the_table_are_named_by_line() {
    let desk = Desk::new();
    let bad =
        GEO.replace("50.5724,2.933", "2.933,50.5724").replace("2.32,4", "2.32,8") + "21231,,Dijon,,,,47.3,5.0,,,,\n";
    let table = desk.file("communes.csv", &bad);
    let error = import(desk.options("59653,59670,21231", &table)).await.unwrap_err().to_string();
    for word in ["ligne 2 (59653)", "ligne 3 (59670) : dens7", "ligne 7 : 21231"] {
        assert!(error.contains(word), "{error}");
    }
    let admin =
        desk.file("admin.csv", "code,type,nom,dep,codes_postaux,pop2023,epci\n59653,COM,Wavrin,59,59136,7758,2\n");
    let error = import(desk.options("59653", &admin)).await.unwrap_err().to_string();
    assert!(error.contains("lat, lon") && error.contains("pop2023"), "{error}");
}

#[tokio::test]
async fn an_existing_file_is_replaced_only_when_asked() {
    let desk = Desk::new();
    let geo = desk.file("communes.csv", GEO);
    desk.file("mon-territoire.json", "précieux");
    let mut options = desk.options("59653", &geo);
    assert!(matches!(import(options.clone()).await, Err(ImportError::Exists(_))));
    assert_eq!(std::fs::read_to_string(&options.out).unwrap(), "précieux");
    options.overwrite = true;
    options.name = Some("CPTS d'essai".into());
    import(options.clone()).await.unwrap();
    assert_eq!(territory_file::read(&options.out).unwrap().name, "CPTS d'essai");
    assert_eq!(desk.files(), ["communes.csv", "mon-territoire.json"]);
}

#[tokio::test]
async fn far_communes_are_pointed_out_and_two_time_zones_refused() {
    let desk = Desk::new();
    let geo = desk.file("communes.csv", GEO);
    let report = import(desk.options("59653,59670,21231", &geo)).await.unwrap();
    assert!(report.to_string().contains("loin du reste du territoire, à vérifier : Dijon (21231)"), "{report}");
    let mut options = desk.options("59653,97411", &geo);
    options.out = desk.folder.path().join("deux.json");
    assert!(matches!(import(options).await, Err(ImportError::SeveralZones(_))));
    let mut options = desk.options("97411", &geo);
    options.out = desk.folder.path().join("Réunion.json");
    assert!(matches!(import(options.clone()).await, Err(ImportError::Id(_))));
    options.id = Some("reunion-nord".into());
    assert_eq!(import(options).await.unwrap().territory.zone.to_string(), "Indian/Reunion");
}
