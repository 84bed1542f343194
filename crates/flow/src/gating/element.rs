//! Questions that every part of the Gating-ML reader asks of an element. Strict:
//! what the standard does not define is refused with its line.

use vena_base::Text;

use super::error::GatingError;
use super::xml::{Element, Space};

impl Element {
    pub(crate) fn grammar(&self, en: impl Into<String>, zh_tw: impl Into<String>) -> GatingError {
        GatingError::Grammar { line: self.line, problem: Text::new(en, zh_tw) }
    }

    pub(crate) fn unexpected(&self) -> GatingError {
        self.grammar(
            format!("<{}> is not defined here by Gating-ML 2.0", self.name),
            format!("Gating-ML 2.0 在此處沒有 <{}>", self.name),
        )
    }

    /// The children, without custom information, after checking that the
    /// element has no attribute but those named (of its own namespace) and
    /// those of foreign namespaces.
    pub(crate) fn content(&self, attributes: &[&str]) -> Result<Vec<&Self>, GatingError> {
        for (space, name, _) in &self.attributes {
            let known = *space == self.space && attributes.contains(&name.as_str());
            if !known && *space != Space::Foreign {
                return Err(self.grammar(
                    format!("attribute {name} of <{}> is not defined by Gating-ML 2.0", self.name),
                    format!("Gating-ML 2.0 的 <{}> 沒有屬性 {name}", self.name),
                ));
            }
        }
        if !self.children.is_empty() && !self.text.trim().is_empty() {
            return Err(self.grammar(
                format!("<{}> holds text between its elements", self.name),
                format!("<{}> 的元素之間有文字", self.name),
            ));
        }
        Ok(self
            .children
            .iter()
            .filter(|child| !(child.space == Space::Datatype && child.name == "custom_info"))
            .collect())
    }

    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(space, own, _)| *space == self.space && own == name)
            .map(|(_, _, value)| value.trim())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, GatingError> {
        self.optional(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            self.grammar(
                format!("<{}> lacks attribute {name}", self.name),
                format!("<{}> 缺少屬性 {name}", self.name),
            )
        })
    }

    pub(crate) fn optional_number(&self, name: &str) -> Result<Option<f64>, GatingError> {
        self.optional(name).map(|text| self.parse_number(name, text)).transpose()
    }

    pub(crate) fn number(&self, name: &str) -> Result<f64, GatingError> {
        self.required(name).and_then(|text| self.parse_number(name, text))
    }

    pub(crate) fn parse_number(&self, name: &str, text: &str) -> Result<f64, GatingError> {
        text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| {
            self.grammar(
                format!("{name}={text:?} is not a finite number"),
                format!("{name}=「{text}」不是有限數字"),
            )
        })
    }

    pub(crate) fn is(&self, space: Space, name: &str) -> bool {
        self.space == space && self.name == name
    }
}
