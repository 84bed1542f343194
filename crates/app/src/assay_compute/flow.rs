//! Flow cytometry: an FCS file, gates and a panel to a result; the same again from events in memory.
//!
//! Must not know: the ledger, people, journeys, pages.

use super::{AssayRefusal, Computed, FlowOptions, bytes_of, digest_of};
use std::sync::Arc;
use vena_base::Text;
use vena_flow::Analysis;
use vena_journey::FileRole;

pub(super) fn flow(
    options: &FlowOptions,
    fcs: &[u8],
    files: &[(FileRole, Vec<u8>)],
) -> Result<Computed, AssayRefusal> {
    let how = vena_flow::AnalyseOptions {
        tolerances: options.tolerances.clone(),
        data_set: options.data_set,
        matrix: bytes_of(files, FileRole::Matrix).map(|bytes| ("matrix".to_owned(), bytes.to_vec())),
        ..vena_flow::AnalyseOptions::default()
    };
    let analysis = vena_flow::analyse(fcs, bytes_of(files, FileRole::Gates), &how)
        .map_err(|refusal| not_analysed(&refusal))?;
    judged(options, Arc::new(analysis))
}

/// The sample held against the panel chosen.
fn judged(options: &FlowOptions, analysis: Arc<Analysis>) -> Result<Computed, AssayRefusal> {
    let panel = match &options.panel {
        None => None,
        Some(id) => {
            let panels = vena_flow::panels().map_err(|refusal| {
                AssayRefusal::new("The panel cannot be read", "無法讀取標記組合", refusal.text())
            })?;
            let panel = panels.iter().find(|panel| panel.id == *id).ok_or_else(|| {
                AssayRefusal::new("There is no such panel", "查無此標記組合", Text::same(id.as_str()))
            })?;
            Some(Box::new(analysis.judge(panel, &[])))
        }
    };
    let count = options.count.as_deref();
    // A gate that is not there (any more) must not take the other numbers away.
    let count = count.map(|count| Box::new(analysis.count(count).map_err(|refusal| refusal.text())));
    Ok(Computed::Flow { analysis, panel, count })
}

pub(super) fn flow_again(
    options: &FlowOptions,
    kept: &mut Arc<Analysis>,
    gates: Option<&[u8]>,
) -> Option<Result<Computed, AssayRefusal>> {
    let digest = gates.and_then(digest_of).map(|digest| digest.as_str().to_owned());
    if kept.report.gating_sha256 == digest {
        return Some(judged(options, kept.clone()));
    }
    // Events without gates are rare enough to be read again.
    let xml = gates?;
    let gate = |analysis: &mut Analysis| -> Result<(), vena_flow::FlowError> {
        analysis.gate(vena_flow::gating::read_gating_ml(xml, &vena_flow::Limits::default())?)?;
        analysis.report.gating_sha256 = digest;
        Ok(())
    };
    // What is written over is a copy; the events stay where they are.
    Some(match gate(Arc::make_mut(kept)) {
        Ok(()) => judged(options, kept.clone()),
        Err(refusal) => Err(not_analysed(&refusal)),
    })
}

fn not_analysed(refusal: &vena_flow::FlowError) -> AssayRefusal {
    AssayRefusal::new("The flow file was not analysed", "流式檔案無法分析", refusal.text())
}
