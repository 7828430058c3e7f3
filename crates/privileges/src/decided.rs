//! The authorization decisions of the local cloud, from the lines that `python/enforcing.py` writes to its log.

use std::path::Path;

use anyhow::{Context, Result};

use crate::grant::Grant;
use crate::role::Role;

/// One decision: a role requested an action on a resource.
#[derive(Debug, PartialEq, Eq)]
struct Decision {
    allowed: bool,
    principal: String,
    action: String,
    resource: String,
}

/// The decisions since the cloud was started.
#[derive(Debug)]
pub struct Decided(Vec<Decision>);

impl Decided {
    /// Reads the decisions.
    ///
    /// # Errors
    /// When there is no log.
    pub fn read(log: &Path) -> Result<Self> {
        let text = std::fs::read(log).with_context(|| format!("cannot read {}", log.display()))?;
        Ok(Self(String::from_utf8_lossy(&text).lines().filter_map(parse).collect()))
    }

    /// Whether the role requested what the grant allows, and was allowed.
    pub fn allowed(&self, role: &Role, grant: &Grant) -> bool {
        self.any(true, role, grant)
    }

    /// Whether the role requested what the grant allows, and was refused.
    pub fn refused(&self, role: &Role, grant: &Grant) -> bool {
        self.any(false, role, grant)
    }

    /// All refusals, in a readable form.
    pub fn refusals(&self) -> Vec<String> {
        let refused = self.0.iter().filter(|decision| !decision.allowed);
        refused.map(|one| format!("{} {} on {}", one.principal, one.action, one.resource)).collect()
    }

    fn any(&self, allowed: bool, role: &Role, grant: &Grant) -> bool {
        let session = format!(":assumed-role/{}/", role.name);
        self.0.iter().any(|decision| {
            decision.allowed == allowed
                && decision.principal.contains(&session)
                && grant.allows(&decision.action, &decision.resource)
        })
    }
}

fn parse(line: &str) -> Option<Decision> {
    let mut words = line.strip_prefix("decided ")?.split(' ').map(str::to_owned);
    let mut next = || words.next();
    Some(Decision { allowed: next()? == "Allow", principal: next()?, action: next()?, resource: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_of_one_role_one_action_and_one_resource() {
        let lines = "noise\ndecided Allow arn:aws:sts::0:assumed-role/R/f a:X r\ndecided ImplicitDeny arn:aws:sts::0:assumed-role/R/f a:Y r";
        let decided = Decided(lines.lines().filter_map(parse).collect());
        let role = |name: &str| Role { function: String::new(), name: name.into(), grants: Vec::new() };
        let grant = |action: &str| Grant { sid: String::new(), action: action.into(), resource: "r".into() };
        assert!(decided.allowed(&role("R"), &grant("a:X")) && !decided.refused(&role("R"), &grant("a:X")));
        assert!(decided.refused(&role("R"), &grant("a:Y")) && !decided.allowed(&role("R"), &grant("a:Y")));
        assert!(!decided.allowed(&role("R2"), &grant("a:X")));
        assert_eq!(decided.refusals(), ["arn:aws:sts::0:assumed-role/R/f a:Y on r"]);
    }
}
