"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.limit = void 0;
// The widest canvas.
exports.limit = 4096;
//# sourceMappingURL=limit.js.map