//! The cause of a finding: a physician says what a recorded finding is put down to. Which causes leave a
//! finding out of a grade is the rule's matter.

use super::{shared, step};
use crate::{
    answer,
    forms::reader::{Reader, Submitted, Wrong},
    pages::{self, words},
    parts::field::{Choice, choices_with, wrong_summary},
    server::Server,
    viewer::Viewer,
};
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use vena_app::pages::HistoryLine;
use vena_base::{
    Answer, Concept,
    ids::{EventId, JourneyId},
};
use vena_journey::Step;

/// The form.
pub async fn page(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, seq)): Path<(String, u64)>,
) -> Response {
    match shared::journey_id(&viewer.frame, &id) {
        Ok(journey) => draw(&server, &viewer, &journey, seq, &shared::fresh(&server), &Wrong::new(), None),
        Err(answer) => *answer,
    }
}

fn line(
    server: &Server,
    viewer: &Viewer,
    journey: &JourneyId,
    seq: u64,
) -> Result<HistoryLine, Box<Response>> {
    let history = server
        .app
        .history_page(&viewer.session, journey)
        .map_err(|error| Box::new(answer::wrong(&viewer.frame, &error)))?;
    let found = history.lines.into_iter().find(|line| line.seq == seq && !line.facts.is_empty());
    found.ok_or_else(|| {
        Box::new(answer::notice(&viewer.frame, StatusCode::NOT_FOUND, &viewer.frame.t("no-such-page")))
    })
}

/// The causes the catalogue knows.
fn causes(server: &Server, viewer: &Viewer) -> Vec<Choice<'static>> {
    let info = server.app.knowledge().catalogue.get(Concept::known("hypotension-cause"));
    let named = |a: &vena_knowledge::catalogue::AnswerInfo| Choice {
        value: a.answer.as_str(),
        label: a.name.get(viewer.frame.lang).to_owned(),
        unsure: false,
    };
    info.map(|info| info.answers.iter().map(named).collect()).unwrap_or_default()
}

fn draw(
    server: &Server,
    viewer: &Viewer,
    journey: &JourneyId,
    seq: u64,
    data: &Submitted,
    wrong: &Wrong,
    above: Option<Markup>,
) -> Response {
    let frame = &viewer.frame;
    let line = match line(server, viewer, journey, seq) {
        Ok(line) => line,
        Err(answer) => return *answer,
    };
    let numbers: Vec<String> = (0..line.facts.len()).map(|i| i.to_string()).collect();
    let told = |fact: &vena_app::pages::FactLine| {
        format!(
            "{}: {}",
            fact.name.get(frame.lang),
            words::in_words(frame, server.app.knowledge(), &fact.fact)
        )
    };
    let findings: Vec<Choice<'_>> = numbers
        .iter()
        .zip(&line.facts)
        .map(|(number, fact)| Choice { value: number, label: told(fact), unsure: false })
        .collect();
    let error = |name: &str| wrong.get(name).map(String::as_str);
    let content = html! {
        @if let Some(above) = above { (above) }
        form class="form" method="post" action=(format!("/journeys/{journey}/attribute/{seq}")) data-keep="" novalidate {
            (wrong_summary(&frame.t("form-wrong"), wrong))
            (pages::step::key_field(data))
            (choices_with("fact", &frame.t("attribute-which"), data.get("fact"), &findings, false, error("fact")))
            (choices_with("cause", &frame.t("attribute-cause"), data.get("cause"), &causes(server, viewer), false, error("cause")))
            button class="button first wide" type="submit" { (frame.t("record")) }
        }
    };
    let title = format!("{} #{seq}", vena_journey::StepKind::FindingAttributed.name().get(frame.lang));
    let mut response = shared::form_page(frame, server, &viewer.session, journey, "history", &title, content);
    if !wrong.is_empty() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// Records the cause.
pub async fn record(
    State(server): State<Server>,
    viewer: Viewer,
    Path((id, seq)): Path<(String, u64)>,
    request: Request,
) -> Response {
    let frame = &viewer.frame;
    let (journey, sent) = match shared::sent_for(&server, &viewer, &id, request).await {
        Ok(given) => given,
        Err(answer) => return *answer,
    };
    let line = match line(&server, &viewer, &journey, seq) {
        Ok(line) => line,
        Err(answer) => return *answer,
    };
    if sent.is_review() {
        return draw(&server, &viewer, &journey, seq, &sent.data, &Wrong::new(), None);
    }
    let zone = server.app.config().zone.clone();
    let mut reader = Reader::new(&sent.data, &zone, frame.lang);
    let fact = sent.data.get("fact").parse::<u32>().ok().filter(|fact| (*fact as usize) < line.facts.len());
    let cause = causes(&server, &viewer)
        .iter()
        .find(|cause| cause.value == sent.data.get("cause"))
        .map(|cause| Answer::known(cause.value));
    for (name, missing) in [("fact", fact.is_none()), ("cause", cause.is_none())] {
        if missing {
            let words = crate::i18n::text(reader.lang, "error-choose");
            reader.fault(name, words);
        }
    }
    let wrong = reader.wrong;
    let (Some(fact), Some(cause), Ok(event)) = (fact, cause, EventId::new(line.event.as_str())) else {
        return draw(&server, &viewer, &journey, seq, &sent.data, &wrong, None);
    };
    match step::submit(
        &server,
        &viewer.session,
        &journey,
        &sent,
        Step::FindingAttributed { event, fact, cause },
    )
    .await
    {
        Ok(()) => step::recorded(&journey, "cause"),
        Err(error) => step::refused(
            &viewer,
            error,
            &format!("/journeys/{journey}/attribute/{seq}"),
            &sent.data,
            |panel| draw(&server, &viewer, &journey, seq, &sent.data, &Wrong::new(), Some(panel)),
        ),
    }
}
