//! The `vestibule` program: the server, and the commands by which an operator works with it.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
