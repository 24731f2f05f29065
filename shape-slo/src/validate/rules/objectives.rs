//! Objectives of v1 and v2alpha.

use super::{OPERATORS, Property, Rules, Version};
use crate::validate::text;

impl Rules {
    pub(super) fn slo(&mut self, version: Version, spec: &Property<'_>) {
        let (inline, reference, service) = if version == Version::V2alpha {
            ("sli", "sliRef", "serviceRef")
        } else {
            ("indicator", "indicatorRef", "service")
        };
        let has_indicator =
            |owner: &Property<'_>| owner.get(inline).is_some() || owner.get(reference).is_some();
        let objectives = spec.get("objectives").items();
        let is_composite = objectives.iter().any(has_indicator);
        if is_composite == has_indicator(spec) {
            self.mistake(&spec.path, "mutually_exclusive");
        }
        self.indicator(version, spec, inline, reference);
        let method = spec.get("budgetingMethod");
        for objective in &objectives {
            self.time_slices(version, objective, method.text());
        }
        self.description(spec);
        self.required(&spec.get(service));
        self.required_one_of(&method, &["Occurrences", "Timeslices", "RatioTimeslices"]);
        self.time_windows(version, &spec.get("timeWindow"), "timeWindow");
        for policy in &spec.get("alertPolicies").items() {
            self.reference_or_inline(version, policy, "alertPolicyRef", "AlertPolicy");
        }
        let sli = spec.get(inline).get("spec");
        let is_ratio = sli.get("ratioMetric").is_some();
        let is_threshold = sli.get("thresholdMetric").is_some();
        for objective in &objectives {
            self.objective(objective);
            if is_ratio {
                self.ratio_objective(objective);
            }
            if is_threshold {
                self.required(&objective.get("value"));
                self.required_one_of(&objective.get("op"), OPERATORS);
            }
            if is_composite {
                self.indicator(version, objective, inline, reference);
                let weight = objective.get("compositeWeight");
                if weight.is_some() && weight.number() <= 0.0 {
                    self.mistake(&weight.path, "greater_than");
                }
            }
        }
    }

    /// An indicator in place or by name, if there is one; stop after the first that is wrong.
    pub(super) fn indicator(
        &mut self,
        version: Version,
        owner: &Property<'_>,
        inline: &str,
        reference: &str,
    ) {
        let (inline, reference) = (owner.get(inline), owner.get(reference));
        if inline.is_some() && reference.is_some() {
            self.mistake(&owner.path, "mutually_exclusive");
            return;
        }
        if inline.is_some() {
            self.metadata(version, &inline.get("metadata"));
            self.sli(version, &inline.get("spec"));
        } else if reference.is_some() {
            self.dns_label(&reference);
        }
    }

    pub(super) fn time_slices(&mut self, version: Version, objective: &Property<'_>, method: &str) {
        if method == "Timeslices" {
            let target = objective.get("timeSliceTarget");
            if self.required(&target) {
                if target.number() <= 0.0 {
                    self.mistake(&target.path, "greater_than");
                }
                if 1.0 < target.number() {
                    self.mistake(&target.path, "less_than_or_equal_to");
                }
            }
        }
        if matches!(method, "Timeslices" | "RatioTimeslices") {
            let window = objective.get("timeSliceWindow");
            if self.required_optional(&window) {
                self.duration(version, &window);
            }
        }
    }

    pub(super) fn objective(&mut self, objective: &Property<'_>) {
        let (target, percent) = (objective.get("target"), objective.get("targetPercent"));
        self.exclusive(
            &objective.path,
            true,
            &[target.is_some(), percent.is_some()],
        );
        self.share(&target, 1.0);
        self.share(&percent, 100.0);
    }

    pub(super) fn share(&mut self, property: &Property<'_>, whole: f64) {
        if !property.is_some() {
            return;
        }
        if property.number() < 0.0 {
            self.mistake(&property.path, "greater_than_or_equal_to");
        }
        if whole <= property.number() {
            self.mistake(&property.path, "less_than");
        }
    }

    pub(super) fn ratio_objective(&mut self, objective: &Property<'_>) {
        let (value, operator) = (objective.get("value"), objective.get("op"));
        if value.is_some() {
            self.mistake(&value.path, "forbidden");
        }
        if !operator.is_zero() {
            self.mistake(&operator.path, "forbidden");
        }
    }

    /// One window. `name` is what the rules call it, which is not always the name of the field.
    pub(super) fn time_windows(&mut self, version: Version, windows: &Property<'_>, name: &str) {
        let items = windows.items();
        let path = windows
            .path
            .rsplit_once('.')
            .map_or(name.to_owned(), |(owner, _)| format!("{owner}.{name}"));
        if items.len() != 1 {
            self.mistake(&path, "slice_length");
        }
        for (index, item) in items.into_iter().enumerate() {
            let window = Property {
                path: format!("{path}[{index}]"),
                ..item
            };
            let calendar = window.get("calendar");
            if window.get("isRolling").is_true() == calendar.is_some() {
                self.mistake(&window.path, None);
            }
            if version == Version::V1alpha {
                let units = ["Second", "Day", "Week", "Month", "Quarter"];
                self.required_one_of(&window.get("unit"), &units);
                let count = window.get("count");
                if count.number() <= 0.0 {
                    self.mistake(&count.path, "greater_than");
                }
            } else {
                self.required_duration(version, &window.get("duration"));
            }
            if calendar.is_some() {
                let start = calendar.get("startTime");
                if !text::is_date_time(start.text()) {
                    self.mistake(&start.path, "string_date_time");
                }
                let zone = calendar.get("timeZone");
                if !text::is_time_zone(zone.text()) {
                    self.mistake(&zone.path, "string_time_zone");
                }
            }
        }
    }
}
