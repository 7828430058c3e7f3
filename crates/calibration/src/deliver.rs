//! Delivers messages: they are parsed, calibrated, and stored or quarantined.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use weir_aws::AwsError;
use weir_aws::quarantine::QuarantineEntry;
use weir_aws::time_series::{Origin, Origins, QuarantineWriter, Written};
use weir_core::domain::device::Device;
use weir_core::domain::reading::{Reading, Series};
use weir_core::domain::refusal::together;
use weir_core::domain::{Reason, Refusal, Timestamp, bounds};
use weir_core::id::{DeviceId, QuarantineId};
use weir_core::wire::Envelope;
use weir_runtime::telemetry::metric;

use super::calibrate::{Calibrated, Histories, calibrate, needed_histories};
use super::message::{Message, parse, replayed as message_of, shown};
use super::part::{RefusedPart, Shared};
use super::{Calibration, Counts, DeliveryError};

/// The name of the function in quarantine entries.
const FUNCTION: &str = "calibration";
/// Maximum concurrent requests of one kind in a delivery.
const AT_ONCE: usize = 8;

/// The devices of a delivery, by id.
type Devices = HashMap<DeviceId, Result<Option<Arc<Device>>, AwsError>>;

/// The devices and calibrations of a delivery, from the registry.
struct Lookups {
    devices: Devices,
    histories: Histories,
}

/// The values of the messages of a delivery, each with the index of its message.
#[derive(Default)]
struct Sorted {
    readings: Vec<(usize, Reading)>,
    refused: Vec<(usize, QuarantineEntry)>,
    failed: Vec<(usize, AwsError)>,
}

impl Sorted {
    /// Adds the values of a message.
    fn add(&mut self, place: usize, envelope: &Envelope, message: Message, lookups: &Lookups) {
        let at = message.readings.first().map_or(envelope.received_at, |reading| reading.at);
        let refusal = match lookups.devices.get(&message.device) {
            Some(Ok(Some(device))) if device.details.enabled => {
                let mut parts = message.refused;
                for calibrated in calibrate(device, &message.readings, envelope.received_at, &lookups.histories) {
                    match calibrated {
                        Calibrated::Reading(reading) => self.readings.push((place, reading)),
                        Calibrated::Refused(part) => parts.push(part),
                        Calibrated::Failed(error) => self.failed.push((place, error)),
                    }
                }
                let entries = entries(envelope, &device.id, message.single, parts);
                self.refused.extend(entries.into_iter().map(|entry| (place, entry)));
                return;
            }
            Some(Ok(Some(_))) => {
                Refusal::new(Reason::DeviceDisabled, format!("the device {} is disabled", message.device))
            }
            Some(Err(error)) => return self.failed.push((place, error.clone())),
            Some(Ok(None)) | None => {
                Refusal::new(Reason::UnknownDevice, format!("no device {} is registered", message.device))
            }
        };
        self.refused.push((place, whole(envelope, Some(message.device.to_string()), refusal, at)));
    }
}

