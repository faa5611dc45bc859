//! What each command does.

mod audit;
mod demo;
mod doctor;
mod health;
mod hold;
mod keys;
mod serve;
mod token;

use std::process::ExitCode;

use crate::cli::{self, Cli, Command};
use crate::settings::{DEFAULTS, Settings};

/// Runs the command to its end.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Command::Serve(serve) = &cli.command
        && serve.print_config
    {
        print(DEFAULTS);
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let settings = Settings::read(&cli.config, std::env::vars());
        match cli.command {
            Command::Serve(serve) => serve::run(settings?, serve).await,
            Command::Demo(demo) => demo::run(settings?, demo).await,
            Command::Migrate => migrate(settings?).await,
            Command::Token(token) => token::run(&settings?, &token),
            Command::Keys(keys) => keys::run(settings?, keys).await,
            Command::Audit(cli::Audit::Verify) => audit::verify(settings?).await,
            Command::Doctor(doctor) => doctor::run(settings, doctor).await,
            Command::Health(health) => health::run(&settings?, health).await,
        }
    })
}

async fn migrate(settings: Settings) -> anyhow::Result<ExitCode> {
    crate::setup::store(&settings).await?;
    print(&format!(
        "{} has the present schema\n",
        moments_store::shown(&settings.database.url)
    ));
    Ok(ExitCode::SUCCESS)
}

/// Writes to the terminal, or wherever the output goes; a closed pipe is the reader's wish.
fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}
