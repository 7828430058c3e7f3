//! The simulated devices in the local cloud: registered, with a certificate each, and connected over MQTT.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use tooling::api::Api;
use tooling::certificate::{self, Identity};
use tooling::mqtt::Connection;
use tooling::people::People;
use tooling::progress::Progress;
use tooling::stack::Stack;

use crate::dispenser::Dispenser;
use crate::fleet::{DISPENSER, Fleet, GUEST, RETIRED, STRANGER, register};
use crate::simulate::Message;
use crate::simulate::tube::{UPLINKS, gateway};

/// The connected devices.
#[derive(Debug)]
pub struct Crew {
    connections: HashMap<String, Connection>,
    admin: Api,
    /// The people who may use the API.
    pub people: People,
}

impl Crew {
    /// Creates the people, registers the fleet as the administrator, creates a certificate for each sender, and connects it.
    ///
    /// # Errors
    /// When the local cloud refuses any of it.
    pub async fn assemble(stack: &Stack, fleet: &Fleet, progress: &Progress) -> Result<Self> {
        let step = progress.step("people");
        step.note("making an administrator and a user");
        let buoys = fleet.buoys.iter().take(2).map(|buoy| buoy.id.as_str());
        let scope: Vec<&str> = buoys.chain([DISPENSER]).collect();
        let people = People::make(stack, &scope.join(" ")).await?;
        let admin = Api::of(stack, Some(&people.admin.sign_in(stack).await?.id))?;
        step.done(&format!("{} (everything), {} ({})", people.admin.email, people.user.email, scope.join(", ")));

        let step = progress.step("devices");
        let registered = register::register(&admin, fleet, |id| step.note(&format!("{id} is registered"))).await?;
        step.done(&format!("{registered} registered over the API, with their calibrations"));

        let step = progress.step("certificates");
        let (device, level) = (stack.output("DevicePolicyName")?, stack.output("LevelGatewayPolicyName")?);
        let buoys = fleet.buoys.iter().map(|buoy| (buoy.id.clone(), false));
        let gateways = fleet.tubes.iter().map(|tube| (gateway(tube.tube), true));
        let others = [(RETIRED.to_owned(), false), (STRANGER.to_owned(), false), (UPLINKS.to_owned(), true)];
        let mut making = tokio::task::JoinSet::new();
        for (name, sends_levels) in buoys.chain(gateways).chain(others) {
            let stack = stack.clone();
            let policies: Vec<String> =
                [Some(device), sends_levels.then_some(level)].into_iter().flatten().map(str::to_owned).collect();
            making.spawn(async move {
                let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
                let identity = certificate::make(&stack, &name, &policies).await?;
                let connection = Connection::open(&stack, &identity).await?;
                Ok::<(Identity, Connection), anyhow::Error>((identity, connection))
            });
        }
        let mut connections = HashMap::new();
        while let Some(made) = making.join_next().await {
            let (identity, connection) = made.context("the task of a device was aborted")??;
            step.note(&format!("{} is connected", identity.name));
            connections.insert(identity.name, connection);
        }
        step.done(&format!("{} devices connected over MQTT, with a certificate each", connections.len()));
        Ok(Self { connections, admin, people })
    }

    /// The events so far, by device and kind: each device was registered and its sensors calibrated, its settings were delivered, and those
    /// of the crew have connected. Senders that are not devices cause none.
    pub fn events(&self, fleet: &Fleet) -> BTreeMap<(String, String), u64> {
        let mut events = BTreeMap::new();
        for (device, calibrations) in register::registered(fleet) {
            let connected = u64::from(self.connections.contains_key(&device));
            let counts = [("device", 1), ("desired", 1), ("calibration", calibrations), ("connected", connected)];
            let counts = counts.into_iter().filter(|(_, count)| *count > 0);
            events.extend(counts.map(|(kind, count)| ((device.clone(), kind.to_owned()), count)));
        }
        events
    }

    /// Registers a buoy for the person who watches, and creates its certificate. It is not connected here, because a second connection with
    /// the same client id would end the first.
    ///
    /// # Errors
    /// When the local cloud refuses any of it.
    pub async fn guest(&mut self, stack: &Stack) -> Result<Identity> {
        register::register_guest(&self.admin).await?;
        certificate::make(stack, GUEST, &[stack.output("DevicePolicyName")?]).await
    }

    /// The API with the rights of the administrator.
    pub fn admin(&self) -> &Api {
        &self.admin
    }

    /// Registers the dispenser, creates its certificate, and connects it.
    ///
    /// # Errors
    /// When the local cloud refuses any of it.
    pub async fn dispenser(&self, stack: &Stack, progress: &Progress) -> Result<Dispenser> {
        let step = progress.step("dispenser");
        register::register_dispenser(&self.admin).await?;
        let identity = certificate::make(stack, DISPENSER, &[stack.output("DevicePolicyName")?]).await?;
        let dispenser = Dispenser::open(stack, &identity).await?;
        step.done(&format!("{DISPENSER} is connected and does what it is asked to"));
        Ok(dispenser)
    }

    /// Publishes a message on its sender's connection, and waits for the broker's acknowledgement.
    ///
    /// # Errors
    /// When the sender is not in the crew, or its connection is lost.
    pub async fn publish(&mut self, message: &Message) -> Result<()> {
        let connection = self
            .connections
            .get_mut(&message.sender)
            .with_context(|| format!("{} is not connected", message.sender))?;
        connection.publish(&message.topic, message.payload.clone()).await
    }
}
