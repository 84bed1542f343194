//! Changes to a draft: parameters, a gate's points, a count. Each is a version; a refused one changes nothing and
//! says so beside the result.

use super::{Beside, draw, options::typed_number, part, wants_part};
use crate::{
    answer,
    forms::reader::Submitted,
    layout::Frame,
    pages::assays::colonies::vessel_at,
    parts::icons::{Icon, icon},
    routes::{resume, shared},
    server::{Server, blocking},
    viewer::{Viewer, encode},
};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use vena_app::{AppError, assay_compute::Computed, assays::AssayChange};
use vena_base::Text;
use vena_colonies::corrections::Correction;

/// What a change asks of the application, found out where it may block.
pub(super) type Ask =
    Box<dyn FnOnce(&vena_app::App, &vena_app::Session, &str) -> Result<AssayChange, AppError> + Send>;

pub(super) async fn change(
    server: &Server,
    viewer: &Viewer,
    id: String,
    headers: &HeaderMap,
    data: Submitted,
    asks: Vec<Ask>,
) -> Response {
    let frame = &viewer.frame;
    if resume::is_review(&data) {
        return review(server, viewer, id, data).await;
    }
    // A new gate is looked at next; one taken away is not.
    let names: [&str; 2] = match data.get("change") {
        "remove" => ["", ""],
        word if word.starts_with("add") => ["gate", "shown"],
        _ => ["shown", "gate"],
    };
    let shown = names.into_iter().map(|name| data.get(name).to_owned()).find(|gate| !gate.is_empty());
    let mut version: u64 = data.get("version").parse().unwrap_or(0);
    let (app, session, own) = (server.app.clone(), viewer.session.clone(), id.clone());
    let changed = blocking(move || {
        let mut open = None;
        for ask in asks {
            let change = ask(&app, &session, &own)?;
            let next = app.change_assay(&session, &own, version, change)?;
            version = next.draft.version;
            open = Some(next);
        }
        open.map_or_else(|| app.open_assay(&session, &own), Ok)
    })
    .await;
    match changed {
        Ok(open) if wants_part(headers) => part(server, frame, &open, shown.as_deref()),
        Ok(open) => {
            let query = shown.map(|gate| format!("?gate={}", encode(&gate))).unwrap_or_default();
            Redirect::to(&format!("/assays/{}{query}", open.draft.id)).into_response()
        }
        Err(error @ AppError::Input(_)) => again(server, viewer, id, shown.as_deref(), &error, data).await,
        Err(error) => answer::wrong(frame, &error),
    }
}

/// The page after signing in again: nothing was changed, what was typed stands in the parameters where it belongs
/// there, and above the page where it does not.
pub(super) async fn review(server: &Server, viewer: &Viewer, id: String, data: Submitted) -> Response {
    let frame = &viewer.frame;
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let open = match blocking(move || app.open_assay(&session, &id)).await {
        Ok(open) => open,
        Err(error) => return answer::wrong(frame, &error),
    };
    let is_options = is_options(&data);
    let typed = if is_options { String::new() } else { typed_words(&data) };
    let above = review_notice(frame, &typed, data.get("file-again"));
    let shown = data.get("shown").to_owned();
    let typed = if is_options { data } else { Submitted::default() };
    let beside = Beside { data: shared::fresh(server), above: Some(above), typed, ..Beside::default() };
    draw(server, viewer, &open, Some(shown.as_str()).filter(|gate| !gate.is_empty()), beside, StatusCode::OK)
}

/// What stands above a page that came back after signing in again.
pub(super) fn review_notice(frame: &Frame, typed: &str, file: &str) -> Markup {
    html! {
        div class="notice warn" role="status" { (icon(Icon::Clock)) div {
            b { (frame.t("assay-review")) }
            @if !typed.is_empty() { p class="small code" { (typed) } }
            @if !file.is_empty() { p { (frame.tw("file-again", &[("name", file)])) } }
        } }
    }
}

/// The form of the parameters has no such field; the other forms say with it what they do.
fn is_options(data: &Submitted) -> bool {
    !data.has("change") && !data.has("gate")
}

/// What was typed into a small form, for saying it again.
fn typed_words(data: &Submitted) -> String {
    let own = data
        .iter()
        .filter(|(name, value)| !value.is_empty() && !matches!(*name, "version" | "key" | "shown" | "go"));
    own.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
}

/// The page as it stands, with what was refused said above it.
pub(super) async fn again(
    server: &Server,
    viewer: &Viewer,
    id: String,
    shown: Option<&str>,
    error: &AppError,
    data: Submitted,
) -> Response {
    let frame = &viewer.frame;
    let (app, session) = (server.app.clone(), viewer.session.clone());
    let open = match blocking(move || app.open_assay(&session, &id)).await {
        Ok(open) => open,
        Err(error) => return answer::wrong(frame, &error),
    };
    let words = error.message(frame.lang);
    let above = html! {
        div class="notice bad" role="alert" { (icon(Icon::Warning)) div { b { (words) } p class="small" { (frame.t("assay-not-changed")) " " span class="code" { (typed_words(&data)) } } } }
    };
    let typed = if is_options(&data) { data } else { Submitted::default() };
    draw(
        server,
        viewer,
        &open,
        shown,
        Beside { data: shared::fresh(server), above: Some(above), typed, ..Beside::default() },
        StatusCode::UNPROCESSABLE_ENTITY,
    )
}

