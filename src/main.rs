//! The `aiguilleur` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use std::io::Write as _;

/// A call makes and drops hundreds of small things on several threads: the system's own allocator takes twice the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    match aiguilleur::cli::run().await {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "aiguilleur : {error:#}");
            ExitCode::FAILURE
        }
    }
}
