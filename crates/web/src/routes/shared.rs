//! What several routes need: the journey's band, its phase line, keys of forms, reading a submitted form.

use crate::{
    answer,
    forms::reader::Submitted,
    layout::{Frame, Page, page},
    pages::{
        band::{self, Band},
        words,
    },
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{FromRequest, Multipart, Request},
    http::header,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use vena_app::{PersonIdentity, Session, bedside::Encephalopathy};
use vena_base::{
    Lang, Zone,
    ids::{JourneyId, UserId},
};
use vena_journey::{Phase, PhaseSpan, step::FileDigest};
use vena_ledger::AttachmentRef;

/// Reads a journey's id from an address.
pub fn journey_id(frame: &Frame, text: &str) -> Result<JourneyId, Box<Response>> {
    JourneyId::new(text).map_err(|_| {
        Box::new(answer::notice(frame, axum::http::StatusCode::NOT_FOUND, &frame.t("no-such-page")))
    })
}

/// The band of a journey.
pub fn band(
    frame: &Frame,
    server: &Server,
    session: &Session,
    journey: &JourneyId,
) -> Result<Markup, Box<Response>> {
    let page = server
        .app
        .journey_page(session, journey, None, None)
        .map_err(|e| Box::new(answer::wrong(frame, &e)))?;
    Ok(band_of(frame, server, &page))
}

/// The band from a journey's page.
pub fn band_of(frame: &Frame, server: &Server, page: &vena_app::pages::JourneyPage) -> Markup {
    let person = page.person.as_deref().cloned().unwrap_or_default();
    let lang = frame.lang;
    let sex = person.sex.as_deref().and_then(|sex| answer_name(server, "sex", sex, lang)).unwrap_or_default();
    band::band(
        frame,
        &Band {
            journey: page.journey.to_string(),
            name_chinese: person.name_zh.clone().unwrap_or_default(),
            name_latin: person.name_latin.clone().unwrap_or_default(),
            sex,
            age_years: page.age_years.map(i32::from),
            birth_date: person.birth_date.as_deref().and_then(|d| d.parse().ok()),
            record_number: person.record_number.clone().unwrap_or_else(|| "?".to_owned()),
            chain_of_identity: page.number.as_ref().map(ToString::to_string),
            weight: weight(&person),
            product: page.product.as_ref().map(|p| words::unbracketed(p.get(lang)).to_owned()),
            allergy: person.allergies.as_ref().map(|list| list.join(", ")),
            day: page.day,
            place: page
                .phases
                .iter()
                .find(|span| span.now)
                .map(|span| span.phase.name().get(lang).to_owned())
                .unwrap_or_default(),
            synthetic: server.synthetic,
            hidden: page.person.is_none(),
        },
    )
}

fn weight(person: &PersonIdentity) -> Option<(String, String)> {
    person.weight_kg.as_ref().map(|kg| (format!("{kg} kg"), person.weighed.clone().unwrap_or_default()))
}

/// The name of a catalogue answer.
pub fn answer_name(server: &Server, concept: &str, answer: &str, lang: Lang) -> Option<String> {
    let info = server.app.knowledge().catalogue.get(vena_base::Concept::of(concept))?;
    Some(info.answer(vena_base::Answer::of(answer))?.name.get(lang).to_owned())
}

/// One line from vein to vein, with dates.
pub fn phase_line(frame: &Frame, zone: &Zone, spans: &[PhaseSpan]) -> Markup {
    let now = spans.iter().position(|s| s.now).unwrap_or(0);
    let ended = spans.iter().any(|s| s.now && s.phase == Phase::Ended);
    html! {
        ol class="phases" aria-label=(frame.t("phase-column")) {
            @for (i, span) in spans.iter().enumerate().filter(|(_, s)| s.phase != Phase::Ended || ended) {
                @let class = if span.now && ended { "now ended" } else if span.now { "now" } else if i < now && span.from.is_some() { "done" } else { "" };
                li class=(class) aria-current=[span.now.then_some("step")] {
                    b { (span.phase.name().get(frame.lang)) }
                    @if let Some(from) = &span.from { span class="keep" { (words::short_when(from, zone)) } }
                }
            }
        }
    }
}

/// The places of a journey.
pub fn tabs(frame: &Frame, journey: &JourneyId, here: &str, events: usize, scale: Encephalopathy) -> Markup {
    let asked = if scale == Encephalopathy::Capd { ["capd", "ice"] } else { ["ice", "capd"] };
    let tab = |name: &str, path: String, label: String| {
        html! { a href=(path) aria-current=[(name == here).then_some("page")] { (label) } }
    };
    html! {
        nav class="tabs" aria-label=(frame.t("journey-places")) {
            (tab("course", format!("/journeys/{journey}"), frame.t("course")))
            (tab("vitals", format!("/journeys/{journey}/vitals"), frame.t("form-vitals")))
            (tab("crs", format!("/journeys/{journey}/crs"), "CRS".to_owned()))
            @for one in asked { (tab(one, format!("/journeys/{journey}/{one}"), one.to_uppercase())) }
            (tab("neuro", format!("/journeys/{journey}/neuro"), frame.t("form-neuro")))
            (tab("laboratory", format!("/journeys/{journey}/laboratory"), frame.t("form-laboratory")))
            (tab("drug", format!("/journeys/{journey}/drug"), frame.t("drugs")))
            (tab("assays", format!("/journeys/{journey}/assays"), frame.t("room-assays")))
            (tab("infusion", format!("/journeys/{journey}/infusion"), frame.t("infusion")))
            (tab("history", format!("/journeys/{journey}/history"), format!("{} {events}", frame.t("history"))))
        }
    }
}

/// Which scale of encephalopathy this patient is asked, by the rule's age.
pub fn scale(server: &Server, session: &Session, journey: &JourneyId) -> Encephalopathy {
    server.app.bedside_page(session, journey).map_or(Encephalopathy::AgeUnknown, |page| page.encephalopathy)
}

/// The last value of each bedside concept in words, with its time.
pub fn last_values(
    frame: &Frame,
    server: &Server,
    session: &Session,
    journey: &JourneyId,
) -> Vec<(&'static str, String)> {
    let zone = &server.app.config().zone;
    let Ok(page) = server.app.bedside_page(session, journey) else { return Vec::new() };
    let told = |last: vena_app::bedside::LastValue| {
        let line = last.line?;
        let places = [
            ("value", words::in_words(frame, server.app.knowledge(), &line.fact)),
            ("when", words::short_when(&line.when, zone)),
        ];
        let places: Vec<(&str, &str)> = places.iter().map(|(a, b)| (*a, b.as_str())).collect();
        Some((last.concept.as_str(), frame.tw("last-value", &places)))
    };
    page.last.into_iter().filter_map(told).collect()
}

/// A page that holds one form of a journey.
pub fn form_page(
    frame: &Frame,
    server: &Server,
    session: &Session,
    journey: &JourneyId,
    here: &str,
    title: &str,
    content: Markup,
) -> Response {
    let found = match server.app.journey_page(session, journey, None, None) {
        Ok(found) => found,
        Err(error) => return answer::wrong(frame, &error),
    };
    let body = html! {
        (tabs(frame, journey, here, found.state.entries.len(), scale(server, session, journey)))
        div class="heading" {
            h1 { (title) }
            a class="far medium leave" href=(format!("/journeys/{journey}")) { (frame.t("leave-form")) }
        }
        (content)
    };
    let band = band_of(frame, server, &found);
    page(
        frame,
        &Page {
            title: title.to_owned(),
            room: "board",
            one_task: true,
            bedside: !matches!(here, "step" | "history" | "infusion"),
            band: Some(band),
            body: Some(body),
        },
    )
    .into_response()
}

/// The site's now as a form's time field writes it.
pub fn now_field(server: &Server) -> String {
    let zone = &server.app.config().zone;
    zone.time_zone().to_datetime(server.app.now()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A fresh form: its own key, and now.
pub fn fresh(server: &Server) -> Submitted {
    let mut data = Submitted::default();
    data.set("key", server.app.fresh_key().unwrap_or_default());
    data.set("when", now_field(server));
    data
}

/// Most files kept for forms that were not recorded yet.
const FILES_KEPT: usize = 256;

/// Files that came with a form which was not recorded yet (something else in it was wrong, or it needs a
/// signature): stored already, and found again by the form that is sent once more by the same person.
#[derive(Clone, Default)]
pub struct KeptFiles(Arc<Mutex<FilesByPerson>>);

/// By whose form and digest.
type FilesByPerson = HashMap<(UserId, String), (AttachmentRef, FileDigest)>;

impl KeptFiles {
    fn keep(&self, user: &UserId, file: &(AttachmentRef, FileDigest)) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= FILES_KEPT {
            kept.clear();
        }
        kept.insert((user.clone(), file.1.as_str().to_owned()), file.clone());
    }

    fn find(&self, user: &UserId, digest: &str) -> Option<(AttachmentRef, FileDigest)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(user.clone(), digest.to_owned())).cloned()
    }
}

