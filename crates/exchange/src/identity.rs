//! Who a document's people are, as far as it says: kept apart from charts, because names never enter a
//! chart or a report. Knows no file format.

/// Who a person is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Name in Chinese characters.
    pub name_zh: Option<String>,
    /// Name in Latin letters.
    pub name_latin: Option<String>,
    /// Birth date as written.
    pub birth_date: Option<String>,
    /// Sex as written.
    pub sex: Option<String>,
    /// Numbers the source calls the person by; medical record numbers first.
    pub numbers: Vec<String>,
    records: usize,
}

impl Identity {
    /// Adds a name where none of its script is known yet. The written text goes before its parts.
    pub fn add_name<'t>(
        &mut self,
        text: Option<&str>,
        family: Option<&str>,
        given: impl Iterator<Item = &'t str>,
    ) {
        let given: Vec<&str> = given.map(str::trim).filter(|part| !part.is_empty()).collect();
        let family = family.map(str::trim).filter(|part| !part.is_empty());
        let of_parts = || {
            let chinese = family.is_some_and(is_chinese) || given.iter().any(|part| is_chinese(part));
            match chinese {
                // 王小明: the family name first, nothing between.
                true => family.into_iter().chain(given.iter().copied()).collect::<String>(),
                false => given.iter().copied().chain(family).collect::<Vec<_>>().join(" "),
            }
        };
        let name = text.map(str::trim).filter(|text| !text.is_empty()).map_or_else(of_parts, str::to_owned);
        if name.is_empty() {
            return;
        }
        let place = if is_chinese(&name) { &mut self.name_zh } else { &mut self.name_latin };
        place.get_or_insert(name);
    }

    /// Adds a number once; a medical record number stands before others.
    pub fn add_number(&mut self, number: &str, medical_record: bool) {
        let number = number.trim();
        if self.numbers.iter().any(|known| known == number) {
            return;
        }
        if medical_record {
            self.numbers.insert(self.records, number.to_owned());
            self.records += 1;
        } else {
            self.numbers.push(number.to_owned());
        }
    }

    /// The medical record number, where one is marked as such.
    pub fn record_number(&self) -> Option<&str> {
        self.numbers.first().filter(|_| self.records > 0).map(String::as_str)
    }

    /// Takes from another description of the same person what this one does not say.
    pub fn fill(&mut self, other: Identity) {
        fn fill(mine: &mut Option<String>, theirs: Option<String>) {
            if mine.is_none() {
                *mine = theirs;
            }
        }
        fill(&mut self.name_zh, other.name_zh);
        fill(&mut self.name_latin, other.name_latin);
        fill(&mut self.birth_date, other.birth_date);
        fill(&mut self.sex, other.sex);
        for (index, number) in other.numbers.iter().enumerate() {
            self.add_number(number, index < other.records);
        }
    }
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c) || ('\u{20000}'..='\u{3ffff}').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_by_script() {
        let mut who = Identity::default();
        who.add_name(None, Some("王"), ["小明"].into_iter());
        who.add_name(None, Some("Wang"), ["Hsiao-Ming"].into_iter());
        who.add_name(Some("Wang, H. M."), None, [].into_iter());
        assert_eq!(who.name_zh.as_deref(), Some("王小明"));
        assert_eq!(who.name_latin.as_deref(), Some("Hsiao-Ming Wang"));
    }

    #[test]
    fn record_numbers_come_first_and_once() {
        let mut who = Identity::default();
        who.add_number("A123456789", false);
        who.add_number("0012345", true);
        who.add_number("0012345", false);
        assert_eq!(who.numbers, ["0012345", "A123456789"]);
    }
}
