//! The parameters of each assay as a form, the same before the first analysis and after it. Knows no route and no
//! store; `routes::assays::options` reads what is sent.

use crate::{
    forms::reader::Submitted,
    layout::Frame,
    parts::field::{Field, field},
};
use maud::{Markup, html};
use vena_app::{
    assay_compute::{AssayOptions, AssayRefusal, Computed, FlowOptions},
    assays::AssayDraft,
};
use vena_base::Lang;
use vena_colonies::{Channel, DiameterMin, Layout, Polarity};
use vena_flow::Tolerance;
use vena_potency::{
    EndotoxinOptions, PotencyOptions, QpcrOptions,
    curve::CurveModel,
    endotoxin::Route,
    qpcr::AbsenceKind,
    report::{AssayKind as Model, LineErrorFrom, OutlierHandling},
};

/// The panel beside a draft.
pub fn panel(
    frame: &Frame,
    draft: &AssayDraft,
    outcome: &Result<Computed, AssayRefusal>,
    typed: &Submitted,
) -> Markup {
    let populations = match outcome {
        Ok(Computed::Flow { analysis, .. }) => super::gates::population_ids(analysis),
        _ => Vec::new(),
    };
    html! {
        section class="panel" aria-labelledby="options-title" {
            header { h2 id="options-title" { (frame.t("assay-parameters")) } }
            form class="form body" method="post" action=(format!("/assays/{}/options", draft.id)) enctype="multipart/form-data" novalidate {
                input type="hidden" name="version" value=(draft.version);
                (fields(frame, &draft.options, &populations, typed))
                button class="button wide" type="submit" { (frame.t("assay-recompute")) }
            }
        }
    }
}

/// A form's language, and what was typed into it: that stands in its field again, whatever the parameters are.
struct Sheet<'a> {
    frame: &'a Frame,
    typed: &'a Submitted,
}

impl std::ops::Deref for Sheet<'_> {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        self.frame
    }
}

impl Sheet<'_> {
    /// As typed, or else as the parameters are.
    fn value<'v>(&'v self, name: &str, parameter: &'v str) -> &'v str {
        if self.typed.has(name) { self.typed.get(name) } else { parameter }
    }

    /// A box is ticked.
    fn ticked(&self, name: &str, parameter: bool) -> bool {
        // A form does not send boxes that are not ticked: whether it was sent shows at its other fields.
        if self.typed.has("data-set") { !self.typed.get(name).is_empty() } else { parameter }
    }
}

/// The fields of an assay's parameters.
pub fn fields(frame: &Frame, options: &AssayOptions, populations: &[String], typed: &Submitted) -> Markup {
    let frame = &Sheet { frame, typed };
    match options {
        AssayOptions::Flow(options) => flow(frame, options, populations),
        AssayOptions::Colonies(options) => colonies(frame, options),
        AssayOptions::Potency(options) => potency(frame, options),
        AssayOptions::Qpcr(options) => qpcr(frame, options),
        AssayOptions::Endotoxin(options) => endotoxin(frame, options),
        AssayOptions::Comparison(options) => html! {
            (line(frame, "margin", "assay-margin", &written(options.margin.map(|margin| 100.0 * margin)), Some("%")))
            p class="hint" { (frame.t("assay-margin-help")) }
        },
        AssayOptions::Culture(options) => {
            line(frame, "dose-cells", "assay-dose-cells", &written(options.dose_cells), None)
        }
        AssayOptions::Series(_) => {
            file(frame, "image", "assay-series-image", Some("assay-series-image-help"))
        }
    }
}

