//! The identity band: who this is, always on top, never cut short.

use super::words;
use crate::{
    layout::Frame,
    parts::icons::{Icon, icon},
};
use jiff::civil::Date;
use maud::{Markup, html};
use vena_base::Lang;

/// What the band shows. Identity comes decrypted from the vault for the person signed in.
#[derive(Debug, Clone, Default)]
pub struct Band {
    /// The journey's id, for links.
    pub journey: String,
    /// Name in Chinese characters.
    pub name_chinese: String,
    /// Name in Latin letters.
    pub name_latin: String,
    /// Sex in words.
    pub sex: String,
    /// Age in whole years.
    pub age_years: Option<i32>,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// Record number.
    pub record_number: String,
    /// Chain-of-identity number.
    pub chain_of_identity: Option<String>,
    /// Weight as written with unit, and when it was measured.
    pub weight: Option<(String, String)>,
    /// Product name.
    pub product: Option<String>,
    /// Allergies in words; `None` where nobody asked.
    pub allergy: Option<String>,
    /// Day number from the infusion.
    pub day: Option<i32>,
    /// Where in the journey the patient is.
    pub place: String,
    /// The patient does not exist.
    pub synthetic: bool,
    /// Who it is does not show to this person.
    pub hidden: bool,
}

/// Draws the band.
pub fn band(frame: &Frame, band: &Band) -> Markup {
    let (first, second) = match frame.lang {
        Lang::En => (&band.name_latin, &band.name_chinese),
        Lang::ZhTw => (&band.name_chinese, &band.name_latin),
    };
    let (first, second) = if first.is_empty() { (second, first) } else { (first, second) };
    html! {
        section class="who" aria-label=(frame.t("patient")) {
            div class="wrap" {
                p class="name" {
                    @if band.hidden { a href=(format!("/journeys/{}/identity", band.journey)) { (icon(Icon::Lock)) " " (frame.t("identity-restricted")) } " " }
                    @else { a href=(format!("/journeys/{}", band.journey)) class="plain-link" { (first) } " " }
                    @if band.synthetic { span class="mark-synthetic" { (frame.t("synthetic-mark")) } }
                    small {
                        span class="keep" { (second) }
                        @if !band.sex.is_empty() { span class="keep" { " · " (band.sex) } }
                        @if let Some(age) = band.age_years { span class="keep" { " · " (frame.tw("age-years", &[("n", &age.to_string())])) } }
                    }
                }
                dl {
                    div { dt { (frame.t("born")) } dd { (band.birth_date.map_or_else(|| "?".to_owned(), |d| d.to_string())) } }
                    div { dt { (frame.t("record-number")) } dd { (band.record_number) } }
                    @if let Some(number) = &band.chain_of_identity {
                        div class="spare-at-bedside" { dt { (frame.t("chain-of-identity-short")) } dd class="code" { (number) } }
                    }
                    @if let Some((weight, when)) = &band.weight {
                        div class="spare-at-bedside" { dt { (frame.t("weight")) } dd { (weight) " " small class="quiet spare" { (when) } } }
                    }
                    @if let Some(product) = &band.product {
                        div class="spare" { dt { (frame.t("field-product")) } dd { (product) } }
                    }
                    @match &band.allergy {
                        Some(allergy) if allergy.is_empty() => div { dt { (frame.t("allergy")) } dd { (frame.t("allergy-none")) } },
                        Some(allergy) => div class="allergy" { dt { (frame.t("allergy")) } dd { (allergy) } },
                        None => div class="allergy" { dt { (frame.t("allergy")) } dd { (frame.t("not-asked")) } },
                    }
                }
                @if !band.hidden { a class="who-more" href=(format!("/journeys/{}/identity", band.journey)) { (frame.t("identity")) } }
                div class="day" {
                    b class="keep" { @match band.day { Some(n) => { (words::day(n)) } None => { "–" } } }
                    span { (band.place) }
                }
            }
        }
    }
}
