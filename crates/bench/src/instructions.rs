//! Instructions per event, counted by callgrind, which do not depend on the load of the machine.

use crate::cases::Case;
use crate::events::Stage;
use crate::process::Program;
use crate::runtime_api::RuntimeApi;
use crate::world;
use anyhow::{Context, Result, anyhow};
use std::ops::Range;
use std::rc::Rc;

/// Events before counting begins: by then caches are filled, including those of the rows that were written last.
const WARM_UP: u64 = 64;
/// Events that are counted.
const COUNTED: u64 = 100;

/// Whether valgrind, which only this needs, is installed.
pub fn possible() -> bool {
    std::process::Command::new("valgrind").arg("--version").output().is_ok_and(|said| said.status.success())
}

/// Instructions per event in the user space of the whole process: the difference between a long run and a short one. The events begin after
/// number `after`, so that none is a duplicate of an event of another measurement.
pub fn measure(api: &Rc<RuntimeApi>, stage: &Stage<'_>, program: &Program, case: &Case, after: u64) -> Result<u64> {
    let short = run(api, stage, program, case, after..after + WARM_UP)?;
    let long = run(api, stage, program, case, after + WARM_UP..after + 2 * WARM_UP + COUNTED)?;
    Ok(long.saturating_sub(short) / COUNTED)
}

fn run(api: &Rc<RuntimeApi>, stage: &Stage<'_>, program: &Program, case: &Case, numbers: Range<u64>) -> Result<u64> {
    let out = std::env::temp_dir().join(format!("weir-bench-{}.callgrind", std::process::id()));
    let tool = ["valgrind", "--tool=callgrind", "--quiet"].map(str::to_owned).into_iter();
    let tool = tool.chain([format!("--callgrind-out-file={}", out.display())]).collect();
    let counted = Program { tool, ..program.clone() };
    let mut made = (case.events)(stage)?;
    let mut function = api.run(&counted, &world::variables(stage.endpoint, case.variables))?;
    for number in numbers {
        function.invoke(made(number)?)?.answer.map_err(|error| anyhow!("{}: {error}", program.name))?;
    }
    function.end()?;
    let profile = std::fs::read_to_string(&out).with_context(|| format!("cannot read {}", out.display()))?;
    std::fs::remove_file(&out)?;
    let total = profile.lines().find_map(|line| line.strip_prefix("totals:").or(line.strip_prefix("summary:")));
    total.and_then(|total| total.trim().parse().ok()).context("callgrind's file has no totals")
}
