//! A chart to a FHIR R4 Bundle: a pseudonymous Patient, Observations, MedicationAdministrations,
//! Procedures and Conditions. Reading it back gives the same facts. Knows no grading.

use crate::{
    fhir::codes::{
        ANSWER_EXTENSION, ATC, CAUSE_EXTENSION, LOINC, NOT_ASSESSED_EXTENSION, RECORDED_BY_EXTENSION,
        RECORDED_EXTENSION, UCUM, VENA, VENA_ANSWER,
    },
    value::{BIRTH_DATE, DEATH, DIAGNOSIS, INFUSION, PRODUCT, SEX},
};
use serde_json::{Map, Value as Json, json, value::RawValue};
use std::fmt::Write;
use vena_base::{Bound, Chart, Fact, Quantity, Value, When, units};
use vena_knowledge::{ConceptInfo, Kind, Knowledge};

/// A chart as one Bundle (type `collection`), an entry a line.
pub fn write(chart: &Chart, knowledge: &Knowledge) -> String {
    let mut writer = Writer { chart, knowledge, entries: Vec::new() };
    writer.patient();
    for fact in chart.all() {
        writer.fact(fact);
    }
    let mut out = String::from("{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[\n");
    for (index, entry) in writer.entries.iter().enumerate() {
        let end = if index + 1 == writer.entries.len() { "" } else { "," };
        let _ = writeln!(out, "{entry}{end}");
    }
    out.push_str("]}\n");
    out
}

struct Writer<'a> {
    chart: &'a Chart,
    knowledge: &'a Knowledge,
    entries: Vec<String>,
}

