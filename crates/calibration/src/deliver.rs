//! One or more messages on their way: read, calibrated, stored or set aside.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use weir_aws::AwsError;
use weir_aws::quarantine::QuarantineEntry;
use weir_aws::time_series::{QuarantineWriter, Written};
use weir_core::domain::device::Device;
use weir_core::domain::reading::{Reading, Series};
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::id::{DeviceId, QuarantineId};
use weir_core::wire::Envelope;
use weir_runtime::telemetry::metric;

use super::calibrate::{Histories, Made, asked, calibrate};
use super::message::{Message, Part, parse, shown, single};
use super::{Calibration, Count, Failed};

/// The function's name, as kept with what it sets aside.
const FUNCTION: &str = "calibration";
/// So many requests are under way at once where one delivery needs several.
const AT_ONCE: usize = 8;

/// The devices of a delivery, each looked up once.
type Devices = HashMap<DeviceId, Result<Option<Arc<Device>>, AwsError>>;

/// What the registry says of all that a delivery's messages name.
struct Known {
    devices: Devices,
    histories: Histories,
}

/// What the messages of a delivery come to, each piece with the place of its message.
#[derive(Default)]
struct Sorted {
    readings: Vec<(usize, Reading)>,
    aside: Vec<(usize, QuarantineEntry)>,
    failed: Vec<(usize, AwsError)>,
}

impl Sorted {
    /// Sorts a message's values into readings and what is set aside.
    fn take(&mut self, place: usize, envelope: &Envelope, message: Message, known: &Known) {
        let at = message.readings.first().map_or(envelope.received_at, |reading| reading.at);
        let refusal = match known.devices.get(&message.device) {
            Some(Ok(Some(device))) if device.details.enabled => {
                for part in message.refused {
                    self.aside.push((place, set_aside(envelope, &message.device, message.single, part)));
                }
                for made in calibrate(device, &message.readings, envelope.received_at, &known.histories) {
                    match made {
                        Made::Reading(reading) => self.readings.push((place, reading)),
                        Made::Refused(part) => {
                            self.aside.push((place, set_aside(envelope, &device.id, message.single, part)));
                        }
                        Made::Failed(error) => self.failed.push((place, error)),
                    }
                }
                return;
            }
            Some(Ok(Some(_))) => {
                Refusal::new(Reason::DeviceDisabled, format!("the device {} is switched off", message.device))
            }
            Some(Err(error)) => return self.failed.push((place, error.clone())),
            Some(Ok(None)) | None => {
                Refusal::new(Reason::UnknownDevice, format!("no device {} is registered", message.device))
            }
        };
        self.aside.push((place, whole(envelope, Some(message.device.to_string()), refusal, at)));
    }
}

