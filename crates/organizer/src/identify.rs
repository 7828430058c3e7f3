//! Who sent a report: the level id of the device that an uplink names.

use weir_aws::AwsError;
use weir_core::domain::{Reason, Refusal};
use weir_core::id::{BadId, DeviceId, LevelId};
use weir_core::wire::Envelope;

use super::Organizer;
use super::report::{Refused, Report, Said, Sender, parse};

impl Organizer {
    /// The report in a message, with its sender known by level id.
    pub(super) async fn report(&self, envelope: &Envelope) -> Result<Result<Report, Refused>, AwsError> {
        let said = match parse(envelope) {
            Ok(said) => said,
            Err(refused) => return Ok(Err(refused)),
        };
        let Said { at, sent, level, .. } = said;
        let id = match said.sender {
            Sender::Level(id) => id,
            Sender::Device(device) => match self.level_of(&device, envelope.replay.is_some()).await? {
                Ok(id) => id,
                Err(refusal) => return Ok(Err(Refused { device: Some(device), at: Some(at), refusal })),
            },
        };
        Ok(Ok(Report { id, at, sent, level }))
    }

    /// The level id of a device: what the registry says, else the digits its id ends with. A device that is switched
    /// off is not heard. Of one that is asked for `anew`, nothing that is remembered counts.
    async fn level_of(&self, device: &str, anew: bool) -> Result<Result<LevelId, Refusal>, AwsError> {
        let id: DeviceId = match device.parse() {
            Ok(id) => id,
            Err(error) => return Ok(Err((Reason::BadDeviceId, error).into())),
        };
        if anew {
            self.registry.forget(&id);
        }
        let registered = self.registry.device(&id).await?;
        Ok(match registered.as_deref() {
            Some(device) if !device.enabled => {
                Err(Refusal::new(Reason::DeviceDisabled, format!("the device {id} is switched off")))
            }
            Some(device) if device.level_id.is_some() => device.level_id.clone().ok_or_else(|| no_level(&id)),
            Some(_) | None => trailing_digits(&id).map_err(|_| no_level(&id)),
        })
    }
}

fn no_level(id: &DeviceId) -> Refusal {
    let detail =
        format!("the device {id} has no level id in the registry, and its id does not end in two to ten digits");
    Refusal::new(Reason::BadLevelId, detail)
}

fn trailing_digits(id: &DeviceId) -> Result<LevelId, BadId> {
    let text = id.as_str();
    text.get(text.trim_end_matches(|c: char| c.is_ascii_digit()).len()..).unwrap_or_default().parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_at_the_end_name_the_level() {
        for (device, level) in
            [("kloaka-03", Some("03")), ("x12y345", Some("345")), ("kloaka", None), ("kloaka-3", None)]
        {
            let found = trailing_digits(&device.parse().unwrap()).ok();
            assert_eq!(found.as_ref().map(LevelId::as_str), level, "{device}");
        }
    }
}
