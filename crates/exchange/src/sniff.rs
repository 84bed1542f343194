//! What a file is, told by its content and never by its name. Knows no reader.

/// What the bytes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Lines of separated fields with a header.
    Table,
    /// One JSON value: a FHIR Bundle, a resource, or an array of them.
    FhirJson,
    /// One JSON object a line.
    NdJson,
    /// XML, which is not read yet.
    Xml,
    /// Nothing, or nothing but white space.
    Empty,
    /// None of these.
    Unknown,
}

/// How much of a file is looked at.
const LOOK_AT_MAX: usize = 64 * 1024;

/// Tells what a file is from its first 64 KiB, and of JSON whether its first line is a whole value.
pub fn sniff(bytes: &[u8]) -> Kind {
    let wide = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    let head = bytes.get(..bytes.len().min(LOOK_AT_MAX)).unwrap_or(bytes);
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let narrowed: Vec<u8>;
    let head = if wide {
        // Every sign that is looked for is ASCII: without its zero bytes UTF-16 shows them all.
        narrowed = head.iter().skip(2).copied().filter(|b| *b != 0).collect();
        narrowed.as_slice()
    } else {
        head
    };
    let trimmed = head.trim_ascii_start();
    match trimmed.first() {
        None => Kind::Empty,
        Some(b'<') => Kind::Xml,
        Some(b'[') => Kind::FhirJson,
        // A whole bundle on one line is longer than the head: the end of the first line is looked for
        // in all of it.
        Some(b'{') if !wide => {
            json_kind(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start())
        }
        Some(b'{') => json_kind(trimmed),
        Some(_) if !wide && memchr::memchr(0, head).is_some() => Kind::Unknown,
        Some(_) => {
            let first_line = trimmed.split(|b| *b == b'\n').next().unwrap_or(trimmed);
            let separators = first_line.iter().filter(|b| matches!(b, b',' | b';' | b'\t')).count();
            if separators >= 2 { Kind::Table } else { Kind::Unknown }
        }
    }
}

/// Whether the first object ends on its first line and another one follows.
fn json_kind(text: &[u8]) -> Kind {
    let Some(end) = memchr::memchr(b'\n', text) else {
        return Kind::FhirJson;
    };
    let (line, rest) = text.split_at(end);
    let complete = line.trim_ascii_end().ends_with(b"}");
    match rest.trim_ascii_start().first() {
        Some(b'{') if complete => Kind::NdJson,
        _ => Kind::FhirJson,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_longer_than_the_head_is_still_a_line() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(2 * LOOK_AT_MAX));
        assert_eq!(sniff(format!("{long}\n{long}\n").as_bytes()), Kind::NdJson);
        assert_eq!(sniff(format!("{long}\n").as_bytes()), Kind::FhirJson);
    }

    #[test]
    fn content_decides() {
        for (bytes, kind) in [
            (&b""[..], Kind::Empty),
            (b" \r\n\t ", Kind::Empty),
            (b"\xEF\xBB\xBF", Kind::Empty),
            (b"patient,time,what\n", Kind::Table),
            (b"patient;time;what\n", Kind::Table),
            (b"patient\ttime\twhat", Kind::Table),
            (b"\xFF\xFEp\0,\0t\0,\0w\0", Kind::Table),
            (b"{\"resourceType\":\"Bundle\"}", Kind::FhirJson),
            (b"\n {\n \"resourceType\":\"Bundle\"}", Kind::FhirJson),
            (b"[{}]", Kind::FhirJson),
            (b"{\"a\":1}\n{\"a\":2}\n", Kind::NdJson),
            (b"{\"a\":{}\n,\"b\":{}}\n", Kind::FhirJson),
            (b"<?xml version=\"1.0\"?>", Kind::Xml),
            (b"hello world", Kind::Unknown),
            (b"\x89PNG\0\0,,,", Kind::Unknown),
        ] {
            assert_eq!(sniff(bytes), kind, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
