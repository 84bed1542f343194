//! Every refusal, note and reason of this crate in both languages: what is
//! wrong, and what a person can do about it. The Display of an error stays the
//! English text. Must not know what raises them.

use vena_base::{Lang, Text};

use crate::analyse::AnalyseError;
use crate::corrections::CorrectionRefusal;
use crate::count::NoCount;
use crate::knowledge::KnowledgeFault;
use crate::overlay::OverlayError;
use crate::refusal::{ImageFormat, ImageNote, ImageRefusal};
use crate::report::{AtLeast, Doubt, Refusal, Status};
use crate::shapes::NotAColony;
use crate::vessel::VesselRefusal;

/// Adds `text` and `message` to an error whose Chinese words `chinese` writes.
macro_rules! speaks {
    ($($error:ty),+ $(,)?) => {$(
        impl $error {
            /// The refusal in both languages.
            #[must_use]
            pub fn text(&self) -> Text {
                Text::new(self.to_string(), self.chinese())
            }

            /// The refusal in one language.
            #[must_use]
            pub fn message(&self, lang: Lang) -> String {
                match lang {
                    Lang::En => self.to_string(),
                    Lang::ZhTw => self.chinese(),
                }
            }
        }
    )+};
}

speaks!(ImageRefusal, VesselRefusal, Refusal, AnalyseError, CorrectionRefusal, KnowledgeFault, OverlayError);

impl ImageRefusal {
    fn chinese(&self) -> String {
        match self {
            Self::EmptyFile => "檔案是空的；請重新選取影像".into(),
            Self::UnknownFormat { first_bytes } => {
                format!("不是 PNG、JPEG 或 TIFF 影像（開頭為 {first_bytes}）；請另存為其中一種格式")
            }
            Self::FileTooLarge { bytes, limit_bytes } => {
                format!("檔案有 {bytes} 個位元組，上限為 {limit_bytes}；請縮小影像")
            }
            Self::NoPixels { width_px, height_px } => format!("影像沒有像素（{width_px} × {height_px}）"),
            Self::TooManyPixels { width_px, height_px, limit_px } => {
                format!("影像為 {width_px} × {height_px} 像素，總數上限為 {limit_px}；請縮小影像")
            }
            Self::TooMuchMemory { bytes, limit_bytes } => {
                format!("解碼需要 {bytes} 個位元組，上限為 {limit_bytes}；請縮小影像")
            }
            Self::TooManyPages { limit } => format!("檔案超過 {limit} 頁；請分成數個檔案"),
            Self::NoSuchPage { page, pages } => format!("指定第 {page} 頁；檔案只有 {pages} 頁"),
            Self::Cmyk => "影像為 CMYK（印刷油墨色）；請存成 RGB 或灰階後再試".into(),
            Self::UnsupportedPixels { what } => {
                format!("不讀此種像素，請存成 8 或 16 位元的 RGB 或灰階（{what}）")
            }
            Self::Damaged { what } => format!("影像不完整或已損壞，請重新匯出（{what}）"),
        }
    }
}

impl VesselRefusal {
    fn chinese(&self) -> String {
        match self {
            Self::NoDish => "影像中找不到培養皿；可改選「整張影像」".into(),
            Self::NoWells { wells } => format!("影像中找不到 {wells} 孔的排列；請確認整個孔盤都在影像內"),
            Self::UnknownFormat { wells, known } => {
                format!("沒有 {wells} 孔的孔盤規格；已知的有：{known:?}")
            }
        }
    }
}

impl Refusal {
    fn chinese(&self) -> String {
        match self {
            Self::Image(refusal) => refusal.chinese(),
            Self::Vessel(refusal) => refusal.chinese(),
            Self::PagesDiffer { page, other } => {
                format!("第 {page} 頁與第 {other} 頁大小不同；螢光頁須與計數頁同大小")
            }
        }
    }
}

impl AnalyseError {
    fn chinese(&self) -> String {
        match self {
            Self::PixelSizeMissing => "以微米設定最小直徑時，須同時給每像素的微米數".into(),
            Self::NotPositive { name, value } => {
                let name = match *name {
                    "micrometres_per_pixel" => "每像素微米數",
                    "diameter_min" => "最小直徑",
                    other => other,
                };
                format!("{name}須為正數，不可為 {value}")
            }
            Self::Knowledge(fault) => fault.chinese(),
        }
    }
}

impl CorrectionRefusal {
    fn chinese(&self) -> String {
        match self {
            Self::NoSuchVessel { number, vessel } => format!("第 {number} 項修改：沒有容器 {vessel}"),
            Self::NoSuchColony { number, vessel, colony } => {
                format!("第 {number} 項修改：容器 {vessel} 沒有（或已無）群落 {colony}")
            }
            Self::NotInPicture { number, x_px, y_px, diameter_px } => {
                format!("第 {number} 項修改：位置 {x_px}, {y_px}、直徑 {diameter_px} 不在影像內")
            }
            Self::MergeOfOne { number } => format!("第 {number} 項修改：合併須有兩個以上群落"),
            Self::AlreadyCounted { number, vessel } => {
                format!("第 {number} 項修改：容器 {vessel} 已有計數；請改為增加或移除群落")
            }
        }
    }
}

