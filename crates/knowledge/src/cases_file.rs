//! Reads a file of cases. Knows the format (described in `knowledge/README.md`), no rule by name.

use crate::cases::{Around, Case, CaseFact, CaseTime, Expect, Position};
use crate::catalogue::Catalogue;
use crate::document::{Document, Table};
use crate::problem::{Fault, Place, Problem};
use jiff::civil::Date;
use vena_base::Concept;

/// Reads a file of cases.
pub(crate) fn read(
    file: &str,
    text: &str,
    catalogue: &Catalogue,
    thorough: bool,
    problems: &mut Vec<Problem>,
) -> CaseFile {
    let document = Document::new(file, text);
    let root = document.parse();
    let top = Table::new(&document, root.get_ref(), root.span());
    let reader = CaseReader {
        rule: top.needed("rule"),
        using: top.texts("using"),
        zone: top.needed("zone"),
        infusion_day: infusion_day(&top),
        scale: top.needed("scale"),
        catalogue,
        thorough,
        document: &document,
    };
    let mut cases = Vec::new();
    for table in top.tables("case") {
        cases.push(reader.case(&table, true));
    }
    let arounds = top.tables("around").iter().map(|table| reader.around(table)).collect();
    let place = top.place_of("rule");
    let rule = reader.rule.clone();
    top.finish();
    problems.extend(document.into_problems());
    CaseFile { rule, cases, arounds, place }
}

/// What one file of cases holds.
pub(crate) struct CaseFile {
    pub(crate) rule: String,
    pub(crate) cases: Vec<Case>,
    pub(crate) arounds: Vec<Around>,
    pub(crate) place: Place,
}

fn infusion_day(top: &Table<'_, '_>) -> Date {
    let text = top.needed("infusion-day");
    text.parse().unwrap_or_else(|_| {
        top.report("infusion-day", Fault::Case(format!("“{text}” is not a date")));
        Date::default()
    })
}

struct CaseReader<'r, 'a> {
    rule: String,
    using: Vec<String>,
    zone: String,
    infusion_day: Date,
    scale: String,
    catalogue: &'r Catalogue,
    /// Whether each case is made into a chart to see that it can be.
    thorough: bool,
    document: &'r Document<'a>,
}

impl CaseReader<'_, '_> {
    fn case(&self, table: &Table<'_, '_>, alone: bool) -> Case {
        let mut facts = Vec::new();
        for (cells, place) in table.rows("facts") {
            facts.extend(self.row(&cells, &place));
        }
        for series in table.tables("series") {
            facts.extend(self.series(&series));
        }
        let case = Case {
            id: table.needed("id"),
            rule: self.rule.clone(),
            title: table.needed_languages(""),
            using: self.using.clone(),
            zone: self.zone.clone(),
            infusion_day: self.infusion_day,
            facts,
            at: self.time(table, "at").unwrap_or(CaseTime::Day(0, None)),
            known_at: table.has("known-at").then(|| self.time(table, "known-at")).flatten(),
            expect: if alone { self.expects(table, "expect") } else { Vec::new() },
            around: None,
            holds: None,
            place: table.place(),
        };
        if alone {
            if self.thorough
                && let Err(error) = case.chart(self.catalogue)
            {
                self.document.report(&case.place, Fault::Case(error.to_string()));
            }
            if case.expect.is_empty() {
                table.report("expect", Fault::Missing("expect".to_owned()));
            }
            table.finish();
        }
        case
    }

    fn time(&self, table: &Table<'_, '_>, key: &str) -> Option<CaseTime> {
        let text = table.needed(key);
        let time = CaseTime::parse(&text);
        if time.is_none() && !text.is_empty() {
            table.report(key, Fault::Case(format!("“{text}” is not a time like D+2 08:00")));
        }
        time
    }

    /// what, time, value, unit, until, recorded, cause: what is left out at the end is empty.
    fn row(&self, cells: &[String], place: &Place) -> Option<CaseFact> {
        let cell = |at: usize| cells.get(at).map(|text| text.trim()).filter(|text| !text.is_empty());
        let time = |at: usize| -> Option<CaseTime> {
            let text = cell(at)?;
            let time = CaseTime::parse(text);
            if time.is_none() {
                self.document.report(place, Fault::Case(format!("“{text}” is not a time like D+2 08:00")));
            }
            time
        };
        let what = cell(0).unwrap_or_default().to_owned();
        if self.catalogue.find(&what).is_none() {
            self.document.report(place, Fault::NoSuchConcept(what));
            return None;
        }
        if cells.len() > 7 {
            self.document.report(place, Fault::Case("a row has at most seven cells".to_owned()));
        }
        let value = cell(2).unwrap_or_default().to_owned();
        // A birth date needs no time of its own.
        let at = if cell(1).is_none() { CaseTime::parse(&value) } else { time(1) };
        if at.is_none() {
            self.document.report(place, Fault::Case(format!("“{what}” has no time")));
        }
        Some(CaseFact {
            what,
            time: at?,
            value,
            unit: cell(3).map(str::to_owned),
            until: time(4),
            recorded: time(5),
            cause: cell(6).map(str::to_owned),
        })
    }

