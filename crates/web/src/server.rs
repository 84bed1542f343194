//! The server: routes, layers, security headers. Listens where it is told; loopback is the caller's default.

use crate::{assets, routes, routes::shared::KeptFiles};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, header},
    routing::{get, post},
};
use std::{future::Future, sync::Arc};
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};
use tower_sec_fetch::SecFetchLayer;
use vena_app::App;

/// What every handler has.
#[derive(Clone)]
pub struct Server {
    /// The application.
    pub app: Arc<App>,
    /// The data folder holds a synthetic programme.
    pub synthetic: bool,
    /// Files that came with a form which was not recorded yet.
    pub files: KeptFiles,
}

impl Server {
    /// A server over an application.
    pub fn new(app: Arc<App>, synthetic: bool) -> Server {
        Server { app, synthetic, files: KeptFiles::default() }
    }
}

/// Largest form taken, in bytes; files are streamed to their own limit below it.
const BODY_BYTES_MAX: usize = 64 << 20;

/// No page may load anything from elsewhere, be framed, or run a script that is not a file of ours.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// All routes.
///
/// Requests from other sites are refused by their fetch metadata (tower-sec-fetch), beside cookies that
/// are never sent across sites.
pub fn router(server: Server) -> Router {
    // These count themselves, so that what was typed beside a file that is too large is not lost.
    let large = DefaultBodyLimit::max(routes::assays::STREAM_BYTES_MAX);
    let mut router = Router::new()
        .route("/", get(routes::board::show))
        .route("/board/rows", get(routes::board::rows))
        .route("/live", get(routes::live::live))
        .route("/sign-in", get(routes::account::sign_in_page).post(routes::account::sign_in))
        .route("/sign-out", post(routes::account::sign_out))
        .route("/preferences", post(routes::account::preferences))
        .route("/search", get(routes::search::search))
        .route("/journeys/new", get(routes::register::page).post(routes::register::register))
        .route("/journeys/{id}", get(routes::journey::show))
        .route("/journeys/{id}/grades", get(routes::journey::live_part))
        .route("/journeys/{id}/history", get(routes::history::show))
        .route(
            "/journeys/{id}/attribute/{seq}",
            get(routes::attribution::page).post(routes::attribution::record),
        )
        .route(
            "/journeys/{id}/correct/{seq}",
            get(routes::history::correct_page).post(routes::history::correct),
        )
        .route("/journeys/{id}/step/{slug}", get(routes::step::page).post(routes::step::record))
        .route("/journeys/{id}/vitals", get(routes::entry::vitals_page).post(routes::entry::vitals))
        .route("/journeys/{id}/crs", get(routes::entry::crs_page).post(routes::entry::crs))
        .route("/journeys/{id}/neuro", get(routes::entry::neuro_page).post(routes::entry::neuro))
        .route(
            "/journeys/{id}/laboratory",
            get(routes::entry::laboratory_page).post(routes::entry::laboratory),
        )
        .route(
            "/journeys/{id}/collection-tests",
            get(routes::entry::collection_tests_page).post(routes::entry::collection_tests),
        )
        .route("/journeys/{id}/drug", get(routes::entry::drug_page).post(routes::entry::drug))
        .route("/journeys/{id}/ice", get(routes::examination::ice_page).post(routes::examination::ice))
        .route("/journeys/{id}/capd", get(routes::examination::capd_page).post(routes::examination::capd))
        .route("/assays", get(routes::assays::room).post(routes::assays::begin).layer(large))
        .route("/assay-examples/{name}", get(routes::assays::example))
        .route("/assays/{id}", get(routes::assays::show))
        .route("/assays/{id}/options", post(routes::assays::options).layer(large))
        .route("/assays/{id}/gate", post(routes::assays::gate))
        .route("/assays/{id}/correct", post(routes::assays::correct))
        .route("/assays/{id}/record", post(routes::assays::record))
        .route("/assays/{id}/discard", post(routes::assays::discard))
        .route("/assays/{id}/picture/{page}", get(routes::assays::draft_picture))
        .route("/journeys/{id}/assays", get(routes::assays::of_journey))
        .route("/journeys/{id}/assays/{seq}", get(routes::assays::recorded))
        .route("/journeys/{id}/assays/{seq}/picture", get(routes::assays::recorded_picture))
        .route("/journeys/{id}/assays/{seq}/picture/{page}", get(routes::assays::recorded_page))
        .route("/journeys/{id}/assays/{seq}/file/{word}", get(routes::assays::recorded_file))
        .route("/knowledge", get(routes::knowledge::list))
        .route("/knowledge/{*name}", get(routes::knowledge::one).post(routes::knowledge::sign))
        .route("/people", get(routes::people::list).post(routes::people::act))
        .route("/access", get(routes::access::list).post(routes::access::review))
        .route("/wall", get(routes::wall::show))
        .route("/wall/rows", get(routes::wall::rows))
        .route("/journeys/{id}/identity", get(routes::identity::page).post(routes::identity::change))
        .route("/journeys/{id}/identity/access", post(routes::identity::access))
        .route("/journeys/{id}/identity/glass", post(routes::identity::glass))
        .route("/journeys/{id}/identity/merge", post(routes::identity::merge))
        .route("/journeys/{id}/infusion", get(routes::infusion::show))
        .route("/journeys/{id}/infusion/record", get(routes::infusion::paper))
        .route("/api/board", get(routes::api::board))
        .route("/api/knowledge", get(routes::api::knowledge))
        .route("/api/knowledge/activation", post(routes::api::activate))
        .route("/api/journeys/{id}/assessment", get(routes::api::assessment))
        .route("/assets/{digest}/{name}", get(assets::serve))
        .fallback(routes::account::not_found)
        .layer(axum::middleware::from_fn_with_state(server.clone(), routes::resume::keep_typed))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CompressionLayer::new())
        .layer(SecFetchLayer::default());
    for (name, value) in HEADERS {
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)));
    }
    // Pages hold names: no shared cache and no history of the browser may keep them.
    router = router.layer(SetResponseHeaderLayer::if_not_present(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-store"),
    ));
    router.with_state(server)
}

/// Serves until `stop` is ready. A quiet second computes rows that have grown old.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: tokio::net::TcpListener,
    server: Server,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let app = server.app.clone();
    let ticking = tokio::spawn(async move {
        let mut second = tokio::time::interval(std::time::Duration::from_secs(1));
        second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            second.tick().await;
            let app = app.clone();
            match tokio::task::spawn_blocking(move || app.tick()).await {
                Ok(Err(problem)) => eprintln!("vena: {problem}"),
                Err(problem) => eprintln!("vena: {problem}"),
                Ok(Ok(_)) => {}
            }
        }
    });
    let served = axum::serve(listener, router(server)).with_graceful_shutdown(stop).await;
    ticking.abort();
    served
}

/// Work that waits for a disk or a password, off the threads that answer.
///
/// # Errors
/// The work's own error; a worker that was lost is a fault of storage.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, vena_app::AppError> + Send + 'static,
) -> Result<T, vena_app::AppError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|lost| Err(vena_app::AppError::Knowledge(lost.to_string())))
}
