//! Charts to the long table. Reading it back gives the same facts. Knows no grading.

use std::borrow::Cow;
use vena_base::{Chart, Fact, Value};

/// The header line, with every column the reader knows.
pub const HEADER: &str = "patient,time,what,value,unit,until,route,note,recorded,recorded by,cause\n";

/// Appends one chart's facts as rows (without header).
pub fn write_chart(out: &mut String, chart: &Chart) {
    for fact in chart.all() {
        write_fact(out, &chart.patient, fact);
    }
}

/// Charts as one table with its header.
pub fn write<'c>(charts: impl IntoIterator<Item = &'c Chart>) -> String {
    let mut out = String::from(HEADER);
    for chart in charts {
        write_chart(&mut out, chart);
    }
    out
}

fn write_fact(out: &mut String, patient: &str, fact: &Fact) {
    let (value, unit) = written(&fact.value);
    let time = |when: Option<String>| Cow::Owned::<str>(when.unwrap_or_default());
    let text = |text: &Option<std::sync::Arc<str>>| {
        Cow::Owned::<str>(text.as_deref().unwrap_or_default().to_owned())
    };
    let cells = [
        Cow::Borrowed(patient),
        time(Some(fact.when.to_string())),
        Cow::Borrowed(fact.concept.as_str()),
        value,
        unit,
        time(fact.until.map(|until| until.to_string())),
        text(&fact.route),
        text(&fact.note),
        time(fact.recorded.map(|stamp| stamp.to_string())),
        text(&fact.recorded_by),
        Cow::Borrowed(fact.attributed_to.map_or("", |answer| answer.as_str())),
    ];
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_cell(out, cell);
    }
    out.push('\n');
}

fn written(value: &Value) -> (Cow<'_, str>, Cow<'_, str>) {
    let none = Cow::Borrowed("");
    match value {
        Value::Quantity(q) => {
            (Cow::Owned(format!("{}{}", q.bound.sign(), q.written)), Cow::Borrowed(&*q.written_unit))
        }
        Value::Answer(answer) => (Cow::Borrowed(answer.as_str()), none),
        Value::Moment(when) => (Cow::Owned(when.to_string()), none),
        Value::Text(text) => (Cow::Borrowed(&**text), none),
        Value::Happened => (Cow::Borrowed(""), none),
        Value::NotAssessed(why) => (Cow::Owned(format!("not assessed: {why}")), none),
    }
}

/// Quotes what a separated file cannot hold bare. A leading `=`, `+`, `-` or `@` is left as it is: the
/// reader must get back what was written.
fn push_cell(out: &mut String, cell: &str) {
    if !cell.contains([',', ';', '\t', '"', '\n', '\r']) {
        out.push_str(cell);
        return;
    }
    out.push('"');
    out.push_str(&cell.replace('"', "\"\""));
    out.push('"');
}
