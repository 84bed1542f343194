//! The few line icons, drawn on a 16 px grid. Always beside words, never instead of them.

use maud::{Markup, html};

/// Which icon.
#[derive(Debug, Clone, Copy)]
pub enum Icon {
    /// A clock face, for due times.
    Clock,
    /// A padlock, for a shut gate.
    Lock,
    /// A warning triangle.
    Warning,
    /// A barcode in a viewfinder.
    Scan,
    /// A half-filled disc, for light and dark.
    Contrast,
    /// A list, for the board.
    List,
    /// A pulse line, for the bedside.
    Pulse,
    /// An open book, for the knowledge pages and sources.
    Book,
    /// A plus sign.
    Plus,
    /// A flask, for laboratory assays.
    Flask,
    /// A magnifier.
    Search,
    /// Two people.
    People,
    /// A tick, for what was recorded.
    Tick,
}

/// Draws an icon, hidden from screen readers.
pub fn icon(which: Icon) -> Markup {
    let path = match which {
        Icon::People => {
            "M5.5 7.5a2.2 2.2 0 100-4.4 2.2 2.2 0 000 4.4zM1.5 13c0-2.4 1.8-3.8 4-3.8s4 1.4 4 3.8M10.6 3.3a2.2 2.2 0 010 4M11.2 9.4c1.9.3 3.3 1.6 3.3 3.6"
        }
        Icon::Tick => "M3 8.5l3.2 3.2L13 4.8",
        Icon::Clock => "M8 2.2a5.8 5.8 0 100 11.6A5.8 5.8 0 008 2.2zM8 5v3.2l2.2 1.4",
        Icon::Lock => "M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 015 0v2.5",
        Icon::Warning => "M8 2.5l6 11H2zM8 6.5v3.5M8 12v.1",
        Icon::Scan => "M2 5V2.5h2.5M11.5 2.5H14V5M14 11v2.5h-2.5M4.5 13.5H2V11M5 5v6M8 5v6M11 5v6",
        Icon::Contrast => "M8 2.2a5.8 5.8 0 100 11.6A5.8 5.8 0 008 2.2zM8 2.2v11.6M10 3v10M12 4.2v7.6",
        Icon::List => "M2.5 4h11M2.5 8h11M2.5 12h11",
        Icon::Pulse => "M1.5 8.5h3l2-5 3 9 2-4h3",
        Icon::Book => {
            "M8 4c-1.5-1-3.5-1.2-5.5-1v9c2-.2 4 0 5.5 1 1.5-1 3.5-1.2 5.5-1V3C11.5 2.8 9.5 3 8 4zM8 4v9"
        }
        Icon::Plus => "M8 3v10M3 8h10",
        Icon::Flask => "M6.5 2.5h3M7 2.5v4l-4 6.5h10l-4-6.5v-4M5 10.5h6",
        Icon::Search => "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.5 10.5l3 3",
    };
    html! { svg class="icon" viewBox="0 0 16 16" aria-hidden="true" { path d=(path) {} } }
}
