//! What every browser test stands on: a service, a browser, and an operator's hands on the keyboard.

mod browser;
mod console;
mod service;

use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) use browser::{Browser, Screen};
pub(crate) use console::Console;
pub(crate) use service::Service;

/// A program or file the tests need: where the environment says, else where Debian puts it.
fn needed(variable: &str, usual: &str) -> PathBuf {
    let path = std::env::var_os(variable).unwrap_or_else(|| OsString::from(usual));
    let path = PathBuf::from(path);
    assert!(
        path.is_file(),
        "{} is missing ({variable}): start the tests with tests/run, which brings it",
        path.display()
    );
    path
}

/// Runs one story against a service of its own.
pub(crate) fn with_service(story: impl AsyncFnOnce(&mut Service)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut service = Service::start().await;
        story(&mut service).await;
        service.stop().await;
    });
}
