//! Indicators and where their metrics come from.

use super::{Property, Rules, Version};
use crate::validate::objects::DATA_SOURCE_SPEC;

impl Rules {
    pub(super) fn data_source(&mut self, spec: &Property<'_>) {
        self.description(spec);
        self.required(&spec.get("type"));
        if !spec.has_key("connectionDetails") {
            self.mistake(&spec.get("connectionDetails").path, "required");
        }
    }

    pub(super) fn sli(&mut self, version: Version, spec: &Property<'_>) {
        self.description(spec);
        let (threshold, ratio) = (spec.get("thresholdMetric"), spec.get("ratioMetric"));
        self.exclusive(&spec.path, true, &[threshold.is_some(), ratio.is_some()]);
        if threshold.is_some() {
            self.metric(version, &threshold);
        }
        if ratio.is_some() {
            self.ratio(version, &ratio);
        }
    }

    pub(super) fn ratio(&mut self, version: Version, ratio: &Property<'_>) {
        let [good, bad, total, raw] = ["good", "bad", "total", "raw"].map(|name| ratio.get(name));
        // Stop after the first that is wrong.
        let is_good = self.passes(|rules| {
            rules.exclusive(&ratio.path, true, &[total.is_some(), raw.is_some()]);
        }) && self.passes(|rules| {
            let set = [raw.is_some(), good.is_some(), bad.is_some()];
            rules.exclusive(&ratio.path, false, &set);
        });
        if !is_good {
            return;
        }
        if total.is_some() {
            if !good.is_some() && !bad.is_some() {
                self.mistake(&ratio.path, "one_of_properties");
                return;
            }
            for metric in [&total, &good, &bad] {
                if metric.is_some() && !self.passes(|rules| rules.metric(version, metric)) {
                    return;
                }
            }
        }
        if raw.is_some() {
            self.metric(version, &raw);
            self.required_one_of(&ratio.get("rawType"), &["success", "failure"]);
        }
    }

    pub(super) fn metric(&mut self, version: Version, metric: &Property<'_>) {
        if version == Version::V2alpha {
            let (reference, spec) = (metric.get("dataSourceRef"), metric.get("dataSourceSpec"));
            let set = [!reference.is_zero(), spec.is_some()];
            self.exclusive(&metric.path, true, &set);
            self.optional_dns_label(&reference);
            if spec.is_some() {
                self.data_source(&Property {
                    shape: &DATA_SOURCE_SPEC,
                    ..spec
                });
            }
            return;
        }
        let source = metric.get("metricSource");
        if !self.required(&source) {
            return;
        }
        self.optional_dns_label(&source.get("metricSourceRef"));
        let spec = source.get("spec");
        if self.required(&spec)
            && spec
                .value
                .as_object()
                .is_some_and(serde_json::Map::is_empty)
        {
            self.mistake(&spec.path, "map_min_length");
        }
    }
}
