//! The board over HTTP: a programme of synthetic journeys, 16 clients on loopback, bounded in number and time.
//! Prints p50 and p99 of the server's answers, resident memory, and the time from opening the folder to the
//! first page. `JOURNEYS=10000 cargo run --release -p vena-web --example bench_http` for the full size;
//! `SERVE=1` keeps serving instead, on `PORT` (7341), for looking at it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};
use vena_app::{App, Config, SystemClock, demo};
use vena_web::server::{Server, serve};

fn get(address: SocketAddr, path: &str, cookie: &str) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: vena-session={cookie}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
    (status, answer)
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() {
    let journeys: u64 = std::env::var("JOURNEYS").ok().and_then(|n| n.parse().ok()).unwrap_or(500);
    let folder =
        std::env::var("FOLDER").map_or_else(|_| std::env::temp_dir().join("vena-bench-http"), Into::into);
    let zone = vena_sim::zone();
    let (login, password);
    {
        let app = App::open_or_create(&folder, Config::new(zone.clone()), SystemClock).unwrap();
        let logins = demo::logins(&app).unwrap();
        if app.position() < journeys {
            let today = zone.day_of(app.now());
            let started = Instant::now();
            demo::fill(
                &app,
                (0..journeys).map(|n| vena_sim::journey(7, n, demo::infusion_day(n, today)).told()),
                &mut |_| {},
            )
            .unwrap();
            println!(
                "filled {journeys} journeys in {:.1} s, {} events",
                started.elapsed().as_secs_f64(),
                app.position()
            );
        }
        for one in &logins {
            println!("  {:<18} {} {}", one.role.as_str(), one.login, one.password);
        }
        (login, password) = logins.first().map(|l| (l.login.clone(), l.password.clone())).unwrap();
        app.close().unwrap();
    }
    let opened = Instant::now();
    let app = Arc::new(App::open(&folder, Config::new(zone), SystemClock).unwrap());
    let (token, _) = app.sign_in(&login, &password).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let keep = std::env::var("SERVE").is_ok();
    let port = std::env::var("PORT").unwrap_or_else(|_| "7341".to_owned());
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(format!(
            "127.0.0.1:{}",
            if keep { port.as_str() } else { "0" }
        )))
        .unwrap();
    let address = listener.local_addr().unwrap();
    println!("http://{address}");
    let server = Server::new(app, true);
    if keep {
        runtime.block_on(serve(listener, server, std::future::pending::<()>())).unwrap();
        return;
    }
    runtime.spawn(serve(listener, server, std::future::pending::<()>()));
    let (status, first) = get(address, "/", &token);
    assert_eq!(status, 200);
    println!(
        "opened and first page in {:.0} ms, {} bytes; resident {} MB",
        opened.elapsed().as_secs_f64() * 1e3,
        first.len(),
        resident_mb()
    );
    for (what, pause) in [("asking again at once", 0), ("looking for 50 ms between pages", 50)] {
        let mut times = sixteen(address, &token, Duration::from_millis(pause));
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!(
            "16 clients {what}, {} pages: p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms; resident {} MB",
            times.len(),
            at(0.5),
            at(0.9),
            at(0.99),
            resident_mb()
        );
    }
}

/// Sixteen clients, sixty pages each.
fn sixteen(address: SocketAddr, token: &str, pause: Duration) -> Vec<Duration> {
    let clients: Vec<_> = (0..16)
        .map(|_| {
            let token = token.to_owned();
            std::thread::spawn(move || {
                (0..60)
                    .map(|_| {
                        std::thread::sleep(pause);
                        let started = Instant::now();
                        assert_eq!(get(address, "/", &token).0, 200);
                        started.elapsed()
                    })
                    .collect::<Vec<Duration>>()
            })
        })
        .collect();
    clients.into_iter().flat_map(|c| c.join().unwrap()).collect()
}
