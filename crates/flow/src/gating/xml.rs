//! A small tree of XML elements with namespaces, built under limits. Knows
//! nothing of Gating-ML but its three namespaces.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, ResolveResult};
use quick_xml::reader::NsReader;
use vena_base::Text;

use super::error::GatingError;
use crate::limits::Limits;

/// Namespaces of Gating-ML 2.0.
pub(crate) const GATING: &str = "http://www.isac-net.org/std/Gating-ML/v2.0/gating";
pub(crate) const TRANSFORMS: &str = "http://www.isac-net.org/std/Gating-ML/v2.0/transformations";
pub(crate) const DATATYPE: &str = "http://www.isac-net.org/std/Gating-ML/v2.0/datatypes";

/// Namespace of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Gating,
    Transforms,
    Datatype,
    /// No namespace.
    Bare,
    /// One that Gating-ML does not define.
    Foreign,
}

#[derive(Debug)]
pub(crate) struct Element {
    pub space: Space,
    pub name: String,
    pub attributes: Vec<(Space, String, String)>,
    pub children: Vec<Element>,
    pub text: String,
    pub line: usize,
}

/// Parses a document into its root element.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Element, GatingError> {
    limit(Text::new("bytes of XML", "XML 位元組數"), bytes.len(), limits.xml_bytes_max)?;
    let text = std::str::from_utf8(bytes).map_err(|error| GatingError::Xml {
        at: error.valid_up_to() as u64,
        problem: "it is not UTF-8".to_owned(),
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let mut builder = Builder { limits, lines: Lines::new(text), elements: 0, open: Vec::new(), root: None };
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| GatingError::Xml { at: reader.error_position(), problem: error.to_string() })?;
        let at = reader.buffer_position();
        match event {
            Event::Start(start) => builder.open(&start, reader.resolver(), at)?,
            Event::End(_) => builder.close(at)?,
            Event::Text(content) => {
                let content = content.decode().map_err(|error| xml(at, error))?;
                builder.text(&content, at)?;
            }
            Event::CData(content) => {
                let content = content.decode().map_err(|error| xml(at, error))?;
                builder.text(&content, at)?;
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(|error| xml(at, error))?;
                let resolved = resolve(&name).ok_or(GatingError::DocumentType { at })?;
                builder.text(&resolved.to_string(), at)?;
            }
            Event::DocType(_) => return Err(GatingError::DocumentType { at }),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
            Event::Eof => return builder.finish(at),
        }
    }
}

fn xml(at: u64, error: impl std::fmt::Display) -> GatingError {
    GatingError::Xml { at, problem: error.to_string() }
}

fn limit(what: Text, found: usize, limit: usize) -> Result<(), GatingError> {
    if found > limit { Err(GatingError::Limit { what, found, limit }) } else { Ok(()) }
}

/// The five entities every XML file has, and character references.
fn resolve(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = digits
                .strip_prefix('x')
                .map_or_else(|| digits.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())?;
            char::from_u32(code).filter(|&character| character != '\0')
        }
    }
}

struct Builder<'a> {
    limits: &'a Limits,
    lines: Lines,
    elements: usize,
    open: Vec<Element>,
    root: Option<Element>,
}

impl Builder<'_> {
    fn open(
        &mut self,
        start: &BytesStart<'_>,
        resolver: &NamespaceResolver,
        at: u64,
    ) -> Result<(), GatingError> {
        self.elements += 1;
        limit(
            Text::new("number of XML elements", "XML 元素數"),
            self.elements,
            self.limits.xml_elements_max,
        )?;
        limit(
            Text::new("depth of XML elements", "XML 元素深度"),
            self.open.len() + 1,
            self.limits.xml_depth_max,
        )?;
        if self.open.is_empty() && self.root.is_some() {
            return Err(xml(at, "more than one root element"));
        }
        let (space, local) = resolver.resolve_element(start.name());
        let mut element = Element {
            space: space_of(&space),
            name: utf8(local.as_ref()),
            attributes: Vec::new(),
            children: Vec::new(),
            text: String::new(),
            line: self.lines.line(at),
        };
        let mut attributes = start.attributes();
        // Repeated attributes are looked for below, in a list already limited.
        attributes.with_checks(false);
        for attribute in attributes {
            let attribute = attribute.map_err(|error| xml(at, error))?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            limit(
                Text::new("attributes of one XML element", "單一 XML 元素的屬性數"),
                element.attributes.len() + 1,
                self.limits.xml_attributes_max,
            )?;
            let (space, local) = resolver.resolve_attribute(attribute.key);
            let (space, name) = (space_of(&space), utf8(local.as_ref()));
            if element.attributes.iter().any(|(other, taken, _)| *other == space && *taken == name) {
                return Err(xml(at, format!("attribute {name} appears twice")));
            }
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| xml(at, error))?;
            // A tab or line end written as a character reference would come
            // back as a blank from the next reader; it is one from the start.
            element.attributes.push((space, name, value.replace(['\t', '\n', '\r'], " ")));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self, at: u64) -> Result<(), GatingError> {
        let element = self.open.pop().ok_or_else(|| xml(at, "an end without a start"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, content: &str, at: u64) -> Result<(), GatingError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(content),
            None if content.trim().is_empty() => {}
            None => return Err(xml(at, "text outside the root element")),
        }
        Ok(())
    }

    fn finish(self, at: u64) -> Result<Element, GatingError> {
        if let Some(open) = self.open.last() {
            return Err(xml(at, format!("<{}> is not closed", open.name)));
        }
        self.root.ok_or_else(|| xml(at, "there is no element"))
    }
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn space_of(resolved: &ResolveResult<'_>) -> Space {
    match resolved {
        ResolveResult::Unbound => Space::Bare,
        ResolveResult::Unknown(_) => Space::Foreign,
        ResolveResult::Bound(namespace) => match std::str::from_utf8(namespace.as_ref()) {
            Ok(GATING) => Space::Gating,
            Ok(TRANSFORMS) => Space::Transforms,
            Ok(DATATYPE) => Space::Datatype,
            _ => Space::Foreign,
        },
    }
}

/// Line numbers from byte offsets.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    fn line(&self, at: u64) -> usize {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        self.0.partition_point(|&newline| newline < at) + 1
    }
}
