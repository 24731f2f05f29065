//! Runs the bodies of the fuzz targets (`fuzz/`) on pieces of source and of stack traces, so that they stay true.
#![cfg(feature = "rust")]

use proptest::prelude::*;

#[path = "fuzz/bodies.rs"]
mod bodies;

fn pieces(of: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(of).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

const SOURCE: &[&str] = &[
    "fn f() {",
    "}",
    "(",
    ")",
    "\n",
    "log::info!(",
    "\"a {} b\"",
    "\"\\u{2713}\"",
    "'%s x'",
    ", x",
    ";",
    " ",
    "macro_rules! m { ($($t:tt)*) => { ",
    "LOG.warn(",
    " + ",
    "class A { void g() ",
    "def f(self):\n    ",
    "logger.info(",
    "f'{x} y'",
    "console.log(`",
    "${x}",
    "`",
    "func f() ",
    "slog.Info(",
    "r#\"",
    "\"#",
    "//",
    "/*",
    "#[test]\n",
    "import ",
    "package p;",
    "?",
    ":",
    "[",
    "{",
    "\\",
    "\r\n",
    "é",
    "tracing::warn!(x = 1, ",
    "log.Printf(",
];

const FRAMES: &[&str] = &[
    "2026-03-01T12:00:00Z ERROR shop: failed 1\n",
    "thread 'main' panicked at src/canvas.rs:2:5:\n",
    "   0: shop::f\n",
    "             at src/canvas.rs:2:5\n",
    "Traceback (most recent call last):\n",
    "  File \"app/canvas.py\", line 2, in f\n",
    "    raise X\n",
    "ValueError: failed 1\n",
    "Exception in thread \"main\" java.lang.E: failed\n",
    "\tat shop.Canvas.f(Canvas.java:3)\n",
    "Caused by: x.E: y\n",
    "\t... 3 more\n",
    "    at f (web/canvas.js:2:3)\n",
    "    at web/canvas.js:99999999999:0\n",
    "goroutine 1 [running]:\n",
    "main.f()\n",
    "\t/app/canvas/canvas.go:4 +0x1d\n",
    ":",
    "0",
    "\n",
    " ",
    "(",
    ")",
];

const MAP: &[&str] = &[
    "{\"version\":3,",
    "\"sources\":[\"../src/a.ts\"],",
    "\"sources\":[null,\"b.ts\"],",
    "\"sourcesContent\":[\"x\"],",
    "\"sourceRoot\":\"../\",",
    "\"names\":[],",
    "\"mappings\":\"",
    "\"sections\":[{\"offset\":{\"line\":0,\"column\":4},\"map\":",
    "AAAA",
    "AACA,IAAI",
    ";",
    ",",
    "gggggggC",
    "D",
    "\"}",
    "}]}",
    "//# sourceMappingURL=data:application/json;base64,",
    "eyJ2ZXJzaW9uIjozfQ==",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn extractor(language in 0_u8..8, source in pieces(SOURCE)) {
        bodies::extractor(&[&[language], source.as_slice()].concat());
    }

    #[test]
    fn frames(log in pieces(FRAMES)) {
        bodies::frames(&log);
    }

    #[test]
    fn source_map(spot in any::<u8>(), map in pieces(MAP)) {
        bodies::source_map(&[&[spot], map.as_slice()].concat());
    }
}
