//! Empties a queue, one message at a time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::join_all;
use serde_json::Value;
use tooling::progress::{Progress, Step};

use super::queue::{Message, Queue};
use super::record::{Work, read};
use super::tally::Tally;
use super::{Target, levels};

/// Time between two polls for messages that another run is handling.
const AGAIN: Duration = Duration::from_millis(500);
/// Tolerance after the visibility timeout until a message becomes visible again.
const LATE: Duration = Duration::from_secs(5);

/// The result of one message.
enum Ended {
    /// Its function has handled it with this answer, and it is deleted.
    Done(Value),
    /// It stays in the queue, for this reason.
    Stays(String),
    /// It is to be deleted once the levels have been judged.
    Waits,
}

/// Delivers every message of the queue to its function once.
pub(super) async fn drain(target: &Target, queue: &Queue, progress: &Progress) -> Result<Tally> {
    let size = queue.size().await?;
    let step = progress.counted(&queue.kind, size.visible + size.hidden);
    let mut tally = Tally::default();
    // Messages that stay, and messages that wait for the levels, by their ids, each with its newest receipt.
    let mut kept: HashMap<String, Message> = HashMap::new();
    let mut waiting: HashMap<String, Message> = HashMap::new();
    let mut idle: Option<Instant> = None;
    let others = loop {
        let (mut taken, mut nothing) = (Vec::new(), true);
        for message in queue.take().await? {
            nothing = false;
            // It has become visible again because this takes longer than the visibility timeout.
            let back = [&mut kept, &mut waiting].into_iter().find_map(|held| held.get_mut(&message.id));
            match back {
                Some(held) => *held = message,
                None => taken.push(message),
            }
        }
        if taken.is_empty() {
            let (ours, size) = ((kept.len() + waiting.len()) as u64, queue.size().await?);
            // Messages that were not received yet, and those of a run that was killed, which become visible again after their timeout.
            let others = (size.visible + size.hidden).saturating_sub(ours);
            // Only messages of this run have become visible again: the others follow once these are hidden.
            if others > 0 && !nothing {
                continue;
            }
            let since = *idle.get_or_insert_with(Instant::now);
            if others > 0 && since.elapsed() < queue.hold() + LATE {
                step.note(&format!("waiting for {others} that another run has in hand"));
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            break others;
        }
        idle = None;
        let ended = join_all(taken.iter().map(|message| deliver(target, queue, message))).await;
        for (message, ended) in taken.into_iter().zip(ended) {
            match ended {
                Ended::Done(answer) => tally.enter(&answer),
                Ended::Waits => drop(waiting.insert(message.id.clone(), message)),
                Ended::Stays(why) => {
                    tally.stays(why);
                    kept.insert(message.id.clone(), message);
                }
            }
            step.advance(&tally.text());
        }
    };
    (0..others).for_each(|_| tally.stays("another run has it in hand, or had when it was killed".to_owned()));
    judge(target, queue, waiting, &step, &mut tally, &mut kept).await;
    for message in kept.values() {
        queue.give_back(message).await;
    }
    step.done(&tally.text());
    Ok(tally)
}

async fn deliver(target: &Target, queue: &Queue, message: &Message) -> Ended {
    let event = match read(&queue.kind, &message.id, &message.text, message.sent) {
        Work::Event(event) => event,
        Work::Judge => return Ended::Waits,
        Work::Unknown => {
            let begin: String = message.text.chars().take(80).collect();
            return Ended::Stays(format!("{begin:?} is of no form that is known here"));
        }
    };
    let answer = match target.invoker.invoke(&queue.function, &event).await {
        Ok(answer) => answer,
        Err(error) => return Ended::Stays(error.to_string()),
    };
    // A batch of SQS is answered with success even if all of its messages have failed.
    if answer.get("batchItemFailures").and_then(Value::as_array).is_some_and(|failures| !failures.is_empty()) {
        return Ended::Stays(format!("{} could not take it", queue.function));
    }
    match queue.delete(message).await {
        Ok(()) => Ended::Done(answer),
        Err(error) => Ended::Stays(format!("{error:#}; it was delivered, which the next time will find out")),
    }
}

/// Has all levels judged once, for all messages that wait for that: the rows of discarded records were stored before these messages were
/// received.
async fn judge(
    target: &Target,
    queue: &Queue,
    waiting: HashMap<String, Message>,
    step: &Step,
    tally: &mut Tally,
    kept: &mut HashMap<String, Message>,
) {
    if waiting.is_empty() {
        return;
    }
    let judged = levels::judge(target, &queue.function, step).await;
    for (id, message) in waiting {
        let deleted = match &judged {
            Ok(()) => queue.delete(&message).await.map_err(|error| format!("{error:#}")),
            Err(error) => Err(format!("{error:#}")),
        };
        match deleted {
            Ok(()) => tally.enter(&Value::Null),
            Err(why) => {
                tally.stays(why);
                kept.insert(id, message);
            }
        }
    }
}

#[cfg(test)]
mod tests;
