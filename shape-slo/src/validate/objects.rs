//! The fields of the objects of each version.

use super::{
    OpenSloVersion as Version,
    shape::Shape::{
        self, AnyMap, Bool, Duration, Kind, Label, List, Map, Number, Optional, Raw, Struct, Text,
        Whole,
    },
};

/// The kinds of objects.
pub(super) const KINDS: [&str; 7] = [
    "SLO",
    "SLI",
    "DataSource",
    "Service",
    "AlertPolicy",
    "AlertCondition",
    "AlertNotificationTarget",
];

/// The fields of a kind of object.
pub(super) fn shape_of(version: Version, kind: &str) -> Option<(&'static str, &'static Shape)> {
    let kind = *KINDS.iter().find(|known| **known == kind)?;
    let shape = match (version, kind) {
        (Version::V1alpha, "SLO") => &SLO_V1ALPHA,
        (Version::V1alpha, "Service") => &SERVICE_V1ALPHA,
        (Version::V1, "SLO") => &SLO_V1,
        (Version::V1, "SLI") => &SLI_V1_OBJECT,
        (Version::V1, "DataSource") => &DATA_SOURCE_V1,
        (Version::V1, "Service") => &SERVICE_V1,
        (Version::V1, "AlertPolicy") => &ALERT_POLICY_V1,
        (Version::V1, "AlertCondition") => &ALERT_CONDITION_V1,
        (Version::V1, "AlertNotificationTarget") => &TARGET_V1,
        (Version::V2alpha, "SLO") => &SLO_V2,
        (Version::V2alpha, "SLI") => &SLI_V2_OBJECT,
        (Version::V2alpha, "DataSource") => &DATA_SOURCE_V2,
        (Version::V2alpha, "Service") => &SERVICE_V2,
        (Version::V2alpha, "AlertPolicy") => &ALERT_POLICY_V2,
        (Version::V2alpha, "AlertCondition") => &ALERT_CONDITION_V2,
        (Version::V2alpha, "AlertNotificationTarget") => &TARGET_V2,
        _ => return None,
    };
    Some((kind, shape))
}

macro_rules! object {
    ($name:ident, $metadata:ident, $spec:ident) => {
        static $name: Shape = Struct(&[
            ("apiVersion", &Text),
            ("kind", &Kind),
            ("metadata", &$metadata),
            ("spec", &$spec),
        ]);
    };
}

object!(SLO_V1ALPHA, METADATA_V1ALPHA, SLO_SPEC_V1ALPHA);
object!(SERVICE_V1ALPHA, METADATA_V1ALPHA, SERVICE_SPEC);
object!(SLO_V1, METADATA_V1, SLO_SPEC_V1);
object!(SLI_V1_OBJECT, METADATA_V1, SLI_SPEC_V1);
object!(DATA_SOURCE_V1, METADATA_V1, DATA_SOURCE_SPEC);
object!(SERVICE_V1, METADATA_V1, SERVICE_SPEC);
object!(ALERT_POLICY_V1, METADATA_V1, POLICY_SPEC_V1);
object!(ALERT_CONDITION_V1, METADATA_V1, CONDITION_SPEC);
object!(TARGET_V1, METADATA_V1, TARGET_SPEC);
object!(SLO_V2, METADATA_V2, SLO_SPEC_V2);
object!(SLI_V2_OBJECT, METADATA_V2, SLI_SPEC_V2);
object!(DATA_SOURCE_V2, METADATA_V2, DATA_SOURCE_SPEC);
object!(SERVICE_V2, METADATA_V2, SERVICE_SPEC);
object!(ALERT_POLICY_V2, METADATA_V2, POLICY_SPEC_V2);
object!(ALERT_CONDITION_V2, METADATA_V2, CONDITION_SPEC);
object!(TARGET_V2, METADATA_V2, TARGET_SPEC);

static METADATA_V1ALPHA: Shape = Struct(&[("name", &Text), ("displayName", &Text)]);
static METADATA_V1: Shape = Struct(&[
    ("name", &Text),
    ("displayName", &Text),
    ("labels", &Map(&Label)),
    ("annotations", &Map(&Text)),
]);
static METADATA_V2: Shape = Struct(&[
    ("name", &Text),
    ("labels", &Map(&Text)),
    ("annotations", &Map(&Text)),
]);

static SERVICE_SPEC: Shape = Struct(&[("description", &Text)]);
pub(super) static DATA_SOURCE_SPEC: Shape = Struct(&[
    ("description", &Text),
    ("type", &Text),
    ("connectionDetails", &Raw),
]);
static TARGET_SPEC: Shape = Struct(&[("description", &Text), ("target", &Text)]);

static CALENDAR: Shape = Optional(&Struct(&[("startTime", &Text), ("timeZone", &Text)]));
static TIME_WINDOW: Shape = Struct(&[
    ("duration", &Duration),
    ("isRolling", &Bool),
    ("calendar", &CALENDAR),
]);

