import { resize, type Size } from "./canvas";

const sizes: Size[] = [
  { width: 640, height: 480 },
  { width: 9_999, height: 1 },
];

function handle(request: Size): void {
  try {
    console.info("area %d", resize(request));
  } catch (error) {
    console.error("resize failed", error);
  }
}

for (const size of sizes) handle(size);
