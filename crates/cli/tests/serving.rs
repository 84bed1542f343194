//! The demonstration and the server: one command, an address, a login a role, pages, and a clean end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
use common::*;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Stdio},
};

struct Running {
    child: Child,
    address: String,
    said: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server and waits until it has said its address, and a login a role where it makes them.
fn start(folder: &Path, words: &[&str], lines_after_address: usize) -> Running {
    let mut child = vena(folder)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    let address = loop {
        let line = lines.next().expect("the program says where it listens").unwrap();
        said.push(line.clone());
        if let Some(address) = line.strip_prefix("http://") {
            break address.to_owned();
        }
    };
    said.extend((0..lines_after_address).map(|_| lines.next().unwrap().unwrap()));
    Running { child, address, said }
}

fn ask(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Asks it to end as Ctrl-C does, and gives its exit code.
fn end(mut running: Running) -> i32 {
    let ended =
        std::process::Command::new("kill").args(["-INT", &running.child.id().to_string()]).status().unwrap();
    assert!(ended.success());
    running.child.wait().unwrap().code().unwrap_or(-1)
}

const ROLES: [&str; 8] =
    ["nurse", "physician", "coordinator", "technician", "pharmacist", "qa", "data-manager", "administrator"];

fn logins(said: &[String]) -> Vec<(String, String, String)> {
    said.iter()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let role = words.next().filter(|role| ROLES.contains(role))?;
            Some((role.to_owned(), words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect()
}

/// Row T3: one command fills a folder, says it is made up, and gives an address and one login a role; a second
/// run keeps the folder.
#[test]
fn one_command_shows_a_programme() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), &["demo", "--port", "0", "--journeys", "4"], 8);
    assert!(running.said.iter().any(|line| line.contains("synthetic")), "{:?}", running.said);
    let first = logins(&running.said);
    assert_eq!(first.iter().map(|(role, ..)| role.as_str()).collect::<Vec<_>>(), ROLES);
    let answer = ask(&running.address, "/sign-in");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("content-security-policy"), "{answer}");
    let before = ask(&running.address, "/");
    assert!(!before.starts_with("HTTP/1.1 200"), "nothing without signing in: {before}");
    let busy = run(folder.path(), &["rebuild"]);
    assert_eq!(code(&busy), 5, "open in another program: {}", err(&busy));
    assert_eq!(
        code(&run(folder.path(), &["verify"])),
        0,
        "verification needs no server and does not mind one"
    );
    assert_eq!(end(running), 0);
    expect(folder.path(), &["verify"], 0);
    let journeys = || {
        let text = out(&expect(folder.path(), &["export"], 0));
        text.lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap().to_owned())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let kept = journeys();
    let again = start(folder.path(), &["demo", "--port", "0"], 8);
    let second = logins(&again.said);
    assert_eq!(second.len(), 8);
    assert!(first.iter().zip(&second).all(|(a, b)| a.1 == b.1 && a.2 != b.2), "fresh passwords");
    assert_eq!(end(again), 0);
    assert_eq!(journeys(), kept);
    let settings = std::fs::read_to_string(folder.path().join("vena-data/vena.toml")).unwrap();
    assert!(settings.contains("synthetic = true"));
}

/// A record of real people is never filled with made-up ones.
#[test]
fn a_demonstration_keeps_out_of_a_real_folder() {
    let folder = place();
    expect(folder.path(), &["import", "bundle.json"], 0);
    let refused = run(folder.path(), &["demo", "--port", "0"]);
    assert_eq!(code(&refused), 2, "{}", err(&refused));
    assert!(err(&refused).contains("not synthetic"), "{}", err(&refused));
}

#[test]
fn a_server_starts_on_a_new_folder_and_ends_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(folder.path(), &["serve", "--port", "0"], 0);
    assert!(ask(&running.address, "/sign-in").starts_with("HTTP/1.1 200"));
    let port = running.address.rsplit(':').next().unwrap().to_owned();
    let taken = run(tempfile::tempdir().unwrap().path(), &["serve", "--port", &port]);
    assert_eq!(code(&taken), 5, "the port is taken: {}", err(&taken));
    assert_eq!(end(running), 0);
    expect(folder.path(), &["verify"], 0);
}
