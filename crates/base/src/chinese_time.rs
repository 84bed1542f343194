//! Dates and times as Chinese writes them, with their words: `2026年1月12日 下午3點20分`, `民國115年1月12日`.
//! Gives the ISO form of what is written in full; what leaves the era or the half of the day open is not
//! taken. Knows no zone and no clock.

/// Years of the Republic of China are counted from the year after this one.
pub(crate) const ROC_YEAR_0: i16 = 1911;

/// The ISO form; `None` where the text is not a date in these words.
pub(crate) fn iso_form(text: &str) -> Option<String> {
    if !text.contains('年') {
        return None;
    }
    let plain: String = text.chars().map(narrow).filter(|c| !c.is_whitespace()).collect();
    let (written, rest) = plain.split_once('年')?;
    let year = year(written)?;
    if rest.is_empty() {
        return Some(format!("{year:04}"));
    }
    let (month, rest) = rest.split_once('月')?;
    let month = two_digits(month)?;
    if rest.is_empty() {
        return Some(format!("{year:04}-{month}"));
    }
    let (day, clock) = rest.split_once(['日', '號'])?;
    let date = format!("{year:04}-{month}-{}", two_digits(day)?);
    if clock.is_empty() { Some(date) } else { Some(format!("{date} {}", time_of_day(clock)?)) }
}

/// Digits and signs of full width are the same digits and signs.
fn narrow(c: char) -> char {
    match c {
        '０'..='９' | '：' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

/// The Gregorian year: of four digits, or of the Republic where that is written.
fn year(written: &str) -> Option<i16> {
    let digits =
        |text: &str| -> Option<i16> { text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())? };
    if let Some(republic) = written.strip_prefix("民國").or_else(|| written.strip_prefix("中華民國")) {
        return (1..=3)
            .contains(&republic.len())
            .then(|| digits(republic))?
            .filter(|year| *year > 0)
            .map(|year| year + ROC_YEAR_0);
    }
    let gregorian = written.strip_prefix("西元").or_else(|| written.strip_prefix("公元")).unwrap_or(written);
    (gregorian.len() == 4).then(|| digits(gregorian))?
}

fn two_digits(text: &str) -> Option<String> {
    let fits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| format!("{text:0>2}"))
}

/// `14:30`, `14時30分`, `下午3點`: the words turned into signs, the half of the day counted in.
fn time_of_day(text: &str) -> Option<String> {
    let (half, clock) = match (text.strip_prefix("上午"), text.strip_prefix("下午")) {
        (Some(clock), _) => (Some(0), clock),
        (_, Some(clock)) => (Some(12), clock),
        _ => (None, text),
    };
    let (clock, zone) = match clock.find(['Z', 'z', '+', '-']) {
        Some(at) => clock.split_at_checked(at)?,
        None => (clock, ""),
    };
    let (hour, rest) = clock.split_once([':', '時', '點'])?;
    let hour: u8 = two_digits(hour)?.parse().ok()?;
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    let colons = rest.trim_end_matches(['秒', '分']).replace('分', ":");
    let mut parts = colons.split(':').filter(|part| !part.is_empty());
    let minute = parts.next().map_or_else(|| Some("00".to_owned()), two_digits)?;
    let second = parts.next().map(two_digits);
    if parts.next().is_some() {
        return None;
    }
    Some(match second {
        None => format!("{hour:02}:{minute}{zone}"),
        Some(second) => format!("{hour:02}:{minute}:{}{zone}", second?),
    })
}