impl KnowledgeFault {
    fn chinese(&self) -> String {
        match self {
            Self::Unreadable { file, what } => format!("規則檔 {file} 無法讀取（{what}）"),
            Self::Missing { id } => format!("規則檔 soft-agar-1.toml 缺少規則 {id}，或其值不是數字"),
        }
    }
}

impl OverlayError {
    fn chinese(&self) -> String {
        match self {
            Self::Image(refusal) => refusal.chinese(),
            Self::Encode(error) => format!("標示圖無法編碼（{error}）"),
        }
    }
}

impl NoCount {
    /// Why there is no number, in one language.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        self.text().get(lang).to_owned()
    }

    /// Why there is no number, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        let percent = |share: &f64| format!("{:.0}%", share * 100.0);
        match self {
            Self::Confluent { covered, limit } => Text::new(
                format!(
                    "confluent: {} covered, more than {}; dilute and plate again",
                    percent(covered),
                    percent(limit)
                ),
                format!("已長滿：覆蓋 {}，超過 {}；請稀釋後重新接種", percent(covered), percent(limit)),
            ),
            Self::TooMany { found, limit } => Text::new(
                format!("more than {limit} colonies ({found} found before stopping)"),
                format!("超過 {limit} 個群落（停止前已找到 {found} 個）"),
            ),
            Self::Unclear { unclear, limit } => Text::new(
                format!(
                    "in {} of the vessel most of what stands out has no colony's shape, more than {}; count by eye",
                    percent(unclear),
                    percent(limit)
                ),
                format!(
                    "容器有 {} 之範圍，突出部分多數不具群落形狀，超過 {}；請以目視計數",
                    percent(unclear),
                    percent(limit)
                ),
            ),
            Self::Crowded { crowded, limit } => Text::new(
                format!(
                    "{} of the colonies lie in crowds, more than {}; dilute and plate again",
                    percent(crowded),
                    percent(limit)
                ),
                format!("{} 的群落擠在一起，超過 {}；請稀釋後重新接種", percent(crowded), percent(limit)),
            ),
            Self::NotRound { roundness, limit } => Text::new(
                format!(
                    "what stands out is ragged (roundness {roundness:.2}, below {limit}): gaps in a lawn rather than colonies"
                ),
                format!("突出部分不圓（圓度 {roundness:.2}，低於 {limit}）：較像菌苔的縫隙，不是群落"),
            ),
            Self::NoBackground { times, limit } => Text::new(
                format!(
                    "what lies between the colonies varies {times:.1} times its pixels' noise, more than {limit}: no background is seen; dilute and plate again, or count by eye"
                ),
                format!(
                    "群落之間的變異為像素雜訊的 {times:.1} 倍，超過 {limit} 倍：看不見背景；請稀釋後重新接種，或以目視計數"
                ),
            ),
            Self::UnevenGround { times, limit } => Text::new(
                format!(
                    "hardly anything stands clear, and the ground varies {times:.1} times as much over a colony's width as between near pixels, {limit} or more: overgrown, or a pattern in the agar or the light; count by eye"
                ),
                format!(
                    "幾無清楚突出之物，而相距一個群落寬之亮度變異為相鄰像素之 {times:.1} 倍（達 {limit} 倍）：可能長滿，或為培養基或光線之紋路；請以目視計數"
                ),
            ),
            Self::SingleCells { share, limit } => Text::new(
                format!(
                    "no scale was given, and what stands out is {:.2}% of the field wide, under {:.2}%: single cells and colonies cannot be told apart; give micrometres per pixel or a smallest diameter",
                    share * 100.0,
                    limit * 100.0
                ),
                format!(
                    "未提供比例尺，突出物寬度為視野之 {:.2}%，低於 {:.2}%：無法區分單一細胞與群落；請提供每像素微米數或最小直徑",
                    share * 100.0,
                    limit * 100.0
                ),
            ),
            Self::TooSmall { pixels } => Text::new(
                format!("the vessel has only {pixels} pixels; take a larger picture"),
                format!("容器只有 {pixels} 個像素；請拍攝較大的影像"),
            ),
        }
    }
}

