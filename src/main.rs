//! The `aiguilleur` command.

use std::process::ExitCode;

use std::io::Write as _;

#[actix_web::main]
async fn main() -> ExitCode {
    match aiguilleur::cli::run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "aiguilleur : {error:#}");
            ExitCode::FAILURE
        }
    }
}
