// The widest canvas.
export const limit = 4_096;
