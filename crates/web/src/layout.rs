//! The frame of every page: language, theme, head, rooms, the strip that says what the data are, the
//! foot that says what the program is for. Knows no journey.

use crate::{
    assets,
    i18n::{text, text_with},
    parts::{
        icons::{Icon, icon},
        ribbon::hatch,
        vein,
    },
};
use maud::{DOCTYPE, Markup, html};
use vena_base::Lang;

/// Light or dark, where the person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Who looks, in which language and theme, and where.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The reader's language.
    pub lang: Lang,
    /// The reader's theme.
    pub theme: Theme,
    /// The path and query of this page, to come back to after a switch.
    pub here: String,
    /// The person signed in: name and role in words.
    pub person: Option<(String, String)>,
    /// Whether the data folder holds a synthetic programme.
    pub synthetic: bool,
    /// The site's date and time, as shown.
    pub now: String,
    /// The site's name, as it stands on everything printed.
    pub site: String,
    /// How many values of the site's own stand in place of a source's.
    pub site_values: usize,
    /// The person keeps the accounts.
    pub administers: bool,
    /// The person looks at accesses taken by breaking the glass.
    pub reviews: bool,
    /// The person registers patients.
    pub registers: bool,
    /// The person works on laboratory assays; recorded ones everybody reads on the journey.
    pub assays: bool,
}

impl Frame {
    /// The rooms this person can work in: nobody is led to a door that stays shut.
    fn rooms(&self) -> impl Iterator<Item = (&'static str, &'static str, Icon)> {
        let (registers, assays) = (self.registers, self.assays);
        ROOMS.into_iter().filter(move |(room, ..)| match *room {
            "register" => registers,
            "assays" => assays,
            _ => true,
        })
    }

    /// A text of the pages in the reader's language.
    pub fn t(&self, key: &str) -> String {
        text(self.lang, key)
    }

    /// A text with its places filled.
    pub fn tw(&self, key: &str, places: &[(&str, &str)]) -> String {
        text_with(self.lang, key, places)
    }
}

/// What one page adds to the frame.
#[derive(Debug, Default)]
pub struct Page {
    /// The title, before “· Vena”.
    pub title: String,
    /// The room it belongs to: `board`, `bedside`, `knowledge` …
    pub room: &'static str,
    /// One task and one way out: no bar of rooms on a phone.
    pub one_task: bool,
    /// A bedside form: on a phone the band keeps only what tells people apart, and the allergy.
    pub bedside: bool,
    /// The identity band, directly under the frame.
    pub band: Option<Markup>,
    /// The content.
    pub body: Option<Markup>,
}

const ROOMS: [(&str, &str, Icon); 5] = [
    ("board", "/", Icon::List),
    ("search", "/search", Icon::Search),
    ("register", "/journeys/new", Icon::Plus),
    ("assays", "/assays", Icon::Flask),
    ("knowledge", "/knowledge", Icon::Book),
];

fn room_name(frame: &Frame, room: &str) -> String {
    match room {
        "board" => frame.t("room-board"),
        "search" => frame.t("room-search"),
        "register" => frame.t("room-register"),
        "assays" => frame.t("room-assays"),
        _ => frame.t("room-knowledge"),
    }
}

fn body_class(page: &Page) -> Option<&'static str> {
    match (page.one_task, page.bedside) {
        (true, true) => Some("one-task bedside"),
        (true, false) => Some("one-task"),
        _ => None,
    }
}