impl Writer<'_> {
    fn entry(&mut self, resource: &Map<String, Json>, number: Option<&str>) {
        let mut text = serde_json::to_string(resource).unwrap_or_default();
        if let Some(number) = number {
            // A JSON number in serde_json would lose its written form: 38.50 would become 38.5.
            text = text.replacen("\"value\":null", &format!("\"value\":{number}"), 1);
        }
        self.entries.push(format!("{{\"resource\":{text}}}"));
    }

    /// What the Patient resource can carry; anything else about the person becomes an Observation.
    fn in_patient(&self, fact: &Fact) -> bool {
        let plain = fact.recorded.is_none()
            && fact.recorded_by.is_none()
            && fact.note.is_none()
            && fact.attributed_to.is_none()
            && fact.until.is_none();
        let only = self.chart.of(fact.concept).len() == 1;
        let birth = self.chart.of(BIRTH_DATE).first().map(|f| f.when);
        plain
            && only
            && match (&fact.value, fact.concept) {
                (Value::Moment(when), BIRTH_DATE) => *when == fact.when && !matches!(when, When::Instant(_)),
                (Value::Answer(_), SEX) => birth == Some(fact.when),
                (Value::Happened, DEATH) => true,
                _ => false,
            }
    }

    fn patient(&mut self) {
        let mut resource = Map::new();
        resource.insert("resourceType".into(), json!("Patient"));
        resource.insert("id".into(), json!(&*self.chart.patient));
        for fact in self.chart.all().iter().filter(|fact| self.in_patient(fact)) {
            match (&fact.value, fact.concept) {
                (Value::Moment(when), _) => resource.insert("birthDate".into(), json!(when.to_string())),
                (Value::Answer(answer), _) => resource.insert("gender".into(), json!(answer.as_str())),
                _ => resource.insert("deceasedDateTime".into(), json!(fact.when.to_string())),
            };
        }
        self.entry(&resource, None);
    }

    fn fact(&mut self, fact: &Fact) {
        if self.in_patient(fact) {
            return;
        }
        let knowledge = self.knowledge;
        let Some(info) = knowledge.catalogue.get(fact.concept) else {
            return;
        };
        match info.kind {
            Kind::Drug => self.administration(info, fact),
            Kind::Event if matches!(fact.value, Value::Happened | Value::Answer(_)) => {
                self.procedure(info, fact)
            }
            _ if info.concept == DIAGNOSIS && matches!(fact.value, Value::Answer(_) | Value::Text(_)) => {
                self.condition(info, fact);
            }
            _ => self.observation(info, fact),
        }
    }

    fn resource(&self, kind: &str, fact: &Fact, extension: Vec<Json>) -> Map<String, Json> {
        let mut resource = Map::new();
        resource.insert("resourceType".into(), json!(kind));
        resource.insert("subject".into(), json!({ "reference": format!("Patient/{}", self.chart.patient) }));
        if let Some(note) = &fact.note {
            resource.insert("note".into(), json!([{ "text": &**note }]));
        }
        let mut extensions = extension;
        if let Some(cause) = fact.attributed_to {
            extensions.push(json!({ "url": CAUSE_EXTENSION, "valueCode": cause.as_str() }));
        }
        if let Some(by) = &fact.recorded_by {
            extensions.push(json!({ "url": RECORDED_BY_EXTENSION, "valueString": &**by }));
        }
        if let Some(stamp) = fact.recorded
            && kind != "Observation"
        {
            extensions.push(json!({ "url": RECORDED_EXTENSION, "valueInstant": stamp.to_string() }));
        }
        if !extensions.is_empty() {
            resource.insert("extension".into(), Json::Array(extensions));
        }
        resource
    }

    fn time(resource: &mut Map<String, Json>, stem: &str, fact: &Fact) {
        match fact.until {
            None => resource.insert(format!("{stem}DateTime"), json!(fact.when.to_string())),
            Some(until) => resource.insert(
                format!("{stem}Period"),
                json!({ "start": fact.when.to_string(), "end": until.to_string() }),
            ),
        };
    }

    fn administration(&mut self, info: &ConceptInfo, fact: &Fact) {
        let mut extension = Vec::new();
        let (mut number, mut dosage) = (None, Map::new());
        match &fact.value {
            Value::Quantity(quantity) => {
                number = Some(json_number(quantity));
                dosage.insert("dose".into(), amount(quantity));
            }
            Value::Answer(answer) => {
                extension.push(json!({ "url": ANSWER_EXTENSION, "valueCode": answer.as_str() }))
            }
            Value::NotAssessed(why) => {
                extension.push(json!({ "url": NOT_ASSESSED_EXTENSION, "valueString": &**why }));
            }
            _ => {}
        }
        if let Some(route) = &fact.route {
            dosage.insert("route".into(), json!({ "text": &**route }));
        }
        let mut resource = self.resource("MedicationAdministration", fact, extension);
        resource.insert("status".into(), json!("completed"));
        let mut coding = vec![coding(VENA, info.concept.as_str(), &info.name.en)];
        coding.extend(info.atc.first().map(|atc| json!({ "system": ATC, "code": atc })));
        resource
            .insert("medicationCodeableConcept".into(), json!({ "coding": coding, "text": info.name.en }));
        Self::time(&mut resource, "effective", fact);
        if !dosage.is_empty() {
            resource.insert("dosage".into(), Json::Object(dosage));
        }
        self.entry(&resource, number.as_deref());
    }

    fn procedure(&mut self, info: &ConceptInfo, fact: &Fact) {
        let mut resource = self.resource("Procedure", fact, Vec::new());
        resource.insert("status".into(), json!("completed"));
        let coding = vec![coding(VENA, info.concept.as_str(), &info.name.en)];
        resource.insert("code".into(), json!({ "coding": coding, "text": info.name.en }));
        if let Value::Answer(answer) = fact.value {
            let known =
                self.knowledge.catalogue.get(if info.concept == INFUSION { PRODUCT } else { info.concept });
            let name = known.and_then(|k| k.answer(answer)).map_or(answer.as_str(), |a| a.name.en.as_str());
            let used =
                json!([{ "coding": [{ "system": VENA_ANSWER, "code": answer.as_str(), "display": name }] }]);
            resource.insert("usedCode".into(), used);
        }
        Self::time(&mut resource, "performed", fact);
        self.entry(&resource, None);
    }

    fn condition(&mut self, info: &ConceptInfo, fact: &Fact) {
        let mut resource = self.resource("Condition", fact, Vec::new());
        let code = match &fact.value {
            Value::Answer(answer) => {
                let name = info.answer(*answer).map_or(answer.as_str(), |a| a.name.en.as_str());
                json!({ "coding": [coding(VENA_ANSWER, answer.as_str(), name)], "text": name })
            }
            Value::Text(text) => {
                json!({ "coding": [coding(VENA, info.concept.as_str(), &info.name.en)], "text": &**text })
            }
            _ => Json::Null,
        };
        resource.insert("code".into(), code);
        Self::time(&mut resource, "onset", fact);
        self.entry(&resource, None);
    }

    fn observation(&mut self, info: &ConceptInfo, fact: &Fact) {
        let mut resource = self.resource("Observation", fact, Vec::new());
        resource.insert("status".into(), json!("final"));
        let mut codings: Vec<Json> =
            info.loinc.first().map(|loinc| json!({ "system": LOINC, "code": loinc })).into_iter().collect();
        codings.push(coding(VENA, info.concept.as_str(), &info.name.en));
        resource.insert("code".into(), json!({ "coding": codings, "text": info.name.en }));
        Self::time(&mut resource, "effective", fact);
        if let Some(stamp) = fact.recorded {
            resource.insert("issued".into(), json!(stamp.to_string()));
        }
        let mut number = None;
        match &fact.value {
            Value::Quantity(quantity) => {
                number = Some(json_number(quantity));
                resource.insert("valueQuantity".into(), amount(quantity));
            }
            Value::Answer(answer) => {
                let name = info.answer(*answer).map_or(answer.as_str(), |a| a.name.en.as_str());
                let value = json!({ "coding": [coding(VENA_ANSWER, answer.as_str(), name)], "text": name });
                resource.insert("valueCodeableConcept".into(), value);
            }
            Value::Moment(when) => {
                resource.insert("valueDateTime".into(), json!(when.to_string()));
            }
            Value::Text(text) => {
                resource.insert("valueString".into(), json!(&**text));
            }
            Value::Happened => {
                resource.insert("valueBoolean".into(), json!(true));
            }
            Value::NotAssessed(why) => {
                resource.insert("dataAbsentReason".into(), json!({ "text": &**why }));
            }
        }
        self.entry(&resource, number.as_deref());
    }
}

fn coding(system: &str, code: &str, display: &str) -> Json {
    json!({ "system": system, "code": code, "display": display })
}

/// A quantity whose number is still to be put in as written.
fn amount(quantity: &Quantity) -> Json {
    let mut json = Map::new();
    json.insert("value".into(), Json::Null);
    let comparator = match quantity.bound {
        Bound::Exact => None,
        Bound::Below => Some("<"),
        Bound::AtMost => Some("<="),
        Bound::Above => Some(">"),
        Bound::AtLeast => Some(">="),
    };
    if let Some(comparator) = comparator {
        json.insert("comparator".into(), json!(comparator));
    }
    json.insert("unit".into(), json!(&*quantity.written_unit));
    let ucum = units::spelled(&quantity.written_unit);
    if ucum == *quantity.written_unit {
        json.insert("system".into(), json!(UCUM));
        json.insert("code".into(), json!(ucum));
    }
    Json::Object(json)
}

/// The number as it is written, where JSON allows that form; else the same number in JSON's.
fn json_number(quantity: &Quantity) -> String {
    let written = quantity.written.as_str();
    match RawValue::from_string(written.to_owned()) {
        Ok(_) => written.to_owned(),
        Err(_) => quantity.written.exact().to_string(),
    }
}