    /// One value a day: `values = ["800", "400 x14", "- x3"]`; `-` is a day without value.
    fn series(&self, table: &Table<'_, '_>) -> Vec<CaseFact> {
        let (what, unit) = (table.needed("what"), table.text("unit"));
        let from = self.time(table, "from");
        let place = table.place();
        let mut facts = Vec::new();
        let Some(CaseTime::Day(first, clock)) = from else {
            table.report("from", Fault::Case("a series begins at a day like D+0 07:00".to_owned()));
            return facts;
        };
        let mut day = first;
        for cell in table.cells("values") {
            let (value, times) = match cell.split_once(" x") {
                Some((value, times)) => (value.trim().to_owned(), times.trim().parse().unwrap_or(0)),
                None => (cell.trim().to_owned(), 1),
            };
            if !(1..=400).contains(&times) {
                table.report("values", Fault::Case(format!("“{cell}” is not a value like 400 x14")));
                return facts;
            }
            for _ in 0..times {
                if value != "-" {
                    let row = [what.clone(), CaseTime::Day(day, clock.clone()).to_string(), value.clone()];
                    let mut cells = row.to_vec();
                    cells.extend(unit.clone());
                    facts.extend(self.row(&cells, &place));
                }
                day += 1;
            }
        }
        table.finish();
        facts
    }

    fn expects(&self, table: &Table<'_, '_>, key: &str) -> Vec<Expect> {
        table.tables(key).iter().map(|row| self.expect(row)).collect()
    }

    fn expect(&self, row: &Table<'_, '_>) -> Expect {
        const STATUSES: [(&str, &str); 5] = [
            ("value", "value"),
            ("at-least", "at-least"),
            ("interval", "interval"),
            ("not-assessable", "not-assessable"),
            ("not-applicable", "not-applicable"),
        ];
        let count = |key| row.text(key).and_then(|text| text.parse().ok());
        let expect = Expect {
            scale: row.text("scale").unwrap_or_else(|| self.scale.clone()),
            status: {
                row.needed("status");
                row.one_of("status", &STATUSES).unwrap_or_default().to_owned()
            },
            value: row.small("value"),
            low: row.small("low"),
            high: row.small("high"),
            missing: row.texts("missing").iter().map(|id| Concept::of(id)).collect(),
            days_le_500: count("days-le-500"),
            days_le_100: count("days-le-100"),
            criterion: row.text("criterion"),
            provisional: row.flag("provisional"),
        };
        for concept in &expect.missing {
            if self.catalogue.get(*concept).is_none() {
                row.report("missing", Fault::NoSuchConcept(concept.to_string()));
            }
        }
        let numbers = (expect.value.is_some(), expect.low.is_some(), expect.high.is_some());
        let fits = match expect.status.as_str() {
            "value" => numbers.0,
            "at-least" => !numbers.0 && numbers.1,
            "interval" => numbers == (false, true, true),
            _ => numbers == (false, false, false),
        };
        if !fits {
            row.report("status", Fault::Case("status and numbers do not fit each other".to_owned()));
        }
        row.finish();
        expect
    }

    fn around(&self, table: &Table<'_, '_>) -> Around {
        let mut base = self.case(table, false);
        base.expect.clear();
        let around = Around {
            entry: table.needed("entry"),
            step: table.decimal("step"),
            when: self.time(table, "when").unwrap_or(CaseTime::Day(0, None)),
            expect: [
                (Position::Below, self.expects(table, "below")),
                (Position::At, self.expects(table, "exactly")),
                (Position::Above, self.expects(table, "above")),
                (Position::Missing, self.expects(table, "without")),
            ],
            base,
        };
        for (key, (_, expects)) in ["below", "exactly", "above", "without"].iter().zip(&around.expect) {
            if expects.is_empty() {
                table.report(key, Fault::Missing((*key).to_owned()));
            }
        }
        table.finish();
        around
    }
}
