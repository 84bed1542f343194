//! A drawing in the form its file name asks for: SVG as it is, or PNG drawn with the fonts of this machine.
//! Must not know what is drawn.

use crate::{
    exit::{Ended, Outcome, either},
    files,
};
use resvg::{tiny_skia, usvg};
use std::{path::Path, sync::Arc};

/// Pixels of PNG for each unit of the drawing: sharp on paper too.
const SCALE: f32 = 2.0;
/// Pixels of PNG at most on a side.
const SIDE_MAX: f32 = 16_000.0;

/// What a picture may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Vector.
    Svg,
    /// Pixels.
    Png,
}

/// The form a file name asks for.
///
/// # Errors
/// It is neither.
pub fn form(path: &Path) -> Result<Form, Ended> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    match ending.as_deref() {
        Some("svg") => Ok(Form::Svg),
        Some("png") => Ok(Form::Png),
        _ => {
            let path = path.display();
            Err(Ended::Usage(either(
                format!("--plot {path}: a picture is .svg or .png"),
                format!("--plot {path}：圖檔須為 .svg 或 .png"),
            )))
        }
    }
}

/// Writes a drawing.
///
/// # Errors
/// The name asks for another form, this machine has no font for the words in it, or the file cannot be written.
pub fn write(path: &Path, svg: &str) -> Outcome {
    match form(path)? {
        Form::Svg => files::write(path, svg.as_bytes()),
        Form::Png => files::write(path, &drawn(svg)?),
    }
}

fn drawn(svg: &str) -> Result<Vec<u8>, Ended> {
    let wrong = |words: &dyn std::fmt::Display| {
        Ended::Machine(either(
            format!("the picture cannot be drawn: {words}"),
            format!("無法繪製圖檔：{words}"),
        ))
    };
    let mut options = usvg::Options::default();
    let fonts = Arc::make_mut(&mut options.fontdb);
    fonts.load_system_fonts();
    let Some(any) = fonts.faces().next().and_then(|face| face.families.first().map(|(name, _)| name.clone()))
    else {
        return Err(Ended::Machine(either(
            "this machine has no font to draw the words of a PNG with; write .svg instead",
            "本機沒有可繪製 PNG 文字的字型；請改用 .svg",
        )));
    };
    // Where the usual families are missing, words are drawn in what there is.
    if fonts
        .query(&usvg::fontdb::Query { families: &[usvg::fontdb::Family::SansSerif], ..Default::default() })
        .is_none()
    {
        fonts.set_sans_serif_family(any);
    }
    let tree = usvg::Tree::from_str(svg, &options).map_err(|problem| wrong(&problem))?;
    let (width, height) = (tree.size().width() * SCALE, tree.size().height() * SCALE);
    if width > SIDE_MAX || height > SIDE_MAX {
        return Err(wrong(&either(
            format!("it is {width} × {height} pixels"),
            format!("大小為 {width} × {height} 像素"),
        )));
    }
    let mut pixels = tiny_skia::Pixmap::new(width.ceil() as u32, height.ceil() as u32)
        .ok_or_else(|| wrong(&either("it has no size", "沒有大小")))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|problem| wrong(&problem))
}