impl Calibration {
    /// Delivers the messages and returns the outcome of each. They are stored together.
    ///
    /// The future is boxed because its nested type exceeds a limit of the compiler.
    pub(super) fn deliver(&self, envelopes: Vec<Envelope>) -> BoxFuture<'_, Vec<Result<Counts, DeliveryError>>> {
        Box::pin(self.deliver_all(envelopes))
    }

    async fn deliver_all(&self, envelopes: Vec<Envelope>) -> Vec<Result<Counts, DeliveryError>> {
        let messages: Vec<_> = envelopes.iter().map(parse).collect();
        let both = || envelopes.iter().zip(&messages);
        for (_, message) in both().filter(|(envelope, _)| envelope.replay.is_some()) {
            // The cause of the refusal has probably just been fixed in the registry.
            message.iter().for_each(|message| self.registry.forget(&message.device));
        }
        let devices = self.devices(messages.iter().flatten().map(|message| &message.device)).await;
        let histories = self.histories(messages.iter().flatten(), &devices).await;
        let lookups = Lookups { devices, histories };
        let mut sorted = Sorted::default();
        for (place, (envelope, message)) in envelopes.iter().zip(messages).enumerate() {
            match message {
                Ok(message) => sorted.add(place, envelope, message, &lookups),
                Err(refused) => {
                    let at = refused.at.unwrap_or(envelope.received_at);
                    let entry = whole(envelope, refused.device, refused.refusal, at);
                    sorted.refused.push((place, entry));
                }
            }
        }
        let replayed: Vec<QuarantineId> = envelopes.iter().filter_map(|envelope| envelope.replay.clone()).collect();
        let outcomes = self.store(&envelopes, sorted, &replayed).await;
        let counts = || outcomes.iter().flatten();
        let stored = counts().map(|count| count.stored).sum();
        metric::stored(stored, counts().map(|count| count.duplicate).sum(), self.clock.now());
        outcomes
    }

    /// Looks up the devices separately, so that a lookup that fails does not affect the others.
    async fn devices(&self, ids: impl Iterator<Item = &DeviceId>) -> Devices {
        let ids: BTreeSet<&DeviceId> = ids.collect();
        let find = async |id: &DeviceId| (id.clone(), self.registry.device(id).await);
        stream::iter(ids).map(find).buffer_unordered(AT_ONCE).collect().await
    }

    /// Looks up the calibration versions that are not in the rows of the devices.
    async fn histories(&self, messages: impl Iterator<Item = &Message>, devices: &Devices) -> Histories {
        let mut all = BTreeSet::new();
        for message in messages {
            if let Some(Ok(Some(device))) = devices.get(&message.device) {
                all.extend(needed_histories(device, &message.readings));
            }
        }
        let find = async |of: Series| {
            let versions = self.registry.history(&of).await;
            (of, versions)
        };
        stream::iter(all).map(find).buffer_unordered(AT_ONCE).collect().await
    }

    /// Stores the readings, quarantines the rest, and counts the outcomes per message.
    async fn store(
        &self,
        envelopes: &[Envelope],
        sorted: Sorted,
        replayed: &[QuarantineId],
    ) -> Vec<Result<Counts, DeliveryError>> {
        let Sorted { readings, refused, mut failed } = sorted;
        let (places, readings): (Vec<usize>, Vec<Reading>) = readings.into_iter().unzip();
        let origins = Origins { messages: origins(envelopes, &refused), of: places.clone() };
        let quarantine = QuarantineWriter {
            table: &self.quarantine,
            clock: self.clock.as_ref(),
            function: FUNCTION,
            message: message_of,
            replayed,
            origins: &origins,
        };
        let mut counts = vec![Counts::default(); envelopes.len()];
        let mut all = vec![0; envelopes.len()];
        let (written, quarantined) =
            tokio::join!(self.store.write(&readings, &quarantine), quarantine_all(refused, &quarantine));
        let outcomes = places.into_iter().zip(written).chain(quarantined);
        let failures: Vec<_> = failed.drain(..).map(|(place, error)| (place, Err(error))).collect();
        for (place, outcome) in outcomes.chain(failures) {
            let (Some(count), Some(all)) = (counts.get_mut(place), all.get_mut(place)) else { continue };
            *all += 1;
            match outcome {
                Ok(Written::Stored) => count.stored += 1,
                Ok(Written::Duplicate) => count.duplicate += 1,
                // Several parts of a message may share an entry.
                Ok(Written::Quarantined(entry)) if count.quarantined.contains(&entry) => {}
                Ok(Written::Quarantined(entry)) => count.quarantined.push(entry),
                Err(error) => failed.push((place, error)),
            }
        }
        let mut results: Vec<Result<Counts, DeliveryError>> = counts.into_iter().map(Ok).collect();
        for (place, error) in failed {
            if let Some(result) = results.get_mut(place) {
                if let Err(DeliveryError { failed, .. }) = result {
                    *failed += 1;
                } else {
                    let all = all.get(place).copied().unwrap_or_default();
                    *result = Err(DeliveryError { failed: 1, all, first: error });
                }
            }
        }
        results
    }
}

