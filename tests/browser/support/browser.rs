//! A headless Chromium behind its driver; both end with the test, by their own process.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::prelude::*;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use super::needed;

/// What the page is looked at with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) dark: bool,
}

impl Screen {
    pub(crate) const DESK: Self = Self { width: 1366, height: 768, dark: false };
}

pub(crate) struct Browser {
    driver: WebDriver,
    process: Child,
    _profile: tempfile::TempDir,
    name: String,
}

/// A bound on how long a condition may take, generous for a busy machine; no test measures time.
const PATIENCE: Duration = Duration::from_secs(20);

const FLAGS: [&str; 8] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

impl Browser {
    /// A browser of its own for one desk; `name` is that of its screenshot, should the test fail.
    pub(crate) async fn open(name: &str, screen: Screen) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(needed("AIGUILLEUR_CHROMEDRIVER", "/usr/bin/chromedriver"))
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut capabilities = DesiredCapabilities::chrome();
        let chromium = needed("AIGUILLEUR_CHROMIUM", "/usr/bin/chromium");
        capabilities.set_binary(chromium.to_str().unwrap()).unwrap();
        for flag in FLAGS {
            capabilities.add_arg(flag).unwrap();
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        let address = format!("http://127.0.0.1:{port}");
        let began = Instant::now();
        let driver = loop {
            match WebDriver::new(&address, capabilities.clone()).await {
                Ok(driver) => break driver,
                Err(error) if began.elapsed() > PATIENCE => panic!("chromedriver gives no session: {error}"),
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        };
        let browser = Self { driver, process, _profile: profile, name: name.to_owned() };
        browser.look_with(screen).await;
        browser
    }

    pub(crate) async fn look_with(&self, screen: Screen) {
        let Screen { width, height, dark } = screen;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }, { "name": "prefers-reduced-motion", "value": "reduce" }]);
        self.command("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    async fn command(&self, name: &str, parameters: Value) {
        self.driver.cdp().send_raw(name, parameters).await.unwrap();
    }

    pub(crate) async fn goto(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
    }

    /// Keys as a person presses them, on whatever has the focus.
    pub(crate) async fn press(&self, keys: impl AsRef<str>) {
        self.driver
            .action_chain_with_delay(Some(Duration::ZERO), None)
            .send_keys(keys.as_ref())
            .perform()
            .await
            .unwrap();
    }

    /// What an expression of the page is worth.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        let answer = self.driver.execute(format!("return {expression};"), Vec::new()).await;
        answer.unwrap_or_else(|error| panic!("{expression}: {error}")).json().clone()
    }

    /// A text of the page.
    pub(crate) async fn text(&self, expression: &str) -> String {
        self.value(expression).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true of the page; a screenshot and the page's state stay behind when it never is.
    pub(crate) async fn until(&self, expression: &str) {
        let began = Instant::now();
        while self.value(&format!("Boolean({expression})")).await != true {
            if began.elapsed() > PATIENCE {
                self.fail(&format!("never came true: {expression}")).await;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asserts what is true of the page now.
    pub(crate) async fn holds(&self, expression: &str) {
        if self.value(&format!("Boolean({expression})")).await != true {
            self.fail(&format!("is not true: {expression}")).await;
        }
    }

    pub(crate) async fn fail(&self, why: &str) -> ! {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let picture = folder.join(format!("browser-{}.png", self.name));
        let kept = self
            .driver
            .screenshot(&picture)
            .await
            .map_or("no screenshot".to_owned(), |()| picture.display().to_string());
        let focus = self.text("document.activeElement?.outerHTML.slice(0, 300)").await;
        panic!("{}: {why}\n  focus: {focus}\n  screenshot: {kept}", self.name);
    }

    /// Faults axe-core finds in the page as it stands, one a line.
    pub(crate) async fn faults(&self) -> Vec<String> {
        // The driver runs it outside the page's content security policy, which allows no such script.
        let axe = needed("AIGUILLEUR_AXE", "target/axe/node_modules/axe-core/axe.min.js");
        self.driver.execute(std::fs::read_to_string(axe).unwrap(), Vec::new()).await.unwrap();
        let run = "const done = arguments[arguments.length - 1];
            const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
            axe.run(document, { runOnly: tags }).then((found) => done({
              passes: found.passes.length,
              violations: found.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.target).join(' | ')}`),
            }), (error) => done({ passes: 0, violations: [String(error)] }));";
        let found = self.driver.execute_async(run, Vec::new()).await.unwrap().json().clone();
        assert!(found["passes"].as_u64() > Some(10), "axe-core looked at nothing: {found}");
        found["violations"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn close(mut self) {
        self.driver.quit().await.unwrap();
        self.process.kill().await.unwrap();
    }
}
