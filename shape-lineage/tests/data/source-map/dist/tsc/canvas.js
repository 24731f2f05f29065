"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.resize = resize;
const limit_1 = require("./limit");
/** Resizes the canvas, or says why not. */
function resize(size) {
    console.log(`resizing to ${size.width}x${size.height}`);
    if (limit_1.limit < size.width) {
        throw new RangeError(`a canvas of ${size.width} is too wide`);
    }
    return size.width * size.height;
}
//# sourceMappingURL=canvas.js.map