//! Code systems, and the codes of the product's infusion that are not in the catalogue. Identifiers
//! only: no number here decides anything. Knows no resource.

use vena_base::Answer;

/// LOINC.
pub const LOINC: &str = "http://loinc.org";
/// SNOMED CT.
pub const SNOMED: &str = "http://snomed.info/sct";
/// RxNorm.
pub const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";
/// ATC of the WHO.
pub const ATC: &str = "http://www.whocc.no/atc";
/// UCUM.
pub const UCUM: &str = "http://unitsofmeasure.org";
/// Ids of Vena's own catalogue, for what no public system names.
pub const VENA: &str = "urn:vena:catalogue";
/// Answers of Vena's own catalogue.
pub const VENA_ANSWER: &str = "urn:vena:answer";

/// Extension: the cause a clinician gave for a finding.
pub const CAUSE_EXTENSION: &str = "urn:vena:cause";
/// Extension: by whom it was recorded.
pub const RECORDED_BY_EXTENSION: &str = "urn:vena:recorded-by";
/// Extension: the answer of a drug row (`stopped`).
pub const ANSWER_EXTENSION: &str = "urn:vena:answer";
/// Extension: tried and could not be assessed, with the reason.
pub const NOT_ASSESSED_EXTENSION: &str = "urn:vena:not-assessed";
/// Extension: when it was recorded, for resources without `issued`.
pub const RECORDED_EXTENSION: &str = "urn:vena:recorded";

/// The system ICD-10-PCS codes stand in, in the spellings met.
pub fn is_icd10_pcs(system: &str) -> bool {
    let system = system.to_ascii_lowercase();
    system.contains("icd-10-pcs")
        || system.contains("icd10pcs")
        || system == "http://www.cms.gov/medicare/coding/icd10"
        || system == "urn:oid:2.16.840.1.113883.6.4"
}

/// Whether a system is ATC, in the spellings met.
pub fn is_atc(system: &str) -> bool {
    system == ATC
        || system.to_ascii_lowercase().contains("whocc")
        || system == "urn:oid:2.16.840.1.113883.6.73"
}

/// One ICD-10-PCS code of a CAR-T infusion. `None`: the code does not say which product.
pub type ProcedureCode = (&'static str, Option<Answer>, &'static str);

const TISA: Option<Answer> = Some(Answer::known("tisagenlecleucel"));
const AXI: Option<Answer> = Some(Answer::known("axicabtagene-ciloleucel"));
const BREXU: Option<Answer> = Some(Answer::known("brexucabtagene-autoleucel"));
const LISO: Option<Answer> = Some(Answer::known("lisocabtagene-maraleucel"));
const IDE: Option<Answer> = Some(Answer::known("idecabtagene-vicleucel"));
const CILTA: Option<Answer> = Some(Answer::known("ciltacabtagene-autoleucel"));

/// The ICD-10-PCS codes of the infusion (CMS new-technology tables XW0 and XW2; XW03 peripheral,
/// XW04 central vein; the last character is the new-technology group, a year of introduction).
pub const INFUSION_PROCEDURES: [ProcedureCode; 20] = [
    ("XW033C3", None, "autologous CAR-T (until 2021-09)"),
    ("XW043C3", None, "autologous CAR-T (until 2021-09)"),
    ("XW033C7", None, "autologous CAR-T"),
    ("XW043C7", None, "autologous CAR-T"),
    ("XW033H7", AXI, "axicabtagene ciloleucel"),
    ("XW043H7", AXI, "axicabtagene ciloleucel"),
    ("XW033J7", TISA, "tisagenlecleucel"),
    ("XW043J7", TISA, "tisagenlecleucel"),
    ("XW033K7", IDE, "idecabtagene vicleucel"),
    ("XW043K7", IDE, "idecabtagene vicleucel"),
    ("XW033M7", BREXU, "brexucabtagene autoleucel"),
    ("XW043M7", BREXU, "brexucabtagene autoleucel"),
    ("XW033N7", LISO, "lisocabtagene maraleucel"),
    ("XW043N7", LISO, "lisocabtagene maraleucel"),
    ("XW033A7", CILTA, "ciltacabtagene autoleucel"),
    ("XW043A7", CILTA, "ciltacabtagene autoleucel"),
    ("XW23346", BREXU, "brexucabtagene autoleucel (until 2021-09)"),
    ("XW24346", BREXU, "brexucabtagene autoleucel (until 2021-09)"),
    ("XW23376", LISO, "lisocabtagene maraleucel (until 2021-09)"),
    ("XW24376", LISO, "lisocabtagene maraleucel (until 2021-09)"),
];

/// SNOMED CT procedures that say CAR-T cells were given, without saying which product. Its name in SNOMED
/// CT: “Chimeric antigen receptor T-cell immunotherapy (procedure)”, confirmed in published value sets and
/// maps of others. It names the therapy, so that only a time within a day of its own is the infusion's.
pub const INFUSION_SNOMED: [(&str, &str); 1] =
    [("1156961008", "chimeric antigen receptor T-cell immunotherapy")];

/// Whether a SNOMED CT procedure says that CAR-T cells were given.
pub fn is_infusion_by_snomed(system: Option<&str>, code: &str) -> bool {
    let is_snomed = system.is_some_and(|system| {
        // An edition and version may stand behind the system.
        system == SNOMED
            || system.starts_with("http://snomed.info/sct/")
            || system == "urn:oid:2.16.840.1.113883.6.96"
    });
    is_snomed && INFUSION_SNOMED.iter().any(|(known, _)| *known == code.trim())
}

/// The infusion a procedure code names: outer `None`, it names none; inner `None`, not which product.
pub fn infusion_by_procedure(code: &str) -> Option<Option<Answer>> {
    let code = code.trim();
    INFUSION_PROCEDURES
        .iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(code))
        .map(|(_, product, _)| *product)
}
