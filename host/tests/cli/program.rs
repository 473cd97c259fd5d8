//! Running the built program.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

use serde_json::Value;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The JSON on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error in the JSON on stderr.
    pub(crate) fn error(&self) -> Value {
        let body: Value =
            serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        body["error"].clone()
    }
}

/// The program with a data folder.
pub(crate) struct Program {
    data: PathBuf,
    variables: Vec<(&'static str, String)>,
}

impl Program {
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            variables: Vec::new(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        command
            .args(arguments)
            // Nothing of whoever runs the tests.
            .env_clear()
            .env("VESTIBULE_DATA", &self.data)
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        Ran::of(child.wait_with_output().unwrap())
    }
}

/// A server that runs, with everything logged. It is killed with the test.
pub(crate) struct Server {
    program: Program,
    child: Child,
    /// Its log, read all the time so that it never waits for a reader.
    log: Option<JoinHandle<String>>,
    /// Where messages go.
    pub(crate) url: String,
}

impl Server {
    /// Starts one on `data` and free ports, and waits until it listens.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same with further arguments.
    pub(crate) fn start_with(data: &Path, more: &[&str]) -> Self {
        let mut program = Program::new(data);
        let arguments = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--json",
        ];
        let mut child = program
            .command(&[&arguments[..], more].concat())
            .env("VESTIBULE_LOG", "vestibule=trace,info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let Ok(listening) = serde_json::from_str::<Value>(&line) else {
            let _ = child.kill();
            panic!("no server: {}", log.join().unwrap());
        };
        let text = |key: &str| listening[key].as_str().unwrap().to_owned();
        program.variables = vec![
            ("VESTIBULE_URL", text("url")),
            ("VESTIBULE_ADMIN_URL", text("admin")),
        ];
        Self {
            program,
            child,
            log: Some(log),
            url: text("url"),
        }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.program.run(arguments)
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        self.program.run_with_input(arguments, input)
    }

    /// One request without a credential: its status and JSON.
    pub(crate) fn http(&self, method: &str, path: &str) -> (u16, Value) {
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap())
    }

    /// Sends it a signal, such as `-HUP`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn terminate(mut self) -> Ran {
        self.signal("-TERM");
        let status = self.child.wait().unwrap();
        Ran {
            code: status.code().unwrap_or(-1),
            stdout: String::new(),
            stderr: self.log.take().unwrap().join().unwrap(),
        }
    }

    /// SIGKILL, in the middle of whatever it does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
