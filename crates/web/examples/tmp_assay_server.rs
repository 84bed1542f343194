//! Temporary.
use std::{path::PathBuf, sync::Arc};
use vena_app::{App, Config, PersonIdentity, Registration, SystemClock, demo};
use vena_base::{Answer, When, Zone};
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let folder = PathBuf::from(args.iter().skip_while(|a| *a != "--data").nth(1).unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    let config = Config { argon2_memory_kib: 8, argon2_passes: 1, ..Config::new(Zone::named("Asia/Taipei").unwrap()) };
    let app = App::open_or_create(&folder, config, SystemClock).unwrap();
    let logins = demo::logins(&app).unwrap();
    let coordinator = logins.iter().find(|l| l.role == vena_journey::Role::Coordinator).unwrap();
    let session = app.sign_in(&coordinator.login, &coordinator.password).unwrap().1;
    for (i, name) in ["Chen, Yu-An", "Lin, Mei-Hua"].into_iter().enumerate() {
        let identity = PersonIdentity { name_latin: Some(name.into()), name_zh: Some(["陳昱安", "林美華"][i].into()), record_number: Some(format!("S-20441{i}")), birth_date: Some(format!("196{i}-03-14")), ..PersonIdentity::default() };
        app.register(&session, &app.fresh_key().unwrap(), Registration { identity, diagnosis: Some(Answer::known("dlbcl")), product_intended: None, referring_site: None, when: When::parse("2026-02-27", None).unwrap(), patient: None, is_somebody_else: false }).unwrap();
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    for l in &logins { println!("  {} {} {}", if l.role == vena_journey::Role::QualityAssurance { "qa" } else { l.role.as_str() }, l.login, l.password); }
    vena_web::server::serve(listener, vena_web::server::Server { app: Arc::new(app), synthetic: true }, std::future::pending()).await.unwrap();
}
