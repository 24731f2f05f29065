import { limit } from "./limit";

export interface Size {
  width: number;
  height: number;
}

/** Resizes the canvas, or says why not. */
export function resize(size: Size): number {
  console.log(`resizing to ${size.width}x${size.height}`);
  if (limit < size.width) {
    throw new RangeError(`a canvas of ${size.width} is too wide`);
  }
  return size.width * size.height;
}
