//! Starts the real binary in a home of its own, with nothing of this process's environment but the path.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_mins(1);

/// A home folder; it goes when the test ends.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.path().join("config/bankside/bankside.key")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bankside"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .envs(environment.iter().copied())
            .stdin(Stdio::null());
        command
    }

    /// Runs `bankside …` to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments, &[]).output().unwrap())
    }

    /// Runs it with an environment.
    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
        Ended::of(self.command(arguments, environment).output().unwrap())
    }

    /// Runs it with something on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments, &[]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ended::of(child.wait_with_output().unwrap())
    }

    /// Starts `bankside serve` and waits until it says where it is.
    pub(crate) fn serve(&self, environment: &[(&str, &str)]) -> Serving {
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0"], environment)
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
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("Bankside is at http://").map(|rest| rest.trim_end_matches('/').to_owned());
        Serving { address: address.unwrap_or_else(|| panic!("it did not start: {line}")), child, log: Some(log) }
    }
}

/// What a command came to.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        Self {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A server that runs.
pub(crate) struct Serving {
    pub(crate) address: String,
    child: Child,
    log: Option<JoinHandle<String>>,
}

impl Serving {
    /// One plain request; gives the whole answer.
    pub(crate) fn get(&self, path: &str) -> String {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address))
    }

    fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// A write from another origin; gives the whole answer, which is a refusal.
    pub(crate) fn write_from_elsewhere(&self, path: &str) -> String {
        let head = format!("POST {path} HTTP/1.1\r\nhost: {}\r\norigin: https://elsewhere.example", self.address);
        self.send(&format!("{head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"))
    }

    /// Asks it to stop, as an operator's service manager does; gives its exit and its log.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success());
        // Its standard error ends when it does.
        let log = self.log.take().unwrap().join().unwrap();
        (self.child.wait().unwrap(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
