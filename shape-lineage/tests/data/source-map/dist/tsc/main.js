"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const canvas_1 = require("./canvas");
const sizes = [
    { width: 640, height: 480 },
    { width: 9999, height: 1 },
];
function handle(request) {
    try {
        console.info("area %d", (0, canvas_1.resize)(request));
    }
    catch (error) {
        console.error("resize failed", error);
    }
}
for (const size of sizes)
    handle(size);
//# sourceMappingURL=main.js.map