/// The messages, each with the number of entries that it may still cause for readings that are not stored, besides those for its
/// refused parts.
fn origins(envelopes: &[Envelope], refused: &[(usize, QuarantineEntry)]) -> Vec<Origin> {
    let mut used = vec![0_usize; envelopes.len()];
    for (place, _) in refused {
        if let Some(used) = used.get_mut(*place) {
            *used += 1;
        }
    }
    let origin = |(envelope, used): (&Envelope, usize)| {
        let left = bounds::entries(envelope.payload.len()).saturating_sub(used).min(bounds::MOST_UNSTORED);
        let device = || envelope.topic.split_once('/').map(|(device, _)| device.to_owned());
        let own = || whole(envelope, device(), together(std::iter::empty()), envelope.received_at);
        Origin::new(left, envelope.replay.as_ref().map(|_| own()))
    };
    envelopes.iter().zip(used).map(origin).collect()
}

async fn quarantine_all(
    refused: Vec<(usize, QuarantineEntry)>,
    quarantine: &QuarantineWriter<'_>,
) -> Vec<(usize, Result<Written, AwsError>)> {
    let write = async |(place, entry): (usize, QuarantineEntry)| {
        let written = quarantine.write(&entry).await;
        if written.is_ok() {
            tracing::info!(reason = %entry.refusal.reason, topic = entry.topic, detail = entry.refusal.detail, "quarantined");
        }
        (place, written)
    };
    stream::iter(refused.into_iter().map(write)).buffer_unordered(AT_ONCE).collect().await
}

/// The quarantine entry of a whole message, with the payload as it was published.
fn whole(envelope: &Envelope, device_id: Option<String>, refusal: Refusal, at: Timestamp) -> QuarantineEntry {
    QuarantineEntry {
        function: FUNCTION,
        refusal,
        topic: envelope.topic.clone(),
        device_id,
        sensor: sensor_in(&envelope.topic),
        at,
        received_at: envelope.received_at,
        payload: envelope.payload.clone(),
    }
}

/// The quarantine entries of the refused parts of a message: one each up to the limit of a message, and one for the rest. A replay
/// with more refused parts than that keeps its entry instead of becoming many.
fn entries(envelope: &Envelope, device: &DeviceId, single: bool, mut parts: Vec<RefusedPart>) -> Vec<QuarantineEntry> {
    let most = bounds::entries(envelope.payload.len());
    let all = |refusal| whole(envelope, Some(device.to_string()), refusal, envelope.received_at);
    if parts.len() > most && envelope.replay.is_some() {
        return vec![all(together(parts.iter().map(|part| part.refusal.reason)))];
    }
    let rest = if parts.len() > most { parts.split_off(most - 1) } else { Vec::new() };
    let mut entries: Vec<_> = parts.into_iter().map(|part| refused_part(envelope, device, single, part)).collect();
    if !rest.is_empty() {
        let Shared { refusal, payload } = Shared::of(rest);
        let (topic, payload) = (format!("{device}/readings"), payload.into_bytes());
        entries.push(QuarantineEntry { sensor: None, topic, payload, ..all(refusal) });
    }
    entries
}

/// The quarantine entry of a part of a message, whose replay sends only that part; if the message is one value, the message as
/// it was published.
fn refused_part(envelope: &Envelope, device: &DeviceId, single: bool, part: RefusedPart) -> QuarantineEntry {
    let at = part.at.unwrap_or(envelope.received_at);
    let payload = part.payload().into_bytes();
    let whole = whole(envelope, Some(device.to_string()), part.refusal, at);
    if single {
        return whole;
    }
    QuarantineEntry { sensor: part.sensor, topic: format!("{device}/readings"), payload, ..whole }
}

/// The sensor in a topic. It is part of every entry of a message of one value, so that the id of the entry does not depend on
/// the reason.
fn sensor_in(topic: &str) -> Option<String> {
    match topic.split('/').collect::<Vec<_>>().as_slice() {
        [_, "reading", "sensor", code] => Some(shown(code)),
        _ => None,
    }
}
