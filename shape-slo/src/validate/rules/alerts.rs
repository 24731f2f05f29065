//! Alert policies, their conditions and whom they notify.

use super::{OPERATORS, Property, Rules, Version};
use crate::validate::shape::Shape;

impl Rules {
    pub(super) fn target(&mut self, spec: &Property<'_>) {
        self.required(&spec.get("target"));
        self.description(spec);
    }

    pub(super) fn condition(&mut self, version: Version, spec: &Property<'_>) {
        self.description(spec);
        self.required(&spec.get("severity"));
        let condition = spec.get("condition");
        if !self.required(&condition) {
            return;
        }
        let kind = condition.get("kind");
        self.required_one_of(&kind, &["burnrate"]);
        if kind.text() != "burnrate" {
            return;
        }
        self.required_one_of(&condition.get("op"), OPERATORS);
        self.required(&condition.get("threshold"));
        self.required_duration(version, &condition.get("lookbackWindow"));
        let after = condition.get("alertAfter");
        if version == Version::V2alpha {
            // Here it is no pointer: empty is as good as absent.
            let after = Property {
                shape: &Shape::Duration,
                ..after
            };
            self.required_duration(version, &after);
        } else if after.is_some() {
            self.duration(version, &after);
        }
    }

    pub(super) fn policy(&mut self, version: Version, spec: &Property<'_>) {
        self.description(spec);
        let conditions = spec.get("conditions");
        let items = conditions.items();
        if items.len() != 1 {
            self.mistake(&conditions.path, "slice_length");
        }
        for item in &items {
            self.reference_or_inline(version, item, "conditionRef", "AlertCondition");
        }
        let targets = spec.get("notificationTargets");
        let items = targets.items();
        if items.is_empty() {
            self.mistake(&targets.path, "slice_min_length");
        }
        for item in &items {
            self.reference_or_inline(version, item, "targetRef", "AlertNotificationTarget");
        }
    }

    /// A reference by name, or an object without its version; stop after the first that is wrong.
    pub(super) fn reference_or_inline(
        &mut self,
        version: Version,
        item: &Property<'_>,
        reference: &str,
        kind: &'static str,
    ) {
        let is_reference = item.has_key(reference);
        let is_inline = ["kind", "metadata", "spec"]
            .iter()
            .any(|name| item.has_key(name));
        if !self.passes(|rules| rules.exclusive(&item.path, true, &[is_reference, is_inline])) {
            return;
        }
        if is_reference {
            self.required_dns_label(&item.get(reference));
            return;
        }
        let seen = item.get("kind");
        if self.required(&seen) && seen.text() != kind {
            self.mistake(&seen.path, "equal_to");
        }
        self.metadata(version, &item.get("metadata"));
        let spec = item.get("spec");
        if self.required(&spec) {
            match kind {
                "AlertCondition" => self.condition(version, &spec),
                "AlertNotificationTarget" => self.target(&spec),
                _ => self.policy(version, &spec),
            }
        }
    }
}