impl Doubt {
    /// What makes the number doubtful, in one language.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        self.text().get(lang).to_owned()
    }

    /// What makes the number doubtful, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::ScaleUnknown { diameter_px } => Text::new(
                format!(
                    "in doubt: neither a vessel's edge nor a scale is known, so colonies ({diameter_px:.0} px wide) cannot be told from single cells by size; give micrometres per pixel or a smallest diameter"
                ),
                format!(
                    "存疑：看不到容器邊緣，也未提供比例尺，無法以大小區分群落（寬 {diameter_px:.0} 像素）與單一細胞；請提供每像素微米數或最小直徑"
                ),
            ),
            Self::AsSmallAsCells { share, limit } => Text::new(
                format!(
                    "in doubt: what was counted is {:.2}% of the vessel wide, under {:.2}%, as small as single cells are in a small well; give micrometres per pixel or a smallest diameter",
                    share * 100.0,
                    limit * 100.0
                ),
                format!(
                    "存疑：所計之物寬度為容器之 {:.2}%，低於 {:.2}%，小如小孔中之單一細胞；請提供每像素微米數或最小直徑",
                    share * 100.0,
                    limit * 100.0
                ),
            ),
            Self::UnevenGround { times, limit } => Text::new(
                format!(
                    "in doubt: what lies between the colonies varies {times:.1} times as much over a colony's width as between near pixels, {limit} or more, as colonies grown into each other do; look at the picture"
                ),
                format!(
                    "存疑：群落之間相距一個群落寬之亮度變異為相鄰像素之 {times:.1} 倍（達 {limit} 倍），與群落相連成片者相似；請目視影像"
                ),
            ),
        }
    }
}

impl AtLeast {
    /// The bound and what is missing from it, in one language.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        self.text().get(lang).to_owned()
    }

    /// The bound and what is missing from it, in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::new(
            format!("≥ {} without {}", self.count, self.without.join(", ")),
            format!("≥ {}，未計入 {}", self.count, self.without.join("、")),
        )
    }
}

impl NotAColony {
    /// Why a shape is not counted.
    #[must_use]
    pub fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Elongated, Lang::En) => "long and thin (writing, scratch, fibre)",
            (Self::Elongated, Lang::ZhTw) => "細長（字跡、刮痕、纖維）",
            (Self::Irregular, Lang::En) => "ragged or branching (writing, dirt)",
            (Self::Irregular, Lang::ZhTw) => "不規則或分岔（字跡、髒污）",
            (Self::Bubble, Lang::En) => "an empty ring (bubble)",
            (Self::Bubble, Lang::ZhTw) => "空心圓環（氣泡）",
            (Self::AlongTheEdge, Lang::En) => "along the vessel's edge (reflection)",
            (Self::AlongTheEdge, Lang::ZhTw) => "沿容器邊緣（反光）",
            (Self::Diffuse, Lang::En) => "without an edge of its own (reflection, shadow, dust out of focus)",
            (Self::Diffuse, Lang::ZhTw) => "無自身邊緣（反光、陰影、失焦灰塵）",
            (Self::Speck, Lang::En) => {
                "far fainter and smaller than the plate's colonies, or no more than its noise (grain, dust)"
            }
            (Self::Speck, Lang::ZhTw) => "遠比平板上的群落淡且小，或不超過雜訊（顆粒、灰塵）",
            (Self::TooLarge, Lang::En) => "wider than a third of the vessel",
            (Self::TooLarge, Lang::ZhTw) => "寬度超過容器三分之一",
        }
    }
}

impl Status {
    /// Whether there is a number, in words.
    #[must_use]
    pub fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Counted, Lang::En) => "counted",
            (Self::Counted, Lang::ZhTw) => "已計數",
            (Self::TooManyToCount, Lang::En) => "too many to count",
            (Self::TooManyToCount, Lang::ZhTw) => "過多無法計數",
            (Self::NotAssessable, Lang::En) => "not assessable",
            (Self::NotAssessable, Lang::ZhTw) => "無法判定",
            (Self::Refused, Lang::En) => "refused",
            (Self::Refused, Lang::ZhTw) => "未讀取",
        }
    }
}

impl ImageFormat {
    /// The format's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Tiff => "TIFF",
        }
    }
}

impl ImageNote {
    /// The note in one language.
    #[must_use]
    pub fn message(&self, lang: Lang) -> String {
        self.text().get(lang).to_owned()
    }

    /// The note in both languages.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::SuffixDiffers { suffix, content } => Text::new(
                format!("the name ends in {suffix}, the content is {}; the content was read", content.name()),
                format!("檔名結尾為 {suffix}，內容為 {}；依內容讀取", content.name()),
            ),
            Self::TransparencyOnWhite => {
                Text::new("transparent pixels were laid on white", "透明像素以白色為底")
            }
            Self::PaletteExpanded => Text::new("colours came from a palette", "顏色取自調色盤"),
            Self::Turned => Text::new(
                "turned as the camera says it was held; positions are in the picture as shown",
                "依相機記錄的方向轉正；位置以轉正後的影像表示",
            ),
            Self::OneBit => Text::new(
                "only black and white: sizes are right to a pixel, contrast is unknown",
                "只有黑白兩色：大小精確到像素，對比未知",
            ),
            Self::FullScale { value } => Text::new(
                format!("16-bit samples were taken with {value} as full scale"),
                format!("16 位元像素以 {value} 為滿刻度"),
            ),
            Self::Reduced { factor } => Text::new(
                format!("analysed at 1/{factor} of the size; results are in the original's pixels"),
                format!("以 1/{factor} 大小分析；結果以原始像素表示"),
            ),
        }
    }
}
