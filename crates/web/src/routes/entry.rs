//! Bedside and laboratory entries: vital signs, CRS, neurological findings, laboratory values, drugs.

use super::{shared, step};
use crate::{
    forms::{
        clinical::{self, FactForm},
        reader::{Reader, Submitted, Wrong},
    },
    layout::Frame,
    pages,
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use vena_base::ids::JourneyId;
use vena_journey::Step;

/// Which entry form.
#[derive(Clone, Copy)]
enum Entry {
    Facts(&'static FactForm),
    Drug,
}

impl Entry {
    fn slug(self) -> &'static str {
        match self {
            Entry::Facts(form) => form.slug,
            Entry::Drug => "drug",
        }
    }

    fn title(self, frame: &Frame) -> String {
        match self.slug() {
            "vitals" => frame.t("form-vitals"),
            "crs" => frame.t("form-crs"),
            "neuro" => frame.t("form-neuro"),
            "laboratory" => frame.t("form-laboratory"),
            "collection-tests" => frame.t("form-collection"),
            _ => frame.t("field-drug"),
        }
    }

    fn draw(
        self,
        frame: &Frame,
        server: &Server,
        action: &str,
        data: &Submitted,
        wrong: &Wrong,
        last: &[(&'static str, String)],
    ) -> Markup {
        match self {
            Entry::Facts(form) => {
                pages::bedside::facts(frame, server.app.knowledge(), form, action, data, wrong, last)
            }
            Entry::Drug => pages::bedside::drug(frame, server.app.knowledge(), action, data, wrong),
        }
    }

    fn read(self, reader: &mut Reader<'_>, server: &Server) -> Option<Step> {
        match self {
            Entry::Facts(form) => clinical::read(form, reader, server.app.knowledge()),
            Entry::Drug => clinical::read_drug(reader, server.app.knowledge()),
        }
    }
}

fn facts(slug: &str) -> Entry {
    clinical::form(slug).map_or(Entry::Drug, Entry::Facts)
}

async fn show(server: Server, viewer: Viewer, id: String, entry: Entry) -> Response {
    let journey = match shared::journey_id(&viewer.frame, &id) {
        Ok(journey) => journey,
        Err(answer) => return *answer,
    };
    draw(&server, &viewer, &journey, entry, &shared::fresh(&server), &Wrong::new(), None)
}

fn draw(
    server: &Server,
    viewer: &Viewer,
    journey: &JourneyId,
    entry: Entry,
    data: &Submitted,
    wrong: &Wrong,
    above: Option<Markup>,
) -> Response {
    let frame = &viewer.frame;
    let action = format!("/journeys/{journey}/{}", entry.slug());
    let last = shared::last_values(frame, server, &viewer.session, journey);
    let refused = above.is_some();
    let content = html! { div class="stack" { @if let Some(above) = above { (above) } (entry.draw(frame, server, &action, data, wrong, &last)) } };
    let mut response = shared::form_page(
        frame,
        server,
        &viewer.session,
        journey,
        entry.slug(),
        &entry.title(frame),
        content,
    );
    if refused {
        *response.status_mut() = StatusCode::CONFLICT;
    } else if !wrong.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

async fn take(server: Server, viewer: Viewer, id: String, entry: Entry, request: Request) -> Response {
    let frame = &viewer.frame;
    let (journey, sent) = match shared::sent_for(&server, &viewer, &id, request).await {
        Ok(given) => given,
        Err(answer) => return *answer,
    };
    if sent.is_review() {
        return draw(&server, &viewer, &journey, entry, &sent.data, &Wrong::new(), None);
    }
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&sent.data, &zone, frame.lang).at(server.app.now());
    let step = entry.read(&mut reader, &server);
    let wrong = reader.wrong;
    let Some(step) = step.filter(|_| wrong.is_empty()) else {
        return draw(&server, &viewer, &journey, entry, &sent.data, &wrong, None);
    };
    match step::submit(&server, &viewer.session, &journey, &sent, step).await {
        Ok(()) => step::recorded(&journey, entry.slug()),
        Err(error) => {
            let action = format!("/journeys/{journey}/{}", entry.slug());
            step::refused(&viewer, error, &action, &sent.data, |panel| {
                draw(&server, &viewer, &journey, entry, &sent.data, &Wrong::new(), Some(panel))
            })
        }
    }
}

macro_rules! entries {
    ($($page:ident, $post:ident: $entry:expr;)*) => {$(
        /// Shows the form.
        pub async fn $page(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>) -> Response {
            show(server, viewer, id, $entry).await
        }

        /// Records what was typed.
        pub async fn $post(State(server): State<Server>, viewer: Viewer, Path(id): Path<String>, request: Request) -> Response {
            take(server, viewer, id, $entry, request).await
        }
    )*};
}

entries! {
    vitals_page, vitals: facts("vitals");
    crs_page, crs: facts("crs");
    neuro_page, neuro: facts("neuro");
    laboratory_page, laboratory: facts("laboratory");
    collection_tests_page, collection_tests: facts("collection-tests");
    drug_page, drug: Entry::Drug;
}
