//! Every function answers when it is called as everything else calls it.

use weir_tests::deployed::Deployed;
use weir_tests::probe::{Probe, probe};

/// Calls the functions that are asked in such a way; each has to answer as it has to.
async fn answer(asked: impl Fn(&Probe) -> bool) {
    let stack = Deployed::find().await;
    let known = |(word, name)| (name, probe(word).unwrap_or_else(|| panic!("nobody knows how to call {name}")));
    let probes: Vec<_> = stack.functions().into_iter().map(known).filter(|(_, probe)| asked(probe)).collect();
    assert!(!probes.is_empty(), "there is no such function");
    let calls: Vec<_> = probes.iter().map(|(name, probe)| (*name, probe.event())).collect();
    for ((name, probe), answer) in probes.iter().zip(stack.call_each(&calls).await) {
        assert!(probe.fits(&answer), "{name} answers {answer}, not {}", probe.expected());
    }
}

#[tokio::test]
async fn the_stack_has_every_function_of_the_template() {
    let stack = Deployed::find().await;
    let found = stack.functions().iter().map(|(word, _)| format!("{word}Function")).collect();
    let template = Deployed::template();
    Deployed::is_as_the_template_says(found, template.resources("AWS::Serverless::Function").into_keys());
}

#[tokio::test]
async fn the_functions_that_messages_wake_answer() {
    answer(|probe| matches!(probe, Probe::Event(..))).await;
}

#[tokio::test]
async fn the_functions_behind_the_api_let_in_nobody_without_a_token() {
    answer(|probe| matches!(probe, Probe::Request(..))).await;
}

#[tokio::test]
async fn the_functions_that_serve_everybody_answer() {
    answer(|probe| matches!(probe, Probe::Open(..))).await;
}
