//! `vena colonies`: pictures of plates and wells in, counted colonies out, with an overlay for a person to
//! confirm. Must not know how colonies are found.

use crate::{
    assays::{beside, print_json},
    exit::{Ended, Outcome, either},
    files::{self, Format, Input, inputs, progress},
    picture::{self, Form},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rayon::prelude::*;
use std::{
    fmt::Write,
    path::{Path, PathBuf},
};
use vena_base::Lang;
use vena_colonies::{
    Channel, ColonyReport, DiameterMin, Fluorescence, ImageReport, Layout, METHOD, Options, Polarity, Status,
    VesselReport, overlay,
};

/// Endings by which pictures are found in a folder.
const ENDINGS: [&str; 5] = [".png", ".tif", ".tiff", ".jpg", ".jpeg"];

/// What `vena colonies` is asked.
#[derive(Debug, clap::Args)]
pub struct ColonyWords {
    /// Images (PNG, TIFF, JPEG), or folders of them.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What the picture shows: a dish, the whole picture as one field, or a plate of so many wells.
    #[arg(long, default_value = "automatic", value_parser = ["automatic", "dish", "whole", "6", "12", "24", "96"])]
    layout: String,
    /// Whether colonies are darker or lighter than what they grow on.
    #[arg(long, default_value = "automatic", value_parser = ["automatic", "dark", "light"])]
    polarity: String,
    /// Light in which colonies are counted.
    #[arg(long, default_value = "automatic", value_parser = ["automatic", "grey", "red", "green", "blue"])]
    channel: String,
    /// Smallest diameter counted, in pixels.
    #[arg(long)]
    diameter_min_px: Option<f64>,
    /// Smallest diameter counted, in micrometres; needs --um-per-pixel.
    #[arg(long)]
    diameter_min_um: Option<f64>,
    /// Size of a pixel in micrometres.
    #[arg(long)]
    um_per_pixel: Option<f64>,
    /// Channel in which labelled cells shine.
    #[arg(long, value_parser = ["grey", "red", "green", "blue"])]
    label_channel: Option<String>,
    /// Page of the same file that shows them, from 1; without it the counted page itself.
    #[arg(long, requires = "label_channel")]
    label_page: Option<u32>,
    /// Overlay for a person to confirm: .svg or .png; one each page, named after file and page where there are several.
    #[arg(long)]
    plot: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Runs `vena colonies`.
///
/// # Errors
/// Options that contradict each other, pictures that cannot be read, and pictures without a number.
pub fn run(words: &ColonyWords, lang: Lang) -> Outcome {
    words.plot.as_deref().map(picture::form).transpose()?;
    let options = options(words)?;
    let tables = vena_colonies::prepare(&options).map_err(|problem| Ended::Usage(problem.message(lang)))?;
    let found = inputs(&words.files, &ENDINGS)?;
    let bar = progress(found.len() as u64);
    let one = |input: &Input| -> Result<(Vec<ImageReport>, Option<String>), Ended> {
        let limit = usize::try_from(options.limits.file_bytes_max).unwrap_or(usize::MAX);
        let read = match input.bytes_up_to(limit, |_| true) {
            Ok(bytes) => bytes,
            // One picture that cannot be read does not keep the others from being counted.
            Err(problem) => return Ok((Vec::new(), Some(format!("{}: {problem}", input.name)))),
        };
        let reports = vena_colonies::analyse_file(&input.name, &read, &options, &tables);
        if let Some(path) = &words.plot {
            let path = if found.len() > 1 { beside(path, &input.name) } else { path.clone() };
            draw(&path, &read, &reports, &options)?;
        }
        bar.inc(1);
        Ok((reports, None))
    };
    // Pictures are counted side by side; the report keeps the order they were named in.
    let counted = found.par_iter().map(one).collect::<Result<Vec<_>, Ended>>()?;
    bar.finish_and_clear();
    let (images, unread): (Vec<_>, Vec<_>) = counted.into_iter().unzip();
    let images = images.into_iter().flatten().collect();
    let report =
        ColonyReport { method: METHOD.into(), rules: tables.counting.version.clone(), options, images };
    match words.format {
        Format::Json => print_json(&report, None)?,
        Format::Text => {
            let text: String = report.images.iter().map(|image| text(image, &report.images, lang)).collect();
            files::print(&text)?;
        }
    }
    ended(&report, unread.into_iter().flatten().collect(), lang)
}

/// The options the words ask for.
fn options(words: &ColonyWords) -> Result<Options, Ended> {
    let channel = |word: &str| match word {
        "grey" => Channel::Grey,
        "red" => Channel::Red,
        "green" => Channel::Green,
        "blue" => Channel::Blue,
        _ => Channel::Automatic,
    };
    let layout = match words.layout.as_str() {
        "dish" => Layout::Dish,
        "whole" => Layout::Whole,
        word => word.parse().map_or(Layout::Automatic, |wells| Layout::Wells { wells }),
    };
    let polarity = match words.polarity.as_str() {
        "dark" => Polarity::Dark,
        "light" => Polarity::Light,
        _ => Polarity::Automatic,
    };
    let diameter_min = match (words.diameter_min_px, words.diameter_min_um) {
        (Some(_), Some(_)) => {
            return Err(Ended::Usage(either(
                "give the smallest diameter in pixels or in micrometres, not both",
                "最小直徑請以像素或微米擇一輸入，不可兩者並用",
            )));
        }
        (Some(px), None) => DiameterMin::Pixels(px),
        (None, Some(um)) => DiameterMin::Micrometres(um),
        (None, None) => DiameterMin::Automatic,
    };
    let label = words.label_channel.as_deref();
    Ok(Options {
        layout,
        polarity,
        channel: channel(&words.channel),
        diameter_min,
        micrometres_per_pixel: words.um_per_pixel,
        fluorescence: label.map(|word| Fluorescence { page: words.label_page, channel: channel(word) }),
        ..Options::default()
    })
}

/// An overlay of every page that was read.
fn draw(path: &Path, bytes: &[u8], pages: &[ImageReport], options: &Options) -> Outcome {
    let wrong = |problem: overlay::OverlayError| Ended::Input(problem.to_string());
    for page in pages.iter().filter(|page| page.refusal.is_none()) {
        let path =
            if pages.len() > 1 { beside(path, &format!("page-{}", page.page)) } else { path.to_owned() };
        let drawn = if picture::form(&path)? == Form::Png {
            overlay::png(bytes, page, &options.limits).map_err(wrong)?
        } else {
            // The picture travels inside the drawing, as PNG: viewers do not show TIFF.
            let bare = ImageReport { vessels: Vec::new(), ..page.clone() };
            let below = overlay::png(bytes, &bare, &options.limits).map_err(wrong)?;
            let below = format!("data:image/png;base64,{}", STANDARD.encode(below));
            overlay::svg(page, None, Some(&below)).into_bytes()
        };
        files::write(&path, &drawn)?;
    }
    Ok(())
}

/// How the run ends: a picture that could not be read, or one without a number, is not success.
fn ended(report: &ColonyReport, mut unread: Vec<String>, lang: Lang) -> Outcome {
    let refused = report.images.iter().filter_map(|image| {
        let refusal = image.refusal.as_ref()?;
        Some(format!("{}: {}", image.file, refusal.message.get(lang)))
    });
    unread.extend(refused);
    let some_read = report.images.iter().any(|image| image.refusal.is_none());
    match (unread.is_empty(), some_read) {
        (false, false) => Err(Ended::Input(unread.join("\nvena: "))),
        (false, true) => {
            for words in unread {
                eprintln!("vena: {words}");
            }
            Err(Ended::WithProblems)
        }
        (true, _) if report.images.iter().any(|image| image.count.is_none()) => Err(Ended::WithProblems),
        (true, _) => Ok(()),
    }
}

/// One line an image: the count or why there is none, the diameters, and the wells where there are several.
fn text(image: &ImageReport, all: &[ImageReport], lang: Lang) -> String {
    let several = all.iter().filter(|other| other.file == image.file && other.digest == image.digest).count();
    let page = match (several > 1, lang) {
        (false, _) => String::new(),
        (true, Lang::En) => format!(", page {}", image.page),
        (true, Lang::ZhTw) => format!("，第 {} 頁", image.page),
    };
    let (wells, remark) = match (image.vessels.as_slice(), &image.refusal) {
        (_, Some(refusal)) => (false, refusal.message.get(lang).to_owned()),
        ([one], None) => (false, remark(one, lang)),
        (_, None) if image.status == Status::Counted => (true, String::new()),
        // What is missing is named, and what the others hold.
        (_, None) => (true, bounded(image, lang)),
    };
    let mut out = String::new();
    let _ = writeln!(out, "{}", line(image.count, &format!("{}{page}", image.file), &remark));
    for vessel in image.vessels.iter().filter(|_| wells) {
        let _ = writeln!(
            out,
            "{}",
            line(vessel.count, &format!("  {}", vessel.name), &self::remark(vessel, lang))
        );
    }
    out
}

/// Why a picture of several vessels has no number, and how many colonies there are at least.
fn bounded(image: &ImageReport, lang: Lang) -> String {
    let status = image.status.label(lang);
    image
        .at_least
        .as_ref()
        .map_or_else(|| status.to_owned(), |bound| format!("{status}; {}", bound.message(lang)))
}

fn line(count: Option<u64>, name: &str, remark: &str) -> String {
    let count = count.map_or_else(|| "?".to_owned(), |count| count.to_string());
    format!("{count:>8}  {name}  {remark}").trim_end().to_owned()
}

/// What to know about one vessel's number: why there is none, that zero needs an eye, how large its colonies are.
fn remark(vessel: &VesselReport, lang: Lang) -> String {
    if let Some(reason) = &vessel.no_count {
        return reason.message(lang);
    }
    let zh = lang == Lang::ZhTw;
    let mut sizes: Vec<(f64, Option<f64>)> =
        vessel.colonies.iter().map(|colony| (colony.diameter_px, colony.diameter_um)).collect();
    sizes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((px, um)) = sizes.get(sizes.len() / 2) else {
        let words = if zh { "零：請以目視確認" } else { "none seen: confirm by eye" };
        return words.to_owned();
    };
    let size = um.map_or_else(|| format!("{px:.1} px"), |um| format!("{um:.0} µm"));
    let median = if zh { format!("直徑中位數 {size}") } else { format!("median diameter {size}") };
    let mut said = match (vessel.labelled, zh) {
        (Some(labelled), false) => format!("{labelled} labelled, {median}"),
        (Some(labelled), true) => format!("其中 {labelled} 個有標記，{median}"),
        (None, _) => median,
    };
    for doubt in &vessel.doubts {
        let _ = write!(said, "; {}", doubt.message(lang));
    }
    said
}
