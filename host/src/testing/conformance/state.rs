//! Whether two builds can work on the same data, one after the other and back again.

use std::sync::Arc;

use serde_json::Value;

use super::later::Later;
use super::play::Play;
use super::report::{Broken, Verdict};
use super::scenario::{Scenario, Step};
use super::stage::{Pair, Stage};
use super::turns::{self, Build, Turns};
use super::world::World;
use crate::error::Code;
use crate::message::Answer;
use crate::sandbox::Deployments;

/// How the serving build plays a scenario by itself.
struct Known {
    /// By step: whether it stores something.
    writes: Vec<bool>,
    /// The steps that can be asked again at the end.
    readings: Vec<usize>,
}

/// Plays `scenario`, which the candidate keeps by itself, with both builds.
pub(super) async fn judge(stage: &Stage, scenario: &Scenario, pair: &Pair) -> Verdict {
    let known = match baseline(stage, scenario, pair).await {
        Ok(known) => known,
        Err(broken) => {
            return Verdict::Skipped {
                why: format!("the serving build itself does not keep it: {broken}"),
            };
        }
    };
    for turns in turns::all(&known.writes) {
        if let Err(broken) = together(stage, scenario, pair, &turns, &known.readings).await {
            return Verdict::Broken(broken.played(&turns.name));
        }
    }
    match with_later_fields(stage, scenario, pair).await {
        Ok(()) => Verdict::Held,
        Err(broken) => Verdict::Broken(broken.played("with fields of a later build")),
    }
}

/// The serving build alone.
async fn baseline(stage: &Stage, scenario: &Scenario, pair: &Pair) -> Result<Known, Broken> {
    let world = World::new(stage, pair.serving.clone()).await?;
    let mut play = Play::new(&world.harness, &stage.channel).by(stage.contract());
    let mut known = Known {
        writes: Vec::new(),
        readings: Vec::new(),
    };
    // The host writes too when it starts.
    world.has_written();
    for (n, step) in scenario.step.iter().enumerate() {
        let held = play.step(step).await;
        held.map_err(|what| Broken::at(n, step, &what))?;
        let writes = world.has_written();
        if !writes && is_own_question(step) {
            known.readings.push(n);
        }
        known.writes.push(writes);
    }
    Ok(known)
}

/// Whether a step asks something of the channel itself, and is answered.
fn is_own_question(step: &Step) -> bool {
    let own = |command: &str| !command.contains('/');
    step.error.is_none() && step.call.as_deref().is_some_and(own)
}

/// Both builds, as `turns` says; then whatever only reads, of both.
async fn together(
    stage: &Stage,
    scenario: &Scenario,
    pair: &Pair,
    turns: &Turns,
    readings: &[usize],
) -> Result<(), Broken> {
    let world = World::new(stage, pair.serving.clone()).await?;
    let mut play = Play::new(&world.harness, &stage.channel).by(stage.contract());
    for ((n, step), build) in scenario.step.iter().enumerate().zip(&turns.by) {
        world.serve(match build {
            Build::Serving => &pair.serving,
            Build::Candidate => &pair.candidate,
        });
        let held = play.step(step).await;
        held.map_err(|what| Broken::at(n, step, &what))?;
    }
    for n in readings {
        let step = &scenario.step[*n];
        let held = read_again(&world, &play, pair, step).await;
        held.map_err(|what| Broken::at(*n, step, &format!("asked again at the end, {what}")))?;
    }
    Ok(())
}

/// Asks a question of the serving build, of the candidate, and of the serving build once more: an answer that is another one
/// each time is not compared.
async fn read_again(
    world: &World,
    play: &Play<'_>,
    pair: &Pair,
    step: &Step,
) -> Result<(), String> {
    let Some(command) = &step.call else {
        return Ok(());
    };
    let mut answers = Vec::new();
    for deployments in [&pair.serving, &pair.candidate, &pair.serving] {
        world.serve(deployments);
        answers.push(face(play.ask(step, command).await?));
    }
    let limited = |answer: &Result<Value, Code>| matches!(answer, Err(Code::TooManyRequests));
    if answers[0] != answers[2] || answers.iter().any(limited) || answers[0] == answers[1] {
        return Ok(());
    }
    Err(match &answers[1] {
        Ok(_) => "the candidate answers otherwise than the serving build".to_owned(),
        Err(code) => {
            let code = code.as_str();
            format!("the candidate refuses with {code} what the serving build answers")
        }
    })
}

/// What of an answer is compared.
fn face(answer: Answer) -> Result<Value, Code> {
    match answer {
        Ok(reply) => Ok(reply.unwrap_or(Value::Null)),
        Err(failure) => Err(failure.code),
    }
}

/// Each build alone, over records with a field that it does not know.
async fn with_later_fields(stage: &Stage, scenario: &Scenario, pair: &Pair) -> Result<(), Broken> {
    let alone = |deployments| losses(stage, scenario, deployments);
    let Ok(usual) = alone(pair.serving.clone()).await else {
        // The serving build does not keep such fields either: there is nothing to compare with.
        return Ok(());
    };
    let lost = alone(pair.candidate.clone()).await?;
    for (n, step) in scenario.step.iter().enumerate() {
        if lost[n] > usual[n] {
            let what = "a record is written again without a field that the serving build keeps";
            return Err(Broken::at(n, step, what));
        }
    }
    Ok(())
}

/// How many records lose a later build's field at each step.
async fn losses(
    stage: &Stage,
    scenario: &Scenario,
    deployments: Arc<Deployments>,
) -> Result<Vec<usize>, Broken> {
    let world = World::new(stage, deployments).await?;
    let mut play = Play::new(&world.harness, &stage.channel).by(stage.contract());
    let mut later = Later::new(&world.harness, world.below(), &stage.channel);
    let mut losses = Vec::new();
    for (n, step) in scenario.step.iter().enumerate() {
        let held = play.step(step).await;
        let lost = match held {
            Ok(()) => later.lost().await,
            Err(what) => Err(what),
        };
        losses.push(lost.map_err(|what| Broken::at(n, step, &what))?);
    }
    Ok(losses)
}