static METRIC_QUERY: Shape = Struct(&[("source", &Text), ("queryType", &Text), ("query", &Text)]);
static SLO_SPEC_V1ALPHA: Shape = Struct(&[
    (
        "timeWindows",
        &List(&Struct(&[
            ("unit", &Text),
            ("count", &Whole),
            ("isRolling", &Bool),
            ("calendar", &CALENDAR),
        ])),
    ),
    ("budgetingMethod", &Text),
    ("description", &Text),
    (
        "indicator",
        &Optional(&Struct(&[("thresholdMetric", &METRIC_QUERY)])),
    ),
    ("service", &Text),
    (
        "objectives",
        &List(&Struct(&[
            ("displayName", &Text),
            ("value", &Optional(&Number)),
            (
                "ratioMetrics",
                &Optional(&Struct(&[
                    ("good", &METRIC_QUERY),
                    ("total", &METRIC_QUERY),
                    ("incremental", &Bool),
                ])),
            ),
            ("target", &Optional(&Number)),
            ("timeSliceTarget", &Optional(&Number)),
            ("op", &Text),
        ])),
    ),
]);

static METRIC_V1: Shape = Struct(&[("metricSource", &METRIC_SOURCE_V1)]);
static METRIC_SOURCE_V1: Shape = Struct(&[
    ("metricSourceRef", &Text),
    ("type", &Text),
    ("spec", &AnyMap),
]);
static METRIC_V2: Shape = Struct(&[
    ("dataSourceRef", &Text),
    ("dataSourceSpec", &Optional(&DATA_SOURCE_SPEC)),
    ("spec", &AnyMap),
]);

macro_rules! sli_spec {
    ($name:ident, $metric:ident) => {
        static $name: Shape = Struct(&[
            ("description", &Text),
            ("thresholdMetric", &Optional(&$metric)),
            (
                "ratioMetric",
                &Optional(&Struct(&[
                    ("counter", &Bool),
                    ("good", &Optional(&$metric)),
                    ("bad", &Optional(&$metric)),
                    ("total", &Optional(&$metric)),
                    ("rawType", &Text),
                    ("raw", &Optional(&$metric)),
                ])),
            ),
        ]);
    };
}

sli_spec!(SLI_SPEC_V1, METRIC_V1);
sli_spec!(SLI_SPEC_V2, METRIC_V2);

pub(super) static CONDITION_SPEC: Shape = Struct(&[
    ("severity", &Text),
    ("condition", &CONDITION),
    ("description", &Text),
]);
static CONDITION: Shape = Struct(&[
    ("kind", &Text),
    ("op", &Text),
    ("threshold", &Optional(&Number)),
    ("lookbackWindow", &Duration),
    ("alertAfter", &Optional(&Duration)),
]);

macro_rules! policies {
    ($spec:ident, $inline:ident, $metadata:ident) => {
        static $spec: Shape = Struct(&[
            ("description", &Text),
            ("alertWhenNoData", &Bool),
            ("alertWhenBreaching", &Bool),
            ("alertWhenResolved", &Bool),
            (
                "conditions",
                &List(&Struct(&[
                    ("conditionRef", &Text),
                    ("kind", &Kind),
                    ("metadata", &$metadata),
                    ("spec", &CONDITION_SPEC),
                ])),
            ),
            (
                "notificationTargets",
                &List(&Struct(&[
                    ("targetRef", &Text),
                    ("kind", &Kind),
                    ("metadata", &$metadata),
                    ("spec", &TARGET_SPEC),
                ])),
            ),
        ]);
        static $inline: Shape = List(&Struct(&[
            ("alertPolicyRef", &Text),
            ("kind", &Kind),
            ("metadata", &$metadata),
            ("spec", &$spec),
        ]));
    };
}

policies!(POLICY_SPEC_V1, POLICIES_V1, METADATA_V1);
policies!(POLICY_SPEC_V2, POLICIES_V2, METADATA_V2);

macro_rules! slo_spec {
    ($name:ident, $service:literal, $indicator:literal, $reference:literal, $metadata:ident, $sli:ident, $policies:ident) => {
        static $name: Shape = Struct(&[
            ("description", &Text),
            ($service, &Text),
            (
                $indicator,
                &Optional(&Struct(&[("metadata", &$metadata), ("spec", &$sli)])),
            ),
            ($reference, &Optional(&Text)),
            ("budgetingMethod", &Text),
            ("timeWindow", &List(&TIME_WINDOW)),
            (
                "objectives",
                &List(&Struct(&[
                    ("displayName", &Text),
                    ("op", &Text),
                    ("value", &Optional(&Number)),
                    ("target", &Optional(&Number)),
                    ("targetPercent", &Optional(&Number)),
                    ("timeSliceTarget", &Optional(&Number)),
                    ("timeSliceWindow", &Optional(&Duration)),
                    (
                        $indicator,
                        &Optional(&Struct(&[("metadata", &$metadata), ("spec", &$sli)])),
                    ),
                    ($reference, &Optional(&Text)),
                    ("compositeWeight", &Optional(&Number)),
                ])),
            ),
            ("alertPolicies", &$policies),
        ]);
    };
}

slo_spec!(
    SLO_SPEC_V1,
    "service",
    "indicator",
    "indicatorRef",
    METADATA_V1,
    SLI_SPEC_V1,
    POLICIES_V1
);
slo_spec!(
    SLO_SPEC_V2,
    "serviceRef",
    "sli",
    "sliRef",
    METADATA_V2,
    SLI_SPEC_V2,
    POLICIES_V2
);