/// Takes a colony away, adds one, states a count, or takes the last change back.
pub async fn correct(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    headers: HeaderMap,
    axum::Form(pairs): axum::Form<Vec<(String, String)>>,
) -> Response {
    let data = Submitted::new(pairs);
    let given = data.clone();
    let ask: Ask = Box::new(move |app, session, id| correction(app, session, id, &given));
    change(&server, &viewer, id, &headers, data, vec![ask]).await
}

/// Puts a draft aside, or takes it back.
pub async fn discard(
    State(server): State<Server>,
    viewer: Viewer,
    Path(id): Path<String>,
    axum::Form(pairs): axum::Form<Vec<(String, String)>>,
) -> Response {
    let data = Submitted::new(pairs);
    if resume::is_review(&data) {
        return review(&server, &viewer, id, data).await;
    }
    let discarded = match data.get("change") {
        "discard" => true,
        "take-back" => false,
        other => {
            return answer::wrong(&viewer.frame, &AppError::NotFound(other.chars().take(40).collect()));
        }
    };
    let version: u64 = data.get("version").parse().unwrap_or(0);
    let (app, session, own) = (server.app.clone(), viewer.session.clone(), id.clone());
    match blocking(move || app.discard_assay(&session, &own, version, discarded)).await {
        Ok(draft) if draft.discarded => {
            Redirect::to(&format!("/assays?discarded={}", draft.id)).into_response()
        }
        Ok(draft) => Redirect::to(&format!("/assays/{}", draft.id)).into_response(),
        Err(error @ AppError::Input(_)) => again(&server, &viewer, id, None, &error, data).await,
        Err(error) => answer::wrong(&viewer.frame, &error),
    }
}

fn correction(
    app: &vena_app::App,
    session: &vena_app::Session,
    id: &str,
    data: &Submitted,
) -> Result<AssayChange, AppError> {
    let page: u32 = data.get("page").parse().unwrap_or(1);
    let vessel = data.get("vessel").to_owned();
    let whole = |name: &str| -> Result<u64, AppError> {
        let typed = data.get(name);
        typed.parse().map_err(|_| {
            AppError::Input(Text::new(
                format!("“{typed}” is not a whole number."),
                format!("「{typed}」不是整數。"),
            ))
        })
    };
    let needed = |name: &str| {
        typed_number(data, name)?.ok_or_else(|| {
            AppError::Input(Text::new(format!("{name} is missing."), format!("缺少 {name}。")))
        })
    };
    let correction = match data.get("change") {
        "undo" => return Ok(AssayChange::Undo { page }),
        "confirm" => return Ok(AssayChange::Confirm { page }),
        "state" => Correction::State { vessel, count: whole("count")? },
        "add" => {
            let (x_px, y_px, diameter_px) = (needed("x")?, needed("y")?, needed("diameter")?);
            let open = app.open_assay(session, id)?;
            let image = match &open.outcome {
                Ok(Computed::Colonies { automatic, .. }) => {
                    automatic.images.iter().find(|image| image.page == page).cloned()
                }
                _ => None,
            };
            // A click on a plate of wells means the well it fell into.
            let vessel = image.and_then(|image| vessel_at(&image, x_px, y_px)).unwrap_or(vessel);
            Correction::Add { vessel, x_px, y_px, diameter_px }
        }
        "merge" => {
            let numbers = data.get("colonies").split([',', '，', '、', ' ']).filter(|word| !word.is_empty());
            let colonies = numbers.map(|word| word.parse::<u32>()).collect::<Result<Vec<_>, _>>();
            let colonies = colonies.map_err(|_| {
                AppError::Input(Text::new(
                    "Give the colonies’ numbers, parted by commas.",
                    "請填寫群落編號，以逗號分隔。",
                ))
            })?;
            Correction::Merge { vessel, colonies }
        }
        "split" => return split(app, session, id, page, &vessel, whole("colony")?),
        _ => Correction::Remove { vessel, colony: u32::try_from(whole("colony")?).unwrap_or(u32::MAX) },
    };
    Ok(AssayChange::Correct { page, corrections: vec![correction] })
}

/// One colony becomes two beside each other, of half its area each; the program's own count stays.
fn split(
    app: &vena_app::App,
    session: &vena_app::Session,
    id: &str,
    page: u32,
    vessel: &str,
    colony: u64,
) -> Result<AssayChange, AppError> {
    let open = app.open_assay(session, id)?;
    let Ok(Computed::Colonies { automatic, .. }) = &open.outcome else {
        return Err(AppError::NotFound(id.to_owned()));
    };
    let vessels = automatic.images.iter().filter(|image| image.page == page).flat_map(|image| &image.vessels);
    let mut colonies = vessels.filter(|own| own.name == vessel).flat_map(|own| &own.colonies);
    let whole = colonies.find(|own| u64::from(own.id) == colony);
    let whole = whole.ok_or_else(|| AppError::NotFound(format!("{vessel} {colony}")))?;
    let (apart, diameter_px) = (whole.diameter_px / 4.0, whole.diameter_px * std::f64::consts::FRAC_1_SQRT_2);
    let half = |x_px: f64| Correction::Add { vessel: vessel.to_owned(), x_px, y_px: whole.y_px, diameter_px };
    let corrections = vec![
        Correction::Remove { vessel: vessel.to_owned(), colony: whole.id },
        half(whole.x_px - apart),
        half(whole.x_px + apart),
    ];
    Ok(AssayChange::Correct { page, corrections })
}