/// A submitted form and the file in it, if any.
pub struct Sent {
    /// The fields.
    pub data: Submitted,
    /// The file that was attached.
    pub file: Option<(AttachmentRef, FileDigest)>,
}

impl Sent {
    /// The form comes back after signing in again: it is shown, nothing is recorded.
    pub fn is_review(&self) -> bool {
        super::resume::is_review(&self.data)
    }
}

/// Reads a form, with or without a file. The file is stored (encrypted) as it arrives.
///
/// # Errors
/// An answer that says what is wrong.
pub async fn sent(
    server: &Server,
    frame: &Frame,
    session: &Session,
    request: Request,
) -> Result<Sent, Box<Response>> {
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let unreadable = |frame: &Frame| {
        Box::new(answer::notice(frame, axum::http::StatusCode::BAD_REQUEST, &frame.t("unreadable-form")))
    };
    if !kind.starts_with("multipart/form-data") {
        let form = axum::Form::<Vec<(String, String)>>::from_request(request, server)
            .await
            .map_err(|_| unreadable(frame))?;
        return Ok(with_kept_file(server, session, Submitted::new(form.0)));
    }
    let mut multipart = Multipart::from_request(request, server).await.map_err(|_| unreadable(frame))?;
    let mut pairs = Vec::new();
    let mut file = None;
    while let Some(part) = multipart.next_field().await.map_err(|_| unreadable(frame))? {
        let name = part.name().unwrap_or_default().to_owned();
        if let Some(file_name) = part.file_name().map(str::to_owned) {
            let bytes = part.bytes().await.map_err(|_| unreadable(frame))?;
            if bytes.is_empty() {
                continue;
            }
            let (app, by) = (server.app.clone(), session.clone());
            let stored =
                crate::server::blocking(move || app.store_attachment(&by, &mut bytes.as_ref())).await;
            let stored = stored.map_err(|error| Box::new(answer::wrong(frame, &error)))?;
            server.files.keep(&session.user, &stored);
            pairs.push(("kept-file".to_owned(), stored.1.as_str().to_owned()));
            pairs.push(("kept-file-name".to_owned(), file_name));
            file = Some(stored);
        } else {
            pairs.push((name, part.text().await.map_err(|_| unreadable(frame))?));
        }
    }
    let data = Submitted::new(pairs);
    if file.is_some() { Ok(Sent { data, file }) } else { Ok(with_kept_file(server, session, data)) }
}

/// The journey of an address and the form sent to it.
///
/// # Errors
/// An answer that says what is wrong.
pub async fn sent_for(
    server: &Server,
    viewer: &Viewer,
    id: &str,
    request: Request,
) -> Result<(JourneyId, Sent), Box<Response>> {
    let journey = journey_id(&viewer.frame, id)?;
    Ok((journey, sent(server, &viewer.frame, &viewer.session, request).await?))
}

/// A form sent again without its file, which came the first time.
fn with_kept_file(server: &Server, session: &Session, mut data: Submitted) -> Sent {
    let file = server.files.find(&session.user, data.get("kept-file"));
    if file.is_none() && !data.get("kept-file").is_empty() {
        // Known no longer (a restart, another person): it must be chosen again, and the form says so.
        let name = data.get("kept-file-name").to_owned();
        data.remove(&["kept-file", "kept-file-name"]);
        data.set("file-again", name);
    }
    Sent { data, file }
}