impl Calibration {
    /// Delivers the messages and tells of each how it went. The store is asked once for all of them.
    ///
    /// Boxed: a type of all that is awaited from here on is more than the compiler follows.
    pub(super) fn deliver(&self, envelopes: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<Count, Failed>>> {
        Box::pin(self.deliver_all(envelopes))
    }

    async fn deliver_all(&self, envelopes: Vec<Envelope>) -> Vec<Result<Count, Failed>> {
        let messages: Vec<_> = envelopes.iter().map(parse).collect();
        let both = || envelopes.iter().zip(&messages);
        for (_, message) in both().filter(|(envelope, _)| envelope.replay.is_some()) {
            // Whoever sends a message again has just mended what it was refused for.
            message.iter().for_each(|message| self.registry.forget(&message.device));
        }
        let devices = self.devices(messages.iter().flatten().map(|message| &message.device)).await;
        let histories = self.histories(messages.iter().flatten(), &devices).await;
        let found = Known { devices, histories };
        let mut sorted = Sorted::default();
        for (place, (envelope, message)) in envelopes.iter().zip(messages).enumerate() {
            match message {
                Ok(message) => sorted.take(place, envelope, message, &found),
                Err(refused) => {
                    let at = refused.at.unwrap_or(envelope.received_at);
                    let aside = whole(envelope, refused.device, refused.refusal, at);
                    sorted.aside.push((place, aside));
                }
            }
        }
        let replayed: Vec<QuarantineId> = envelopes.iter().filter_map(|envelope| envelope.replay.clone()).collect();
        let outcomes = self.settle(envelopes.len(), sorted, &replayed).await;
        let counts = || outcomes.iter().flatten();
        let stored = counts().map(|count| count.stored).sum();
        metric::stored(stored, counts().map(|count| count.duplicate).sum(), self.clock.now());
        outcomes
    }

    /// The devices, each asked for by itself: one that cannot be had does not hold back the others.
    async fn devices(&self, ids: impl Iterator<Item = &DeviceId>) -> Devices {
        let ids: BTreeSet<&DeviceId> = ids.collect();
        let find = async |id: &DeviceId| (id.clone(), self.registry.device(id).await);
        stream::iter(ids).map(find).buffer_unordered(AT_ONCE).collect().await
    }

    async fn histories(&self, messages: impl Iterator<Item = &Message>, devices: &Devices) -> Histories {
        let mut all = BTreeSet::new();
        for message in messages {
            if let Some(Ok(Some(device))) = devices.get(&message.device) {
                all.extend(asked(device, &message.readings));
            }
        }
        let find = async |of: Series| {
            let versions = self.registry.history(&of).await;
            (of, versions)
        };
        stream::iter(all).map(find).buffer_unordered(AT_ONCE).collect().await
    }

    /// Stores the readings, sets the rest aside, and counts.
    async fn settle(&self, messages: usize, sorted: Sorted, replayed: &[QuarantineId]) -> Vec<Result<Count, Failed>> {
        let Sorted { readings, aside, mut failed } = sorted;
        let (places, readings): (Vec<usize>, Vec<Reading>) = readings.into_iter().unzip();
        let clock = self.clock.as_ref();
        let refusals =
            QuarantineWriter { table: &self.quarantine, clock, function: FUNCTION, message: single, replayed };
        let mut counts = vec![Count::default(); messages];
        let mut all = vec![0; messages];
        let (written, quarantined) =
            tokio::join!(self.store.write(&readings, &refusals), set_aside_all(aside, &refusals));
        let outcomes = places.into_iter().zip(written).chain(quarantined);
        let failures: Vec<_> = failed.drain(..).map(|(place, error)| (place, Err(error))).collect();
        for (place, outcome) in outcomes.chain(failures) {
            let (Some(count), Some(all)) = (counts.get_mut(place), all.get_mut(place)) else { continue };
            *all += 1;
            match outcome {
                Ok(Written::Stored) => count.stored += 1,
                Ok(Written::Duplicate) => count.duplicate += 1,
                Ok(Written::Quarantined(kept)) => count.aside.push(kept),
                Err(error) => failed.push((place, error)),
            }
        }
        let mut results: Vec<Result<Count, Failed>> = counts.into_iter().map(Ok).collect();
        for (place, error) in failed {
            if let Some(result) = results.get_mut(place) {
                if let Err(Failed { failed, .. }) = result {
                    *failed += 1;
                } else {
                    let all = all.get(place).copied().unwrap_or_default();
                    *result = Err(Failed { failed: 1, all, first: error });
                }
            }
        }
        results
    }
}

async fn set_aside_all(
    aside: Vec<(usize, QuarantineEntry)>,
    refusals: &QuarantineWriter<'_>,
) -> Vec<(usize, Result<Written, AwsError>)> {
    let put = async |(place, aside): (usize, QuarantineEntry)| {
        let kept = refusals.keep(&aside).await;
        if kept.is_ok() {
            tracing::info!(reason = %aside.refusal.reason, topic = aside.topic, detail = aside.refusal.detail, "set aside");
        }
        (place, kept)
    };
    stream::iter(aside.into_iter().map(put)).buffer_unordered(AT_ONCE).collect().await
}

/// The whole message, set aside with the bytes as they were published.
fn whole(envelope: &Envelope, device_id: Option<String>, refusal: Refusal, at: Timestamp) -> QuarantineEntry {
    QuarantineEntry {
        function: FUNCTION,
        refusal,
        topic: envelope.topic.clone(),
        device_id,
        sensor: named(&envelope.topic),
        at,
        received_at: envelope.received_at,
        payload: envelope.payload.clone(),
    }
}

/// A part of a message, set aside so that a replay sends only that part; where a message is one value, the message as
/// it was published.
fn set_aside(envelope: &Envelope, device: &DeviceId, alone: bool, part: Part) -> QuarantineEntry {
    let at = part.at.unwrap_or(envelope.received_at);
    let whole = whole(envelope, Some(device.to_string()), part.refusal, at);
    if alone {
        return whole;
    }
    let payload = part.payload.to_string().into_bytes();
    QuarantineEntry { sensor: part.sensor, topic: format!("{device}/readings"), payload, ..whole }
}

/// The sensor that a topic names. A message of one value keeps its id in quarantine whatever it is refused for.
fn named(topic: &str) -> Option<String> {
    match topic.split('/').collect::<Vec<_>>().as_slice() {
        [_, "reading", "sensor", code] => Some(shown(code)),
        _ => None,
    }
}