/// The whole document.
pub fn page(frame: &Frame, page: &Page) -> Markup {
    let theme = match frame.theme {
        Theme::System => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
    };
    html! {
        (DOCTYPE)
        html lang=(frame.lang.tag()) data-theme=[theme] data-just-now=(frame.t("age-now")) data-minutes-ago=(frame.tw("age-minutes", &[("n", "#")]))
            data-hours-ago=(frame.tw("age-hours", &[("n", "#")])) data-days-ago=(frame.tw("age-days", &[("n", "#")])) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="htmx-config" content=r#"{"includeIndicatorStyles":false,"allowEval":false,"historyEnabled":false,"historyCacheSize":0}"#;
                title { (page.title) " · Vena" }
                link rel="icon" href=(assets::address("icon.svg"));
                link rel="stylesheet" href=(assets::address("tokens.css"));
                link rel="stylesheet" href=(assets::address("app.css"));
                script src=(assets::address("htmx.js")) defer {}
                script src=(assets::address("app.js")) defer {}
            }
            body class=[body_class(page)] {
                a class="skip" href="#main" { (frame.t("skip")) }
                (top(frame, page))
                @if frame.synthetic {
                    aside class="strip" aria-label=(frame.t("about-data")) { span { (frame.t("synthetic-data")) } span class="wide-only" { (frame.now) } }
                }
                @if frame.person.is_some() && frame.site_values > 0 {
                    aside class="strip site-values" aria-label=(frame.t("site-values")) {
                        a href="/knowledge#site-values" { (frame.tw("site-values-in-use", &[("n", &frame.site_values.to_string())])) }
                    }
                }
                @if let Some(band) = &page.band { (band) }
                p class="paper-only printed-by" { (frame.site) " · " (frame.now) @if let Some((name, role)) = &frame.person { " · " (name) " (" (role) ")" } @if frame.synthetic { " · " (frame.t("synthetic-data")) } }
                (hatch())
                main id="main" tabindex="-1" { @if let Some(body) = &page.body { (body) } }
                footer class="foot" {
                    (frame.t("scope"))
                    @if frame.person.is_some() { " " a href="/wall" { (frame.t("room-wall")) } }
                    @if frame.administers { " · " a href="/people" { (frame.t("room-people")) } }
                    @if frame.reviews { " · " a href="/access" { (frame.t("room-access")) } }
                }
                @if frame.person.is_some() { (thumbs(frame, page)) }
            }
        }
    }
}

fn top(frame: &Frame, page: &Page) -> Markup {
    let other = match frame.lang {
        Lang::En => Lang::ZhTw,
        Lang::ZhTw => Lang::En,
    };
    html! {
        header class="top" {
            a class="mark" href="/" aria-label="Vena" { (vein::mark()) span { "Vena" } }
            @if frame.person.is_some() {
                nav class="rooms" aria-label=(frame.t("rooms")) {
                    @for (room, address, _) in frame.rooms() {
                        a href=(address) aria-current=[(room == page.room).then_some("page")] { (room_name(frame, room)) }
                    }
                }
            }
            div class="tools" {
                @if frame.person.is_some() {
                    form action="/search" method="get" role="search" aria-label=(frame.t("scan-or-search")) {
                        label class="scan" {
                            (icon(Icon::Scan))
                            span class="unseen" { (frame.t("scan-or-search")) }
                            input name="q" placeholder=(frame.t("scan-placeholder")) autocomplete="off" data-scan="";
                        }
                    }
                }
                form action="/preferences" method="post" {
                    input type="hidden" name="back" value=(frame.here);
                    button class="tool" name="lang" value=(other.tag()) lang=(other.tag()) { (text(other, "language-name")) }
                    button class="tool" name="theme" value=(if frame.theme == Theme::Dark { "light" } else { "dark" }) aria-label=(frame.t("light-or-dark")) {
                        (icon(Icon::Contrast))
                    }
                }
                @if let Some((name, role)) = &frame.person {
                    @if frame.administers { a class="tool wide-only" href="/people" { (frame.t("room-people")) } }
                    @else if frame.reviews { a class="tool wide-only" href="/access" { (frame.t("room-access")) } }
                    div class="person" { b { (name) } " " span { (role) } }
                    form action="/sign-out" method="post" { button class="tool" { (frame.t("sign-out")) } }
                }
            }
        }
    }
}

fn thumbs(frame: &Frame, page: &Page) -> Markup {
    html! {
        nav class="thumbs" aria-label=(frame.t("rooms-phone")) {
            @for (room, address, picture) in frame.rooms() {
                a href=(address) aria-current=[(room == page.room).then_some("page")] { (icon(picture)) span { (room_name(frame, room)) } }
            }
        }
    }
}