fn written(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn words(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

fn line(frame: &Sheet<'_>, name: &str, label: &str, value: &str, unit: Option<&str>) -> Markup {
    let kind = if unit.is_some() { "number" } else { "" };
    field(&Field {
        name,
        label: &frame.t(label),
        value: frame.value(name, value),
        unit,
        kind,
        autocomplete: Some("off"),
        ..Field::default()
    })
}

fn select(frame: &Sheet<'_>, name: &str, label: &str, offered: &[(&str, &str)], chosen: &str) -> Markup {
    let chosen = frame.value(name, chosen);
    html! {
        div class="field" { label for=(name) { (frame.t(label)) }
            div class="box" { select id=(name) name=(name) { @for (value, words) in offered { option value=(value) selected[*value == chosen] { (frame.t(words)) } } } } }
    }
}

/// Fields that few results need, folded away until one of them is filled.
fn group(frame: &Sheet<'_>, title: &str, filled: bool, content: &Markup) -> Markup {
    html! { details class="why" open[filled] { summary { (frame.t(title)) } div class="form" { (content) } } }
}

fn file(frame: &Sheet<'_>, name: &str, label: &str, hint: Option<&str>) -> Markup {
    html! { div class="field" { label for=(name) { (frame.t(label)) } div class="box" { input id=(name) name=(name) type="file"; } @if let Some(hint) = hint { p class="hint" { (frame.t(hint)) } } } }
}

fn panel_field(frame: &Sheet<'_>, chosen: &str) -> Markup {
    let panels = vena_flow::panels().unwrap_or_default();
    let chosen = frame.value("panel", chosen);
    html! {
        div class="field" { label for="panel" { (frame.t("assay-panel")) }
            div class="box" { select id="panel" name="panel" {
                option value="" { (frame.t("assay-panel-none")) }
                @for panel in &panels { option value=(panel.id) selected[panel.id == chosen] { @if frame.lang == Lang::En { (panel.en) } @else { (panel.zh_tw) } } }
            } }
            p class="hint" { (frame.t("assay-panel-hint")) }
        }
    }
}

fn flow(frame: &Sheet<'_>, options: &FlowOptions, populations: &[String]) -> Markup {
    let agreed = options.tolerances.iter().next().is_some();
    let data_set = options.data_set.map_or_else(String::new, |n| n.to_string());
    html! {
        (file(frame, "gates", "assay-gates-file", Some("assay-gates-hint")))
        (panel_field(frame, options.panel.as_deref().unwrap_or_default()))
        (counts(frame, options, populations))
        (product(frame, options))
        (group(frame, "assay-flow-more", agreed || options.data_set.is_some(), &html! {
            (file(frame, "matrix", "assay-matrix-file", None))
            (line(frame, "data-set", "assay-data-set-number", &data_set, None))
            p class="label" { (frame.t("assay-tolerances")) }
            p class="hint" { (frame.t("assay-tolerances-help")) }
            div class="ticks" { @for one in Tolerance::ALL { label { input type="checkbox" name=(format!("tolerate-{}", one.name())) value="yes" checked[frame.ticked(&format!("tolerate-{}", one.name()), options.tolerances.allows(one))]; " " (tolerance(frame.lang, one)) } } }
        }))
    }
}

/// A field for a gate's name, with the gates there are offered.
fn gate(frame: &Sheet<'_>, name: &str, label: &str, value: &str) -> Markup {
    html! { div class="field" { label for=(name) { (frame.t(label)) } div class="box" { input id=(name) name=(name) value=(frame.value(name, value)) list="populations" autocomplete="off"; } } }
}

/// Beads counted in the same tube, and viability.
fn counts(frame: &Sheet<'_>, options: &FlowOptions, populations: &[String]) -> Markup {
    let count = options.count.clone().unwrap_or_default();
    let (beads, viability) = (count.beads.as_ref(), count.viability.clone().unwrap_or_default());
    group(
        frame,
        "assay-counts",
        options.count.is_some(),
        &html! {
            datalist id="populations" { @for id in populations { option value=(id) {} } }
            p class="hint" { (frame.t("assay-counts-help")) }
            (gate(frame, "beads-gate", "assay-beads-gate", beads.map_or("", |tube| tube.gate.as_str())))
            (line(frame, "beads-added", "assay-beads-added", &written(beads.map(|tube| tube.beads_added)), None))
            (line(frame, "beads-volume", "assay-beads-volume", &written(beads.map(|tube| tube.sample_microlitres)), Some("µL")))
            (line(frame, "beads-dilution", "assay-beads-dilution", &written(beads.map(|tube| tube.dilution)), None))
            (line(frame, "count-cells", "assay-count-cells", &count.cells.join(", "), None))
            (gate(frame, "dead-gate", "assay-dead-gate", viability.dead.as_deref().unwrap_or_default()))
            (gate(frame, "viable-gate", "assay-viable-gate", viability.viable.as_deref().unwrap_or_default()))
            (gate(frame, "viability-of", "assay-viability-of", viability.of.as_deref().unwrap_or_default()))
        },
    )
}

/// The collected product the tube was taken from.
fn product(frame: &Sheet<'_>, options: &FlowOptions) -> Markup {
    let product = options.count.as_ref().and_then(|count| count.product.as_ref());
    let (nucleated, cd3) = product.map_or(("", ""), |product| (&product.nucleated, &product.cd3));
    group(
        frame,
        "assay-product",
        product.is_some(),
        &html! {
            p class="hint" { (frame.t("assay-product-help")) }
            (line(frame, "product-volume", "assay-product-volume", &written(product.and_then(|p| p.millilitres)), Some("mL")))
            (gate(frame, "product-nucleated", "assay-product-nucleated", nucleated))
            (gate(frame, "product-cd3", "assay-product-cd3", cd3))
            (line(frame, "product-analyser", "assay-product-analyser", &written(product.and_then(|p| p.nucleated_per_microlitre)), Some("/µL")))
        },
    )
}

fn colonies(frame: &Sheet<'_>, options: &vena_colonies::Options) -> Markup {
    let layout = match options.layout {
        Layout::Automatic => "automatic".to_owned(),
        Layout::Dish => "dish".to_owned(),
        Layout::Whole => "whole".to_owned(),
        Layout::Wells { wells } => wells.to_string(),
    };
    let (pixels, micrometres) = match options.diameter_min {
        DiameterMin::Automatic => (String::new(), String::new()),
        DiameterMin::Pixels(value) => (value.to_string(), String::new()),
        DiameterMin::Micrometres(value) => (String::new(), value.to_string()),
    };
    let polarity = match options.polarity {
        Polarity::Automatic => "automatic",
        Polarity::Dark => "dark",
        Polarity::Light => "light",
    };
    let automatic = ("automatic", "assay-automatic");
    let channels = [
        automatic,
        ("grey", "assay-grey"),
        ("red", "assay-red"),
        ("green", "assay-green"),
        ("blue", "assay-blue"),
    ];
    let label = options.fluorescence;
    let shining: Vec<(&str, &str)> =
        std::iter::once(("", "assay-label-none")).chain(channels.into_iter().skip(1)).collect();
    let page = label.and_then(|label| label.page).map_or_else(String::new, |page| page.to_string());
    html! {
        (select(frame, "layout", "assay-layout", &[automatic, ("dish", "assay-dish"), ("whole", "assay-whole"), ("6", "assay-wells-6"), ("12", "assay-wells-12"), ("24", "assay-wells-24"), ("96", "assay-wells-96")], &layout))
        (line(frame, "um-per-pixel", "assay-pixel-size", &written(options.micrometres_per_pixel), Some("µm")))
        (line(frame, "diameter-um", "assay-diameter-min", &micrometres, Some("µm")))
        (line(frame, "diameter-px", "assay-diameter-min", &pixels, Some("px")))
        (group(frame, "assay-colonies-more", label.is_some() || options.polarity != Polarity::Automatic || options.channel != Channel::Automatic, &html! {
            (select(frame, "polarity", "assay-polarity", &[automatic, ("dark", "assay-dark"), ("light", "assay-light")], polarity))
            (select(frame, "channel", "assay-channel", &channels, channel_word(options.channel)))
            (select(frame, "label-channel", "assay-label-channel", &shining, label.map_or("", |label| channel_word(label.channel))))
            (line(frame, "label-page", "assay-label-page", &page, None))
        }))
    }
}

fn channel_word(channel: Channel) -> &'static str {
    match channel {
        Channel::Automatic => "automatic",
        Channel::Grey => "grey",
        Channel::Red => "red",
        Channel::Green => "green",
        Channel::Blue => "blue",
    }
}

fn potency(frame: &Sheet<'_>, options: &PotencyOptions) -> Markup {
    let model = match options.assay {
        Model::Curves => "curves",
        Model::ParallelLine => "parallel-line",
        Model::SlopeRatio => "slope-ratio",
    };
    let curve = if options.model == CurveModel::FiveParameter { "5" } else { "4" };
    let outliers = if options.outliers == OutlierHandling::Remove { "remove" } else { "name" };
    let error = if options.line_error == LineErrorFrom::Lines { "lines" } else { "replicates" };
    let standard = options.standard.clone().unwrap_or_default();
    let assigned = written(options.standard.as_ref().map(|standard| standard.assigned_value));
    html! {
        (line(frame, "reference", "assay-reference", options.reference.as_deref().unwrap_or_default(), None))
        (select(frame, "assay", "assay-model", &[("curves", "assay-model-curves"), ("parallel-line", "assay-model-lines"), ("slope-ratio", "assay-model-slope")], model))
        (select(frame, "model", "assay-curve-model", &[("4", "assay-four"), ("5", "assay-five")], curve))
        (select(frame, "line-error", "assay-line-error", &[("replicates", "assay-line-error-replicates"), ("lines", "assay-line-error-lines")], error))
        p class="hint" { (frame.t("assay-line-error-help")) }
        (select(frame, "outliers", "assay-outliers", &[("name", "assay-outliers-name"), ("remove", "assay-outliers-remove")], outliers))
        (group(frame, "assay-standard", options.standard.is_some(), &html! {
            p class="hint" { (frame.t("assay-standard-help")) }
            (line(frame, "standard-name", "assay-standard-name", &standard.name, None))
            (line(frame, "standard-lot", "assay-standard-lot", &standard.lot, None))
            (line(frame, "standard-source", "assay-standard-source", &standard.source, None))
            (line(frame, "standard-expires", "assay-standard-expires", &standard.expires_on, Some("YYYY-MM-DD")))
            (line(frame, "assayed-on", "assay-assayed-on", options.assayed_on.as_deref().unwrap_or_default(), Some("YYYY-MM-DD")))
            (line(frame, "standard-value", "assay-standard-value", &assigned, None))
            (line(frame, "standard-unit", "assay-standard-unit", &standard.unit, None))
        }))
    }
}

fn endotoxin(frame: &Sheet<'_>, options: &EndotoxinOptions) -> Markup {
    let route = if options.route == Route::Intrathecal { "intrathecal" } else { "intravenous" };
    html! {
        (line(frame, "dose-ml", "assay-dose-ml", &written(options.dose_ml), Some("mL")))
        (line(frame, "weight-kg", "assay-weight", &written(options.weight_kg), Some("kg")))
        p class="hint" { (frame.t("assay-weight-help")) }
        (line(frame, "hours", "assay-hours", &written(options.hours), Some("h")))
        (select(frame, "route", "assay-route", &[("intravenous", "assay-intravenous"), ("intrathecal", "assay-intrathecal")], route))
    }
}

fn qpcr(frame: &Sheet<'_>, options: &QpcrOptions) -> Markup {
    let dna = options.residual_dna.clone().unwrap_or_default();
    let copies = options.vector_copies.clone().unwrap_or_default();
    let absence = match options.absence.as_ref().map(|test| test.kind) {
        None => "",
        Some(AbsenceKind::Mycoplasma) => "mycoplasma",
        Some(AbsenceKind::ReplicationCompetentVirus) => "virus",
    };
    html! {
        (line(frame, "cut-off", "assay-cut-off", &written(options.cut_off_cq), Some("Cq")))
        (line(frame, "control", "assay-internal-control", &words(options.internal_control_target.as_ref()), None))
        (group(frame, "assay-residual-dna", options.residual_dna.is_some(), &html! {
            (line(frame, "dna-target", "assay-target", &words(dna.target.as_ref()), None))
            (line(frame, "dna-ng", "assay-dna-ng", &written(dna.nanograms_per_quantity_unit), Some("ng")))
            (line(frame, "dna-well", "assay-dna-well", &written(dna.product_ml_per_well), Some("mL")))
            (line(frame, "dna-dose", "assay-dna-dose", &written(dna.dose_ml), Some("mL")))
        }))
        (group(frame, "assay-absence", options.absence.is_some(), &html! {
            (select(frame, "absence", "assay-absence-of", &[("", "assay-absence-none"), ("mycoplasma", "assay-mycoplasma"), ("virus", "assay-virus")], absence))
            (line(frame, "absence-target", "assay-target", &words(options.absence.as_ref().and_then(|test| test.target.as_ref())), None))
            (line(frame, "absence-volume", "assay-absence-volume", &written(options.absence.as_ref().and_then(|test| test.volume_ml)), Some("mL")))
        }))
        (group(frame, "assay-vector-copies", options.vector_copies.is_some(), &html! {
            (line(frame, "vector-target", "assay-vector-target", &copies.vector_target, None))
            (line(frame, "vector-reference", "assay-vector-reference", &copies.reference_target, None))
            (line(frame, "vector-share", "assay-vector-share", &written(copies.transduced_fraction.map(|share| 100.0 * share)), Some("%")))
        }))
    }
}

/// Tolerances in words; the name stands with them, as reports and the command line use it.
fn tolerance(lang: Lang, tolerance: Tolerance) -> Markup {
    html! { (tolerance.label(lang)) " " span class="code small quiet" { (tolerance.name()) } }
}
